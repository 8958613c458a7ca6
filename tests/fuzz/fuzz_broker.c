/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A whole broker core on a real store, and eight peers who send it anything.
 * The input is a list of commands, each a byte (low half: which, high half:
 * whose) and its arguments; missing bytes are zero. Some send noise, some what
 * an honest peer would send, so that noise arrives in every state. Whatever
 * comes, no turn may end but well, and every account goes back to zero.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/file.h"
#include "common/crypto/door.h"
#include "common/crypto/seal.h"
#include "daemon/pipeline/broker_state.h"
#include "tests/support/circle.h"
#include "tests/unit/store/folder.h"

#include "frame.pb-c.h"

#define PEERS 8
#define SCHOOLS 2
#define HELD_BACK 2   /* records that the broker does not have yet */
#define FRAMES_MAX 64 /* a turn */
#define COMMANDS_MAX 400
#define FORMS_MAX 32

static void
must(bool holds)
{
    if (!holds)
        abort();
}

/* Made once: the circle, the store of a broker that has its records, and what
 * would be reckoned again and again for every input: notices, as they are
 * needed, and the other form of keys. */
static struct {
    struct test_circle *circle;
    struct folder folder;
    struct ro_buf store;
    struct store *idle; /* open, and as it was laid out; or NULL */
    struct ro_buf notices[SCHOOLS + 1][256];
    struct {
        struct ro_key from;
        struct ro_key to;
    } forms[FORMS_MAX];
    size_t n_forms;
} base;

enum ro_status __real_ro_key_to_x25519(const struct ro_key *ed25519,
                                       struct ro_key *ret_x25519);
enum ro_status __wrap_ro_key_to_x25519(const struct ro_key *ed25519,
                                       struct ro_key *ret_x25519);

/* A third of an input's time went into the other form of the same few keys:
 * it is the same each time, so the first keys' are remembered. Others, as
 * noise may name, are reckoned. */
enum ro_status
__wrap_ro_key_to_x25519(const struct ro_key *ed25519, struct ro_key *ret_x25519)
{
    for (size_t i = 0; i < base.n_forms; i++) {
        if (memcmp(&base.forms[i].from, ed25519, sizeof(*ed25519)) == 0) {
            *ret_x25519 = base.forms[i].to;
            return RO_OK;
        }
    }
    RO_TRY(__real_ro_key_to_x25519(ed25519, ret_x25519));
    if (base.n_forms < FORMS_MAX) {
        base.forms[base.n_forms].from = *ed25519;
        base.forms[base.n_forms++].to = *ret_x25519;
    }
    return RO_OK;
}

struct peer {
    struct session_id id;
    struct ro_key curve;
    const struct test_seat *seat; /* member door */
    uint32_t serial;
};

struct world {
    struct ro_bytes left; /* of the input */
    struct ro_clock_virtual clock;
    struct store *store;
    struct broker *broker;
    struct peer peers[PEERS];
    size_t asked;       /* frames of this turn */
    size_t owed;        /* answers that may still come */
    uint8_t full_pipes; /* which of the next sends fail */
    bool is_capped;
    uint32_t keys;
};

/* --- the broker ---------------------------------------------------------- */

static void
file_path(const char *name, char ret_path[512])
{
    snprintf(ret_path, 512, "%s/%s", base.folder.path, name);
}

static void
start(struct world *world)
{
    struct broker_setup setup = {
        .clock = ro_clock_of(&world->clock),
        .entropy = base.circle->entropy,
        .limits = {.sessions = PEERS,
                   .open_envelopes = 40,
                   .open_bytes = 300000,
                   .mailbox_envelopes = 50,
                   .window = 3,
                   .turn_timers = 2,
                   .session_idle_ms = 3600 * 1000},
        .root = base.circle->root,
        .curve = *ro_keypair_x25519(base.circle->broker_curve),
        .signing = base.circle->broker_signing,
        .door.generation = base.circle->generation,
    };
    memcpy(setup.door.psk, base.circle->psk, sizeof(setup.door.psk));
    world->store = base.idle;
    base.idle = NULL;
    if (world->store == NULL)
        test_must(store_open(base.folder.path, NULL, &world->store));
    setup.store = world->store;
    test_must(broker_new(&setup, NULL, &world->broker));
}

static void
stop(struct world *world)
{
    broker_free(world->broker);
    store_free(world->store);
}

static void
send_message(struct world *world,
             struct peer *peer,
             enum ro_verb verb,
             const ProtobufCMessage *message)
{
    RO_AUTOBUF frame = {0};
    const struct ro_frame_header header = {
        .verb = (uint8_t)verb, .kind = RO_FRAME_ASK, .serial = ++peer->serial};
    ro_frame_put_header(&header, &frame);
    test_must(ro_pack(message, &frame));
    broker_take(world->broker, peer->id, ro_buf_view(&frame));
    world->asked++;
}

static void
say_hello(struct world *world, struct peer *peer)
{
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
    ro_door_proof(base.circle->psk,
                  ro_keypair_x25519(base.circle->broker_curve), &peer->curve,
                  proof);
    ask.has_protocol = ask.has_proof = ask.has_generation = true;
    ask.protocol = 1;
    ask.proof = ro_as_field((struct ro_bytes){proof, sizeof(proof)});
    ask.generation = base.circle->generation;
    send_message(world, peer, RO_VERB_HELLO, &ask.base);
}

static void
append_record(struct world *world, struct peer *peer, size_t i)
{
    Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData records[] = {
        ro_as_field(test_circle_record(base.circle, i))};
    ask.n_records = 1;
    ask.records = records;
    send_message(world, peer, RO_VERB_APPEND, &ask.base);
}

/* --- a turn -------------------------------------------------------------- */

/* Everything sent is a frame that follows the rules, and no more answers come
 * than there were asks. */
static void
flush(struct world *world)
{
    struct broker_send send;
    size_t sent = 0;
    world->owed += world->asked;
    bool waited = broker_waiting(world->broker) > 0;
    while (broker_send_next(world->broker, &send)) {
        struct ro_frame_header header;
        struct ro_bytes payload;
        must(ro_frame_get(send.frame, &header, &payload) == RO_OK);
        must(header.kind != RO_FRAME_ASK && send.to.slot != 0);
        must(waited || header.time_s == world->broker->time.now_s);
        must(header.status != RO_WIRE_INSIDE);
        if ((world->full_pipes >> (sent++ % 8) & 1) != 0) {
            broker_send_failed(world->broker, send.to);
        } else if (header.kind == RO_FRAME_ANSWER) {
            must(world->owed > 0);
            world->owed--;
        }
        must(sent < 10000);
    }
    world->full_pipes = 0;
    world->asked = 0;
}

static void
end_turn(struct world *world)
{
    struct session_id gone;
    must(broker_turn_end(world->broker) == RO_OK);
    flush(world);
    while (broker_gone_next(world->broker, &gone)) {
        for (size_t i = 0; i < PEERS; i++) {
            if (world->peers[i].id.slot == gone.slot)
                world->peers[i].id = (struct session_id){0};
        }
    }
    store_tidy(world->store);
    must(broker_sessions(world->broker) <= PEERS);
}

static void
next_turn(struct world *world)
{
    end_turn(world);
    must(broker_turn_begin(world->broker) == RO_OK);
}

/* --- commands ------------------------------------------------------------ */

static uint8_t
take_byte(struct world *world)
{
    if (world->left.size == 0)
        return 0;
    world->left.size--;
    return *world->left.data++;
}

static struct ro_bytes
take_bytes(struct world *world)
{
    size_t size = take_byte(world);
    size = size << 8 | take_byte(world);
    if (size > world->left.size)
        size = world->left.size;
    struct ro_bytes bytes = {world->left.data, size};
    world->left.data += size;
    world->left.size -= size;
    return bytes;
}

static const struct test_seat *
take_seat(struct world *world)
{
    return base.circle->members[take_byte(world) % (SCHOOLS + 1)]->seats[0];
}

typedef void command_fn(struct world *world, struct peer *peer);

static void
send_noise(struct world *world, struct peer *peer)
{
    broker_take(world->broker, peer->id, take_bytes(world));
    world->asked++;
}

static void
send_payload(struct world *world, struct peer *peer)
{
    RO_AUTOBUF frame = {0};
    const struct ro_frame_header header = {
        .verb = take_byte(world), .kind = RO_FRAME_ASK, .serial = 7};
    struct ro_bytes payload = take_bytes(world);
    ro_frame_put_header(&header, &frame);
    ro_buf_put(&frame, payload.data, payload.size);
    broker_take(world->broker, peer->id, ro_buf_view(&frame));
    world->asked++;
}

static void
finish_turn(struct world *world, struct peer *peer)
{
    (void)peer;
    next_turn(world);
}

static void
pass_time(struct world *world, struct peer *peer)
{
    int64_t minutes = take_byte(world) * 8;
    (void)peer;
    world->clock.wall_s += minutes * 60;
    world->clock.mono_ms += minutes * 60000;
    next_turn(world);
}

static void
step_clock(struct world *world, struct peer *peer)
{
    (void)peer;
    world->clock.wall_s += ((int64_t)take_byte(world) - 128) * 3600;
    next_turn(world);
}

static void
open_guest(struct world *world, struct peer *peer)
{
    struct peer fresh = {.curve = {{0}}};
    if (peer->id.slot != 0)
        return;
    world->keys++;
    memcpy(fresh.curve.b, &world->keys, sizeof(world->keys));
    if (broker_session_open(world->broker, DOOR_OPEN, &fresh.curve,
                            &fresh.id) == RO_OK)
        *peer = fresh;
}

static void
open_member(struct world *world, struct peer *peer)
{
    const struct test_seat *seat = take_seat(world);
    struct peer fresh = {.curve = *ro_keypair_x25519(seat->transport),
                         .seat = seat};
    if (peer->id.slot == 0 &&
        broker_session_open(world->broker, DOOR_MEMBER, &fresh.curve,
                            &fresh.id) == RO_OK)
        *peer = fresh;
}

static void
leave(struct world *world, struct peer *peer)
{
    broker_session_close(world->broker, peer->id);
}

static void
deposit(struct world *world, struct peer *peer)
{
    static const size_t sizes[] = {1024, 1024, 1024, 4096, 65536, 1000};
    static uint8_t body[65536];
    uint8_t bytes[RO_WRAP_SIZE];
    struct ro_hash hash;
    const struct test_seat *seat = take_seat(world);
    uint8_t n = take_byte(world);
    struct ro_bytes view = {body, sizes[n % RO_LEN(sizes)]};
    memset(body, n, view.size);
    memset(bytes, take_byte(world), sizeof(bytes));
    ro_body_hash(view, &hash);
    Reachout__Deposit__Ask ask = REACHOUT__DEPOSIT__ASK__INIT;
    Reachout__Deposit__Wrap wrap = REACHOUT__DEPOSIT__WRAP__INIT;
    Reachout__Deposit__Wrap *wraps[] = {&wrap, &wrap};
    ProtobufCBinaryData bodies[] = {ro_as_field(view)};
    wrap.has_mailbox = wrap.has_body = wrap.has_wrap = true;
    wrap.mailbox = ro_as_field((struct ro_bytes){seat->id.b, RO_ID_SIZE});
    wrap.body = ro_as_field((struct ro_bytes){hash.b, RO_HASH_SIZE});
    wrap.wrap = ro_as_field((struct ro_bytes){bytes, sizeof(bytes)});
    wrap.has_generation = wrap.has_expiry_hour = true;
    wrap.generation = base.circle->generation;
    wrap.expiry_hour = ro_hour_of(world->broker->time.now_s) + 1 + n % 4;
    ask.n_wraps = 1 + n % 2;
    ask.wraps = wraps;
    ask.n_bodies = n % 3 == 2 ? 0 : 1;
    ask.bodies = bodies;
    send_message(world, peer, RO_VERB_DEPOSIT, &ask.base);
}

static void
attach(struct world *world, struct peer *peer)
{
    struct ro_signature proof;
    uint8_t message[RO_MAILBOX_PROOF_SIZE];
    const struct test_seat *seat = take_seat(world);
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    ro_mailbox_proof_message(ro_keypair_x25519(base.circle->broker_curve),
                             &peer->curve, &seat->id, message);
    ro_sign(seat->signing, RO_LABEL_MAILBOX,
            (struct ro_bytes){message, sizeof(message)}, &proof);
    ask.has_mailbox_key = ask.has_proof = ask.has_window = true;
    ask.mailbox_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(seat->signing)->b, RO_KEY_SIZE});
    ask.proof = ro_as_field((struct ro_bytes){proof.b, RO_SIGNATURE_SIZE});
    ask.window = take_byte(world) % 8;
    send_message(world, peer, RO_VERB_ATTACH, &ask.base);
}

static void
acknowledge(struct world *world, struct peer *peer)
{
    const struct test_seat *seat = take_seat(world);
    uint64_t keys[8];
    uint8_t first = take_byte(world);
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    for (size_t i = 0; i < RO_LEN(keys); i++)
        keys[i] = first + i;
    ask.has_mailbox = true;
    ask.mailbox = ro_as_field((struct ro_bytes){seat->id.b, RO_ID_SIZE});
    ask.n_keys = RO_LEN(keys);
    ask.keys = keys;
    send_message(world, peer, RO_VERB_ACK, &ask.base);
}

static void
fill_pipes(struct world *world, struct peer *peer)
{
    (void)peer;
    world->full_pipes = take_byte(world);
}

static void
cap_store(struct world *world, struct peer *peer)
{
    (void)peer;
    world->is_capped = true;
    next_turn(world);
    end_turn(world);
    test_must(store_cap(world->store, (uint64_t)take_byte(world) * 8192));
    must(broker_turn_begin(world->broker) == RO_OK);
}

static void
append_next(struct world *world, struct peer *peer)
{
    size_t i = ro_directory_size(world->broker->ledger.directory) +
               take_byte(world) % 3;
    if (i > 0 && i <= base.circle->n_records)
        append_record(world, peer, i - 1);
}

/* A seat's list for one to three days; its serial is the input's. */
static struct ro_bytes
notice_of(const struct test_seat *seat, uint8_t days)
{
    size_t i = 0;
    while (base.circle->members[i]->seats[0] != seat)
        i++;
    struct ro_buf *list = &base.notices[i][days];
    if (list->size == 0) {
        struct test_seat with_serial = *seat;
        with_serial.notice_serial = days;
        test_seat_notice(base.circle, &with_serial, TEST_DAY, 1 + days % 3,
                         list);
    }
    return ro_buf_view(list);
}

static void
publish(struct world *world, struct peer *peer)
{
    Reachout__Publish__Ask ask = REACHOUT__PUBLISH__ASK__INIT;
    uint8_t days = take_byte(world);
    if (peer->seat == NULL)
        return;
    ProtobufCBinaryData notices[] = {ro_as_field(notice_of(peer->seat, days))};
    ask.n_notices = 1;
    ask.notices = notices;
    send_message(world, peer, RO_VERB_PUBLISH, &ask.base);
}

static command_fn *const commands[16] = {
    send_noise,  send_payload, finish_turn, pass_time, step_clock, open_guest,
    open_member, leave,        say_hello,   deposit,   attach,     acknowledge,
    fill_pipes,  cap_store,    append_next, publish,
};

/* --- the whole ----------------------------------------------------------- */

static void
forget_folder(void)
{
    store_free(base.idle);
    folder_remove(&base.folder);
    ro_buf_fini(&base.store);
    for (size_t i = 0; i < RO_LEN(base.notices); i++) {
        for (size_t days = 0; days < RO_LEN(base.notices[i]); days++)
            ro_buf_fini(&base.notices[i][days]);
    }
    test_circle_free(base.circle);
}

static void
make_base(void)
{
    char path[512];
    struct world world = {
        .clock = {TEST_NOW_S, 5000}
    };
    struct peer *peer = &world.peers[0];
    base.circle = test_circle_open(7, SCHOOLS);
    test_circle_revoke(base.circle, base.circle->members[1]->seats[0]);
    /* a file system in memory, if there is one: thousands of stores */
    setenv("TMPDIR", "/dev/shm", 0);
    base.folder = folder_new();
    atexit(forget_folder);
    start(&world);
    open_guest(&world, peer);
    must(broker_turn_begin(world.broker) == RO_OK);
    say_hello(&world, peer);
    for (size_t i = 0; i + HELD_BACK < base.circle->n_records; i++)
        append_record(&world, peer, i);
    next_turn(&world);
    /* the checkpoint of the next hour vouches for them at every start */
    world.clock.wall_s += 3600;
    world.clock.mono_ms += 3600000;
    next_turn(&world);
    end_turn(&world);
    stop(&world);
    file_path("store.db", path);
    test_must(ro_file_read(path, (size_t)1 << 24, NULL, &base.store));
}

static void
lay_out_store(void)
{
    char path[512];
    file_path("store.db-wal", path);
    (void)unlink(path);
    file_path("store.db", path);
    FILE *file = fopen(path, "wb");
    must(file != NULL);
    must(fwrite(base.store.data, 1, base.store.size, file) == base.store.size);
    must(fclose(file) == 0);
}

/* Whether an input left the store as it was laid out, in the file and with
 * nothing in its log. */
static bool
is_untouched(const struct world *world)
{
    char path[512];
    struct stat log;
    RO_AUTOBUF now = {0};
    file_path("store.db-wal", path);
    if (world->is_capped || (stat(path, &log) == 0 && log.st_size > 0))
        return false;
    file_path("store.db", path);
    test_must(ro_file_read(path, (size_t)1 << 24, NULL, &now));
    return ro_bytes_equal(ro_buf_view(&now), ro_buf_view(&base.store));
}

static void
check_store(struct world *world)
{
    struct store_figures f;
    test_must(store_measure(world->store, &f));
    must(f.bodies <= f.envelopes && f.mailboxes <= f.envelopes);
    must(f.records == ro_directory_size(world->broker->ledger.directory));
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    if (base.circle == NULL)
        make_base();
    struct world world = {
        .left = {data,              size},
        .clock = {TEST_NOW_S + 3600, 5000},
    };
    if (base.idle == NULL)
        lay_out_store();
    start(&world);
    must(broker_turn_begin(world.broker) == RO_OK);
    for (size_t n = 0; n < COMMANDS_MAX && world.left.size > 0; n++) {
        uint8_t command = take_byte(&world);
        commands[command & 15](&world, &world.peers[(command >> 4) % PEERS]);
        if (world.asked == FRAMES_MAX)
            next_turn(&world);
    }
    next_turn(&world);
    end_turn(&world);
    check_store(&world);
    if (is_untouched(&world)) {
        base.idle = world.store; /* a third of all: opening it is dear */
        world.store = NULL;
    }
    stop(&world);
    return 0;
}

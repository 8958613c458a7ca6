/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/broker/rig.h"

#include <sqlite3.h>

#include "common/crypto/door.h"

#define ARENA_BUDGET ((size_t)1 << 20)

/* --- the broker ---------------------------------------------------------- */

static void
start(struct rig *rig)
{
    struct ro_why why = {""};
    struct broker_setup setup = {
        .clock = ro_clock_of(&rig->clock),
        .entropy = rig->circle->entropy,
        .limits = rig->limits,
        .root = rig->circle->root,
        .curve = *ro_keypair_x25519(rig->circle->broker_curve),
        .signing = rig->circle->broker_signing,
        .door.generation = rig->circle->generation,
    };
    memcpy(setup.door.psk, rig->circle->psk, sizeof(setup.door.psk));
    enum ro_status s = store_open(rig->folder.path, &why, &rig->store);
    if (s == RO_OK) {
        setup.store = rig->store;
        s = broker_new(&setup, &why, &rig->broker);
    }
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    test_must(s);
}

static void
stop(struct rig *rig)
{
    broker_free(rig->broker);
    store_free(rig->store);
    rig->broker = NULL;
    rig->store = NULL;
}

static struct rig *
rig_of(struct test_circle *circle)
{
    struct rig *rig = calloc(1, sizeof(*rig));
    if (rig == NULL)
        abort();
    rig->folder = folder_new();
    rig->circle = circle;
    rig->clock =
        (struct ro_clock_virtual){.wall_s = TEST_NOW_S, .mono_ms = 5000};
    rig->limits = (struct broker_limits){
        .sessions = 64,
        .open_envelopes = 1000,
        .open_bytes = 8 * 1024 * 1024,
        .mailbox_envelopes = 5000,
        .window = 8,
        .turn_timers = 4,
        .session_idle_ms = 3600 * 1000,
    };
    rig->arena = ro_arena_new(ARENA_BUDGET, ARENA_BUDGET);
    start(rig);
    return rig;
}

struct rig *
rig_empty(void)
{
    return rig_of(test_circle_new(11));
}

struct rig *
rig_open(size_t n_schools)
{
    struct rig *rig = rig_of(test_circle_open(11, n_schools));
    rig_append_all(rig);
    return rig;
}

static void
forget_frames(struct rig *rig)
{
    for (size_t i = 0; i < rig->n_frames; i++)
        ro_buf_fini(&rig->frames[i].bytes);
    rig->n_frames = 0;
}

void
rig_close(struct rig *rig)
{
    stop(rig);
    forget_frames(rig);
    ro_arena_free(rig->arena);
    test_circle_free(rig->circle);
    folder_remove(&rig->folder);
    free(rig);
}

void
rig_restart(struct rig *rig)
{
    stop(rig);
    start(rig);
}

/* --- connections --------------------------------------------------------- */

static struct peer
connect_at(struct rig *rig, enum door door, const struct ro_key *curve)
{
    struct peer peer = {.curve = *curve};
    test_must(broker_session_open(rig->broker, door, curve, &peer.id));
    return peer;
}

struct peer
rig_stranger(struct rig *rig)
{
    struct ro_key curve;
    rig->keys++;
    memset(curve.b, 0x77, sizeof(curve.b));
    memcpy(curve.b, &rig->keys, sizeof(rig->keys));
    return connect_at(rig, DOOR_OPEN, &curve);
}

struct peer
rig_guest(struct rig *rig)
{
    struct peer peer = rig_stranger(rig);
    test_must(rig_hello(rig, &peer, NULL));
    return peer;
}

struct peer
rig_member(struct rig *rig, const struct test_seat *seat)
{
    return connect_at(rig, DOOR_MEMBER, ro_keypair_x25519(seat->transport));
}

/* --- turns --------------------------------------------------------------- */

void
rig_begin(struct rig *rig)
{
    forget_frames(rig);
    test_must(broker_turn_begin(rig->broker));
}

void
rig_put_bytes(struct rig *rig, const struct peer *peer, struct ro_bytes frame)
{
    struct broker_send send;
    broker_take(rig->broker, peer->id, frame);
    /* nothing leaves before the commit */
    if (broker_send_next(rig->broker, &send))
        abort();
}

void
rig_put(struct rig *rig, struct peer *peer, const struct rig_ask *ask)
{
    RO_AUTOBUF frame = {0};
    const struct ro_frame_header header = {
        .verb = ask->verb, .kind = RO_FRAME_ASK, .serial = ++peer->serial};
    ro_frame_put_header(&header, &frame);
    test_must(ro_pack(ask->message, &frame));
    rig_put_bytes(rig, peer, ro_buf_view(&frame));
}

static void
keep_frame(struct rig *rig, const struct broker_send *send)
{
    if (rig->n_frames == RIG_FRAMES_MAX)
        abort();
    struct rig_frame *frame = &rig->frames[rig->n_frames++];
    *frame = (struct rig_frame){.to = send->to};
    ro_buf_put(&frame->bytes, send->frame.data, send->frame.size);
    test_must(ro_buf_ok(&frame->bytes));
    test_must(ro_frame_get(ro_buf_view(&frame->bytes), &frame->header,
                           &frame->payload));
}

void
rig_end(struct rig *rig)
{
    struct broker_send send;
    test_must(broker_turn_end(rig->broker));
    while (broker_send_next(rig->broker, &send))
        keep_frame(rig, &send);
}

void
rig_idle(struct rig *rig)
{
    rig_begin(rig);
    rig_end(rig);
}

bool
rig_is_gone(struct rig *rig, const struct peer *peer)
{
    struct session_id id;
    bool found = false;
    while (broker_gone_next(rig->broker, &id)) {
        found = found || (id.slot == peer->id.slot &&
                          id.generation == peer->id.generation);
    }
    return found;
}

static bool
is_to(const struct rig_frame *frame, const struct peer *peer)
{
    return frame->to.slot == peer->id.slot &&
           frame->to.generation == peer->id.generation;
}

static const ProtobufCMessageDescriptor *const answers[] = {
    NULL,
    &reachout__hello__answer__descriptor,
    &reachout__directory__answer__descriptor,
    &reachout__notices__answer__descriptor,
    &reachout__publish__answer__descriptor,
    &reachout__append__answer__descriptor,
    &reachout__enrol__answer__descriptor,
    &reachout__deposit__answer__descriptor,
    &reachout__attach__answer__descriptor,
    &reachout__ack__answer__descriptor,
};

static ProtobufCMessage *
unpack(struct rig *rig,
       const ProtobufCMessageDescriptor *type,
       struct ro_bytes bytes)
{
    ProtobufCMessage *message = NULL;
    ro_arena_reset(rig->arena, ARENA_BUDGET, ARENA_BUDGET);
    test_must(ro_unpack(type, bytes, rig->arena, &message));
    return message;
}

enum ro_status
rig_answer(struct rig *rig,
           const struct peer *peer,
           const ProtobufCMessage **ret_message)
{
    for (size_t i = 0; i < rig->n_frames; i++) {
        const struct rig_frame *frame = &rig->frames[i];
        if (!is_to(frame, peer) || frame->header.kind != RO_FRAME_ANSWER ||
            frame->header.serial != peer->serial)
            continue;
        if (frame->header.time_s != rig->broker->time.now_s)
            abort();
        enum ro_status s = ro_status_from_wire(frame->header.status);
        const ProtobufCMessage *message =
            unpack(rig,
                   s == RO_OK ? answers[frame->header.verb]
                              : &reachout__refusal__descriptor,
                   frame->payload);
        if (s != RO_OK) {
            const char *why = ((const Reachout__Refusal *)message)->why;
            printf("# %s %s\n", ro_status_name(s), why != NULL ? why : "");
        }
        if (ret_message != NULL)
            *ret_message = s == RO_OK ? message : NULL;
        return s;
    }
    return RO_NOT_FOUND;
}

enum ro_status
rig_ask(struct rig *rig,
        struct peer *peer,
        const struct rig_ask *ask,
        const ProtobufCMessage **ret_message)
{
    rig_begin(rig);
    rig_put(rig, peer, ask);
    rig_end(rig);
    return rig_answer(rig, peer, ret_message);
}

size_t
rig_pushes(const struct rig *rig, const struct peer *peer)
{
    size_t n = 0;
    for (size_t i = 0; i < rig->n_frames; i++) {
        n += is_to(&rig->frames[i], peer) &&
             rig->frames[i].header.kind == RO_FRAME_PUSH;
    }
    return n;
}

const Reachout__Attach__Push *
rig_push(struct rig *rig, const struct peer *peer, size_t i)
{
    for (size_t k = 0; k < rig->n_frames; k++) {
        const struct rig_frame *frame = &rig->frames[k];
        if (!is_to(frame, peer) || frame->header.kind != RO_FRAME_PUSH ||
            i-- > 0)
            continue;
        return (const Reachout__Attach__Push *)unpack(
            rig, &reachout__attach__push__descriptor, frame->payload);
    }
    return NULL;
}

ProtobufCBinaryData
rig_field(const void *bytes, size_t size)
{
    return ro_as_field((struct ro_bytes){bytes, size});
}

/* --- verbs --------------------------------------------------------------- */

enum ro_status
rig_hello(struct rig *rig,
          struct peer *peer,
          const Reachout__Hello__Answer **ret_answer)
{
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
    ro_door_proof(rig->circle->psk,
                  ro_keypair_x25519(rig->circle->broker_curve), &peer->curve,
                  proof);
    ask.has_protocol = true;
    ask.protocol = 1;
    ask.has_proof = true;
    ask.proof = rig_field(proof, sizeof(proof));
    ask.has_generation = true;
    ask.generation = rig->circle->generation;
    const ProtobufCMessage *message = NULL;
    enum ro_status s = rig_ask(
        rig, peer, &(struct rig_ask){RO_VERB_HELLO, &ask.base}, &message);
    if (ret_answer != NULL)
        *ret_answer = (const void *)message;
    return s;
}

enum ro_status
rig_append(struct rig *rig, struct peer *peer, struct ro_bytes record)
{
    Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData records[] = {ro_as_field(record)};
    ask.n_records = 1;
    ask.records = records;
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_APPEND, &ask.base},
                   NULL);
}

void
rig_append_all(struct rig *rig)
{
    struct peer guest = rig_guest(rig);
    uint64_t have = ro_directory_size(rig->broker->ledger.directory);
    for (size_t i = have; i < rig->circle->n_records; i++)
        test_must(rig_append(rig, &guest, test_circle_record(rig->circle, i)));
    broker_session_close(rig->broker, guest.id);
    rig_idle(rig);
}

struct ro_directory *
rig_replay(struct rig *rig, struct peer *peer)
{
    struct ro_directory *directory = ro_directory_new(&rig->circle->root);
    const struct ro_replaying how = {RO_REPLAY_CHECK, TEST_DAY};
    uint64_t size = 1;
    while (ro_directory_size(directory) < size) {
        Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
        const ProtobufCMessage *message = NULL;
        ask.has_from = true;
        ask.from = ro_directory_size(directory);
        test_must(rig_ask(rig, peer,
                          &(struct rig_ask){RO_VERB_DIRECTORY, &ask.base},
                          &message));
        const Reachout__Directory__Answer *answer = (const void *)message;
        for (size_t i = 0; i < answer->n_records; i++) {
            test_must(ro_directory_add(directory, ro_field(&answer->records[i]),
                                       &how, NULL));
        }
        size = answer->size;
    }
    return directory;
}

/* --- mail ---------------------------------------------------------------- */

void
rig_draft_body(struct draft *draft, size_t size, uint8_t n)
{
    memset(draft->body, n, sizeof(draft->body));
    draft->bodies[0] = rig_field(draft->body, size);
    ro_body_hash((struct ro_bytes){draft->body, size}, &draft->hash);
}

void
rig_draft(struct rig *rig,
          struct draft *draft,
          const struct ro_seat_id *mailbox,
          uint8_t n)
{
    reachout__deposit__ask__init(&draft->ask);
    reachout__deposit__wrap__init(&draft->wrap);
    draft->mailbox = *mailbox;
    memset(draft->bytes, n, sizeof(draft->bytes));
    rig_draft_body(draft, 1024, n);
    Reachout__Deposit__Wrap *wrap = &draft->wrap;
    wrap->has_mailbox = wrap->has_body = wrap->has_wrap = true;
    wrap->has_day = wrap->has_generation = wrap->has_expiry_hour = true;
    wrap->mailbox = rig_field(draft->mailbox.b, RO_ID_SIZE);
    wrap->body = rig_field(draft->hash.b, RO_HASH_SIZE);
    wrap->wrap = rig_field(draft->bytes, RO_WRAP_SIZE);
    wrap->day = ro_day_of(rig->clock.wall_s);
    wrap->generation = rig->circle->generation;
    wrap->expiry_hour = ro_hour_of(rig->clock.wall_s) + 24;
    draft->wraps[0] = wrap;
    draft->ask.n_wraps = 1;
    draft->ask.wraps = draft->wraps;
    draft->ask.n_bodies = 1;
    draft->ask.bodies = draft->bodies;
}

enum ro_status
rig_deposit(struct rig *rig, struct peer *peer, const struct draft *draft)
{
    const ProtobufCMessage *message = NULL;
    enum ro_status s =
        rig_ask(rig, peer, &(struct rig_ask){RO_VERB_DEPOSIT, &draft->ask.base},
                &message);
    if (s != RO_OK)
        return s;
    const Reachout__Deposit__Answer *answer = (const void *)message;
    if (answer->n_statuses != 1)
        abort();
    return ro_status_from_wire((uint16_t)answer->statuses[0]);
}

void
rig_mail(struct rig *rig,
         struct peer *peer,
         const struct test_seat *seat,
         uint8_t n)
{
    struct draft draft;
    rig_draft(rig, &draft, &seat->id, n);
    test_must(rig_deposit(rig, peer, &draft));
}

enum ro_status
rig_attach(struct rig *rig, struct peer *peer, uint32_t window)
{
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    ask.has_window = window != 0;
    ask.window = window;
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_ATTACH, &ask.base},
                   NULL);
}

enum ro_status
rig_attach_key(struct rig *rig,
               struct peer *peer,
               const struct ro_keypair *key,
               const Reachout__Attach__Answer **ret_answer)
{
    struct ro_seat_id mailbox;
    struct ro_signature proof;
    uint8_t bytes[RO_MAILBOX_PROOF_SIZE];
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    ro_seat_id_of(ro_keypair_public(key), &mailbox);
    ro_mailbox_proof_message(ro_keypair_x25519(rig->circle->broker_curve),
                             &peer->curve, &mailbox, bytes);
    ro_sign(key, RO_LABEL_MAILBOX, (struct ro_bytes){bytes, sizeof(bytes)},
            &proof);
    ask.has_mailbox_key = ask.has_proof = true;
    ask.mailbox_key = rig_field(ro_keypair_public(key)->b, RO_KEY_SIZE);
    ask.proof = rig_field(proof.b, RO_SIGNATURE_SIZE);
    const ProtobufCMessage *message = NULL;
    enum ro_status s = rig_ask(
        rig, peer, &(struct rig_ask){RO_VERB_ATTACH, &ask.base}, &message);
    if (ret_answer != NULL)
        *ret_answer = (const void *)message;
    return s;
}

enum ro_status
rig_ack(struct rig *rig,
        struct peer *peer,
        const struct ro_seat_id *mailbox,
        const uint64_t *keys,
        size_t n_keys)
{
    uint64_t copy[256];
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    if (n_keys > 0)
        memcpy(copy, keys, n_keys * sizeof(*keys));
    ask.has_mailbox = true;
    ask.mailbox = rig_field(mailbox->b, RO_ID_SIZE);
    ask.n_keys = n_keys;
    ask.keys = copy;
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_ACK, &ask.base}, NULL);
}

/* --- a store that is not as it was --------------------------------------- */

void
rig_damage(struct rig *rig, const char *sql)
{
    char path[512];
    sqlite3 *db = NULL;
    snprintf(path, sizeof(path), "%s/store.db", rig->folder.path);
    broker_free(rig->broker);
    store_free(rig->store);
    rig->broker = NULL;
    rig->store = NULL;
    if (sqlite3_open(path, &db) != SQLITE_OK ||
        sqlite3_exec(db, sql, NULL, NULL, NULL) != SQLITE_OK)
        abort();
    sqlite3_close(db);
    rig_restart(rig);
}

uint32_t
rig_credit(struct rig *rig, struct peer *peer)
{
    const Reachout__Hello__Answer *hello = NULL;
    test_must(rig_hello(rig, peer, &hello));
    return hello->credit_envelopes;
}

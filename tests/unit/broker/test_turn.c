/* SPDX-License-Identifier: Apache-2.0 */
/* The turn: nothing before the commit, and what is left when there is none. */
#include "common/crypto/door.h"
#include "unit/broker/rig.h"

/* Lets the store take no more than it has and a little. */
static void
leave_no_room(struct rig *rig)
{
    struct store_figures f;
    test_must(store_measure(rig->store, &f));
    test_must(store_cap(rig->store, 160 * 1024));
}

static void
make_room(struct rig *rig)
{
    test_must(store_cap(rig->store, (uint64_t)1 << 30));
}

/* A deposit that is larger than what is left. */
static void
large(struct rig *rig, struct draft *draft, uint8_t n)
{
    rig_draft(rig, draft, &rig->circle->members[1]->seats[0]->id, n);
    rig_draft_body(draft, 65536, n);
}

/* Fills up to where the next large one does not fit. */
static void
fill(struct rig *rig, struct peer *guest)
{
    struct draft draft;
    enum ro_status s = RO_OK;
    leave_no_room(rig);
    for (uint8_t n = 100; s == RO_OK && n < 200; n++) {
        large(rig, &draft, n);
        s = rig_deposit(rig, guest, &draft);
    }
    tap_need(s == RO_NO_ROOM);
}

static void
test_nothing_leaves_before_the_commit(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct broker_send send;
    struct draft draft;
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    rig_begin(rig);
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    tap_ok(!broker_send_next(rig->broker, &send));
    uint64_t commits = broker_counters(rig->broker)->commits;
    rig_end(rig);
    tap_ok(broker_counters(rig->broker)->commits == commits + 1);
    tap_ok(rig->n_frames == 1);
    rig_close(rig);
}

static void
test_without_room_every_frame_is_told_so(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct peer reader = rig_guest(rig);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    struct draft draft;
    rig_mail(rig, &guest, seat, 1);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    uint64_t key = rig_push(rig, &member, 0)->envelopes[0]->key;
    fill(rig, &guest);
    const Reachout__Hello__Answer *hello = NULL;
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    uint32_t credit = hello->credit_envelopes;
    uint64_t acked = broker_counters(rig->broker)->acked;
    uint64_t stored = broker_counters(rig->broker)->stored;

    Reachout__Directory__Ask read = REACHOUT__DIRECTORY__ASK__INIT;
    Reachout__Ack__Ask ack = REACHOUT__ACK__ASK__INIT;
    ack.has_mailbox = true;
    ack.mailbox = rig_field(seat->id.b, RO_ID_SIZE);
    ack.n_keys = 1;
    ack.keys = &key;
    large(rig, &draft, 250);
    rig_begin(rig);
    rig_put(rig, &reader, &(struct rig_ask){RO_VERB_DIRECTORY, &read.base});
    rig_put(rig, &member, &(struct rig_ask){RO_VERB_ACK, &ack.base});
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    struct peer late = reader;
    rig_put(rig, &late, &(struct rig_ask){RO_VERB_DIRECTORY, &read.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &reader, NULL), RO_NO_ROOM);
    tap_is(rig_answer(rig, &member, NULL), RO_NO_ROOM);
    tap_is(rig_answer(rig, &guest, NULL), RO_NO_ROOM);
    tap_is(rig_answer(rig, &late, NULL), RO_NO_ROOM);
    tap_ok(rig->n_frames == 4);
    tap_ok(broker_counters(rig->broker)->acked == acked);
    tap_ok(broker_counters(rig->broker)->stored == stored);
    tap_ok(broker_counters(rig->broker)->rollbacks == 2);
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    tap_say(hello->credit_envelopes == credit, "and it cost nothing");

    tap_is(rig_ack(rig, &member, &seat->id, &key, 1), RO_OK);
    tap_ok(broker_counters(rig->broker)->acked == acked + 1);
    make_room(rig);
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    rig_close(rig);
}

static void
test_the_directory_is_as_before(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct peer writer = rig_guest(rig);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    size_t had = rig->circle->n_records;
    uint64_t version = broker_members_version(rig->broker);
    struct ro_hash before;
    struct ro_hash after;
    test_must(ro_directory_head(rig->broker->ledger.directory, had, &before));
    (void)test_circle_seat(rig->circle, rig->circle->members[1],
                           REACHOUT__ROLE__DELEGATE);
    fill(rig, &guest);

    struct draft draft;
    RO_AUTOBUF list = {0};
    Reachout__Append__Ask append = REACHOUT__APPEND__ASK__INIT;
    Reachout__Publish__Ask publish = REACHOUT__PUBLISH__ASK__INIT;
    ProtobufCBinaryData record[] = {
        ro_as_field(test_circle_record(rig->circle, had))};
    test_seat_notice(rig->circle, seat, TEST_DAY, 10, &list);
    ProtobufCBinaryData notice[] = {ro_as_field(ro_buf_view(&list))};
    append.n_records = 1;
    append.records = record;
    publish.n_notices = 1;
    publish.notices = notice;
    large(rig, &draft, 250);
    rig_begin(rig);
    rig_put(rig, &writer, &(struct rig_ask){RO_VERB_APPEND, &append.base});
    rig_put(rig, &member, &(struct rig_ask){RO_VERB_PUBLISH, &publish.base});
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &writer, NULL), RO_NO_ROOM);
    tap_is(rig_answer(rig, &member, NULL), RO_NO_ROOM);
    tap_ok(ro_directory_size(rig->broker->ledger.directory) == had);
    test_must(ro_directory_head(rig->broker->ledger.directory, had, &after));
    tap_ok(memcmp(before.b, after.b, RO_HASH_SIZE) == 0);
    tap_ok(ro_notices_serial(rig->broker->ledger.notices, &seat->id) == 0);
    tap_ok(rig->broker->ledger.newest == 0);
    tap_ok(broker_members_version(rig->broker) == version);

    make_room(rig);
    rig_begin(rig);
    rig_put(rig, &writer, &(struct rig_ask){RO_VERB_APPEND, &append.base});
    rig_put(rig, &member, &(struct rig_ask){RO_VERB_PUBLISH, &publish.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &writer, NULL), RO_OK);
    tap_is(rig_answer(rig, &member, NULL), RO_OK);
    tap_ok(broker_members_version(rig->broker) != version);
    rig_close(rig);
}

/* The same when nothing but a notice was new. */
static void
test_the_notices_are_as_before(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    struct draft draft;
    RO_AUTOBUF list = {0};
    Reachout__Publish__Ask publish = REACHOUT__PUBLISH__ASK__INIT;
    const struct rig_ask ask = {RO_VERB_PUBLISH, &publish.base};
    fill(rig, &guest);
    test_seat_notice(rig->circle, seat, TEST_DAY, 10, &list);
    ProtobufCBinaryData notice[] = {ro_as_field(ro_buf_view(&list))};
    publish.n_notices = 1;
    publish.notices = notice;
    large(rig, &draft, 250);
    rig_begin(rig);
    rig_put(rig, &member, &ask);
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &member, NULL), RO_NO_ROOM);
    tap_ok(ro_notices_serial(rig->broker->ledger.notices, &seat->id) == 0);
    tap_ok(rig->broker->ledger.newest == 0);
    tap_say(rig_ask(rig, &member, &ask, NULL) == RO_OK,
            "the same notice again is no old one");
    rig_close(rig);
}

/* A first record that finds no room leaves a broker without a circle. */
static void
test_the_checkpoint_goes_back_too(void)
{
    struct rig *rig = rig_empty();
    struct peer guest = rig_guest(rig);
    test_circle_charter(rig->circle);
    test_must(store_cap(rig->store, 1));
    struct test_charter charter;
    RO_AUTOBUF record = {0};
    RO_AUTOBUF conf = {0};
    while (conf.size < 50000)
        ro_buf_printf(&conf, "# a line of a long circle.conf\n");
    ro_buf_put_u8(&conf, 0);
    struct test_circle *twin = test_circle_new(11);
    twin->circle_conf = (const char *)conf.data;
    test_charter_init(twin, &charter);
    test_sign_authority(twin, REACHOUT__SIGNED__KIND__CHARTER,
                        &charter.message.base, &record);
    tap_is(rig_append(rig, &guest, ro_buf_view(&record)), RO_NO_ROOM);
    const Reachout__Hello__Answer *hello = NULL;
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    tap_ok(hello->size == 0 && !hello->has_checkpoint && !hello->has_circle);
    make_room(rig);
    tap_is(rig_append(rig, &guest, ro_buf_view(&record)), RO_OK);
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    tap_ok(hello->size == 1 && hello->has_checkpoint && hello->has_circle);
    test_circle_free(twin);
    rig_close(rig);
}

/* An hour's checkpoint takes the place of the last one. */
static void
test_readers_are_served_by_a_full_store(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    fill(rig, &guest);
    rig->clock.wall_s += 3600;
    rig->clock.mono_ms += 3600 * 1000;
    tap_is(rig_attach(rig, &member, 1), RO_OK);
    tap_ok(rig_pushes(rig, &member) == 1);
    Reachout__Directory__Ask read = REACHOUT__DIRECTORY__ASK__INIT;
    const struct rig_ask ask = {RO_VERB_DIRECTORY, &read.base};
    tap_is(rig_ask(rig, &guest, &ask, NULL), RO_OK);
    rig_close(rig);
}

/* Attaching and hello leave no rows, but they are of the turn too. */
static void
test_sessions_are_as_before(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer owner = rig_member(rig, seat);
    struct peer thief = rig_member(rig, seat);
    struct peer stranger = rig_stranger(rig);
    struct draft draft;
    rig_mail(rig, &guest, seat, 1);
    tap_is(rig_attach(rig, &owner, 0), RO_OK);
    tap_ok(rig_pushes(rig, &owner) == 1);
    fill(rig, &guest);
    rig_idle(rig);
    large(rig, &draft, 251);
    const Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    const Reachout__Directory__Ask read = REACHOUT__DIRECTORY__ASK__INIT;
    rig_begin(rig);
    rig_put(rig, &thief, &(struct rig_ask){RO_VERB_ATTACH, &attach.base});
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &thief, NULL), RO_NO_ROOM);
    struct session_id has = {0};
    tap_is(sessions_of_mailbox(rig->broker->sessions, &seat->id, &has), RO_OK);
    tap_say(has.slot == owner.id.slot, "the mailbox is where it was");
    const struct attachment *attachment = session_attachment(
        sessions_find(rig->broker->sessions, owner.id), &seat->id);
    tap_say(attachment != NULL && attachment->cursor > 0,
            "with all that was pushed");

    Reachout__Hello__Ask hello = REACHOUT__HELLO__ASK__INIT;
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    ro_door_proof(rig->circle->psk,
                  ro_keypair_x25519(rig->circle->broker_curve), &stranger.curve,
                  proof);
    hello.has_protocol = hello.has_proof = hello.has_generation = true;
    hello.protocol = 1;
    hello.proof = rig_field(proof, sizeof(proof));
    hello.generation = rig->circle->generation;
    rig_begin(rig);
    rig_put(rig, &stranger, &(struct rig_ask){RO_VERB_HELLO, &hello.base});
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &stranger, NULL), RO_NO_ROOM);
    const struct rig_ask ask = {RO_VERB_DIRECTORY, &read.base};
    tap_say(rig_ask(rig, &stranger, &ask, NULL) == RO_NEED_HELLO,
            "a hello that was taken back was not said");
    tap_is(rig_ask(rig, &guest, &ask, NULL), RO_OK);
    tap_is(rig_hello(rig, &stranger, NULL), RO_OK);
    tap_is(rig_ask(rig, &stranger, &ask, NULL), RO_OK);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_nothing_leaves_before_the_commit);
    tap_run(test_without_room_every_frame_is_told_so);
    tap_run(test_the_directory_is_as_before);
    tap_run(test_the_notices_are_as_before);
    tap_run(test_the_checkpoint_goes_back_too);
    tap_run(test_readers_are_served_by_a_full_store);
    tap_run(test_sessions_are_as_before);
    return tap_done();
}

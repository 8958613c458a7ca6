/* SPDX-License-Identifier: Apache-2.0 */
/* The directory log: append, read, revoke, and the checkpoint of record 1. */
#include "common/wire/checkpoint.h"
#include "unit/broker/rig.h"

/* Appends several records in one frame. */
static enum ro_status
append_many(struct rig *rig,
            struct peer *peer,
            const struct ro_bytes *records,
            size_t n)
{
    Reachout__Append__Ask ask = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData fields[16];
    for (size_t i = 0; i < n; i++)
        fields[i] = ro_as_field(records[i]);
    ask.n_records = n;
    ask.records = fields;
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_APPEND, &ask.base},
                   NULL);
}

static uint64_t
log_size(const struct rig *rig)
{
    return ro_directory_size(rig->broker->ledger.directory);
}

static bool
same_head(const struct ro_directory *a, const struct ro_directory *b)
{
    struct ro_hash x;
    struct ro_hash y;
    test_must(ro_directory_head(a, ro_directory_size(a), &x));
    test_must(ro_directory_head(b, ro_directory_size(b), &y));
    return ro_directory_size(a) == ro_directory_size(b) &&
           memcmp(x.b, y.b, RO_HASH_SIZE) == 0;
}

static void
test_the_first_record_has_a_checkpoint(void)
{
    struct rig *rig = rig_empty();
    struct peer guest = rig_guest(rig);
    struct ro_checkpoint point;
    const Reachout__Hello__Answer *hello = NULL;
    test_circle_charter(rig->circle);
    tap_is(rig_append(rig, &guest, test_circle_record(rig->circle, 0)), RO_OK);
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    tap_ok(hello->size == 1);
    tap_is(ro_checkpoint_open(ro_field(&hello->checkpoint), &rig->circle->id,
                              ro_keypair_public(rig->circle->broker_signing),
                              &point),
           RO_OK);
    tap_ok(point.size == 1 && point.slot == ro_hour_of(rig->clock.wall_s));
    tap_is(ro_checkpoint_agrees(&point, rig->circle->directory), RO_OK);
    rig_close(rig);
}

static void
test_everybody_reads_the_same_log(void)
{
    struct rig *rig = rig_open(40);
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, rig->circle->members[1]->seats[0]);
    struct ro_directory *a = rig_replay(rig, &guest);
    struct ro_directory *b = rig_replay(rig, &member);
    tap_ok(same_head(a, rig->circle->directory));
    tap_ok(same_head(b, rig->circle->directory));
    ro_directory_free(a);
    ro_directory_free(b);
    rig_restart(rig);
    guest = rig_guest(rig);
    a = rig_replay(rig, &guest);
    tap_say(same_head(a, rig->circle->directory), "after a restart too");
    ro_directory_free(a);

    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const ProtobufCMessage *message = NULL;
    const struct rig_ask verb = {RO_VERB_DIRECTORY, &ask.base};
    static const uint64_t beyond[] = {0, 1, 1000, UINT64_MAX};
    for (size_t i = 0; i < RO_LEN(beyond); i++) {
        ask.has_from = true;
        ask.from = log_size(rig) + beyond[i];
        if (beyond[i] == UINT64_MAX)
            ask.from = UINT64_MAX;
        tap_is(rig_ask(rig, &guest, &verb, &message), RO_OK);
        const Reachout__Directory__Answer *answer = (const void *)message;
        tap_ok(answer->n_records == 0 && answer->size == log_size(rig));
        tap_ok(answer->from == ask.from && answer->has_checkpoint);
    }
    rig_close(rig);
}

static void
test_a_frame_of_records_is_full_and_not_more(void)
{
    struct rig *rig = rig_empty();
    test_circle_charter(rig->circle);
    test_circle_list(rig->circle, TEST_FIRST_URN, 2000);
    rig_append_all(rig);
    struct peer guest = rig_guest(rig);
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    tap_is(rig_ask(rig, &guest, &(struct rig_ask){RO_VERB_DIRECTORY, &ask.base},
                   NULL),
           RO_OK);
    size_t size = rig->frames[0].bytes.size;
    size_t largest = 0;
    for (size_t i = 0; i < rig->circle->n_records; i++) {
        if (test_circle_record(rig->circle, i).size > largest)
            largest = test_circle_record(rig->circle, i).size;
    }
    tap_ok(size <= RO_FRAME_LIMIT);
    tap_ok(size + largest + 1200 > RO_FRAME_LIMIT);
    struct ro_directory *all = rig_replay(rig, &guest);
    tap_ok(same_head(all, rig->circle->directory));
    ro_directory_free(all);
    rig_close(rig);
}

static void
test_refusals(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    uint64_t size = log_size(rig);
    RO_AUTOBUF record = {0};
    tap_is(rig_append(rig, &guest, ro_bytes_text("noise")), RO_BAD_RECORD);
    tap_say(rig_append(rig, &guest,
                       test_circle_record(rig->circle, size - 1)) != RO_OK,
            "a record does not come twice");
    Reachout__Seat seat;
    struct test_member *school = rig->circle->members[1];
    struct test_seat *more =
        test_seat_new(rig->circle, school, REACHOUT__ROLE__DELEGATE);
    test_seat_init(rig->circle, more, &seat);
    test_sign_seat(more, &seat, &record);
    record.data[record.size - 1] ^= 1;
    tap_is(rig_append(rig, &guest, ro_buf_view(&record)), RO_BAD_SIGNATURE);
    record.data[record.size - 1] ^= 1;
    tap_ok(log_size(rig) == size);
    tap_is(rig_append(rig, &guest, ro_buf_view(&record)), RO_OK);
    tap_ok(log_size(rig) == size + 1);
    tap_is(append_many(rig, &guest, NULL, 0), RO_OK);
    tap_ok(log_size(rig) == size + 1);
    rig_close(rig);
}

static void
test_the_first_record_must_be_a_charter_of_this_broker(void)
{
    struct rig *rig = rig_empty();
    struct peer guest = rig_guest(rig);
    test_circle_charter(rig->circle);
    test_circle_list(rig->circle, TEST_FIRST_URN, 1);
    tap_is(rig_append(rig, &guest, test_circle_record(rig->circle, 1)),
           RO_NOT_READY);
    struct test_charter charter;
    RO_AUTOBUF record = {0};
    struct test_circle *other = test_circle_new(11);
    ro_keypair_free(other->broker_curve);
    other->broker_curve = ro_keypair_new(&other->entropy);
    test_charter_init(other, &charter);
    test_sign_authority(other, REACHOUT__SIGNED__KIND__CHARTER,
                        &charter.message.base, &record);
    tap_is(rig_append(rig, &guest, ro_buf_view(&record)), RO_NOT_ALLOWED);
    tap_ok(log_size(rig) == 0);
    test_circle_free(other);
    guest = rig_guest(rig);
    struct ro_bytes both[] = {test_circle_record(rig->circle, 0),
                              test_circle_record(rig->circle, 1)};
    tap_is(append_many(rig, &guest, both, 2), RO_OK);
    tap_ok(log_size(rig) == 2);
    rig_close(rig);
}

static void
test_all_or_none(void)
{
    struct rig *rig = rig_open(1);
    size_t had = rig->circle->n_records;
    struct peer guest = rig_guest(rig);
    test_circle_list(rig->circle, 200001, 1);
    test_circle_list(rig->circle, 200002, 1);
    struct ro_bytes rows[] = {
        test_circle_record(rig->circle, had),
        test_circle_record(rig->circle, had + 1),
        ro_bytes_text("noise"),
    };
    tap_is(append_many(rig, &guest, rows, 3), RO_BAD_RECORD);
    tap_ok(log_size(rig) == had);
    tap_say(rig_is_gone(rig, &guest), "and it costs the connection");
    guest = rig_guest(rig);
    tap_is(append_many(rig, &guest, rows, 2), RO_OK);
    struct ro_directory *all = rig_replay(rig, &guest);
    tap_ok(same_head(all, rig->circle->directory));
    ro_directory_free(all);
    rig_close(rig);
}

/* A guest whose address is known. */
static struct peer
guest_somewhere(struct rig *rig)
{
    static const struct session_address address = {
        .b = {127, 9}
    };
    struct peer peer = rig_guest(rig);
    broker_session_is_at(rig->broker, peer.id, &address);
    return peer;
}

/* A member's good record that is undone comes again for ever: its frames have
 * a price, which the authority's have not. */
static void
test_undoing_has_a_price(void)
{
    struct rig *rig = rig_open(1);
    rig->limits.open_envelopes = 10;
    rig->limits.address_envelopes = 15;
    rig->limits.address_bytes = 1024 * 1024;
    rig_restart(rig);
    size_t had = rig->circle->n_records;
    test_circle_seat(rig->circle, rig->circle->members[1],
                     REACHOUT__ROLE__DELEGATE);
    test_circle_list(rig->circle, 200001, 1);
    struct ro_bytes seat = test_circle_record(rig->circle, had);
    struct ro_bytes list = test_circle_record(rig->circle, had + 1);
    struct ro_bytes of_member[] = {seat, ro_bytes_text("noise")};
    struct ro_bytes of_authority[] = {list, ro_bytes_text("noise")};
    struct peer guest = guest_somewhere(rig);
    tap_is(append_many(rig, &guest, of_member, 2), RO_BAD_RECORD);
    guest = guest_somewhere(rig);
    tap_is(append_many(rig, &guest, of_member, 2), RO_NO_CREDIT);
    tap_is(append_many(rig, &guest, of_authority, 2), RO_BAD_RECORD);
    guest = guest_somewhere(rig);
    tap_say(rig_append(rig, &guest, seat) == RO_OK, "alone it is free");
    struct ro_bytes rest[] = {list, seat};
    tap_ok(append_many(rig, &guest, rest, 2) != RO_NO_CREDIT);
    tap_ok(log_size(rig) == had + 1);
    rig_close(rig);
}

/* From however many addresses: the member's day pays, until it is over. */
static void
test_undoing_costs_the_member_its_day(void)
{
    struct rig *rig = rig_open(3);
    size_t had = rig->circle->n_records;
    for (int i = 0; i < 2; i++) {
        test_circle_seat(rig->circle, rig->circle->members[1 + i],
                         REACHOUT__ROLE__DELEGATE);
    }
    struct ro_bytes seat = test_circle_record(rig->circle, had);
    struct ro_bytes others = test_circle_record(rig->circle, had + 1);
    struct ro_bytes rows[] = {seat, ro_bytes_text("noise")};
    int replays = 0;
    for (uint8_t i = 0; i < 2 * RO_MEMBER_RECORDS_A_DAY; i++) {
        const struct session_address address = {
            .b = {127, 9, i}
        };
        struct peer guest = rig_guest(rig);
        broker_session_is_at(rig->broker, guest.id, &address);
        enum ro_status s = append_many(rig, &guest, rows, 2);
        if (s == RO_BAD_RECORD && rig_is_gone(rig, &guest))
            replays++;
        else
            tap_is(s, RO_OVER_QUOTA);
    }
    tap_ok(replays > 0 && replays <= RO_MEMBER_RECORDS_A_DAY);
    struct peer guest = rig_guest(rig);
    tap_is(rig_append(rig, &guest, seat), RO_OVER_QUOTA);
    tap_say(rig_append(rig, &guest, others) == RO_OK, "the others' is theirs");
    rig->clock.wall_s += RO_DAY_S;
    rig->clock.mono_ms += (int64_t)RO_DAY_S * 1000;
    guest = rig_guest(rig);
    tap_say(rig_append(rig, &guest, seat) == RO_OK, "a new day");
    rig_close(rig);
}

/* Two frames in one turn: the second one fails half-way, the first stays. */
static void
test_an_earlier_frame_of_the_turn_stays(void)
{
    struct rig *rig = rig_open(1);
    size_t had = rig->circle->n_records;
    struct peer one = rig_guest(rig);
    struct peer two = rig_guest(rig);
    for (uint32_t i = 0; i < 3; i++)
        test_circle_list(rig->circle, 200001 + i, 1);
    Reachout__Append__Ask first = REACHOUT__APPEND__ASK__INIT;
    Reachout__Append__Ask second = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData records[] = {
        ro_as_field(test_circle_record(rig->circle, had)),
        ro_as_field(test_circle_record(rig->circle, had + 1)),
        ro_as_field(ro_bytes_text("noise")),
    };
    first.n_records = 1;
    first.records = records;
    second.n_records = 2;
    second.records = records + 1;
    rig_begin(rig);
    rig_put(rig, &one, &(struct rig_ask){RO_VERB_APPEND, &first.base});
    rig_put(rig, &two, &(struct rig_ask){RO_VERB_APPEND, &second.base});
    rig_end(rig);
    tap_is(rig_answer(rig, &one, NULL), RO_OK);
    tap_is(rig_answer(rig, &two, NULL), RO_BAD_RECORD);
    tap_ok(log_size(rig) == had + 1);
    rig_restart(rig);
    tap_ok(log_size(rig) == had + 1);
    rig_append_all(rig);
    struct peer guest = rig_guest(rig);
    struct ro_directory *all = rig_replay(rig, &guest);
    tap_ok(same_head(all, rig->circle->directory));
    ro_directory_free(all);
    rig_close(rig);
}

static void
test_a_revoked_seat_loses_its_place(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct test_seat *other = rig->circle->members[2]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    struct peer stays = rig_member(rig, other);
    struct peer by_key = rig_guest(rig);
    tap_is(rig_attach(rig, &stays, 0), RO_OK);
    tap_is(rig_attach_key(rig, &by_key, seat->signing, NULL), RO_OK);
    uint64_t version = broker_members_version(rig->broker);
    test_circle_revoke(rig->circle, seat);
    tap_is(
        rig_append(rig, &guest,
                   test_circle_record(rig->circle, rig->circle->n_records - 1)),
        RO_OK);
    tap_ok(broker_members_version(rig->broker) != version);
    tap_ok(!broker_knows(rig->broker, ro_keypair_x25519(seat->transport)));
    size_t n_keys = 0;
    while (broker_nth_member_key(rig->broker, n_keys) != NULL)
        n_keys++;
    tap_say(n_keys == 2, "its key has left the list");
    struct session_id gone;
    tap_ok(rig_is_gone(rig, &member));
    tap_is(rig_attach(rig, &member, 0), RO_NOT_FOUND);
    tap_is(rig_attach(rig, &stays, 0), RO_OK);
    tap_is(broker_session_open(rig->broker, DOOR_MEMBER,
                               ro_keypair_x25519(seat->transport), &gone),
           RO_NOT_ALLOWED);
    tap_is(rig_attach_key(rig, &by_key, seat->signing, NULL), RO_NO_MAILBOX);
    const uint64_t key = 1;
    tap_is(rig_ack(rig, &by_key, &seat->id, &key, 1), RO_NOT_ALLOWED);
    struct draft draft;
    rig_draft(rig, &draft, &seat->id, 1);
    tap_is(rig_deposit(rig, &guest, &draft), RO_NO_MAILBOX);
    rig_close(rig);
}

/* One more seat of a school, or the school's own revocation of its last. */
static enum ro_status
append_seat(struct rig *rig, struct peer *guest, struct test_member *school)
{
    (void)test_circle_seat(rig->circle, school, REACHOUT__ROLE__DELEGATE);
    size_t last = rig->circle->n_records - 1;
    return rig_append(rig, guest, test_circle_record(rig->circle, last));
}

static enum ro_status
append_revocation(struct rig *rig,
                  struct peer *guest,
                  struct test_member *school)
{
    RO_AUTOBUF record = {0};
    Reachout__Revocation message = REACHOUT__REVOCATION__INIT;
    ProtobufCBinaryData seats[] = {
        rig_field(school->seats[school->n_seats - 1]->id.b, RO_ID_SIZE)};
    message.has_circle = message.has_serial = true;
    message.circle = rig_field(rig->circle->id.b, RO_ID_SIZE);
    message.serial = ++school->serial;
    message.n_seats = 1;
    message.seats = seats;
    test_sign_member(school, REACHOUT__SIGNED__KIND__REVOCATION, &message.base,
                     &record);
    test_must(test_circle_add(rig->circle, ro_buf_view(&record), NULL));
    return rig_append(rig, guest, ro_buf_view(&record));
}

/* Which counts on where it stood: the store has the day of each record. */
static void
test_the_quota_of_a_day_survives_a_restart(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct test_member *school = rig->circle->members[1];
    size_t n = 1; /* its first seat */
    while (n < RO_MEMBER_RECORDS_A_DAY - 1) {
        test_must(append_seat(rig, &guest, school));
        test_must(append_revocation(rig, &guest, school));
        n += 2;
    }
    rig_restart(rig);
    guest = rig_guest(rig);
    tap_is(append_seat(rig, &guest, school), RO_OK);
    tap_is(append_revocation(rig, &guest, school), RO_OVER_QUOTA);
    rig_restart(rig);
    guest = rig_guest(rig);
    size_t last = rig->circle->n_records - 1;
    struct ro_bytes record = test_circle_record(rig->circle, last);
    tap_is(rig_append(rig, &guest, record), RO_OVER_QUOTA);
    rig->clock.wall_s += 86400;
    rig->clock.mono_ms += 86400 * 1000;
    tap_is(rig_append(rig, &guest, record), RO_OK);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_the_first_record_has_a_checkpoint);
    tap_run(test_everybody_reads_the_same_log);
    tap_run(test_a_frame_of_records_is_full_and_not_more);
    tap_run(test_refusals);
    tap_run(test_the_first_record_must_be_a_charter_of_this_broker);
    tap_run(test_all_or_none);
    tap_run(test_undoing_has_a_price);
    tap_run(test_undoing_costs_the_member_its_day);
    tap_run(test_an_earlier_frame_of_the_turn_stays);
    tap_run(test_a_revoked_seat_loses_its_place);
    tap_run(test_the_quota_of_a_day_survives_a_restart);
    return tap_done();
}

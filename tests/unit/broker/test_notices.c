/* SPDX-License-Identifier: Apache-2.0 */
/* Notices: published by the seat, read by everybody, covered by checkpoints. */
#include "common/wire/checkpoint.h"
#include "unit/broker/rig.h"

static enum ro_status
publish(struct rig *rig,
        struct peer *peer,
        struct ro_bytes notice,
        uint64_t *ret_cursor)
{
    const ProtobufCMessage *message = NULL;
    Reachout__Publish__Ask ask = REACHOUT__PUBLISH__ASK__INIT;
    ProtobufCBinaryData notices[] = {ro_as_field(notice)};
    ask.n_notices = 1;
    ask.notices = notices;
    enum ro_status s = rig_ask(
        rig, peer, &(struct rig_ask){RO_VERB_PUBLISH, &ask.base}, &message);
    if (s == RO_OK && ret_cursor != NULL)
        *ret_cursor = ((const Reachout__Publish__Answer *)message)->cursor;
    return s;
}

static enum ro_status
publish_list(struct rig *rig, struct peer *peer, struct test_seat *seat)
{
    RO_AUTOBUF list = {0};
    test_seat_notice(rig->circle, seat, ro_day_of(rig->clock.wall_s), 98,
                     &list);
    return publish(rig, peer, ro_buf_view(&list), NULL);
}

static const Reachout__Notices__Answer *
read_after(struct rig *rig, struct peer *peer, uint64_t after)
{
    const ProtobufCMessage *message = NULL;
    Reachout__Notices__Ask ask = REACHOUT__NOTICES__ASK__INIT;
    ask.has_after = true;
    ask.after = after;
    test_must(rig_ask(rig, peer, &(struct rig_ask){RO_VERB_NOTICES, &ask.base},
                      &message));
    return (const void *)message;
}

static void
test_publish_and_read(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    RO_AUTOBUF list = {0};
    uint64_t cursor = 0;
    const Reachout__Notices__Answer *answer = read_after(rig, &guest, 0);
    tap_ok(answer->n_entries == 0 && answer->newest == 0);
    tap_ok(answer->covered == 0 && answer->has_checkpoint);
    test_seat_notice(rig->circle, seat, TEST_DAY, 98, &list);
    tap_is(publish(rig, &member, ro_buf_view(&list), &cursor), RO_OK);
    answer = read_after(rig, &guest, 0);
    tap_need(answer->n_entries == 1);
    tap_ok(answer->newest == cursor && answer->entries[0]->cursor == cursor);
    tap_ok(answer->covered == 0);
    tap_ok(ro_bytes_equal(ro_field(&answer->entries[0]->notice),
                          ro_buf_view(&list)));
    tap_ok(read_after(rig, &guest, cursor)->n_entries == 0);
    tap_ok(read_after(rig, &guest, UINT64_MAX)->n_entries == 0);
    rig_restart(rig);
    guest = rig_guest(rig);
    tap_ok(read_after(rig, &guest, 0)->n_entries == 1);
    const Reachout__Hello__Answer *hello = NULL;
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    tap_ok(hello->notices == cursor);
    rig_close(rig);
}

static void
test_refusals(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct test_seat *other = rig->circle->members[2]->seats[0];
    struct peer member = rig_member(rig, seat);
    RO_AUTOBUF list = {0};
    test_seat_notice(rig->circle, other, TEST_DAY, 98, &list);
    tap_is(publish(rig, &member, ro_buf_view(&list), NULL), RO_NO_RIGHT);
    test_seat_notice(rig->circle, seat, TEST_DAY, 98, &list);
    tap_is(publish(rig, &member, ro_buf_view(&list), NULL), RO_OK);
    tap_is(publish(rig, &member, ro_buf_view(&list), NULL), RO_OLD_SERIAL);
    list.data[list.size - 1] ^= 1;
    tap_ok(publish(rig, &member, ro_buf_view(&list), NULL) != RO_OK);
    tap_is(publish(rig, &member, ro_bytes_text("noise"), NULL), RO_BAD_RECORD);
    static const uint8_t large[RO_NOTICE_LIMIT + 1];
    tap_is(publish(rig, &member, (struct ro_bytes){large, sizeof(large)}, NULL),
           RO_BAD_RECORD);
    Reachout__Publish__Ask ask = REACHOUT__PUBLISH__ASK__INIT;
    const struct rig_ask none = {RO_VERB_PUBLISH, &ask.base};
    tap_is(rig_ask(rig, &member, &none, NULL), RO_BAD_RECORD);
    tap_ok(rig->broker->ledger.newest == 1);
    rig_close(rig);
}

/* A list for later only leaves today without a key: but for a seat that takes
 * back all days of its last list, whose secrets it lost. A broker that lacks
 * that last one cannot tell. */
static void
test_a_list_for_later(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    static const struct {
        uint64_t serial;
        uint32_t in_days;
        enum ro_status expected;
    } steps[] = {
        {1, 2,   RO_BAD_RECORD},
        {1, 1,   RO_OK        },
        {2, 100, RO_BAD_RECORD},
        {2, 99,  RO_OK        }, /* where the one before ends */
        {3, 198, RO_BAD_RECORD},
        {3, 197, RO_OK        },
        {4, 98,  RO_BAD_RECORD}, /* back */
        {4, 296, RO_BAD_RECORD},
        {5, 296, RO_OK        }, /* the fourth is not here */
        {6, 395, RO_BAD_RECORD},
    };
    for (size_t i = 0; i < RO_LEN(steps); i++) {
        RO_AUTOBUF list = {0};
        seat->notice_serial = steps[i].serial - 1;
        test_seat_notice(rig->circle, seat, TEST_DAY + steps[i].in_days, 98,
                         &list);
        tap_is(publish(rig, &member, ro_buf_view(&list), NULL),
               steps[i].expected);
    }
    rig_close(rig);
}

static void
test_a_seat_publishes_a_few_times_an_hour(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    size_t n = 0;
    while (publish_list(rig, &member, seat) == RO_OK)
        n++;
    tap_ok(n == 16);
    rig->clock.wall_s += 3600;
    rig->clock.mono_ms += 3600 * 1000;
    rig_idle(rig);
    tap_is(publish_list(rig, &member, seat), RO_OK);
    rig_close(rig);
}

static void
test_a_frame_of_notices_is_full_and_not_more(void)
{
    struct rig *rig = rig_open(40);
    struct peer guest = rig_guest(rig);
    for (size_t i = 0; i <= 40; i++) {
        struct test_seat *seat = rig->circle->members[i]->seats[0];
        struct peer member = rig_member(rig, seat);
        test_must(publish_list(rig, &member, seat));
        broker_session_close(rig->broker, member.id);
    }
    uint64_t after = 0;
    size_t n = 0;
    size_t frames = 0;
    while (after < rig->broker->ledger.newest) {
        const Reachout__Notices__Answer *answer =
            read_after(rig, &guest, after);
        tap_ok(rig->frames[0].bytes.size <= RO_FRAME_LIMIT);
        n += answer->n_entries;
        after = answer->entries[answer->n_entries - 1]->cursor;
        frames++;
    }
    tap_ok(n == 41 && frames == 2);
    rig_close(rig);
}

/* What a client does: the notices up to `covered` are those that the
 * checkpoint has the digest of. */
static void
check_covered(struct rig *rig, struct peer *peer)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *set = ro_notices_new();
    const Reachout__Notices__Answer *answer = read_after(rig, peer, 0);
    struct ro_checkpoint point;
    test_must(ro_checkpoint_open(
        ro_field(&answer->checkpoint), &rig->circle->id,
        ro_keypair_public(rig->circle->broker_signing), &point));
    for (size_t i = 0; i < answer->n_entries; i++) {
        if (answer->entries[i]->cursor <= answer->covered) {
            test_must(
                ro_notices_add(set, ro_field(&answer->entries[i]->notice)));
        }
    }
    struct ro_hash digest;
    ro_notices_digest(set, point.slot / 24, &digest);
    tap_ok(memcmp(digest.b, point.notices.b, RO_HASH_SIZE) == 0);
}

static void
test_the_checkpoint_covers_what_it_says(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct test_seat *seats[] = {rig->circle->members[1]->seats[0],
                                 rig->circle->members[2]->seats[0]};
    check_covered(rig, &guest);
    for (size_t hour = 0; hour < 4; hour++) {
        for (size_t i = 0; i < 2; i++) {
            struct peer member = rig_member(rig, seats[i]);
            tap_is(publish_list(rig, &member, seats[i]), RO_OK);
            check_covered(rig, &guest);
            broker_session_close(rig->broker, member.id);
        }
        rig->clock.wall_s += 1800;
        rig->clock.mono_ms += 1800 * 1000;
        if (hour == 2)
            rig_restart(rig);
        guest = rig_guest(rig);
        check_covered(rig, &guest);
    }
    tap_ok(read_after(rig, &guest, 0)->n_entries <= 4);
    /* the lists of 98 days run out */
    rig->clock.wall_s += 99 * 86400;
    rig->clock.mono_ms += (int64_t)99 * 86400 * 1000;
    guest = rig_guest(rig);
    rig_idle(rig);
    check_covered(rig, &guest);
    tap_ok(read_after(rig, &guest, 0)->n_entries == 0);
    tap_ok(ro_notices_nth(rig->broker->ledger.notices, 0).size == 0);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_publish_and_read);
    tap_run(test_refusals);
    tap_run(test_a_list_for_later);
    tap_run(test_a_seat_publishes_a_few_times_an_hour);
    tap_run(test_a_frame_of_notices_is_full_and_not_more);
    tap_run(test_the_checkpoint_covers_what_it_says);
    return tap_done();
}

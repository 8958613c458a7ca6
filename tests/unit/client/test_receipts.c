/* SPDX-License-Identifier: Apache-2.0 */
/* Receipts: with the next message or alone, when, and what they mean where
 * several were written to. */
#include "tests/unit/client/friends.h"

#include "client/core/outbox.h"
#include "client/core/riding.h"

#define HOUR 3600

/* --- receipts ---------------------------------------------------------------
 */

/* A receipt rides on the next message to its writer. */
static void
test_a_receipt_rides(void)
{
    open_two();
    const char *thread = quiet_thread();
    tap_is(seat_write(ann, jobs_say, thread, "Ping."), RO_OK);
    RO_AUTOOUTGOING outgoing = newest(ann);
    test_must(seat_sync(ben));
    test_must(seat_sync(ann));
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_BROKER);
    tap_is(seat_write(ben, jobs_say, thread, "Pong."), RO_OK);
    test_must(seat_sync(ann));
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_ARRIVED);
    tap_say(outbox_size(ann) == 0, "what has arrived leaves the outbox");
    close_circle();
}

/* Without a ride it goes alone, a random 10 to 240 minutes later. */
static void
test_a_receipt_alone(void)
{
    struct mail mail[2];
    open_two();
    const char *thread = quiet_thread();
    tap_is(seat_write(ann, jobs_say, thread, "Ping."), RO_OK);
    RO_AUTOOUTGOING outgoing = newest(ann);
    test_must(seat_sync(ben));
    pair_pass(pair, 9 * 60);
    test_must(seat_sync(ben));
    tap_say(pair_mail(pair, ann, mail, 2) == 0, "not within 10 minutes");
    pair_pass(pair, 232 * 60);
    test_must(seat_sync(ben));
    tap_need(pair_mail(pair, ann, mail, 2) == 1);
    tap_say(mail[0].body.size == 1024, "and looks like any short message");
    mail_fini(mail, 1);
    test_must(seat_sync(ann));
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_ARRIVED);
    tap_say(seat_news(ann) == 0, "it is no news to people");
    close_circle();
}

/* A source of lots of which each draw is the same number. */
static void
fill_with(void *user, uint8_t *out, size_t size)
{
    tap_need(size == 8);
    ro_set_u64(out, *(const uint64_t *)user);
}

/* Seconds after which ben owes a receipt for a message that came just now. */
static int64_t
seconds_until_due(const char *thread)
{
    int64_t due_s = -1;
    int64_t step_s = 8192;
    test_must(seat_write(ann, jobs_say, thread, "Ping."));
    test_must(seat_sync(ben));
    /* the last second in which it is not due, by halves */
    for (; step_s > 0; step_s /= 2) {
        RO_AUTOBUF members = {0};
        test_must(riding_overdue(ben->engine, pair_now_s(pair) + due_s + step_s,
                                 &members));
        if (members.size == 0)
            due_s += step_s;
    }
    pair_pass(pair, 5 * HOUR);
    test_must(seat_sync(ben));
    test_must(seat_sync(ann));
    return due_s + 1;
}

static int64_t
seconds_with_lots(const char *thread, struct ro_entropy lots)
{
    ben->lots = lots;
    seat_restart(ben);
    return seconds_until_due(thread);
}

/* When they are due is a lot of its own: from 10 minutes to 240, both may
 * come, and other lots are other hours. */
static void
test_when_receipts_are_due(void)
{
    open_two();
    const char *thread = quiet_thread();
    const uint64_t n = 230 * 60 + 1; /* how many seconds there are to draw */
    uint64_t lot = n << 20;          /* high enough to be a fair draw */
    const struct ro_entropy same = {fill_with, &lot};
    tap_say(seconds_with_lots(thread, same) == 10 * 60, "at the soonest");
    lot = (n << 20) + n - 1;
    tap_say(seconds_with_lots(thread, same) == 240 * 60, "at the latest");
    lot = (n << 20) + 100 * 60;
    tap_say(seconds_with_lots(thread, same) == 110 * 60, "and between");
    struct ro_entropy_seeded seeded = {.state = 7};
    int64_t one_s = seconds_with_lots(thread, ro_entropy_of(&seeded));
    int64_t other_s = seconds_until_due(thread);
    int64_t third_s = seconds_until_due(thread);
    tap_say(one_s != other_s && other_s != third_s, "each has its own lot");
    ben->lots = (struct ro_entropy){0};
    close_circle();
}

/* Drawn so that it is due at the latest, it goes then, and not before. */
static void
test_a_receipt_at_the_latest(void)
{
    struct mail mail[2];
    open_two();
    const char *thread = quiet_thread();
    const uint64_t n = 230 * 60 + 1;
    uint64_t lot = (n << 20) + n - 1;
    ben->lots = (struct ro_entropy){fill_with, &lot};
    seat_restart(ben);
    test_must(seat_write(ann, jobs_say, thread, "Ping."));
    test_must(seat_sync(ben));
    pair_pass(pair, 240 * 60 - 1);
    test_must(seat_sync(ben));
    tap_say(pair_mail(pair, ann, mail, 2) == 0, "not a second earlier");
    pair_pass(pair, 1);
    test_must(seat_sync(ben));
    tap_say(pair_mail(pair, ann, mail, 2) == 1, "but then");
    mail_fini(mail, 1);
    close_circle();
}

/* Several members, one with two seats: each member has to say so once. */
static void
test_arrived_at_several(void)
{
    open_two();
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__OFFICE);
    cat = pair_school(pair, 3);
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    (void)amy;
    const char *to[] = {urn_of(ben), urn_of(cat)};
    tap_is(seat_ask_many(ann, to, 2, "Both of you?"), RO_OK);
    tap_ok(ann->job->result.stored == 5); /* ben, bob, cat; amy for each body */
    RO_AUTOBUF rows = {0};
    tap_need(outbox_rows(ann, &rows) == 2);
    struct row_id for_ben;
    struct row_id for_cat;
    memcpy(for_ben.b, rows.data, RO_ID_SIZE);
    memcpy(for_cat.b, rows.data + RO_ID_SIZE, RO_ID_SIZE);
    test_must(seat_sync(bob));
    pair_pass(pair, 5 * HOUR);
    test_must(seat_sync(bob)); /* his receipt, ben has not been there */
    test_must(seat_sync(ann));
    tap_ok(place_of(ann, &for_ben) == RO_PLACE_ARRIVED);
    tap_ok(place_of(ann, &for_cat) == RO_PLACE_BROKER);
    tap_say(outbox_size(ann) == 2, "ben's own wrap may be asked for again");
    test_must(seat_sync(cat));
    test_must(seat_sync(ben));
    pair_pass(pair, 5 * HOUR);
    test_must(seat_sync(cat));
    test_must(seat_sync(ben));
    test_must(seat_sync(ann));
    tap_ok(place_of(ann, &for_cat) == RO_PLACE_ARRIVED);
    tap_ok(outbox_size(ann) == 0);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_receipt_rides);
    tap_run(test_a_receipt_alone);
    tap_run(test_when_receipts_are_due);
    tap_run(test_a_receipt_at_the_latest);
    tap_run(test_arrived_at_several);
    return tap_done();
}

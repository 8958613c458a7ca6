/* SPDX-License-Identifier: Apache-2.0 */
/* What is sent again of itself: because no receipt came, or because the broker
 * was set back. */
#include "tests/unit/client/friends.h"

#include "client/core/outbox.h"
#include "common/wire/codec.h"

#define HOUR 3600
#define DAY ((int64_t)24 * HOUR)

static struct mail mail[8];

/* Takes all out that waits for a seat; how many. */
static size_t
lose_all(const struct seat *seat)
{
    const size_t n = pair_mail(pair, seat, mail, RO_LEN(mail));
    for (size_t i = 0; i < n; i++)
        pair_lose(pair, seat, &mail[i]);
    mail_fini(mail, n);
    return n;
}

static size_t
waiting_for(const struct seat *seat)
{
    const size_t n = pair_mail(pair, seat, mail, RO_LEN(mail));
    mail_fini(mail, n);
    return n;
}

/* Those that ben has to pay have gone by then. */
static void
pass_and_pay(int64_t seconds)
{
    pair_pass(pair, seconds);
    test_must(seat_sync(ben));
}

/* How many messages ben then has sent, which the broker loses. */
static size_t
sync_and_pay(void)
{
    test_must(seat_sync(ben));
    pass_and_pay(5 * HOUR);
    return lose_all(ann);
}

/* The broker loses the message that brings nothing but receipts. */
static void
test_a_receipt_that_got_lost(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ann, jobs_say, thread, "Ping."));
    RO_AUTOOUTGOING outgoing = newest(ann);
    test_must(seat_sync(ben));
    pass_and_pay(5 * HOUR);
    tap_say(lose_all(ann) == 1, "the receipt");
    pair_pass(pair, 6 * DAY);
    test_must(seat_sync(ann));
    tap_say(waiting_for(ben) == 0, "it is given a week");
    pair_pass(pair, DAY);
    test_must(seat_sync(ann));
    tap_say(waiting_for(ben) == 1, "then it is wrapped again");
    test_must(seat_sync(ann));
    tap_say(waiting_for(ben) == 1, "once");
    test_must(seat_sync(ben));
    tap_say(seat_news(ben) == 0 && seat_shows(ben, "Ping.") == 1,
            "ben has it, and is told nothing");
    pass_and_pay(5 * HOUR);
    test_must(seat_sync(ann));
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_ARRIVED);
    tap_ok(outbox_size(ann) == 0);
    close_circle();
}

/* The last of a thread: no later number shows that it is missing. */
static void
test_a_message_that_got_lost(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ann, jobs_say, thread, "The last."));
    tap_ok(lose_all(ben) == 1);
    pair_pass(pair, 7 * DAY + HOUR);
    test_must(seat_sync(ann));
    test_must(seat_sync(ben));
    tap_ok(seat_shows(ben, "The last.") == 1);
    close_circle();
}

/* Whoever is away finds three of it, and not one for each week. */
static void
test_it_has_an_end(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ann, jobs_say, thread, "Are you there?"));
    for (int day = 0; day < 60; day++) {
        pair_pass(pair, DAY);
        test_must(seat_sync(ann));
    }
    tap_ok(waiting_for(ben) == 3);
    close_circle();
}

/* The broker can bring a wrap again as often as it likes: ben pays for each
 * that ann has made, and not for each that comes. */
static void
test_the_same_wrap_again(void)
{
    size_t paid = 0;
    struct mail first[1];
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ann, jobs_say, thread, "Ping."));
    tap_need(pair_mail(pair, ben, first, 1) == 1);
    for (int i = 0; i < 3; i++) {
        paid += sync_and_pay();
        pair_put(pair, &first[0].envelope);
    }
    mail_fini(first, 1);
    tap_say(paid == 1, "for its coming");
    paid += sync_and_pay();
    pair_pass(pair, 7 * DAY);
    test_must(seat_sync(ann));
    tap_need(pair_mail(pair, ben, first, 1) == 1);
    for (int i = 0; i < 3; i++) {
        paid += sync_and_pay();
        pair_put(pair, &first[0].envelope);
    }
    mail_fini(first, 1);
    tap_say(paid == 2, "and for the other wrap");
    close_circle();
}

/* A broker that shows an older mirror day after day uses up its own share, and
 * not that of the seat that misses something. */
static void
test_each_has_its_own_count(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ann, jobs_say, thread, "For ben."));
    for (int day = 0; day < 4; day++) {
        test_must(outbox_offer_again(ann->engine));
        RO_AUTOOUTGOING outgoing = newest(ann);
        tap_ok((outgoing.to[0].state == OUTGOING_WAITING) ==
               (day < OUTBOX_RESENT_MAX));
        test_must(seat_sync(ann));
        pair_pass(pair, DAY);
        test_must(seat_sync(ann));
    }
    struct outbox_resend resend = {
        .seat = ben->circle_seat->id, .from = 1, .to = 100};
    test_must(ro_unhex(thread, resend.thread.b, RO_ID_SIZE));
    test_must(vault_begin(ann->engine->vault));
    test_must(
        vault_end(ann->engine->vault, outbox_resend(ann->engine, &resend)));
    RO_AUTOOUTGOING outgoing = newest(ann);
    tap_say(outgoing.to[0].state == OUTGOING_WAITING, "ben is served");
    seat_restart(ann);
    RO_AUTOOUTGOING kept = newest(ann);
    tap_ok(kept.to[0].asked.n == 1 && kept.to[0].renewed.n == 0 &&
           kept.to[0].offered.n == OUTBOX_RESENT_MAX);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_receipt_that_got_lost);
    tap_run(test_a_message_that_got_lost);
    tap_run(test_it_has_an_end);
    tap_run(test_the_same_wrap_again);
    tap_run(test_each_has_its_own_count);
    return tap_done();
}

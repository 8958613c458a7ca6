/* SPDX-License-Identifier: Apache-2.0 */
/* What people are shown of their own: where each message is, when the broker
 * was last there, how old the directory is. */
#include "tests/unit/client/friends.h"

#include "client/core/outbox.h"
#include "client/core/reach.h"

#define HOUR 3600
#define DAY 86400

/* Everybody hears of everybody's receipts. */
static void
let_receipts_go(void)
{
    pair_pass(pair, 5 * HOUR);
    pair_sync_all(pair);
}

/* --- where it is ------------------------------------------------------------
 */

/* The place of the newest event of a type, and of the request itself. */
static bool
is_at(struct seat *seat,
      const char *request,
      const char *type,
      enum ro_place place)
{
    test_must(seat_show(seat, request));
    const struct ro_result *result = &seat->job->result;
    for (size_t i = result->n_events; i > 0; i--) {
        if (strcmp(result->events[i - 1].type, type) == 0)
            return result->events[i - 1].place == place;
    }
    return false;
}

static bool
request_is(struct seat *seat,
           const char *request,
           const char *state,
           enum ro_place place)
{
    test_must(seat_show(seat, request));
    const struct ro_request *shown = &seat->job->result.request;
    return strcmp(shown->state, state) == 0 && shown->place == place;
}

/* From the first word kept here to the end, each step as it is told. */
static void
test_places_of_a_request(void)
{
    open_three();
    pair_away(pair);
    tap_is(seat_ask(ann, urn_of(ben), "Anybody?"), RO_KEPT);
    const char *request = seat_request(ann);
    tap_ok(is_at(ann, request, "ask", RO_PLACE_KEPT));
    tap_ok(request_is(ann, request, "open", RO_PLACE_KEPT));
    pair_back(pair);
    tap_is(seat_told(ann), RO_OK);
    tap_say(ann->job->result.sent == 1, "a sync says what left with it");
    tap_ok(is_at(ann, request, "ask", RO_PLACE_BROKER));
    tap_ok(request_is(ann, request, "open", RO_PLACE_BROKER));
    tap_is(seat_told(ann), RO_OK);
    tap_say(ann->job->result.sent == 0, "and that once");
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(is_at(ben, request, "ask", RO_PLACE_THEIRS));
    tap_ok(request_is(ben, request, "open", RO_PLACE_THEIRS));
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_sync(ann));
    tap_ok(request_is(ann, request, "open", RO_PLACE_ARRIVED));
    tap_ok(is_at(ann, request, "answer", RO_PLACE_THEIRS));
    pair_away(pair);
    tap_is(
        seat_write(ann, jobs_accept, thread_between(request, ann, ben), NULL),
        RO_KEPT);
    tap_ok(request_is(ann, request, "introduced", RO_PLACE_KEPT));
    tap_ok(is_at(ann, request, "introduced", RO_PLACE_KEPT));
    tap_ok(is_at(ann, request, "ask", RO_PLACE_ARRIVED));
    pair_back(pair);
    test_must(seat_sync(ann));
    tap_ok(request_is(ann, request, "introduced", RO_PLACE_BROKER));
    close_circle();
}

/* One act is several messages: it is where the last of them is. */
static void
test_the_hindmost(void)
{
    open_three();
    const char *to[] = {urn_of(ben), urn_of(cat)};
    test_must(seat_ask_many(ann, to, 2, "Both of you?"));
    const char *request = seat_request(ann);
    test_must(seat_sync(ben));
    test_must(seat_write(ben, jobs_answer, request, "I can."));
    test_must(seat_sync(ann));
    tap_say(request_is(ann, request, "open", RO_PLACE_BROKER),
            "one of two bodies is not enough");
    tap_ok(is_at(ann, request, "ask", RO_PLACE_BROKER));
    test_must(seat_sync(cat));
    let_receipts_go();
    tap_ok(request_is(ann, request, "open", RO_PLACE_ARRIVED));
    tap_is(seat_write(ann, jobs_withdraw, request, NULL), RO_OK);
    tap_ok(request_is(ann, request, "withdrawn", RO_PLACE_BROKER));
    pair_sync_all(pair);
    let_receipts_go();
    tap_say(request_is(ann, request, "withdrawn", RO_PLACE_ARRIVED),
            "an own record does not hold it back");
    close_circle();
}

static void
test_withdrawn_while_away(void)
{
    open_three();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    (void)amy;
    test_must(seat_ask(ann, urn_of(ben), "Anybody?"));
    const char *request = seat_request(ann);
    pair_away(pair);
    tap_is(seat_write(ann, jobs_withdraw, request, NULL), RO_KEPT);
    tap_ok(request_is(ann, request, "withdrawn", RO_PLACE_KEPT));
    tap_ok(is_at(ann, request, "withdrawn", RO_PLACE_KEPT));
    pair_back(pair);
    tap_is(seat_told(ann), RO_OK);
    tap_say(ann->job->result.sent == 1, "an own record is no message sent");
    close_circle();
}

/* What people wrote counts, once; not what a sync writes by itself or sends
 * again. */
static void
test_what_counts_as_sent(void)
{
    open_three();
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    pair_sync_all(pair);
    let_receipts_go();
    test_must(seat_write(ann, jobs_say, thread, "Ping."));
    test_must(seat_sync(ben));
    pair_pass(pair, 5 * HOUR);
    tap_is(seat_told(ben), RO_OK);
    tap_say(ben->job->result.sent == 0, "a receipt is no message");
    test_must(seat_write(ann, jobs_say, thread, "Pong."));
    struct outbox_resend resend = {.seat = ben->circle_seat->id, .to = 99};
    test_must(ro_unhex(thread, resend.thread.b, RO_ID_SIZE));
    test_must(vault_begin(ann->engine->vault));
    test_must(
        vault_end(ann->engine->vault, outbox_resend(ann->engine, &resend)));
    size_t waiting;
    test_must(outgoing_kept(ann->engine->vault, &waiting));
    tap_ok(waiting > 0);
    tap_is(seat_told(ann), RO_OK);
    tap_say(ann->job->result.sent == 0, "nor what is sent again");
    close_circle();
}

/* A message that failed says why, wherever it is shown. */
static void
test_failed_says_why(void)
{
    open_three();
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    test_must(seat_write(ann, jobs_say, thread, "Nobody comes."));
    pair_pass(pair, 91 * DAY);
    tap_is(seat_sync(ann), RO_OK);
    test_must(seat_read(ann, thread));
    const struct ro_result *result = &ann->job->result;
    const struct ro_message *last = &result->messages[result->n_messages - 1];
    tap_ok(last->place == RO_PLACE_FAILED && last->failed != NULL &&
           strstr(last->failed, "collected") != NULL);
    tap_ok(result->messages[0].failed == NULL);
    test_must(seat_show(ann, request));
    result = &ann->job->result;
    const struct ro_event *event = &result->events[result->n_events - 1];
    tap_ok(event->place == RO_PLACE_FAILED && event->failed != NULL);
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), ben->circle_seat);
    pair_append(pair);
    tap_is(seat_write(ann, jobs_say, thread, "Gone?"), RO_NO_MAILBOX);
    test_must(seat_read(ann, thread));
    result = &ann->job->result;
    last = &result->messages[result->n_messages - 1];
    tap_ok(last->failed != NULL && strstr(last->failed, "seat") != NULL);
    close_circle();
}

/* --- the broker -------------------------------------------------------------
 */

static const struct ro_self *
self_of(struct seat *seat)
{
    test_must(seat_self(seat));
    return &seat->job->result.self;
}

static void
test_when_it_was_there(void)
{
    open_three();
    const int64_t then_s = pair_now_s(pair);
    struct seat *dan = pair_newcomer(pair, 7);
    tap_ok(self_of(dan)->broker == RO_BROKER_UNKNOWN);
    tap_ok(self_of(dan)->reached_at_s == 0);
    tap_ok(self_of(ann)->broker == RO_BROKER_THERE);
    seat_restart(ann);
    tap_say(self_of(ann)->broker == RO_BROKER_THERE,
            "the process after it knows, too");
    tap_ok(self_of(ann)->reached_at_s == then_s);
    pair_away(pair);
    pair_pass(pair, HOUR);
    tap_is(seat_sync(ann), RO_UNREACHABLE);
    tap_ok(self_of(ann)->broker == RO_BROKER_AWAY);
    seat_restart(ann);
    tap_ok(self_of(ann)->broker == RO_BROKER_AWAY);
    tap_say(self_of(ann)->reached_at_s == then_s, "and since when");
    pair_back(pair);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(self_of(ann)->broker == RO_BROKER_THERE);
    tap_ok(self_of(ann)->reached_at_s == then_s + HOUR);
    close_circle();
}

/* Its age is how long we have not seen a current one, not how far the hour has
 * gone. */
static void
test_how_old_the_checkpoint_is(void)
{
    open_three();
    tap_need(pair_now_s(pair) % HOUR > 60);
    tap_say(self_of(ann)->checkpoint_age_s == 0, "none right after a sync");
    pair_pass(pair, HOUR / 2);
    tap_ok(self_of(ann)->checkpoint_age_s == HOUR / 2);
    seat_restart(ann);
    tap_say(self_of(ann)->checkpoint_age_s == HOUR / 2, "kept in the vault");
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(self_of(ann)->checkpoint_age_s == 0);
    pair_away(pair);
    pair_pass(pair, 3 * HOUR);
    tap_is(seat_sync(ann), RO_UNREACHABLE);
    tap_ok(self_of(ann)->checkpoint_age_s == 3 * HOUR);
    ann->engine->reach.current_at_s = 0;
    reach_saw_checkpoint(ann->engine);
    int64_t over_s = ((int64_t)ann->engine->point.slot + 1) * HOUR;
    tap_say(self_of(ann)->checkpoint_age_s == pair_now_s(pair) - over_s,
            "one of an hour that is over was current until its end");
    struct seat *dan = pair_newcomer(pair, 7);
    tap_ok(self_of(dan)->checkpoint_age_s == -1);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_places_of_a_request);
    tap_run(test_the_hindmost);
    tap_run(test_withdrawn_while_away);
    tap_run(test_what_counts_as_sent);
    tap_run(test_failed_says_why);
    tap_run(test_when_it_was_there);
    tap_run(test_how_old_the_checkpoint_is);
    return tap_done();
}

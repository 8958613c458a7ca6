/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Receiving from a broker that is there and not well: it has no room for acks,
 * cannot deliver what it counted, or takes its time.
 */
#include "client/core/mailbox.h"
#include "tests/unit/client/asked.h"
#include "tests/unit/client/friends.h"

#include <time.h>

#include "tests/unit/broker/rig.h"

#define N_MANY 70 /* more than a window */
#define WINDOW 64

static const char *thread;

/* How long ben waits for a message that may not come, at most. */
#define PUSH_MS 1500

/* How many acks find no room; how long each answer takes ben, by his clock;
 * how often he waited for a message for long, and none came. (Linked with
 * --wrap=link_ask and --wrap=link_push.) */
static int full_acks;
static int64_t slow_ms;
static int64_t skew_ms;
static int in_vain;
static enum { PUSH_SOON, PUSH_LATE } pushes;

enum ro_status
on_ask(const struct asked *asked)
{
    skew_ms += slow_ms;
    if (asked->ask->verb == RO_VERB_ACK && full_acks > 0) {
        /* the broker hears something, and forgets nothing */
        Reachout__Ack__Ask none = *(const Reachout__Ack__Ask *)asked->ask->ask;
        struct link_ask heard = *asked->ask;
        struct asked again = *asked;
        full_acks--;
        none.n_keys = 0;
        heard.ask = &none.base;
        again.ask = &heard;
        RO_TRY(asked_go(&again));
        *asked->ret_answer = (struct link_answer){0};
        return ro_why(asked->why, RO_NO_ROOM, "the broker says: no room");
    }
    return asked_go(asked);
}

enum ro_status __real_link_push(struct link *link,
                                enum link_door door,
                                int64_t deadline_ms,
                                struct ro_bytes *ret_frame);
enum ro_status __wrap_link_push(struct link *link,
                                enum link_door door,
                                int64_t deadline_ms,
                                struct ro_bytes *ret_frame);

/* What is waited in vain for is counted, and not timed. */
enum ro_status
__wrap_link_push(struct link *link,
                 enum link_door door,
                 int64_t deadline_ms,
                 struct ro_bytes *ret_frame)
{
    const struct ro_clock clock = ro_clock_system();
    int64_t wait_ms = deadline_ms - ro_clock_mono_ms(&clock);
    if (pushes == PUSH_SOON && wait_ms > PUSH_MS)
        deadline_ms -= wait_ms - PUSH_MS;
    enum ro_status s = __real_link_push(link, door, deadline_ms, ret_frame);
    in_vain += s == RO_NOT_FOUND && wait_ms > MAILBOX_HELD_MS;
    return s;
}

static int64_t
skewed_ms(RO_UNUSED void *user)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000 + skew_ms;
}

static void
say(int i)
{
    char text[32];
    snprintf(text, sizeof(text), "Message %d", i);
    test_must(seat_write(ann, jobs_say, thread, text));
}

/* A thread in which ben has so much to read. */
static void
open_circle(size_t n)
{
    static char said[80];
    full_acks = 0;
    slow_ms = skew_ms = 0;
    in_vain = 0;
    pushes = PUSH_LATE;
    pair = pair_new();
    pair_away(pair);
    pair->rig->limits.window = WINDOW;
    rig_restart(pair->rig);
    pair_back(pair);
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    pair_sync_all(pair);
    const char *request = pair_answered(ann, ben);
    snprintf(said, sizeof(said), "%s", thread_between(request, ann, ben));
    thread = said;
    for (int i = 0; i < (int)n; i++)
        say(i);
}

/* How many of the first n messages ben sees once. */
static size_t
seen_once(size_t n)
{
    size_t seen = 0;
    for (size_t i = 0; i < n; i++) {
        char text[32];
        snprintf(text, sizeof(text), "Message %zu", i);
        seen += seat_shows(ben, text) == 1;
    }
    return seen;
}

/* --- no room for acks ---------------------------------------------------- */

static void
test_a_window_is_read_without_acks(void)
{
    open_circle(N_MANY);
    full_acks = 1000;
    tap_is(seat_sync(ben), RO_NO_ROOM);
    tap_ok(strstr(ben->why.text, "is kept here") != NULL);
    size_t seen = seen_once(N_MANY);
    printf("# %zu\n", seen);
    tap_say(seen > WINDOW - 4 && seen <= WINDOW, "and some receipts");
    tap_is(seat_sync(ben), RO_NO_ROOM);
    tap_say(seen_once(N_MANY) == seen, "each of them once");
    full_acks = 0;
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seen_once(N_MANY) == N_MANY);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 0);
    close_circle();
}

/* Fewer than a window: what is there is known, and only a moment more is waited
 * for. */
static void
test_all_that_is_there_without_acks(void)
{
    open_circle(3);
    full_acks = 1000;
    in_vain = 0;
    tap_is(seat_sync(ben), RO_NO_ROOM);
    tap_ok(seen_once(3) == 3);
    tap_say(in_vain == 0, "and a moment is waited for more");
    full_acks = 0;
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seen_once(3) == 3);
    close_circle();
}

/* The first ack that finds no room has the broker give up its reserve. */
static void
test_an_ack_is_tried_again(void)
{
    open_circle(0);
    seat_stop(ben); /* or each message would come by itself */
    for (int i = 0; i < 3; i++)
        say(i);
    seat_start(ben);
    full_acks = 1;
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seen_once(3) == 3);
    close_circle();
}

/* --- what cannot be delivered --------------------------------------------- */

static void
damage(const char *text)
{
    pair_away(pair);
    rig_damage(pair->rig, text);
    pair_back(pair);
}

/* The broker finds out while it delivers, and the reader must not wait for it
 * again and again; what is missing is asked for, and comes. */
static void
test_a_message_that_the_broker_lost(void)
{
    static const struct {
        const char *damage;
        size_t left; /* of three */
    } rows[] = {
        {"UPDATE body SET bytes = x'00' WHERE id = (SELECT max(body) FROM "
         "envelope)",                                           2},
        {"DELETE FROM body WHERE id = (SELECT max(body) FROM envelope)", 2},
        {"UPDATE body SET bytes = x'00'",                                0},
        {"DELETE FROM body",                                             0},
    };
    for (size_t i = 0; i < RO_LEN(rows); i++) {
        open_circle(3);
        seat_stop(ben);
        damage(rows[i].damage);
        seat_start(ben);
        pushes = PUSH_SOON;
        tap_is(seat_sync(ben), RO_OK);
        tap_ok(seen_once(3) == rows[i].left);
        pair_hold(pair);
        tap_ok(store_aside(pair->rig->store) >= 3 - rows[i].left);
        pair_go(pair);
        pushes = PUSH_LATE;
        in_vain = 0;
        tap_is(seat_sync(ben), RO_OK);
        tap_say(in_vain == 0, "nothing is waited for a second time");
        say(3);
        test_must(seat_sync(ben));
        test_must(seat_sync(ann));
        test_must(seat_sync(ben));
        tap_say(seen_once(4) == 4, "its sender sends it again");
        close_circle();
    }
}

/* --- a broker that takes its time ----------------------------------------- */

/* Each answer comes in time, and all together do not. */
static void
test_each_step_may_wait(void)
{
    open_circle(N_MANY);
    seat_stop(ben);
    seat_start(ben);
    ben->engine->clock.mono_ms = skewed_ms;
    slow_ms = PAIR_WAIT_MS * 4 / 10;
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(skew_ms > 2 * (int64_t)PAIR_WAIT_MS);
    printf("# %d ms\n", (int)skew_ms);
    tap_ok(seen_once(N_MANY) == N_MANY);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_window_is_read_without_acks);
    tap_run(test_all_that_is_there_without_acks);
    tap_run(test_an_ack_is_tried_again);
    tap_run(test_a_message_that_the_broker_lost);
    tap_run(test_each_step_may_wait);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The public calls through the worker's thread, on the machine's clocks: each
 * result comes once, a watch delivers and survives the broker, freeing waits
 * for nothing.
 */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/calls.h"

#include <stdatomic.h>
#include <unistd.h>

#include "tests/unit/broker/rig.h"

/* A broker that has no room for what one client deposits. (Linked with
 * --wrap=link_ask.) */
static pthread_t test_thread; /* in which seats without a worker run */
static atomic_bool full;
static atomic_int deposits;

enum ro_status
on_ask(const struct asked *asked)
{
    bool ours = asked->ask->verb == RO_VERB_DEPOSIT &&
                !pthread_equal(pthread_self(), test_thread);
    if (ours)
        atomic_fetch_add(&deposits, 1);
    if (ours && atomic_load(&full))
        return RO_NO_ROOM;
    return asked_go(asked);
}

/* Whether there is memory for a call. (Linked with --wrap=job_new.) */
static atomic_bool no_memory;

struct job *__real_job_new(job_fn *run, struct ro_then then);
struct job *__wrap_job_new(job_fn *run, struct ro_then then);

struct job *
__wrap_job_new(job_fn *run, struct ro_then then)
{
    return atomic_load(&no_memory) ? NULL : __real_job_new(run, then);
}

/* --- calls ------------------------------------------------------------------
 */

static void
test_each_result_comes_once(void)
{
    struct got got[8] = {0};
    static const struct ro_sync sync = {.wait_ms = PAIR_WAIT_MS};
    static const struct ro_members_query members = {.near_km = -1};
    static const struct ro_requests_query all = {RO_REQUESTS_ALL, NULL};
    char to[32];
    open_circle();
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    ro_client_self(client, into(&got[0]));
    ro_client_sync(client, &sync, into(&got[1]));
    ask(client, to, &got[2]);
    ro_client_members(client, &members, into(&got[3]));
    ro_client_requests(client, &all, into(&got[4]));
    ro_client_show(client, "ffff", into(&got[5]));
    ro_client_answers(client, "xyz", into(&got[6]));
    ro_client_self(client, into(&got[7]));
    tap_need(await(client, &got[7], 1));
    bool once = true;
    for (size_t i = 0; i < RO_LEN(got); i++)
        once = once && got[i].n == 1 &&
               pthread_equal(got[i].thread, pthread_self());
    tap_say(once, "each once, in turn, on our thread");
    tap_is(got[2].status, RO_OK);
    tap_is(got[5].status, RO_NOT_FOUND);
    tap_is(got[6].status, RO_BAD_INPUT);
    tap_ok(ro_client_dispatch(client) == 0);
    test_must(seat_sync(ben));
    tap_ok(seat_shows(ben, "Anybody?") == 1);
    close_circle();
}

/* A call without memory is told as every other: once, and from a dispatch. */
static void
test_no_memory_for_a_call(void)
{
    struct got first = {0};
    struct got second = {0};
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    const struct ro_requests_query all = {.state = NULL};
    const struct ro_write write = {.to = "00", .days = -1};
    atomic_store(&no_memory, true);
    ro_client_requests(client, &all, into(&first));
    ro_client_pass(client, &write, into(&second));
    atomic_store(&no_memory, false);
    tap_say(first.n == 0 && second.n == 0, "not within the call");
    struct pollfd fd = {.fd = ro_client_fd(client), .events = POLLIN};
    tap_say(poll(&fd, 1, 0) == 1, "the descriptor says that it is there");
    tap_ok(await(client, &second, 1) && first.n == 1);
    tap_ok(first.status == RO_NO_MEMORY && second.status == RO_NO_MEMORY);
    tap_say(ro_client_dispatch(client) == 0, "and once");
    ro_client_requests(client, &all, into(&first));
    tap_ok(await(client, &first, 2) && first.status == RO_OK);
    close_circle();
}

/* What a call is given is copied before it returns. */
static void
test_words_are_copied(void)
{
    struct got got = {0};
    char to[32];
    open_circle();
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    ask(client, to, &got);
    memset(to, 'x', sizeof(to) - 1);
    tap_need(await(client, &got, 1));
    tap_is(got.status, RO_OK);
    close_circle();
}

/* Results make new calls; a result's function may not be called again. */
struct chain {
    struct ro_client *client;
    int left;
};

static void
next_link(void *user, RO_UNUSED const struct ro_result *result)
{
    struct chain *chain = user;
    if (--chain->left > 0)
        ro_client_self(chain->client, (struct ro_then){next_link, chain});
}

static void
test_results_that_call(void)
{
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    struct chain chain = {client, 20};
    ro_client_self(client, (struct ro_then){next_link, &chain});
    int64_t until_ms = now_ms() + PATIENCE_MS;
    while (chain.left > 0 && now_ms() < until_ms) {
        struct pollfd fd = {.fd = ro_client_fd(client), .events = POLLIN};
        poll(&fd, 1, 100);
        ro_client_dispatch(client);
    }
    tap_ok(chain.left == 0);
    close_circle();
}

/* --- the end ----------------------------------------------------------------
 */

/* Frees a client; whether that took no longer than a few seconds. */
static bool
frees_soon(struct ro_client *client)
{
    int64_t start_ms = now_ms();
    ro_client_free(client);
    int64_t took_ms = now_ms() - start_ms;
    printf("# %lld ms\n", (long long)took_ms);
    return took_ms < 10000;
}

/* The broker is away and jobs are queued that would wait for it: freeing ends
 * the one under way within about a second and drops the others. */
static void
test_freed_while_jobs_are_queued(void)
{
    struct got got = {0};
    static const struct ro_sync sync = {.wait_ms = 60000};
    open_circle();
    pair_away(pair);
    struct ro_client *client = open_client(ann);
    for (int i = 0; i < 5; i++)
        ro_client_sync(client, &sync, into(&got));
    tap_say(!await_ms(client, &got, 300), "the first one is under way");
    tap_say(frees_soon(client), "nobody waits for a broker that is away");
    tap_say(got.n == 0, "results that were not dispatched are dropped");
    pair_back(pair);
    close_circle();
}

/* Begins a watch; it is under way when another call has come back. */
static void
begin_watch(struct ro_client *client,
            const struct ro_sync *watch,
            struct got *got,
            struct got *other)
{
    ro_client_sync(client, watch, into(got));
    ro_client_self(client, into(other));
    tap_need(await(client, other, 1));
}

static void
test_freed_while_watching(void)
{
    struct got got = {0};
    struct got self = {0};
    static const struct ro_sync watch = {.wait_ms = 60000, .for_ms = -1};
    open_circle();
    struct ro_client *client = open_client(ann);
    begin_watch(client, &watch, &got, &self);
    tap_ok(frees_soon(client));

    client = open_client(ann);
    ro_client_sync(client, &watch, into(&got));
    ro_client_self(client, into(&self));
    tap_need(await(client, &self, 2));
    pair_away(pair);
    ro_client_self(client, into(&self));
    tap_need(await(client, &self, 3));
    tap_ok(!await_ms(client, &got, 300));
    tap_say(frees_soon(client), "also while it looks for the broker");
    pair_back(pair);
    close_circle();
}

/* One process at a time has a profile. */
static void
test_a_profile_that_is_open(void)
{
    struct ro_why why = {""};
    struct ro_client *second = NULL;
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    (void)client;
    const struct ro_client_setup setup = {.profile = ann->dir};
    tap_is(ro_client_open(&setup, &why, &second), RO_TAKEN);
    const struct ro_client_setup none = {.profile = "/nonexistent"};
    tap_is(ro_client_open(&none, &why, &second), RO_NOT_FOUND);
    close_circle();
}

/* --- watching ---------------------------------------------------------------
 */

static void
test_a_watch_delivers(void)
{
    struct got got = {0};
    struct got other = {0};
    static const struct ro_sync watch = {.wait_ms = PAIR_WAIT_MS, .for_ms = -1};
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    begin_watch(client, &watch, &got, &other);
    tap_say(got.n == 0, "nothing is nothing");
    ask_ann();
    tap_need(await(client, &got, 1));
    tap_ok(got.events == 1 && strcmp(got.last_type, "ask") == 0);
    ask_ann();
    tap_need(await(client, &got, 2));
    tap_ok(got.events == 2);
    ro_client_self(client, into(&other));
    tap_say(await(client, &other, 2), "other calls run meanwhile");
    struct got second = {0};
    ro_client_sync(client, &watch, into(&second));
    tap_need(await(client, &second, 1));
    tap_say(second.status == RO_TAKEN, "there is one watch at a time");
    close_circle();
}

/* What was kept goes out with a watch, which says so although nothing came. */
static void
test_a_watch_says_what_it_sent(void)
{
    struct got got = {0};
    struct got asked = {0};
    char to[32];
    static const struct ro_sync watch = {.wait_ms = 500, .for_ms = -1};
    open_circle();
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    pair_away(pair);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    ro_client_sync(client, &watch, into(&got));
    ask(client, to, &asked);
    tap_need(await(client, &asked, 1));
    tap_is(asked.status, RO_KEPT);
    tap_ok(got.n == 0);
    pair_back(pair);
    tap_need(await(client, &got, 1));
    tap_ok(got.sent == 1 && got.events == 0 && got.status == RO_OK);
    close_circle();
}

static void
test_a_watch_that_ends(void)
{
    struct got got = {0};
    static const struct ro_sync watch = {.wait_ms = PAIR_WAIT_MS,
                                         .for_ms = 1500};
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    int64_t start_ms = now_ms();
    ask_ann();
    ro_client_sync(client, &watch, into(&got));
    tap_need(await(client, &got, 2));
    tap_ok(got.events == 1 && got.with_events == 1);
    tap_say(got.last_events == 0, "the last one has no events");
    tap_is(got.status, RO_OK);
    tap_ok(now_ms() - start_ms >= 1400);
    tap_ok(ro_client_dispatch(client) == 0);
    close_circle();
}

/* The broker goes away while somebody watches, and comes back. */
static void
test_a_watch_survives_the_broker(void)
{
    struct got got = {0};
    struct got other = {0};
    static const struct ro_sync watch = {.wait_ms = 1000, .for_ms = -1};
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    begin_watch(client, &watch, &got, &other);
    pair_away(pair);
    tap_say(!await_ms(client, &got, 2400), "away is no event, and not the end");
    tap_say(got.went_away == 1, "but it is told, once");
    pair_back(pair);
    test_must(seat_sync(ben));
    ask_ann();
    tap_say(await(client, &got, 1), "it finds back");
    tap_ok(got.events == 1);
    tap_say(got.came_back == 1 && got.went_away == 1, "which is told, once");
    close_circle();
}

/* It is away from the start. */
static void
test_a_watch_that_begins_alone(void)
{
    struct got got = {0};
    static const struct ro_sync watch = {.wait_ms = 500, .for_ms = -1};
    open_circle();
    pair_away(pair);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    struct got other = {0};
    begin_watch(client, &watch, &got, &other);
    tap_ok(got.n == 0);
    pair_back(pair);
    test_must(seat_sync(ben));
    ask_ann();
    tap_say(await(client, &got, 1), "and is found when it comes");
    close_circle();
}

/* Bounded and never there: the last result says so. */
static void
test_a_watch_that_finds_nobody(void)
{
    struct got got = {0};
    static const struct ro_sync watch = {.wait_ms = 200, .for_ms = 1500};
    open_circle();
    pair_away(pair);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    ro_client_sync(client, &watch, into(&got));
    tap_need(await(client, &got, 1));
    tap_is(got.status, RO_UNREACHABLE);
    pair_back(pair);
    close_circle();
}

/* The broker takes nothing: what waits is tried now and then, not all the
 * time, and what comes is received. */
static void
test_a_watch_at_a_full_broker(void)
{
    struct got got = {0};
    struct got kept = {0};
    char to[32];
    static const struct ro_sync watch = {.wait_ms = PAIR_WAIT_MS, .for_ms = -1};
    open_circle();
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    atomic_store(&full, true);
    ask(client, to, &kept);
    tap_need(await(client, &kept, 1));
    tap_is(kept.status, RO_KEPT);
    atomic_store(&deposits, 0);
    ro_client_sync(client, &watch, into(&got));
    tap_ok(!await_ms(client, &got, 1500));
    printf("# %d deposits\n", atomic_load(&deposits));
    tap_ok(atomic_load(&deposits) > 0 && atomic_load(&deposits) < 5);
    ask_ann();
    tap_say(await(client, &got, 1), "it is attached all the time");
    tap_is(got.status, RO_OK);
    atomic_store(&full, false);
    close_circle();
}

/* An alarm ends a watch, and is told. */
static void
test_a_watch_and_an_alarm(void)
{
    struct got got = {0};
    struct got other = {0};
    static const struct ro_sync watch = {.wait_ms = PAIR_WAIT_MS, .for_ms = -1};
    open_circle();
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    begin_watch(client, &watch, &got, &other);
    pair_hold(pair);
    pair->rig->broker->ledger.newest = 0;
    pair_go(pair);
    struct got again = {0};
    static const struct ro_sync once = {.wait_ms = PAIR_WAIT_MS};
    ro_client_sync(client, &once, into(&again));
    tap_need(await(client, &again, 1));
    tap_is(again.status, RO_ROLLED_BACK);
    tap_need(await(client, &got, 1));
    tap_is(got.status, RO_ROLLED_BACK);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    test_thread = pthread_self();
    tap_run(test_each_result_comes_once);
    tap_run(test_no_memory_for_a_call);
    tap_run(test_words_are_copied);
    tap_run(test_results_that_call);
    tap_run(test_freed_while_jobs_are_queued);
    tap_run(test_freed_while_watching);
    tap_run(test_a_profile_that_is_open);
    tap_run(test_a_watch_delivers);
    tap_run(test_a_watch_says_what_it_sent);
    tap_run(test_a_watch_that_ends);
    tap_run(test_a_watch_survives_the_broker);
    tap_run(test_a_watch_that_begins_alone);
    tap_run(test_a_watch_that_finds_nobody);
    tap_run(test_a_watch_at_a_full_broker);
    tap_run(test_a_watch_and_an_alarm);
    return tap_done();
}

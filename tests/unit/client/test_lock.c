/* SPDX-License-Identifier: Apache-2.0 */
/* A watch that closes its vault once nobody has asked for anything, or ends by
 * the clock that it was given. */
#include "tests/unit/client/pair.h"

#include <poll.h>
#include <stdatomic.h>
#include <time.h>

#include "client/core/worker.h"

#define PATIENCE_MS 20000
#define MINUTE_MS ((int64_t)60000)

/* What came back. */
struct got {
    int n;
    enum ro_status status;
};

static void
take(void *user, const struct ro_result *result)
{
    struct got *got = user;
    got->n++;
    got->status = result->status;
}

static struct ro_then
into(struct got *got)
{
    return (struct ro_then){take, got};
}

static int64_t
now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

/* The monotonic clock goes on by itself, and can be set forward. */
static atomic_llong ahead_ms;

static int64_t
moved_mono_ms(RO_UNUSED void *user)
{
    return now_ms() + atomic_load(&ahead_ms);
}

static int64_t
wall_s(RO_UNUSED void *user)
{
    return (int64_t)time(NULL);
}

/* A watch that is to lock itself after half an hour, with a broker away so
 * that it looks around often. */
static struct worker *
start_watch(const struct seat *seat, int64_t for_ms, struct got *got)
{
    struct vault *vault = NULL;
    struct engine *engine = NULL;
    struct worker *worker = NULL;
    const struct engine_world world = {
        {wall_s, moved_mono_ms, NULL},
        ro_entropy_system(),
        ro_entropy_system()
    };
    test_must(vault_open(seat->dir, NULL, &world.entropy, NULL, &vault));
    test_must(engine_open_take(vault, &world, NULL, &engine));
    test_must(worker_start_take(engine, &worker));
    struct job *job = job_new(jobs_sync, into(got));
    tap_need(job != NULL);
    job->kind = JOB_WATCH;
    job->for_ms = for_ms;
    job->what.sync =
        (struct ro_sync){.wait_ms = 100, .lock_after_ms = 30 * MINUTE_MS};
    worker_submit(worker, job);
    return worker;
}

/* Whether a result comes within so long, besides that the broker is away. */
static bool
await_done(struct worker *worker, int64_t ms)
{
    for (int64_t until_ms = now_ms() + ms; now_ms() < until_ms;) {
        struct pollfd fd = {.fd = worker_fd(worker), .events = POLLIN};
        poll(&fd, 1, 50);
        struct job *job = worker_done(worker);
        if (job == NULL)
            continue;
        bool away = job->result.turned == RO_BROKER_AWAY;
        job->then.fn(job->then.user, &job->result);
        job_free(job);
        if (!away)
            return true;
    }
    return false;
}

static void
ask_something(struct worker *worker)
{
    struct got got = {0};
    struct job *job = job_new(jobs_self, into(&got));
    tap_need(job != NULL);
    worker_submit(worker, job);
    tap_ok(await_done(worker, PATIENCE_MS) && got.status == RO_OK);
}

static void
test_a_watch_locks_itself(void)
{
    struct got got = {0};
    struct pair *pair = pair_new_at((int64_t)time(NULL), NULL);
    struct seat *ann = pair_school(pair, 0);
    pair_sync_all(pair);
    seat_stop(ann);
    pair_away(pair);
    struct worker *worker = start_watch(ann, -1, &got);
    atomic_store(&ahead_ms, 29 * MINUTE_MS);
    ask_something(worker);
    atomic_store(&ahead_ms, 58 * MINUTE_MS);
    ask_something(worker);
    tap_say(!await_done(worker, 1500), "asked often enough: it stays open");
    atomic_store(&ahead_ms, 89 * MINUTE_MS);
    tap_say(await_done(worker, PATIENCE_MS), "half an hour: it does not");
    tap_is(got.status, RO_VAULT_LOCKED);
    struct vault *vault = NULL;
    const struct ro_entropy entropy = ro_entropy_system();
    tap_is(vault_open(ann->dir, NULL, &entropy, NULL, &vault), RO_OK);
    vault_free(vault);
    worker_free(worker);
    pair_free(pair);
}

static void
test_a_watch_ends_by_its_clock(void)
{
    struct got got = {0};
    struct pair *pair = pair_new_at((int64_t)time(NULL), NULL);
    struct seat *ann = pair_school(pair, 0);
    pair_sync_all(pair);
    seat_stop(ann);
    pair_away(pair);
    atomic_store(&ahead_ms, 500 * MINUTE_MS);
    struct worker *worker = start_watch(ann, 10 * MINUTE_MS, &got);
    ask_something(worker);
    tap_say(!await_done(worker, 1000), "it has hardly begun");
    atomic_store(&ahead_ms, 511 * MINUTE_MS);
    tap_say(await_done(worker, PATIENCE_MS), "and ends in time");
    tap_is(got.status, RO_UNREACHABLE);
    worker_free(worker);
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_watch_locks_itself);
    tap_run(test_a_watch_ends_by_its_clock);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/worker.h"

#include "client/core/link.h"

#include <pthread.h>
#include <string.h>
#include <sys/eventfd.h>
#include <time.h>
#include <unistd.h>

/* How long a watch stays in one receive before it looks around. */
#define WATCH_SLICE_MS 60000
/* How long it first waits for a broker that is away; doubles up to a slice. */
#define WATCH_PAUSE_MS 500

/* A queue in the order in which things were put in. */
struct queue {
    struct job *first;
    struct job **last;
};

struct worker {
    pthread_t thread;
    pthread_mutex_t lock;
    pthread_cond_t wanted;
    struct queue jobs;
    struct queue done;
    int done_fd;
    int interrupt_fd; /* a job or the end is there: a watch gives way */
    int end_fd;       /* the end is there */
    bool ending;
    struct engine *engine;           /* the thread's own; NULL: locked */
    struct job *watch;               /* the thread's own */
    int64_t watch_at_ms;             /* not before; monotonic */
    int64_t watch_until_ms;          /* the same; negative: for ever */
    int64_t watch_pause_ms;          /* after the broker was away, doubling */
    enum ro_status watch_status;     /* of the last slice */
    enum ro_reach_state watch_reach; /* as it was told */
    int64_t lock_after_ms;           /* of the watch; 0: never */
    int64_t asked_at_ms; /* when the last call was done; monotonic */
};

/* --- queues -------------------------------------------------------------- */

static void
queue_init(struct queue *queue)
{
    queue->first = NULL;
    queue->last = &queue->first;
}

static void
queue_put(struct queue *queue, struct job *job)
{
    job->next = NULL;
    *queue->last = job;
    queue->last = &job->next;
}

static struct job *
queue_take(struct queue *queue)
{
    struct job *job = queue->first;
    if (job == NULL)
        return NULL;
    queue->first = job->next;
    if (queue->first == NULL)
        queue->last = &queue->first;
    return job;
}

static void
queue_fini(struct queue *queue)
{
    struct job *job;
    while ((job = queue_take(queue)) != NULL)
        job_free(job);
}

static void
wake(int fd)
{
    uint64_t one = 1;
    ssize_t n = write(fd, &one, sizeof(one));
    (void)n; /* full means awake already */
}

static void
calm(int fd)
{
    uint64_t count;
    ssize_t n = read(fd, &count, sizeof(count));
    (void)n; /* empty means calm already */
}

/* --- the thread ---------------------------------------------------------- */

static void
finish(struct worker *worker, struct job *job)
{
    pthread_mutex_lock(&worker->lock);
    queue_put(&worker->done, job);
    pthread_mutex_unlock(&worker->lock);
    wake(worker->done_fd);
}

/* Milliseconds until it has been idle for so long that it locks itself. */
static int64_t
lock_due_ms(const struct worker *worker, int64_t now_ms)
{
    int64_t at_ms = worker->asked_at_ms + worker->lock_after_ms;
    if (worker->lock_after_ms <= 0)
        return INT64_MAX;
    return at_ms > now_ms ? at_ms - now_ms : 0;
}

/* Milliseconds until the watch is due; negative without a watch. */
static int64_t
watch_due_ms(const struct worker *worker)
{
    if (worker->watch == NULL)
        return -1;
    int64_t now_ms = ro_clock_mono_ms(&worker->engine->clock);
    int64_t due_ms = lock_due_ms(worker, now_ms);
    if (worker->watch_at_ms - now_ms < due_ms)
        due_ms = worker->watch_at_ms - now_ms;
    return due_ms > 0 ? due_ms : 0;
}

/* Waits until there is a job, or so long; for ever if negative. The lock is
 * held by the caller. */
static void
wait_wanted(struct worker *worker, int64_t wait_ms)
{
    struct timespec until;
    if (wait_ms < 0) {
        pthread_cond_wait(&worker->wanted, &worker->lock);
        return;
    }
    clock_gettime(CLOCK_MONOTONIC, &until); /* as `wanted` was made */
    until.tv_sec += wait_ms / 1000;
    until.tv_nsec += (wait_ms % 1000) * 1000000;
    if (until.tv_nsec >= 1000000000) {
        until.tv_sec++;
        until.tv_nsec -= 1000000000;
    }
    (void)pthread_cond_timedwait(&worker->wanted, &worker->lock, &until);
}

/* The next job; waits for one unless a watch has something to do. */
static struct job *
next_job(struct worker *worker, bool *ret_ending)
{
    pthread_mutex_lock(&worker->lock);
    while (worker->jobs.first == NULL && !worker->ending &&
           watch_due_ms(worker) != 0)
        wait_wanted(worker, watch_due_ms(worker));
    /* only here: a wake-up for what is not in the queue yet must stay */
    calm(worker->interrupt_fd);
    struct job *job = queue_take(&worker->jobs);
    *ret_ending = worker->ending;
    pthread_mutex_unlock(&worker->lock);
    return job;
}

/* After a slice: on at once, later while the broker is away or refuses, or not
 * at all after an alarm, a failure of ours, or once the seat is out. */
static bool
pace_watch(struct worker *worker, enum ro_status s)
{
    worker->watch_at_ms = ro_clock_mono_ms(&worker->engine->clock);
    if (s == RO_OK || s == RO_KEPT) {
        worker->watch_pause_ms = 0;
        return true;
    }
    if (ro_status_is_alarm(s) || ro_status_is_local(s) || s == RO_FORBIDDEN)
        return false;
    worker->watch_pause_ms *= 2;
    if (worker->watch_pause_ms < WATCH_PAUSE_MS)
        worker->watch_pause_ms = WATCH_PAUSE_MS;
    if (worker->watch_pause_ms > WATCH_SLICE_MS)
        worker->watch_pause_ms = WATCH_SLICE_MS;
    worker->watch_at_ms += worker->watch_pause_ms;
    return true;
}

/* A watch is over: its last result has no events, and says how it ended. */
static void
end_watch(struct worker *worker, enum ro_status s, const char *why)
{
    struct job *watch = RO_STEAL(worker->watch);
    watch->result.status = s;
    if (s != RO_OK)
        watch->result.why = job_text(watch, why);
    if (watch->result.why == NULL)
        watch->result.why = "";
    finish(worker, watch);
}

/* Closes the vault and wipes its keys; whoever wants more opens it again. */
static void
lock(struct worker *worker, const char *why)
{
    engine_free(RO_STEAL(worker->engine));
    if (worker->watch != NULL)
        end_watch(worker, RO_VAULT_LOCKED, why);
}

/* Notes in the slice's result that the broker went away, or is back. */
static void
note_turn(struct worker *worker, struct job *slice, enum ro_status s)
{
    const enum ro_reach_state before = worker->watch_reach;
    if (s == RO_UNREACHABLE)
        worker->watch_reach = RO_BROKER_AWAY;
    if (s == RO_OK || s == RO_KEPT)
        worker->watch_reach = RO_BROKER_THERE;
    if (worker->watch_reach != before &&
        (before != RO_BROKER_UNKNOWN || s == RO_UNREACHABLE))
        slice->result.turned = worker->watch_reach;
}

static bool
has_news(const struct ro_result *result)
{
    return result->n_events > 0 || result->sent > 0 ||
           result->turned != RO_BROKER_UNKNOWN || result->admitted_among > 0;
}

/* Runs one slice of a watch. What came and what left is a result of its own;
 * how it ended matters only if it was the last. */
static void
run_slice(struct worker *worker, struct job *slice)
{
    engine_wait_on(worker->engine, worker->interrupt_fd);
    slice->run(worker->engine, slice);
    enum ro_status s = slice->result.status;
    if (s != RO_OK)
        engine_unlink(worker->engine); /* no connects behind our back */
    worker->watch_status = s;
    bool goes_on = pace_watch(worker, s);
    note_turn(worker, slice, s);
    if (has_news(&slice->result)) {
        slice->result.status = RO_OK;
        finish(worker, slice);
        slice = NULL;
    }
    if (!goes_on) {
        end_watch(worker, s,
                  slice == NULL ? ro_status_text(s) : slice->result.why);
    }
    job_free(slice);
}

/* The next slice of the watch, or its end. */
static void
run_watch(struct worker *worker)
{
    const struct job *watch = worker->watch;
    int64_t now_ms = ro_clock_mono_ms(&worker->engine->clock);
    int64_t for_ms = lock_due_ms(worker, now_ms);
    if (for_ms == 0) {
        lock(worker, "locked: for so long nobody has asked for anything");
        return;
    }
    if (for_ms > WATCH_SLICE_MS)
        for_ms = WATCH_SLICE_MS;
    if (worker->watch_reach == RO_BROKER_AWAY)
        for_ms = 1; /* that it is back is told at once */
    if (worker->watch_until_ms >= 0 && worker->watch_until_ms - now_ms < for_ms)
        for_ms = worker->watch_until_ms - now_ms;
    if (for_ms <= 0) {
        end_watch(worker, worker->watch_status,
                  ro_status_text(worker->watch_status));
        return;
    }
    struct job *slice = job_new(watch->run, watch->then);
    if (slice == NULL) {
        end_watch(worker, RO_NO_MEMORY, ro_status_text(RO_NO_MEMORY));
        return;
    }
    slice->what.sync = watch->what.sync;
    slice->what.sync.for_ms = for_ms;
    run_slice(worker, slice);
}

/* There is one watch at a time; it goes on in slices between other jobs. */
static void
begin_watch(struct worker *worker, struct job *job)
{
    if (worker->watch != NULL) {
        job->result.status = RO_TAKEN;
        job->result.why = "this client is watching already";
        finish(worker, job);
        return;
    }
    int64_t now_ms = ro_clock_mono_ms(&worker->engine->clock);
    worker->watch = job;
    worker->watch_at_ms = now_ms;
    worker->watch_until_ms = job->for_ms < 0 ? -1 : now_ms + job->for_ms;
    worker->watch_pause_ms = 0;
    worker->watch_status = RO_OK;
    worker->watch_reach = RO_BROKER_UNKNOWN;
    worker->lock_after_ms = job->what.sync.lock_after_ms;
    worker->asked_at_ms = now_ms;
}

/* A call is worth waiting for a broker, a slice of a watch gives way to it. */
static void
run_once(struct worker *worker, struct job *job)
{
    engine_wait_on(worker->engine, worker->end_fd);
    job->run(worker->engine, job);
    worker->asked_at_ms = ro_clock_mono_ms(&worker->engine->clock);
}

static void
run_job(struct worker *worker, struct job *job)
{
    if (job->kind == JOB_LOCK) {
        lock(worker, "locked, as it was told to");
    } else if (worker->engine == NULL) {
        job->result.status = RO_VAULT_LOCKED;
        job->result.why = "it was locked; open the profile again";
    }
    if (job->result.status == RO_OK && job->kind == JOB_WATCH) {
        begin_watch(worker, job);
        return;
    }
    if (job->result.status == RO_OK && job->kind == JOB_ONCE)
        run_once(worker, job);
    finish(worker, job);
}

static void *
work(void *user)
{
    struct worker *worker = user;
    bool ending = false;
    while (!ending) {
        struct job *job = next_job(worker, &ending);
        if (job != NULL && !ending) {
            run_job(worker, job);
        } else if (job != NULL) {
            job_free(job);
        } else if (!ending && worker->watch != NULL) {
            run_watch(worker);
        }
    }
    return NULL;
}

/* --- from outside -------------------------------------------------------- */

/* Releases what stands around the thread, which has ended or never begun. */
static void
release(struct worker *worker)
{
    const int fds[] = {worker->done_fd, worker->interrupt_fd, worker->end_fd};
    engine_free(worker->engine);
    queue_fini(&worker->jobs);
    queue_fini(&worker->done);
    job_free(worker->watch);
    for (size_t i = 0; i < RO_LEN(fds); i++) {
        if (fds[i] >= 0)
            close(fds[i]);
    }
    pthread_cond_destroy(&worker->wanted);
    pthread_mutex_destroy(&worker->lock);
    free(worker);
}

static void
releasep(struct worker **worker)
{
    if (*worker != NULL)
        release(*worker);
}

/* The machine's time may be set while somebody waits. */
static void
init_wanted(pthread_cond_t *wanted)
{
    pthread_condattr_t how;
    pthread_condattr_init(&how);
    pthread_condattr_setclock(&how, CLOCK_MONOTONIC);
    pthread_cond_init(wanted, &how);
    pthread_condattr_destroy(&how);
}

/* A worker without a thread, an engine and descriptors. */
static struct worker *
worker_new(void)
{
    struct worker *worker = calloc(1, sizeof(*worker));
    if (worker == NULL)
        return NULL;
    queue_init(&worker->jobs);
    queue_init(&worker->done);
    pthread_mutex_init(&worker->lock, NULL);
    init_wanted(&worker->wanted);
    worker->done_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->interrupt_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    worker->end_fd = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
    return worker;
}

enum ro_status
worker_start_take(struct engine *engine, struct worker **ret_worker)
{
    RO_CLEANUP(engine_freep) struct engine *taken = engine;
    RO_CLEANUP(releasep) struct worker *worker = worker_new();
    if (worker == NULL || worker->done_fd < 0 || worker->interrupt_fd < 0 ||
        worker->end_fd < 0)
        return RO_NO_MEMORY;
    taken->interrupt_fd = worker->interrupt_fd;
    worker->engine = RO_STEAL(taken);
    if (pthread_create(&worker->thread, NULL, work, worker) != 0)
        return RO_NO_MEMORY;
    *ret_worker = RO_STEAL(worker);
    return RO_OK;
}

void
worker_free(struct worker *worker)
{
    if (worker == NULL)
        return;
    pthread_mutex_lock(&worker->lock);
    worker->ending = true;
    pthread_cond_signal(&worker->wanted);
    pthread_mutex_unlock(&worker->lock);
    wake(worker->interrupt_fd);
    wake(worker->end_fd);
    pthread_join(worker->thread, NULL);
    release(worker);
}

int
worker_fd(const struct worker *worker)
{
    return worker->done_fd;
}

void
worker_wake(struct worker *worker)
{
    wake(worker->done_fd);
}

void
worker_submit(struct worker *worker, struct job *job)
{
    pthread_mutex_lock(&worker->lock);
    queue_put(&worker->jobs, job);
    pthread_cond_signal(&worker->wanted);
    pthread_mutex_unlock(&worker->lock);
    wake(worker->interrupt_fd);
}

struct job *
worker_done(struct worker *worker)
{
    pthread_mutex_lock(&worker->lock);
    struct job *job = queue_take(&worker->done);
    if (job == NULL)
        calm(worker->done_fd);
    pthread_mutex_unlock(&worker->lock);
    return job;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker thread: owns the engine (sockets and vault), runs jobs one after
 * the other, and hands results back through a queue and an eventfd. The
 * application's thread and the worker share these two queues and nothing else.
 */
#ifndef CLIENT_CORE_WORKER_H
#define CLIENT_CORE_WORKER_H

#include "client/core/engine.h"
#include "client/include/reachout.h"

#include <stdbool.h>

struct worker;
struct job;

/* What a job does on the worker's thread: fills job->result. */
typedef void job_fn(struct engine *engine, struct job *job);

/* One call under way. Its words and its result live in its arena. */
struct job {
    job_fn *run;
    struct ro_then then;
    struct ro_arena *arena;
    struct ro_result result;
    struct ro_why why;
    union {
        int64_t wait_ms;
        struct ro_sync sync;
        struct ro_members_query members;
        struct ro_ask ask;
        struct ro_requests_query requests;
        struct ro_write write;
        struct ro_read read;
        const char *request;
    } what;
    enum { JOB_ONCE, JOB_WATCH } kind;
    int64_t until_ms; /* JOB_WATCH: monotonic; negative: for ever */
    struct job *next; /* in the queue that it is in */
};

/* A job with an empty result; NULL without memory. */
struct job *job_new(job_fn *run, struct ro_then then);

/* Releases it with its arena; accepts NULL. */
void job_free(struct job *job);
RO_DEFINE_AUTO(job, job_free)

/* A copy of a text in the job's arena; NULL stays NULL. Failed memory marks
 * the job's result RO_NO_MEMORY. */
const char *job_text(struct job *job, const char *text);

/* Starts the thread over an engine, which it takes, also on failure (_take). */
RO_MUST_USE enum ro_status worker_start_take(struct engine *engine,
                                             struct worker **ret_worker);

/* Ends the thread after the job under way, which waits no longer for a broker
 * that is away; what is queued is dropped. Accepts NULL. */
void worker_free(struct worker *worker);
RO_DEFINE_AUTO(worker, worker_free)

/* The eventfd that is readable while results wait. */
int worker_fd(const struct worker *worker);

/* Hands a job in; the worker owns it from here on. */
void worker_submit(struct worker *worker, struct job *job);

/* The next finished job, for the caller to run and free; NULL if none. */
struct job *worker_done(struct worker *worker);

#endif

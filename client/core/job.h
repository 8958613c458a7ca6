/* SPDX-License-Identifier: Apache-2.0 */
/* One call of the application: its words on the way in, its result on the way
 * back. */
#ifndef CLIENT_CORE_JOB_H
#define CLIENT_CORE_JOB_H

#include "client/core/engine.h"
#include "client/include/reachout.h"

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
        struct ro_save save;
        struct ro_verify verify;
        const char *request;
        const char *path;
    } what;
    enum { JOB_ONCE, JOB_WATCH, JOB_LOCK } kind;
    int64_t for_ms;   /* JOB_WATCH: how long; negative: for ever */
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

/* The same of a list of texts. */
const char *const *
job_texts(struct job *job, const char *const *texts, size_t n);

#endif

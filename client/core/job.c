/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/job.h"

#define JOB_BUDGET (256u * 1024 * 1024)
#define JOB_PIECES (16u * 1024 * 1024)

struct job *
job_new(job_fn *run, struct ro_then then)
{
    RO_CLEANUP(job_freep) struct job *job = calloc(1, sizeof(*job));
    if (job == NULL)
        return NULL;
    job->arena = ro_arena_new(JOB_BUDGET, JOB_PIECES);
    if (job->arena == NULL)
        return NULL;
    job->run = run;
    job->then = then;
    job->result.why = "";
    return RO_STEAL(job);
}

void
job_free(struct job *job)
{
    if (job == NULL)
        return;
    ro_arena_free(job->arena);
    free(job);
}

const char *
job_text(struct job *job, const char *text)
{
    if (text == NULL)
        return NULL;
    const char *copy = ro_arena_text(job->arena, text);
    if (copy == NULL)
        job->result.status = RO_NO_MEMORY;
    return copy;
}

const char *const *
job_texts(struct job *job, const char *const *texts, size_t n)
{
    const char **copy = ro_arena_take(job->arena, (n + 1) * sizeof(*copy));
    if (copy == NULL)
        job->result.status = RO_NO_MEMORY;
    for (size_t i = 0; copy != NULL && i < n; i++)
        copy[i] = job_text(job, texts[i]);
    return copy;
}

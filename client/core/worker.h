/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worker thread: owns the engine (sockets and vault), runs jobs one after
 * the other, and hands results back through a queue and an eventfd. The
 * application's thread and the worker share these two queues and nothing else.
 */
#ifndef CLIENT_CORE_WORKER_H
#define CLIENT_CORE_WORKER_H

#include "client/core/job.h"

struct worker;

/* Starts the thread over an engine, which it takes, also on failure (_take). */
RO_MUST_USE enum ro_status worker_start_take(struct engine *engine,
                                             struct worker **ret_worker);

/* Ends the thread after the job under way, which waits no longer for a broker
 * that is away; what is queued is dropped. Accepts NULL. */
void worker_free(struct worker *worker);
RO_DEFINE_AUTO(worker, worker_free)

/* The eventfd that is readable while results wait. */
int worker_fd(const struct worker *worker);

/* Makes it readable, for a result that the worker knows nothing of; until the
 * next worker_done without one. */
void worker_wake(struct worker *worker);

/* Hands a job in; the worker owns it from here on. */
void worker_submit(struct worker *worker, struct job *job);

/* The next finished job, for the caller to run and free; NULL if none. */
struct job *worker_done(struct worker *worker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the public calls do, on the worker's thread. */
#ifndef CLIENT_CORE_JOBS_H
#define CLIENT_CORE_JOBS_H

#include "client/core/worker.h"

/* One for each call of reachout.h; each fills job->result as said there. */
job_fn jobs_join;
job_fn jobs_join_by_file;
job_fn jobs_self;
job_fn jobs_sync;
job_fn jobs_members;
job_fn jobs_ask;
job_fn jobs_requests;
job_fn jobs_show;
job_fn jobs_answers;
job_fn jobs_read;
job_fn jobs_answer;
job_fn jobs_pass;
job_fn jobs_accept;
job_fn jobs_decline;
job_fn jobs_say;
job_fn jobs_save;
job_fn jobs_verify;
job_fn jobs_close;
job_fn jobs_withdraw;

#endif

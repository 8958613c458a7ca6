/* SPDX-License-Identifier: Apache-2.0 */
/* Results as the library would bring them, made by hand. */
#ifndef TESTS_UNIT_CLI_RESULTS_H
#define TESTS_UNIT_CLI_RESULTS_H

#include "client/include/reachout.h"

/* One result with everything in it: a request by Saltings, answered by
 * Cobblers Bridge and Bargemaster. */
struct ro_result results_full(void);

/* A result in which nothing is there or known. */
struct ro_result results_empty(void);

/* A result that is only kept. */
struct ro_result results_kept(void);

/* Answers of the authority. */
struct ro_result results_admitted(void);
struct ro_result results_refused(void);

/* A result full of what a hostile peer would send. */
struct ro_result results_hostile(void);

/* Own messages in every place, runs of forged ones between them, and two kept
 * ones that went out. */
struct ro_result results_crowd(void);

#endif

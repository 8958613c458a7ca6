/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What each command writes: checked against state and powers first, then kept
 * as drafts in one commit, so that a command is whole or not at all. Sending
 * is the outbox's.
 */
#ifndef CLIENT_CORE_COMPOSE_H
#define CLIENT_CORE_COMPOSE_H

#include "client/core/find.h"
#include "client/core/outbox.h"

#define COMPOSE_ROWS_MAX 600

/* What was written: the rows, and what they are about. */
struct composed {
    struct row_id rows[COMPOSE_ROWS_MAX];
    size_t n_rows;
    struct ro_request_id request;
    struct ro_thread_id thread;
    struct find_choices choices; /* when the outcome is RO_AMBIGUOUS */
};

/* A request (reachout.h, ro_client_ask). */
RO_MUST_USE enum ro_status compose_ask(struct engine *engine,
                                       const struct ro_ask *ask,
                                       struct ro_why *why,
                                       struct composed *ret_composed);

/* Checks an ask without writing: fills `audience` (in `arena`) and the members
 * that it reaches. */
struct compose_audience {
    Reachout__Audience *audience;
    Reachout__Audience **list;
    size_t n;
};
RO_MUST_USE enum ro_status compose_check_ask(struct engine *engine,
                                             const struct ro_ask *ask,
                                             struct ro_arena *arena,
                                             struct ro_why *why,
                                             struct compose_audience *ret_to);

/* The other commands; each as its call in reachout.h. */
typedef enum ro_status compose_fn(struct engine *engine,
                                  const struct ro_write *write,
                                  struct ro_why *why,
                                  struct composed *ret_composed);
compose_fn compose_answer;
compose_fn compose_pass;
compose_fn compose_accept;
compose_fn compose_decline;
compose_fn compose_say;
compose_fn compose_close;
compose_fn compose_withdraw;

/* Answers to one request that came after the choice get a kind word. */
RO_MUST_USE enum ro_status compose_late(struct engine *engine,
                                        const struct ro_request_id *request,
                                        struct ro_why *why);

/* Late answers to requests that are introduced or over get a kind word; and
 * receipts that are overdue, and asks for what is missing. What a sync writes
 * by itself. */
RO_MUST_USE enum ro_status compose_chores(struct engine *engine,
                                          struct ro_why *why);

#endif

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

/* What was written: the rows, and what they are about. Zero-initialise it. */
struct composed {
    struct ro_buf rows; /* row ids, 16 bytes each; the command's own first */
    struct ro_request_id request;
    struct ro_thread_id thread;
    struct find_choices choices; /* when the outcome is RO_AMBIGUOUS */
};
/* Releases what it owns; a zeroed one is fine. */
void compose_fini(struct composed *composed);
#define RO_AUTOCOMPOSED RO_CLEANUP(compose_fini) struct composed

/* The i-th row; zero where there is none. */
struct row_id compose_row(const struct composed *composed, size_t i);

/* How many rows there are. */
size_t compose_count(const struct composed *composed);

/* Whether this seat is admitted, not revoked, and has the power to write that:
 * everybody who gets it asks the same. RO_FORBIDDEN. */
RO_MUST_USE enum ro_status compose_may(const struct engine *engine,
                                       enum ro_purpose purpose,
                                       struct ro_why *why);

/* A request (reachout.h, ro_client_ask). */
RO_MUST_USE enum ro_status compose_ask(struct engine *engine,
                                       const struct ro_ask *ask,
                                       struct ro_why *why,
                                       struct composed *ret_composed);

/* The same in the place of one that was composed before, in one commit: whom an
 * audience names may be others by now. On any other outcome than RO_OK the one
 * before stays. */
RO_MUST_USE enum ro_status compose_ask_again(struct engine *engine,
                                             const struct ro_ask *ask,
                                             struct ro_why *why,
                                             struct composed *composed);

/* Whether what was composed may still be written, by a directory that came
 * since: RO_FORBIDDEN (this seat is out), RO_KEY_CHANGED (of whom it is for).
 */
RO_MUST_USE enum ro_status compose_stands(const struct engine *engine,
                                          const struct composed *composed,
                                          struct ro_why *why);

/* Takes back what was composed and never sealed, in a commit of its own, as if
 * it had not been written. */
RO_MUST_USE enum ro_status compose_drop(struct engine *engine,
                                        struct composed *composed);

/* Whom an ask names, and whom it reaches; in the arena. */
struct compose_audience {
    Reachout__Audience *audience;
    Reachout__Audience **list;
    size_t n;
};

/* Checks an ask without writing: fills `audience` (in `arena`) and the members
 * that it reaches. */
RO_MUST_USE enum ro_status compose_check_ask(struct engine *engine,
                                             const struct ro_ask *ask,
                                             struct ro_arena *arena,
                                             struct ro_why *why,
                                             struct compose_audience *ret_to);

/* The other commands that a seat writes into a thread; each as its call in
 * reachout.h. What the asker decides is in deciding.h. */
typedef enum ro_status compose_fn(struct engine *engine,
                                  const struct ro_write *write,
                                  struct ro_why *why,
                                  struct composed *ret_composed);
compose_fn compose_answer;
compose_fn compose_pass;
compose_fn compose_say;

#endif

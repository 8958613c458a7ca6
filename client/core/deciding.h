/* SPDX-License-Identifier: Apache-2.0 */
/* What the asker decides: who is chosen, and how it ends. */
#ifndef CLIENT_CORE_DECIDING_H
#define CLIENT_CORE_DECIDING_H

#include "client/core/compose.h"

/* Each as its call in reachout.h. */
compose_fn deciding_accept;
compose_fn deciding_decline;
compose_fn deciding_close;
compose_fn deciding_withdraw;

/* Answers to one request of ours that came after the choice, and before the
 * end, get a kind word; for a seat that may write it. */
RO_MUST_USE enum ro_status deciding_late(struct engine *engine,
                                         const struct ro_request_id *request,
                                         struct ro_why *why);

#endif

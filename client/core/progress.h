/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a message of ours is now, written beside its row in the outbox: kept,
 * at the broker, arrived, or failed. A chunk's progress is its message's.
 */
#ifndef CLIENT_CORE_PROGRESS_H
#define CLIENT_CORE_PROGRESS_H

#include "client/core/outgoing.h"

/* Writes where a message is, by what became of its wraps, inside a commit; why,
 * if it has failed. One that is done leaves the outbox. Tells how many messages
 * left by it: one, or none. */
RO_MUST_USE enum ro_status progress_note(struct engine *engine,
                                         struct outgoing *outgoing,
                                         enum message_failure failure,
                                         size_t *ret_left);

/* The same in a commit of its own, also for a chunk; engine->n_left counts. */
RO_MUST_USE enum ro_status progress_keep(struct engine *engine,
                                         struct outgoing *outgoing,
                                         enum message_failure failure);

/* Takes a message out of the outbox with its chunks, inside a commit; receipts
 * and asks for resending leave no trace at all. */
RO_MUST_USE enum ro_status progress_drop(struct engine *engine,
                                         const struct message *message);

#endif

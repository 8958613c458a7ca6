/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What rides on a message that is being sealed: which bodies its writer had
 * seen, and the receipts that its recipient is owed.
 */
#ifndef CLIENT_CORE_RIDING_H
#define CLIENT_CORE_RIDING_H

#include "client/core/outgoing.h"

/* Fills content->seen for a message that is being sealed: the newest body of
 * each participant of its thread that we have, and of nobody else. */
RO_MUST_USE enum ro_status riding_seen(struct engine *engine,
                                       const struct message *message,
                                       struct ro_arena *arena,
                                       Reachout__Content *content);

/* Fills content->receipts for a message that goes to one member, and forgets
 * that these were due; inside a commit. */
RO_MUST_USE enum ro_status riding_receipts(struct engine *engine,
                                           const struct outgoing *outgoing,
                                           struct ro_arena *arena,
                                           Reachout__Content *content);

/* A receipt for a message becomes due a random 10 to 240 minutes from now, by
 * a lot of the engine's; none for what a colleague wrote. Inside a commit. */
RO_MUST_USE enum ro_status riding_owe(struct engine *engine,
                                      const struct message *message);

/* Whether a receipt for a message is owed now: RO_OK or RO_NOT_FOUND. */
RO_MUST_USE enum ro_status riding_owes(struct engine *engine,
                                       const struct ro_message_id *message);

/* The members to whom receipts are overdue at `now_s`: 16 bytes each, appended
 * to `ret_members`, each once. */
RO_MUST_USE enum ro_status riding_overdue(struct engine *engine,
                                          int64_t now_s,
                                          struct ro_buf *ret_members);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Seats that came after a request was asked never got it: what is written in
 * its conversations cannot be folded there. A member that has only such seats,
 * after its keys were replaced or its only computer was lost, must be asked
 * anew.
 */
#ifndef CLIENT_CORE_NEWCOMER_H
#define CLIENT_CORE_NEWCOMER_H

#include "client/core/message.h"

/* Whether the one whom a message of ours is for can read it where it stands.
 * RO_OK also for what is for several, or for us. RO_ILLEGAL: it would only be
 * lost there; RO_KEPT: it ends something here all the same, and may go. Then
 * `why` says what to do. RO_NO_MEMORY, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status newcomer_check(const struct engine *engine,
                                          const struct row_id *row,
                                          struct ro_why *why);

#endif

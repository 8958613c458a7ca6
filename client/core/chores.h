/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync writes by itself. */
#ifndef CLIENT_CORE_CHORES_H
#define CLIENT_CORE_CHORES_H

#include "client/core/engine.h"

/* Writes kind words to answers that came too late, receipts that are overdue,
 * and asks for what is missing; and forgets what is not needed any more. */
RO_MUST_USE enum ro_status chores_run(struct engine *engine,
                                      struct ro_why *why);

#endif

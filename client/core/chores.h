/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync writes by itself. */
#ifndef CLIENT_CORE_CHORES_H
#define CLIENT_CORE_CHORES_H

#include "client/core/engine.h"

/* Writes kind words to answers that came too late, receipts that are overdue,
 * and asks for what is missing; and forgets what is not needed any more. */
RO_MUST_USE enum ro_status chores_run(struct engine *engine,
                                      struct ro_why *why);

/* A broker that shows an older mirror of ours was set back, as by a backup:
 * what it had after that is gone there and not here, and waits to be sent
 * again. To be done before a newer mirror is left. */
RO_MUST_USE enum ro_status chores_make_good(struct engine *engine);

#endif

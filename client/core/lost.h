/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Lists of epoch keys that the broker showed and has no more: it was restored
 * from a backup, or takes them away. They are kept here and used; that they
 * are gone is told once, and written down: row "notices-lost", a seat and the
 * serial of it that the broker shows still. While there are any, a sync reads
 * all notices anew.
 */
#ifndef CLIENT_CORE_LOST_H
#define CLIENT_CORE_LOST_H

#include "client/core/engine.h"

/* Reads the row. RO_VAULT_DAMAGED, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status lost_load(struct engine *engine);

/* Holds all that the broker shows on a day against what we have, inside a
 * commit, and writes down what it lacks. RO_KEYS_LOST when there is something
 * among it that was not told yet, or is shown older than it was. */
RO_MUST_USE enum ro_status lost_compare(struct engine *engine,
                                        const struct ro_notices *shown,
                                        uint32_t day,
                                        struct ro_why *why);

/* Forgets it, for another broker; inside a commit. */
RO_MUST_USE enum ro_status lost_forget(struct engine *engine);

/* Whether the broker lacks a list of a seat. */
bool lost_lacks(const struct engine *engine, const struct ro_seat_id *seat);

#endif

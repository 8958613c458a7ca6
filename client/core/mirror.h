/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vault's generation, mirrored at the broker: sealed, so that the broker
 * sees 48 bytes. A vault that was set back, restored from an old copy or used
 * in two places would give sequences out twice and forget what it received; it
 * shows by a mirror that is newer than any which the vault has written down.
 * Such a profile is for reading only.
 */
#ifndef CLIENT_CORE_MIRROR_H
#define CLIENT_CORE_MIRROR_H

#include "client/core/engine.h"

/* Whether the vault was found to be set back, in this process or before: RO_OK,
 * or RO_VAULT_SET_BACK with what to do. Asks nobody. */
RO_MUST_USE enum ro_status mirror_stands(struct engine *engine,
                                         struct ro_why *why);

/* Asks the broker for the mirror, at the member door, and compares.
 * RO_VAULT_SET_BACK, which is remembered. A mirror that cannot be opened is no
 * reason to stop: engine->mirror says that there was one. RO_UNREACHABLE, and
 * what else link_ask brings. */
RO_MUST_USE enum ro_status
mirror_check(struct engine *engine, int64_t deadline_ms, struct ro_why *why);

/* The same, if nobody has done it in this process. */
RO_MUST_USE enum ro_status mirror_check_once(struct engine *engine,
                                             int64_t deadline_ms,
                                             struct ro_why *why);

/* Leaves the vault's generation with the broker if it has not what was left
 * last, or the vault has changed since then, but for notes on the broker's
 * being there. It is written down before it is sent, so one that got lost on
 * its way does no harm. As mirror_check. */
RO_MUST_USE enum ro_status
mirror_leave(struct engine *engine, int64_t deadline_ms, struct ro_why *why);

#endif

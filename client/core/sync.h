/* SPDX-License-Identifier: Apache-2.0 */
/* The order in which a client and its broker come together. Each waits up to
 * `wait_ms` for each answer of the broker. */
#ifndef CLIENT_CORE_SYNC_H
#define CLIENT_CORE_SYNC_H

#include "client/core/inbox.h"

/* Directory, notices, admission, our own epoch keys: what must be fresh
 * before anything is sealed. RO_UNREACHABLE, RO_WRONG_BROKER, the alarms. */
RO_MUST_USE enum ro_status
sync_keys(struct engine *engine, int64_t wait_ms, struct ro_why *why);

/* Sends what waits, after sync_keys came through. RO_KEPT when something still
 * waits. */
RO_MUST_USE enum ro_status
sync_send(struct engine *engine, int64_t wait_ms, struct ro_why *why);

/* All of it: keys, send, receive, chores, send again, and the destruction of
 * epoch secrets. Adds to `news`. */
RO_MUST_USE enum ro_status sync_all(struct engine *engine,
                                    int64_t wait_ms,
                                    struct ro_why *why,
                                    struct news_list *news);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands beside the log at a client: the notices (epoch keys of
 * everybody in the circle) and the checkpoint that covers them.
 */
#ifndef CLIENT_CORE_BULLETIN_H
#define CLIENT_CORE_BULLETIN_H

#include "client/core/engine.h"

/* Fetches the notices after our cursor, verifies each, and holds the set
 * against the checkpoint's digest in the moment in which we have exactly what
 * it covers; inside the commit of directory_sync, which undoes all of it after
 * an alarm. With RO_UNREACHABLE what came so far is good. RO_STALE when a
 * notice is of a seat that our log does not know yet: fetch the log and try
 * again. Where the broker counts anew, all are read again: what it has lost is
 * kept, and told with RO_KEYS_LOST once, after which everything is as after
 * RO_OK. The alarms are those of directory_sync. */
RO_MUST_USE enum ro_status
bulletin_sync(struct engine *engine, int64_t wait_ms, struct ro_why *why);

/* Forgets checkpoint, cursor and notices, all of which are the word of one
 * broker, for the next one's; inside a commit. */
RO_MUST_USE enum ro_status bulletin_forget(struct engine *engine);

#endif

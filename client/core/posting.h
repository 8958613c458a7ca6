/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What was sealed goes to the broker: in frames, each with as many wraps as
 * fit, and what the broker says of each wrap is kept before the next frame.
 */
#ifndef CLIENT_CORE_POSTING_H
#define CLIENT_CORE_POSTING_H

#include "client/core/outgoing.h"

/* Sends the wraps of a sealed message or chunk that wait, those of a day that
 * is over made again, and keeps what became of them. RO_OK: none waits any
 * more, but for members whose mailbox is full (held.h). RO_NO_CREDIT,
 * RO_DRAINING, RO_STALE, RO_NEED_BODY: some do; RO_NO_ROOM: the broker has none
 * for anybody; RO_UNREACHABLE, alarms. */
RO_MUST_USE enum ro_status posting_send(struct engine *engine,
                                        struct outgoing *outgoing,
                                        int64_t wait_ms,
                                        struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The way out: what the broker has to say goes to the doors. */
#ifndef DAEMON_NET_EGRESS_H
#define DAEMON_NET_EGRESS_H

#include "daemon/net/door.h"
#include "daemon/pipeline/broker.h"

/* The doors by `enum door`; there is none at DOOR_TIMER. */
#define EGRESS_DOORS (DOOR_OPEN + 1)

/* Sends all that broker_send_next has, without waiting for anybody, and tells
 * the broker of peers that do not read or are gone. Then cuts the connections
 * of sessions that the broker has ended; those that were told why may read it
 * for EGRESS_PARTING_MS from `now_ms` on. */
#define EGRESS_PARTING_MS 1000
void egress_flush(struct broker *broker,
                  struct doorway *doors[EGRESS_DOORS],
                  int64_t now_ms);

#endif

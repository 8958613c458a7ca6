/* SPDX-License-Identifier: Apache-2.0 */
/* The way out: what the broker has to say goes to the doors. */
#ifndef DAEMON_NET_EGRESS_H
#define DAEMON_NET_EGRESS_H

#include "daemon/net/door.h"
#include "daemon/pipeline/broker.h"

/* The doors by `enum door`; there is none at DOOR_TIMER. */
#define EGRESS_DOORS (DOOR_OPEN + 1)

/* Sends all that broker_send_next has, without waiting for anybody. A peer
 * that is gone, or has not read what was sent to it before, is told to the
 * broker (broker_send_failed); if what it does not read is an answer to its own
 * question, it is cut, because it would wait for ever. */
void egress_flush(struct broker *broker, struct doorway *doors[EGRESS_DOORS]);

#endif

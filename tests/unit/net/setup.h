/* SPDX-License-Identifier: Apache-2.0 */
/* How tests set an edge. */
#ifndef TESTS_UNIT_NET_SETUP_H
#define TESTS_UNIT_NET_SETUP_H

#include "daemon/net/edge.h"
#include "unit/broker/rig.h"

/* On ports of the system's choice. */
static inline struct edge_setup
setup_edge(const struct rig *rig)
{
    return (struct edge_setup){
        .member_endpoint = "tcp://127.0.0.1:*",
        .open_endpoint = "tcp://127.0.0.1:*",
        .curve = rig->circle->broker_curve,
        .clock = ro_clock_system(),
        .door = {.queue_frames = 16,
                 .handshake_ms = 2000,
                 .heartbeat_interval_ms = 15000,
                 .heartbeat_timeout_ms = 45000,
                 .heartbeat_ttl_ms = 60000},
        .connections = 100,
        .per_address = 100,
        .io_threads = 1,
    };
}

#endif

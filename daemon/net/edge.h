/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's edge: both doors with all that stands around them (ZAP, guard,
 * self-test), and the only thing that the loop sees of ZeroMQ. One thread
 * calls everything here; the helpers have threads of their own.
 */
#ifndef DAEMON_NET_EDGE_H
#define DAEMON_NET_EDGE_H

#include "common/base/auto.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "common/crypto/sign.h"
#include "daemon/net/door.h"
#include "daemon/net/guard.h"
#include "daemon/pipeline/broker.h"

struct edge;

/* What reachoutd.conf says about transport. */
struct edge_setup {
    const char *member_endpoint;
    const char *open_endpoint;
    const struct ro_keypair *curve; /* its X25519 form; borrowed */
    struct ro_clock clock;
    struct door_limits door;
    size_t connections; /* of both doors together */
    size_t per_address;
    int io_threads;
};

/* Starts ZAP with the broker's members, opens both doors and tries the member
 * door with a key that nobody knows. RO_TAKEN when a port is in use,
 * RO_IO_FAILED; RO_NOT_ALLOWED when the member door did not refuse. `why` says
 * what is wrong. */
RO_MUST_USE enum ro_status edge_open(const struct edge_setup *setup,
                                     const struct broker *broker,
                                     struct ro_why *why,
                                     struct edge **ret_edge);

/* Closes the doors at once and ends the helpers; accepts NULL. */
void edge_free(struct edge *edge);
RO_DEFINE_AUTO(edge, edge_free)

/* The endpoint of a door as bound. */
const char *edge_endpoint(const struct edge *edge, enum door door);

/* Whether there is something to read. */
enum edge_ready { EDGE_QUIET, EDGE_READY };

/* Waits for something at the doors, or on `fd` (a descriptor of the caller's),
 * for at most `timeout_ms`; ret_fd_ready tells about `fd`. RO_IO_FAILED when
 * waiting is not possible any more. */
RO_MUST_USE enum ro_status edge_wait(struct edge *edge,
                                     int fd,
                                     int64_t timeout_ms,
                                     enum edge_ready *ret_fd_ready);

/* Within a turn: gives the broker what has come in, from both doors by turns,
 * at most `max` messages, and opens and closes sessions as peers come and go.
 * Returns how many messages were taken. */
size_t edge_take(struct edge *edge, struct broker *broker, size_t max);

/* After a turn: sends what there is to send, and lets ZAP know of seats that
 * have come or gone; connections of seats that are gone are cut. */
void edge_flush(struct edge *edge, struct broker *broker);

/* Lets nobody new in, and gives what has been sent `linger_ms` to leave when
 * the doors close. */
void edge_shut(struct edge *edge, int linger_ms);

/* What happened at a door since the start. */
void edge_count(struct edge *edge,
                enum door door,
                struct guard_counters *ret_counters);

#endif

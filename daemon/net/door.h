/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One door: a ROUTER socket with CURVE, and who is behind it. It turns parts
 * into whole frames with a sender, and finds the way back to a session.
 *
 * A sender is a connection: libzmq's descriptor and the routing id that libzmq
 * gave it. What it may do comes with every message: the user id, which is the
 * CURVE key that ZAP let in. A message of more than one part, or from a peer
 * that chose its own routing id, costs the connection.
 */
#ifndef DAEMON_NET_DOOR_H
#define DAEMON_NET_DOOR_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "daemon/net/guard.h"
#include "daemon/session/session.h"

#include <stdbool.h>
#include <stdint.h>

/* `enum door` says which; this is the thing itself. */
struct doorway;

/* libzmq's settings; times in milliseconds. */
struct door_limits {
    int queue_frames; /* that wait for one peer, each way */
    int handshake_ms;
    int heartbeat_interval_ms;
    int heartbeat_timeout_ms;
    int heartbeat_ttl_ms;
};

struct door_setup {
    void *context;
    enum door door;
    const char *endpoint;        /* tcp://ADDRESS:PORT, port * for any */
    const uint8_t *curve_secret; /* 32 bytes; libzmq keeps a copy */
    const struct door_limits *limits;
    struct guard *guard; /* borrowed; does not run yet */
};

/* Makes the socket and has it watched; nobody can come in yet. RO_IO_FAILED
 * with `why`. */
RO_MUST_USE enum ro_status door_new(const struct door_setup *setup,
                                    struct ro_why *why,
                                    struct doorway **ret_door);

/* Opens it: peers come in from now on. RO_TAKEN when the port is in use,
 * RO_IO_FAILED; `why` says which endpoint. */
RO_MUST_USE enum ro_status door_open(struct doorway *door, struct ro_why *why);

/* Lets nobody new in; who is in stays. */
void door_shut(struct doorway *door);

/* Closes it; accepts NULL. The guard must be stopped before. */
void door_free(struct doorway *door);
RO_UNUSED static inline void
door_freep(struct doorway **door)
{
    door_free(*door);
    *door = NULL;
}

/* What was sent has so long to leave after door_free; usually 0. */
void door_linger(struct doorway *door, int linger_ms);

/* The endpoint as bound, with its real port; "" before door_open. */
const char *door_endpoint(const struct doorway *door);

/* The socket, to poll for input. */
void *door_socket(struct doorway *door);

/* A frame as it came. `peer` is a number for the calls below, good until the
 * peer is gone. */
struct door_frame {
    int peer;
    struct session_id session; /* zero: has none yet */
    struct ro_key curve;
    struct session_address address; /* where it is; zero: not known */
    struct ro_bytes bytes;          /* valid until the next door_take */
};

/* The next frame, without waiting: RO_OK; RO_NOT_FOUND when there is none;
 * RO_REFUSED for a message that is to be passed over: it broke a rule and its
 * sender is being cut, or its sender is gone. */
RO_MUST_USE enum ro_status door_take(struct doorway *door,
                                     struct door_frame *ret_frame);

/* From now on the peer is this session. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
door_bind(struct doorway *door, int peer, struct session_id session);

/* Sends a frame to a session. RO_NOT_FOUND when the peer is gone; RO_NO_ROOM
 * when it does not read what it has been sent. */
RO_MUST_USE enum ro_status door_send(struct doorway *door,
                                     struct session_id session,
                                     struct ro_bytes frame);

/* Ends the connection of a peer; nothing more comes from it. An unknown one is
 * gone already. */
void door_cut(struct doorway *door, int peer);

/* The same for a session, but a peer that was sent something since its last
 * frame may read that until `until_ms`. Nothing more comes from it either way.
 */
void
door_part(struct doorway *door, struct session_id session, int64_t until_ms);

/* Cuts those whose time has come by `now_ms`; when it comes for the next one,
 * INT64_MAX if there is none. */
int64_t door_cut_parting(struct doorway *door, int64_t now_ms);

/* The guard saw a connection end. Call before door_take. */
void door_gone(struct doorway *door, const struct guard_gone *gone);

/* The next session whose peer is cut or gone, each once: the caller closes it.
 * False when there is none. */
bool door_next_ended(struct doorway *door, struct session_id *ret_session);

/* Walks the peers that have a session, from number `*peer` on; false at the
 * end. `ret_who` gets all but the bytes. */
bool door_each(struct doorway *door, int *peer, struct door_frame *ret_who);

#endif

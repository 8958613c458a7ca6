/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who is behind one door: by descriptor, which every message names, and by
 * session, which every answer names. Both are small numbers, so both are
 * arrays. A descriptor is reused when its connection is gone, often before
 * that was told; then the later connection has the higher routing number, and
 * what is left of the earlier one is passed over.
 */
#ifndef DAEMON_NET_PEERS_H
#define DAEMON_NET_PEERS_H

#include "common/base/auto.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "daemon/session/session.h"

#include <stdbool.h>
#include <stdint.h>

enum peer_standing {
    PEER_NOBODY,
    PEER_HERE,
    PEER_PARTING, /* may read what it was told, is not heard any more */
    PEER_CUT
};

/* One connection. */
struct peer {
    enum peer_standing standing;
    bool given;       /* the number is libzmq's own */
    uint32_t routing; /* libzmq's number for it */
    uint64_t cookie;  /* 0: it was gone when it was first heard */
    bool was_told;    /* something, since its last frame */
    int64_t until_ms; /* PEER_PARTING: then it is cut */
    struct ro_key curve;
    struct session_address address;
    struct session_id session; /* zero: none */
};

struct peers;

/* An empty table; NULL without memory. */
struct peers *peers_new(void);

/* Releases it; accepts NULL. */
void peers_free(struct peers *peers);
RO_DEFINE_AUTO(peers, peers_free)

/* Whoever is at a descriptor, perhaps a PEER_NOBODY to be filled; NULL without
 * memory. Valid until the next call. */
struct peer *peers_at(struct peers *peers, int fd);

/* The descriptor of a session, or -1. */
int peers_of_session(struct peers *peers, struct session_id session);

/* From now on the peer at `fd` is this session. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
peers_bind(struct peers *peers, int fd, struct session_id session);

/* The peer at `fd` is no session any more; which it was waits for
 * peers_next_ended. */
void peers_end_session(struct peers *peers, int fd);

/* The next session that ended, each once; false when there is none. */
bool peers_next_ended(struct peers *peers, struct session_id *ret_session);

/* How many descriptors the table reaches. */
int peers_count(const struct peers *peers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What libzmq leaves open: it counts neither connections, nor the parts of a
 * message that never ends, nor peers that say nothing. A thread of its own
 * hears each door's monitor and asks the kernel how much each connection has
 * pushed (TCP_INFO). It cuts a connection
 *   - beyond the number of all, or of one address (the oldest of it that has
 *     said nothing yet, or else the new one);
 *   - that has pushed much more than has come out of it as frames: a message
 *     without an end, or a flood of commands;
 *   - that owes a frame for too long: it has said nothing at all, or has begun
 *     what it does not finish; and the oldest silent one when there are many,
 *     of the new one's address if that has more than its share.
 * To cut is to reset: the descriptor stays libzmq's, and the kernel's cookie
 * makes sure that it still is the same connection.
 */
#ifndef DAEMON_NET_GUARD_H
#define DAEMON_NET_GUARD_H

#include "common/base/auto.h"
#include "common/base/clock.h"
#include "common/base/status.h"
#include "daemon/session/session.h"

#include <stddef.h>
#include <stdint.h>

struct guard;

struct guard_limits {
    size_t connections;   /* of both doors together */
    size_t per_address;   /* of one address; 0: no such limit */
    size_t silent;        /* that have not sent a frame yet */
    uint64_t undelivered; /* bytes pushed without becoming frames */
    int64_t silence_ms;   /* until the first frame */
    int64_t patience_ms;  /* for the rest of one */
};

/* What happened at a door since the start. */
struct guard_counters {
    uint64_t accepted;
    uint64_t admitted; /* shook hands */
    uint64_t failed;   /* did not: wrong key, no key, no answer */
    uint64_t cut;
    uint64_t open; /* connections now */
};

/* A guard that does not run yet. RO_IO_FAILED with `why`. */
RO_MUST_USE enum ro_status guard_new(void *context,
                                     const struct ro_clock *clock,
                                     const struct guard_limits *limits,
                                     struct ro_why *why,
                                     struct guard **ret_guard);

/* Watches a door's socket: before it is bound, and before guard_run. */
RO_MUST_USE enum ro_status guard_watch(struct guard *guard,
                                       void *socket,
                                       enum door door,
                                       struct ro_why *why);

/* Starts the thread. */
RO_MUST_USE enum ro_status guard_run(struct guard *guard, struct ro_why *why);

/* Stops the thread and releases it; the watched sockets must still be open.
 * Accepts NULL. */
void guard_free(struct guard *guard);
RO_DEFINE_AUTO(guard, guard_free)

/* Tells that a frame of `size` bytes came out of descriptor `fd`. From the
 * thread of the doors. */
void guard_delivered(struct guard *guard, int fd, size_t size);

/* A connection that is gone. */
struct guard_gone {
    enum door door;
    int fd;
    uint64_t cookie; /* 0: it was too short for the guard to see */
};

/* The next one, without waiting; false when there is none. From the thread of
 * the doors, and before frames are taken: a descriptor's next user cannot
 * speak before its last one's end has been told. */
bool guard_next_gone(struct guard *guard, struct guard_gone *ret_gone);

/* The socket to poll for that. */
void *guard_socket(struct guard *guard);

/* How often, from any thread. */
void guard_count(struct guard *guard,
                 enum door door,
                 struct guard_counters *ret_counters);

#endif

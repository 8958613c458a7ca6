/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The guard's book of connections, by descriptor: who is there since when, how
 * much each pushed and how much of that became frames, and who must go. It has
 * no socket and no clock. One thread keeps it; only guard_book_delivered may
 * be called from another.
 */
#ifndef DAEMON_NET_GUARD_BOOK_H
#define DAEMON_NET_GUARD_BOOK_H

#include <stdatomic.h>
#include <stdbool.h>

#include "daemon/net/guard.h"
#include "daemon/net/socket.h"

/* What the wire adds to a frame at most, and what is forgiven a second for
 * heartbeats: they would sum up in a connection that is there for days. */
#define GUARD_FRAME_OVERHEAD 64
#define GUARD_FORGIVEN_PER_S 32
/* What a handshake takes, and what may lie half-way. */
#define GUARD_SLACK 8192

enum guard_standing { GUARD_NOBODY, GUARD_WATCHED, GUARD_CUT };

/* One connection. */
struct guard_peer {
    enum guard_standing standing;
    enum door door;
    uint64_t cookie;
    struct session_address address;
    int64_t since_ms;
    int64_t settled_ms;  /* last time it was seen to owe nothing, or to move */
    int64_t forgiven_ms; /* when something was forgiven last */
    uint64_t forgiven;
    uint64_t received;  /* as the kernel counts */
    uint64_t delivered; /* as last seen */
    uint64_t base;      /* delivered through this descriptor before it came */
};

struct guard_book;

/* A book for descriptors below `n_fds`; NULL without memory. */
struct guard_book *guard_book_new(const struct guard_limits *limits,
                                  size_t n_fds);

/* Releases it; accepts NULL. */
void guard_book_free(struct guard_book *book);
RO_DEFINE_AUTO(guard_book, guard_book_free)

/* A connection has come: of `like`, its door, cookie and address count.
 * Returns the descriptor that must go for it (its own, or the oldest silent
 * one's), or -1. */
int guard_book_add(struct guard_book *book,
                   int fd,
                   const struct guard_peer *like,
                   int64_t now_ms);

/* Whoever is at a descriptor, or NULL. Valid until it is removed. */
const struct guard_peer *guard_book_find(const struct guard_book *book, int fd);

/* The connection is gone. */
void guard_book_remove(struct guard_book *book, int fd);

/* It is being cut: it no longer counts for any limit. */
void guard_book_cut(struct guard_book *book, int fd);

/* A frame of `size` bytes came out of a descriptor. From any thread. */
void guard_book_delivered(struct guard_book *book, int fd, size_t size);

/* The kernel has received so much of it. Returns whether it must go. */
bool guard_book_received(struct guard_book *book, int fd, uint64_t bytes);

/* The next descriptor from `*fd` on whose peer owes a frame for too long, and
 * so must go; false when there is none. Looks at all others on its way. */
bool guard_book_overdue(struct guard_book *book, int *fd, int64_t now_ms);

/* No descriptor from here on was ever used. */
int guard_book_reach(const struct guard_book *book);

/* Connections that are there and not cut. */
size_t guard_book_count(const struct guard_book *book);

#endif

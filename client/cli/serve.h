/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The socket of a process that stays on a profile: other commands hand their
 * work to it. This file has the connections and nothing of what is asked; the
 * owner polls it beside its other files and carries out one asking at a time:
 *
 *     serve_fds(serve, fds);
 *     poll(fds, SERVE_FDS, serve_due_ms(serve));
 *     serve_work(serve, fds);
 *     if ((asking = serve_next(serve)) != NULL &&
 *         serve_begin(serve, before) == RO_OK) {
 *         ... carry it out, with serve_work() going on meanwhile ...
 *         serve_end(serve, &answer);
 *     }
 *
 * Nothing that a peer does or leaves undone costs more than a place in a short
 * table, some memory with a bound, and those for a few seconds.
 */
#ifndef CLIENT_CLI_SERVE_H
#define CLIENT_CLI_SERVE_H

#include "client/cli/handing.h"
#include "client/cli/place.h"
#include "common/base/clock.h"

#include <poll.h>

/* How many peers there may be at once, the one under way among them. */
#define SERVE_PEERS 16
/* What serve_fds fills. */
#define SERVE_FDS (SERVE_PEERS + 1)

struct serve;

/* Listens on HANDING_SOCKET in a folder, for processes of its user only. The
 * caller has the profile's lock: a socket that lies there is stale, and is
 * taken away. RO_IO_FAILED. */
RO_MUST_USE enum ro_status serve_open(const struct place_where *where,
                                      const struct ro_clock *clock,
                                      struct ro_why *why,
                                      struct serve **ret_serve);

/* Takes the socket away and drops all peers; accepts NULL. */
void serve_free(struct serve *serve);
RO_DEFINE_AUTO(serve, serve_free)

/* What to poll. */
void serve_fds(const struct serve *serve, struct pollfd fds[static SERVE_FDS]);

/* Milliseconds until something is due without any file; -1: nothing is. */
int serve_due_ms(const struct serve *serve);

/* Takes what came and sends what waits, as poll has found it. Never blocks. */
void serve_work(struct serve *serve, const struct pollfd fds[static SERVE_FDS]);

/* Takes the asking whose turn it is; NULL if none is there, or one is under
 * way. It stays valid until serve_end, or a serve_begin that failed. */
const struct handing_asking *serve_next(struct serve *serve);

/* Tells its peer that it begins now, with what is there before it.
 * RO_NOT_FOUND: the peer has gone, nothing may be begun, and the next one is
 * next. */
RO_MUST_USE enum ro_status serve_begin(struct serve *serve, uint64_t before);

/* Ends the one that serve_next gave, begun or not: sends its answer, if its
 * peer is still there. */
void serve_end(struct serve *serve, const struct handing_answer *what);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's one thread: wait for frames, for a timer or for a signal; run a
 * turn; say what there is to say; and so on. docs/ARCHITECTURE.md has the
 * picture.
 */
#ifndef DAEMON_LOOP_H
#define DAEMON_LOOP_H

#include "common/base/clock.h"
#include "common/base/status.h"
#include "daemon/net/edge.h"
#include "daemon/pipeline/broker.h"
#include "daemon/store/store.h"

/* What it runs; all borrowed. */
struct loop {
    struct broker *broker;
    struct store *store;
    struct edge *edge;
    struct ro_clock clock;
    int signal_fd;              /* of loop_signals */
    void (*reload)(void *user); /* at SIGHUP, between two turns; or NULL */
    void *reload_user;
    size_t turn_frames; /* at most so many a turn */
    uint32_t drain_ms;  /* at most so long for the end */
};

/* Keeps SIGTERM, SIGINT and SIGHUP for loop_run, and ignores SIGPIPE. Before
 * any thread starts. RO_IO_FAILED. */
RO_MUST_USE enum ro_status loop_signals(int *ret_fd);

/* Runs until SIGTERM or SIGINT, then takes no more deposits, answers what has
 * come in, and returns RO_OK; what was sent leaves while the edge is freed.
 * RO_STORE_BROKEN: say nothing more, end the process at once. RO_IO_FAILED
 * when waiting is not possible any more. */
RO_MUST_USE enum ro_status loop_run(const struct loop *loop);

#endif

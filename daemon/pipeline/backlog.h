/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Answers that found no room in their peer's pipe. They wait here, a line for
 * each session, in order, and are tried again on a short timer as long as there
 * are any. What is said to a session that has a line goes behind it, and no
 * push overtakes it. A session whose line goes beyond a bound, or does not move
 * for too long, is closed: its peer does not read.
 */
#ifndef DAEMON_PIPELINE_BACKLOG_H
#define DAEMON_PIPELINE_BACKLOG_H

#include "daemon/session/session.h"

struct broker;
struct broker_send;

/* How much may wait for one session, and for all together: then the longest
 * line goes. docs/PROTOCOL.md has the first two. */
#define BACKLOG_FRAMES_MAX 256
#define BACKLOG_BYTES_MAX ((size_t)4 << 20)
#define BACKLOG_TOTAL_MAX ((size_t)64 << 20)
/* When they are tried again, and how long a line may stand still. */
#define BACKLOG_RETRY_MS 10
#define BACKLOG_PATIENCE_MS 60000

struct backlog_frame;

/* What waits for one session; never empty. */
struct backlog_line {
    struct session_id to;
    enum door door;
    struct backlog_frame *first;
    struct backlog_frame *last;
    size_t n_frames;
    size_t bytes;
    int64_t moved_ms; /* monotonic: when it began, or last became shorter */
};

struct backlog {
    struct backlog_line *lines;
    size_t n_lines;
    size_t room;
    uint32_t *places; /* by slot: number of its line plus 1, or 0 */
    size_t bytes;     /* of all lines */
    int64_t retry_ms; /* monotonic; 0: nothing waits */
    size_t at;        /* the line that is being tried */
    enum { BACKLOG_RESTS, BACKLOG_TRIES, BACKLOG_OFFERED } round;
};

/* Memory for so many sessions; RO_NO_MEMORY. */
RO_MUST_USE enum ro_status backlog_init(struct backlog *backlog,
                                        size_t sessions);
/* Releases what it owns; a zeroed one is fine. */
void backlog_fini(struct backlog *backlog);

/* Whether something waits for a session. */
bool backlog_has(const struct backlog *backlog, struct session_id id);

/* How many answers wait, for all sessions. */
size_t backlog_count(const struct backlog *backlog);

/* Puts a copy of what was to be sent at the end of its session's line. Whoever
 * has to go for it is closed. */
void backlog_put(struct broker *broker, const struct broker_send *send);

/* The next answer to try, once it is time; false when there is none. What was
 * given last counts as sent unless backlog_refused was called meanwhile. */
bool backlog_next(struct broker *broker, struct broker_send *ret_send);

/* What backlog_next gave last found no room: the line waits on. */
void backlog_refused(struct broker *broker);

/* What was given last counts as sent. */
void backlog_settle(struct broker *broker);

/* Forgets what waits for a session. */
void backlog_forget(struct backlog *backlog, struct session_id id);

#endif

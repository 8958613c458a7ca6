/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Deliveries: after a commit each mailbox that has something new, or was just
 * attached, is read from its cursor up to what its window allows, and packed,
 * many envelopes a frame. One frame is made at a time, mailboxes take turns.
 * The store is the queue: nothing else remembers what is to be pushed.
 */
#ifndef DAEMON_PIPELINE_PUSH_H
#define DAEMON_PIPELINE_PUSH_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "daemon/session/session.h"

#include <stdbool.h>

struct broker;
struct broker_send;

/* A peer that does not read is tried again after so long. */
#define PUSH_STALL_MS 1000

struct push {
    struct ro_arena *arena;
    struct ro_buf frame;
    bool pending;    /* some attachment may be dirty */
    size_t slot;     /* where the walk over the sessions stands */
    int64_t wake_ms; /* when the first stalled peer is tried; 0: none */
    /* the last push, in case that it cannot be sent */
    struct session_id last;
    struct ro_seat_id mailbox;
    uint64_t before; /* its mailbox's cursor */
    size_t n;        /* envelopes in it */
};

/* Memory for it; RO_NO_MEMORY. */
RO_MUST_USE enum ro_status push_init(struct push *push);
/* Releases what it owns; a zeroed one is fine. */
void push_fini(struct push *push);

/* Notes that a mailbox has something new, if anybody has it attached. */
void push_mark(struct broker *broker, const struct ro_seat_id *mailbox);

/* The peer said something: what was stalled is tried again. */
void push_wake(struct broker *broker, struct session *session);

/* Tries again what was stalled for long enough. */
void push_wake_due(struct broker *broker);

/* The next push; false when there is none. */
bool push_next(struct broker *broker, struct broker_send *ret_send);

/* Takes the last push back, if it was for that session. */
void push_take_back(struct broker *broker, struct session_id id);

#endif

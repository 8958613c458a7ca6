/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a turn has to say, kept until it is committed; and what it was asked,
 * for the answer of a turn that had no room.
 */
#ifndef DAEMON_PIPELINE_OUTBOX_H
#define DAEMON_PIPELINE_OUTBOX_H

#include "common/wire/codec.h"
#include "daemon/session/session.h"

struct outbox_item {
    struct session_id to;
    enum door door;
    size_t start; /* in bytes */
    size_t size;
};

/* Whom to answer, and to what. */
struct outbox_ask {
    struct session_id from;
    enum door door;
    uint8_t verb;
    uint32_t serial;
};

/* Zero-initialise it. */
struct outbox {
    struct ro_buf bytes;
    struct outbox_item *items;
    size_t n_items;
    size_t items_room;
    size_t next; /* to be sent */
    struct outbox_ask *asks;
    size_t n_asks;
    size_t asks_room;
};

/* Releases its memory. */
void outbox_fini(struct outbox *outbox);

/* Forgets everything; keeps a moderate amount of memory. */
void outbox_clear(struct outbox *outbox);

/* Forgets the answers, not what was asked. */
void outbox_take_back(struct outbox *outbox);

/* Notes what was asked. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status outbox_note(struct outbox *outbox,
                                       const struct outbox_ask *ask);

/* What is answered; borrowed. */
struct outbox_answer {
    const struct outbox_ask *to;
    enum ro_status status;
    int64_t time_s;
    const ProtobufCMessage *message;
};

/* Keeps the answer to an ask. RO_TOO_LARGE when it fits no frame,
 * RO_NO_MEMORY. */
RO_MUST_USE enum ro_status outbox_put(struct outbox *outbox,
                                      const struct outbox_answer *answer);

/* Forgets the answers to one session. */
void outbox_forget(struct outbox *outbox, struct session_id id);

/* The next answer, or NULL. */
const struct outbox_item *outbox_next(struct outbox *outbox);

/* Its bytes; valid until the next one is added. */
struct ro_bytes outbox_view(const struct outbox *outbox,
                            const struct outbox_item *item);

#endif

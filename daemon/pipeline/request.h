/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One frame on its way through the stages: each stage reads what the earlier
 * ones wrote and writes its own part. Lives for one broker_take.
 */
#ifndef DAEMON_PIPELINE_REQUEST_H
#define DAEMON_PIPELINE_REQUEST_H

#include "common/base/arena.h"
#include "common/wire/codec.h"
#include "daemon/pipeline/outbox.h"
#include "daemon/session/session.h"

struct broker;
struct verb;

struct request {
    /* ingress */
    struct session_id id;
    struct session *session; /* valid within this broker_take only; NULL at
                              * DOOR_TIMER */
    enum door door;
    struct outbox_ask asked; /* whom to answer; slot 0: nobody */
    struct ro_bytes frame;
    struct ro_frame_header header;
    struct ro_bytes payload;
    /* decode */
    const struct verb *verb;
    const ProtobufCMessage *ask;
    struct ro_arena *arena; /* for grant, answer and audience */
    /* authorise: what the verb found out and later stages need */
    void *grant; /* zeroed before the verb sees it */
    /* store */
    ProtobufCMessage *answer; /* empty before the verb sees it; packed by
                                 deliver */
    /* route: mailboxes that have something new, or were attached */
    struct ro_seat_id *audience;
    size_t n_audience;
    /* a refusal's detail */
    struct ro_why why;
};

/* One stage, or a verb's part in it. */
typedef enum ro_status stage_fn(struct broker *broker, struct request *req);

/* A verb: one file verbs/verb_NAME.c, one line in common/wire/verbs.def. A
 * stage that is NULL has nothing to do for it. */
enum verb_needs { VERB_NEEDS_HELLO, VERB_NEEDS_NOTHING };
enum verb_brings {
    VERB_BRINGS_NOTHING,
    VERB_BRINGS_NEWS, /* refused while the broker drains */
    VERB_BRINGS_MAIL, /* news that waits: also while the store is short */
};
#define VERB_AT_MEMBER (1u << DOOR_MEMBER)
#define VERB_AT_OPEN (1u << DOOR_OPEN)
#define VERB_AT_TIMER (1u << DOOR_TIMER)
struct verb {
    const char *name;
    unsigned doors;
    enum verb_needs needs; /* before it, at the open door */
    enum verb_brings brings;
    const ProtobufCMessageDescriptor *ask;
    const ProtobufCMessageDescriptor *answer;
    size_t grant_size;   /* of its struct grant; 0: it has none */
    stage_fn *authorise; /* yes or no; reads the snapshot; fills req->grant */
    stage_fn *store;     /* checks against the turn, then writes rows; fills
                            req->answer */
    stage_fn *route;     /* fills req->audience */
};

/* The verb of a number (common/wire/verbs.def, timers.def), or NULL. */
const struct verb *verb_find(uint8_t number);

#endif

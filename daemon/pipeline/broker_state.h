/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the core (daemon/pipeline and daemon/verbs): what a broker is made
 * of. Stages and verbs read it; who writes what is said at each part.
 */
#ifndef DAEMON_PIPELINE_BROKER_STATE_H
#define DAEMON_PIPELINE_BROKER_STATE_H

#include "daemon/pipeline/backlog.h"
#include "daemon/pipeline/broker.h"
#include "daemon/pipeline/ledger.h"
#include "daemon/pipeline/members.h"
#include "daemon/pipeline/outbox.h"
#include "daemon/pipeline/push.h"
#include "daemon/pipeline/request.h"
#include "daemon/pipeline/timeline.h"
#include "daemon/pipeline/undo.h"
#include "daemon/session/addresses.h"
#include "daemon/session/session_table.h"

/* "waiting" is counted no further than this. */
#define BROKER_WAITING_MAX 10000

/* The work of one request: a whole frame of answer, and as much again. */
#define BROKER_WORK_BUDGET ((size_t)4 * RO_FRAME_LIMIT)
#define BROKER_WORK_PIECES ((size_t)4 * RO_UNPACK_PIECES)

/* The numbers of what the timers ask for, beside those of enum ro_verb. */
enum timer_verb {
#define X(number, NAME, name) TIMER_VERB_##NAME = (number),
#include "daemon/pipeline/timers.def"
#undef X
};

/* Where the broker stands with its turn. */
enum broker_phase { BROKER_BETWEEN, BROKER_IN_TURN };

/* What a turn has counted; added to the counters by its commit. */
struct turn_counts {
    uint64_t stored;
    uint64_t acked;
    uint64_t expired;
};

struct broker {
    /* given once */
    struct ro_clock clock;
    struct store *store;
    struct broker_limits limits;
    struct ro_key curve;
    const struct ro_keypair *signing;
    struct ro_secret *psk;
    uint32_t psk_generation;
    struct ro_secret *previous_psk; /* the same as psk if there is none */
    uint32_t previous_generation;   /* 0: there is none */

    struct ledger ledger;        /* append, publish, the checkpoint */
    struct sessions *sessions;   /* broker.c, hello, attach */
    struct members members;      /* turn.c, after the commit */
    struct addresses *addresses; /* deposit */

    /* the turn */
    struct timeline time;
    enum broker_phase phase;
    uint64_t turn;          /* number */
    enum ro_status outcome; /* RO_OK, RO_NO_ROOM or RO_STORE_BROKEN */
    bool ledger_touched;    /* by this turn */
    bool directory_touched;
    struct turn_counts counts;

    struct undo undo; /* what a turn without room takes back */

    /* what is to be said, and who is gone */
    struct outbox outbox;
    struct backlog backlog;
    struct push push;
    struct broker_send offered; /* what broker_send_next gave last, ... */
    enum {                      /* ... and where it comes from */
           OFFERED_NOTHING,
           OFFERED_WAITING,
           OFFERED_ANSWER,
           OFFERED_PUSH
    } offer;
    struct session_id *gone; /* at most as many as sessions */
    size_t n_gone;

    /* timers.c; monotonic */
    int64_t tick_ms;  /* the next minute's work */
    int64_t hold_ms;  /* no timer before this */
    int64_t hello_ms; /* somebody should have said hello by then; 0: all have */

    struct ro_arena *ask;    /* what was unpacked from the frame */
    struct ro_arena *work;   /* grants and answers */
    struct ro_arena *ticket; /* a ticket while it is looked at */
    struct {
        int64_t minute; /* of the monotonic clock */
        uint32_t lines; /* written in it */
        uint64_t more;  /* not written */
    } refusals;         /* pipeline.c; so that a flood is no flood of lines */
    enum { BROKER_SERVING, BROKER_DRAINING } service;
    struct broker_counters counters;
};

/* Lets an event happen to a session and closes it if the table says so. */
enum session_act broker_session_event(struct broker *broker,
                                      struct session *session,
                                      enum session_event event);

/* Whether the current hour wants a checkpoint: not if it has one, there is no
 * charter, or the charter names another broker. */
bool hourly_is_due(const struct broker *broker);

/* Signs one and keeps it, if the current hour wants one. */
RO_MUST_USE enum ro_status hourly_checkpoint(struct broker *broker);

/* Runs what the clock asks for as requests of session 0. */
void timers_run(struct broker *broker);

/* When the clock asks next, monotonic milliseconds. */
int64_t timers_next_ms(const struct broker *broker);

/* One frame through the stages; its outcome becomes an answer. */
void pipeline_take(struct broker *broker,
                   struct session_id id,
                   struct ro_bytes frame);

/* Begin of the turn, as broker_turn_begin. */
RO_MUST_USE enum ro_status turn_begin(struct broker *broker);

/* End of the turn, as broker_turn_end. */
RO_MUST_USE enum ro_status turn_end(struct broker *broker);

/* The stages, in their order. */
stage_fn ingress_run;
stage_fn decode_run;
stage_fn authorise_run;
stage_fn store_stage_run;
stage_fn route_run;
stage_fn deliver_run;

#endif

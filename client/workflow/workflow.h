/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Requests and answers as pure tables: state x event -> next state, and who
 * may. No socket, no database, no clock. The states are those of the field's
 * state machines (docs/ARCHITECTURE.md, "States"): the request's, written by
 * the asker, and the introduction's, one for each helper. State is never
 * stored: it is what the messages of a thread fold to.
 */
#ifndef CLIENT_WORKFLOW_WORKFLOW_H
#define CLIENT_WORKFLOW_WORKFLOW_H

#include "common/base/ids.h"
#include "common/base/status.h"

#include <stdbool.h>

/* Who acts, seen from the request. */
enum flow_actor {
    FLOW_ASKER,       /* a seat of the member that asks */
    FLOW_HELPER,      /* a seat of the thread's other school */
    FLOW_COORDINATOR, /* a seat of a coordinator team */
};

/* Request states. */
enum request_state {
    REQUEST_NONE, /* before the first message */
    REQUEST_SUBMITTED,
    REQUEST_OPEN,
    REQUEST_INTRODUCED,
    REQUEST_CLOSED,
    REQUEST_WITHDRAWN,
    REQUEST_STATE_COUNT
};

/* Introduction states of one thread (asker and one helper). */
enum intro_state {
    INTRO_NONE,
    INTRO_HELPER_ASKED,
    INTRO_HELPER_WILLING,
    INTRO_HELPER_DECLINED, /* known on the helper's side only */
    INTRO_NOT_CHOSEN,
    INTRO_REVEALED,
    INTRO_FIRST_CONTACT,
    INTRO_ENDED, /* the request is closed or withdrawn */
    INTRO_STATE_COUNT
};

/* What a message does. */
enum flow_event {
    FLOW_ASK_SCHOOLS,      /* the request, to schools (and perhaps others) */
    FLOW_ASK_COORDINATORS, /* the request, to coordinators alone */
    FLOW_ANSWER,
    FLOW_PASS,
    FLOW_SAY,
    FLOW_INTRODUCED,
    FLOW_NOT_CHOSEN,
    FLOW_STATE_NOTE, /* to coordinators: never changes a state here */
    FLOW_CLOSE,      /* with an outcome, to the chosen helper */
    FLOW_CLOSED,     /* "closed" only */
    FLOW_WITHDRAW,   /* the asker's own record of taking it back */
    FLOW_EVENT_COUNT
};

/* The name of a request's state as in domain.md, lower case, hyphenated.
 * Static. */
const char *request_state_name(enum request_state state);

/* The same of a thread's state. */
const char *intro_state_name(enum intro_state state);

/* The same of an event. */
const char *flow_event_name(enum flow_event event);

/* Whether a request in this state is over. */
bool request_state_is_end(enum request_state state);

/* Whether a thread in this state is over. */
bool intro_state_is_end(enum intro_state state);

/* The next state; RO_FORBIDDEN when this actor may never do that, RO_ILLEGAL
 * when the state does not allow it (flow_refuse says both in words). */
RO_MUST_USE enum ro_status request_next(enum request_state state,
                                        enum flow_event event,
                                        enum flow_actor actor,
                                        enum request_state *ret_next);

/* The same of a thread. */
RO_MUST_USE enum ro_status intro_next(enum intro_state state,
                                      enum flow_event event,
                                      enum flow_actor actor,
                                      enum intro_state *ret_next);

/* What was refused, to whom, and by which of the two tables. */
struct flow_refusal {
    enum { FLOW_REQUEST, FLOW_INTRO } machine;
    enum ro_status status;      /* RO_FORBIDDEN or RO_ILLEGAL */
    enum request_state request; /* with FLOW_REQUEST */
    enum intro_state intro;     /* with FLOW_INTRO */
    enum flow_event event;
    enum flow_actor actor;
    const char *other; /* the other side's name; NULL: "that school" */
};

/* Says why in a sentence for people, "You cannot close this request now: no
 * school has been chosen for it yet. Next: ...", and returns its status. `why`
 * may be NULL. */
enum ro_status flow_refuse(const struct flow_refusal *refusal,
                           struct ro_why *why);

/* One message of a request, as far as folding needs it. */
struct flow_message {
    struct ro_message_id id; /* a local row id while it is only kept */
    struct ro_hash body;     /* body hash; zero while it is only kept */
    struct ro_seat_id writer;
    struct ro_member_id side;   /* the writer's member */
    struct ro_thread_id thread; /* the pair's; zero for the asker's own copy of
                                   a body to a group, and for what the asker
                                   writes to own seats alone */
    enum flow_actor actor;
    enum flow_event event;
    int64_t sent_at_s;
    const struct ro_hash *seen; /* bodies its writer had seen, own ones too */
    size_t n_seen;
    size_t index; /* the caller's own: goes along and is not looked at */
    /* written by flow_fold: */
    size_t order;           /* its place in the story */
    enum ro_status applied; /* RO_OK, or why it changed nothing */
};

/* A thread as folded. One in which a coordinator has written has no
 * introduction: INTRO_NONE until it is over. */
struct flow_thread {
    struct ro_thread_id id;
    enum intro_state state;
};

/* Messages on their way in, and what they come to. */
struct flow_story {
    struct flow_message *messages;
    size_t n_messages;
    struct flow_thread *threads;
    size_t room;
    /* results */
    enum request_state state;
    size_t n_threads;
};

/* Folds the messages of one request, in whatever order they arrived: puts
 * them into an order in which everybody's causes stand before their effects
 * (the ask; by `seen`; then by time sent, then by kind, then the lower id),
 * applies each, and writes order and applied. Of two concurrent writes of two
 * seats of one side that exclude each other the one with the lower id wins and
 * the other becomes RO_ILLEGAL: shown, never applied; but an answer always
 * wins over a pass, of which the asker does not know. The same set gives the
 * same result in any order. Each thread folds by itself, so both sides of a
 * pair come to one state, apart from INTRO_HELPER_DECLINED, which the asker
 * never sees. The parts of one act (introduced and not-chosen; close or
 * withdraw, and closed) should bear one time. `threads` has room for `room`
 * and is filled in the order of the story; RO_NO_ROOM beyond, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status flow_fold(struct flow_story *story);

#endif

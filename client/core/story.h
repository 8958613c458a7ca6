/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A request's messages folded: its state, its threads, who said what. Nothing
 * of this is stored; late arrivals simply fold again.
 */
#ifndef CLIENT_CORE_STORY_H
#define CLIENT_CORE_STORY_H

#include "client/core/outgoing.h"
#include "client/workflow/workflow.h"

/* A thread with its other side. */
struct story_thread {
    struct ro_thread_id id;
    struct ro_member_id with;
    enum intro_state state;
    enum { STORY_HELPER_THREAD, STORY_COORDINATOR_THREAD } kind;
};

struct story {
    struct request_row request;
    struct messages messages;  /* as they came */
    struct flow_message *flow; /* those that are told, in their order */
    size_t n_flow;
    enum ro_side side; /* ours */
    enum request_state state;
    struct story_thread *threads;
    size_t n_threads;
};

/* Loads and folds a request. RO_NOT_FOUND. Whatever its messages hold, it takes
 * memory in proportion to them, and no more. */
RO_MUST_USE enum ro_status story_load(struct engine *engine,
                                      const struct ro_request_id *request,
                                      struct story *ret_story);
/* Releases what it owns; a zeroed one is fine. */
void story_fini(struct story *story);

/* Whether an outcome is about one story, and no reason to end what goes through
 * many: its contents, or the memory that it takes. (Not a damaged vault.) */
bool story_is_unreadable(enum ro_status s);
#define RO_AUTOSTORY RO_CLEANUP(story_fini) struct story

/* The thread of that id, or NULL. */
const struct story_thread *story_thread(const struct story *story,
                                        const struct ro_thread_id *id);

/* The helper who was chosen, or NULL. */
const struct story_thread *story_chosen(const struct story *story);

/* The message behind a step of the story. */
const struct message *story_message(const struct story *story,
                                    const struct flow_message *flow);

/* Whether a purpose is something people see in a story. */
bool story_is_told(enum ro_purpose purpose);

/* The event that a message is to the tables, with the actor that wrote it.
 * RO_ILLEGAL for purposes that are no events. */
RO_MUST_USE enum ro_status story_event(const struct message *message,
                                       enum ro_side side,
                                       enum flow_event *ret_event);

/* A content unpacked for a look; lives in `arena`, which is reset. */
RO_MUST_USE enum ro_status story_content(const struct message *message,
                                         struct ro_arena *arena,
                                         Reachout__Content **ret_content);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Drafts of one command, added to one commit. */
#ifndef CLIENT_CORE_DRAFTS_H
#define CLIENT_CORE_DRAFTS_H

#include "client/core/compose.h"

/* A command being written. */
struct drafts {
    struct engine *engine;
    struct ro_why *why;
    struct composed *composed;
};

/* Whom a message is for. */
enum drafts_to {
    DRAFTS_TO_MEMBER, /* one member, in its thread */
    DRAFTS_TO_SELF,   /* our own other seats */
    DRAFTS_TO_MANY,   /* these members, by the names they were asked by */
};
struct drafts_target {
    enum drafts_to to;
    struct ro_request_id request;
    struct ro_thread_id thread; /* DRAFTS_TO_MEMBER */
    const struct ro_member_id *members;
    size_t n_members;
    Reachout__Audience **audience; /* DRAFTS_TO_MANY: the names */
    size_t n_audience;
};

/* Adds one message; the content has its purpose set. */
RO_MUST_USE enum ro_status drafts_add(struct drafts *drafts,
                                      const struct drafts_target *target,
                                      Reachout__Content *content);

/* Ends the commit: keeps all if `s` is RO_OK, nothing otherwise. Returns the
 * outcome of the whole. */
RO_MUST_USE enum ro_status drafts_finish(struct drafts *drafts,
                                         enum ro_status s);

/* Our own text for a field: checked, at most RO_TEXT_LIMIT bytes; NULL stays
 * NULL. RO_BAD_INPUT says what to do. The result points into
 * `text`. */
RO_MUST_USE enum ro_status
drafts_text(const char *text, struct ro_why *why, char **ret_text);

/* Days as half days, rounded; RO_BAD_INPUT above 200 days. Negative: not
 * said, and `ret_has` is 0. */
RO_MUST_USE enum ro_status drafts_half_days(double days,
                                            struct ro_why *why,
                                            uint32_t *ret_half_days,
                                            protobuf_c_boolean *ret_has);

/* Finds the thread that a command names, and refuses what the tables do not
 * allow there now; where a request has no open conversation, what they say of
 * the request itself. As find_thread, and drafts_may. */
RO_MUST_USE enum ro_status drafts_find(const struct drafts *drafts,
                                       const char *to,
                                       enum flow_event event,
                                       struct found_thread *ret_found);

/* Refuses what the tables do not allow now, before anything is written, and
 * says so in drafts->why. `thread` may be NULL. */
RO_MUST_USE enum ro_status drafts_may(const struct drafts *drafts,
                                      const struct story *story,
                                      const struct story_thread *thread,
                                      enum flow_event event);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What the public header shows, made from what the core knows. Everything
 * lives in the arena of the result. */
#ifndef CLIENT_CORE_VIEW_H
#define CLIENT_CORE_VIEW_H

#include "client/core/find.h"
#include "client/core/news.h"
#include "client/core/recipients.h"

/* A result being made. */
struct viewing {
    struct engine *engine;
    struct ro_arena *arena;
    struct ro_result *result;
    struct ro_why *why;
};

/* Each fills its part of the result (reachout.h); RO_NO_MEMORY besides what
 * is said there. This one: as ro_client_self. */
RO_MUST_USE enum ro_status view_self(const struct viewing *viewing);

/* As ro_client_members. */
RO_MUST_USE enum ro_status view_members(const struct viewing *viewing,
                                        const struct ro_members_query *query);

/* As ro_client_requests. */
RO_MUST_USE enum ro_status view_requests(const struct viewing *viewing,
                                         const struct ro_requests_query *query);

/* As ro_client_show. */
RO_MUST_USE enum ro_status view_show(const struct viewing *viewing,
                                     const char *request);

/* As ro_client_answers. */
RO_MUST_USE enum ro_status view_answers(const struct viewing *viewing,
                                        const char *request);

/* As ro_client_read. */
RO_MUST_USE enum ro_status view_read(const struct viewing *viewing,
                                     const struct ro_read *read);

/* What a sync had to tell, as events. */
RO_MUST_USE enum ro_status view_news(const struct viewing *viewing,
                                     const struct news_list *news);

/* As ro_client_ask, also of a dry run. */
RO_MUST_USE enum ro_status view_ask(const struct viewing *viewing,
                                    const struct ro_ask *ask);

/* Whether a result has so much in it that what others wrote is not copied into
 * it any more: nobody can make a list fail by what is in it. */
bool view_is_crowded(const struct viewing *viewing);

/* Words for a request that cannot be shown, with what to do. */
extern const char view_unreadable[];

/* Words for a message whose request is not here, with what to do. */
extern const char view_early[];

/* The state of one request, as its name. */
RO_MUST_USE enum ro_status view_state(const struct viewing *viewing,
                                      const struct ro_request_id *request);

/* A step of a story as an event. */
RO_MUST_USE enum ro_status view_event(const struct viewing *viewing,
                                      const struct story *story,
                                      const struct flow_message *flow,
                                      struct ro_event *ret_event);

/* A member's name ("somebody" if the directory has none), copied. */
const char *view_name(const struct viewing *viewing,
                      const struct ro_member_id *member);

/* Kilometres from our school (or a coordinator's home) to a URN; negative:
 * unknown. */
double view_km(const struct engine *engine, uint32_t urn);

/* Fills result->left_out with those for whom something waits in the outbox
 * until somebody has compared their numbers. RO_NO_MEMORY, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status view_held(const struct viewing *viewing);

/* Fills result->left_out: those of some members who get nothing until somebody
 * has compared their numbers, and why. */
RO_MUST_USE enum ro_status view_left_out(const struct viewing *viewing,
                                         const struct recipients *members);

/* Fills `verified` and `doubt` of a member. */
RO_MUST_USE enum ro_status view_verified(const struct viewing *viewing,
                                         const struct ro_member_view *member,
                                         struct ro_member *one);

/* The choices of an ambiguous id, as the result shows them. */
RO_MUST_USE enum ro_status view_choices(const struct viewing *viewing,
                                        const struct find_choices *choices);

/* Whom a request names, and who says it; borrowed. */
struct view_audience {
    Reachout__Audience **names;
    size_t n;
    const struct ro_member_id *speaker;
};

/* Fills result->audience and result->readers: the names, what stands behind
 * them now, and everybody who can read what `speaker` says to them. */
RO_MUST_USE enum ro_status view_audience(const struct viewing *viewing,
                                         const struct view_audience *audience);

/* What a content says to people. */
struct view_said {
    const char *text;
    const char *holder;
    const char *outcome; /* NULL: none */
    const char *topic;
    const char *urgency;
    const char *mode;
    double days;
    uint32_t within_km; /* 0: not said */
};

/* What a content says to people: text, holder, outcome, days; "" and -1 where
 * it does not say. Strings live in `arena`. */
RO_MUST_USE enum ro_status view_said(const struct viewing *viewing,
                                     const struct message *message,
                                     struct view_said *ret_said);

#endif

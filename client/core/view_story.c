/* SPDX-License-Identifier: Apache-2.0 */
/* Requests, threads, answers and messages as people see them. */
#include "client/core/view.h"

#include "client/core/saving.h"

#include <stdio.h>
#include <string.h>

/* --- where it is --------------------------------------------------------- */

/* What a step is part of: one act may be several messages. */
enum act { ACT_ALONE, ACT_ASK, ACT_CHOICE, ACT_END };

static enum act
act_of(enum flow_event event)
{
    static const enum act acts[FLOW_EVENT_COUNT] = {
        [FLOW_ASK_SCHOOLS] = ACT_ASK,   [FLOW_ASK_COORDINATORS] = ACT_ASK,
        [FLOW_INTRODUCED] = ACT_CHOICE, [FLOW_CLOSE] = ACT_END,
        [FLOW_CLOSED] = ACT_END,        [FLOW_WITHDRAW] = ACT_END,
    };
    return acts[event];
}

/* Whether a step's message says where the act is: one of ours that counted. A
 * withdrawal's own record goes no further than the broker, so once it has left
 * only what it tells others says anything. */
static bool
is_part(const struct flow_message *flow,
        const struct message *message,
        enum act act)
{
    return act_of(flow->event) == act && flow->applied == RO_OK &&
           message->place != RO_PLACE_THEIRS &&
           (flow->event != FLOW_WITHDRAW || message->place == RO_PLACE_KEPT);
}

/* The hindmost of an act's messages; `place` where none of them is ours. */
static enum ro_place
hindmost(const struct story *story, enum act act, enum ro_place place)
{
    bool found = false;
    for (size_t i = 0; i < story->n_flow; i++) {
        const struct message *message = story_message(story, &story->flow[i]);
        if (!is_part(&story->flow[i], message, act))
            continue;
        if (!found || message->place < place)
            place = message->place;
        found = true;
    }
    return place;
}

static enum ro_place
place_of_act(const struct story *story, const struct flow_message *flow)
{
    const struct message *message = story_message(story, flow);
    const enum act act = act_of(flow->event);
    if (act == ACT_ALONE || flow->applied != RO_OK ||
        message->place == RO_PLACE_THEIRS)
        return message->place;
    return hindmost(story, act, message->place);
}

/* Where the messages are that made the request's state. */
static enum ro_place
place_of_state(const struct story *story)
{
    static const enum act acts[REQUEST_STATE_COUNT] = {
        [REQUEST_NONE] = ACT_ASK,          [REQUEST_SUBMITTED] = ACT_ASK,
        [REQUEST_OPEN] = ACT_ASK,          [REQUEST_CLOSED] = ACT_END,
        [REQUEST_INTRODUCED] = ACT_CHOICE, [REQUEST_WITHDRAWN] = ACT_END,
    };
    return hindmost(story, acts[story->state], RO_PLACE_THEIRS);
}

/* --- one request --------------------------------------------------------- */

/* The name of an event for people and scripts. */
static const char *
event_type(enum flow_event event)
{
    if (event == FLOW_WITHDRAW)
        return "withdrawn";
    if (event == FLOW_CLOSE)
        return "closed";
    return flow_event_name(event);
}

static enum ro_status
view_outcome(const struct viewing *viewing,
             const struct story *story,
             const char **ret_outcome)
{
    *ret_outcome = NULL;
    for (size_t i = 0; i < story->n_flow; i++) {
        struct view_said said;
        const struct message *message = story_message(story, &story->flow[i]);
        if (story->flow[i].event != FLOW_CLOSE ||
            story->flow[i].applied != RO_OK)
            continue;
        RO_TRY(view_said(viewing, message, &said));
        *ret_outcome = said.outcome;
    }
    return RO_OK;
}

/* The charter's words for a request's codes; "" for those it does not have. */
static enum ro_status
view_codes(const struct viewing *viewing, struct ro_request *request)
{
    const struct ro_circle_conf *conf = NULL;
    const struct ro_topic *topic = NULL;
    const struct ro_urgency *urgency = NULL;
    request->topic_words = request->urgency_words = "";
    if (engine_conf(viewing->engine, NULL, &conf) != RO_OK)
        return RO_OK;
    if (ro_circle_conf_find_topic(conf, request->topic, NULL, &topic) == RO_OK)
        request->topic_words = ro_arena_text(viewing->arena, topic->words);
    if (ro_circle_conf_find_urgency(conf, request->urgency, NULL, &urgency) ==
        RO_OK)
        request->urgency_words = ro_arena_text(viewing->arena, urgency->words);
    return request->topic_words == NULL || request->urgency_words == NULL
               ? RO_NO_MEMORY
               : RO_OK;
}

/* How a school that was asked stands with it; NULL: nothing of that is here. */
static const char *
own_thread_state(const struct story *story)
{
    for (size_t i = 0; i < story->n_threads; i++) {
        if (story->side == RO_SIDE_HELPER &&
            story->threads[i].kind == STORY_HELPER_THREAD)
            return intro_state_name(story->threads[i].state);
    }
    return NULL;
}

static size_t
count_answers(const struct story *story)
{
    size_t n = 0;
    for (size_t i = 0; i < story->n_flow; i++) {
        if (story->flow[i].event == FLOW_ANSWER &&
            story->flow[i].applied == RO_OK)
            n++;
    }
    return n;
}

/* A request's public face from its story. */
static enum ro_status
view_request(const struct viewing *viewing,
             const struct story *story,
             struct ro_request *ret_request)
{
    struct view_said said = {.text = "",
                             .holder = "",
                             .topic = "",
                             .urgency = "",
                             .mode = "",
                             .days = -1};
    RO_AUTOMESSAGE ask = {0};
    enum ro_status s =
        message_get(viewing->engine->vault, &story->request.ask, &ask);
    if (s == RO_OK)
        s = view_said(viewing, &ask, &said);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    *ret_request = (struct ro_request){
        .id = story->request.id,
        .from = story->request.asker,
        .from_name = view_name(viewing, &story->request.asker),
        .topic = said.topic,
        .urgency = said.urgency,
        .state = request_state_name(story->state),
        .thread_state = own_thread_state(story),
        .side = story->side,
        .sent_at_s = ask.sent_at_s,
        .age_s = engine_now_s(viewing->engine) - ask.sent_at_s,
        .answers = count_answers(story),
        .place = place_of_state(story),
        .days = said.days,
        .mode = said.mode,
        .within_km = said.within_km,
    };
    RO_TRY(view_codes(viewing, ret_request));
    return view_outcome(viewing, story, &ret_request->outcome);
}

enum ro_status
view_state(const struct viewing *viewing, const struct ro_request_id *request)
{
    RO_AUTOSTORY story = {0};
    RO_TRY(story_load(viewing->engine, request, &story));
    viewing->result->state = request_state_name(story.state);
    viewing->result->request_id = *request;
    return RO_OK;
}

/* One of a list. What cannot be read is shown as such. */
static enum ro_status
view_row(const struct viewing *viewing,
         const struct request_row *row,
         struct ro_request *ret_request)
{
    RO_AUTOSTORY story = {0};
    const struct engine *engine = viewing->engine;
    enum ro_status s = story_load(viewing->engine, &row->id, &story);
    if (s == RO_OK)
        s = view_request(viewing, &story, ret_request);
    if (!story_is_unreadable(s))
        return s;
    *ret_request = (struct ro_request){
        .id = row->id,
        .from = row->asker,
        .from_name = view_name(viewing, &row->asker),
        .topic = "",
        .urgency = "",
        .state = "unreadable",
        .side = ro_member_id_equal(&row->asker, &engine->keyring->member_id)
                    ? RO_SIDE_ASKER
                    : RO_SIDE_HELPER,
        .sent_at_s = row->first_seen_s,
        .age_s = engine_now_s(engine) - row->first_seen_s,
        .place = RO_PLACE_THEIRS,
    };
    return RO_OK;
}

static bool
is_listed(const struct ro_requests_query *query,
          const struct ro_request *request)
{
    if (query->which == RO_REQUESTS_MINE && request->side != RO_SIDE_ASKER)
        return false;
    if (query->which == RO_REQUESTS_INCOMING && request->side == RO_SIDE_ASKER)
        return false;
    return query->state == NULL || strcmp(query->state, request->state) == 0;
}

enum ro_status
view_requests(const struct viewing *viewing,
              const struct ro_requests_query *query)
{
    RO_AUTOREQUESTS rows = {0};
    size_t n = 0;
    RO_TRY(request_row_all(viewing->engine->vault, &rows));
    struct ro_request *list =
        ro_arena_zero(viewing->arena, (rows.n + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = rows.n; i > 0; i--) {
        RO_TRY(view_row(viewing, &rows.at[i - 1], &list[n]));
        n += is_listed(query, &list[n]) ? 1 : 0;
    }
    viewing->result->requests = list;
    viewing->result->n_requests = n;
    return view_held(viewing);
}

/* --- its story ----------------------------------------------------------- */

static const char *
thread_state(const struct story *story, const struct story_thread *thread)
{
    return thread->kind == STORY_COORDINATOR_THREAD
               ? request_state_name(story->state)
               : intro_state_name(thread->state);
}

static enum ro_status
view_threads(const struct viewing *viewing, const struct story *story)
{
    struct ro_thread *list =
        ro_arena_zero(viewing->arena, (story->n_threads + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < story->n_threads; i++) {
        const struct story_thread *thread = &story->threads[i];
        list[i] = (struct ro_thread){
            .id = thread->id,
            .request = story->request.id,
            .with = thread->with,
            .with_name = view_name(viewing, &thread->with),
            .state = thread_state(story, thread),
        };
    }
    viewing->result->threads = list;
    viewing->result->n_threads = story->n_threads;
    return RO_OK;
}

enum ro_status
view_event(const struct viewing *viewing,
           const struct story *story,
           const struct flow_message *flow,
           struct ro_event *ret_event)
{
    struct view_said said;
    const struct message *message = story_message(story, flow);
    const struct ro_attachment *files;
    size_t n_files;
    RO_TRY(view_said(viewing, message, &said));
    RO_TRY(saving_attachments(viewing, message, &files, &n_files));
    const enum ro_place place = place_of_act(story, flow);
    *ret_event = (struct ro_event){
        .type = event_type(flow->event),
        .request = story->request.id,
        .thread = flow->thread,
        .from = view_name(viewing, &flow->side),
        .at_s = flow->sent_at_s,
        .text = said.text,
        .refused =
            flow->applied == RO_OK ? NULL : ro_status_text(flow->applied),
        .place = place,
        .failed = place == RO_PLACE_FAILED
                      ? message_failure_text(message->failure)
                      : NULL,
        .message = message->id,
        .attachments = files,
        .n_attachments = n_files,
    };
    return RO_OK;
}

/* To the asker, "closed" to the others is part of the end that it tells of. */
static bool
is_ended_before(const struct story *story, size_t i)
{
    for (size_t k = 0; k < i; k++) {
        enum flow_event event = story->flow[k].event;
        if (event == FLOW_CLOSE || event == FLOW_WITHDRAW ||
            event == FLOW_CLOSED)
            return true;
    }
    return false;
}

/* The bodies of one request for its audiences are one event. */
static bool
is_told_already(const struct story *story, size_t i)
{
    const struct flow_message *flow = &story->flow[i];
    if (flow->event == FLOW_CLOSED)
        return is_ended_before(story, i);
    if (flow->event != FLOW_ASK_SCHOOLS && flow->event != FLOW_ASK_COORDINATORS)
        return false;
    for (size_t k = 0; k < i; k++) {
        if (story->flow[k].event == FLOW_ASK_SCHOOLS ||
            story->flow[k].event == FLOW_ASK_COORDINATORS)
            return true;
    }
    return false;
}

static enum ro_status
view_events(const struct viewing *viewing, const struct story *story)
{
    size_t n = 0;
    struct ro_event *list =
        ro_arena_zero(viewing->arena, (story->n_flow + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < story->n_flow; i++) {
        if (!is_told_already(story, i))
            RO_TRY(view_event(viewing, story, &story->flow[i], &list[n++]));
    }
    viewing->result->events = list;
    viewing->result->n_events = n;
    return RO_OK;
}

/* The names by which an ask was addressed, and who can read it. */
static enum ro_status
view_asked(const struct viewing *viewing, const struct story *story)
{
    RO_AUTOMESSAGE ask = {0};
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(message_get(viewing->engine->vault, &story->request.ask, &ask));
    RO_TRY(story_content(&ask, arena, &content));
    const struct view_audience audience = {
        content->audience, content->n_audience, &story->request.asker};
    return view_audience(viewing, &audience);
}

enum ro_status
view_show(const struct viewing *viewing, const char *request)
{
    struct find_choices choices = {0};
    struct ro_request_id id;
    RO_AUTOSTORY story = {0};
    enum ro_status s =
        find_request(viewing->engine, request, viewing->why, &choices, &id);
    if (s == RO_AMBIGUOUS)
        RO_TRY(view_choices(viewing, &choices));
    RO_TRY(s);
    s = story_load(viewing->engine, &id, &story);
    if (story_is_unreadable(s))
        return ro_why(viewing->why, s, "%s", view_unreadable);
    RO_TRY(s);
    viewing->result->request_id = id;
    viewing->result->state = request_state_name(story.state);
    RO_TRY(view_request(viewing, &story, &viewing->result->request));
    RO_TRY(view_threads(viewing, &story));
    RO_TRY(view_events(viewing, &story));
    return view_asked(viewing, &story);
}

/* --- answers ------------------------------------------------------------- */

static enum ro_status
view_answer(const struct viewing *viewing,
            const struct story *story,
            const struct flow_message *flow,
            struct ro_answered *ret_answer)
{
    struct view_said said;
    const struct message *message = story_message(story, flow);
    const struct story_thread *thread = story_thread(story, &flow->thread);
    const struct ro_member_view *member =
        ro_directory_member(viewing->engine->directory, &flow->side);
    if (thread == NULL)
        return RO_NOT_FOUND;
    RO_TRY(view_said(viewing, message, &said));
    *ret_answer = (struct ro_answered){
        .id = flow->thread,
        .from = flow->side,
        .from_name = view_name(viewing, &flow->side),
        .holder = said.holder,
        .km = member == NULL ? -1 : view_km(viewing->engine, member->urn),
        .days = said.days,
        .text = said.text,
        .state = intro_state_name(thread->state),
    };
    return RO_OK;
}

enum ro_status
view_answers(const struct viewing *viewing, const char *request)
{
    struct find_choices choices = {0};
    struct ro_request_id id;
    RO_AUTOSTORY story = {0};
    size_t n = 0;
    enum ro_status s =
        find_request(viewing->engine, request, viewing->why, &choices, &id);
    if (s == RO_AMBIGUOUS)
        RO_TRY(view_choices(viewing, &choices));
    RO_TRY(s);
    RO_TRY(story_load(viewing->engine, &id, &story));
    struct ro_answered *list =
        ro_arena_zero(viewing->arena, (story.n_flow + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < story.n_flow; i++) {
        if (story.flow[i].event == FLOW_ANSWER &&
            story.flow[i].applied == RO_OK)
            RO_TRY(view_answer(viewing, &story, &story.flow[i], &list[n++]));
    }
    viewing->result->request_id = id;
    viewing->result->answers = list;
    viewing->result->n_answers = n;
    return RO_OK;
}

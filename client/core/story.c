/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/story.h"

#include "common/wire/codec.h"

#include <string.h>

void
story_fini(struct story *story)
{
    request_row_fini(&story->request);
    message_list_fini(&story->messages);
    free(story->flow);
    free(story->threads);
    *story = (struct story){0};
}

enum ro_status
story_content(const struct message *message,
              struct ro_arena *arena,
              Reachout__Content **ret_content)
{
    ProtobufCMessage *unpacked;
    RO_TRY(ro_unpack(&reachout__content__descriptor,
                     ro_buf_view(&message->content), arena, &unpacked));
    *ret_content = (Reachout__Content *)(void *)unpacked;
    return RO_OK;
}

bool
story_is_told(enum ro_purpose purpose)
{
    return purpose >= RO_PURPOSE_ASK && purpose <= RO_PURPOSE_CLOSED;
}

/* --- messages as events -------------------------------------------------- */

static enum ro_status
ask_event(const struct message *message, enum flow_event *ret_event)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    *ret_event = FLOW_ASK_COORDINATORS;
    for (size_t i = 0; i < content->n_audience; i++) {
        if (!content->audience[i]->has_coordinators)
            *ret_event = FLOW_ASK_SCHOOLS;
    }
    return RO_OK;
}

/* The asker's note of the state: to coordinators it says and changes nothing;
 * in the asker's own story "withdrawn" is the act of taking back. */
static enum ro_status
note_event(const struct message *message,
           enum ro_side side,
           enum flow_event *ret_event)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    bool taken_back = content->state_note != NULL &&
                      content->state_note->state != NULL &&
                      strcmp(content->state_note->state, "withdrawn") == 0;
    *ret_event =
        side == RO_SIDE_ASKER && taken_back ? FLOW_WITHDRAW : FLOW_STATE_NOTE;
    return RO_OK;
}

enum ro_status
story_event(const struct message *message,
            enum ro_side side,
            enum flow_event *ret_event)
{
    static const struct {
        enum ro_purpose purpose;
        enum flow_event event;
    } events[] = {
        {RO_PURPOSE_ANSWER,     FLOW_ANSWER    },
        {RO_PURPOSE_PASS,       FLOW_PASS      },
        {RO_PURPOSE_SAY,        FLOW_SAY       },
        {RO_PURPOSE_INTRODUCED, FLOW_INTRODUCED},
        {RO_PURPOSE_NOT_CHOSEN, FLOW_NOT_CHOSEN},
        {RO_PURPOSE_CLOSE,      FLOW_CLOSE     },
        {RO_PURPOSE_CLOSED,     FLOW_CLOSED    },
    };
    if (message->purpose == RO_PURPOSE_ASK)
        return ask_event(message, ret_event);
    if (message->purpose == RO_PURPOSE_STATE_NOTE)
        return note_event(message, side, ret_event);
    for (size_t i = 0; i < RO_LEN(events); i++) {
        if (events[i].purpose == message->purpose) {
            *ret_event = events[i].event;
            return RO_OK;
        }
    }
    return RO_ILLEGAL;
}

/* --- folding ------------------------------------------------------------- */

/* One loading under way. */
struct loading {
    struct engine *engine;
    struct story *story;
    struct ro_thread_id ours;      /* when we do not ask: our one thread */
    struct ro_arena *arena;        /* `seen` lists live here */
    const struct ro_hash **bodies; /* of its messages, in rising order */
};

static bool
is_coordinators(const struct engine *engine, const struct ro_member_id *id)
{
    const struct ro_member_view *member =
        ro_directory_member(engine->directory, id);
    return member != NULL &&
           member->kind == REACHOUT__MEMBER_KIND__COORDINATORS;
}

static enum flow_actor
actor_of(const struct loading *loading, const struct message *message)
{
    if (ro_member_id_equal(&message->side, &loading->story->request.asker))
        return FLOW_ASKER;
    return is_coordinators(loading->engine, &message->side) ? FLOW_COORDINATOR
                                                            : FLOW_HELPER;
}

static int
by_bytes(const void *a, const void *b)
{
    const struct ro_hash *const *x = a;
    const struct ro_hash *const *y = b;
    return memcmp((*x)->b, (*y)->b, RO_HASH_SIZE);
}

static enum ro_status
list_bodies(struct loading *loading)
{
    const struct messages *messages = &loading->story->messages;
    loading->bodies = ro_arena_take(
        loading->arena, (messages->n + 1) * sizeof(struct ro_hash *));
    if (loading->bodies == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < messages->n; i++)
        loading->bodies[i] = &messages->at[i].body;
    qsort(loading->bodies, messages->n, sizeof(struct ro_hash *), by_bytes);
    return RO_OK;
}

/* Adds the body that one hash names. What names none binds nobody, and what is
 * named twice does no more: neither costs anything. */
static enum ro_status
add_seen(const struct loading *loading,
         const Reachout__Seen *seen,
         struct ro_hash *list,
         size_t *n)
{
    struct ro_hash hash;
    const struct ro_hash *key = &hash;
    RO_TRY(ro_field_copy(&seen->body, hash.b, RO_HASH_SIZE));
    if (bsearch(&key, loading->bodies, loading->story->messages.n,
                sizeof(struct ro_hash *), by_bytes) == NULL)
        return RO_OK;
    for (size_t i = 0; i < *n; i++) {
        if (memcmp(list[i].b, hash.b, RO_HASH_SIZE) == 0)
            return RO_OK;
    }
    list[(*n)++] = hash;
    return RO_OK;
}

/* Copies what the writer had seen into the arena of the loading. */
static enum ro_status
copy_seen(struct loading *loading,
          const struct message *message,
          struct flow_message *flow)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    struct ro_hash list[RO_SEEN_MAX];
    size_t n = 0;
    for (size_t i = 0; i < content->n_seen && i < RO_SEEN_MAX; i++)
        RO_TRY(add_seen(loading, content->seen[i], list, &n));
    struct ro_hash *seen =
        ro_arena_take(loading->arena, (n + 1) * sizeof(*seen));
    if (seen == NULL)
        return RO_NO_MEMORY;
    memcpy(seen, list, n * sizeof(*seen));
    flow->seen = seen;
    flow->n_seen = n;
    return RO_OK;
}

static enum ro_status
make_flow(struct loading *loading,
          const struct message *message,
          struct flow_message *flow)
{
    *flow = (struct flow_message){
        .body = message->body,
        .writer = message->writer,
        .side = message->side,
        .thread = message->thread,
        .actor = actor_of(loading, message),
        .sent_at_s = message->sent_at_s,
        .index = (size_t)(message - loading->story->messages.at),
    };
    memcpy(flow->id.b, message->row.b, RO_ID_SIZE);
    if (!ro_message_id_is_zero(&message->id))
        flow->id = message->id;
    if (ro_thread_id_is_zero(&flow->thread) &&
        loading->story->side != RO_SIDE_ASKER)
        flow->thread = loading->ours;
    RO_TRY(story_event(message, loading->story->side, &flow->event));
    return copy_seen(loading, message, flow);
}

/* A request has the asker's side and one counterpart's here; a third one (who
 * knows its id from having been asked, too) has no say in it. */
static bool
has_a_say(const struct loading *loading, const struct message *message)
{
    const struct ro_member_id *self = &loading->engine->keyring->member_id;
    return loading->story->side == RO_SIDE_ASKER ||
           ro_member_id_equal(&message->side, &loading->story->request.asker) ||
           ro_member_id_equal(&message->side, self);
}

/* Whom a thread is with: the asker for others, the writer for the asker. */
static void
note_thread(struct loading *loading, const struct message *message)
{
    struct story *story = loading->story;
    const struct ro_thread_id *id = &message->thread;
    if (story->side != RO_SIDE_ASKER ||
        ro_member_id_equal(&message->side, &story->request.asker) ||
        ro_thread_id_is_zero(id) || story_thread(story, id) != NULL)
        return;
    story->threads[story->n_threads++] = (struct story_thread){
        .id = *id,
        .with = message->side,
        .kind = is_coordinators(loading->engine, &message->side)
                    ? STORY_COORDINATOR_THREAD
                    : STORY_HELPER_THREAD,
    };
}

static enum ro_status
fold(struct loading *loading, size_t n_flow)
{
    struct story *story = loading->story;
    const size_t room = n_flow + 1;
    RO_AUTOFREE struct flow_thread *folded = calloc(room, sizeof(*folded));
    if (folded == NULL)
        return RO_NO_MEMORY;
    struct flow_story flow = {.messages = story->flow,
                              .n_messages = n_flow,
                              .threads = folded,
                              .room = room};
    RO_TRY(flow_fold(&flow));
    story->state = flow.state;
    for (size_t i = 0; i < flow.n_threads; i++) {
        for (size_t k = 0; k < story->n_threads; k++) {
            if (ro_thread_id_equal(&story->threads[k].id, &folded[i].id))
                story->threads[k].state = folded[i].state;
        }
    }
    return RO_OK;
}

/* Puts the messages into the order of the fold. */
static int
by_order(const void *a, const void *b)
{
    const struct flow_message *x = a;
    const struct flow_message *y = b;
    return x->order < y->order ? -1 : x->order > y->order ? 1 : 0;
}

static enum ro_status
load_all(struct loading *loading)
{
    struct story *story = loading->story;
    struct messages *messages = &story->messages;
    size_t n_flow = 0;
    RO_TRY(list_bodies(loading));
    story->flow = calloc(messages->n + 1, sizeof(*story->flow));
    story->threads = calloc(messages->n + 1, sizeof(*story->threads));
    if (story->flow == NULL || story->threads == NULL)
        return RO_NO_MEMORY;
    if (story->side != RO_SIDE_ASKER) {
        story->threads[story->n_threads++] = (struct story_thread){
            .id = loading->ours,
            .with = story->request.asker,
            .kind = story->side == RO_SIDE_COORDINATOR
                        ? STORY_COORDINATOR_THREAD
                        : STORY_HELPER_THREAD,
        };
    }
    for (size_t i = 0; i < messages->n; i++) {
        if (!story_is_told(messages->at[i].purpose) ||
            !has_a_say(loading, &messages->at[i]))
            continue;
        note_thread(loading, &messages->at[i]);
        RO_TRY(make_flow(loading, &messages->at[i], &story->flow[n_flow++]));
    }
    RO_TRY(fold(loading, n_flow));
    qsort(story->flow, n_flow, sizeof(*story->flow), by_order);
    story->n_flow = n_flow;
    return RO_OK;
}

bool
story_is_unreadable(enum ro_status s)
{
    return s == RO_NO_MEMORY || s == RO_BAD_FRAME || s == RO_BAD_INPUT ||
           s == RO_TOO_LARGE || s == RO_ILLEGAL;
}

enum ro_status
story_load(struct engine *engine,
           const struct ro_request_id *request,
           struct story *ret_story)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(SIZE_MAX, SIZE_MAX);
    struct loading loading = {
        .engine = engine, .story = ret_story, .arena = arena};
    const struct ro_member_id *self = &engine->keyring->member_id;
    *ret_story = (struct story){0};
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(request_row_get(engine->vault, request, &ret_story->request));
    ret_story->side =
        is_coordinators(engine, self) ? RO_SIDE_COORDINATOR : RO_SIDE_HELPER;
    if (ro_member_id_equal(&ret_story->request.asker, self))
        ret_story->side = RO_SIDE_ASKER;
    ro_thread_id_of(request, &ret_story->request.asker, self, &loading.ours);
    enum ro_status s =
        message_list(engine->vault, request, &ret_story->messages);
    if (s == RO_OK)
        s = load_all(&loading);
    for (size_t i = 0; i < ret_story->n_flow; i++)
        ret_story->flow[i].seen = NULL; /* the arena ends here */
    if (s != RO_OK)
        story_fini(ret_story);
    return s;
}

const struct story_thread *
story_thread(const struct story *story, const struct ro_thread_id *id)
{
    for (size_t i = 0; i < story->n_threads; i++) {
        if (ro_thread_id_equal(&story->threads[i].id, id))
            return &story->threads[i];
    }
    return NULL;
}

const struct story_thread *
story_chosen(const struct story *story)
{
    for (size_t i = 0; i < story->n_flow; i++) {
        if (story->flow[i].event == FLOW_INTRODUCED &&
            story->flow[i].applied == RO_OK)
            return story_thread(story, &story->flow[i].thread);
    }
    return NULL;
}

const struct message *
story_message(const struct story *story, const struct flow_message *flow)
{
    return &story->messages.at[flow->index];
}

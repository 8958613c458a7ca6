/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Folding a request's messages. Each thread is folded by itself, from the
 * messages that both of its sides have: its own, and the asker's bodies to
 * groups. So the two sides of a pair come to one result, whatever else either
 * of them knows. The request is folded after its threads, from what of the
 * asker's messages did something there, and from the asker's own records.
 */
#include "client/workflow/order.h"

#include <stdlib.h>
#include <string.h>

/* What two seats of one side may write at the same time and mean differently:
 * of equal numbers only one counts. 0: never in each other's way. */
static const uint8_t in_a_thread[FLOW_EVENT_COUNT] = {
    [FLOW_ANSWER] = 1, [FLOW_INTRODUCED] = 2, [FLOW_NOT_CHOSEN] = 2,
    [FLOW_CLOSE] = 3,  [FLOW_CLOSED] = 3,     [FLOW_WITHDRAW] = 3,
};
static const uint8_t in_the_request[FLOW_EVENT_COUNT] = {
    [FLOW_CLOSE] = 1,
    [FLOW_WITHDRAW] = 1,
};

/* One run of flow_fold. */
struct fold {
    struct flow_story *story;
    struct flow_message **chosen; /* the messages of one thread, or all */
    bool *saw;                    /* scratch for order_saw */
};

static bool
is_to_a_group(const struct flow_message *message)
{
    return ro_thread_id_is_zero(&message->thread);
}

/* Two seats of one side. */
static bool
is_rival(const struct flow_message *a, const struct flow_message *b)
{
    return ro_member_id_equal(&a->side, &b->side) &&
           !ro_seat_id_equal(&a->writer, &b->writer);
}

/* Whether the message at `place` gives way to one that a rival wrote without
 * having seen it, for that has the lower id. */
static bool
gives_way(const struct fold *fold,
          const struct order *order,
          size_t place,
          const uint8_t contests[static FLOW_EVENT_COUNT])
{
    const struct flow_message *mine = order_at(order, place);
    bool looked = false;
    if (contests[mine->event] == 0)
        return false;
    for (size_t i = place + 1; i < order->n; i++) {
        const struct flow_message *other = order_at(order, i);
        if (contests[other->event] != contests[mine->event] ||
            !is_rival(mine, other) ||
            memcmp(other->id.b, mine->id.b, sizeof(mine->id.b)) >= 0)
            continue;
        if (!looked)
            order_saw(order, place, fold->saw);
        looked = true;
        if (!fold->saw[order->story[i]])
            return true;
    }
    return false;
}

/* Whether the pass at `place` crosses an answer of another seat of its side.
 * The answer counts whatever the ids, because the asker knows of no pass: one
 * that counted already and that the pass did not know of, or one to come,
 * which could only be written where the pass had not arrived. */
static bool
crosses_answer(const struct fold *fold,
               const struct order *order,
               size_t place,
               enum intro_state state)
{
    const struct flow_message *pass = order_at(order, place);
    for (size_t i = 0; i < order->n; i++) {
        const struct flow_message *other = order_at(order, i);
        if (other->event != FLOW_ANSWER || !is_rival(pass, other))
            continue;
        if (i > place && state == INTRO_HELPER_ASKED)
            return true;
        if (i > place || other->applied != RO_OK)
            continue;
        order_saw(order, i, fold->saw);
        if (!fold->saw[order->story[place]])
            return true;
    }
    return false;
}

/* --- one thread ---------------------------------------------------------- */

/* A thread with a coordinator in it has no introduction. */
static bool
is_team_thread(const struct fold *fold, const struct ro_thread_id *id)
{
    for (size_t i = 0; i < fold->story->n_messages; i++) {
        const struct flow_message *m = &fold->story->messages[i];
        if (m->actor == FLOW_COORDINATOR && ro_thread_id_equal(&m->thread, id))
            return true;
    }
    return false;
}

/* Whether a body to a group belongs to a thread too. */
static bool
is_for_thread(enum flow_event event, bool team)
{
    return event == FLOW_ASK_SCHOOLS || event == FLOW_ASK_COORDINATORS ||
           event == FLOW_CLOSED || (event == FLOW_STATE_NOTE && team);
}

/* Collects what both sides of a thread have. */
static size_t
choose_thread(const struct fold *fold, const struct ro_thread_id *id, bool team)
{
    size_t n = 0;
    for (size_t i = 0; i < fold->story->n_messages; i++) {
        struct flow_message *m = &fold->story->messages[i];
        if (ro_thread_id_equal(&m->thread, id) ||
            (is_to_a_group(m) && is_for_thread(m->event, team)))
            fold->chosen[n++] = m;
    }
    return n;
}

/* Applies the message at `place` to a thread's state. */
static enum ro_status
step_thread(const struct fold *fold,
            const struct order *order,
            size_t place,
            enum flow_event event,
            enum intro_state *state)
{
    const struct flow_message *m = order_at(order, place);
    enum intro_state next = *state;
    RO_TRY(intro_next(*state, event, m->actor, &next));
    if (next != *state && gives_way(fold, order, place, in_a_thread))
        return RO_ILLEGAL;
    if (event == FLOW_PASS && crosses_answer(fold, order, place, *state))
        return RO_ILLEGAL;
    *state = next;
    return RO_OK;
}

static enum ro_status
fold_thread(const struct fold *fold, struct flow_thread *thread)
{
    RO_CLEANUP(order_fini) struct order order = {0};
    bool team = is_team_thread(fold, &thread->id);
    size_t n = choose_thread(fold, &thread->id, team);
    RO_TRY(order_init(&order, fold->chosen, n));

    thread->state = INTRO_NONE;
    for (size_t i = 0; i < order.n; i++) {
        struct flow_message *m = order_at(&order, i);
        enum flow_event event = m->event;
        if (team && event == FLOW_ASK_SCHOOLS)
            event = FLOW_ASK_COORDINATORS;
        enum ro_status s = step_thread(fold, &order, i, event, &thread->state);
        if (!is_to_a_group(m))
            m->applied = s;
    }
    return RO_OK;
}

/* --- the request --------------------------------------------------------- */

/* What the asker writes to many, or for its own seats alone. */
static bool
is_group_event(enum flow_event event)
{
    return event == FLOW_ASK_SCHOOLS || event == FLOW_ASK_COORDINATORS ||
           event == FLOW_STATE_NOTE || event == FLOW_CLOSE ||
           event == FLOW_CLOSED || event == FLOW_WITHDRAW;
}

/* Applies the message at `place` to the request's state. What a thread has
 * refused, or what belongs to a thread alone, says nothing here. */
static void
step_request(const struct fold *fold, const struct order *order, size_t place)
{
    struct flow_message *m = order_at(order, place);
    enum request_state *state = &fold->story->state;
    enum request_state next = *state;
    bool to_group = is_to_a_group(m);

    if (!to_group && m->applied != RO_OK)
        return;
    enum ro_status s = to_group && !is_group_event(m->event)
                           ? RO_ILLEGAL
                           : request_next(*state, m->event, m->actor, &next);
    if (s == RO_OK && next != *state &&
        gives_way(fold, order, place, in_the_request))
        s = RO_ILLEGAL;
    if (to_group)
        m->applied = s;
    if (s == RO_OK)
        *state = next;
}

/* "Closed" comes last: for the asker it only repeats an own record, for the
 * others it is all there is. */
static void
fold_request(const struct fold *fold, const struct order *order)
{
    fold->story->state = REQUEST_NONE;
    for (size_t i = 0; i < order->n; i++) {
        if (order_at(order, i)->event != FLOW_CLOSED)
            step_request(fold, order, i);
    }
    for (size_t i = 0; i < order->n; i++) {
        if (order_at(order, i)->event == FLOW_CLOSED)
            step_request(fold, order, i);
    }
}

/* --- all of it ----------------------------------------------------------- */

/* Lists the threads in the order in which the story comes to them, and tells
 * every message its place. */
static enum ro_status
list_threads(struct flow_story *story, const struct order *order)
{
    story->n_threads = 0;
    for (size_t i = 0; i < order->n; i++) {
        struct flow_message *m = order_at(order, i);
        size_t t = 0;
        m->order = i;
        if (is_to_a_group(m))
            continue;
        while (t < story->n_threads &&
               !ro_thread_id_equal(&story->threads[t].id, &m->thread))
            t++;
        if (t < story->n_threads)
            continue;
        if (t == story->room)
            return RO_NO_ROOM;
        story->threads[story->n_threads++].id = m->thread;
    }
    return RO_OK;
}

enum ro_status
flow_fold(struct flow_story *story)
{
    size_t room = story->n_messages > 0 ? story->n_messages : 1;
    RO_AUTOFREE struct flow_message **chosen =
        calloc(room, sizeof(struct flow_message *));
    RO_AUTOFREE bool *saw = calloc(room, sizeof(*saw));
    RO_CLEANUP(order_fini) struct order order = {0};
    if (chosen == NULL || saw == NULL)
        return RO_NO_MEMORY;

    struct fold fold = {.story = story, .chosen = chosen, .saw = saw};
    for (size_t i = 0; i < story->n_messages; i++)
        chosen[i] = &story->messages[i];
    RO_TRY(order_init(&order, chosen, story->n_messages));
    RO_TRY(list_threads(story, &order));
    for (size_t i = 0; i < story->n_threads; i++)
        RO_TRY(fold_thread(&fold, &story->threads[i]));
    fold_request(&fold, &order);

    for (size_t i = 0; i < story->n_threads; i++) {
        if (request_state_is_end(story->state) &&
            !intro_state_is_end(story->threads[i].state))
            story->threads[i].state = INTRO_ENDED;
    }
    return RO_OK;
}

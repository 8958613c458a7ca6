/* SPDX-License-Identifier: Apache-2.0 */
#include "client/workflow/order.h"

#include <stdlib.h>
#include <string.h>

/* Which of one second's messages stands first: what opens a request before
 * what happens in it, an end before the "closed" that tells of it. */
static const uint8_t kinds[FLOW_EVENT_COUNT] = {
    [FLOW_ASK_SCHOOLS] = 0, [FLOW_ASK_COORDINATORS] = 1,
    [FLOW_ANSWER] = 2,      [FLOW_PASS] = 3,
    [FLOW_SAY] = 4,         [FLOW_INTRODUCED] = 5,
    [FLOW_NOT_CHOSEN] = 6,  [FLOW_STATE_NOTE] = 7,
    [FLOW_CLOSE] = 8,       [FLOW_WITHDRAW] = 9,
    [FLOW_CLOSED] = 10,
};

static bool
is_ask(const struct flow_message *message)
{
    return message->event == FLOW_ASK_SCHOOLS ||
           message->event == FLOW_ASK_COORDINATORS;
}

/* What has left was written before what is only kept here. */
static bool
is_kept(const struct flow_message *message)
{
    static const struct ro_hash none;
    return memcmp(message->body.b, none.b, sizeof(none.b)) == 0;
}

static int
compare_messages(const void *x, const void *y)
{
    const struct flow_message *a = ((const struct order_node *)x)->message;
    const struct flow_message *b = ((const struct order_node *)y)->message;
    if (is_ask(a) != is_ask(b))
        return is_ask(a) ? -1 : 1;
    if (a->sent_at_s != b->sent_at_s)
        return a->sent_at_s < b->sent_at_s ? -1 : 1;
    if (kinds[a->event] != kinds[b->event])
        return kinds[a->event] < kinds[b->event] ? -1 : 1;
    if (is_kept(a) != is_kept(b))
        return is_kept(b) ? -1 : 1;
    return memcmp(a->id.b, b->id.b, sizeof(a->id.b));
}

static int
compare_bodies(const void *x, const void *y, void *user)
{
    const struct order_node *nodes = user;
    const struct flow_message *a = nodes[*(const size_t *)x].message;
    const struct flow_message *b = nodes[*(const size_t *)y].message;
    return memcmp(a->body.b, b->body.b, sizeof(a->body.b));
}

/* By writer, and what one has written by time: the nodes stand by time. */
static int
compare_writers(const void *x, const void *y, void *user)
{
    const struct order_node *nodes = user;
    size_t a = *(const size_t *)x;
    size_t b = *(const size_t *)y;
    int writers = memcmp(nodes[a].message->writer.b, nodes[b].message->writer.b,
                         sizeof(nodes[a].message->writer.b));
    return writers != 0 ? writers : a < b ? -1 : a > b;
}

static bool
has_body(const struct flow_message *message)
{
    static const struct ro_hash none;
    return memcmp(message->body.b, none.b, sizeof(none.b)) != 0;
}

/* The node with this body, or ORDER_NOBODY. */
static size_t
find_body(const struct order *order, const struct ro_hash *body)
{
    size_t first = 0;
    size_t end = order->n_bodies;
    while (first < end) {
        size_t middle = first + (end - first) / 2;
        size_t node = order->by_body[middle];
        int way = memcmp(body->b, order->nodes[node].message->body.b,
                         sizeof(body->b));
        if (way == 0)
            return node;
        if (way < 0) {
            end = middle;
        } else {
            first = middle + 1;
        }
    }
    return ORDER_NOBODY;
}

/* The next cause of a node that has not been placed, or ORDER_NOBODY. Bodies
 * that are not here yet bind nobody; neither do circles, which no hash makes
 * but a test may. */
static size_t
next_cause(struct order *order, size_t node)
{
    struct order_node *n = &order->nodes[node];
    while (n->asks < n->message->n_seen) {
        size_t cause = find_body(order, &n->message->seen[n->asks++]);
        if (cause != ORDER_NOBODY && order->nodes[cause].mark == ORDER_NEW &&
            order->nodes[cause].message->event != FLOW_PASS)
            return cause;
    }
    return ORDER_NOBODY;
}

/* Puts a node that is no pass into the story, its causes first. */
static void
place(struct order *order, size_t node)
{
    size_t depth = 0;
    if (order->nodes[node].mark != ORDER_NEW)
        return;
    order->nodes[node].mark = ORDER_WAITING;
    order->stack[depth++] = node;
    while (depth > 0) {
        size_t top = order->stack[depth - 1];
        size_t cause = next_cause(order, top);
        if (cause != ORDER_NOBODY) {
            order->nodes[cause].mark = ORDER_WAITING;
            order->stack[depth++] = cause;
            continue;
        }
        order->nodes[top].mark = ORDER_PLACED;
        order->story[order->n_story++] = top;
        depth--;
    }
}

/* Whether the pass `node` stands after what is at a place of the story: one
 * of its causes, or an earlier message. */
static bool
stands_after(const struct order *order, size_t node, size_t story_place)
{
    size_t other = order->story[story_place];
    const struct flow_message *m = order->nodes[node].message;
    if (other < node)
        return true;
    for (size_t i = 0; i < m->n_seen; i++) {
        if (find_body(order, &m->seen[i]) == other)
            return true;
    }
    return false;
}

/* Puts a pass into the story that the others have made without it. */
static void
insert(struct order *order, size_t node)
{
    size_t to = order->n_story;
    while (to > 0 && !stands_after(order, node, to - 1))
        to--;
    memmove(&order->story[to + 1], &order->story[to],
            (order->n_story - to) * sizeof(*order->story));
    order->story[to] = node;
    order->n_story++;
}

static void
link_writers(struct order *order)
{
    size_t n = 0;
    for (size_t i = 0; i < order->n; i++) {
        order->nodes[i].before = ORDER_NOBODY;
        if (order->nodes[i].message->event != FLOW_PASS)
            order->stack[n++] = i;
    }
    qsort_r(order->stack, n, sizeof(*order->stack), compare_writers,
            order->nodes);
    for (size_t i = 1; i < n; i++) {
        struct order_node *node = &order->nodes[order->stack[i]];
        const struct order_node *last = &order->nodes[order->stack[i - 1]];
        if (ro_seat_id_equal(&node->message->writer, &last->message->writer))
            node->before = order->stack[i - 1];
    }
}

static void
index_bodies(struct order *order)
{
    for (size_t i = 0; i < order->n; i++) {
        if (has_body(order->nodes[i].message))
            order->by_body[order->n_bodies++] = i;
    }
    qsort_r(order->by_body, order->n_bodies, sizeof(*order->by_body),
            compare_bodies, order->nodes);
}

enum ro_status
order_init(struct order *order, struct flow_message *const *messages, size_t n)
{
    size_t room = n > 0 ? n : 1;
    *order = (struct order){.n = n};
    order->nodes = calloc(room, sizeof(*order->nodes));
    order->by_body = calloc(room, sizeof(*order->by_body));
    order->stack = calloc(room, sizeof(*order->stack));
    order->story = calloc(room, sizeof(*order->story));
    if (order->nodes == NULL || order->by_body == NULL ||
        order->stack == NULL || order->story == NULL)
        return RO_NO_MEMORY;

    for (size_t i = 0; i < n; i++)
        order->nodes[i].message = messages[i];
    qsort(order->nodes, n, sizeof(*order->nodes), compare_messages);
    link_writers(order);
    index_bodies(order);
    for (size_t i = 0; i < n; i++) {
        if (order->nodes[i].message->event != FLOW_PASS)
            place(order, i);
    }
    for (size_t i = 0; i < n; i++) {
        if (order->nodes[i].message->event == FLOW_PASS)
            insert(order, i);
    }
    return RO_OK;
}

void
order_fini(struct order *order)
{
    free(order->nodes);
    free(order->by_body);
    free(order->stack);
    free(order->story);
    *order = (struct order){0};
}

struct flow_message *
order_at(const struct order *order, size_t story_place)
{
    return order->nodes[order->story[story_place]].message;
}

/* Whether a node saw what is marked: by what it names, or by its writer's own
 * message before it. */
static bool
has_seen(const struct order *order, size_t node, const bool *saw)
{
    const struct order_node *n = &order->nodes[node];
    if (n->before != ORDER_NOBODY && saw[n->before])
        return true;
    for (size_t i = 0; i < n->message->n_seen; i++) {
        size_t cause = find_body(order, &n->message->seen[i]);
        if (cause != ORDER_NOBODY && saw[cause])
            return true;
    }
    return false;
}

void
order_saw(const struct order *order, size_t story_place, bool *ret_saw)
{
    memset(ret_saw, 0, order->n * sizeof(*ret_saw));
    ret_saw[order->story[story_place]] = true;
    for (size_t i = story_place + 1; i < order->n; i++) {
        if (has_seen(order, order->story[i], ret_saw))
            ret_saw[order->story[i]] = true;
    }
}

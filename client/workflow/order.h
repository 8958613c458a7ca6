/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages in the order of their causes. The ask stands first, since nothing
 * about it is written without it. A message stands after every message that
 * its writer named as seen; apart from that they stand by time sent, then by
 * kind (so that the parts of one act, written in the same second, keep their
 * sense), then what has left before what is only kept here, then by id. In
 * which sequence the messages are given does not matter.
 *
 * A pass is known to the helper's own side only. It is put after its causes
 * once all others have their places, and is nobody's cause, so that both sides
 * of a pair get one order for what both of them have.
 */
#ifndef CLIENT_WORKFLOW_ORDER_H
#define CLIENT_WORKFLOW_ORDER_H

#include "client/workflow/workflow.h"

#include <stddef.h>

/* One message among those that are ordered; indices are into the same array,
 * ORDER_NOBODY is none. */
#define ORDER_NOBODY SIZE_MAX
struct order_node {
    struct flow_message *message;
    size_t before; /* the same writer's message before it, by time */
    size_t asks;   /* how many of `seen` have been looked at */
    enum order_mark { ORDER_NEW, ORDER_WAITING, ORDER_PLACED } mark;
};

struct order {
    struct order_node *nodes; /* by time, kind, id */
    size_t *by_body;          /* the nodes that have a body, by body */
    size_t *stack;            /* scratch */
    size_t *story;            /* the result: nodes, causes first */
    size_t n;
    size_t n_bodies;
    size_t n_story;
};

/* Orders `n` messages, which must outlive it. RO_NO_MEMORY; the caller
 * releases it in any case. */
RO_MUST_USE enum ro_status
order_init(struct order *order, struct flow_message *const *messages, size_t n);

/* Releases its memory; accepts a zeroed one. */
void order_fini(struct order *order);

/* The message at a place of the story. */
struct flow_message *order_at(const struct order *order, size_t place);

/* Marks the nodes whose writers had seen the message at `place` of the story
 * when they wrote: they named it, or something that saw it, or wrote after
 * themselves; and that message itself. `ret_saw` has room for n. */
void order_saw(const struct order *order, size_t place, bool *ret_saw);

#endif

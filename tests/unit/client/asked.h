/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The asks of engines, for a test that stands in their way: a program linked
 * with --wrap=link_ask.
 */
#ifndef TESTS_UNIT_CLIENT_ASKED_H
#define TESTS_UNIT_CLIENT_ASKED_H

#include "client/core/link.h"

/* What link_ask was called with. */
struct asked {
    struct link *link;
    const struct link_ask *ask;
    struct ro_arena *arena;
    struct ro_why *why;
    struct link_answer *ret_answer;
};

/* What becomes of an ask: each of those programs has its own. */
enum ro_status on_ask(const struct asked *asked);

/* The real link_ask. */
enum ro_status asked_go(const struct asked *asked);

#endif

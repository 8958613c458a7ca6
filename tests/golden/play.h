/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The story of the example, told to a real broker core on a real store: the
 * asks go in one after the other, its answers are kept.
 */
#ifndef TESTS_GOLDEN_PLAY_H
#define TESTS_GOLDEN_PLAY_H

#include "golden/cast.h"

#include "frame.pb-c.h"

/* Connections: those of the open door, and two seats at the member door. */
#define PLAY_LINES (CAST_LINES + 2)

/* The connection that says the ask of that name; there must be one. */
size_t play_line(const char *ask);

/* All asks of the story, from the values of the page. */
void
make_asks(const struct book *book, const struct cast *cast, struct book *asks);

/* Plays it: of each NAME.ask the NAME.answer goes into `ret_answers`, a push
 * after it as NAME.push. */
void play(const struct cast *cast,
          const struct book *asks,
          struct book *ret_answers);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Lines that several texts for people have; each is appended to `out`. */
#ifndef CLIENT_CLI_LINES_H
#define CLIENT_CLI_LINES_H

#include "client/include/reachout.h"
#include "common/base/bytes.h"

/* The end of a line. */
void lines_feed(struct ro_buf *out);

/* A label and a text, where there is a text. */
void lines_labelled(struct ro_buf *out, const char *label, const char *text);

/* A label and a list of names on one line; nothing for none. */
void
lines_names(struct ro_buf *out, const char *label, const char **list, size_t n);

/* For whom something of a result is held, and why. */
void lines_left_out(struct ro_buf *out, const struct ro_result *result);

/* Where a message of ours is, in brackets; nothing for somebody else's.
 * `failed` may be NULL. */
void lines_place(struct ro_buf *out, enum ro_place place, const char *failed);

#endif

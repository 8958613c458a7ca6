/* SPDX-License-Identifier: Apache-2.0 */
/* Pieces of the human output: other people's words made safe, ids, times. */
#ifndef CLIENT_CLI_SHOW_H
#define CLIENT_CLI_SHOW_H

#include "client/include/reachout.h"
#include "common/base/bytes.h"

/* How many hex digits of an id people see; more are taken, fewer too. */
#define SHOW_ID_DIGITS 8

/* Appends one line of somebody's text, escaped, no line feed at its end. NULL
 * is nothing, here and below. */
void show_line(struct ro_buf *out, const char *text);

/* The same, filled up with spaces to `width` bytes, with one at least. */
void show_column(struct ro_buf *out, const char *text, size_t width);

/* Appends somebody's text of several lines, escaped and indented. */
void show_body(struct ro_buf *out, const char *text);

/* Appends a word as it is typed into a shell: as it is, or in quotes. */
void show_word(struct ro_buf *out, const char *word);

/* The beginning of an id as a word of its own. */
struct show_short {
    char hex[SHOW_ID_DIGITS + 1];
};

/* The first SHOW_ID_DIGITS hex digits of an id. */
struct show_short show_short(const uint8_t id[static 16]);

/* Appends the beginning of an id, or "-" for none. */
void show_id(struct ro_buf *out, const uint8_t id[static 16]);

/* Appends a time as "Tue 10 Nov 2026 08:52", local. */
void show_time(struct ro_buf *out, int64_t wall_s);

/* Appends an age as "20 minutes", "3 days". */
void show_age(struct ro_buf *out, int64_t age_s);

/* Appends "3 schools", "1 school": a number and its noun, whose plural is with
 * an s. */
void show_count(struct ro_buf *out, uint64_t n, const char *noun);

/* Appends a distance as "3.4 km"; false and nothing if it is not known, or not
 * on this earth. */
bool show_km(struct ro_buf *out, double km);

/* Where a message is, in words: "kept here", "at the broker", "arrived",
 * "failed"; "" for somebody else's. Static. */
const char *show_place(enum ro_place place);

/* Who reads it: whoever was chosen otherwise than who has chosen. */
enum show_whose { SHOW_OURS, SHOW_THEIRS };

/* What happened, in people's words: "asks for help" for "ask"; what is not
 * known as it is. */
const char *show_event(const char *type, enum show_whose whose);

/* A thread's state in people's words; what is not known as it is. */
const char *show_state(const char *state);

#endif

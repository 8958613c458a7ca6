/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The mistakes of one configuration file, collected: "file:line: key: reason",
 * one a line, so that a person mends them all at once.
 */
#ifndef RO_CONF_MISTAKES_H
#define RO_CONF_MISTAKES_H

#include "common/base/bytes.h"
#include "common/base/status.h"

/* How many are written out; after that one line says that there are more. */
#define RO_MISTAKES_SHOWN 50

/* Set `file`, `out` and `why`, leave the rest zero. */
struct ro_mistakes {
    const char *file;   /* the name that stands before each mistake */
    struct ro_buf *out; /* takes all of them, a line each; NULL for none */
    struct ro_why *why; /* takes the first; NULL for none */
    unsigned count;
};

/* Notes one mistake. `line` is 0 where no line is to blame, `key` is NULL
 * where no key is. Words that came from the file are made visible. */
void ro_mistake(struct ro_mistakes *mistakes,
                unsigned line,
                const char *key,
                const char *format,
                ...) RO_PRINTF(4, 5);

/* RO_OK without mistakes, RO_BAD_CONFIG with some, RO_NO_MEMORY if they could
 * not be written down. */
RO_MUST_USE enum ro_status ro_mistakes_end(const struct ro_mistakes *mistakes);

/* "did you mean": the nearest of the words that were tried. Set `word`. */
struct ro_nearest {
    const char *word;
    const char *best; /* NULL while nothing came near */
    size_t distance;
};

/* Tries one candidate, which must outlive the struct; capitals count as small
 * letters. Of equally near ones the first stays. */
void ro_nearest_try(struct ro_nearest *nearest, const char *candidate);

/* All there is, at the end of a reason: begin with the words before the list,
 * then add one word after the other. Accepts NULL. */
void ro_offer_begin(struct ro_why *why, const char *words);

/* Adds one word. Where no more fit, it ends with "...". Accepts NULL. */
void ro_offer_add(struct ro_why *why, const char *word);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What stands on the page, taken apart again with the project's own code: one
 * TAP point a claim. */
#ifndef TESTS_GOLDEN_RECHECK_H
#define TESTS_GOLDEN_RECHECK_H

#include "golden/cast.h"

/* A point, counted where all of them are (test_examples.c). The macros are
 * those of support/tap.h, for tests of several files. */
bool point(bool ok, const char *what, const char *file, int line);
#define point_ok(cond) point((cond), #cond, __FILE__, __LINE__)
#define point_say(cond, what) point((cond), (what), __FILE__, __LINE__)
#define point_is(status, expected)                                             \
    point((status) == (expected), #status " is " #expected, __FILE__, __LINE__)
#define point_need(cond)                                                       \
    do {                                                                       \
        if (!point_ok(cond))                                                   \
            book_fail("%s:%d", __FILE__, __LINE__);                            \
    } while (0)

/* Replays the log, opens everything that is signed, and reads the files. */
void recheck_directory(const struct book *page);
/* Opens everything that is sealed, and reads every content. */
void recheck_messages(const struct book *page);
/* Takes the amendment after the log, reads the door key, counts the numbers. */
void recheck_later(const struct book *page);
/* Takes the sequence numbers as they come to b's Lead. */
void recheck_sequences(const struct book *page);
/* Tells the page's asks to a broker and holds its answers against the page. */
void recheck_frames(const struct book *page, const struct cast *cast);

/* The directory of the page's first eight records; the caller frees it. */
struct ro_directory *recheck_log(const struct book *page);

#endif

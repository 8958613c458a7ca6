/* SPDX-License-Identifier: Apache-2.0 */
/*
 * TAP for C tests. A test file is a set of void functions and a main of
 *     tap_run(test_one); tap_run(test_two); return tap_done();
 * Each tap_ok()-style line is one point; a failing one says file and line and
 * the test goes on, tap_need() ends the process because the rest would be
 * meaningless.
 */
#ifndef TESTS_SUPPORT_TAP_H
#define TESTS_SUPPORT_TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static int tap_points_;
static int tap_failed_;

__attribute__((unused)) static bool
tap_point_(bool ok, const char *what, const char *file, int line)
{
    tap_points_++;
    if (!ok)
        tap_failed_++;
    printf("%sok %d - %s\n", ok ? "" : "not ", tap_points_, what);
    if (!ok)
        printf("# failed at %s:%d\n", file, line);
    fflush(stdout);
    return ok;
}

#define tap_ok(cond) tap_point_((cond), #cond, __FILE__, __LINE__)
#define tap_say(cond, what) tap_point_((cond), (what), __FILE__, __LINE__)
#define tap_is(status, expected)                                               \
    tap_point_((status) == (expected), #status " is " #expected, __FILE__,     \
               __LINE__)
#define tap_need(cond)                                                         \
    do {                                                                       \
        if (!tap_point_((cond), #cond, __FILE__, __LINE__)) {                  \
            printf("Bail out! %s:%d\n", __FILE__, __LINE__);                   \
            exit(1);                                                           \
        }                                                                      \
    } while (0)
#define tap_run(fn)                                                            \
    do {                                                                       \
        printf("# %s\n", #fn);                                                 \
        fn();                                                                  \
    } while (0)

__attribute__((unused)) static int
tap_done(void)
{
    printf("1..%d\n", tap_points_);
    return tap_failed_ == 0 ? 0 : 1;
}

#endif

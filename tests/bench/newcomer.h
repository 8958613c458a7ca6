/* SPDX-License-Identifier: Apache-2.0 */
/* A profile on disk as `reachout join` makes it, of a school that the circle
 * admits, for a real `reachout sync`. */
#ifndef TESTS_BENCH_NEWCOMER_H
#define TESTS_BENCH_NEWCOMER_H

#include "tests/bench/house.h"

struct newcomer {
    char profile[HOUSE_PATH];
    char key_file[HOUSE_PATH];
};

/* Makes it, and adds its member and seat to the circle's records. The school
 * is listed. */
void
newcomer_join(struct house *house, uint32_t urn, struct newcomer *ret_newcomer);

/* What one `reachout sync` took. */
struct newcomer_sync {
    int64_t ns;
    int64_t effort_ns; /* of the processor */
    size_t resident_bytes;
    uint64_t wire_bytes; /* over loopback, both ways, with TCP's own */
};
void newcomer_sync(const struct newcomer *newcomer,
                   const char *reachout,
                   struct newcomer_sync *ret_sync);

/* Gives this process a loopback of its own, so that nobody else's bytes are
 * counted; false when it may not (wire_bytes are 0 then). Before anything
 * listens. */
bool newcomer_own_loopback(void);

#endif

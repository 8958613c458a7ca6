/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The turn's time. The wall clock decides days and expiry, so a clock that
 * jumps ahead would throw mail away: a forward step of more than five minutes
 * against the monotonic clock is not believed until the program is started
 * again (or the clock comes back).
 */
#ifndef DAEMON_PIPELINE_TIMELINE_H
#define DAEMON_PIPELINE_TIMELINE_H

#include "common/base/clock.h"

#include <stdbool.h>

#define TIMELINE_STEP_S 300

/* Zero-initialise it. */
struct timeline {
    int64_t wall_s;  /* the furthest wall time believed, ... */
    int64_t mono_ms; /* ... and when that was */
    bool begun;
    bool ahead;     /* the wall clock runs ahead and is ignored */
    uint64_t steps; /* how often that began */
    int64_t now_s;  /* of the last reading */
    int64_t now_ms; /* monotonic */
};

/* Reads both clocks into now_s and now_ms. */
void timeline_read(struct timeline *timeline, const struct ro_clock *clock);

#endif

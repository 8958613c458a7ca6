/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/timeline.h"

void
timeline_read(struct timeline *timeline, const struct ro_clock *clock)
{
    struct timeline *t = timeline;
    int64_t wall_s = ro_clock_wall_s(clock);
    t->now_ms = ro_clock_mono_ms(clock);
    if (!t->begun) {
        t->begun = true;
        t->wall_s = wall_s;
        t->mono_ms = t->now_ms;
    }
    int64_t expected_s = t->wall_s + (t->now_ms - t->mono_ms) / 1000;
    bool ahead = wall_s > expected_s + TIMELINE_STEP_S;
    if (ahead && !t->ahead)
        t->steps++;
    t->ahead = ahead;
    t->now_s = ahead ? expected_s : wall_s;
    /* The line follows a clock that runs a little fast, never one that went
     * back: coming forward again is then no step. */
    if (!ahead && wall_s > expected_s) {
        t->wall_s = wall_s;
        t->mono_ms = t->now_ms;
    }
}

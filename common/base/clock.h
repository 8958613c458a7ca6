/* SPDX-License-Identifier: Apache-2.0 */
/* Time is a parameter: wall clock for days and expiry, monotonic for timers. */
#ifndef RO_BASE_CLOCK_H
#define RO_BASE_CLOCK_H

#include "common/base/status.h"

#include <stdint.h>

/* Seconds of a day. */
#define RO_DAY_S 86400

/* A source of time. The functions must be callable from any thread. */
struct ro_clock {
    int64_t (*wall_s)(void *user);  /* seconds since 1970-01-01 UTC */
    int64_t (*mono_ms)(void *user); /* milliseconds, never going back */
    void *user;
};

/* The machine's clocks. In builds with -Dtest_clock=true the wall clock is
 * shifted by the offset of REACHOUT_NOW (RFC 3339), fixed at the first call;
 * a value that is not RFC 3339 ends the process with a sentence, exit 2. */
struct ro_clock ro_clock_system(void);

/* A clock for tests that moves only when told. The struct must outlive it. */
struct ro_clock_virtual {
    int64_t wall_s;
    int64_t mono_ms;
};

/* A clock that reads `*v`. */
struct ro_clock ro_clock_of(struct ro_clock_virtual *v);

/* Reads the wall clock, in seconds since 1970 UTC. */
int64_t ro_clock_wall_s(const struct ro_clock *clock);

/* Reads the monotonic clock, in milliseconds. */
int64_t ro_clock_mono_ms(const struct ro_clock *clock);

/* UTC day number (days since 1970-01-01) of a wall time. */
uint32_t ro_day_of(int64_t wall_s);

/* UTC hour number (hours since then) of a wall time. */
uint32_t ro_hour_of(int64_t wall_s);

/* How long an envelope waits at the broker: at the most, and where the charter
 * does not say. */
#define RO_EXPIRY_DAYS_MAX 120
#define RO_EXPIRY_HOURS_MAX (24 * RO_EXPIRY_DAYS_MAX)
#define RO_EXPIRY_DAYS 90

/* Writes "2026-11-10T08:52:00Z" and its end to `ret_text`. */
#define RO_RFC3339_SIZE 21
void ro_time_format(int64_t wall_s, char ret_text[static RO_RFC3339_SIZE]);

/* Reads RFC 3339 with "Z" or an offset. RO_BAD_INPUT otherwise. */
RO_MUST_USE enum ro_status ro_time_parse(const char *text, int64_t *ret_wall_s);

#endif

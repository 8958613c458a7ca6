/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/auto.h"
#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "tests/support/tap.h"

#include <time.h>

static void
test_virtual(void)
{
    struct ro_clock_virtual v = {1000, 5};
    struct ro_clock clock = ro_clock_of(&v);
    tap_ok(ro_clock_wall_s(&clock) == 1000 && ro_clock_mono_ms(&clock) == 5);
    v.wall_s += 60;
    v.mono_ms += 60000;
    tap_ok(ro_clock_wall_s(&clock) == 1060);
    tap_ok(ro_clock_mono_ms(&clock) == 60005);
}

static void
test_system(void)
{
    struct ro_clock clock = ro_clock_system();
    int64_t before = ro_clock_mono_ms(&clock);
    tap_ok(ro_clock_mono_ms(&clock) >= before);
    tap_say(ro_clock_wall_s(&clock) > 1700000000, "later than 2023");
}

static void
test_days_and_hours(void)
{
    tap_ok(ro_day_of(0) == 0 && ro_hour_of(0) == 0);
    tap_ok(ro_day_of(86399) == 0 && ro_hour_of(86399) == 23);
    tap_ok(ro_day_of(86400) == 1 && ro_hour_of(86400) == 24);
    tap_ok(ro_day_of(1794300720) == 20767);
    tap_say(ro_day_of(-1) == 0 && ro_hour_of(INT64_MIN) == 0,
            "a clock before 1970 counts as 1970");
    tap_ok(ro_hour_of(INT64_MAX) == UINT32_MAX);
    tap_ok(ro_day_of(INT64_MAX) == UINT32_MAX);
}

static const struct {
    const char *text;
    int64_t wall_s;
} both_ways[] = {
    {"1970-01-01T00:00:00Z", 0           },
    {"1969-12-31T23:59:59Z", -1          },
    {"2000-02-29T12:00:00Z", 951825600   },
    {"2026-11-10T08:52:00Z", 1794300720  },
    {"2024-12-31T23:59:59Z", 1735689599  },
    {"2038-01-19T03:14:08Z", 2147483648  },
    {"2100-03-01T00:00:00Z", 4107542400  },
    {"0000-01-01T00:00:00Z", -62167219200},
    {"9999-12-31T23:59:59Z", 253402300799},
};

static void
test_both_ways(void)
{
    for (size_t i = 0; i < RO_LEN(both_ways); i++) {
        char text[RO_RFC3339_SIZE];
        int64_t wall_s = 0;
        ro_time_format(both_ways[i].wall_s, text);
        tap_say(strcmp(text, both_ways[i].text) == 0, text);
        tap_is(ro_time_parse(text, &wall_s), RO_OK);
        tap_say(wall_s == both_ways[i].wall_s, text);
    }
    char text[RO_RFC3339_SIZE];
    ro_time_format(INT64_MAX, text);
    tap_ok(strcmp(text, "9999-12-31T23:59:59Z") == 0);
    ro_time_format(INT64_MIN, text);
    tap_ok(strcmp(text, "0000-01-01T00:00:00Z") == 0);
}

/* The C library's calendar as the second opinion. */
static void
test_against_gmtime(void)
{
    struct ro_entropy_seeded seeded = {1};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    bool equal = true;
    for (int i = 0; i < 20000; i++) {
        time_t wall_s =
            (time_t)ro_entropy_below(&entropy, 315569519999) - 62167219200;
        struct tm tm;
        gmtime_r(&wall_s, &tm);
        char ours[RO_RFC3339_SIZE];
        char theirs[128];
        int64_t back = 0;
        ro_time_format(wall_s, ours);
        snprintf(theirs, sizeof(theirs), "%04d-%02d-%02dT%02d:%02d:%02dZ",
                 tm.tm_year + 1900, tm.tm_mon + 1, tm.tm_mday, tm.tm_hour,
                 tm.tm_min, tm.tm_sec);
        equal = equal && strcmp(ours, theirs) == 0 &&
                ro_time_parse(ours, &back) == RO_OK && back == wall_s;
    }
    tap_say(equal, "20,000 times agree with gmtime_r");
}

static const struct {
    const char *text;
    int64_t wall_s;
} accepted[] = {
    {"2026-11-10T08:52:00+00:00",      1794300720},
    {"2026-11-10T08:52:00-00:00",      1794300720},
    {"2026-11-10T09:52:00+01:00",      1794300720},
    {"2026-11-10T03:22:00-05:30",      1794300720},
    {"2026-11-10t08:52:00z",           1794300720},
    {"2026-11-10T08:52:00.9Z",         1794300720},
    {"2026-11-10T08:52:00.123456789Z", 1794300720},
    {"2016-12-31T23:59:60Z",           1483228800},
    {"2017-01-01T00:59:60+01:00",      1483228800},
};

static const char *const refused[] = {
    "",
    "now",
    "2026-11-10",
    "2026-11-10T08:52:00",
    "2026-11-10 08:52:00Z",
    "2026-11-10T08:52Z",
    "2026-11-10T08:52:00Zx",
    "2026-11-10T08:52:00 Z",
    " 2026-11-10T08:52:00Z",
    "2026-11-10T08:52:00.Z",
    "2026-11-10T08:52:00,5Z",
    "2026-11-10T08:52:00+0000",
    "2026-11-10T08:52:00+00",
    "2026-11-10T08:52:00+24:00",
    "2026-11-10T08:52:00+00:60",
    "2026-13-10T08:52:00Z",
    "2026-00-10T08:52:00Z",
    "2026-11-00T08:52:00Z",
    "2026-11-31T08:52:00Z",
    "2026-02-29T08:52:00Z",
    "1900-02-29T08:52:00Z",
    "2026-11-10T24:00:00Z",
    "2026-11-10T08:60:00Z",
    "2026-11-10T08:52:60Z",
    "2026-11-10T08:52:61Z",
    "2026-11-10T08:5:00Z",
    "26-11-10T08:52:00Z",
    "+2026-11-10T08:52:00Z",
    "2026-11--1T08:52:00Z",
};

static void
test_parse(void)
{
    for (size_t i = 0; i < RO_LEN(accepted); i++) {
        int64_t wall_s = 0;
        tap_is(ro_time_parse(accepted[i].text, &wall_s), RO_OK);
        tap_say(wall_s == accepted[i].wall_s, accepted[i].text);
    }
    for (size_t i = 0; i < RO_LEN(refused); i++) {
        int64_t wall_s = 77;
        bool held = ro_time_parse(refused[i], &wall_s) == RO_BAD_INPUT;
        tap_say(held && wall_s == 77, refused[i]);
    }
}

int
main(void)
{
    tap_run(test_virtual);
    tap_run(test_system);
    tap_run(test_days_and_hours);
    tap_run(test_both_ways);
    tap_run(test_against_gmtime);
    tap_run(test_parse);
    return tap_done();
}

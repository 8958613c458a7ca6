/* SPDX-License-Identifier: Apache-2.0 */
/* Times, dates and spans of circle.conf; and what "did you mean" offers. */
#include "common/conf/values.h"

#include "common/conf/mistakes.h"
#include "tests/support/tap.h"

static void
test_clock(void)
{
    uint16_t at = 9;
    tap_ok(ro_value_clock("00:00", &at) && at == 0);
    tap_ok(ro_value_clock("07:30", &at) && at == 450);
    tap_ok(ro_value_clock("23:59", &at) && at == 1439);
    static const char *const wrong[] = {
        "",      "7:30",  "24:00", "07:60",  "07.30", "07:3",
        "07:3x", "+7:30", "07:+3", "07:300", " 7:30",
    };
    for (size_t i = 0; i < RO_LEN(wrong); i++)
        tap_say(!ro_value_clock(wrong[i], &at), wrong[i]);
}

static void
test_hours(void)
{
    uint16_t from = 0;
    uint16_t to = 0;
    tap_ok(ro_value_hours("08:00-16:30", &from, &to));
    tap_ok(from == 480 && to == 990);
    static const char *const wrong[] = {
        "",
        "08:00",
        "08:00 16:30",
        "08:00-16:3",
        "08:00-16:300",
        "16:30-08:00",
        "08:00-08:00",
        "xx:00-16:30",
        "08:00-xx:30",
    };
    for (size_t i = 0; i < RO_LEN(wrong); i++)
        tap_say(!ro_value_hours(wrong[i], &from, &to), wrong[i]);
    tap_ok(from == 480 && to == 990); /* only written when it is right */
}

static void
test_date(void)
{
    int32_t day = 0;
    tap_ok(ro_value_date("2026-09-01", &day) && day == 20697);
    tap_ok(ro_value_date("2000-02-29", &day) && day == 11016);
    tap_ok(ro_value_date("2199-12-31", &day) && day == 84005);
    static const char *const wrong[] = {
        "",           "2026-02-29", "2026-13-01", "2026-00-01",  "2026-01-00",
        "2026-1-1",   "01-09-2026", "1999-01-01", "1000-01-01",  "2200-01-01",
        "2026/09/01", "2026-09-31", "20260901",   "2026-09-011",
    };
    for (size_t i = 0; i < RO_LEN(wrong); i++)
        tap_say(!ro_value_date(wrong[i], &day), wrong[i]);
    tap_ok(day == 84005);
}

static bool
is_span(const char *value, uint32_t amount, enum ro_span_unit unit)
{
    struct ro_span span = {77, RO_SPAN_MINUTES};
    return ro_value_span(value, &span) && span.amount == amount &&
           span.unit == unit;
}

static void
test_span(void)
{
    tap_ok(is_span("30 minutes", 30, RO_SPAN_MINUTES));
    tap_ok(is_span("1 minute", 1, RO_SPAN_MINUTES));
    tap_ok(is_span("1 hour", 1, RO_SPAN_HOURS));
    tap_ok(is_span("48 hours", 48, RO_SPAN_HOURS));
    tap_ok(is_span("4 working hours", 4, RO_SPAN_WORKING_HOURS));
    tap_ok(is_span("1 working hour", 1, RO_SPAN_WORKING_HOURS));
    tap_ok(is_span("7 days", 7, RO_SPAN_DAYS));
    tap_ok(is_span("1 working day", 1, RO_SPAN_WORKING_DAYS));
    tap_ok(is_span("999 working days", 999, RO_SPAN_WORKING_DAYS));
    tap_ok(is_span("same day", 0, RO_SPAN_SAME_DAY));
    tap_ok(is_span("rolling", 0, RO_SPAN_ROLLING));
    static const char *const wrong[] = {
        "",          "soon",         "30",
        "30 ",       "minutes",      "0 days",
        "1000 days", "-1 days",      "1  day",
        "1 day ",    "1 weeks",      "1.5 days",
        "1 Day",     "1 workingday", " 1 day",
        "rolling ",  "same days",    "99999999999 days",
    };
    struct ro_span span;
    for (size_t i = 0; i < RO_LEN(wrong); i++)
        tap_say(!ro_value_span(wrong[i], &span), wrong[i]);
}

static void
test_yes_no(void)
{
    bool is_yes = false;
    tap_ok(ro_value_yes_no("yes", &is_yes) && is_yes);
    tap_ok(ro_value_yes_no("no", &is_yes) && !is_yes);
    tap_ok(!ro_value_yes_no("true", &is_yes));
    tap_ok(!ro_value_yes_no("", &is_yes));
    tap_ok(!ro_value_yes_no("Yes", &is_yes));
}

static const char *
nearest(const char *word)
{
    static const char *const words[] = {"primary", "pru", "special", "TL1"};
    struct ro_nearest nearest = {.word = word};
    for (size_t i = 0; i < RO_LEN(words); i++)
        ro_nearest_try(&nearest, words[i]);
    return nearest.best != NULL ? nearest.best : "-";
}

static void
test_nearest(void)
{
    tap_ok(strcmp(nearest("primry"), "primary") == 0);
    tap_ok(strcmp(nearest("PRIMARY"), "primary") == 0);
    tap_ok(strcmp(nearest("tl1"), "TL1") == 0);
    tap_ok(strcmp(nearest("TL9"), "TL1") == 0);
    tap_ok(strcmp(nearest("speical"), "special") == 0);
    tap_ok(strcmp(nearest("nursery"), "-") == 0);
    tap_ok(strcmp(nearest(""), "-") == 0);
}

int
main(void)
{
    tap_run(test_clock);
    tap_run(test_hours);
    tap_run(test_date);
    tap_run(test_span);
    tap_run(test_yes_no);
    tap_run(test_nearest);
    return tap_done();
}

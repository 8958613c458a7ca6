/* SPDX-License-Identifier: Apache-2.0 */
/* The text form of times: the Gregorian calendar by arithmetic, because the
 * C library's calendar depends on the environment. */
#include "common/base/clock.h"

#include <stdbool.h>
#include <stdio.h>

/* 0000-01-01T00:00:00Z and 9999-12-31T23:59:59Z */
#define FIRST_S INT64_C(-62167219200)
#define LAST_S INT64_C(253402300799)

struct civil {
    int64_t year;
    int64_t month; /* 1 to 12 */
    int64_t day;   /* 1 to 31 */
};

static bool
is_leap(int64_t year)
{
    return (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
}

static int64_t
days_in(int64_t year, int64_t month)
{
    static const uint8_t days[] = {31, 28, 31, 30, 31, 30,
                                   31, 31, 30, 31, 30, 31};
    return month == 2 && is_leap(year) ? 29 : days[month - 1];
}

/* Days before the first of January of a year, counted from year 0. */
static int64_t
days_before(int64_t year)
{
    if (year == 0)
        return 0;
    int64_t y = year - 1;
    return 366 + y * 365 + y / 4 - y / 100 + y / 400;
}

/* Days from year 0 to 1970-01-01. */
#define EPOCH_DAY 719528

static int64_t
day_of_civil(const struct civil *date)
{
    int64_t day = days_before(date->year) + date->day - 1;
    for (int64_t month = 1; month < date->month; month++)
        day += days_in(date->year, month);
    return day - EPOCH_DAY;
}

static struct civil
civil_of_day(int64_t day)
{
    int64_t since_zero = day + EPOCH_DAY;
    /* never above the year sought, and at most one below it */
    int64_t year = since_zero / 366;
    while (days_before(year + 1) <= since_zero)
        year++;
    int64_t left = since_zero - days_before(year);
    int64_t month = 1;
    while (left >= days_in(year, month))
        left -= days_in(year, month++);
    return (struct civil){year, month, left + 1};
}

void
ro_time_format(int64_t wall_s, char ret_text[static RO_RFC3339_SIZE])
{
    if (wall_s < FIRST_S)
        wall_s = FIRST_S;
    if (wall_s > LAST_S)
        wall_s = LAST_S;
    int64_t since_zero = wall_s - FIRST_S;
    struct civil date = civil_of_day(since_zero / RO_DAY_S - EPOCH_DAY);
    unsigned second = (unsigned)(since_zero % RO_DAY_S);
    /* the moduli say to the compiler what the calendar guarantees */
    snprintf(ret_text, RO_RFC3339_SIZE, "%04u-%02u-%02uT%02u:%02u:%02uZ",
             (unsigned)date.year % 10000, (unsigned)date.month % 100,
             (unsigned)date.day % 100, second / 3600 % 24, second / 60 % 60,
             second % 60);
}

/* Reads exactly `digits` digits and moves on; false for anything else. */
static bool
take_number(const char **at, int digits, int64_t *ret_value)
{
    int64_t value = 0;
    for (int i = 0; i < digits; i++, (*at)++) {
        if (**at < '0' || **at > '9')
            return false;
        value = value * 10 + (**at - '0');
    }
    *ret_value = value;
    return true;
}

static bool
take_char(const char **at, char one, char other)
{
    if (**at != one && **at != other)
        return false;
    (*at)++;
    return true;
}

static bool
take_date(const char **at, int64_t *ret_day)
{
    struct civil date;
    if (!take_number(at, 4, &date.year) || !take_char(at, '-', '-') ||
        !take_number(at, 2, &date.month) || !take_char(at, '-', '-') ||
        !take_number(at, 2, &date.day))
        return false;
    if (date.month < 1 || date.month > 12 || date.day < 1 ||
        date.day > days_in(date.year, date.month))
        return false;
    *ret_day = day_of_civil(&date);
    return true;
}

/* A fraction of any length is read and dropped. */
static bool
take_fraction(const char **at)
{
    if (**at != '.')
        return true;
    (*at)++;
    int64_t digit;
    if (!take_number(at, 1, &digit))
        return false;
    while (**at >= '0' && **at <= '9')
        (*at)++;
    return true;
}

static bool
take_clock(const char **at, int64_t *ret_second, bool *ret_leap)
{
    int64_t hour, minute, second;
    if (!take_number(at, 2, &hour) || !take_char(at, ':', ':') ||
        !take_number(at, 2, &minute) || !take_char(at, ':', ':') ||
        !take_number(at, 2, &second) || !take_fraction(at))
        return false;
    if (hour > 23 || minute > 59 || second > 60)
        return false;
    *ret_second = hour * 3600 + minute * 60 + second;
    *ret_leap = second == 60;
    return true;
}

static bool
take_offset(const char **at, int64_t *ret_offset_s)
{
    if (take_char(at, 'Z', 'z')) {
        *ret_offset_s = 0;
        return true;
    }
    int64_t sign = **at == '-' ? -1 : 1;
    int64_t hour, minute;
    if (!take_char(at, '+', '-') || !take_number(at, 2, &hour) ||
        !take_char(at, ':', ':') || !take_number(at, 2, &minute))
        return false;
    if (hour > 23 || minute > 59)
        return false;
    *ret_offset_s = sign * (hour * 3600 + minute * 60);
    return true;
}

enum ro_status
ro_time_parse(const char *text, int64_t *ret_wall_s)
{
    int64_t day, second, offset_s;
    bool leap;
    if (!take_date(&text, &day) || !take_char(&text, 'T', 't') ||
        !take_clock(&text, &second, &leap) || !take_offset(&text, &offset_s) ||
        *text != '\0')
        return RO_BAD_INPUT;
    int64_t wall_s = day * RO_DAY_S + second - offset_s;
    /* leap seconds stand at the end of a UTC day only; we count them as the
     * first second of the next */
    if (leap && wall_s % RO_DAY_S != 0)
        return RO_BAD_INPUT;
    *ret_wall_s = wall_s;
    return RO_OK;
}

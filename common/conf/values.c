/* SPDX-License-Identifier: Apache-2.0 */
#include "common/conf/values.h"

#include <stdio.h>
#include <string.h>

#include "common/base/clock.h"
#include "common/conf/reader.h"

/* The first two of a text that has so many: digits, not above `max`. */
static bool
two_digits(const char *text, uint32_t max, uint32_t *ret_number)
{
    char digits[3] = {text[0], text[1], '\0'};
    return ro_conf_number(digits, 0, max, ret_number);
}

/* "HH:MM" at the beginning of a text of five characters or more. */
static bool
clock_at(const char *text, uint16_t *ret_min)
{
    uint32_t hour = 0;
    uint32_t minute = 0;
    if (!two_digits(text, 23, &hour) || text[2] != ':' ||
        !two_digits(text + 3, 59, &minute))
        return false;
    *ret_min = (uint16_t)(hour * 60 + minute);
    return true;
}

bool
ro_value_clock(const char *value, uint16_t *ret_min)
{
    return strlen(value) == 5 && clock_at(value, ret_min);
}

bool
ro_value_hours(const char *value, uint16_t *ret_from_min, uint16_t *ret_to_min)
{
    uint16_t from = 0;
    uint16_t to = 0;
    if (strlen(value) != 11 || value[5] != '-' || !clock_at(value, &from) ||
        !clock_at(value + 6, &to) || from >= to)
        return false;
    *ret_from_min = from;
    *ret_to_min = to;
    return true;
}

bool
ro_value_date(const char *value, int32_t *ret_day)
{
    char moment[sizeof("2026-09-01T00:00:00Z")];
    int64_t wall_s = 0;
    if (strlen(value) != 10 || value[0] != '2' || value[1] > '1')
        return false;
    (void)snprintf(moment, sizeof(moment), "%sT00:00:00Z", value);
    if (ro_time_parse(moment, &wall_s) != RO_OK)
        return false;
    *ret_day = (int32_t)(wall_s / RO_DAY_S);
    return true;
}

bool
ro_value_span(const char *value, struct ro_span *ret_span)
{
    static const struct {
        const char *one;
        const char *many;
        enum ro_span_unit unit;
    } units[] = {
        {"minute",       "minutes",       RO_SPAN_MINUTES      },
        {"hour",         "hours",         RO_SPAN_HOURS        },
        {"working hour", "working hours", RO_SPAN_WORKING_HOURS},
        {"day",          "days",          RO_SPAN_DAYS         },
        {"working day",  "working days",  RO_SPAN_WORKING_DAYS },
    };
    if (strcmp(value, "rolling") == 0) {
        *ret_span = (struct ro_span){0, RO_SPAN_ROLLING};
        return true;
    }
    if (strcmp(value, "same day") == 0) {
        *ret_span = (struct ro_span){0, RO_SPAN_SAME_DAY};
        return true;
    }
    char digits[4] = {0};
    uint32_t amount = 0;
    size_t length = strcspn(value, " ");
    if (length >= sizeof(digits) || value[length] != ' ')
        return false;
    memcpy(digits, value, length);
    if (!ro_conf_number(digits, 1, 999, &amount))
        return false;
    const char *unit = value + length + 1;
    for (size_t i = 0; i < RO_LEN(units); i++) {
        if (strcmp(unit, units[i].one) != 0 && strcmp(unit, units[i].many) != 0)
            continue;
        *ret_span = (struct ro_span){amount, units[i].unit};
        return true;
    }
    return false;
}

bool
ro_value_yes_no(const char *value, bool *ret_is_yes)
{
    *ret_is_yes = strcmp(value, "yes") == 0;
    return *ret_is_yes || strcmp(value, "no") == 0;
}

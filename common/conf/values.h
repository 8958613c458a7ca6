/* SPDX-License-Identifier: Apache-2.0 */
/* The kinds of values in circle.conf. Inside of common/conf only. */
#ifndef RO_CONF_VALUES_H
#define RO_CONF_VALUES_H

#include "common/conf/circle.h"

#include <stdbool.h>
#include <stdint.h>

/* "HH:MM" as minutes after midnight; "24:00" is none. */
bool ro_value_clock(const char *value, uint16_t *ret_min);

/* "HH:MM-HH:MM", the first before the second. */
bool
ro_value_hours(const char *value, uint16_t *ret_from_min, uint16_t *ret_to_min);

/* "2026-09-01" as days since 1970-01-01; from 2000 to 2199. */
bool ro_value_date(const char *value, int32_t *ret_day);

/* "30 minutes", "1 hour", "4 working hours", "7 days", "1 working day", "same
 * day", "rolling"; amounts from 1 to 999. */
bool ro_value_span(const char *value, struct ro_span *ret_span);

/* "yes" or "no". */
bool ro_value_yes_no(const char *value, bool *ret_is_yes);

#endif

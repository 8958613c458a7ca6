/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The program's log on stderr: one line an event, sd-daemon priority prefixes
 * (<3> to <7>) when stderr is no terminal, key=value after the event's name.
 * Libraries and stages do not log; programs do. Never content, never an
 * address, never a school.
 */
#ifndef RO_BASE_LOG_H
#define RO_BASE_LOG_H

#include "common/base/auto.h"

#include <stdbool.h>
#include <stdint.h>

enum ro_log_level { RO_LOG_ERROR, RO_LOG_WARNING, RO_LOG_NOTICE, RO_LOG_TRACE };

/* Trace areas, switched one by one; a mask of 1 << area. */
enum ro_log_area {
    RO_AREA_NET,
    RO_AREA_DECODE,
    RO_AREA_POLICY,
    RO_AREA_STORE,
    RO_AREA_ROUTE,
    RO_AREA_DELIVER,
    RO_AREA_SESSION,
    RO_AREA_COUNT
};

/* The area's name ("net", ...), for configuration and the trace line. */
const char *ro_log_area_name(enum ro_log_area area);

/* Which areas are traced; 0 (the default) is none. */
void ro_log_trace_set(uint32_t areas);

/* Whether an area is traced, so that a caller can skip the work. */
bool ro_log_traces(enum ro_log_area area);

/* Writes one event. `format` is "event key=%s key=%d ...". */
void ro_log(enum ro_log_level level, const char *format, ...) RO_PRINTF(2, 3);

/* Writes one trace line if its area is on. */
void ro_trace(enum ro_log_area area, const char *format, ...) RO_PRINTF(2, 3);

#endif

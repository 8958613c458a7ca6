/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/log.h"

#include <assert.h>
#include <errno.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <unistd.h>

#define LINE_SIZE 1024

static const char *const area_names[] = {
    [RO_AREA_NET] = "net",         [RO_AREA_DECODE] = "decode",
    [RO_AREA_POLICY] = "policy",   [RO_AREA_STORE] = "store",
    [RO_AREA_ROUTE] = "route",     [RO_AREA_DELIVER] = "deliver",
    [RO_AREA_SESSION] = "session",
};
static_assert(RO_LEN(area_names) == RO_AREA_COUNT, "one name an area");

/* sd-daemon(3): error, warning, notice, debug */
static const char *const prefixes[] = {
    [RO_LOG_ERROR] = "<3>",
    [RO_LOG_WARNING] = "<4>",
    [RO_LOG_NOTICE] = "<5>",
    [RO_LOG_TRACE] = "<7>",
};

/* The one switch of the process that every thread reads. */
static atomic_uint_least32_t traced_areas;

const char *
ro_log_area_name(enum ro_log_area area)
{
    return area_names[area];
}

void
ro_log_trace_set(uint32_t areas)
{
    atomic_store(&traced_areas, areas);
}

bool
ro_log_traces(enum ro_log_area area)
{
    return (atomic_load(&traced_areas) >> area & 1) != 0;
}

/* Keeps an event on its line, whatever its values held. */
static void
flatten(char *text)
{
    for (; *text != '\0'; text++) {
        if ((unsigned char)*text < 0x20 || *text == 0x7f)
            *text = '?';
    }
}

/* One write a line, so that lines of two threads do not mix. */
RO_PRINTF(3, 0)
static void
write_line(enum ro_log_level level,
           const char *area,
           const char *format,
           va_list args)
{
    int kept = errno;
    char event[LINE_SIZE];
    if (vsnprintf(event, sizeof(event), format, args) < 0)
        return;
    flatten(event);
    char line[LINE_SIZE + 32];
    const char *prefix = isatty(STDERR_FILENO) ? "" : prefixes[level];
    int n = snprintf(line, sizeof(line), "%s%s%s%s\n", prefix, area,
                     area[0] == '\0' ? "" : ": ", event);
    if (n > 0 && write(STDERR_FILENO, line, (size_t)n) < 0)
        errno = 0; /* there is nowhere to say that the log is gone */
    errno = kept;
}

void
ro_log(enum ro_log_level level, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    write_line(level, "", format, args);
    va_end(args);
}

void
ro_trace(enum ro_log_area area, const char *format, ...)
{
    if (!ro_log_traces(area))
        return;
    va_list args;
    va_start(args, format);
    write_line(RO_LOG_TRACE, ro_log_area_name(area), format, args);
    va_end(args);
}

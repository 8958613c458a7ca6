/* SPDX-License-Identifier: Apache-2.0 */
#include <errno.h>
#include <unistd.h>

#include "common/base/log.h"
#include "tests/support/tap.h"

/* What was written to stderr since the last call; stderr is a pipe. */
static int log_end;

static const char *
logged(void)
{
    static char text[8192];
    ssize_t n = read(log_end, text, sizeof(text) - 1);
    text[n > 0 ? n : 0] = '\0';
    return text;
}

static void
test_lines(void)
{
    ro_log(RO_LOG_ERROR, "store_broken file=%s", "x");
    tap_ok(strcmp(logged(), "<3>store_broken file=x\n") == 0);
    ro_log(RO_LOG_WARNING, "clock_step seconds=%d", 7);
    tap_ok(strcmp(logged(), "<4>clock_step seconds=7\n") == 0);
    ro_log(RO_LOG_NOTICE, "started");
    tap_ok(strcmp(logged(), "<5>started\n") == 0);
}

static void
test_one_event_is_one_line(void)
{
    ro_log(RO_LOG_NOTICE, "event name=%s", "a\n<0>forged\x1b[2J\x7f");
    tap_ok(strcmp(logged(), "<5>event name=a?<0>forged?[2J?\n") == 0);
    char large[5000];
    memset(large, 'x', sizeof(large) - 1);
    large[sizeof(large) - 1] = '\0';
    ro_log(RO_LOG_NOTICE, "event name=%s", large);
    const char *line = logged();
    tap_say(strlen(line) < 1100 && line[strlen(line) - 1] == '\n',
            "a long event is cut and still ends its line");
}

static void
test_areas(void)
{
    ro_trace(RO_AREA_NET, "seen");
    tap_ok(!ro_log_traces(RO_AREA_NET));
    ro_log_trace_set(1u << RO_AREA_STORE | 1u << RO_AREA_SESSION);
    tap_ok(ro_log_traces(RO_AREA_STORE) && ro_log_traces(RO_AREA_SESSION));
    tap_ok(!ro_log_traces(RO_AREA_NET));
    ro_trace(RO_AREA_NET, "seen");
    ro_trace(RO_AREA_STORE, "commit rows=%d", 3);
    tap_say(strcmp(logged(), "<7>store: commit rows=3\n") == 0,
            "only the area that is on is heard");
    ro_log_trace_set(0);
    tap_ok(!ro_log_traces(RO_AREA_STORE));
    tap_ok(strcmp(ro_log_area_name(RO_AREA_DELIVER), "deliver") == 0);
}

static void
test_errno_stays(void)
{
    errno = ENOSPC;
    ro_log(RO_LOG_ERROR, "disk");
    tap_ok(errno == ENOSPC);
    logged();
}

int
main(void)
{
    int ends[2];
    tap_need(pipe(ends) == 0 && dup2(ends[1], STDERR_FILENO) >= 0);
    log_end = ends[0];
    tap_run(test_lines);
    tap_run(test_one_event_is_one_line);
    tap_run(test_areas);
    tap_run(test_errno_stays);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Built twice, with and without RO_TEST_CLOCK. The offset is fixed at the
 * first call of a process, so each question is asked in a child. */
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "common/base/clock.h"
#include "tests/support/tap.h"

#ifdef RO_TEST_CLOCK
#define SHIFTS true
#else
#define SHIFTS false
#endif

enum answer { NOW = 10, SHIFTED = 11, ELSEWHERE = 12 };

static bool
is_close(int64_t wall_s, int64_t to)
{
    return wall_s >= to && wall_s < to + 60;
}

static void
child_reads_clock(void)
{
    struct ro_clock clock = ro_clock_system();
    int64_t wall_s = ro_clock_wall_s(&clock);
    if (is_close(wall_s, 946728000))
        _exit(SHIFTED);
    _exit(is_close(wall_s, time(NULL) - 1) ? NOW : ELSEWHERE);
}

/* The first call fixes the offset; what the variable says later is nothing. */
static void
child_reads_twice(void)
{
    ro_clock_system();
    setenv("REACHOUT_NOW", "2010-01-01T00:00:00Z", 1);
    child_reads_clock();
}

static int
exit_of(void (*child)(void), const char *value)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        fclose(stderr);
        if (value == NULL) {
            unsetenv("REACHOUT_NOW");
        } else {
            setenv("REACHOUT_NOW", value, 1);
        }
        child();
    }
    int status = 0;
    if (waitpid(pid, &status, 0) != pid || !WIFEXITED(status))
        return -1;
    return WEXITSTATUS(status);
}

static void
test_shift(void)
{
    const char *then = "2000-01-01T12:00:00Z";
    tap_ok(exit_of(child_reads_clock, NULL) == NOW);
    tap_ok(exit_of(child_reads_clock, then) == (SHIFTS ? SHIFTED : NOW));
    tap_ok(exit_of(child_reads_twice, then) == (SHIFTS ? SHIFTED : NOW));
}

static void
test_nonsense_ends_the_process(void)
{
    tap_ok(exit_of(child_reads_clock, "yesterday") == (SHIFTS ? 2 : NOW));
    tap_ok(exit_of(child_reads_clock, "") == (SHIFTS ? 2 : NOW));
}

int
main(void)
{
    tap_run(test_shift);
    tap_run(test_nonsense_ends_the_process);
    return tap_done();
}

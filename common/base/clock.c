/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/clock.h"

#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#ifdef RO_TEST_CLOCK
#include <pthread.h>
#endif

static int64_t
system_wall_s(void)
{
    struct timespec now;
    if (clock_gettime(CLOCK_REALTIME, &now) != 0)
        abort();
    return now.tv_sec;
}

static int64_t
system_mono_ms(void *user)
{
    (void)user;
    struct timespec now;
    /* counts on while the machine sleeps, as deadlines do */
    if (clock_gettime(CLOCK_BOOTTIME, &now) != 0)
        abort();
    return (int64_t)now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

#ifdef RO_TEST_CLOCK

/* Written once, under `offset_once`; constant from then on. */
static int64_t offset_s;
static pthread_once_t offset_once = PTHREAD_ONCE_INIT;

static void
read_offset(void)
{
    const char *text = getenv("REACHOUT_NOW");
    if (text == NULL)
        return;
    int64_t wanted = 0;
    if (ro_time_parse(text, &wanted) != RO_OK) {
        fprintf(stderr, "REACHOUT_NOW must be a time such as "
                        "2026-11-10T08:52:00Z\n");
        exit(2);
    }
    offset_s = wanted - system_wall_s();
}

static int64_t
wall_s(void *user)
{
    (void)user;
    return system_wall_s() + offset_s;
}

struct ro_clock
ro_clock_system(void)
{
    pthread_once(&offset_once, read_offset);
    return (struct ro_clock){wall_s, system_mono_ms, NULL};
}

#else

static int64_t
wall_s(void *user)
{
    (void)user;
    return system_wall_s();
}

struct ro_clock
ro_clock_system(void)
{
    return (struct ro_clock){wall_s, system_mono_ms, NULL};
}

#endif

static int64_t
virtual_wall_s(void *user)
{
    const struct ro_clock_virtual *v = user;
    return v->wall_s;
}

static int64_t
virtual_mono_ms(void *user)
{
    const struct ro_clock_virtual *v = user;
    return v->mono_ms;
}

struct ro_clock
ro_clock_of(struct ro_clock_virtual *v)
{
    return (struct ro_clock){virtual_wall_s, virtual_mono_ms, v};
}

int64_t
ro_clock_wall_s(const struct ro_clock *clock)
{
    return clock->wall_s(clock->user);
}

int64_t
ro_clock_mono_ms(const struct ro_clock *clock)
{
    return clock->mono_ms(clock->user);
}

/* How many whole units have passed; a clock before 1970 counts as 1970. */
static uint32_t
units_of(int64_t wall, int64_t unit_s)
{
    if (wall < 0)
        return 0;
    int64_t units = wall / unit_s;
    return units > UINT32_MAX ? UINT32_MAX : (uint32_t)units;
}

uint32_t
ro_day_of(int64_t wall)
{
    return units_of(wall, RO_DAY_S);
}

uint32_t
ro_hour_of(int64_t wall)
{
    return units_of(wall, 3600);
}

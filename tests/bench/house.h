/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real broker as a child process, in a temporary folder, with a circle of
 * schools in its directory. It listens on loopback, is ended by its id, and
 * dies with the benchmark.
 */
#ifndef TESTS_BENCH_HOUSE_H
#define TESTS_BENCH_HOUSE_H

#include <sys/types.h>

#include "tests/bench/report.h"
#include "tests/support/circle.h"
#include "unit/store/folder.h"

#define HOUSE_PATH 512
#define HOUSE_ENDPOINT 64

/* A line of reachoutd.conf that is not the usual. */
struct house_limit {
    const char *key;
    uint64_t value;
};

struct house_plan {
    const char *reachoutd;            /* the program */
    size_t n_schools;                 /* members with one seat each */
    const struct house_limit *limits; /* up to the one without a key */
};

struct house {
    struct house_plan plan;
    struct folder folder;
    struct test_circle *circle;
    char home[HOUSE_PATH]; /* the broker's own folder */
    char conf[HOUSE_PATH];
    char log[HOUSE_PATH];
    char member[HOUSE_ENDPOINT];
    char open[HOUSE_ENDPOINT];
    size_t n_appended; /* records of the circle that the broker has */
    pid_t pid;         /* 0: it is not running */
};

/* Makes the broker with `reachoutd init`, writes its reachoutd.conf, starts it
 * and appends the circle's records. */
void house_open(const struct house_plan *plan, struct house *ret_house);

/* Ends it and removes its folder. */
void house_close(struct house *house);

/* Starts the broker: how long from exec to its "ready". */
int64_t house_start(struct house *house);

/* Sends it a signal, and waits until it is gone. */
void house_end(struct house *house, int signal);

/* Appends what records of the circle the broker lacks. */
void house_append(struct house *house);

/* The seat of school `i`, counted from 0. */
struct test_seat *house_seat(const struct house *house, size_t i);

/* What it uses: resident memory, and processor time of all its threads and of
 * the thread that runs the turn. */
size_t house_resident_bytes(const struct house *house);
struct house_effort {
    int64_t all_ns;
    int64_t turn_ns;
};
struct house_effort house_effort(const struct house *house);

/* Adds the plan's limits to a line. */
void house_report_limits(const struct house *house, json_t *line);

#endif

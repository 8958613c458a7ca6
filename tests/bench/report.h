/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a benchmark tells: one JSON line a measurement on stdout, with the
 * machine in it, and percentiles of samples. Whatever goes wrong ends the
 * program: a benchmark has no errors to handle.
 */
#ifndef TESTS_BENCH_REPORT_H
#define TESTS_BENCH_REPORT_H

#include <stddef.h>
#include <stdint.h>

#include <jansson.h>

/* Says why, and ends the program with 1. */
__attribute__((noreturn, format(printf, 1, 2))) void die(const char *format,
                                                         ...);

/* `p`, or the end for want of memory. */
void *must_have(void *p);

/* The monotonic clock. */
int64_t now_ns(void);

/* A new line: the benchmark's name, and the machine (processors, their model
 * and load, the file system of `folder`, and how long the fdatasync of a page
 * takes there now, which no commit can be faster than). */
json_t *report_new(const char *bench, const char *folder);

/* Adds a figure; times are given in nanoseconds and shown in the unit that
 * ends the name. */
void report_whole(json_t *line, const char *name, uint64_t value);
void report_real(json_t *line, const char *name, double value);
void report_us(json_t *line, const char *name, int64_t ns);
void report_ms(json_t *line, const char *name, int64_t ns);

/* Prints and releases it. */
void report_print(json_t *line);

/* Samples in the order in which they came. Zero-initialise. */
struct samples {
    int64_t *ns;
    size_t n;
    size_t room;
};
void samples_add(struct samples *samples, int64_t ns);
void samples_fini(struct samples *samples);

/* Sorts them, once before the percentiles are asked for. */
void samples_sort(struct samples *samples);

/* The smallest sample that is not below `percent` of them (100: the largest).
 * They are sorted, and there are some. */
int64_t samples_at(const struct samples *samples, double percent);

#endif

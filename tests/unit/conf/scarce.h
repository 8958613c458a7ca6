/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out when a test says so. Link with scarce_wraps of this
 * folder's meson.build; libraries of the system keep their memory.
 *
 *     for (long n = 0; scarce_begin(n); n++)
 *         ... must fail in good order, and leak nothing ...
 *
 * The walk ends when the work got by without the allocation that would fail.
 */
#ifndef TESTS_UNIT_CONF_SCARCE_H
#define TESTS_UNIT_CONF_SCARCE_H

#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static long scarce_left = -1; /* allocations until one fails; -1: none does */
static bool scarce_has_failed = true;

/* The next work may have n allocations, then one fails. False when the work
 * before did not come to the one that would have failed. */
static bool
scarce_begin(long n)
{
    bool goes_on = scarce_has_failed;
    scarce_has_failed = !goes_on; /* ready for the next walk */
    scarce_left = goes_on ? n : -1;
    return goes_on;
}

/* The work is over; what follows has all memory. */
static bool
scarce_end(void)
{
    scarce_left = -1;
    return scarce_has_failed;
}

static bool
scarce_fails(void)
{
    if (scarce_left < 0 || scarce_left-- > 0)
        return false;
    scarce_has_failed = true;
    return true;
}

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
int __wrap_asprintf(char **text, const char *format, ...)
    __attribute__((format(printf, 2, 3)));

void *
__wrap_malloc(size_t size)
{
    return scarce_fails() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
    return scarce_fails() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *old, size_t size)
{
    return scarce_fails() ? NULL : __real_realloc(old, size);
}

void *
__wrap_reallocarray(void *old, size_t count, size_t size)
{
    return scarce_fails() ? NULL : __real_reallocarray(old, count, size);
}

char *
__wrap_strdup(const char *text)
{
    return scarce_fails() ? NULL : __real_strdup(text);
}

int
__wrap_asprintf(char **text, const char *format, ...)
{
    va_list ap;
    if (scarce_fails())
        return -1;
    va_start(ap, format);
    int size = vasprintf(text, format, ap);
    va_end(ap);
    return size;
}

#endif

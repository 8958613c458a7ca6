/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/scarce.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Of the thread that asked for it: others keep their memory. */
static _Thread_local long left = -1; /* allocations until one fails; -1: none */
static _Thread_local long fails;     /* how many fail then */
static _Thread_local bool has_failed = true;
static _Thread_local bool is_paused;

void
scarce_set(long n, long many)
{
    left = n;
    fails = many;
    has_failed = false;
}

bool
scarce_begin(long n)
{
    bool goes_on = has_failed;
    has_failed = !goes_on; /* ready for the next walk */
    left = goes_on ? n : -1;
    fails = 1;
    return goes_on;
}

bool
scarce_end(void)
{
    left = -1;
    return has_failed;
}

void
scarce_pause(void)
{
    is_paused = true;
}

void
scarce_resume(void)
{
    is_paused = false;
}

bool
scarce_fails(void)
{
    if (left < 0 || is_paused)
        return false;
    if (left > 0) {
        left--;
        return false;
    }
    has_failed = true;
    if (fails > 0 && --fails == 0)
        left = -1;
    return true;
}

long
scarce_step(long quick)
{
    const char *said = getenv("RO_OOM");
    const char *prove = getenv("RO_PROVE");
    if (said != NULL && strcmp(said, "all") != 0)
        return strtol(said, NULL, 10) > 0 ? strtol(said, NULL, 10) : quick;
    if (said != NULL || (prove != NULL && strcmp(prove, "1") == 0))
        return 1;
    return quick;
}

/* --- what the linker puts in place of the real ones ----------------------- */

void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__real_reallocarray(void *old, size_t count, size_t size);
char *__real_strdup(const char *text);
char *__real_strndup(const char *text, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);
void *__wrap_reallocarray(void *old, size_t count, size_t size);
char *__wrap_strdup(const char *text);
char *__wrap_strndup(const char *text, size_t size);
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

char *
__wrap_strndup(const char *text, size_t size)
{
    return scarce_fails() ? NULL : __real_strndup(text, size);
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

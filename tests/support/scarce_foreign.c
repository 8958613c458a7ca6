/* SPDX-License-Identifier: Apache-2.0 */
/* SQLite's memory, through its own parameter for it, and libsodium's. */
#include "tests/support/scarce.h"

#include <sqlite3.h>
#include <stdlib.h>

static sqlite3_mem_methods usual;

void *__real_sodium_malloc(size_t size);
void *__wrap_sodium_malloc(size_t size);

void *
__wrap_sodium_malloc(size_t size)
{
    return scarce_fails() ? NULL : __real_sodium_malloc(size);
}

static void *
take(int size)
{
    return scarce_fails() ? NULL : usual.xMalloc(size);
}

static void *
resize(void *old, int size)
{
    return scarce_fails() ? NULL : usual.xRealloc(old, size);
}

void
scarce_sqlite(void)
{
    sqlite3_mem_methods methods;
    if (sqlite3_config(SQLITE_CONFIG_GETMALLOC, &usual) != SQLITE_OK)
        abort();
    methods = usual;
    methods.xMalloc = take;
    methods.xRealloc = resize;
    if (sqlite3_config(SQLITE_CONFIG_MALLOC, &methods) != SQLITE_OK ||
        sqlite3_initialize() != SQLITE_OK)
        abort();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The name of somebody else's file, made harmless: short, no folder, nothing
 * hidden, and once harmless it stays as it is.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "client/core/filename.h"
#include "common/base/text.h"

static void
must(bool holds)
{
    if (!holds)
        abort();
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    char clean[FILENAME_ROOM];
    char again[FILENAME_ROOM];
    char *name = strndup((const char *)data, size);
    must(name != NULL);
    filename_clean(name, clean);
    free(name);
    size_t length = strlen(clean);
    must(length > 0 && length <= RO_NAME_LIMIT);
    must(strpbrk(clean, "/\\:*?\"<>|") == NULL);
    must(clean[0] != '.' && clean[0] != '-');
    must(clean[length - 1] != '.' && clean[length - 1] != ' ');
    must(ro_text_check(ro_bytes_text(clean), RO_TEXT_LINE, RO_NAME_LIMIT,
                       NULL) == RO_OK);
    filename_clean(clean, again);
    must(strcmp(clean, again) == 0);
    return 0;
}

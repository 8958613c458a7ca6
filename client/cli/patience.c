/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/patience.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* From when on a terminal is told that we wait. */
#define LONG_MS 2000

bool
patience_has_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDERR_FILENO) && term != NULL && strcmp(term, "dumb") != 0;
}

void
patience_tick(struct patience *patience, int64_t now_ms)
{
    int64_t waited_ms = now_ms - patience->start_ms;
    if (waited_ms < LONG_MS)
        return;
    fprintf(stderr, "\rwaiting for the broker: %lld s ",
            (long long)(waited_ms / 1000));
    fflush(stderr);
    patience->told = PATIENCE_TOLD;
}

void
patience_end(const struct patience *patience)
{
    if (patience->told == PATIENCE_UNTOLD)
        return;
    fputs("\r\033[K", stderr);
    fflush(stderr);
}

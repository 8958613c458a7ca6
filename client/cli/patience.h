/* SPDX-License-Identifier: Apache-2.0 */
/* What a terminal is told while we wait for the broker. */
#ifndef CLIENT_CLI_PATIENCE_H
#define CLIENT_CLI_PATIENCE_H

#include <stdbool.h>
#include <stdint.h>

/* How often it is told. */
#define PATIENCE_TICK_MS 1000

/* One wait. Begin with the monotonic time and otherwise zeroed, tick every
 * PATIENCE_TICK_MS, and end. */
struct patience {
    enum { PATIENCE_UNTOLD, PATIENCE_TOLD } told;
    int64_t start_ms;
};

/* Says for how long we have waited, once that is long enough. */
void patience_tick(struct patience *patience, int64_t now_ms);

/* Takes back what was said. */
void patience_end(const struct patience *patience);

/* Whether there is a terminal to tell. */
bool patience_has_terminal(void);

#endif

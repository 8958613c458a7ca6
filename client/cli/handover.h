/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command that wants a profile to one that has it: by opening it, or,
 * where another process stays on it, by handing the command over.
 */
#ifndef CLIENT_CLI_HANDOVER_H
#define CLIENT_CLI_HANDOVER_H

#include "client/cli/wait.h"

/* Opens the profile for `wait`, whose arguments, output and signals are set,
 * and waits a moment for another command that works on it. RO_TAKEN with a
 * relay in wait->out: the command was carried out elsewhere, and this is what
 * it printed. Otherwise as ro_client_open. */
RO_MUST_USE enum ro_status handover_open(struct wait *wait,
                                         const struct ro_client_setup *setup);

#endif

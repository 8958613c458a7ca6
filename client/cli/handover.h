/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From a command that wants a profile to one that has it: by opening it, or,
 * where another process stays on it, by handing the command over.
 */
#ifndef CLIENT_CLI_HANDOVER_H
#define CLIENT_CLI_HANDOVER_H

#include "client/cli/wait.h"

/* How a command comes to its profile. */
enum handover_end {
    HANDOVER_OPEN, /* the wait has it open */
    HANDOVER_DONE, /* it was carried out elsewhere, and wait->out->relay has
                      what it printed */
};

/* Opens the profile for `wait`, whose arguments, output and signals are set,
 * and waits a moment for another command that works on it. As ro_client_open;
 * RO_TAKEN also for a process that has the profile, and does not do it. */
RO_MUST_USE enum ro_status handover_open(struct wait *wait,
                                         const struct ro_client_setup *setup,
                                         enum handover_end *ret_end);

#endif

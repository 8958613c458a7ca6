/* SPDX-License-Identifier: Apache-2.0 */
/* Opens the profile that a command is about, with what it was given. */
#ifndef CLIENT_CLI_PROFILE_H
#define CLIENT_CLI_PROFILE_H

#include "client/cli/wait.h"

/* Opens the profile of `args`; for a command that was handed to this process,
 * takes the client that is open. RO_NOT_FOUND (with a hint how to make one) and
 * what ro_client_open refuses with. RO_TAKEN also when another process has
 * carried the command out: there is nothing left to do then, and what it
 * printed is in out->relay. */
RO_MUST_USE enum ro_status profile_open(struct wait *wait,
                                        const struct cli_args *args,
                                        struct cli_output *out,
                                        struct ro_why *why);

#endif

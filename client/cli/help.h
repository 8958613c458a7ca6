/* SPDX-License-Identifier: Apache-2.0 */
/* Help and completion, made from the tables of commands. */
#ifndef CLIENT_CLI_HELP_H
#define CLIENT_CLI_HELP_H

#include "client/cli/options.h"
#include "common/base/bytes.h"

/* Appends the list of commands, by section; what is not in this release is
 * left out. */
void help_commands(struct ro_buf *out, const struct cli_command *commands);

/* Appends what one command does and takes; `upper` is the command above it, or
 * NULL. */
void help_command(struct ro_buf *out,
                  const struct cli_command *upper,
                  const struct cli_command *command);

/* Appends a script by which bash completes commands and options. */
void help_bash(struct ro_buf *out, const struct cli_command *commands);

#endif

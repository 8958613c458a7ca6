/* SPDX-License-Identifier: Apache-2.0 */
/* The one table of commands, and the files that carry them out. */
#ifndef CLIENT_CLI_COMMANDS_H
#define CLIENT_CLI_COMMANDS_H

#include "client/cli/options.h"

/* All commands, in the order in which help lists them. */
extern const struct cli_command commands_all[];

/* Adds a hint how the command that was named is used. */
void commands_usage(const struct cli_args *args, struct cli_output *out);

/* What becomes of a command while another process stays on its profile. */
enum commands_hand {
    COMMANDS_NEVER,  /* nothing: it needs no profile */
    COMMANDS_ALONE,  /* refused: it needs the profile for itself */
    COMMANDS_AGAIN,  /* handed over; done again it does no harm */
    COMMANDS_ASKS,   /* handed over; makes a request of ours */
    COMMANDS_SAYS,   /* handed over; says something into a thread */
    COMMANDS_WRITES, /* handed over; another message about its first word */
};

/* Which of these a command is, as commands.def says. */
enum commands_hand commands_hand(const struct cli_command *command);

/* Runs the command that was parsed, which there is. */
RO_MUST_USE enum ro_status commands_run(const struct cli_args *args,
                                        struct cli_output *out,
                                        struct ro_why *why);

/* "reachout authority ...": the rows are in cmd_authority.c. */
extern const struct cli_command cmd_authority_commands[];

/* This seat. */
CLI_COMMAND(cmd_profile_join);
cli_run_fn cmd_profile_status;
CLI_COMMAND(cmd_profile_passphrase);
cli_run_fn cmd_profile_lock;

/* Who is there. */
CLI_COMMAND(cmd_members);
CLI_COMMAND(cmd_verify);

/* A request, made and looked at. */
CLI_COMMAND(cmd_ask);
CLI_COMMAND(cmd_requests);
cli_run_fn cmd_requests_show;
cli_run_fn cmd_requests_answers;

/* What is written about a request or into a thread. */
extern const struct cli_option cmd_write_wait_options[];
CLI_COMMAND(cmd_write_answer);
cli_run_fn cmd_write_pass;
cli_run_fn cmd_write_accept;
CLI_COMMAND(cmd_write_decline);
CLI_COMMAND(cmd_write_say);
CLI_COMMAND(cmd_write_close);
cli_run_fn cmd_write_withdraw;

/* What has come. */
CLI_COMMAND(cmd_read);
CLI_COMMAND(cmd_save);
CLI_COMMAND(cmd_sync);

/* About the program itself. */
cli_run_fn cmd_help;
cli_run_fn cmd_help_completion;

#endif

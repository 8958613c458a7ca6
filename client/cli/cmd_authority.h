/* SPDX-License-Identifier: Apache-2.0 */
/* What the commands below "reachout authority" share. */
#ifndef CLIENT_CLI_CMD_AUTHORITY_H
#define CLIENT_CLI_CMD_AUTHORITY_H

#include "client/authority/authority.h"
#include "client/cli/options.h"

/* Rows that many of them have. */
#define DIR_ROW                                                                \
    {                                                                          \
        "dir", "DIR", "the authority's folder", CLI_ONCE                       \
    }
#define OUT_ROW                                                                \
    {                                                                          \
        "out", "FILE",                                                         \
            "publish nothing: write it to FILE, for others to sign", CLI_ONCE  \
    }

/* Opens the folder of --dir, with the patience of --wait. */
RO_MUST_USE enum ro_status cmd_authority_open(const struct cli_args *args,
                                              struct ro_why *why,
                                              struct authority **ret_authority);

/* The same for a command that signs: with --out, what it would publish is
 * drafted. */
RO_MUST_USE enum ro_status
cmd_authority_open_draft(const struct cli_args *args,
                         struct ro_why *why,
                         struct authority **ret_authority);

/* With --out: writes what was drafted, and says what to do with it. */
RO_MUST_USE enum ro_status cmd_authority_write(const struct cli_args *args,
                                               struct authority *authority,
                                               struct cli_output *out,
                                               struct ro_why *why);

/* Several signers (cmd_cosign.c): the numbers of a proposal. */
void cmd_cosign_show(struct cli_output *out,
                     const struct authority_drafted *drafted);

/* And what is next with it. */
void cmd_cosign_suggest(const struct cli_args *args,
                        const struct authority_drafted *drafted,
                        const char *path,
                        struct cli_output *out);
CLI_COMMAND(cmd_cosign_sign);
CLI_COMMAND(cmd_cosign_publish);
CLI_COMMAND(cmd_cosign_mend);
CLI_COMMAND(cmd_cosign_revoke);

/* Who belongs to the circle (cmd_roster.c). */
CLI_COMMAND(cmd_roster);

/* Invitations (cmd_invite.c). */
CLI_COMMAND(cmd_invite);
CLI_COMMAND(cmd_invite_replace);

/* Who asks to be admitted, and the yes or no (cmd_admission.c). */
CLI_COMMAND(cmd_admission_requests);
CLI_COMMAND(cmd_admission_admit);
CLI_COMMAND(cmd_admission_refuse);

#endif

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

/* Several signers (cmd_cosign.c): the numbers of a proposal, and what is next
 * with it. */
void cmd_cosign_show(struct cli_output *out,
                     const struct authority_drafted *drafted);
void cmd_cosign_suggest(const struct cli_args *args,
                        const struct authority_drafted *drafted,
                        const char *path,
                        struct cli_output *out);
extern const struct cli_option cmd_cosign_sign_options[];
extern const struct cli_option cmd_cosign_publish_options[];
extern const struct cli_option cmd_cosign_mend_options[];
cli_run_fn cmd_cosign_sign;
cli_run_fn cmd_cosign_publish;
cli_run_fn cmd_cosign_mend;
extern const struct cli_option cmd_cosign_revoke_options[];
cli_run_fn cmd_cosign_revoke;

/* Who belongs to the circle (cmd_roster.c). */
extern const struct cli_option cmd_roster_options[];
cli_run_fn cmd_roster;

/* Invitations (cmd_invite.c). */
extern const struct cli_option cmd_invite_options[];
extern const struct cli_option cmd_invite_replace_options[];
cli_run_fn cmd_invite;
cli_run_fn cmd_invite_replace;

/* Who asks to be admitted, and the yes or no (cmd_admission.c). */
extern const struct cli_option cmd_admission_requests_options[];
extern const struct cli_option cmd_admission_admit_options[];
extern const struct cli_option cmd_admission_refuse_options[];
cli_run_fn cmd_admission_requests;
cli_run_fn cmd_admission_admit;
cli_run_fn cmd_admission_refuse;

#endif

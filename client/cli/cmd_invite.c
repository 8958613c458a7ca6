/* SPDX-License-Identifier: Apache-2.0 */
/* authority invite, replace: the paper with which somebody joins. */
#include "client/cli/cmd_authority.h"

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/show.h"

#include <string.h>

/* A URN of an option; 0 if it was not given. */
static enum ro_status
read_urn(const struct cli_args *args,
         const char *name,
         struct ro_why *why,
         uint32_t *ret_urn)
{
    static const struct cli_range range = {1, 99999999, 0};
    double number = 0;
    RO_TRY(options_number(args, name, &range, why, &number));
    *ret_urn = (uint32_t)number;
    return (double)*ret_urn == number
               ? RO_OK
               : ro_why(why, RO_USAGE, "--%s: a URN has no fraction", name);
}

/* How long an invitation is valid. */
static enum ro_status
read_span(const struct cli_args *args, struct ro_why *why, int64_t *ret_valid_s)
{
    const char *expires = options_text(args, "expires");
    return authority_span(expires != NULL ? expires : "14d", why, ret_valid_s);
}

/* --- invite -------------------------------------------------------------- */

const struct cli_option cmd_invite_options[] = {
    DIR_ROW,
    {"kind",    "KIND", "school, coordinators, source, trust or la", CLI_ONCE},
    {"urn",     "URN",  "the school, as the register knows it",      CLI_ONCE},
    {"name",    "NAME", "what anybody but a school is called",       CLI_ONCE},
    {"seat",    "SEAT",
      "lead, delegate, office, chair, coordinator, source "
     "or auditor",                                                    CLI_ONCE},
    {"home",    "URN",  "the school that a coordinator is of",       CLI_ONCE},
    {"expires", "TIME", "how long it is valid: 14d (default), 12h",  CLI_ONCE},
    {"out",     "FILE", "where the invitation goes",                 CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

static enum ro_status
read_inviting(const struct cli_args *args,
              struct ro_why *why,
              struct authority_inviting *ret_inviting)
{
    *ret_inviting =
        (struct authority_inviting){.name = options_text(args, "name")};
    RO_TRY(options_need(args, "kind", why, &ret_inviting->kind));
    RO_TRY(options_need(args, "seat", why, &ret_inviting->seat));
    RO_TRY(options_need(args, "out", why, &ret_inviting->out_path));
    RO_TRY(read_urn(args, "urn", why, &ret_inviting->urn));
    RO_TRY(read_urn(args, "home", why, &ret_inviting->home_urn));
    return read_span(args, why, &ret_inviting->valid_s);
}

/* What the one who is invited types; their passphrase is asked for. */
static void
suggest_join(const char *path, struct cli_output *out)
{
    output_then(out, "On their computer, where the invitation was saved, with "
                     "their own name:");
    OUTPUT_NEXT(out, "reachout", "join", path, "--holder", "NAME");
}

static void
show_invited(struct cli_output *out,
             const char *path,
             int64_t expires_s,
             const struct authority_keyset *set)
{
    doc_text(output_json(out), "invitation", path);
    doc_time(output_json(out), "expires", expires_s);
    doc_truth(output_json(out), "signed", set->here > 0 ? DOC_TRUE : DOC_FALSE);
    ro_buf_printf(&out->text, "The invitation is in ");
    show_line(&out->text, path);
    ro_buf_printf(&out->text, ", valid until ");
    show_time(&out->text, expires_s);
    ro_buf_printf(&out->text, ".\nIt is a secret until it is used: hand it "
                              "over, or send it the way you trust most.\n");
    if (set->here > 0) {
        suggest_join(path, out);
        return;
    }
    output_then(out, "No signing key is here: one must sign it before it is "
                     "used.");
    OUTPUT_NEXT(out, "reachout", "authority", "sign", path, "--dir", "DIR",
                "--out", "FILE");
}

/* A school that begins without a lead is asked in vain. */
static void
tell_powers(const struct authority_inviting *inviting, struct cli_output *out)
{
    if (strcmp(inviting->kind, "school") != 0 ||
        strcmp(inviting->seat, "lead") == 0)
        return;
    ro_buf_printf(&out->text, "Only a lead's seat can ask and answer, and this "
                              "school would have none: invite its lead "
                              "instead, if it is to help or be helped.\n");
}

static void
suggest_requests(const struct cli_args *args, struct cli_output *out)
{
    output_then(out, "Then here, to see who has joined:");
    OUTPUT_NEXT(out, "reachout", "authority", "requests", "--dir",
                options_text(args, "dir"));
}

enum ro_status
cmd_invite(const struct cli_args *args,
           struct cli_output *out,
           struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    struct authority_inviting inviting;
    struct authority_keyset set;
    int64_t expires_s = 0;
    RO_TRY(read_inviting(args, why, &inviting));
    RO_TRY(cmd_authority_open(args, why, &authority));
    RO_TRY(authority_invite(authority, &inviting, why, &expires_s));
    RO_TRY(authority_keyset(authority, why, &set));
    tell_powers(&inviting, out);
    show_invited(out, inviting.out_path, expires_s, &set);
    suggest_requests(args, out);
    return RO_OK;
}

/* --- replace ------------------------------------------------------------- */

const struct cli_option cmd_invite_replace_options[] = {
    DIR_ROW,
    {"member",  "ID",   "the member, by the beginning of its id",       CLI_ONCE},
    {"urn",     "URN",  "or by its school",                             CLI_ONCE},
    {"seat",    "SEAT", "its new seat (default: lead, or coordinator)", CLI_ONCE},
    {"expires", "TIME", "how long it is valid: 14d (default), 12h",     CLI_ONCE},
    {"out",     "FILE", "where the invitation goes",                    CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

enum ro_status
cmd_invite_replace(const struct cli_args *args,
                   struct cli_output *out,
                   struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    struct authority_replacing replacing = {.seat = options_text(args, "seat")};
    struct authority_keyset set;
    int64_t expires_s = 0;
    replacing.member.member = options_text(args, "member");
    RO_TRY(read_urn(args, "urn", why, &replacing.member.urn));
    if ((replacing.member.member == NULL) == (replacing.member.urn == 0))
        return ro_why(why, RO_USAGE, "replace needs either --member or --urn");
    RO_TRY(options_need(args, "out", why, &replacing.out_path));
    RO_TRY(read_span(args, why, &replacing.valid_s));
    RO_TRY(cmd_authority_open(args, why, &authority));
    RO_TRY(authority_replace(authority, &replacing, why, &expires_s));
    RO_TRY(authority_keyset(authority, why, &set));
    show_invited(out, replacing.out_path, expires_s, &set);
    suggest_requests(args, out);
    return RO_OK;
}

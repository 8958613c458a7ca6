/* SPDX-License-Identifier: Apache-2.0 */
/* join, status: this seat. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/wait.h"

#include <string.h>

const struct cli_option cmd_profile_join_options[] = {
    {"holder",        "NAME",    "who sits at this seat",                 CLI_ONCE },
    {"key-file",      "FILE",
     "the key of the profile, made if absent; keep it as you keep a key", CLI_ONCE },
    {"wait",          "SECONDS", "wait so long to be admitted",           CLI_ONCE },
    {"passphrase-fd", "N",       "",                                      CLI_LATER},
    CLI_OPTIONS_END
};

static void
view_join(struct cli_output *out, const struct ro_result *result)
{
    render_json_join(output_json(out), result);
    render_text_join(&out->text, result);
    if (result->state == NULL || strcmp(result->state, "requested") == 0) {
        ro_buf_printf(&out->hint, "next: once admitted, reachout sync\n");
    } else if (strcmp(result->state, "admitted") == 0) {
        ro_buf_printf(&out->hint,
                      "next: reachout members shows who is there\n");
    } else {
        out->exit_code = ro_status_exit(RO_REFUSED);
    }
}

/* A profile needs its key; the passphrase and the keyring that could take the
 * place of a file are still to come. */
static enum ro_status
need_key_file(const struct cli_args *args,
              struct ro_why *why,
              const char **ret_file)
{
    *ret_file = options_text(args, "key-file");
    if (*ret_file != NULL)
        return RO_OK;
    return ro_why(why, RO_REFUSED,
                  "passphrases and the keyring are not in this release; say "
                  "where the key of this profile shall lie: --key-file FILE");
}

enum ro_status
cmd_profile_join(const struct cli_args *args,
                 struct cli_output *out,
                 struct ro_why *why)
{
    static const struct cli_range range = {0, 30.0 * 86400, 0};
    RO_AUTOBUF folder = {0};
    RO_CLEANUP(wait_fini)
    struct wait wait = {.args = args, .out = out, .why = why};
    struct ro_join_setup setup = {
        .invitation = args->words[0],
        .holder = options_text(args, "holder"),
    };
    struct ro_client *client = NULL;
    double wait_s = 0;
    RO_TRY(options_number(args, "wait", &range, why, &wait_s));
    RO_TRY(need_key_file(args, why, &setup.key_file));
    RO_TRY(input_profile(args, &folder, why, &setup.profile));
    RO_TRY(input_make_parents(setup.profile, why));
    RO_TRY(wait_hold_signals(&wait, why));
    RO_TRY(ro_client_create(&setup, why, &client));
    wait_open_take(&wait, client);
    ro_client_join(client, (int64_t)(wait_s * 1000),
                   wait_then(&wait, view_join));
    return wait_run(&wait);
}

static void
view_status(struct cli_output *out, const struct ro_result *result)
{
    render_json_status(output_json(out), result);
    render_text_status(&out->text, result);
    if (result->self.outbox > 0 || result->self.broker == RO_BROKER_UNKNOWN)
        ro_buf_printf(&out->hint, "next: reachout sync\n");
}

enum ro_status
cmd_profile_status(const struct cli_args *args,
                   struct cli_output *out,
                   struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(wait_open(&wait, args, out, why));
    ro_client_self(wait.client, wait_then(&wait, view_status));
    return wait_run(&wait);
}

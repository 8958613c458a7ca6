/* SPDX-License-Identifier: Apache-2.0 */
/* verify: whether a member is who it was. */
#include "client/cli/commands.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"
#include "client/cli/wait.h"

const struct cli_option cmd_verify_options[] = {
    {"confirm", NULL, "it was compared, and is the same there", CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_verify(struct cli_output *out, const struct ro_result *result)
{
    render_json_verify(output_json(out), result);
    render_text_verify(&out->text, result);
    if (result->members->verified == RO_VERIFIED_COMPARED) {
        if (result->waiting > 0)
            OUTPUT_NEXT(out, "reachout", "sync");
        return;
    }
    output_then(out, "Once both sides read the same by telephone:");
    OUTPUT_NEXT(out, "reachout", "verify",
                show_short(result->members->id.b).hex, "--confirm");
}

enum ro_status
cmd_verify(const struct cli_args *args,
           struct cli_output *out,
           struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    const struct ro_verify verify = {
        .member = args->words[0],
        .how =
            options_has(args, "confirm") ? RO_VERIFY_CONFIRM : RO_VERIFY_SHOW,
    };
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_verify(wait.client, &verify, wait_then(&wait, view_verify));
    return wait_run(&wait);
}

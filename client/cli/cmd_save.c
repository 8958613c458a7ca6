/* SPDX-License-Identifier: Apache-2.0 */
/* save: a file that came with a message. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/wait.h"

const struct cli_option cmd_save_options[] = {
    {"out", "FILE", "a new name, or a folder; nothing is written over",
     CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_save(struct cli_output *out, const struct ro_result *result)
{
    render_json_save(output_json(out), result);
    render_text_save(&out->text, result);
}

enum ro_status
cmd_save(const struct cli_args *args,
         struct cli_output *out,
         struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    struct ro_save save = {.attachment = args->words[0]};
    RO_TRY(input_id(save.attachment, why));
    RO_TRY(options_need(args, "out", why, &save.out));
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_save(wait.client, &save, wait_then(&wait, view_save));
    return wait_run(&wait);
}

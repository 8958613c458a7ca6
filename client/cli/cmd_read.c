/* SPDX-License-Identifier: Apache-2.0 */
/* read: what was said. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/wait.h"

const struct cli_option cmd_read_options[] = {
    {"unread", NULL, "only what has not been read yet", CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_read(struct cli_output *out, const struct ro_result *result)
{
    render_json_read(output_json(out), result);
    render_text_read(&out->text, result);
}

enum ro_status
cmd_read(const struct cli_args *args,
         struct cli_output *out,
         struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    struct ro_read read = {
        .thread = args->n_words > 0 ? args->words[0] : NULL,
        .which = options_has(args, "unread") ? RO_READ_UNREAD : RO_READ_ALL,
    };
    if (read.thread != NULL)
        RO_TRY(input_id(read.thread, why));
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_read(wait.client, &read, wait_then(&wait, view_read));
    return wait_run(&wait);
}

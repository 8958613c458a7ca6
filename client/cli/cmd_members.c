/* SPDX-License-Identifier: Apache-2.0 */
/* members: who belongs to the circle. */
#include "client/cli/commands.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/wait.h"

const struct cli_option cmd_members_options[] = {
    {"near",     "KM", "not farther than this",             CLI_ONCE},
    {"group",    "G",  "only this group of the charter",    CLI_ONCE},
    {"phase",    "P",  "only this phase",                   CLI_ONCE},
    {"listings", NULL, "also schools that have not joined", CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_members(struct cli_output *out, const struct ro_result *result)
{
    render_json_members(output_json(out), result);
    render_text_members(&out->text, result);
}

enum ro_status
cmd_members(const struct cli_args *args,
            struct cli_output *out,
            struct ro_why *why)
{
    static const struct cli_range range = {0, 2000, -1};
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    struct ro_members_query query = {
        .search = args->n_words > 0 ? args->words[0] : NULL,
        .group = options_text(args, "group"),
        .phase = options_text(args, "phase"),
        .what = options_has(args, "listings") ? RO_MEMBERS_AND_LISTINGS
                                              : RO_MEMBERS_ONLY,
    };
    RO_TRY(options_number(args, "near", &range, why, &query.near_km));
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_members(wait.client, &query, wait_then(&wait, view_members));
    return wait_run(&wait);
}

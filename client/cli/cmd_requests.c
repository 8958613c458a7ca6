/* SPDX-License-Identifier: Apache-2.0 */
/* requests, show, answers: what stands here. */
#include "client/cli/commands.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"
#include "client/cli/wait.h"

const struct cli_option cmd_requests_options[] = {
    {"mine",     NULL,    "only those that we made",                CLI_ONCE},
    {"incoming", NULL,    "only those of others",                   CLI_ONCE},
    {"state",    "STATE", "only those in this state, such as open", CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_requests(struct cli_output *out, const struct ro_result *result)
{
    render_json_requests(output_json(out), result);
    render_text_requests(&out->text, result);
    if (result->n_requests > 0)
        ro_buf_printf(&out->hint, "next: reachout show REQUEST\n");
}

enum ro_status
cmd_requests(const struct cli_args *args,
             struct cli_output *out,
             struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    bool mine = options_has(args, "mine");
    bool incoming = options_has(args, "incoming");
    struct ro_requests_query query = {
        .which = mine       ? RO_REQUESTS_MINE
                 : incoming ? RO_REQUESTS_INCOMING
                            : RO_REQUESTS_ALL,
        .state = options_text(args, "state"),
    };
    if (mine && incoming) {
        return ro_why(why, RO_USAGE,
                      "--mine and --incoming exclude each other; without "
                      "either, all are listed");
    }
    RO_TRY(wait_open(&wait, args, out, why));
    ro_client_requests(wait.client, &query, wait_then(&wait, view_requests));
    return wait_run(&wait);
}

static void
view_show(struct cli_output *out, const struct ro_result *result)
{
    render_json_show(output_json(out), result);
    render_text_show(&out->text, result);
}

enum ro_status
cmd_requests_show(const struct cli_args *args,
                  struct cli_output *out,
                  struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(wait_open(&wait, args, out, why));
    ro_client_show(wait.client, args->words[0], wait_then(&wait, view_show));
    return wait_run(&wait);
}

static void
view_answers(struct cli_output *out, const struct ro_result *result)
{
    render_json_answers(output_json(out), result);
    render_text_answers(&out->text, result);
    if (result->n_answers == 0)
        return;
    ro_buf_printf(&out->hint, "next: reachout accept ");
    show_id(&out->hint, result->answers[0].id.b);
    ro_buf_printf(&out->hint, ", or another of these\n");
}

enum ro_status
cmd_requests_answers(const struct cli_args *args,
                     struct cli_output *out,
                     struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(wait_open(&wait, args, out, why));
    ro_client_answers(wait.client, args->words[0],
                      wait_then(&wait, view_answers));
    return wait_run(&wait);
}

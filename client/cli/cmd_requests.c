/* SPDX-License-Identifier: Apache-2.0 */
/* requests, show, answers: what stands here. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"
#include "client/cli/wait.h"

#include <string.h>

/* So many answers are offered to be chosen. */
#define CHOICES_SHOWN 5

const struct cli_option cmd_requests_options[] = {
    {"mine",     NULL,    "only those that we made",                         CLI_ONCE},
    {"incoming", NULL,    "only those of others",                            CLI_ONCE},
    {"state",    "STATE",
     "only those that are submitted, open, introduced, closed or withdrawn", CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_requests(struct cli_output *out, const struct ro_result *result)
{
    render_json_requests(output_json(out), result);
    render_text_requests(&out->text, result);
    if (result->n_requests > 0) {
        OUTPUT_NEXT(out, "reachout", "show",
                    show_short(result->requests[0].id.b).hex);
    }
}

enum ro_status
cmd_requests(const struct cli_args *args,
             struct cli_output *out,
             struct ro_why *why)
{
    /* "none" is what a request is before there is one */
    static const char *const states[] = {"submitted", "open",      "introduced",
                                         "closed",    "withdrawn", NULL};
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    bool mine = options_has(args, "mine");
    bool incoming = options_has(args, "incoming");
    struct ro_requests_query query = {
        .which = mine       ? RO_REQUESTS_MINE
                 : incoming ? RO_REQUESTS_INCOMING
                            : RO_REQUESTS_ALL,
    };
    RO_TRY(options_choice(args, "state", states, why, &query.state));
    if (mine && incoming) {
        return ro_why(why, RO_USAGE,
                      "--mine and --incoming exclude each other; without "
                      "either, all are listed");
    }
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_requests(wait.client, &query, wait_then(&wait, view_requests));
    return wait_run(&wait);
}

static void
view_show(struct cli_output *out, const struct ro_result *result)
{
    render_json_show(output_json(out), result);
    render_text_show(&out->text, result);
    for (size_t i = 0; i < result->n_events; i++) {
        if (result->events[i].place == RO_PLACE_KEPT) {
            output_then(out, "What is kept here goes out with:");
            OUTPUT_NEXT(out, "reachout", "sync");
            return;
        }
    }
}

enum ro_status
cmd_requests_show(const struct cli_args *args,
                  struct cli_output *out,
                  struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(input_id(args->words[0], why));
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_show(wait.client, args->words[0], wait_then(&wait, view_show));
    return wait_run(&wait);
}

static bool
is_chosen(const struct ro_answered *answer)
{
    return strcmp(answer->state, "revealed") == 0 ||
           strcmp(answer->state, "first-contact") == 0;
}

/* Talking is next where one was chosen. */
static bool
suggest_talk(struct cli_output *out, const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_answers; i++) {
        if (!is_chosen(&result->answers[i]))
            continue;
        output_then(out, "One is chosen. To write to them; the text ends with "
                         "Ctrl+D:");
        OUTPUT_NEXT(out, "reachout", "say",
                    show_short(result->answers[i].id.b).hex, "--text", "-");
        return true;
    }
    return false;
}

static void
view_answers(struct cli_output *out, const struct ro_result *result)
{
    size_t n = 0;
    render_json_answers(output_json(out), result);
    render_text_answers(&out->text, result);
    if (result->n_answers == 0) {
        output_then(out, "Schools answer, coordinators write; to read that:");
        OUTPUT_NEXT(out, "reachout", "read", "--unread");
    }
    if (suggest_talk(out, result))
        return;
    for (size_t i = 0; i < result->n_answers && n < CHOICES_SHOWN; i++) {
        if (strcmp(result->answers[i].state, "helper-willing") != 0)
            continue;
        if (n++ == 0) {
            output_then(out, "To choose one of these; the others get a kind "
                             "word:");
        }
        OUTPUT_NEXT(out, "reachout", "accept",
                    show_short(result->answers[i].id.b).hex);
    }
}

enum ro_status
cmd_requests_answers(const struct cli_args *args,
                     struct cli_output *out,
                     struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(input_id(args->words[0], why));
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_answers(wait.client, args->words[0],
                      wait_then(&wait, view_answers));
    return wait_run(&wait);
}

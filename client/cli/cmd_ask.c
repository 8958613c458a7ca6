/* SPDX-License-Identifier: Apache-2.0 */
/* ask: a request, made or only tried. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"
#include "client/cli/wait.h"

#include <math.h>
#include <string.h>

/* So long a dry run looks for the broker, if nobody says otherwise. */
#define DRY_WAIT_MS 2000

#define MOST_AUDIENCES 64

const struct cli_option cmd_ask_options[] = {
    {"topic",      "CODE",
     "what it is about, such as TL1; a code of the circle's charter (the "
     "topics of its circle.conf). ZZ0 is \"not sure\"",                         CLI_ONCE },
    {"urgency",    "U1..U4", "today, this week, this half-term, looking ahead",
     CLI_ONCE                                                                            },
    {"to",         "WHO",
     "coordinators, group:NAME, urn:URN or member:ID; repeatable. Groups are "
     "the phases, such as primary, and those of the charter",                   CLI_MANY },
    INPUT_TEXT_ROW,
    {"days",       "N",      "days of help wanted, in halves",                  CLI_ONCE },
    {"mode",       "M",      "in-person or remote; either if not said",         CLI_ONCE },
    {"within",     "KM",
     "how far help may come from, rounded up to whole ones; said to who is "
     "asked, and keeps nobody out",                                             CLI_ONCE },
    {"dry-run",    NULL,     "send nothing, show who would read it",            CLI_ONCE },
    INPUT_WAIT_ROW,
    {"veiled",     NULL,     "",                                                CLI_LATER},
    {"avoid",      "URN",    "",                                                CLI_LATER},
    {"from-alert", "ALERT",  "",                                                CLI_LATER},
    CLI_OPTIONS_END
};

/* Coordinators write; only schools answer. */
static bool
is_for_coordinators(const struct ro_result *result)
{
    for (size_t i = 0; i < result->n_audience; i++) {
        if (strcmp(result->audience[i].who, "coordinators") != 0)
            return false;
    }
    return result->n_audience > 0;
}

static void
view_ask(struct cli_output *out, const struct ro_result *result)
{
    render_json_ask(output_json(out), result);
    render_text_ask(&out->text, result);
    if (result->status == RO_KEPT)
        return;
    if (is_for_coordinators(result)) {
        output_then(out, "When a coordinator may have written:");
        OUTPUT_NEXT(out, "reachout", "sync");
        OUTPUT_NEXT(out, "reachout", "read", "--unread");
        return;
    }
    output_then(out, "When an answer may have come:");
    OUTPUT_NEXT(out, "reachout", "sync");
    OUTPUT_NEXT(out, "reachout", "answers",
                show_short(result->request_id.b).hex);
}

static void
view_dry_run(struct cli_output *out, const struct ro_result *result)
{
    render_json_dry_run(output_json(out), result);
    render_text_dry_run(&out->text, result);
    output_then(out, "The same without --dry-run sends it.");
}

static enum ro_status
read_audiences(const struct cli_args *args,
               const char *names[static MOST_AUDIENCES],
               struct ro_why *why,
               size_t *ret_n)
{
    size_t n = options_all(args, "to", names, MOST_AUDIENCES);
    if (n == 0) {
        return ro_why(why, RO_USAGE,
                      "ask needs --to: coordinators, group:NAME, urn:URN or "
                      "member:ID");
    }
    if (n > MOST_AUDIENCES) {
        return ro_why(why, RO_USAGE,
                      "at most %d times --to; a group says it "
                      "shorter",
                      MOST_AUDIENCES);
    }
    *ret_n = n;
    return RO_OK;
}

static enum ro_status
read_card(const struct cli_args *args, struct ro_ask *ask, struct ro_why *why)
{
    static const struct cli_range range = {0, 2000, 0};
    static const char *const modes[] = {"in-person", "remote", NULL};
    double within_km = 0;
    RO_TRY(options_need(args, "topic", why, &ask->topic));
    RO_TRY(options_need(args, "urgency", why, &ask->urgency));
    RO_TRY(options_choice(args, "mode", modes, why, &ask->mode));
    RO_TRY(options_number(args, "within", &range, why, &within_km));
    RO_TRY(input_days(args, why, &ask->days));
    RO_TRY(input_wait(args, why, &ask->wait_ms));
    ask->within_km = (uint32_t)ceil(within_km); /* the wire counts whole ones */
    return RO_OK;
}

enum ro_status
cmd_ask(const struct cli_args *args, struct cli_output *out, struct ro_why *why)
{
    RO_AUTOBUF text = {0};
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    const char *to[MOST_AUDIENCES];
    bool dry = options_has(args, "dry-run");
    struct ro_ask ask = {.to = to, .how = dry ? RO_ASK_DRY_RUN : RO_ASK_SEND};
    RO_TRY(read_card(args, &ask, why));
    RO_TRY(read_audiences(args, to, why, &ask.n_to));
    RO_TRY(input_text(args, dry ? INPUT_OPTIONAL : INPUT_REQUIRED, &text, why,
                      &ask.text));
    if (ask.text == NULL)
        ask.text = "";
    if (dry && !options_has(args, "wait"))
        ask.wait_ms = DRY_WAIT_MS;
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_ask(wait.client, &ask,
                  wait_then(&wait, dry ? view_dry_run : view_ask));
    return wait_run(&wait);
}

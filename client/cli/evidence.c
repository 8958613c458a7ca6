/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/evidence.h"

#include "client/cli/commands.h"
#include "client/cli/render_json.h"
#include "client/cli/show.h"

#include <string.h>

/* One look. */
struct look {
    struct wait *wait;
    enum commands_hand hand;
    const char *text; /* COMMANDS_SAYS: what is said */
    const char *topic;
    const char *urgency;
    struct evidence found;
};

/* --- what counts --------------------------------------------------------- */

static bool
is_same(const char *a, const char *b)
{
    return a != NULL && b != NULL && strcmp(a, b) == 0;
}

/* Others may say things meanwhile, and so may another command of ours: the
 * same words in the same place are taken for the same message. */
static bool
counts(const struct look *look, const struct ro_event *event)
{
    if (event->place == RO_PLACE_THEIRS)
        return false;
    bool said = strcmp(event->type, "say") == 0;
    return look->hand == COMMANDS_SAYS
               ? said && is_same(event->text, look->text)
               : !said;
}

static void
look_at_story(void *user, const struct ro_result *result)
{
    struct look *look = user;
    for (size_t i = 0; i < result->n_events; i++) {
        const struct ro_event *event = &result->events[i];
        if (!counts(look, event))
            continue;
        look->found.count++;
        look->found.place = event->place;
        look->found.request = event->request;
        look->found.thread = event->thread;
    }
    look->wait->status = result->status;
    look->wait->progress = WAIT_DONE;
}

static void
look_at_requests(void *user, const struct ro_result *result)
{
    struct look *look = user;
    for (size_t i = result->n_requests; i > 0; i--) { /* newest first */
        const struct ro_request *request = &result->requests[i - 1];
        if (!is_same(request->topic, look->topic) ||
            !is_same(request->urgency, look->urgency))
            continue;
        look->found.count++;
        look->found.place = request->place;
        look->found.request = request->id;
    }
    look->wait->status = result->status;
    look->wait->progress = WAIT_DONE;
}

/* --- looking ------------------------------------------------------------- */

static void
look_for_story(struct look *look, const struct cli_args *args)
{
    const char *text =
        look->hand == COMMANDS_SAYS ? options_text(args, "text") : NULL;
    if (is_same(text, "-") && args->typed != NULL && args->typed->size > 0)
        text = (const char *)args->typed->data;
    look->text = text != NULL ? text : ""; /* a file may be all of it */
    ro_client_show(look->wait->client, args->words[0],
                   (struct ro_then){look_at_story, look});
}

static void
look_for_request(struct look *look, const struct cli_args *args)
{
    static const struct ro_requests_query mine = {.which = RO_REQUESTS_MINE};
    look->topic = options_text(args, "topic");
    look->urgency = options_text(args, "urgency");
    ro_client_requests(look->wait->client, &mine,
                       (struct ro_then){look_at_requests, look});
}

enum ro_status
evidence_take(struct wait *wait,
              const struct cli_args *args,
              struct evidence *ret_evidence)
{
    struct look look = {.wait = wait, .hand = commands_hand(args->command)};
    *ret_evidence = (struct evidence){0};
    if (look.hand == COMMANDS_ASKS) {
        look_for_request(&look, args);
    } else if (look.hand == COMMANDS_SAYS || look.hand == COMMANDS_WRITES) {
        look_for_story(&look, args);
    } else {
        return RO_OK;
    }
    enum ro_status s = wait_run(wait);
    wait->progress = WAIT_GOES_ON;
    wait->status = RO_OK;
    /* what cannot be found the command will not find either */
    if (wait->caught != 0 || ro_status_is_local(s))
        return s;
    *ret_evidence = look.found;
    return RO_OK;
}

/* --- telling ------------------------------------------------------------- */

enum ro_status
evidence_tell(const struct evidence *evidence,
              struct cli_output *out,
              struct ro_why *why)
{
    json_t *document = output_json(out);
    doc_id(document, "request", evidence->request.b);
    doc_id(document, "thread", evidence->thread.b);
    doc_text(document, "place", render_json_place(evidence->place));
    ro_buf_printf(&out->text, "It was done, and is %s.\n",
                  show_place(evidence->place));
    OUTPUT_NEXT(out, "reachout", "show", show_short(evidence->request.b).hex);
    if (evidence->place != RO_PLACE_KEPT)
        return RO_OK;
    return ro_why(why, RO_KEPT,
                  "the watch that did it ended before it could send it");
}

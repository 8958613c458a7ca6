/* SPDX-License-Identifier: Apache-2.0 */
/* sync: fetch, send what waits, show what happened; once, for a while, or for
 * as long as the program runs. */
#include "client/cli/commands.h"
#include "client/cli/hand.h"
#include "client/cli/host.h"
#include "client/cli/input.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"
#include "client/cli/wait.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const struct cli_option cmd_sync_options[] = {
    {"watch",      NULL,      "stay, and show events as they come", CLI_ONCE},
    {"for",        "SECONDS", "stay so long",                       CLI_ONCE},
    {"lock-after", "MINUTES",
     "close the profile after so long without a command",           CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

/* A sync that stays has one result for each batch of events, and a last one
 * without any. */
struct syncing {
    struct wait *wait;
    enum { SYNC_AT_THE_END, SYNC_AS_THEY_COME } print;
};

static bool
is_good(const struct ro_result *result)
{
    return result->status == RO_OK || result->status == RO_KEPT;
}

static bool
is_empty(const struct ro_result *result)
{
    return result->n_events == 0 && result->sent == 0 &&
           result->turned == RO_BROKER_UNKNOWN && result->admitted_among == 0;
}

static void
view_batch(struct cli_output *out, const struct ro_result *result)
{
    render_json_sync(output_json(out), result);
    render_text_sync(&out->text, result);
}

/* What to look at after a sync; others wait in `requests` and `read`. */
#define MOST_STEPS 4

/* A command that says more about something that happened. */
struct step {
    const char *command;
    struct show_short id; /* "" where it takes none */
};

static struct step
step_after(const struct ro_event *event)
{
    static const struct {
        const char *type;
        const char *command;
    } table[] = {
        {"ask",         "show"   },
        {"message",     "show"   },
        {"answer",      "answers"},
        {"say",         "read"   },
        {"introduced",  "show"   },
        {"not-chosen",  "read"   },
        {"state-note",  "show"   },
        {"closed",      "show"   },
        {"withdrawn",   "show"   },
        {"key-changed", "verify" },
    };
    struct step step = {NULL, {""}};
    for (size_t i = 0; i < RO_LEN(table); i++) {
        if (strcmp(event->type, table[i].type) == 0)
            step.command = table[i].command;
    }
    if (step.command == NULL || strcmp(step.command, "read") == 0)
        return step;
    step.id = strcmp(step.command, "verify") == 0
                  ? show_short(event->member.b)
                  : show_short(event->request.b);
    return step;
}

/* Adds a step that is not among those that were said. */
static size_t
suggest_step(struct cli_output *out, struct step *steps, size_t n)
{
    const struct step *step = &steps[n];
    for (size_t i = 0; i < n; i++) {
        if (strcmp(steps[i].command, step->command) == 0 &&
            strcmp(steps[i].id.hex, step->id.hex) == 0)
            return n;
    }
    if (step->id.hex[0] == '\0') {
        OUTPUT_NEXT(out, "reachout", step->command, "--unread");
    } else {
        OUTPUT_NEXT(out, "reachout", step->command, step->id.hex);
    }
    return n + 1;
}

/* Whether this seat waits to be admitted. */
static bool
is_waiting(const struct ro_result *result)
{
    return result->self.enrolment == RO_ENROL_REQUESTED ||
           result->self.enrolment == RO_ENROL_WRITTEN;
}

static void
suggest(struct cli_output *out, const struct ro_result *result)
{
    struct step steps[MOST_STEPS];
    size_t n = 0;
    for (size_t i = 0; i < result->n_events && n < MOST_STEPS; i++) {
        steps[n] = step_after(&result->events[i]);
        bool applied = result->events[i].refused == NULL ||
                       strcmp(result->events[i].type, "key-changed") == 0;
        if (steps[n].command != NULL && applied)
            n = suggest_step(out, steps, n);
    }
    if (is_waiting(result)) {
        output_then(out, "Once the authority has admitted you:");
        OUTPUT_NEXT(out, "reachout", "sync");
    } else if (result->admitted_among > 0 && n == 0) {
        OUTPUT_NEXT(out, "reachout", "members");
    }
}

static void
view_sync(struct cli_output *out, const struct ro_result *result)
{
    view_batch(out, result);
    if (is_empty(result) && !is_waiting(result) &&
        result->self.broker != RO_BROKER_AWAY)
        ro_buf_printf(&out->text, "Nothing new.\n");
    suggest(out, result);
}

/* Whoever reads a watch and stops has heard enough: that ends it, and is no
 * failure. Every other trouble with stdout is. */
static void
print_batch(const struct syncing *syncing)
{
    struct wait *wait = syncing->wait;
    if (syncing->print != SYNC_AS_THEY_COME ||
        output_flush(wait->args, wait->out) == RO_OK)
        return;
    if (wait->reader == WAIT_WHILE_HEARD && errno == EPIPE) {
        wait_unheard(wait);
        return;
    }
    wait->status = RO_IO_FAILED;
    wait->progress = WAIT_DONE;
}

/* Where nobody reads JSON, a person is told that the broker is away. */
static void
tell_turn(const struct wait *wait, const struct ro_result *result)
{
    if (wait->args->form != CLI_TEXT || result->turned == RO_BROKER_UNKNOWN)
        return;
    fputs(result->turned == RO_BROKER_AWAY
              ? "reachout: the broker does not answer; trying on\n"
              : "reachout: the broker is back\n",
          stderr);
}

/* One batch of those that come while we stay; the last is empty. */
static void
take_batch(void *user, const struct ro_result *result)
{
    const struct syncing *syncing = user;
    struct wait *wait = syncing->wait;
    wait_take(wait, result);
    tell_turn(wait, result);
    if (is_good(result))
        view_batch(wait->out, result);
    if (!is_good(result) || is_empty(result)) {
        wait->progress = WAIT_DONE;
    } else {
        print_batch(syncing);
    }
}

/* What a sync that was handed to us has fetched is news here, too. */
static void
take_news(void *user, const struct ro_result *result)
{
    const struct syncing *syncing = user;
    if (is_empty(result))
        return;
    view_batch(syncing->wait->out, result);
    print_batch(syncing);
}

/* The one result of a sync that does not stay. */
static void
take_only(void *user, const struct ro_result *result)
{
    struct wait *wait = user;
    struct ro_then show = wait_then(wait, view_sync);
    struct ro_result shown = *result;
    if (result->status == RO_KEY_CHANGED) { /* and what came is told */
        shown.status = RO_KEPT;
        wait->out->exit_code = ro_status_exit(RO_KEY_CHANGED);
    }
    if (wait->lender != NULL && is_good(&shown))
        host_tell(wait->hosting->host, &shown);
    show.fn(show.user, &shown);
}

/* A watch that is ended by a signal has done what it was asked for. */
static enum ro_status
end_watch(struct wait *wait, enum ro_status status)
{
    if (wait->caught == 0)
        return status;
    wait->out->exit_code = 0;
    wait->why->text[0] = '\0';
    return RO_OK;
}

/* The last batch of a watch is empty: no line of its own. */
static void
drop_empty(struct cli_output *out)
{
    const json_t *document = out->json;
    if (json_array_size(json_object_get(document, "events")) > 0 ||
        json_integer_value(json_object_get(document, "sent")) > 0 ||
        json_object_get(document, "broker") != NULL ||
        json_object_get(document, "admission") != NULL)
        return;
    json_decref(out->json);
    out->json = NULL;
}

static enum ro_status
sync_once(const struct ro_sync *sync,
          const struct cli_args *args,
          struct cli_output *out,
          struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_sync(wait.client, sync, (struct ro_then){take_only, &wait});
    return wait_run(&wait);
}

/* Begins to do others' work. A watch is worth having without. */
static enum ro_status
serve_profile(struct host *host, struct syncing *syncing)
{
    RO_AUTOBUF folder = {0};
    struct ro_why why = {""};
    const char *profile = NULL;
    const struct cli_args *args = syncing->wait->args;
    RO_TRY(input_profile(args, &folder, syncing->wait->why, &profile));
    const struct ro_then told = {take_news, syncing};
    if (host_open(host, syncing->wait, profile, told, &why) != RO_OK) {
        fprintf(stderr,
                "reachout: other commands cannot be handed to this one: %s\n",
                why.text);
    }
    return RO_OK;
}

static enum ro_status
sync_and_stay(const struct ro_sync *sync,
              const struct cli_args *args,
              struct cli_output *out,
              struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_CLEANUP(host_freep) struct host *host = NULL; /* ends before the lock */
    bool watch = options_has(args, "watch");
    struct syncing syncing = {
        .wait = &wait,
        .print = watch || args->form == CLI_TEXT ? SYNC_AS_THEY_COME
                                                 : SYNC_AT_THE_END,
    };
    if (args->host != NULL)
        return ro_why(why, RO_REFUSED, HAND_STOP_IT_FIRST, (int)getpid());
    RO_TRY(host_new(&host));
    RO_TRY(profile_open(&wait, args, out, why));
    RO_TRY(serve_profile(host, &syncing));
    if (watch && args->form == CLI_TEXT)
        fputs("reachout: watching; Ctrl+C ends\n", stderr);
    wait.patience = WAIT_SILENT;
    wait.reader = watch ? WAIT_WHILE_HEARD : WAIT_WHATEVER;
    ro_client_sync(wait.client, sync, (struct ro_then){take_batch, &syncing});
    enum ro_status s = wait_run(&wait);
    if (watch)
        s = end_watch(&wait, s);
    if (watch && s == RO_OK)
        drop_empty(out);
    return s;
}

enum ro_status
cmd_sync(const struct cli_args *args,
         struct cli_output *out,
         struct ro_why *why)
{
    static const struct cli_range range = {0, 86400.0 * 30, 0};
    struct ro_sync sync = {.for_ms = options_has(args, "watch") ? -1 : 0};
    static const struct cli_range idle = {0.01, 1440, 0};
    double for_s = 0;
    double idle_min = 0;
    RO_TRY(input_wait(args, why, &sync.wait_ms));
    RO_TRY(options_number(args, "for", &range, why, &for_s));
    if (options_has(args, "for"))
        sync.for_ms = (int64_t)(for_s * 1000);
    RO_TRY(options_number(args, "lock-after", &idle, why, &idle_min));
    sync.lock_after_ms = (int64_t)(idle_min * 60000);
    if (sync.lock_after_ms > 0 && sync.for_ms == 0)
        return ro_why(why, RO_USAGE, "--lock-after is for --watch");
    return sync.for_ms == 0 ? sync_once(&sync, args, out, why)
                            : sync_and_stay(&sync, args, out, why);
}

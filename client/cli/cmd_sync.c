/* SPDX-License-Identifier: Apache-2.0 */
/* sync: fetch, send what waits, show what happened; once, for a while, or for
 * as long as the program runs. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/wait.h"

const struct cli_option cmd_sync_options[] = {
    {"watch", NULL,      "stay, and show events as they come", CLI_ONCE},
    {"for",   "SECONDS", "stay so long",                       CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

/* A sync that has one result, or one for each batch of events and a last one
 * without any. */
struct syncing {
    struct wait *wait;
    enum { SYNC_ONCE, SYNC_STAYS } stay;
    enum { SYNC_AT_THE_END, SYNC_AS_THEY_COME } print;
};

static void
take_batch(void *user, const struct ro_result *result)
{
    struct syncing *syncing = user;
    struct wait *wait = syncing->wait;
    bool good = result->status == RO_OK || result->status == RO_KEPT;
    wait_take(wait, result);
    if (good) {
        render_json_sync(output_json(wait->out), result);
        render_text_sync(&wait->out->text, result);
        if (syncing->stay == SYNC_ONCE && result->n_events == 0)
            ro_buf_printf(&wait->out->text, "Nothing new.\n");
    }
    if (!good || syncing->stay == SYNC_ONCE || result->n_events == 0) {
        wait->progress = WAIT_DONE;
    } else if (syncing->print == SYNC_AS_THEY_COME &&
               output_flush(wait->args, wait->out) != RO_OK) {
        wait->status = RO_IO_FAILED;
        wait->progress = WAIT_DONE;
    }
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
    const json_t *events =
        out->json != NULL ? json_object_get(out->json, "events") : NULL;
    if (events != NULL && json_array_size(events) > 0)
        return;
    json_decref(out->json);
    out->json = NULL;
}

enum ro_status
cmd_sync(const struct cli_args *args,
         struct cli_output *out,
         struct ro_why *why)
{
    static const struct cli_range range = {0, 86400.0 * 30, 0};
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    bool watch = options_has(args, "watch");
    struct ro_sync sync = {.for_ms = watch ? -1 : 0};
    double for_s = 0;
    RO_TRY(input_wait(args, why, &sync.wait_ms));
    RO_TRY(options_number(args, "for", &range, why, &for_s));
    if (options_has(args, "for"))
        sync.for_ms = (int64_t)(for_s * 1000);

    struct syncing syncing = {
        .wait = &wait,
        .stay = sync.for_ms != 0 ? SYNC_STAYS : SYNC_ONCE,
        .print = watch || args->form == CLI_TEXT ? SYNC_AS_THEY_COME
                                                 : SYNC_AT_THE_END,
    };
    RO_TRY(wait_open(&wait, args, out, why));
    wait.patience = syncing.stay == SYNC_STAYS ? WAIT_SILENT : WAIT_TELLS;
    ro_client_sync(wait.client, &sync, (struct ro_then){take_batch, &syncing});
    enum ro_status s = wait_run(&wait);
    if (watch)
        s = end_watch(&wait, s);
    if (watch && s == RO_OK)
        drop_empty(out);
    return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* answer, pass, accept, decline, say, close, withdraw: what is written about a
 * request or into a thread. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/show.h"
#include "client/cli/wait.h"

#include <string.h>

/* Files of one message. */
#define ATTACH_MAX 8

const struct cli_option cmd_write_answer_options[] = {
    INPUT_TEXT_ROW,
    {"days", "N", "days of help that you offer, in halves", CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

const struct cli_option cmd_write_wait_options[] = {INPUT_WAIT_ROW,
                                                    CLI_OPTIONS_END};

const struct cli_option cmd_write_decline_options[] = {
    {"text", "TEXT", "a kind word of your own; \"-\" reads it from stdin",
     CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

const struct cli_option cmd_write_say_options[] = {
    INPUT_TEXT_ROW,
    INPUT_WAIT_ROW,
    {"attach", "FILE", "a file that goes with it; may be given up to 8 times",
      CLI_MANY},
    CLI_OPTIONS_END
};

const struct cli_option cmd_write_close_options[] = {
    {"outcome", "WORD", "helped, partly or not-helped",           CLI_ONCE},
    {"text",    "TEXT", "what stays; \"-\" reads it from stdin",  CLI_ONCE},
    {"story",   "WORD", "none; \"group\" is not in this release", CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

/* One of the library's calls that write. */
typedef void write_fn(struct ro_client *client,
                      const struct ro_write *write,
                      struct ro_then then);

/* What the commands of this file differ in. */
struct plan {
    write_fn *call;
    wait_view_fn *view;
};

/* Opens the profile, writes, waits. */
static enum ro_status
carry_out(const struct plan *plan,
          const struct ro_write *write,
          const struct cli_args *args,
          struct cli_output *out,
          struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(profile_open(&wait, args, out, why));
    plan->call(wait.client, write, wait_then(&wait, plan->view));
    return wait_run(&wait);
}

/* The parts that all commands of this file have. */
static enum ro_status
read_write(const struct cli_args *args,
           struct ro_write *write,
           struct ro_why *why)
{
    *write = (struct ro_write){.to = args->words[0], .days = -1};
    RO_TRY(input_id(write->to, why));
    return input_wait(args, why, &write->wait_ms);
}

/* A command that has nothing else. */
static enum ro_status
carry_alone(const struct plan *plan,
            const struct cli_args *args,
            struct cli_output *out,
            struct ro_why *why)
{
    struct ro_write write;
    RO_TRY(read_write(args, &write, why));
    return carry_out(plan, &write, args, out, why);
}

/* A command that has a text besides, if it is given. */
static enum ro_status
carry_with_text(const struct plan *plan,
                const struct cli_args *args,
                struct cli_output *out,
                struct ro_why *why)
{
    RO_AUTOBUF text = {0};
    struct ro_write write;
    RO_TRY(read_write(args, &write, why));
    RO_TRY(input_text(args, INPUT_OPTIONAL, &text, why, &write.text));
    return carry_out(plan, &write, args, out, why);
}

static void
view_state(struct cli_output *out, const struct ro_result *result)
{
    render_json_state(output_json(out), result);
    render_text_state(&out->text, result);
}

/* --- the helper's side --------------------------------------------------- */

static void
view_answer(struct cli_output *out, const struct ro_result *result)
{
    render_json_answer(output_json(out), result);
    render_text_answer(&out->text, result);
}

enum ro_status
cmd_write_answer(const struct cli_args *args,
                 struct cli_output *out,
                 struct ro_why *why)
{
    static const struct plan plan = {ro_client_answer, view_answer};
    RO_AUTOBUF text = {0};
    struct ro_write write;
    RO_TRY(read_write(args, &write, why));
    RO_TRY(input_days(args, why, &write.days));
    RO_TRY(input_text(args, INPUT_REQUIRED, &text, why, &write.text));
    return carry_out(&plan, &write, args, out, why);
}

static void
view_pass(struct cli_output *out, const struct ro_result *result)
{
    render_json_answer(output_json(out), result);
    render_text_pass(&out->text, result);
}

enum ro_status
cmd_write_pass(const struct cli_args *args,
               struct cli_output *out,
               struct ro_why *why)
{
    static const struct plan plan = {ro_client_pass, view_pass};
    return carry_alone(&plan, args, out, why);
}

/* --- the asker's side ---------------------------------------------------- */

static void
view_accept(struct cli_output *out, const struct ro_result *result)
{
    view_state(out, result);
    if (ro_thread_id_is_zero(&result->thread_id))
        return;
    output_then(out, "To write to them; the text ends with Ctrl+D:");
    OUTPUT_NEXT(out, "reachout", "say", show_short(result->thread_id.b).hex,
                "--text", "-");
}

enum ro_status
cmd_write_accept(const struct cli_args *args,
                 struct cli_output *out,
                 struct ro_why *why)
{
    static const struct plan plan = {ro_client_accept, view_accept};
    return carry_with_text(&plan, args, out, why);
}

enum ro_status
cmd_write_decline(const struct cli_args *args,
                  struct cli_output *out,
                  struct ro_why *why)
{
    static const struct plan plan = {ro_client_decline, view_state};
    return carry_with_text(&plan, args, out, why);
}

static enum ro_status
read_story(const struct cli_args *args, struct ro_why *why)
{
    static const char *const stories[] = {"none", "group", NULL};
    const char *story = NULL;
    RO_TRY(options_choice(args, "story", stories, why, &story));
    if (story != NULL && strcmp(story, "group") == 0)
        return ro_why(why, RO_REFUSED, "--story group is not in this release");
    return RO_OK;
}

enum ro_status
cmd_write_close(const struct cli_args *args,
                struct cli_output *out,
                struct ro_why *why)
{
    static const struct plan plan = {ro_client_close, view_state};
    static const char *const outcomes[] = {"helped", "partly", "not-helped",
                                           NULL};
    RO_AUTOBUF text = {0};
    struct ro_write write;
    RO_TRY(read_write(args, &write, why));
    RO_TRY(options_choice(args, "outcome", outcomes, why, &write.outcome));
    if (write.outcome == NULL) {
        return ro_why(why, RO_USAGE,
                      "close needs --outcome: helped, partly or not-helped");
    }
    RO_TRY(read_story(args, why));
    RO_TRY(input_text(args, INPUT_OPTIONAL, &text, why, &write.text));
    return carry_out(&plan, &write, args, out, why);
}

enum ro_status
cmd_write_withdraw(const struct cli_args *args,
                   struct cli_output *out,
                   struct ro_why *why)
{
    static const struct plan plan = {ro_client_withdraw, view_state};
    return carry_alone(&plan, args, out, why);
}

/* --- either -------------------------------------------------------------- */

static void
view_say(struct cli_output *out, const struct ro_result *result)
{
    render_json_say(output_json(out), result);
    render_text_say(&out->text, result);
}

enum ro_status
cmd_write_say(const struct cli_args *args,
              struct cli_output *out,
              struct ro_why *why)
{
    static const struct plan plan = {ro_client_say, view_say};
    RO_AUTOBUF text = {0};
    const char *files[ATTACH_MAX];
    struct ro_write write;
    RO_TRY(read_write(args, &write, why));
    write.attach = files;
    write.n_attach = options_all(args, "attach", files, RO_LEN(files));
    if (write.n_attach > RO_LEN(files)) {
        return ro_why(why, RO_USAGE,
                      "%zu files are too many for one message; at most %d",
                      write.n_attach, ATTACH_MAX);
    }
    RO_TRY(input_text(args, INPUT_REQUIRED, &text, why, &write.text));
    return carry_out(&plan, &write, args, out, why);
}

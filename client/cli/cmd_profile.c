/* SPDX-License-Identifier: Apache-2.0 */
/* join, status, passphrase, lock: this seat. */
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/key.h"
#include "client/cli/profile.h"
#include "client/cli/render_json.h"
#include "client/cli/render_text.h"
#include "client/cli/wait.h"

#include <string.h>

const struct cli_option cmd_profile_join_options[] = {
    {"holder",   "NAME",    "who sits at this seat",                      CLI_ONCE},
    {"key-file", "FILE",
     "the key of the profile, made if absent; keep it as you keep a key", CLI_ONCE},
    {"wait",     "SECONDS", "wait so long to be admitted",                CLI_ONCE},
    {"out",      "FILE",
     "ask nobody: write the request to FILE, for an authority that is never "
     "online",                                                            CLI_ONCE},
    CLI_OPTIONS_END
};

static void
view_join(struct cli_output *out, const struct ro_result *result)
{
    render_json_join(output_json(out), result);
    render_text_join(&out->text, result);
    if (result->state == NULL || strcmp(result->state, "requested") == 0) {
        output_then(out, "Once the authority has admitted you:");
        OUTPUT_NEXT(out, "reachout", "sync");
    } else if (strcmp(result->state, "admitted") == 0) {
        OUTPUT_NEXT(out, "reachout", "members");
    } else {
        out->exit_code = ro_status_exit(RO_REFUSED);
    }
}

/* What opens the profile: a key file if one is named; else a passphrase, given
 * or asked for, a new one if there is no profile yet. One that has a key file
 * remembers where it is. */
static enum ro_status
find_key(struct wait *wait,
         struct ro_join_setup *setup,
         struct ro_passphrase **ret_passphrase)
{
    enum ro_profile_key key = RO_PROFILE_PASSPHRASE;
    setup->key_file = options_text(wait->args, "key-file");
    if (setup->key_file != NULL)
        return RO_OK;
    RO_TRY(key_given(wait->args, wait->why, ret_passphrase));
    if (*ret_passphrase != NULL)
        return RO_OK;
    enum ro_status s = ro_profile_look(setup->profile, wait->why, &key);
    if (s == RO_OK && key == RO_PROFILE_KEY_FILE)
        return RO_OK;
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    s = key_ask(wait, s == RO_OK ? KEY_OLD : KEY_NEW, ret_passphrase);
    if (s != RO_NEED_PASSPHRASE)
        return s;
    return ro_why(wait->why, RO_REFUSED,
                  "a profile has a passphrase or a key file, and there is no "
                  "terminal to ask on; give one with --passphrase-fd N, or "
                  "say where the key shall lie with --key-file FILE");
}

enum ro_status
cmd_profile_join(const struct cli_args *args,
                 struct cli_output *out,
                 struct ro_why *why)
{
    static const struct cli_range range = {0, 30.0 * 86400, 0};
    RO_AUTOBUF folder = {0};
    RO_CLEANUP(wait_fini)
    struct wait wait = {.args = args, .out = out, .why = why};
    struct ro_join_setup setup = {
        .invitation = args->words[0],
        .holder = options_text(args, "holder"),
    };
    const char *path = options_text(args, "out");
    struct ro_client *client = NULL;
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *passphrase = NULL;
    double wait_s = 0;
    if (path != NULL && options_has(args, "wait")) {
        return ro_why(why, RO_USAGE,
                      "with --out nobody is asked, and --wait has nothing to "
                      "wait for");
    }
    RO_TRY(options_number(args, "wait", &range, why, &wait_s));
    RO_TRY(input_profile(args, &folder, why, &setup.profile));
    RO_TRY(wait_hold_signals(&wait, why));
    RO_TRY(find_key(&wait, &setup, &passphrase));
    setup.passphrase = passphrase;
    RO_TRY(input_make_parents(setup.profile, why));
    RO_TRY(ro_client_create(&setup, why, &client));
    wait_open_take(&wait, client);
    if (path != NULL) {
        ro_client_join_by_file(client, path, wait_then(&wait, view_join));
    } else {
        ro_client_join(client, (int64_t)(wait_s * 1000),
                       wait_then(&wait, view_join));
    }
    return wait_run(&wait);
}

static void
view_status(struct cli_output *out, const struct ro_result *result)
{
    render_json_status(output_json(out), result);
    render_text_status(&out->text, result);
    if (result->self.enrolment == RO_ENROL_MADE) {
        output_then(out, "Next: join again with the invitation; it goes on "
                         "where it stopped.");
    } else if (result->self.outbox > 0 ||
               result->self.broker != RO_BROKER_THERE) {
        OUTPUT_NEXT(out, "reachout", "sync");
    }
    if (result->self.inbox_unread > 0)
        OUTPUT_NEXT(out, "reachout", "read", "--unread");
}

enum ro_status
cmd_profile_status(const struct cli_args *args,
                   struct cli_output *out,
                   struct ro_why *why)
{
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_self(wait.client, wait_then(&wait, view_status));
    return wait_run(&wait);
}

/* --- its key ------------------------------------------------------------- */

const struct cli_option cmd_profile_passphrase_options[] = {
    {"key-file",          "FILE",
     "from now on this file opens it, made if absent; keep it as a key", CLI_ONCE},
    {"new-passphrase-fd", "N",    "read the new passphrase from there",  CLI_ONCE},
    CLI_OPTIONS_END
};

/* The passphrase that there is; NULL for a profile with a key file. */
static enum ro_status
find_old(struct wait *wait,
         const char *profile,
         struct ro_passphrase **ret_passphrase)
{
    enum ro_profile_key key;
    enum ro_status s = ro_profile_look(profile, wait->why, &key);
    if (s == RO_NOT_FOUND) {
        OUTPUT_NEXT(wait->out, "reachout", "help", "join");
        return ro_why(wait->why, s, "there is no profile in %s", profile);
    }
    RO_TRY(s);
    RO_TRY(key_given(wait->args, wait->why, ret_passphrase));
    if (*ret_passphrase != NULL || key == RO_PROFILE_KEY_FILE)
        return RO_OK;
    return key_ask(wait, KEY_OLD, ret_passphrase);
}

static enum ro_status
find_new(struct wait *wait, struct ro_passphrase **ret_passphrase)
{
    const char *fd = options_text(wait->args, "new-passphrase-fd");
    if (fd == NULL)
        return key_ask(wait, KEY_NEW, ret_passphrase);
    RO_TRY(key_of_fd(fd, "new-passphrase-fd", wait->why, ret_passphrase));
    return ro_passphrase_fits(*ret_passphrase, wait->why);
}

static void
view_key(struct cli_output *out, const char *key_file)
{
    json_t *document = output_json(out);
    doc_text(document, "key", key_file != NULL ? "key-file" : "passphrase");
    ro_buf_printf(&out->text,
                  "From now on this profile opens with %s.\n"
                  "What opened it before still opens copies that were made of "
                  "it before.\n",
                  key_file != NULL ? "the key file" : "the new passphrase");
}

enum ro_status
cmd_profile_passphrase(const struct cli_args *args,
                       struct cli_output *out,
                       struct ro_why *why)
{
    RO_AUTOBUF folder = {0};
    RO_CLEANUP(wait_fini)
    struct wait wait = {.args = args, .out = out, .why = why};
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *old = NULL;
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *fresh = NULL;
    struct ro_client_setup setup = {.key_file = NULL};
    struct ro_new_key key = {.key_file = options_text(args, "key-file")};
    if (key.key_file != NULL && options_has(args, "new-passphrase-fd")) {
        return ro_why(why, RO_USAGE,
                      "a profile has a passphrase or a key file, not both");
    }
    RO_TRY(input_profile(args, &folder, why, &setup.profile));
    RO_TRY(wait_hold_signals(&wait, why));
    RO_TRY(find_old(&wait, setup.profile, &old));
    setup.passphrase = old;
    if (key.key_file == NULL)
        RO_TRY(find_new(&wait, &fresh));
    key.passphrase = fresh;
    RO_TRY(ro_profile_rekey(&setup, &key, why));
    view_key(out, key.key_file);
    return RO_OK;
}

static void
view_lock(struct cli_output *out, RO_UNUSED const struct ro_result *result)
{
    doc_text(output_json(out), "state", "locked");
    ro_buf_printf(&out->text,
                  "The watch on this profile closes it and ends.\n");
}

enum ro_status
cmd_profile_lock(const struct cli_args *args,
                 struct cli_output *out,
                 struct ro_why *why)
{
    RO_AUTOBUF folder = {0};
    RO_CLEANUP(wait_fini) struct wait wait = {0};
    const char *profile = NULL;
    enum ro_profile_key key;
    RO_TRY(input_profile(args, &folder, why, &profile));
    enum ro_status s = RO_TAKEN;
    if (args->host == NULL)
        s = ro_profile_look(profile, why, &key);
    if (s == RO_OK) {
        doc_text(output_json(out), "state", "locked");
        ro_buf_printf(&out->text, "Nobody has this profile open.\n");
    }
    if (s != RO_TAKEN)
        return s;
    RO_TRY(profile_open(&wait, args, out, why));
    ro_client_lock(wait.client, wait_then(&wait, view_lock));
    return wait_run(&wait);
}

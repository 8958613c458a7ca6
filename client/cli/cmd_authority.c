/* SPDX-License-Identifier: Apache-2.0 */
/* authority: the circle's keys, its register, and who is invited. */
#include "client/cli/cmd_authority.h"

#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/show.h"

#include <stdio.h>
#include <string.h>

#define HELD_SHOWN 20

/* --- what they share ----------------------------------------------------- */

enum ro_status
cmd_authority_open(const struct cli_args *args,
                   struct ro_why *why,
                   struct authority **ret_authority)
{
    struct authority_world world = authority_world_system();
    const char *dir = NULL;
    RO_TRY(options_need(args, "dir", why, &dir));
    RO_TRY(input_wait(args, why, &world.wait_ms));
    return authority_open(dir, &world, why, ret_authority);
}

enum ro_status
cmd_authority_open_draft(const struct cli_args *args,
                         struct ro_why *why,
                         struct authority **ret_authority)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    const char *path = options_text(args, "out");
    RO_TRY(cmd_authority_open(args, why, &authority));
    if (path != NULL)
        RO_TRY(authority_draft(authority, path, why));
    *ret_authority = RO_STEAL(authority);
    return RO_OK;
}

enum ro_status
cmd_authority_write(const struct cli_args *args,
                    struct authority *authority,
                    struct cli_output *out,
                    struct ro_why *why)
{
    struct authority_drafted drafted;
    const char *path = options_text(args, "out");
    if (path == NULL)
        return RO_OK;
    RO_TRY(authority_draft_write(authority, why, &drafted));
    bool is_empty = drafted.records == 0 && drafted.replies == 0;
    cmd_cosign_show(out, &drafted);
    doc_text(output_json(out), "proposal", is_empty ? NULL : path);
    if (is_empty) {
        ro_buf_printf(&out->text, "The directory says all that already: "
                                  "nothing was written.\n");
        return RO_OK;
    }
    show_line(&out->text, path);
    ro_buf_printf(&out->text, " is written; nothing is published yet.\n");
    cmd_cosign_suggest(args, &drafted, path, out);
    return RO_OK;
}

/* --- init ---------------------------------------------------------------- */

static const struct cli_option init_options[] = {
    DIR_ROW,
    {"circle",    "NAME", "what the partnership is called",   CLI_ONCE},
    {"keys",      "N",    "signing keys (default 1)",         CLI_ONCE},
    {"threshold", "K",    "so many of them sign (default 1)", CLI_ONCE},
    {"key-file",  "FILE",
      "where the one signing key is, or is made; "
     "default DIR/keys/1.key",                                 CLI_ONCE},
    CLI_OPTIONS_END
};

static void
show_keys(struct cli_output *out,
          const struct authority_founding *founding,
          const struct authority_founded *founded)
{
    doc_texts(output_json(out), "key_files",
              (const char *const *)founded->key_paths, founded->n_keys);
    for (size_t i = 0; i < founded->n_keys; i++) {
        ro_buf_printf(&out->text, "\n  to be kept, secret      ");
        show_line(&out->text, founded->key_paths[i]);
    }
    if (founding->keys == 1) {
        ro_buf_printf(&out->text,
                      "\nThe last one is the signing key: keep a copy "
                      "elsewhere, nothing replaces it.\n");
        return;
    }
    ro_buf_printf(&out->text,
                  "\nThe last %u are the signing keys, of which %u must sign. "
                  "As long as they are all here, this folder signs alone: move "
                  "them away now. Give each to somebody else, who keeps it in "
                  "a folder with authority.pub.\n",
                  founding->keys, founding->threshold);
}

static void
show_founded(struct cli_output *out,
             const struct authority_founding *founding,
             const struct authority_founded *founded)
{
    json_t *json = output_json(out);
    doc_id(json, "circle", founded->circle.b);
    doc_text(json, "name", founding->circle);
    doc_count(json, "keys", founding->keys);
    doc_count(json, "threshold", founding->threshold);
    doc_text(json, "public", founded->public_path);
    doc_text(json, "door_key", founded->door_key_path);
    ro_buf_printf(&out->text, "The circle ");
    show_line(&out->text, founding->circle);
    ro_buf_printf(&out->text, " is founded.\n  for the broker, public  ");
    show_line(&out->text, founded->public_path);
    ro_buf_printf(&out->text, "\n  for the broker, secret  ");
    show_line(&out->text, founded->door_key_path);
    show_keys(out, founding, founded);
    output_then(out, "The broker's operator makes the broker and runs it, and "
                     "then you sign the charter.\nBegin circle.conf with the "
                     "sample: share/reachout/samples, or config/ in the "
                     "source.");
    OUTPUT_NEXT(out, "reachoutd", "init", "--dir", "broker", "--authority",
                founded->public_path, "--door-key", founded->door_key_path);
    OUTPUT_NEXT(out, "reachoutd", "--config", "broker/reachoutd.conf");
    OUTPUT_NEXT(out, "reachout", "authority", "charter", "--dir", founding->dir,
                "--file", "circle.conf", "--broker", "broker/broker.pub",
                founding->keys > 1 ? "--out" : NULL, "FILE");
}

static enum ro_status
run_init(const struct cli_args *args,
         struct cli_output *out,
         struct ro_why *why)
{
    static const struct cli_range range = {1, 99, 1};
    const struct authority_world world = authority_world_system();
    struct authority_founding founding = {.key_file =
                                              options_text(args, "key-file")};
    RO_CLEANUP(authority_founded_fini) struct authority_founded founded = {0};
    double keys = 0;
    double threshold = 0;
    RO_TRY(options_need(args, "dir", why, &founding.dir));
    RO_TRY(options_need(args, "circle", why, &founding.circle));
    RO_TRY(options_number(args, "keys", &range, why, &keys));
    RO_TRY(options_number(args, "threshold", &range, why, &threshold));
    founding.keys = (uint32_t)keys;
    founding.threshold = (uint32_t)threshold;
    RO_TRY(authority_found(&founding, &world, why, &founded));
    show_founded(out, &founding, &founded);
    return RO_OK;
}

/* --- charter ------------------------------------------------------------- */

static const struct cli_option charter_options[] = {
    DIR_ROW,
    {"file",   "FILE", "circle.conf: topics, urgency, groups, calendar",
      CLI_ONCE},
    {"broker", "FILE", "broker.pub: where the broker is, and its keys",
      CLI_ONCE},
    INPUT_WAIT_ROW,
    OUT_ROW,
    CLI_OPTIONS_END
};

static enum ro_status
run_charter(const struct cli_args *args,
            struct cli_output *out,
            struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_AUTOBUF mistakes = {0};
    struct authority_chartering chartering;
    uint64_t record = 0;
    chartering.conf_path = options_text(args, "file");
    chartering.broker_path = options_text(args, "broker");
    if ((chartering.conf_path == NULL) != (chartering.broker_path == NULL)) {
        return ro_why(why, RO_USAGE,
                      "charter needs --file and --broker, or neither, to say "
                      "the same again with the circle's newest key");
    }
    RO_TRY(cmd_authority_open_draft(args, why, &authority));
    enum ro_status s =
        authority_charter(authority, &chartering, &mistakes, why, &record);
    if (mistakes.size > 0)
        output_mistakes(out, &mistakes);
    RO_TRY(s);
    if (options_has(args, "out"))
        return cmd_authority_write(args, authority, out, why);
    doc_count(output_json(out), "record", record);
    ro_buf_printf(&out->text, "The charter is record %llu of the directory.\n",
                  (unsigned long long)record);
    output_then(out, "Save an export of the register of schools (GIAS) as "
                     "schools.csv:");
    OUTPUT_NEXT(out, "reachout", "authority", "register", "--dir",
                options_text(args, "dir"), "--csv", "schools.csv");
    return RO_OK;
}

/* --- register ------------------------------------------------------------ */

static const struct cli_option register_options[] = {
    DIR_ROW,
    {"csv",     "FILE", "an export of the register of schools (GIAS)", CLI_ONCE},
    {"links",   "FILE", "an export of which school follows which",     CLI_ONCE},
    {"la",      "CODE", "only the schools of this local authority",    CLI_ONCE},
    {"dry-run", NULL,   "say what would happen, and ask nobody",       CLI_ONCE},
    INPUT_WAIT_ROW,
    OUT_ROW,
    CLI_OPTIONS_END
};

static void
list_held(struct cli_output *out,
          json_t *held,
          const struct register_list *list)
{
    for (size_t i = 0; i < list->held_count; i++) {
        json_t *item = doc_item(held);
        doc_count(item, "row", list->held[i].line);
        doc_said(item, "urn", list->held[i].urn);
        doc_text(item, "why", list->held[i].why);
        if (i >= HELD_SHOWN)
            continue;
        ro_buf_printf(&out->text, "  row %u held back: ", list->held[i].line);
        show_line(&out->text, list->held[i].why);
        ro_buf_put_u8(&out->text, '\n');
    }
    if (list->held_count > HELD_SHOWN) {
        ro_buf_printf(&out->text, "  and %zu more; --json lists them all\n",
                      list->held_count - HELD_SHOWN);
    }
}

static void
show_imported(struct cli_output *out,
              const struct authority_imported *imported,
              enum authority_import_mode mode)
{
    json_t *json = output_json(out);
    doc_count(json, "accepted", imported->accepted);
    doc_count(json, "added", imported->added);
    doc_count(json, "changed", imported->changed);
    show_count(&out->text, imported->accepted, "school");
    ro_buf_printf(&out->text, "%s: %zu new, %zu changed, %zu as before.\n",
                  mode == AUTHORITY_DRY_RUN ? " (nothing was sent)" : "",
                  imported->added, imported->changed,
                  imported->accepted - imported->added - imported->changed);
}

/* Members that are another school now. */
static void
list_moves(struct cli_output *out,
           json_t *held,
           const struct authority_moves *moves)
{
    json_t *moved = doc_list(output_json(out), "moved");
    for (size_t i = 0; i < moves->n; i++) {
        json_t *item = doc_item(moved);
        doc_count(item, "urn", moves->list[i].urn);
        doc_count(item, "to", moves->list[i].to);
        ro_buf_printf(&out->text, "  %u is %u now\n", moves->list[i].urn,
                      moves->list[i].to);
    }
    for (size_t i = 0; i < moves->n_held; i++) {
        char urn[16];
        json_t *item = doc_item(held);
        (void)snprintf(urn, sizeof(urn), "%u", moves->held[i].urn);
        doc_null(item, "row");
        doc_text(item, "urn", urn);
        doc_text(item, "why", moves->held[i].why.text);
        ro_buf_printf(&out->text, "  member %s stays: ", urn);
        show_line(&out->text, moves->held[i].why.text);
        ro_buf_put_u8(&out->text, '\n');
    }
}

static void
show_register(struct cli_output *out,
              const struct authority_import *import,
              const struct authority_imported *imported)
{
    json_t *held = NULL;
    if (imported->list != NULL)
        show_imported(out, imported, import->mode);
    held = doc_list(output_json(out), "held");
    if (imported->list != NULL)
        list_held(out, held, imported->list);
    if (import->links_path == NULL)
        return;
    show_count(&out->text, imported->moves.n, "member");
    ro_buf_printf(&out->text, " moved to a new URN.\n");
    list_moves(out, held, &imported->moves);
}

/* Whoever is in the register can be invited: the first of them, say. */
static void
suggest_invitation(const struct cli_args *args,
                   uint32_t urn,
                   struct cli_output *out)
{
    char word[16];
    char file[24];
    (void)snprintf(word, sizeof(word), "%u", urn);
    (void)snprintf(file, sizeof(file), "%u.inv", urn);
    output_then(out, "Each school is invited by its URN; the first of these:");
    OUTPUT_NEXT(out, "reachout", "authority", "invite", "--dir",
                options_text(args, "dir"), "--kind", "school", "--urn", word,
                "--seat", "lead", "--out", file);
}

static enum ro_status
run_register(const struct cli_args *args,
             struct cli_output *out,
             struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_CLEANUP(authority_imported_fini)
    struct authority_imported imported = {0};
    struct authority_import import = {
        .la_code = options_text(args, "la"),
        .mode = options_has(args, "dry-run") ? AUTHORITY_DRY_RUN
                                             : AUTHORITY_PUBLISH,
    };
    import.csv_path = options_text(args, "csv");
    import.links_path = options_text(args, "links");
    if (import.csv_path == NULL && import.links_path == NULL)
        return ro_why(why, RO_USAGE, "register needs --csv or --links");
    RO_TRY(cmd_authority_open_draft(args, why, &authority));
    RO_TRY(authority_register(authority, &import, why, &imported));
    show_register(out, &import, &imported);
    if (options_has(args, "out"))
        return cmd_authority_write(args, authority, out, why);
    if (import.mode == AUTHORITY_DRY_RUN) {
        output_then(out, "The same without --dry-run does it.");
    } else if (imported.list != NULL && imported.list->row_count > 0) {
        suggest_invitation(args, imported.list->rows[0].urn, out);
    }
    return RO_OK;
}

/* --- the table ----------------------------------------------------------- */

#define MANY 1000

/* one row a command */
/* clang-format off */
const struct cli_command cmd_authority_commands[] = {
    {"init", "--dir DIR --circle NAME [--keys N --threshold K] [--key-file FILE]",
     "found a circle: its keys and secrets", NULL,
     init_options, 0, 0, run_init, NULL},
    {"charter", "--dir DIR [--file circle.conf --broker broker.pub] [--out FILE]",
     "sign what the circle agreed on, and where its broker is", NULL,
     charter_options, 0, 0, run_charter, NULL},
    {"register", "--dir DIR [--csv FILE] [--links FILE] [--la CODE] [--dry-run] [--out FILE]",
     "put the schools of a register into the directory", NULL,
     register_options, 0, 0, run_register, NULL},
    {"invite", "--dir DIR --kind KIND (--urn URN | --name NAME) --seat SEAT --out FILE",
     "write an invitation", NULL,
     cmd_invite_options, 0, 0, cmd_invite, NULL},
    {"replace", "--dir DIR (--member ID | --urn URN) --out FILE",
     "invite a member to join again with new keys", NULL,
     cmd_invite_replace_options, 0, 0, cmd_invite_replace, NULL},
    {"requests", "--dir DIR [--file FILE...]", "who asks to be admitted, and the words to compare", NULL,
     cmd_admission_requests_options, 0, MANY, cmd_admission_requests, NULL},
    {"admit", "--dir DIR (REQUEST... | --all) [--revoke SEAT] [--out FILE]", "admit, once the words were compared", NULL,
     cmd_admission_admit_options, 0, MANY, cmd_admission_admit, NULL},
    {"refuse", "--dir DIR REQUEST --text TEXT [--out FILE]", "refuse, with a reason", NULL,
     cmd_admission_refuse_options, 1, 1, cmd_admission_refuse, NULL},
    {"members", "--dir DIR", "who belongs to the circle, with the ids of all seats", NULL,
     cmd_roster_options, 0, 0, cmd_roster, NULL},
    {"revoke", "--dir DIR [(--seat ID | --member ID | --urn URN)...] [--again ID] [--take-over] [--out FILE]",
     "remove seats or members, and give the circle a new key", NULL,
     cmd_cosign_revoke_options, 0, 0, cmd_cosign_revoke, NULL},
    {"sign", "FILE --dir DIR [--file FILE] [--out FILE]",
     "tell what a proposal or an invitation says, and sign it", NULL,
     cmd_cosign_sign_options, 1, 1, cmd_cosign_sign, NULL},
    {"publish", "--dir DIR FILE...", "publish a proposal that was signed", NULL,
     cmd_cosign_publish_options, 1, MANY, cmd_cosign_publish, NULL},
    {"mend", "--dir DIR",
     "give a broker restored from a backup the records that it lacks", NULL,
     cmd_cosign_mend_options, 0, 0, cmd_cosign_mend, NULL},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL}
};
/* clang-format on */

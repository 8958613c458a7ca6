/* SPDX-License-Identifier: Apache-2.0 */
/* authority: the circle's keys, its register, and who is admitted. */
#include "client/authority/authority.h"
#include "client/cli/commands.h"
#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/show.h"

#include <stdio.h>
#include <string.h>

#define DIR_ROW                                                                \
    {                                                                          \
        "dir", "DIR", "the authority's folder", CLI_ONCE                       \
    }
#define OUT_LATER                                                              \
    {                                                                          \
        "out", "FILE", "", CLI_LATER                                           \
    }
#define HELD_SHOWN 20
#define CHOICES_SHOWN 20

/* --- what they share ----------------------------------------------------- */

/* Opens the folder of --dir, with the patience of --wait. */
static enum ro_status
open_dir(const struct cli_args *args,
         struct ro_why *why,
         struct authority **ret_authority)
{
    struct authority_world world = authority_world_system();
    const char *dir = NULL;
    RO_TRY(options_need(args, "dir", why, &dir));
    RO_TRY(input_wait(args, why, &world.wait_ms));
    return authority_open(dir, &world, why, ret_authority);
}

/* A URN of an option; 0 if it was not given. */
static enum ro_status
read_urn(const struct cli_args *args,
         const char *name,
         struct ro_why *why,
         uint32_t *ret_urn)
{
    static const struct cli_range range = {1, 99999999, 0};
    double number = 0;
    RO_TRY(options_number(args, name, &range, why, &number));
    *ret_urn = (uint32_t)number;
    return (double)*ret_urn == number
               ? RO_OK
               : ro_why(why, RO_USAGE, "--%s: a URN has no fraction", name);
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
    ro_buf_printf(&out->text,
                  "\nKeep the signing key as you keep a key, with a copy "
                  "elsewhere: nothing replaces it.\n");
    ro_buf_printf(&out->hint,
                  "next: reachoutd init --authority authority.pub --door-key "
                  "door.key, then reachout authority charter\n");
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
    OUT_LATER,
    CLI_OPTIONS_END
};

/* All mistakes at once, on stderr; the error itself names the first. */
static void
tell_mistakes(const struct ro_buf *mistakes)
{
    if (mistakes->size > 0)
        (void)fwrite(mistakes->data, 1, mistakes->size, stderr);
}

static enum ro_status
run_charter(const struct cli_args *args,
            struct cli_output *out,
            struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_AUTOBUF mistakes = {0};
    struct authority_chartering chartering;
    uint64_t record = 0;
    RO_TRY(options_need(args, "file", why, &chartering.conf_path));
    RO_TRY(options_need(args, "broker", why, &chartering.broker_path));
    RO_TRY(open_dir(args, why, &authority));
    enum ro_status s =
        authority_charter(authority, &chartering, &mistakes, why, &record);
    tell_mistakes(&mistakes);
    RO_TRY(s);
    doc_count(output_json(out), "record", record);
    ro_buf_printf(&out->text, "The charter is record %llu of the directory.\n",
                  (unsigned long long)record);
    ro_buf_printf(&out->hint, "next: reachout authority register --csv FILE\n");
    return RO_OK;
}

/* --- register ------------------------------------------------------------ */

static const struct cli_option register_options[] = {
    DIR_ROW,
    {"csv",     "FILE", "an export of the register of schools (GIAS)", CLI_ONCE},
    {"la",      "CODE", "only the schools of this local authority",    CLI_ONCE},
    {"dry-run", NULL,   "say what would happen, and ask nobody",       CLI_ONCE},
    INPUT_WAIT_ROW,
    OUT_LATER,
    CLI_OPTIONS_END
};

static void
list_held(struct cli_output *out, const struct register_list *list)
{
    json_t *held = doc_list(output_json(out), "held");
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
    list_held(out, imported->list);
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
    RO_TRY(options_need(args, "csv", why, &import.csv_path));
    RO_TRY(open_dir(args, why, &authority));
    RO_TRY(authority_register(authority, &import, why, &imported));
    show_imported(out, &imported, import.mode);
    return RO_OK;
}

/* --- invite -------------------------------------------------------------- */

static const struct cli_option invite_options[] = {
    DIR_ROW,
    {"kind",    "KIND", "school, coordinators, source, trust or la", CLI_ONCE},
    {"urn",     "URN",  "the school, as the register knows it",      CLI_ONCE},
    {"name",    "NAME", "what anybody but a school is called",       CLI_ONCE},
    {"seat",    "SEAT",
      "lead, delegate, office, chair, coordinator, source "
     "or auditor",                                                    CLI_ONCE},
    {"home",    "URN",  "the school that a coordinator is of",       CLI_ONCE},
    {"expires", "TIME", "how long it is valid: 14d (default), 12h",  CLI_ONCE},
    {"out",     "FILE", "where the invitation goes",                 CLI_ONCE},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

static enum ro_status
read_inviting(const struct cli_args *args,
              struct ro_why *why,
              struct authority_inviting *ret_inviting)
{
    const char *expires = options_text(args, "expires");
    *ret_inviting =
        (struct authority_inviting){.name = options_text(args, "name")};
    RO_TRY(options_need(args, "kind", why, &ret_inviting->kind));
    RO_TRY(options_need(args, "seat", why, &ret_inviting->seat));
    RO_TRY(options_need(args, "out", why, &ret_inviting->out_path));
    RO_TRY(read_urn(args, "urn", why, &ret_inviting->urn));
    RO_TRY(read_urn(args, "home", why, &ret_inviting->home_urn));
    return authority_span(expires != NULL ? expires : "14d", why,
                          &ret_inviting->valid_s);
}

static enum ro_status
run_invite(const struct cli_args *args,
           struct cli_output *out,
           struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    struct authority_inviting inviting;
    int64_t expires_s = 0;
    RO_TRY(read_inviting(args, why, &inviting));
    RO_TRY(open_dir(args, why, &authority));
    RO_TRY(authority_invite(authority, &inviting, why, &expires_s));
    doc_text(output_json(out), "invitation", inviting.out_path);
    doc_time(output_json(out), "expires", expires_s);
    ro_buf_printf(&out->text, "The invitation is in ");
    show_line(&out->text, inviting.out_path);
    ro_buf_printf(&out->text, ", valid until ");
    show_time(&out->text, expires_s);
    ro_buf_printf(&out->text, ".\nIt is a secret until it is used: hand it "
                              "over, or send it the way you trust most.\n");
    ro_buf_printf(&out->hint,
                  "next, there: reachout join FILE --key-file KEY\n");
    return RO_OK;
}

/* --- requests ------------------------------------------------------------ */

static const struct cli_option requests_options[] = {DIR_ROW, INPUT_WAIT_ROW,
                                                     CLI_OPTIONS_END};

static void
show_request(struct cli_output *out,
             json_t *list,
             const struct authority_request *request)
{
    json_t *item = doc_item(list);
    struct ro_buf *text = &out->text;
    doc_id(item, "request", request->id.b);
    doc_id(item, "member", request->member.b);
    doc_id(item, "seat", request->seat.b);
    doc_said(item, "holder", request->holder);
    doc_texts(item, "words", request->words, AUTHORITY_WORDS);
    doc_text(item, "kind", request->kind);
    doc_text(item, "role", request->role);
    doc_text(item, "name", request->name);
    doc_time(item, "sent_at", request->sent_at_s);
    show_id(text, request->id.b);
    ro_buf_printf(text, "  ");
    show_line(text, request->name);
    ro_buf_printf(text, ", %s", request->role);
    if (request->holder[0] != '\0') {
        ro_buf_printf(text, ": ");
        show_line(text, request->holder);
    }
    ro_buf_printf(text, "\n          words:");
    for (size_t i = 0; i < AUTHORITY_WORDS; i++)
        ro_buf_printf(text, " %s", request->words[i]);
    ro_buf_put_u8(text, '\n');
}

/* What came and could not be a request: talk, in both forms. */
static void
tell_troubles(const struct authority_requests *requests)
{
    for (size_t i = 0; i < requests->n_troubles; i++) {
        RO_AUTOBUF line = {0};
        ro_buf_printf(&line, "reachout: something came that is no request: ");
        show_line(&line, requests->troubles[i].text);
        ro_buf_put_u8(&line, '\n');
        if (ro_buf_ok(&line) == RO_OK)
            (void)fwrite(line.data, 1, line.size, stderr);
    }
}

static enum ro_status
run_requests(const struct cli_args *args,
             struct cli_output *out,
             struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    RO_TRY(open_dir(args, why, &authority));
    RO_TRY(authority_receive(authority, why, &requests));
    tell_troubles(&requests);
    json_t *list = doc_list(output_json(out), "requests");
    for (size_t i = 0; i < requests.n; i++)
        show_request(out, list, &requests.list[i]);
    if (requests.n == 0) {
        ro_buf_printf(&out->text, "Nobody waits to be admitted.\n");
    } else {
        ro_buf_printf(&out->hint,
                      "next: compare the words by telephone, then reachout "
                      "authority admit REQUEST\n");
    }
    return RO_OK;
}

/* --- admit --------------------------------------------------------------- */

static const struct cli_option admit_options[] = {
    DIR_ROW,
    {"all", NULL, "everybody who waits, words unheard: for tests", CLI_ONCE},
    INPUT_WAIT_ROW,
    OUT_LATER,
    CLI_OPTIONS_END
};

static enum ro_status
admit_one(struct authority *authority,
          const struct authority_request *request,
          struct cli_output *out,
          struct ro_why *why)
{
    char hex[RO_ID_HEX];
    RO_AUTOBUF line = {0};
    json_t *list = json_object_get(output_json(out), "admitted");
    show_line(&line, request->name);
    RO_TRY(authority_admit(authority, &request->id, why));
    ro_hex(request->id.b, RO_ID_SIZE, hex);
    json_array_append_new(list, json_string(hex));
    ro_buf_put(&out->text, line.data, line.size);
    ro_buf_printf(&out->text, " (%s) is admitted.\n", request->role);
    return RO_OK;
}

/* One that cannot be admitted does not stand in the way of the others. */
static enum ro_status
admit_all(struct authority *authority,
          struct cli_output *out,
          struct ro_why *why)
{
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    enum ro_status first = RO_OK;
    RO_TRY(authority_receive(authority, why, &requests));
    tell_troubles(&requests);
    for (size_t i = 0; i < requests.n; i++) {
        struct ro_why detail = {""};
        enum ro_status s =
            admit_one(authority, &requests.list[i], out, &detail);
        if (s == RO_OK || first != RO_OK)
            continue;
        *why = detail;
        first = s;
        if (s != RO_REFUSED)
            return s;
    }
    if (requests.n == 0)
        ro_buf_printf(&out->text, "Nobody waits to be admitted.\n");
    return first;
}

/* The waiting requests that an id may mean, for an ambiguous one. */
static void
offer_choices(const struct authority_requests *requests,
              const char *prefix,
              struct cli_output *out)
{
    char ids[CHOICES_SHOWN][RO_ID_HEX];
    const char *choices[CHOICES_SHOWN];
    size_t n = 0;
    for (size_t i = 0; i < requests->n && n < CHOICES_SHOWN; i++) {
        ro_hex(requests->list[i].id.b, RO_ID_SIZE, ids[n]);
        if (strncmp(ids[n], prefix, strlen(prefix)) != 0)
            continue;
        choices[n] = ids[n];
        n++;
    }
    output_choices(out, choices, n);
}

/* Finds the waiting request of an id that was typed. */
static enum ro_status
find_request(struct authority *authority,
             const char *prefix,
             struct cli_output *out,
             struct ro_why *why,
             struct authority_request *ret_request)
{
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    struct ro_message_id id;
    RO_TRY(authority_list(authority, &requests));
    enum ro_status s = authority_find(authority, prefix, why, &id);
    if (s == RO_AMBIGUOUS)
        offer_choices(&requests, prefix, out);
    RO_TRY(s);
    for (size_t i = 0; i < requests.n; i++) {
        if (ro_message_id_equal(&requests.list[i].id, &id))
            *ret_request = requests.list[i];
    }
    return RO_OK;
}

static enum ro_status
run_admit(const struct cli_args *args,
          struct cli_output *out,
          struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    if (options_has(args, "all") == (args->n_words > 0))
        return ro_why(why, RO_USAGE, "admit needs requests, or --all");
    RO_TRY(open_dir(args, why, &authority));
    doc_list(output_json(out), "admitted");
    if (args->n_words == 0)
        return admit_all(authority, out, why);
    for (size_t i = 0; i < args->n_words; i++) {
        struct authority_request request;
        RO_TRY(find_request(authority, args->words[i], out, why, &request));
        RO_TRY(admit_one(authority, &request, out, why));
    }
    return RO_OK;
}

/* --- refuse -------------------------------------------------------------- */

static const struct cli_option refuse_options[] = {
    DIR_ROW,
    {"text", "TEXT", "why; \"-\" reads it from stdin", CLI_ONCE},
    INPUT_WAIT_ROW,
    OUT_LATER,
    CLI_OPTIONS_END
};

static enum ro_status
run_refuse(const struct cli_args *args,
           struct cli_output *out,
           struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_AUTOBUF typed = {0};
    const char *text = NULL;
    struct authority_request request = {0};
    RO_TRY(input_text(args, INPUT_REQUIRED, &typed, why, &text));
    RO_TRY(open_dir(args, why, &authority));
    RO_TRY(find_request(authority, args->words[0], out, why, &request));
    show_line(&out->text, request.name);
    RO_TRY(authority_refuse(authority, &request.id, text, why));
    doc_id(output_json(out), "refused", request.id.b);
    ro_buf_printf(&out->text,
                  " (%s) is refused, and the reason is on its way.\n",
                  request.role);
    return RO_OK;
}

/* --- the table ----------------------------------------------------------- */

#define MANY 1000
#define LATER "", "", "", NULL, 0, MANY, NULL, NULL

/* one row a command */
/* clang-format off */
const struct cli_command cmd_authority_commands[] = {
    {"init", "--dir DIR --circle NAME [--key-file FILE]",
     "found a circle: its keys and secrets", NULL,
     init_options, 0, 0, run_init, NULL},
    {"charter", "--dir DIR --file circle.conf --broker broker.pub",
     "sign what the circle agreed on, and where its broker is", NULL,
     charter_options, 0, 0, run_charter, NULL},
    {"register", "--dir DIR --csv FILE [--la CODE] [--dry-run]",
     "put the schools of a register into the directory", NULL,
     register_options, 0, 0, run_register, NULL},
    {"invite", "--dir DIR --kind KIND (--urn URN | --name NAME) --seat SEAT --out FILE",
     "write an invitation", NULL,
     invite_options, 0, 0, run_invite, NULL},
    {"requests", "--dir DIR", "who asks to be admitted, and the words to compare", NULL,
     requests_options, 0, 0, run_requests, NULL},
    {"admit", "--dir DIR (REQUEST... | --all)", "admit, once the words were compared", NULL,
     admit_options, 0, MANY, run_admit, NULL},
    {"refuse", "--dir DIR REQUEST --text TEXT", "refuse, with a reason", NULL,
     refuse_options, 1, 1, run_refuse, NULL},
    {"sign",    LATER},
    {"publish", LATER},
    {NULL, NULL, NULL, NULL, NULL, 0, 0, NULL, NULL}
};
/* clang-format on */

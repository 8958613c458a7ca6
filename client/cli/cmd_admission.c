/* SPDX-License-Identifier: Apache-2.0 */
/* authority requests, admit, refuse: who belongs to the circle. */
#include "client/cli/cmd_authority.h"

#include "client/cli/input.h"
#include "client/cli/output.h"
#include "client/cli/show.h"

#include <stdio.h>
#include <string.h>

#define CHOICES_SHOWN 20
#define FILES_MAX 100

/* --- requests ------------------------------------------------------------ */

const struct cli_option cmd_admission_requests_options[] = {
    DIR_ROW,
    {"file", "FILE",
      "take in this request (and those after it), and ask nobody", CLI_MANY},
    INPUT_WAIT_ROW,
    CLI_OPTIONS_END
};

static const char *const decisions[] = {
    [AUTHORITY_UNDECIDED] = "waiting",
    [AUTHORITY_TO_ADMIT] = "admitting",
    [AUTHORITY_TO_REFUSE] = "refusing",
    [AUTHORITY_TO_HEAR_NO] = "refused",
};

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
    doc_text(item, "state", decisions[request->decision]);
    doc_truth(item, "replaces",
              request->wish == AUTHORITY_NEW_KEYS ? DOC_TRUE : DOC_FALSE);
    show_id(text, request->id.b);
    ro_buf_printf(text, "  ");
    show_line(text, request->name);
    ro_buf_printf(text, ", %s", request->role);
    if (request->holder[0] != '\0') {
        ro_buf_printf(text, ": ");
        show_line(text, request->holder);
    }
    if (request->wish == AUTHORITY_NEW_KEYS)
        ro_buf_printf(text, "\n          gets new keys: the old ones end");
    if (request->decision == AUTHORITY_TO_ADMIT) {
        ro_buf_printf(text, "\n          is to be admitted, and it is not "
                            "published yet");
    }
    if (request->decision == AUTHORITY_TO_REFUSE)
        ro_buf_printf(text, "\n          is refused, and was not told yet");
    if (request->decision == AUTHORITY_TO_HEAR_NO) {
        ro_buf_printf(text, "\n          is refused, and hears it from here "
                            "once it came to the broker");
    }
    ro_buf_printf(text, "\n          words:");
    for (size_t i = 0; i < AUTHORITY_WORDS; i++)
        ro_buf_printf(text, " %s", request->words[i]);
    ro_buf_put_u8(text, '\n');
}

/* How many from `at` on say the same. */
static size_t
count_same(const struct authority_requests *requests, size_t at)
{
    size_t run = 1;
    while (at + run < requests->n_troubles &&
           strcmp(requests->troubles[at].text,
                  requests->troubles[at + run].text) == 0)
        run++;
    return run;
}

/* What came and could not be a request: talk, in both forms, and one line for
 * many of a kind. */
static void
tell_troubles(const struct authority_requests *requests)
{
    size_t run;
    for (size_t i = 0; i < requests->n_troubles; i += run) {
        RO_AUTOBUF line = {0};
        run = count_same(requests, i);
        ro_buf_printf(&line, "reachout: ");
        show_count(&line, run, "message");
        ro_buf_printf(&line, run == 1 ? " came that is no request ("
                                      : " came that are no requests (");
        show_line(&line, requests->troubles[i].text);
        ro_buf_printf(&line, "): nothing of it was kept\n");
        if (ro_buf_ok(&line) == RO_OK)
            (void)fwrite(line.data, 1, line.size, stderr);
    }
}

static void
tell_unsent(const struct authority_requests *requests)
{
    RO_AUTOBUF line = {0};
    if (requests->n_unsent == 0)
        return;
    ro_buf_printf(&line, "reachout: ");
    show_count(&line, requests->n_unsent, "refusal");
    ro_buf_printf(&line, " could not be sent (");
    show_line(&line, requests->unsent.text);
    ro_buf_printf(&line, "): the next `reachout authority requests` does it\n");
    if (ro_buf_ok(&line) == RO_OK)
        (void)fwrite(line.data, 1, line.size, stderr);
}

/* Whether `admit` is next. What was written to a file is signed and published
 * instead; at once it is done again, if it was broken off. */
static bool
is_to_admit(const struct authority_request *request,
            const struct authority_keyset *set)
{
    return request->decision == AUTHORITY_UNDECIDED ||
           (request->decision == AUTHORITY_TO_ADMIT &&
            set->way == AUTHORITY_AT_ONCE);
}

static void
suggest_admission(const struct cli_args *args,
                  const struct authority_requests *requests,
                  const struct authority_keyset *set,
                  struct cli_output *out)
{
    size_t n = 0;
    size_t n_written = 0;
    for (size_t i = 0; i < requests->n; i++) {
        const struct authority_request *request = &requests->list[i];
        struct show_short id = show_short(request->id.b);
        bool is_next = is_to_admit(request, set);
        n_written += !is_next && request->decision == AUTHORITY_TO_ADMIT;
        if (!is_next || n == CHOICES_SHOWN)
            continue;
        if (n++ == 0) {
            output_then(out, "Telephone each of them; who reads the same words "
                             "to you can be admitted:");
        }
        OUTPUT_NEXT(out, "reachout", "authority", "admit", "--dir",
                    options_text(args, "dir"), id.hex,
                    set->way == AUTHORITY_BY_FILE ? "--out" : NULL, "FILE");
    }
    if (n_written > 0) {
        output_then(out, "Who is to be admitted already is in a file that "
                         "`admit --out` wrote: have it signed, and publish it. "
                         "If it is lost, admit them again.");
    }
}

/* --- out of files -------------------------------------------------------- */

static void
tell_taken(struct cli_output *out,
           json_t *list,
           const char *path,
           const struct authority_taken *taken)
{
    static const char *const words[] = {
        [AUTHORITY_TAKEN_IN] = "new",
        [AUTHORITY_WAITS_ALREADY] = "waiting",
        [AUTHORITY_ADMITTED_ALREADY] = "admitted",
        [AUTHORITY_REFUSED_ALREADY] = "refused",
    };
    static const char *const sentences[] = {
        [AUTHORITY_TAKEN_IN] = "taken in.",
        [AUTHORITY_WAITS_ALREADY] = "is here already, and waits.",
        [AUTHORITY_ADMITTED_ALREADY] = "was here before, and was admitted.",
        [AUTHORITY_REFUSED_ALREADY] =
            ("was here before, and was refused: to ask again takes a new "
             "invitation."),
    };
    json_t *item = doc_item(list);
    doc_text(item, "file", path);
    doc_id(item, "request", taken->id.b);
    doc_text(item, "state", words[taken->as]);
    show_line(&out->text, path);
    ro_buf_printf(&out->text, ": %s\n", sentences[taken->as]);
}

static enum ro_status
take_one(struct authority *authority,
         const char *path,
         struct cli_output *out,
         struct ro_why *why)
{
    struct authority_taken taken;
    RO_TRY(authority_take_file(authority, path, why, &taken));
    json_t *list = json_object_get(output_json(out), "files");
    tell_taken(out, list, path, &taken);
    return RO_OK;
}

/* The files of --file, and the words after it, as a shell gives them. Those
 * before one that cannot be taken are taken. */
static enum ro_status
take_files(const struct cli_args *args,
           struct authority *authority,
           struct cli_output *out,
           struct ro_why *why)
{
    const char *paths[FILES_MAX];
    size_t n = options_all(args, "file", paths, FILES_MAX);
    if (n > FILES_MAX)
        return ro_why(why, RO_USAGE, "at most %d --file at once", FILES_MAX);
    doc_list(output_json(out), "files");
    for (size_t i = 0; i < n; i++)
        RO_TRY(take_one(authority, paths[i], out, why));
    for (size_t i = 0; i < args->n_words; i++)
        RO_TRY(take_one(authority, args->words[i], out, why));
    return RO_OK;
}

enum ro_status
cmd_admission_requests(const struct cli_args *args,
                       struct cli_output *out,
                       struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    struct authority_keyset set;
    bool from_files = options_has(args, "file");
    if (args->n_words > 0 && !from_files) {
        return ro_why(why, RO_USAGE,
                      "\"%.100s\": a request as a file is taken in with --file",
                      args->words[0]);
    }
    RO_TRY(cmd_authority_open(args, why, &authority));
    if (from_files)
        RO_TRY(take_files(args, authority, out, why));
    RO_TRY(from_files ? authority_list(authority, &requests)
                      : authority_receive(authority, why, &requests));
    tell_troubles(&requests);
    tell_unsent(&requests);
    json_t *list = doc_list(output_json(out), "requests");
    for (size_t i = 0; i < requests.n; i++)
        show_request(out, list, &requests.list[i]);
    if (requests.n == 0) {
        ro_buf_printf(&out->text, "Nobody waits to be admitted.\n");
        return RO_OK;
    }
    RO_TRY(authority_keyset(authority, why, &set));
    if (from_files)
        set.way = AUTHORITY_BY_FILE; /* the broker was not asked, or is away */
    suggest_admission(args, &requests, &set, out);
    return RO_OK;
}

/* --- admit --------------------------------------------------------------- */

const struct cli_option cmd_admission_admit_options[] = {
    DIR_ROW,
    {"all",    NULL,   "everybody who waits, words unheard: for tests",     CLI_ONCE},
    {"revoke", "SEAT", "of a member with new keys, end this old seat only",
      CLI_MANY                                                                       },
    INPUT_WAIT_ROW,
    OUT_ROW,
    CLI_OPTIONS_END
};

/* Old seats that one admission can name. */
#define REVOKE_MAX 16

/* An admission under way. */
struct admitting {
    struct authority *authority;
    const char *revoke[REVOKE_MAX];
    size_t n_revoke;
};

static enum ro_status
admit_one(const struct admitting *admitting,
          const struct authority_request *request,
          struct cli_output *out,
          struct ro_why *why)
{
    const struct authority_admission admission = {
        request->id, admitting->revoke, admitting->n_revoke};
    char hex[RO_ID_HEX];
    RO_AUTOBUF line = {0};
    bool is_draft = json_object_get(output_json(out), "proposed") != NULL;
    json_t *list =
        json_object_get(output_json(out), is_draft ? "proposed" : "admitted");
    show_line(&line, request->name);
    RO_TRY(authority_admit(admitting->authority, &admission, why));
    ro_hex(request->id.b, RO_ID_SIZE, hex);
    json_array_append_new(list, json_string(hex));
    ro_buf_put(&out->text, line.data, line.size);
    ro_buf_printf(&out->text, " (%s) %s admitted.\n", request->role,
                  is_draft ? "is to be" : "is");
    return RO_OK;
}

/* One that cannot be admitted does not stand in the way of the others. */
static enum ro_status
admit_all(const struct admitting *admitting,
          struct cli_output *out,
          struct ro_why *why)
{
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    enum ro_status first = RO_OK;
    struct authority *authority = admitting->authority;
    enum ro_status s = authority_receive(authority, why, &requests);
    if (s == RO_UNREACHABLE && json_object_get(output_json(out), "proposed"))
        s = authority_list(authority, &requests);
    RO_TRY(s);
    tell_troubles(&requests);
    for (size_t i = 0; i < requests.n; i++) {
        struct ro_why detail = {""};
        s = admit_one(admitting, &requests.list[i], out, &detail);
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

enum ro_status
cmd_admission_admit(const struct cli_args *args,
                    struct cli_output *out,
                    struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    if (options_has(args, "all") == (args->n_words > 0))
        return ro_why(why, RO_USAGE, "admit needs requests, or --all");
    struct admitting admitting = {0};
    admitting.n_revoke =
        options_all(args, "revoke", admitting.revoke, REVOKE_MAX);
    if (admitting.n_revoke > REVOKE_MAX)
        return ro_why(why, RO_USAGE, "no member has so many seats");
    RO_TRY(cmd_authority_open_draft(args, why, &authority));
    admitting.authority = authority;
    doc_list(output_json(out), "admitted");
    if (options_has(args, "out"))
        doc_list(output_json(out), "proposed");
    if (args->n_words == 0)
        RO_TRY(admit_all(&admitting, out, why));
    for (size_t i = 0; i < args->n_words; i++) {
        struct authority_request request;
        RO_TRY(find_request(authority, args->words[i], out, why, &request));
        RO_TRY(admit_one(&admitting, &request, out, why));
    }
    return cmd_authority_write(args, authority, out, why);
}

/* --- refuse -------------------------------------------------------------- */

const struct cli_option cmd_admission_refuse_options[] = {
    DIR_ROW,
    {"text", "TEXT", "why; \"-\" reads it from stdin", CLI_ONCE},
    INPUT_WAIT_ROW,
    OUT_ROW,
    CLI_OPTIONS_END
};

/* What is left to do, told. */
static const char *const lefts[] = {
    [AUTHORITY_UNDECIDED] = ", and the reason is on its way",
    [AUTHORITY_TO_ADMIT] = "",
    [AUTHORITY_TO_REFUSE] = "; the reason waits for a signature",
    [AUTHORITY_TO_HEAR_NO] =
        (". Who asked with a file has not come to the broker yet: `authority "
         "requests` sends the reason once it has"),
};

enum ro_status
cmd_admission_refuse(const struct cli_args *args,
                     struct cli_output *out,
                     struct ro_why *why)
{
    RO_CLEANUP(authority_freep) struct authority *authority = NULL;
    RO_AUTOBUF typed = {0};
    const char *text = NULL;
    struct authority_request request = {0};
    enum authority_decision left;
    RO_TRY(input_text(args, INPUT_REQUIRED, &typed, why, &text));
    RO_TRY(cmd_authority_open_draft(args, why, &authority));
    RO_TRY(find_request(authority, args->words[0], out, why, &request));
    show_line(&out->text, request.name);
    RO_TRY(authority_refuse(authority, &request.id, text, why, &left));
    doc_id(output_json(out), "refused", request.id.b);
    ro_buf_printf(&out->text, " (%s) is refused%s.\n", request.role,
                  lefts[left]);
    return cmd_authority_write(args, authority, out, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/output.h"

#include "client/cli/show.h"
#include "common/base/text.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
output_fini(struct cli_output *out)
{
    json_decref(out->json);
    json_decref(out->choices);
    json_decref(out->mistakes);
    ro_buf_fini(&out->text);
    ro_buf_fini(&out->hint);
    ro_buf_fini(&out->relay.out);
    ro_buf_fini(&out->relay.err);
    *out = (struct cli_output){0};
}

json_t *
output_json(struct cli_output *out)
{
    if (out->json == NULL)
        out->json = doc_new();
    return out->json;
}

void
output_next(struct cli_output *out, const char *const *words)
{
    bool ours = strcmp(words[0], "reachout") == 0;
    ro_buf_printf(&out->hint, "next: %s", words[0]);
    if (ours && out->profile != NULL) {
        ro_buf_printf(&out->hint, " --profile ");
        show_word(&out->hint, out->profile);
    }
    for (size_t i = 1; words[i] != NULL; i++) {
        ro_buf_put_u8(&out->hint, ' ');
        show_word(&out->hint, words[i]);
    }
    ro_buf_put_u8(&out->hint, '\n');
}

void
output_then(struct cli_output *out, const char *text)
{
    ro_buf_printf(&out->hint, "%s\n", text);
}

void
output_mistakes(struct cli_output *out, const struct ro_buf *lines)
{
    const char *at = (const char *)lines->data;
    const char *end = at + lines->size;
    json_decref(out->mistakes);
    out->mistakes = json_array();
    while (at < end) {
        const char *stop = memchr(at, '\n', (size_t)(end - at));
        size_t length = (size_t)((stop != NULL ? stop : end) - at);
        json_t *line = json_stringn(at, length);
        if (line == NULL) /* of a file that is not UTF-8 */
            line = json_string("a line that is not UTF-8");
        json_array_append_new(out->mistakes, line);
        at += length + 1;
    }
}

void
output_choices(struct cli_output *out, const char *const *choices, size_t n)
{
    json_decref(out->choices);
    out->choices = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out->choices, json_string(choices[i]));
}

static enum ro_status
write_all(struct ro_buf *to, FILE *file, const struct ro_buf *buf)
{
    RO_TRY(ro_buf_ok(buf));
    if (to != NULL) {
        ro_buf_put(to, buf->data, buf->size);
        return ro_buf_ok(to);
    }
    if (buf->size > 0 && fwrite(buf->data, 1, buf->size, file) != buf->size)
        return RO_IO_FAILED;
    return fflush(file) == 0 ? RO_OK : RO_IO_FAILED;
}

/* What goes to stderr is talk: nobody to tell if that fails. */
static void
talk(struct cli_output *out, const struct ro_buf *buf)
{
    if (write_all(out->to_err, stderr, buf) != RO_OK)
        clearerr(stderr);
}

enum ro_status
output_flush(const struct cli_args *args, struct cli_output *out)
{
    RO_AUTOBUF line = {0};
    enum ro_status s;
    if (args->form == CLI_JSON) {
        if (out->json != NULL)
            doc_print(out->json, &line);
        s = write_all(out->to_out, stdout, &line);
    } else {
        s = write_all(out->to_out, stdout, &out->text);
    }
    json_decref(out->json);
    out->json = NULL;
    ro_buf_clear(&out->text);
    return s;
}

/* --- the end of a command ------------------------------------------------ */

bool
output_has_colour(const struct cli_args *args)
{
    const char *none = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return args->colour == CLI_COLOUR_AUTO &&
           (none == NULL || none[0] == '\0') && isatty(STDERR_FILENO) &&
           term != NULL && strcmp(term, "dumb") != 0;
}

/* Outcomes whose reason is a sentence of its own, and needs no heading. */
static bool
speaks_for_itself(enum ro_status status)
{
    static const bool alone[RO_STATUS_COUNT] = {
        [RO_USAGE] = true,           [RO_REFUSED] = true,
        [RO_BAD_INPUT] = true,       [RO_NOT_FOUND] = true,
        [RO_AMBIGUOUS] = true,       [RO_FORBIDDEN] = true,
        [RO_ILLEGAL] = true,         [RO_TAKEN] = true,
        [RO_IO_FAILED] = true,       [RO_NOT_READY] = true,
        [RO_TOO_LARGE] = true,       [RO_CLOCKS_APART] = true,
        [RO_NEED_PASSPHRASE] = true, [RO_VAULT_SET_BACK] = true,
        [RO_KEY_CHANGED] = true,     [RO_VAULT_LOCKED] = true,
    };
    return alone[status];
}

#define ASK_AUTHORITY "send nothing more, and ask the authority by telephone"

static const char who_used_it[] =
    "ask the authority for a new one, and tell it if it was not you who used "
    "this one";
static const char open_again[] =
    "open it with its passphrase, or with the key file that it was made with";
static const char bring_back[] =
    "bring it back from a copy, or ask the authority for a new invitation";

/* What to do about an outcome, where its reason does not say. */
static const char *
advice(enum ro_status status)
{
    static const char *const list[RO_STATUS_COUNT] = {
        [RO_NOT_ALLOWED] = "sync, and if it stays so ask the authority",
        [RO_DISK_FULL] = "make room on it, then do it again",
        [RO_NO_ROOM] = "try again later, and tell its operator",
        [RO_BAD_TICKET] = "ask the authority for a new one",
        [RO_TICKET_USED] = who_used_it,
        [RO_TICKET_EXPIRED] = "ask the authority for a new one",
        [RO_NO_MEMORY] = "close other programs and try again",
        [RO_AMBIGUOUS] = "type more of it",
        [RO_UNREACHABLE] = "check this computer's network and try again",
        [RO_VAULT_LOCKED] = open_again,
        [RO_VAULT_DAMAGED] = bring_back,
        [RO_NO_RIGHT] = ASK_AUTHORITY,
        [RO_KEY_REUSED] = ASK_AUTHORITY,
        [RO_BAD_SIGNATURE] = ASK_AUTHORITY,
        [RO_WRONG_BROKER] = ASK_AUTHORITY,
        [RO_ROLLED_BACK] = ASK_AUTHORITY,
        [RO_FORKED] = ASK_AUTHORITY,
        [RO_FROZEN] = ASK_AUTHORITY,
        [RO_TAKEN] = "try again when the other one is done",
    };
    return list[status];
}

/* The reason without what the heading says already: a library that has no
 * more to say repeats it, "the broker says: HEADING". */
static struct ro_bytes
reason_of(const char *why, const char *heading)
{
    static const char broker[] = "the broker says";
    size_t size = strlen(why);
    size_t tail = strlen(heading);
    if (size >= tail && strcmp(why + size - tail, heading) == 0) {
        size -= tail;
        size -= size >= 2 && strncmp(why + size - 2, ": ", 2) == 0 ? 2 : 0;
    }
    if (size == strlen(broker) && strncmp(why, broker, size) == 0)
        size = 0;
    return (struct ro_bytes){(const uint8_t *)why, size};
}

static void
put_what(struct ro_buf *out, enum ro_status status, const char *why)
{
    const char *heading = ro_status_text(status);
    struct ro_bytes reason = reason_of(why, heading);
    bool alone = speaks_for_itself(status) ||
                 strncmp(why, heading, strlen(heading)) == 0;
    if (reason.size == 0) {
        ro_buf_printf(out, "%s", heading);
    } else if (alone) {
        ro_text_show(reason, RO_TEXT_LINE, out);
    } else {
        ro_buf_printf(out, "%s (", heading);
        ro_text_show(reason, RO_TEXT_LINE, out);
        ro_buf_put_u8(out, ')');
    }
}

void
output_sentence(struct ro_buf *out,
                enum ro_status status,
                const struct ro_why *why)
{
    const char *then = advice(status);
    put_what(out, status, why->text);
    /* our reasons say what to do after a semicolon, or ask */
    if (then != NULL && strpbrk(why->text, ";?") == NULL)
        ro_buf_printf(out, "; %s", then);
}

/* One line for each text of a list. */
static void
put_list(struct ro_buf *out, const json_t *list)
{
    size_t n = list != NULL ? json_array_size(list) : 0;
    for (size_t i = 0; i < n; i++) {
        ro_buf_printf(out, "  ");
        show_line(out, json_string_value(json_array_get(list, i)));
        ro_buf_put_u8(out, '\n');
    }
}

static void
say_error(const struct cli_args *args,
          struct cli_output *out,
          enum ro_status status,
          const struct ro_why *why)
{
    RO_AUTOBUF line = {0};
    bool colour = (out->colour == OUTPUT_COLOUR_ASKED
                       ? output_has_colour(args)
                       : out->colour == OUTPUT_COLOUR_ON) &&
                  status != RO_KEPT;
    ro_buf_printf(&line, "%sreachout:%s ", colour ? "\033[1;31m" : "",
                  colour ? "\033[0m" : "");
    output_sentence(&line, status, why);
    ro_buf_put_u8(&line, '\n');
    put_list(&line, out->choices);
    put_list(&line, out->mistakes);
    talk(out, &line);
}

/* The document of an error takes the place of what had been begun. */
static void
make_error(struct cli_output *out,
           enum ro_status status,
           int exit_code,
           const struct ro_why *why)
{
    json_decref(out->json);
    out->json = NULL;
    ro_buf_clear(&out->text);
    json_t *error = doc_object(output_json(out), "error");
    doc_text(error, "status", ro_status_name(status));
    doc_count(error, "exit", (uint64_t)exit_code);
    doc_text(error, "text", ro_status_text(status));
    doc_said(error, "why", why->text);
    if (out->choices != NULL)
        json_object_set(error, "choices", out->choices);
    if (out->mistakes != NULL)
        json_object_set(error, "mistakes", out->mistakes);
}

/* What another process printed, and its code. */
static int
finish_relayed(struct cli_output *out)
{
    if (write_all(out->to_out, stdout, &out->relay.out) != RO_OK) {
        fputs("reachout: stdout cannot be written\n", stderr);
        return ro_status_exit(RO_IO_FAILED);
    }
    talk(out, &out->relay.err);
    return out->relay.exit_code;
}

int
output_finish(const struct cli_args *args,
              struct cli_output *out,
              enum ro_status status,
              const struct ro_why *why)
{
    int exit_code =
        out->exit_code != 0 ? out->exit_code : ro_status_exit(status);
    if (out->relay.whose == OUTPUT_RELAYED)
        return finish_relayed(out);
    if (status != RO_OK && status != RO_KEPT)
        make_error(out, status, exit_code, why);
    if (output_flush(args, out) != RO_OK) {
        fputs("reachout: stdout cannot be written\n", stderr);
        return ro_status_exit(RO_IO_FAILED);
    }
    if (status != RO_OK)
        say_error(args, out, status, why);
    if (status == RO_KEPT)
        OUTPUT_NEXT(out, "reachout", "sync");
    if (args->form == CLI_TEXT)
        talk(out, &out->hint);
    return exit_code;
}

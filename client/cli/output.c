/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/output.h"

#include "client/cli/show.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

void
output_fini(struct cli_output *out)
{
    json_decref(out->json);
    json_decref(out->choices);
    ro_buf_fini(&out->text);
    ro_buf_fini(&out->hint);
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
output_choices(struct cli_output *out, const char *const *choices, size_t n)
{
    json_decref(out->choices);
    out->choices = json_array();
    for (size_t i = 0; i < n; i++)
        json_array_append_new(out->choices, json_string(choices[i]));
}

static enum ro_status
write_all(FILE *file, const struct ro_buf *buf)
{
    RO_TRY(ro_buf_ok(buf));
    if (buf->size > 0 && fwrite(buf->data, 1, buf->size, file) != buf->size)
        return RO_IO_FAILED;
    return fflush(file) == 0 ? RO_OK : RO_IO_FAILED;
}

/* What goes to stderr is talk: nobody to tell if that fails. */
static void
talk(const struct ro_buf *buf)
{
    if (write_all(stderr, buf) != RO_OK)
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
        s = write_all(stdout, &line);
    } else {
        s = write_all(stdout, &out->text);
    }
    json_decref(out->json);
    out->json = NULL;
    ro_buf_clear(&out->text);
    return s;
}

/* --- the end of a command ------------------------------------------------ */

static bool
has_colour(const struct cli_args *args)
{
    const char *none = getenv("NO_COLOR");
    const char *term = getenv("TERM");
    return args->colour == CLI_COLOUR_AUTO &&
           (none == NULL || none[0] == '\0') && isatty(STDERR_FILENO) &&
           term != NULL && strcmp(term, "dumb") != 0;
}

void
output_sentence(struct ro_buf *out,
                enum ro_status status,
                const struct ro_why *why)
{
    bool said = why->text[0] != '\0';
    /* What the command line itself refuses needs no heading. */
    if (!said ||
        (status != RO_USAGE && status != RO_REFUSED && status != RO_BAD_INPUT))
        ro_buf_printf(out, "%s%s", ro_status_text(status), said ? ": " : "");
    show_line(out, why->text);
}

static void
say_error(const struct cli_args *args,
          struct cli_output *out,
          enum ro_status status,
          const struct ro_why *why)
{
    RO_AUTOBUF line = {0};
    bool colour = has_colour(args) && status != RO_KEPT;
    ro_buf_printf(&line, "%sreachout:%s ", colour ? "\033[1;31m" : "",
                  colour ? "\033[0m" : "");
    output_sentence(&line, status, why);
    ro_buf_put_u8(&line, '\n');
    size_t n = out->choices != NULL ? json_array_size(out->choices) : 0;
    for (size_t i = 0; i < n; i++) {
        ro_buf_printf(&line, "  ");
        show_line(&line, json_string_value(json_array_get(out->choices, i)));
        ro_buf_put_u8(&line, '\n');
    }
    talk(&line);
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
}

int
output_finish(const struct cli_args *args,
              struct cli_output *out,
              enum ro_status status,
              const struct ro_why *why)
{
    int exit_code =
        out->exit_code != 0 ? out->exit_code : ro_status_exit(status);
    if (status != RO_OK && status != RO_KEPT)
        make_error(out, status, exit_code, why);
    if (output_flush(args, out) != RO_OK) {
        fputs("reachout: stdout cannot be written\n", stderr);
        return ro_status_exit(RO_IO_FAILED);
    }
    if (status != RO_OK)
        say_error(args, out, status, why);
    if (status == RO_KEPT)
        ro_buf_printf(&out->hint, "next: reachout sync sends it\n");
    if (args->form == CLI_TEXT)
        talk(&out->hint);
    return exit_code;
}

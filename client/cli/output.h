/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a command says. It fills in both a document and a text; which of them
 * goes to stdout is decided here. Hints for a next step and errors go to
 * stderr; with JSON an error is a document on stdout as well, so that there is
 * always exactly one.
 */
#ifndef CLIENT_CLI_OUTPUT_H
#define CLIENT_CLI_OUTPUT_H

#include "client/cli/doc.h"
#include "client/cli/options.h"

struct cli_output {
    json_t *json;       /* the document; NULL: none was begun */
    struct ro_buf text; /* what people read */
    struct ro_buf hint; /* one next step a line; stderr, not with JSON */
    json_t *choices;    /* a list of what an ambiguous id could be; or NULL */
    int exit_code;      /* what to end with instead of the outcome's own code;
                           0: that one */
};

/* Releases it; accepts a zeroed one. */
void output_fini(struct cli_output *out);

/* The document, begun on first use. It belongs to the output. */
json_t *output_json(struct cli_output *out);

/* Remembers what an ambiguous id could be. */
void
output_choices(struct cli_output *out, const char *const *choices, size_t n);

/* Prints what there is now and forgets it: for commands that go on.
 * RO_IO_FAILED if stdout cannot be written. */
RO_MUST_USE enum ro_status output_flush(const struct cli_args *args,
                                        struct cli_output *out);

/* Prints the end of a command and returns the program's exit code. */
int output_finish(const struct cli_args *args,
                  struct cli_output *out,
                  enum ro_status status,
                  const struct ro_why *why);

/* Appends the words for an error: sentence and detail. */
void output_sentence(struct ro_buf *out,
                     enum ro_status status,
                     const struct ro_why *why);

#endif

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
    json_t *json;        /* the document; NULL: none was begun */
    struct ro_buf text;  /* what people read */
    struct ro_buf hint;  /* what to do next; stderr, not with JSON */
    json_t *choices;     /* a list of what an ambiguous id could be; or NULL */
    json_t *mistakes;    /* a list of all that is wrong with a file; or NULL */
    const char *profile; /* --profile, for next steps; NULL: none was named */
    int exit_code;       /* what to end with instead of the outcome's own code;
                            0: that one */
    /* Where it goes; zeroed: to stdout and stderr. */
    struct ro_buf *to_out;
    struct ro_buf *to_err;
    enum { OUTPUT_COLOUR_ASKED, OUTPUT_COLOUR_ON, OUTPUT_COLOUR_OFF } colour;
    /* What another process printed for this command, to be printed as it is
     * in place of everything else. */
    struct output_relay {
        enum { OUTPUT_OWN, OUTPUT_RELAYED } whose;
        int exit_code;
        struct ro_buf out;
        struct ro_buf err;
    } relay;
};

/* Releases it; accepts a zeroed one. */
void output_fini(struct cli_output *out);

/* The document, begun on first use. It belongs to the output. */
json_t *output_json(struct cli_output *out);

/* Adds a next step: a line "next: " with a command that can be pasted as it
 * is. `words` begins with the program and ends with NULL. */
void output_next(struct cli_output *out, const char *const *words);
#define OUTPUT_NEXT(out, ...)                                                  \
    output_next((out), (const char *const[]){__VA_ARGS__, NULL})

/* Adds a line about the next steps that follow it. */
void output_then(struct cli_output *out, const char *text);

/* Remembers everything that is wrong with a file, a line each. */
void output_mistakes(struct cli_output *out, const struct ro_buf *lines);

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

/* Whether errors are coloured here, with these arguments. */
bool output_has_colour(const struct cli_args *args);

/* Appends an error as one sentence: what happened, and what to do about it,
 * unless `why` says that already. */
void output_sentence(struct ro_buf *out,
                     enum ro_status status,
                     const struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Commands and their options, from tables.
 *
 * A command is a row of struct cli_command, in commands.c or, for commands
 * below a command ("authority init"), in a table of its own that the upper row
 * names in `below`. Its options are a table too, ended by CLI_OPTIONS_END:
 *
 *     static const struct cli_option init_options[] = {
 *         {"dir", "DIR", "the authority's folder", CLI_ONCE},
 *         {"file", "FILE", "may be given more than once", CLI_MANY},
 *         {"dry-run", NULL, "a flag has no value", CLI_ONCE},
 *         {"later", "N", "known, but refused with exit 1", CLI_LATER},
 *         CLI_OPTIONS_END};
 *
 * Help, completion, "did you mean" and the parser all read these tables. The
 * global options need no row; they are taken before and after every command.
 * A command's function gets what was given and fills a struct cli_output
 * (output.h): a JSON document and a text, of which one is printed:
 *
 *     enum ro_status
 *     run_init(const struct cli_args *args, struct cli_output *out,
 *              struct ro_why *why)
 *     {
 *         const char *dir = NULL;
 *         RO_TRY(options_need(args, "dir", why, &dir));
 *         ... RO_TRY(authority_init(dir, why)) ...
 *         doc_text(output_json(out), "circle", name);
 *         ro_buf_printf(&out->text, "made %s\n", dir);
 *         return RO_OK;
 *     }
 *
 * Any outcome but RO_OK and RO_KEPT prints the error instead, and ends the
 * program with ro_status_exit().
 */
#ifndef CLIENT_CLI_OPTIONS_H
#define CLIENT_CLI_OPTIONS_H

#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>

struct cli_output;
struct host;
struct ro_buf;

/* How often an option may stand. */
enum cli_option_kind {
    CLI_ONCE,
    CLI_MANY,
    CLI_LATER, /* of the contract, but not in this release */
};

struct cli_option {
    const char *name;  /* without its dashes */
    const char *value; /* what help calls its value; NULL: a flag */
    const char *help;
    enum cli_option_kind kind;
};
#define CLI_OPTIONS_END                                                        \
    {                                                                          \
        NULL, NULL, NULL, CLI_ONCE                                             \
    }

/* What was given to a command. Values and words point into argv. */
struct cli_args {
    const char *profile;       /* --profile; NULL: not given */
    const char *passphrase_fd; /* --passphrase-fd; NULL: not given */
    enum cli_form { CLI_TEXT, CLI_JSON } form;
    enum cli_colour { CLI_COLOUR_AUTO, CLI_COLOUR_OFF } colour;
    enum cli_wish { CLI_RUN, CLI_HELP, CLI_VERSION } wish;
    const struct cli_command *upper;   /* the command above it; NULL: none */
    const struct cli_command *command; /* NULL: none was named */
    const char **words;                /* what is no option */
    size_t n_words;
    struct cli_given {
        const struct cli_option *option;
        const char *value; /* NULL: a flag */
    } * given;
    size_t n_given;
    /* set by whoever runs the command, and NULL otherwise: */
    struct ro_buf *typed; /* keeps the text that stdin had; not empty: it was
                             read already, with a zero behind it */
    struct host *host;    /* of the process that works on the profile, for a
                             command that was handed to it */
};

typedef enum ro_status cli_run_fn(const struct cli_args *args,
                                  struct cli_output *out,
                                  struct ro_why *why);

/* Declares a command's function, and the table of its options. */
#define CLI_COMMAND(name)                                                      \
    extern const struct cli_option name##_options[];                           \
    cli_run_fn name

/* A table of commands ends with a row without a name. */
struct cli_command {
    const char *name;
    const char *synopsis; /* what follows the name */
    const char *help;     /* one line, lower case, no full stop */
    const char *section;  /* under which heading help lists it */
    const struct cli_option *options;
    size_t min_words;
    size_t max_words;
    cli_run_fn *run;                 /* NULL: not in this release */
    const struct cli_command *below; /* commands below it; NULL: none */
};

/* The options that every command takes. */
extern const struct cli_option options_global[];

/* Reads a command line against a table of commands. RO_USAGE, or RO_REFUSED
 * for what is not in this release; `why` has the sentence, with "did you mean".
 * On a refusal `ret_args` still has the form and the command as far as they
 * were read. The caller releases it with options_fini in any case. argv may be
 * reordered and must outlive it. */
RO_MUST_USE enum ro_status options_parse(int argc,
                                         char **argv,
                                         const struct cli_command *commands,
                                         struct ro_why *why,
                                         struct cli_args *ret_args);

/* Releases what options_parse made; accepts a zeroed one. */
void options_fini(struct cli_args *args);

/* The row of a table with this name, or NULL. */
const struct cli_command *options_find(const struct cli_command *commands,
                                       const char *name);

/* An option's value, or NULL if it was not given. The command's table must
 * have a row of that name: asking for another is an error of ours. */
const char *options_text(const struct cli_args *args, const char *name);

/* The same for one that has to be there: RO_USAGE if it is not. */
RO_MUST_USE enum ro_status options_need(const struct cli_args *args,
                                        const char *name,
                                        struct ro_why *why,
                                        const char **ret_value);

/* Whether an option, such as a flag, was given. */
bool options_has(const struct cli_args *args, const char *name);

/* All values of an option, in their order, into `ret_values`, which has room
 * for `room`; returns how many were given, which may be more. */
size_t options_all(const struct cli_args *args,
                   const char *name,
                   const char **ret_values,
                   size_t room);

/* What a number may be. */
struct cli_range {
    double min;
    double max;
    double absent;
};

/* A number, plain digits with or without a decimal point, between `range->min`
 * and `range->max`; `range->absent` if it was not given. RO_USAGE otherwise. */
RO_MUST_USE enum ro_status options_number(const struct cli_args *args,
                                          const char *name,
                                          const struct cli_range *range,
                                          struct ro_why *why,
                                          double *ret_value);

/* One of a list of words, ended by NULL; NULL if it was not given. RO_USAGE
 * otherwise, with "did you mean". */
RO_MUST_USE enum ro_status options_choice(const struct cli_args *args,
                                          const char *name,
                                          const char *const *choices,
                                          struct ro_why *why,
                                          const char **ret_value);

#endif

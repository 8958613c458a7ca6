/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/options.h"

#include "client/cli/suggest.h"

#include <assert.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* getopt_long gives back a row's index plus this; below are characters. */
#define FIRST_ROW 256
#define MOST_ROWS 48

const struct cli_option options_global[] = {
    {"profile",       "DIR", "the profile to work on",                   CLI_ONCE},
    {"passphrase-fd", "N",   "read the profile's passphrase from there",
     CLI_ONCE                                                                    },
    {"json",          NULL,  "one JSON document on stdout",              CLI_ONCE},
    {"no-color",      NULL,  "no colours on a terminal",                 CLI_ONCE},
    {"help",          NULL,  "what the command does and takes",          CLI_ONCE},
    {"version",       NULL,  "which reachout this is",                   CLI_ONCE},
    CLI_OPTIONS_END
};

/* One pass over (a part of) the command line. */
struct pass {
    int argc;
    char **argv;
    struct cli_args *args;
    struct ro_why *why;
    const struct cli_option *rows[MOST_ROWS];
    struct option longs[MOST_ROWS + 1];
    int n_rows;
};

static void
add_rows(struct pass *pass, const struct cli_option *rows)
{
    for (; rows != NULL && rows->name != NULL; rows++) {
        assert(pass->n_rows < MOST_ROWS);
        pass->rows[pass->n_rows] = rows;
        pass->longs[pass->n_rows] = (struct option){
            .name = rows->name,
            .has_arg = rows->value != NULL ? required_argument : no_argument,
            .val = FIRST_ROW + pass->n_rows};
        pass->n_rows++;
    }
}

/* --- one option ---------------------------------------------------------- */

static bool
take_global(struct cli_args *args,
            const struct cli_option *row,
            const char *value)
{
    if (row < options_global || row >= options_global + RO_LEN(options_global))
        return false;
    if (strcmp(row->name, "profile") == 0) {
        args->profile = value;
    } else if (strcmp(row->name, "passphrase-fd") == 0) {
        args->passphrase_fd = value;
    } else if (strcmp(row->name, "json") == 0) {
        args->form = CLI_JSON;
    } else if (strcmp(row->name, "no-color") == 0) {
        args->colour = CLI_COLOUR_OFF;
    } else {
        args->wish = strcmp(row->name, "help") == 0 ? CLI_HELP : CLI_VERSION;
    }
    return true;
}

static enum ro_status
take_option(struct pass *pass, const struct cli_option *row, const char *value)
{
    struct cli_args *args = pass->args;
    if (take_global(args, row, value))
        return RO_OK;
    if (row->kind == CLI_LATER) {
        return ro_why(pass->why, RO_REFUSED, "--%s is not in this release",
                      row->name);
    }
    for (size_t i = 0; row->kind == CLI_ONCE && i < args->n_given; i++) {
        if (args->given[i].option == row) {
            return ro_why(pass->why, RO_USAGE, "--%s is given twice",
                          row->name);
        }
    }
    args->given[args->n_given++] = (struct cli_given){row, value};
    return RO_OK;
}

/* Says what is wrong with a long option that getopt does not know: nothing
 * like it, or the beginning of more than one. */
static enum ro_status
unknown_long(const struct pass *pass, const char *given)
{
    char name[40];
    size_t length = strcspn(given, "=");
    size_t fits = 0;
    if (length >= sizeof(name))
        return ro_why(pass->why, RO_USAGE, "there is no option --%s", given);
    memcpy(name, given, length);
    name[length] = '\0';

    struct suggest suggest = {.word = name};
    const char *first = NULL;
    const char *second = NULL;
    for (int i = 0; i < pass->n_rows; i++) {
        suggest_offer(&suggest, pass->rows[i]->name);
        if (length == 0 || strncmp(name, pass->rows[i]->name, length) != 0)
            continue;
        second = first;
        first = pass->rows[i]->name;
        fits++;
    }
    if (fits > 1) {
        return ro_why(pass->why, RO_USAGE, "--%s could be --%s or --%s", name,
                      second, first);
    }
    if (suggest.best != NULL) {
        return ro_why(pass->why, RO_USAGE,
                      "there is no option --%s; did you mean --%s?", name,
                      suggest.best);
    }
    return ro_why(pass->why, RO_USAGE, "there is no option --%s", name);
}

static enum ro_status
refuse_option(const struct pass *pass, int c)
{
    if (c == ':') {
        return ro_why(pass->why, RO_USAGE, "%s needs a value",
                      pass->argv[optind - 1]);
    }
    if (optopt >= FIRST_ROW) {
        return ro_why(pass->why, RO_USAGE, "--%s takes no value",
                      pass->rows[optopt - FIRST_ROW]->name);
    }
    if (optopt != 0)
        return ro_why(pass->why, RO_USAGE, "there is no option -%c", optopt);
    return unknown_long(pass, pass->argv[optind - 1] + 2);
}

/* --- a pass -------------------------------------------------------------- */

enum words { STOP_AT_WORD, TAKE_WORDS };

/* Takes what getopt_long has found. */
static enum ro_status
take_found(struct pass *pass, int c)
{
    struct cli_args *args = pass->args;
    switch (c) {
    case 1:
        args->words[args->n_words++] = optarg;
        return RO_OK;
    case 'h':
        args->wish = CLI_HELP;
        return RO_OK;
    case 'V':
        args->wish = CLI_VERSION;
        return RO_OK;
    default:
        if (c < FIRST_ROW)
            return refuse_option(pass, c);
        return take_option(pass, pass->rows[c - FIRST_ROW], optarg);
    }
}

static enum ro_status
read_options(struct pass *pass, enum words words)
{
    /* "-" makes words come in their order, whatever POSIXLY_CORRECT says. */
    const char *shorts = words == STOP_AT_WORD ? "+:hV" : "-:hV";
    struct cli_args *args = pass->args;
    int c;
    optind = 0;
    opterr = 0;
    while ((c = getopt_long(pass->argc, pass->argv, shorts, pass->longs,
                            NULL)) != -1)
        RO_TRY(take_found(pass, c));
    while (words == TAKE_WORDS && optind < pass->argc)
        args->words[args->n_words++] = pass->argv[optind++];
    return RO_OK;
}

const struct cli_command *
options_find(const struct cli_command *commands, const char *name)
{
    for (; commands->name != NULL; commands++) {
        if (strcmp(commands->name, name) == 0)
            return commands;
    }
    return NULL;
}

static enum ro_status
unknown_command(const struct cli_command *commands,
                const char *name,
                struct ro_why *why)
{
    struct suggest suggest = {.word = name};
    for (; commands->name != NULL; commands++)
        suggest_offer(&suggest, commands->name);
    if (suggest.best != NULL) {
        return ro_why(why, RO_USAGE,
                      "there is no command \"%s\"; did you mean \"%s\"?", name,
                      suggest.best);
    }
    return ro_why(why, RO_USAGE, "there is no command \"%s\"", name);
}

/* Reads global options and the command's name; leaves `pass` at the name. */
static enum ro_status
read_command(struct pass *pass, const struct cli_command *commands)
{
    RO_TRY(read_options(pass, STOP_AT_WORD));
    if (optind >= pass->argc) {
        pass->argc = 0;
        return RO_OK;
    }
    pass->argc -= optind;
    pass->argv += optind;
    const char *name = pass->argv[0];
    const struct cli_command *command = options_find(commands, name);
    if (command == NULL)
        return unknown_command(commands, name, pass->why);
    pass->args->upper = pass->args->command;
    pass->args->command = command;
    return RO_OK;
}

static enum ro_status
check_words(const struct cli_args *args, struct ro_why *why)
{
    const struct cli_command *command = args->command;
    if (args->n_words < command->min_words) {
        return ro_why(why, RO_USAGE, "%s needs %s", command->name,
                      command->synopsis);
    }
    if (args->n_words > command->max_words) {
        return ro_why(why, RO_USAGE, "%s: \"%s\" is one word too many",
                      command->name, args->words[command->max_words]);
    }
    return RO_OK;
}

static enum ro_status
parse(struct pass *pass, const struct cli_command *commands)
{
    struct cli_args *args = pass->args;
    for (const struct cli_command *level = commands; level != NULL;
         level = args->command->below) {
        RO_TRY(read_command(pass, level));
        if (pass->argc == 0)
            return RO_OK;
    }
    const struct cli_command *command = args->command;
    if (command->run == NULL) {
        return ro_why(pass->why, RO_REFUSED, "%s is not in this release",
                      command->name);
    }
    add_rows(pass, command->options);
    RO_TRY(read_options(pass, TAKE_WORDS));
    return args->wish == CLI_RUN ? check_words(args, pass->why) : RO_OK;
}

/* A line that does not parse may still ask for its error as JSON. */
static void
look_for_json(int argc, char **argv, struct cli_args *args)
{
    for (int i = 1; i < argc && strcmp(argv[i], "--") != 0; i++) {
        if (strcmp(argv[i], "--json") == 0)
            args->form = CLI_JSON;
    }
}

enum ro_status
options_parse(int argc,
              char **argv,
              const struct cli_command *commands,
              struct ro_why *why,
              struct cli_args *ret_args)
{
    size_t room = argc > 0 ? (size_t)argc : 1;
    *ret_args = (struct cli_args){.form = CLI_TEXT};
    ret_args->words = calloc(room, sizeof(*ret_args->words));
    ret_args->given = calloc(room, sizeof(*ret_args->given));
    if (ret_args->words == NULL || ret_args->given == NULL)
        return RO_NO_MEMORY;

    struct pass pass = {
        .argc = argc, .argv = argv, .args = ret_args, .why = why};
    add_rows(&pass, options_global);
    enum ro_status s = parse(&pass, commands);
    if (s != RO_OK)
        look_for_json(argc, argv, ret_args);
    return s;
}

void
options_fini(struct cli_args *args)
{
    free(args->words);
    free(args->given);
    *args = (struct cli_args){.form = CLI_TEXT};
}

/* --- what was given ------------------------------------------------------ */

static const struct cli_given *
find_given(const struct cli_args *args, const char *name)
{
    const struct cli_option *row = args->command->options;
    while (row != NULL && row->name != NULL && strcmp(row->name, name) != 0)
        row++;
    assert(row != NULL && row->name != NULL);
    for (size_t i = 0; i < args->n_given; i++) {
        if (args->given[i].option == row)
            return &args->given[i];
    }
    return NULL;
}

const char *
options_text(const struct cli_args *args, const char *name)
{
    const struct cli_given *given = find_given(args, name);
    return given != NULL ? given->value : NULL;
}

enum ro_status
options_need(const struct cli_args *args,
             const char *name,
             struct ro_why *why,
             const char **ret_value)
{
    const struct cli_given *given = find_given(args, name);
    if (given == NULL) {
        return ro_why(why, RO_USAGE, "%s needs --%s", args->command->name,
                      name);
    }
    *ret_value = given->value;
    return RO_OK;
}

bool
options_has(const struct cli_args *args, const char *name)
{
    return find_given(args, name) != NULL;
}

size_t
options_all(const struct cli_args *args,
            const char *name,
            const char **ret_values,
            size_t room)
{
    const struct cli_given *first = find_given(args, name);
    size_t n = 0;
    for (size_t i = 0; first != NULL && i < args->n_given; i++) {
        if (args->given[i].option != first->option)
            continue;
        if (n < room)
            ret_values[n] = args->given[i].value;
        n++;
    }
    return n;
}

enum ro_status
options_number(const struct cli_args *args,
               const char *name,
               const struct cli_range *range,
               struct ro_why *why,
               double *ret_value)
{
    const char *text = options_text(args, name);
    if (text == NULL) {
        *ret_value = range->absent;
        return RO_OK;
    }
    char *end = NULL;
    double value = 0;
    bool plain = text[0] != '\0' && strspn(text, "0123456789.") == strlen(text);
    if (plain)
        value = strtod(text, &end);
    if (!plain || *end != '\0' || value < range->min || value > range->max) {
        return ro_why(why, RO_USAGE,
                      "--%s takes a number from %.15g to %.15g, not \"%s\"",
                      name, range->min, range->max, text);
    }
    *ret_value = value;
    return RO_OK;
}

/* What was probably meant, and all that there is. */
static enum ro_status
unknown_choice(const char *name,
               const struct suggest *suggest,
               const char *const *choices,
               struct ro_why *why)
{
    char list[160] = "";
    size_t used = 0;
    for (size_t i = 0; choices[i] != NULL && used < sizeof(list); i++) {
        int n = snprintf(list + used, sizeof(list) - used, "%s%s",
                         i == 0                   ? ""
                         : choices[i + 1] != NULL ? ", "
                                                  : " or ",
                         choices[i]);
        used += n > 0 ? (size_t)n : 0;
    }
    if (suggest->best == NULL) {
        return ro_why(why, RO_USAGE, "--%s: \"%.40s\" is not one of %s", name,
                      suggest->word, list);
    }
    return ro_why(why, RO_USAGE,
                  "--%s: \"%.40s\"; did you mean \"%s\"? There are %s", name,
                  suggest->word, suggest->best, list);
}

enum ro_status
options_choice(const struct cli_args *args,
               const char *name,
               const char *const *choices,
               struct ro_why *why,
               const char **ret_value)
{
    const char *text = options_text(args, name);
    struct suggest suggest = {.word = text};
    *ret_value = NULL;
    if (text == NULL)
        return RO_OK;
    for (size_t i = 0; choices[i] != NULL; i++) {
        if (strcmp(choices[i], text) == 0) {
            *ret_value = choices[i];
            return RO_OK;
        }
        suggest_offer(&suggest, choices[i]);
    }
    return unknown_choice(name, &suggest, choices, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/options.h"
#include "client/cli/suggest.h"
#include "support/tap.h"

#define MOST 16

static enum ro_status
no_run(const struct cli_args *args, struct cli_output *out, struct ro_why *why)
{
    (void)args;
    (void)out;
    (void)why;
    return RO_OK;
}

static const struct cli_option ask_options[] = {
    {"topic",   "CODE", "", CLI_ONCE },
    {"to",      "WHO",  "", CLI_MANY },
    {"text",    "TEXT", "", CLI_ONCE },
    {"dry-run", NULL,   "", CLI_ONCE },
    {"veiled",  NULL,   "", CLI_LATER},
    {"days",    "N",    "", CLI_ONCE },
    {"outcome", "WORD", "", CLI_ONCE },
    {"avoid",   "URN",  "", CLI_LATER},
    CLI_OPTIONS_END
};

static const struct cli_option init_options[] = {
    {"dir", "DIR", "", CLI_ONCE},
    CLI_OPTIONS_END
};

static const struct cli_command below[] = {
    {"init",        "--dir DIR", "", "", init_options, 0, 0, no_run, NULL},
    {"admit",           "REQUEST...", "", "", init_options, 0, SIZE_MAX, no_run, NULL},
    {0},
};

static const struct cli_command commands[] = {
    {"ask",        "TEXT", "", "", ask_options, 0, 1, no_run, NULL},
    {"show",          "REQUEST", "", "", NULL, 1, 1, no_run, NULL},
    {"requests", "", "", "", NULL, 0, 0, no_run, NULL},
    {"authority",           "COMMAND", "", "", NULL, 0, 0, NULL, below},
    {"offer",        "", "", "", NULL, 0, 9, NULL, NULL},
    {0      },
};

/* A line split at spaces, and what it parses to. */
struct line {
    char text[200];
    char *argv[MOST];
    int argc;
    struct cli_args args;
    struct ro_why why;
};

static enum ro_status
parse(struct line *line, const char *text)
{
    *line = (struct line){.argc = 0};
    snprintf(line->text, sizeof(line->text), "reachout%s%s",
             text[0] != '\0' ? " " : "", text);
    char *rest = line->text;
    char *word;
    while ((word = strsep(&rest, " ")) != NULL && line->argc < MOST - 1)
        line->argv[line->argc++] = word;
    return options_parse(line->argc, line->argv, commands, &line->why,
                         &line->args);
}

static bool
text_is(const char *x, const char *y)
{
    return x == NULL || y == NULL ? x == y : strcmp(x, y) == 0;
}

static void
test_globals_anywhere(void)
{
    static const char *const lines[] = {
        "--json --profile p ask hello",    "ask --json --profile p hello",
        "ask hello --profile=p --json",    "--json ask hello --profile p",
        "--json ask --profile p -- hello",
    };
    for (size_t i = 0; i < RO_LEN(lines); i++) {
        RO_CLEANUP(options_fini) struct cli_args args = {0};
        struct line line;
        enum ro_status s = parse(&line, lines[i]);
        args = line.args;
        tap_say(s == RO_OK && args.form == CLI_JSON &&
                    text_is(args.profile, "p") &&
                    text_is(args.command->name, "ask") && args.n_words == 1 &&
                    text_is(args.words[0], "hello"),
                lines[i]);
    }
}

static void
test_posixly_correct(void)
{
    struct line line;
    setenv("POSIXLY_CORRECT", "1", 1);
    tap_is(parse(&line, "show 3f2a --json"), RO_OK);
    tap_ok(line.args.form == CLI_JSON && line.args.n_words == 1);
    unsetenv("POSIXLY_CORRECT");
    options_fini(&line.args);
}

static void
test_values(void)
{
    struct line line;
    const char *all[2] = {NULL, NULL};
    const char *value = NULL;
    tap_is(parse(&line, "ask --topic TL1 --to coordinators --text - --to "
                        "group:primary --to urn:1 --dry-run"),
           RO_OK);
    tap_ok(text_is(options_text(&line.args, "topic"), "TL1"));
    tap_ok(text_is(options_text(&line.args, "text"), "-"));
    tap_ok(options_has(&line.args, "dry-run"));
    tap_ok(!options_has(&line.args, "days"));
    tap_ok(options_text(&line.args, "days") == NULL);
    tap_ok(options_all(&line.args, "to", all, 2) == 3);
    tap_ok(text_is(all[0], "coordinators") && text_is(all[1], "group:primary"));
    tap_is(options_need(&line.args, "topic", &line.why, &value), RO_OK);
    tap_ok(text_is(value, "TL1"));
    tap_is(options_need(&line.args, "outcome", &line.why, &value), RO_USAGE);
    tap_ok(text_is(line.why.text, "ask needs --outcome"));
    options_fini(&line.args);
}

/* What is refused, with which outcome and words. */
static const struct {
    const char *line;
    enum ro_status status;
    const char *why;
} refusals[] = {
    {"aks",                     RO_USAGE,   "there is no command \"aks\"; did you mean \"ask\"?"},
    {"reqests --json",          RO_USAGE,
     "there is no command \"reqests\"; did you mean \"requests\"?"                              },
    {"req",                     RO_USAGE,
     "there is no command \"req\"; did you mean \"requests\"?"                                  },
    {"zzzz",                    RO_USAGE,   "there is no command \"zzzz\""                      },
    {"authority ini",           RO_USAGE,
     "there is no command \"ini\"; did you mean \"init\"?"                                      },
    {"ask --topc TL1",          RO_USAGE,
     "there is no option --topc; did you mean --topic?"                                         },
    {"ask --topc=TL1",          RO_USAGE,
     "there is no option --topc; did you mean --topic?"                                         },
    {"ask --t TL1",             RO_USAGE,   "--t could be --to or --text"                       },
    {"--nonsense ask",          RO_USAGE,   "there is no option --nonsense"                     },
    {"ask -x",                  RO_USAGE,   "there is no option -x"                             },
    {"ask --topic",             RO_USAGE,   "--topic needs a value"                             },
    {"ask --json=yes",          RO_USAGE,   "--json takes no value"                             },
    {"ask --topic A --topic B", RO_USAGE,   "--topic is given twice"                            },
    {"ask --veiled",            RO_REFUSED, "--veiled is not in this release"                   },
    {"ask --avoid 1",           RO_REFUSED, "--avoid is not in this release"                    },
    {"offer add",               RO_REFUSED, "offer is not in this release"                      },
    {"ask one two",             RO_USAGE,   "ask: \"two\" is one word too many"                 },
    {"show",                    RO_USAGE,   "show needs REQUEST"                                },
};

static void
test_refusals(void)
{
    for (size_t i = 0; i < RO_LEN(refusals); i++) {
        struct line line;
        enum ro_status s = parse(&line, refusals[i].line);
        if (!tap_say(s == refusals[i].status &&
                         text_is(line.why.text, refusals[i].why),
                     refusals[i].line))
            printf("# %s: %s\n", ro_status_name(s), line.why.text);
        options_fini(&line.args);
    }
}

/* A line that does not parse still tells that its error shall be JSON. */
static void
test_json_of_refusals(void)
{
    static const struct {
        const char *line;
        enum cli_form form;
    } lines[] = {
        {"aks --json",             CLI_JSON},
        {"--json aks",             CLI_JSON},
        {"ask --topc x --json",    CLI_JSON},
        {"ask --topc x",           CLI_TEXT},
        {"ask --topc x -- --json", CLI_TEXT},
    };
    for (size_t i = 0; i < RO_LEN(lines); i++) {
        struct line line;
        enum ro_status s = parse(&line, lines[i].line);
        tap_say(s == RO_USAGE && line.args.form == lines[i].form,
                lines[i].line);
        options_fini(&line.args);
    }
}

static void
test_wishes(void)
{
    struct line line;
    tap_is(parse(&line, "--help"), RO_OK);
    tap_ok(line.args.wish == CLI_HELP && line.args.command == NULL);
    options_fini(&line.args);
    tap_is(parse(&line, "show -h"), RO_OK);
    tap_say(line.args.wish == CLI_HELP, "help needs no words");
    options_fini(&line.args);
    tap_is(parse(&line, "-V"), RO_OK);
    tap_ok(line.args.wish == CLI_VERSION);
    options_fini(&line.args);
    tap_is(parse(&line, ""), RO_OK);
    tap_ok(line.args.command == NULL);
    options_fini(&line.args);
}

static void
test_below(void)
{
    struct line line;
    tap_is(parse(&line, "--json authority init --dir a"), RO_OK);
    tap_ok(text_is(line.args.command->name, "init") &&
           text_is(line.args.upper->name, "authority"));
    tap_ok(text_is(options_text(&line.args, "dir"), "a"));
    options_fini(&line.args);
    tap_is(parse(&line, "authority --json admit --dir a 12 34 56"), RO_OK);
    tap_ok(line.args.n_words == 3 && line.args.form == CLI_JSON);
    options_fini(&line.args);
    tap_is(parse(&line, "authority"), RO_OK);
    tap_ok(line.args.command->run == NULL);
    options_fini(&line.args);
}

static void
test_numbers(void)
{
    static const struct cli_range range = {0.5, 365, -1};
    static const struct {
        const char *line;
        enum ro_status status;
        double value;
    } lines[] = {
        {"ask",                                RO_OK,    -1 },
        {"ask --days 1",                       RO_OK,    1  },
        {"ask --days 2.5",                     RO_OK,    2.5},
        {"ask --days .5",                      RO_OK,    0.5},
        {"ask --days 0",                       RO_USAGE, 0  },
        {"ask --days 366",                     RO_USAGE, 0  },
        {"ask --days -1",                      RO_USAGE, 0  },
        {"ask --days 1e2",                     RO_USAGE, 0  },
        {"ask --days 0x1",                     RO_USAGE, 0  },
        {"ask --days nan",                     RO_USAGE, 0  },
        {"ask --days inf",                     RO_USAGE, 0  },
        {"ask --days 1.2.3",                   RO_USAGE, 0  },
        {"ask --days .",                       RO_USAGE, 0  },
        {"ask --days=",                        RO_USAGE, 0  },
        {"ask --days 99999999999999999999999", RO_USAGE, 0  },
    };
    for (size_t i = 0; i < RO_LEN(lines); i++) {
        struct line line;
        double value = 0;
        enum ro_status s = parse(&line, lines[i].line);
        if (s == RO_OK)
            s = options_number(&line.args, "days", &range, &line.why, &value);
        tap_say(s == lines[i].status && value >= lines[i].value &&
                    value <= lines[i].value,
                lines[i].line);
        options_fini(&line.args);
    }
}

static void
test_choices(void)
{
    static const char *const outcomes[] = {"helped", "partly", "not-helped",
                                           NULL};
    struct line line;
    const char *value = "x";
    tap_is(parse(&line, "ask"), RO_OK);
    tap_is(options_choice(&line.args, "outcome", outcomes, &line.why, &value),
           RO_OK);
    tap_ok(value == NULL);
    options_fini(&line.args);
    tap_is(parse(&line, "ask --outcome not-helped"), RO_OK);
    tap_is(options_choice(&line.args, "outcome", outcomes, &line.why, &value),
           RO_OK);
    tap_ok(text_is(value, "not-helped"));
    options_fini(&line.args);
    tap_is(parse(&line, "ask --outcome help"), RO_OK);
    tap_is(options_choice(&line.args, "outcome", outcomes, &line.why, &value),
           RO_USAGE);
    tap_ok(text_is(
        line.why.text,
        "--outcome: \"help\"; did you mean \"helped\"? There are helped, "
        "partly or not-helped"));
    options_fini(&line.args);
    tap_is(parse(&line, "ask --outcome great"), RO_OK);
    tap_is(options_choice(&line.args, "outcome", outcomes, &line.why, &value),
           RO_USAGE);
    tap_ok(text_is(
        line.why.text,
        "--outcome: \"great\" is not one of helped, partly or not-helped"));
    options_fini(&line.args);
}

static const char *
meant(const char *word)
{
    static const char *const words[] = {"ask",    "answer",   "answers",
                                        "accept", "decline",  "withdraw",
                                        "sync",   "requests", "members"};
    struct suggest suggest = {.word = word};
    for (size_t i = 0; i < RO_LEN(words); i++)
        suggest_offer(&suggest, words[i]);
    return suggest.best != NULL ? suggest.best : "-";
}

static void
test_did_you_mean(void)
{
    tap_ok(text_is(meant("aks"), "ask"));
    tap_ok(text_is(meant("anwser"), "answer"));
    tap_ok(text_is(meant("answrs"), "answers"));
    tap_ok(text_is(meant("withdarw"), "withdraw"));
    tap_ok(text_is(meant("snyc"), "sync"));
    tap_ok(text_is(meant("member"), "members"));
    tap_ok(text_is(meant("dec"), "decline"));
    tap_ok(text_is(meant("x"), "-"));
    tap_ok(text_is(meant(""), "-"));
    tap_ok(text_is(meant("xyz"), "-"));
    tap_ok(text_is(meant("porridge"), "-"));
}

int
main(void)
{
    tap_run(test_globals_anywhere);
    tap_run(test_posixly_correct);
    tap_run(test_values);
    tap_run(test_refusals);
    tap_run(test_json_of_refusals);
    tap_run(test_wishes);
    tap_run(test_below);
    tap_run(test_numbers);
    tap_run(test_choices);
    tap_run(test_did_you_mean);
    return tap_done();
}

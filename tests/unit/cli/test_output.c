/* SPDX-License-Identifier: Apache-2.0 */
/* What goes to stdout and stderr at the end of a command. */
#include "client/cli/output.h"
#include "support/tap.h"

#include <unistd.h>

/* One end of a command: what it printed, and its exit code. */
struct ending {
    char out[2048];
    char err[2048];
    int exit_code;
};

static void
read_back(FILE *file, char text[static 2048])
{
    rewind(file);
    size_t n = fread(text, 1, 2047, file);
    text[n] = '\0';
    fclose(file);
}

/* Ends a command with stdout and stderr in files. */
static void
finish(const struct cli_args *args,
       struct cli_output *out,
       enum ro_status status,
       const char *why_text,
       struct ending *ret_ending)
{
    struct ro_why why = {""};
    FILE *files[2] = {tmpfile(), tmpfile()};
    int kept[2] = {dup(STDOUT_FILENO), dup(STDERR_FILENO)};
    if (files[0] == NULL || files[1] == NULL)
        exit(1);
    snprintf(why.text, sizeof(why.text), "%s", why_text);
    fflush(stdout);
    dup2(fileno(files[0]), STDOUT_FILENO);
    dup2(fileno(files[1]), STDERR_FILENO);
    ret_ending->exit_code = output_finish(args, out, status, &why);
    dup2(kept[0], STDOUT_FILENO);
    dup2(kept[1], STDERR_FILENO);
    close(kept[0]);
    close(kept[1]);
    read_back(files[0], ret_ending->out);
    read_back(files[1], ret_ending->err);
    output_fini(out);
}

static const struct cli_args as_text = {.form = CLI_TEXT};
static const struct cli_args as_json = {.form = CLI_JSON};

static bool
is(const char *text, const char *expected)
{
    bool same = strcmp(text, expected) == 0;
    if (!same)
        printf("# \"%s\" is not \"%s\"\n", text, expected);
    return same;
}

static void
fill(struct cli_output *out)
{
    doc_text(output_json(out), "state", "open");
    ro_buf_printf(&out->text, "it is open\n");
    ro_buf_printf(&out->hint, "next: wait\n");
}

static void
test_done(void)
{
    struct cli_output out = {0};
    struct ending end;
    fill(&out);
    finish(&as_text, &out, RO_OK, "", &end);
    tap_ok(end.exit_code == 0 && is(end.out, "it is open\n") &&
           is(end.err, "next: wait\n"));
    fill(&out);
    finish(&as_json, &out, RO_OK, "", &end);
    tap_ok(end.exit_code == 0 &&
           is(end.out, "{\"schema\":1,\"state\":\"open\"}\n") &&
           is(end.err, ""));
}

static void
test_kept(void)
{
    struct cli_output out = {0};
    struct ending end;
    fill(&out);
    finish(&as_text, &out, RO_KEPT, "nobody answers", &end);
    tap_ok(end.exit_code == 5 && is(end.out, "it is open\n"));
    tap_ok(is(end.err, "reachout: kept here; the broker does not have it yet "
                       "(nobody answers)\nnext: wait\n"
                       "next: reachout sync\n"));
    fill(&out);
    finish(&as_json, &out, RO_KEPT, "", &end);
    tap_say(end.exit_code == 5 &&
                is(end.out, "{\"schema\":1,\"state\":\"open\"}\n"),
            "what is kept still brings its document");
}

static void
test_refused(void)
{
    struct cli_output out = {0};
    struct ending end;
    fill(&out);
    finish(&as_text, &out, RO_NOT_FOUND, "no such request", &end);
    tap_ok(end.exit_code == 3 && is(end.out, "") &&
           is(end.err, "reachout: no such request\nnext: wait\n"));
    fill(&out);
    finish(&as_json, &out, RO_NOT_FOUND, "no such request", &end);
    tap_ok(is(end.out, "{\"schema\":1,\"error\":{\"status\":\"NOT_FOUND\","
                       "\"exit\":3,\"text\":\"not found\","
                       "\"why\":\"no such request\"}}\n") &&
           is(end.err, "reachout: no such request\n"));
    finish(&as_json, &out, RO_UNREACHABLE, "", &end);
    tap_ok(end.exit_code == 6 &&
           is(end.out, "{\"schema\":1,\"error\":{\"status\":\"UNREACHABLE\","
                       "\"exit\":6,\"text\":\"the broker cannot be reached\","
                       "\"why\":null}}\n"));
}

static void
test_ambiguous(void)
{
    static const char *const choices[] = {"3f2a", "3f2b\033[2J"};
    struct cli_output out = {0};
    struct ending end;
    output_choices(&out, choices, 2);
    finish(&as_text, &out, RO_AMBIGUOUS, "", &end);
    tap_ok(end.exit_code == 2 && is(end.out, "") &&
           is(end.err, "reachout: more than one fits; type more of it\n  3f2a\n"
                       "  3f2b\\u{1b}[2J\n"));
    output_choices(&out, choices, 1);
    finish(&as_json, &out, RO_AMBIGUOUS, "", &end);
    tap_ok(is(end.out, "{\"schema\":1,\"error\":{\"status\":\"AMBIGUOUS\","
                       "\"exit\":2,\"text\":\"more than one fits\","
                       "\"why\":null,\"choices\":[\"3f2a\"]}}\n"));
}

/* One sentence, nothing in it twice, and what to do at its end. */
static void
test_sentences(void)
{
    static const struct {
        enum ro_status status;
        const char *why;
        const char *sentence;
    } cases[] = {
        {RO_TICKET_EXPIRED, "",
         "the invitation has expired; ask the authority for a new one"                                                        },
        {RO_TICKET_EXPIRED, "the broker says: the invitation has expired",
         "the invitation has expired; ask the authority for a new one"                                                        },
        {RO_TICKET_EXPIRED, "the invitation has expired; ask for another",
         "the invitation has expired; ask for another"                                                                        },
        {RO_EXPIRED,        "it has expired",                                 "it has expired"                                },
        {RO_WRONG_BROKER,
         "tcp://[::1]:1: this is not the broker you enrolled with",           "this is not the broker you enrolled with (tcp://[::1]:1); send "
         "nothing more, and ask the authority by telephone"},
        {RO_NOT_ALLOWED,    "the broker says: the charter is another's",
         "this connection may not do that (the broker says: the charter is "
         "another's); sync, and if it stays so ask the authority"                                                             },
        {RO_UNREACHABLE,    "tcp://[::1]:1: nobody answers",
         "the broker cannot be reached (tcp://[::1]:1: nobody answers); check "
         "this computer's network and try again"                                                                              },
        {RO_FORKED,         "two directories; tell the authority",
         "the broker shows different directories to different schools (two "
         "directories; tell the authority)"                                                                                   },
        {RO_DISK_FULL,      "p/vault.db: cannot grow",
         "there is no room left on this computer's disk (p/vault.db: cannot "
         "grow); make room on it, then do it again"                                                                           },
        {RO_NO_ROOM,        "",
         "the broker has no room at the moment; try again later, and tell its "
         "operator"                                                                                                           },
        {RO_NOT_FOUND,      "a.csv: no such file",                            "a.csv: no such file"                           },
        {RO_IO_FAILED,      "a.csv: Is a directory",                          "a.csv: Is a directory"                         },
        {RO_NOT_READY,      "the broker says: the broker has no charter yet",
         "the broker has no charter yet"                                                                                      },
        {RO_BAD_INPUT,      "a\033[2Jb",                                      "a\\u{1b}[2Jb"                                  },
    };
    for (size_t i = 0; i < RO_LEN(cases); i++) {
        RO_AUTOBUF line = {0};
        struct ro_why why = {""};
        snprintf(why.text, sizeof(why.text), "%s", cases[i].why);
        output_sentence(&line, cases[i].status, &why);
        ro_buf_put_u8(&line, '\0');
        tap_ok(is((const char *)line.data, cases[i].sentence));
    }
}

/* What stands after "next: " is typed as it stands. */
static void
test_next(void)
{
    struct cli_output out = {.profile = "p/Saltings' own"};
    struct ending end;
    OUTPUT_NEXT(&out, "reachout", "show", "3f2a");
    OUTPUT_NEXT(&out, "reachoutd", "--config", "a b/$HOME.conf");
    output_then(&out, "Then:");
    OUTPUT_NEXT(&out, "reachout", "say", "3f2a", "--text", "");
    finish(&as_text, &out, RO_OK, "", &end);
    tap_ok(is(end.err,
              "next: reachout --profile 'p/Saltings'\\'' own' show 3f2a\n"
              "next: reachoutd --config 'a b/$HOME.conf'\n"
              "Then:\n"
              "next: reachout --profile 'p/Saltings'\\'' own' say 3f2a "
              "--text ''\n"));
}

/* All that is wrong with a file is told once, in either form. */
static void
test_mistakes(void)
{
    struct cli_output out = {0};
    struct ending end;
    RO_AUTOBUF lines = {0};
    ro_buf_printf(&lines, "my.conf:1: k: no number\nmy.conf:9: \xe9\n");
    output_mistakes(&out, &lines);
    finish(&as_text, &out, RO_BAD_INPUT, "my.conf has 2 mistakes", &end);
    tap_ok(end.exit_code == 1 &&
           is(end.err, "reachout: my.conf has 2 mistakes\n"
                       "  my.conf:1: k: no number\n"
                       "  a line that is not UTF-8\n"));
    output_mistakes(&out, &lines);
    finish(&as_json, &out, RO_BAD_INPUT, "2 mistakes", &end);
    tap_ok(is(end.out,
              "{\"schema\":1,\"error\":{\"status\":\"BAD_INPUT\",\"exit\":1,"
              "\"text\":\"the input does not follow the rules\","
              "\"why\":\"2 mistakes\",\"mistakes\":[\"my.conf:1: k: no "
              "number\",\"a line that is not UTF-8\"]}}\n"));
}

/* Every exit code of the contract, from the outcome that leads to it. */
static void
test_exit_codes(void)
{
    static const struct {
        enum ro_status status;
        int exit_code;
    } codes[] = {
        {RO_OK,             0},
        {RO_REFUSED,        1},
        {RO_BAD_INPUT,      1},
        {RO_ILLEGAL,        1},
        {RO_BAD_TICKET,     1},
        {RO_USAGE,          2},
        {RO_AMBIGUOUS,      2},
        {RO_NOT_FOUND,      3},
        {RO_FORBIDDEN,      4},
        {RO_KEPT,           5},
        {RO_UNREACHABLE,    6},
        {RO_BROKER_REFUSED, 7},
        {RO_VAULT_LOCKED,   8},
        {RO_VAULT_DAMAGED,  8},
        {RO_WRONG_BROKER,   9},
        {RO_ROLLED_BACK,    9},
        {RO_FORKED,         9},
        {RO_KEYS_LOST,      9},
        {RO_FROZEN,         9},
    };
    for (size_t i = 0; i < RO_LEN(codes); i++) {
        struct cli_output out = {0};
        struct ending end;
        finish(&as_text, &out, codes[i].status, "", &end);
        tap_say(end.exit_code == codes[i].exit_code,
                ro_status_name(codes[i].status));
    }
    struct cli_output out = {.exit_code = 130};
    struct ending end;
    struct cli_output locked = {0};
    finish(&as_text, &locked, RO_VAULT_LOCKED, "locked, as it was told to",
           &end);
    tap_say(strstr(end.err, "reachout: locked, as it was told to") != NULL,
            "a lock is no wrong key");
    finish(&as_text, &out, RO_REFUSED, "interrupted", &end);
    tap_say(end.exit_code == 130, "a code of the command's own goes first");
}

/* The same into buffers: what a command prints that was handed over. */
static void
test_into_buffers(void)
{
    RO_AUTOBUF to_out = {0};
    RO_AUTOBUF to_err = {0};
    struct cli_output out = {
        .to_out = &to_out, .to_err = &to_err, .colour = OUTPUT_COLOUR_ON};
    struct ending end;
    fill(&out);
    finish(&as_text, &out, RO_OK, "", &end);
    tap_ok(is(end.out, "") && is(end.err, "") && end.exit_code == 0);
    ro_buf_put_u8(&to_out, '\0');
    ro_buf_put_u8(&to_err, '\0');
    tap_ok(is((const char *)to_out.data, "it is open\n") &&
           is((const char *)to_err.data, "next: wait\n"));
    ro_buf_clear(&to_err);
    out = (struct cli_output){
        .to_out = &to_out, .to_err = &to_err, .colour = OUTPUT_COLOUR_ON};
    finish(&as_text, &out, RO_REFUSED, "no", &end);
    ro_buf_put_u8(&to_err, '\0');
    tap_say(is((const char *)to_err.data, "\033[1;31mreachout:\033[0m no\n"),
            "with the colours of the terminal over there");
}

/* What another process printed is printed as it is. */
static void
test_relayed(void)
{
    struct cli_output out = {
        .relay = {.whose = OUTPUT_RELAYED, .exit_code = 5}
    };
    struct ending end;
    fill(&out);
    ro_buf_printf(&out.relay.out, "theirs\n");
    ro_buf_printf(&out.relay.err, "\033[1mtalk\n");
    finish(&as_text, &out, RO_TAKEN, "in use", &end);
    tap_ok(end.exit_code == 5 && is(end.out, "theirs\n") &&
           is(end.err, "\033[1mtalk\n"));
}

int
main(void)
{
    unsetenv("TERM");
    tap_run(test_done);
    tap_run(test_kept);
    tap_run(test_refused);
    tap_run(test_ambiguous);
    tap_run(test_sentences);
    tap_run(test_next);
    tap_run(test_mistakes);
    tap_run(test_exit_codes);
    tap_run(test_into_buffers);
    tap_run(test_relayed);
    return tap_done();
}

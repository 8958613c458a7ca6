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
    tap_ok(is(end.err, "reachout: kept here; the broker does not have it yet: "
                       "nobody answers\nnext: wait\n"
                       "next: reachout sync sends it\n"));
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
           is(end.err, "reachout: not found: no such request\nnext: wait\n"));
    fill(&out);
    finish(&as_json, &out, RO_NOT_FOUND, "no such request", &end);
    tap_ok(is(end.out, "{\"schema\":1,\"error\":{\"status\":\"NOT_FOUND\","
                       "\"exit\":3,\"text\":\"not found\","
                       "\"why\":\"no such request\"}}\n") &&
           is(end.err, "reachout: not found: no such request\n"));
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
           is(end.err, "reachout: more than one fits\n  3f2a\n"
                       "  3f2b\\u{1b}[2J\n"));
    output_choices(&out, choices, 1);
    finish(&as_json, &out, RO_AMBIGUOUS, "", &end);
    tap_ok(is(end.out, "{\"schema\":1,\"error\":{\"status\":\"AMBIGUOUS\","
                       "\"exit\":2,\"text\":\"more than one fits\","
                       "\"why\":null,\"choices\":[\"3f2a\"]}}\n"));
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
    finish(&as_text, &out, RO_REFUSED, "interrupted", &end);
    tap_say(end.exit_code == 130, "a code of the command's own goes first");
}

int
main(void)
{
    unsetenv("TERM");
    tap_run(test_done);
    tap_run(test_kept);
    tap_run(test_refused);
    tap_run(test_ambiguous);
    tap_run(test_exit_codes);
    return tap_done();
}

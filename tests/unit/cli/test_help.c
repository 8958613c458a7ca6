/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/help.h"
#include "support/tap.h"

static enum ro_status
no_run(const struct cli_args *args, struct cli_output *out, struct ro_why *why)
{
    (void)args;
    (void)out;
    (void)why;
    return RO_OK;
}

static const struct cli_option options[] = {
    {"topic",  "CODE", "what it is about", CLI_ONCE },
    {"veiled", NULL,   "",                 CLI_LATER},
    CLI_OPTIONS_END
};
static const struct cli_command below[] = {
    {"init",            "--dir DIR", "found a circle", NULL, NULL, 0, 0, no_run, NULL},
    {0},
};
static const struct cli_command commands[] = {
    {"ask",           "--topic CODE", "ask for help", "Asking", options, 0, 0, no_run,
     NULL},
    {"show", "REQUEST", "one request", "Asking", NULL, 1, 1, no_run, NULL},
    {"authority",        "COMMAND", "the circle", "Circle", NULL, 0, 0, NULL, below},
    {"offer",              "", "", "", NULL, 0, 0, NULL, NULL},
    {0           },
};

static const char *
text_of(struct ro_buf *buf)
{
    ro_buf_put_u8(buf, '\0');
    return (const char *)buf->data;
}

static size_t
times(const char *text, const char *word)
{
    size_t n = 0;
    while ((text = strstr(text, word)) != NULL) {
        text += strlen(word);
        n++;
    }
    return n;
}

static void
test_list(void)
{
    RO_AUTOBUF buf = {0};
    help_commands(&buf, commands);
    const char *text = text_of(&buf);
    tap_ok(strstr(text, "\nAsking\n  ask         ask for help\n"
                        "  show        one request\n"
                        "\nCircle\n  authority   the circle\n") != NULL);
    tap_say(strstr(text, "offer") == NULL, "what is to come is not promised");
    tap_ok(strstr(text, "  --profile DIR        the profile") != NULL);
}

static void
test_command(void)
{
    RO_AUTOBUF buf = {0};
    help_command(&buf, NULL, &commands[0]);
    const char *text = text_of(&buf);
    tap_ok(strstr(text, "reachout ask: ask for help\n\n"
                        "usage: reachout ask --topic CODE\n") == text);
    tap_ok(strstr(text, "  --topic CODE         what it is about\n") != NULL);
    tap_ok(strstr(text, "veiled") == NULL);
    tap_ok(times(text, "--json") == 1);
}

static void
test_below(void)
{
    RO_AUTOBUF upper = {0};
    RO_AUTOBUF lower = {0};
    RO_AUTOBUF alone = {0};
    help_command(&upper, NULL, &commands[2]);
    help_command(&lower, &commands[2], &below[0]);
    tap_ok(strstr(text_of(&upper), "  init        found a circle\n") != NULL);
    tap_ok(strstr(text_of(&lower),
                  "usage: reachout authority init --dir DIR\n") != NULL);
    help_command(&alone, NULL, &commands[3]);
    tap_ok(strstr(text_of(&alone), "usage: reachout offer\n") != NULL);
}

static void
test_bash(void)
{
    RO_AUTOBUF buf = {0};
    help_bash(&buf, commands);
    const char *text = text_of(&buf);
    tap_ok(strstr(text, "'') words=\" ask show authority --profile") != NULL);
    tap_ok(strstr(text, "\"authority\") words=\" init\"") != NULL);
    tap_ok(strstr(text, "\"authority init\") words=\" --profile") != NULL);
    tap_ok(strstr(text, "\"ask\") words=\" --topic --profile") != NULL);
    tap_ok(strstr(text, "veiled") == NULL && strstr(text, "offer") == NULL);
}

int
main(void)
{
    tap_run(test_list);
    tap_run(test_command);
    tap_run(test_below);
    tap_run(test_bash);
    return tap_done();
}

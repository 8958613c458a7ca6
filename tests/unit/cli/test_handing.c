/* SPDX-License-Identifier: Apache-2.0 */
/* The wire by which commands are handed over, and command lines put on it. */
#include "client/cli/hand.h"
#include "support/tap.h"

#include <unistd.h>

static char say[] = "say";
static char thread[] = "3f2a";
static char zone[] = "Europe/London";
static char words[] = "Thursday\nit is. \xc2\xa3";

static const struct handing_asking asked = {
    .args = {say, thread},
    .n_args = 2,
    .zone = zone,
    .text = words,
    .colour = HANDING_COLOUR,
    .times = HANDING_AGAIN,
    .before = 0x0123456789abcdef,
};

/* Reads the frame in `buf`, whose memory the result points into. */
static enum ro_status
read_back(struct ro_buf *buf, struct handing_asking *ret_asking)
{
    size_t size = 0;
    tap_need(handing_frame(ro_buf_view(buf), HANDING_ASKING_MAX, &size) ==
                 RO_OK &&
             size == buf->size);
    return handing_take_asking(buf->data + HANDING_SIZE_SIZE,
                               size - HANDING_SIZE_SIZE, ret_asking);
}

static void
test_asking(void)
{
    RO_AUTOBUF buf = {0};
    struct handing_asking got;
    handing_put_asking(&asked, &buf);
    tap_is(read_back(&buf, &got), RO_OK);
    tap_ok(got.n_args == 2 && strcmp(got.args[0], say) == 0 &&
           strcmp(got.args[1], thread) == 0);
    tap_ok(strcmp(got.zone, zone) == 0 && strcmp(got.text, words) == 0);
    tap_ok(got.colour == HANDING_COLOUR && got.times == HANDING_AGAIN &&
           got.before == asked.before);
}

static void
test_asking_of_little(void)
{
    RO_AUTOBUF buf = {0};
    struct handing_asking got;
    const struct handing_asking little = {.args = {say}, .n_args = 1};
    handing_put_asking(&little, &buf);
    tap_is(read_back(&buf, &got), RO_OK);
    tap_ok(got.n_args == 1 && got.zone == NULL && got.text == NULL &&
           got.colour == HANDING_PLAIN && got.times == HANDING_FIRST);
}

/* A frame that is cut, or longer than what is in it, is none. */
static void
test_cut(void)
{
    RO_AUTOBUF buf = {0};
    struct handing_asking got;
    bool refused = true;
    handing_put_asking(&asked, &buf);
    size_t whole = buf.size - HANDING_SIZE_SIZE;
    for (size_t size = 0; size < whole; size++) {
        /* of its own size, so that a sanitizer sees who reads behind it */
        RO_AUTOFREE uint8_t *cut = malloc(size + 1);
        tap_need(cut != NULL || !refused);
        memcpy(cut + 1, buf.data + HANDING_SIZE_SIZE, size);
        refused =
            refused && handing_take_asking(cut + 1, size, &got) == RO_BAD_INPUT;
    }
    tap_say(refused, "what is cut anywhere is refused");
    ro_buf_put_u8(&buf, 0);
    tap_is(handing_take_asking(buf.data + HANDING_SIZE_SIZE, whole + 1, &got),
           RO_BAD_INPUT);
}

/* Another version, unknown flags, texts without an end or with one inside. */
static void
test_refused(void)
{
    static const struct {
        size_t at;
        uint8_t byte;
        const char *what;
    } changes[] = {
        {0,  2,    "another version"      },
        {1,  0x10, "a flag not known here"},
        {7,  '!',  "a text without an end"},
        {5,  0,    "a text with one in it"},
        {11, 0x80, "a size out of bounds" },
    };
    const struct handing_asking little = {
        .args = {say, thread},
          .n_args = 2
    };
    for (size_t i = 0; i < RO_LEN(changes); i++) {
        RO_AUTOBUF buf = {0};
        struct handing_asking got;
        handing_put_asking(&little, &buf);
        /* version, flags, n (2), size (4), "say" and its zero, size (4) */
        size_t at = changes[i].at;
        at += at == 5 || at == 7 ? 4 : at == 11 ? 1 : 0;
        buf.data[HANDING_SIZE_SIZE + at] = changes[i].byte;
        tap_say(read_back(&buf, &got) == RO_BAD_INPUT, changes[i].what);
    }
}

/* The body of an asking of so many words. */
static enum ro_status
take_words(size_t n)
{
    RO_AUTOBUF body = {0};
    struct handing_asking got;
    ro_buf_put(&body, "\1\0", 2);
    ro_buf_put_u16(&body, (uint16_t)n);
    for (size_t i = 0; i < n; i++)
        ro_buf_put(&body, "\0\0\0\2x", 6);
    return handing_take_asking(body.data, body.size, &got);
}

static void
test_words(void)
{
    tap_is(take_words(0), RO_BAD_INPUT);
    tap_is(take_words(1), RO_OK);
    tap_is(take_words(HANDING_ARGS_MAX), RO_OK);
    tap_is(take_words(HANDING_ARGS_MAX + 1), RO_BAD_INPUT);
}

static void
test_frames(void)
{
    static const uint8_t zero[] = {0, 0, 0, 0};
    static const uint8_t large[] = {0, 4, 0, 1};
    static const uint8_t largest[] = {0, 4, 0, 0};
    size_t size = 99;
    tap_is(handing_frame((struct ro_bytes){zero, 3}, 10, &size), RO_OK);
    tap_ok(size == 0);
    tap_is(handing_frame((struct ro_bytes){zero, 4}, 10, &size), RO_TOO_LARGE);
    tap_is(
        handing_frame((struct ro_bytes){large, 4}, HANDING_ASKING_MAX, &size),
        RO_TOO_LARGE);
    tap_is(
        handing_frame((struct ro_bytes){largest, 4}, HANDING_ASKING_MAX, &size),
        RO_OK);
    tap_ok(size == HANDING_ASKING_MAX + 4);
}

static enum ro_status
answer_back(const struct handing_answer *answer,
            struct ro_buf *buf,
            struct handing_answer *ret_got)
{
    ro_buf_clear(buf);
    handing_put_answer(answer, buf);
    const struct ro_bytes body = {buf->data + HANDING_SIZE_SIZE,
                                  buf->size - HANDING_SIZE_SIZE};
    return handing_take_answer(body, ret_got);
}

static void
test_answers(void)
{
    RO_AUTOBUF buf = {0};
    struct handing_answer got;
    const struct handing_answer heard = {.what = HANDING_HEARD};
    const struct handing_answer begun = {.what = HANDING_BEGUN, .before = 7};
    const struct handing_answer busy = {.what = HANDING_REFUSED,
                                        .refusal = HANDING_BUSY};
    const struct handing_answer done = {.what = HANDING_DONE,
                                        .exit_code = 143,
                                        .out = ro_bytes_text("said\n"),
                                        .err = ro_bytes_text("")};
    tap_ok(answer_back(&heard, &buf, &got) == RO_OK &&
           got.what == HANDING_HEARD);
    tap_ok(answer_back(&begun, &buf, &got) == RO_OK &&
           got.what == HANDING_BEGUN && got.before == 7);
    tap_ok(answer_back(&busy, &buf, &got) == RO_OK &&
           got.what == HANDING_REFUSED && got.refusal == HANDING_BUSY);
    tap_ok(answer_back(&done, &buf, &got) == RO_OK &&
           got.what == HANDING_DONE && got.exit_code == 143 &&
           ro_bytes_equal(got.out, done.out) && got.err.size == 0);
    bool refused = true;
    for (size_t size = 0; size < buf.size - HANDING_SIZE_SIZE; size++) {
        const struct ro_bytes cut = {buf.data + HANDING_SIZE_SIZE, size};
        refused = refused && handing_take_answer(cut, &got) == RO_BAD_INPUT;
    }
    tap_say(refused, "what is cut anywhere is refused");
    buf.data[HANDING_SIZE_SIZE] = 4;
    const struct ro_bytes odd = {buf.data + HANDING_SIZE_SIZE,
                                 buf.size - HANDING_SIZE_SIZE};
    tap_is(handing_take_answer(odd, &got), RO_BAD_INPUT);
}

/* --- command lines ------------------------------------------------------- */

static const struct cli_option options[] = {
    {"text",   "TEXT", "", CLI_ONCE},
    {"out",    "FILE", "", CLI_ONCE},
    {"unread", NULL,   "", CLI_ONCE},
    CLI_OPTIONS_END
};
static const struct cli_command save = {"save", "", "",   "",  options,
                                        0,      0,  NULL, NULL};

static void
test_line(void)
{
    RO_AUTOBUF buf = {0};
    RO_AUTOBUF path = {0};
    struct ro_why why = {""};
    struct handing_asking asking;
    const char *given_words[] = {"--json"};
    struct cli_given given[] = {
        {&options[0], "out.txt"    },
        {&options[1], "out.txt"    },
        {&options[1], "/tmp/out.tx"},
        {&options[2], NULL         },
    };
    const struct cli_args args = {.profile = "p 1",
                                  .form = CLI_JSON,
                                  .command = &save,
                                  .words = given_words,
                                  .n_words = 1,
                                  .given = given,
                                  .n_given = RO_LEN(given)};
    RO_AUTOFREE char *here = getcwd(NULL, 0);
    tap_need(here != NULL);
    ro_buf_printf(&path, "--out=%s/out.txt", here);
    ro_buf_put_u8(&path, '\0');
    tap_is(hand_make_asking(&args, &why, &buf, &asking), RO_OK);
    const char *const expected[] = {"--profile=p 1",
                                    "--json",
                                    "save",
                                    "--text=out.txt",
                                    (char *)path.data,
                                    "--out=/tmp/out.tx",
                                    "--unread",
                                    "--",
                                    "--json"};
    tap_ok(asking.n_args == RO_LEN(expected));
    for (size_t i = 0; i < RO_LEN(expected) && i < asking.n_args; i++)
        tap_say(strcmp(asking.args[i], expected[i]) == 0, expected[i]);
}

static void
test_line_too_long(void)
{
    RO_AUTOBUF buf = {0};
    struct ro_why why = {""};
    struct handing_asking asking;
    const char *many[HANDING_ARGS_MAX - 1];
    for (size_t i = 0; i < RO_LEN(many); i++)
        many[i] = "x";
    struct cli_args args = {
        .command = &save, .words = many, .n_words = RO_LEN(many) - 1};
    tap_is(hand_make_asking(&args, &why, &buf, &asking), RO_OK);
    args.n_words++;
    tap_is(hand_make_asking(&args, &why, &buf, &asking), RO_TOO_LARGE);
}

int
main(void)
{
    tap_run(test_asking);
    tap_run(test_asking_of_little);
    tap_run(test_cut);
    tap_run(test_refused);
    tap_run(test_words);
    tap_run(test_frames);
    tap_run(test_answers);
    tap_run(test_line);
    tap_run(test_line_too_long);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/text.h"
#include "tests/support/tap.h"

#define INIT(s)                                                                \
    {                                                                          \
        (const uint8_t *)(s), sizeof(s) - 1                                    \
    }
#define BYTES(s) ((struct ro_bytes)INIT(s))

static enum ro_status
check(struct ro_bytes text, enum ro_text_kind kind)
{
    return ro_text_check(text, kind, 1000, NULL);
}

static void
test_good_lines(void)
{
    static const struct ro_bytes good[] = {
        INIT(""),
        INIT("Rowan Lane School"),
        INIT("Ysgol Gymraeg Pont-y-g\xc5\xb5r"),
        INIT("\xc2\xa0"),
        INIT("\xdf\xbf\xe0\xa0\x80"),
        INIT("\xed\x9f\xbf\xee\x80\x80"),
        INIT("\xf0\x90\x80\x80\xf4\x8f\xbf\xbf"),
    };
    for (size_t i = 0; i < RO_LEN(good); i++)
        tap_is(check(good[i], RO_TEXT_LINE), RO_OK);
}

/* Each is refused in both kinds; `at` is the byte that the words name. */
static const struct {
    struct ro_bytes text;
    const char *why;
} bad[] = {
    {INIT("ab\x80"),               "not UTF-8 at byte 2"               },
    {INIT("a\xff"),                "not UTF-8 at byte 1"               },
    {INIT("\xfe"),                 "not UTF-8 at byte 0"               },
    {INIT("\xf8\x88\x80\x80\x80"), "not UTF-8 at byte 0"               },
    {INIT("\xc0\xaf"),             "not UTF-8 at byte 0"               },
    {INIT("\xc1\xbf"),             "not UTF-8 at byte 0"               },
    {INIT("\xc0\x80"),             "not UTF-8 at byte 0"               },
    {INIT("\xe0\x9f\xbf"),         "not UTF-8 at byte 0"               },
    {INIT("\xf0\x8f\xbf\xbf"),     "not UTF-8 at byte 0"               },
    {INIT("\xed\xa0\x80"),         "not UTF-8 at byte 0"               },
    {INIT("\xed\xbf\xbf"),         "not UTF-8 at byte 0"               },
    {INIT("\xf4\x90\x80\x80"),     "not UTF-8 at byte 0"               },
    {INIT("\xf5\x80\x80\x80"),     "not UTF-8 at byte 0"               },
    {INIT("a\xc3"),                "not UTF-8 at byte 1"               },
    {INIT("a\xe2\x82"),            "not UTF-8 at byte 1"               },
    {INIT("a\xf0\x9f\x8d"),        "not UTF-8 at byte 1"               },
    {INIT("\xc3("),                "not UTF-8 at byte 0"               },
    {INIT("\xe2\x82("),            "not UTF-8 at byte 0"               },
    {INIT("admin\0x"),             "NUL at byte 5"                     },
    {INIT("\0"),                   "NUL at byte 0"                     },
    {INIT("a\rb"),                 "control character U+000D at byte 1"},
    {INIT("\x1b[2J"),              "control character U+001B at byte 0"},
    {INIT("a\x7f"),                "control character U+007F at byte 1"},
    {INIT("\xc2\x80"),             "control character U+0080 at byte 0"},
    {INIT("\xc3\xa9\xc2\x9f"),     "control character U+009F at byte 2"},
};

static void
test_bad_texts(void)
{
    for (size_t i = 0; i < RO_LEN(bad); i++) {
        struct ro_why why = {""};
        tap_is(ro_text_check(bad[i].text, RO_TEXT_LINE, 1000, &why),
               RO_BAD_INPUT);
        tap_say(strcmp(why.text, bad[i].why) == 0, bad[i].why);
        tap_is(check(bad[i].text, RO_TEXT_BODY), RO_BAD_INPUT);
    }
}

static void
test_kinds(void)
{
    tap_is(check(BYTES("one\ntwo\tthree"), RO_TEXT_BODY), RO_OK);
    tap_is(check(BYTES("one\ntwo"), RO_TEXT_LINE), RO_BAD_INPUT);
    tap_is(check(BYTES("two\tthree"), RO_TEXT_LINE), RO_BAD_INPUT);
    tap_is(check(BYTES("one\r\ntwo"), RO_TEXT_BODY), RO_BAD_INPUT);
}

static void
test_limit(void)
{
    struct ro_why why = {""};
    tap_is(ro_text_check(BYTES("abc"), RO_TEXT_LINE, 3, &why), RO_OK);
    tap_is(ro_text_check(BYTES("abcd"), RO_TEXT_LINE, 3, &why), RO_BAD_INPUT);
    tap_ok(strcmp(why.text, "text longer than 3 bytes") == 0);
    tap_say(ro_text_check(BYTES("\xc3\xa9\xc3\xa9"), RO_TEXT_LINE, 3, NULL) ==
                RO_BAD_INPUT,
            "the limit counts bytes");
}

/* A sequence that goes on behind the end of the view is cut all the same. */
static void
test_end_of_view(void)
{
    struct ro_why why = {""};
    struct ro_bytes cut = {(const uint8_t *)"a\xc3\xa9", 2};
    tap_is(ro_text_check(cut, RO_TEXT_LINE, 10, &why), RO_BAD_INPUT);
    tap_ok(strcmp(why.text, "not UTF-8 at byte 1") == 0);
    cut.size = 3;
    tap_is(ro_text_check(cut, RO_TEXT_LINE, 10, &why), RO_OK);
}

static bool
shows(struct ro_bytes text, enum ro_text_kind kind, const char *expected)
{
    RO_AUTOBUF out = {0};
    ro_text_show(text, kind, &out);
    bool same = ro_bytes_equal(ro_buf_view(&out), ro_bytes_text(expected));
    if (!same)
        printf("# shown as \"%.*s\"\n", (int)out.size, (const char *)out.data);
    return same;
}

static void
test_show(void)
{
    tap_ok(shows(BYTES("Caf\xc3\xa9 \xf0\x9f\x8d\x8e"), RO_TEXT_LINE,
                 "Caf\xc3\xa9 \xf0\x9f\x8d\x8e"));
    tap_ok(
        shows(BYTES("\x1b[31mred\x07"), RO_TEXT_BODY, "\\u{1b}[31mred\\u{7}"));
    tap_ok(shows(BYTES("a\0b\x7f"), RO_TEXT_BODY, "a\\u{0}b\\u{7f}"));
    tap_ok(shows(BYTES("\xc2\x9b"), RO_TEXT_BODY, "\\u{9b}"));
    tap_ok(shows(BYTES("a\n\tb\r"), RO_TEXT_BODY, "a\n\tb\\u{d}"));
    tap_ok(shows(BYTES("a\n\tb"), RO_TEXT_LINE, "a\\u{a}\\u{9}b"));
    tap_ok(shows(BYTES("ab\xe2\x82"), RO_TEXT_LINE, "ab\\xe2\\x82"));
    tap_ok(shows(BYTES("\xed\xa0\x80"), RO_TEXT_LINE, "\\xed\\xa0\\x80"));
    tap_ok(shows(BYTES("\xc0\x9b"), RO_TEXT_LINE, "\\xc0\\x9b"));
    tap_ok(shows(BYTES(""), RO_TEXT_LINE, ""));
}

/* Every character that reorders or hides text, by its code point. */
static void
test_show_bidi_and_invisible(void)
{
    static const uint16_t points[] = {
        0x061C, 0x200E, 0x200F, 0x202A, 0x202B, 0x202C, 0x202D,
        0x202E, 0x2066, 0x2067, 0x2068, 0x2069, 0x200B, 0x200C,
        0x200D, 0x2060, 0xFEFF, 0x2028, 0x2029, 0x00AD, 0x180E,
    };
    for (size_t i = 0; i < RO_LEN(points); i++) {
        uint16_t p = points[i];
        const uint8_t three[] = {(uint8_t)(0xE0 | p >> 12),
                                 (uint8_t)(0x80 | (p >> 6 & 0x3F)),
                                 (uint8_t)(0x80 | (p & 0x3F))};
        const uint8_t two[] = {(uint8_t)(0xC0 | p >> 6),
                               (uint8_t)(0x80 | (p & 0x3F))};
        struct ro_bytes text = p < 0x800
                                   ? (struct ro_bytes){two, sizeof(two)}
                                   : (struct ro_bytes){three, sizeof(three)};
        char expected[16];
        snprintf(expected, sizeof(expected), "\\u{%x}", p);
        tap_say(shows(text, RO_TEXT_BODY, expected), expected);
    }
    tap_ok(shows(BYTES("\xf3\xa0\x81\xa1"), RO_TEXT_BODY, "\\u{e0061}"));
    /* neighbours of the ranges are plain characters */
    tap_ok(shows(BYTES("\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf"), RO_TEXT_LINE,
                 "\xe2\x80\x8a\xe2\x80\x90\xe2\x80\xaf"));
}

static void
test_distance(void)
{
    tap_ok(ro_text_distance("", "") == 0);
    tap_ok(ro_text_distance("answer", "answer") == 0);
    tap_ok(ro_text_distance("anwser", "answer") == 1);
    tap_ok(ro_text_distance("answr", "answer") == 1);
    tap_ok(ro_text_distance("answeer", "answer") == 1);
    tap_ok(ro_text_distance("ansver", "answer") == 1);
    tap_ok(ro_text_distance("", "sync") == 4);
    tap_ok(ro_text_distance("sync", "") == 4);
    tap_ok(ro_text_distance("kitten", "sitting") == 3);
    tap_ok(ro_text_distance("ca", "abc") == 3);
    char forty[41] = "";
    memset(forty, 'a', 40);
    tap_ok(ro_text_distance(forty, "a") == 39);
    tap_ok(ro_text_distance(forty, forty) == 0);
    char more[42] = "";
    memset(more, 'a', 41);
    tap_ok(ro_text_distance(more, more) > 40);
    tap_ok(ro_text_distance("a", more) > 40);
}

static void
test_alike(void)
{
    static const char *const same[] = {
        "North team",
        "North\xc2\xa0team",
        "  north  TEAM ",
        "North\xe3\x80\x80team",
        "North\xe2\x80\xaf team\xc2\xa0",
    };
    static const char *const others[] = {
        "",      "North",      "Northteam",         "North team 2",
        "North", "North-team", "N\xc3\xb6rth team", "North te",
    };
    for (size_t i = 0; i < RO_LEN(same); i++) {
        tap_ok(ro_text_alike(same[0], same[i]));
        tap_ok(ro_text_alike(same[i], same[0]));
        for (size_t k = 0; k < RO_LEN(others); k++)
            tap_ok(!ro_text_alike(same[i], others[k]));
    }
    tap_ok(ro_text_alike("", " \xc2\xa0"));
    tap_ok(ro_text_alike("\xff", "\xff") && !ro_text_alike("\xff", "\xfe"));
}

int
main(void)
{
    tap_run(test_good_lines);
    tap_run(test_bad_texts);
    tap_run(test_kinds);
    tap_run(test_limit);
    tap_run(test_end_of_view);
    tap_run(test_show);
    tap_run(test_show_bidi_and_invisible);
    tap_run(test_distance);
    tap_run(test_alike);
    return tap_done();
}

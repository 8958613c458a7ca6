/* SPDX-License-Identifier: Apache-2.0 */
/* What other people wrote cannot do anything to a terminal. */
#include "client/cli/doc.h"
#include "client/cli/show.h"
#include "support/tap.h"

/* Whether bytes are harmless: printable ASCII, line feeds, and letters of
 * UTF-8 other than those that steer (C1, bidi, zero width). */
static bool
is_harmless(const struct ro_buf *buf)
{
    for (size_t i = 0; i < buf->size; i++) {
        uint8_t c = buf->data[i];
        if ((c < 0x20 && c != '\n') || c == 0x7f)
            return false;
        if (c == 0xc2 && i + 1 < buf->size && buf->data[i + 1] < 0xa0)
            return false;
        if (c == 0xe2 && i + 2 < buf->size &&
            (buf->data[i + 1] == 0x80 || buf->data[i + 1] == 0x81))
            return false;
    }
    return true;
}

static const char *const hostile[] = {
    "\033[2J\033[1;31mowned",
    "\033]0;title\a",
    "a\rb",
    "del\x7f",
    "c1 \xc2\x9b\x32J",
    "rlo \xe2\x80\xaegnp.exe\xe2\x80\xac",
    "isolate \xe2\x81\xa6x\xe2\x81\xa9",
    "zero\xe2\x80\x8bwidth",
    "separator \xe2\x80\xa8x",
    "not UTF-8 \xff\xc0\xaf",
    "cut \xe2\x80",
};

static void
test_hostile(void)
{
    for (size_t i = 0; i < RO_LEN(hostile); i++) {
        RO_AUTOBUF line = {0};
        RO_AUTOBUF body = {0};
        RO_AUTOBUF json = {0};
        json_t *document = doc_new();
        show_line(&line, hostile[i]);
        show_body(&body, hostile[i]);
        doc_text(document, "text", hostile[i]);
        doc_print(document, &json);
        json_decref(document);
        tap_say(is_harmless(&line), "as a line");
        tap_say(is_harmless(&body), "as a body");
        tap_say(is_harmless(&json), "as JSON");
    }
}

/* The proof that the check above can fail. */
static void
test_check(void)
{
    for (size_t i = 0; i < RO_LEN(hostile) - 2; i++) {
        struct ro_buf raw = {.data = (uint8_t *)strdup(hostile[i]),
                             .size = strlen(hostile[i])};
        tap_say(!is_harmless(&raw), "raw, it would do harm");
        ro_buf_fini(&raw);
    }
}

static bool
shows(struct ro_buf *out, const char *expected)
{
    ro_buf_put_u8(out, '\0');
    bool same = strcmp((const char *)out->data, expected) == 0;
    if (!same)
        printf("# \"%s\" is not \"%s\"\n", (const char *)out->data, expected);
    ro_buf_clear(out);
    return same;
}

static void
test_pieces(void)
{
    RO_AUTOBUF out = {0};
    static const uint8_t id[16] = {0x3f, 0x2a, 0x9c, 0x1d, 0xff};
    static const uint8_t none[16] = {0};
    show_id(&out, id);
    tap_ok(shows(&out, "3f2a9c1d"));
    show_id(&out, none);
    tap_ok(shows(&out, "-       "));
    show_time(&out, 1794300720);
    tap_ok(shows(&out, "Tue 10 Nov 2026 08:52"));
    show_time(&out, INT64_MAX);
    tap_ok(shows(&out, "at no time"));
    show_body(&out, "one\n\ntwo\n");
    tap_ok(shows(&out, "    one\n    \n    two\n"));
    show_column(&out, "TL1", 6);
    tap_ok(shows(&out, "TL1   "));
    show_line(&out, "a\nb");
    tap_ok(shows(&out, "a\\u{a}b"));
    show_line(&out, NULL);
    tap_ok(shows(&out, ""));
}

static void
test_ages(void)
{
    static const struct {
        int64_t age_s;
        const char *words;
    } ages[] = {
        {-5,     "less than a minute"},
        {59,     "less than a minute"},
        {60,     "1 minute"          },
        {7199,   "1 hour"            },
        {7200,   "2 hours"           },
        {86400,  "1 day"             },
        {259300, "3 days"            },
    };
    RO_AUTOBUF out = {0};
    for (size_t i = 0; i < RO_LEN(ages); i++) {
        show_age(&out, ages[i].age_s);
        tap_say(shows(&out, ages[i].words), ages[i].words);
    }
}

/* What happened is told in people's words, to both sides. */
static void
test_events(void)
{
    tap_ok(strcmp(show_event("ask", SHOW_THEIRS), "asks for help") == 0);
    tap_ok(strcmp(show_event("introduced", SHOW_THEIRS), "you are chosen") ==
           0);
    tap_ok(strcmp(show_event("introduced", SHOW_OURS), "has chosen") == 0);
    tap_ok(strcmp(show_event("closed", SHOW_THEIRS), "closed") == 0);
    tap_ok(show_event(NULL, SHOW_OURS) == NULL);
}

/* Counts are never below zero, whatever a file says. */
static void
test_counts(void)
{
    json_t *json = json_object();
    doc_count(json, "most", INT64_MAX);
    doc_count(json, "all", UINT64_MAX);
    tap_ok(json_integer_value(json_object_get(json, "most")) == INT64_MAX);
    tap_ok(json_number_value(json_object_get(json, "all")) > 1e19);
    json_decref(json);
}

int
main(void)
{
    tap_run(test_counts);
    tap_run(test_hostile);
    tap_run(test_check);
    tap_run(test_pieces);
    tap_run(test_ages);
    tap_run(test_events);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The strict reader under both configurations: what passes, every refusal. */
#include "common/conf/reader.h"

#include <pthread.h>

#include "tests/support/tap.h"

static const struct ro_conf_key keys[] = {
    {NULL,             "size", RO_CONF_ONE},
    {NULL,     "name", RO_CONF_ONE},
    {NULL,             "names", RO_CONF_LIST},
    {NULL,     "hall", RO_CONF_SECTION},
    {"hall",             "seats", RO_CONF_ONE},
    {NULL,    "room", RO_CONF_TITLED},
    {"room",             "seats", RO_CONF_ONE},
    {"room", "tags", RO_CONF_LIST},
    {.name = NULL          },
};

/* What came out, as one line: "size=3 room[A] A.seats=4 ..." */
struct result {
    struct ro_buf items;
    struct ro_buf mistakes;
    unsigned count;
};

static void
take(void *user, const struct ro_conf_item *item)
{
    struct ro_buf *out = user;
    if (out->size > 0)
        ro_buf_printf(out, " ");
    ro_buf_printf(out, "%u:", item->line);
    if (item->value == NULL) {
        ro_buf_printf(out, "%s[%s]", item->key->name,
                      item->title != NULL ? item->title : "");
    } else {
        ro_buf_printf(out, "%s%s%s=%s", item->title != NULL ? item->title : "",
                      item->key->section != NULL ? "." : "", item->key->name,
                      item->value);
    }
}

static struct result
read_bytes(struct ro_bytes text)
{
    struct result result = {0};
    struct ro_mistakes mistakes = {.file = "f", .out = &result.mistakes};
    struct ro_conf_taker taker = {take, &result.items};
    if (ro_conf_read(text, keys, &mistakes, &taker) != RO_OK)
        exit(1);
    result.count = mistakes.count;
    ro_buf_put_u8(&result.items, '\0');
    ro_buf_put_u8(&result.mistakes, '\0');
    if (ro_buf_ok(&result.items) != RO_OK ||
        ro_buf_ok(&result.mistakes) != RO_OK)
        exit(1);
    return result;
}

static void
fini(struct result *result)
{
    ro_buf_fini(&result->items);
    ro_buf_fini(&result->mistakes);
}

/* Whether a text gives just these items and just these mistakes. */
static bool
gives(const char *text, const char *items, const char *mistakes)
{
    struct result result = read_bytes(ro_bytes_text(text));
    bool is = strcmp((const char *)result.items.data, items) == 0 &&
              strcmp((const char *)result.mistakes.data, mistakes) == 0;
    if (!is) {
        printf("# items '%s'\n# mistakes '%s'\n", result.items.data,
               result.mistakes.data);
    }
    fini(&result);
    return is;
}

/* --- what passes --------------------------------------------------------- */

static void
test_plain(void)
{
    tap_ok(gives("", "", ""));
    tap_ok(gives("# nothing", "", ""));
    tap_ok(gives("size = 3\n", "1:size=3", ""));
    tap_ok(gives("size=3", "1:size=3", ""));
    tap_ok(gives("\n# c\n size = 3 # behind\n", "3:size=3", ""));
    tap_ok(gives("name = \"a b\"", "1:name=a b", ""));
    tap_ok(gives("name = \"\"", "1:name=", ""));
    tap_ok(gives("name = \"# { } = , '\"", "1:name=# { } = , '", ""));
    tap_ok(gives("name = \"q \\\" b \\\\ e\"", "1:name=q \" b \\ e", ""));
    tap_ok(gives("name = a.b_C:9-z", "1:name=a.b_C:9-z", ""));
    tap_ok(gives("name = \"$ {x} $\"", "1:name=$ {x} $", ""));
    tap_ok(gives("name = \"\xC3\xA9\"", "1:name=\xC3\xA9", ""));
    tap_ok(gives("size = 1 name = b", "1:size=1 1:name=b", ""));
    tap_ok(gives("size\n=\n3", "1:size=3", ""));
}

static void
test_lists_and_sections(void)
{
    tap_ok(gives("names = {a, \"b c\"}", "1:names=a 1:names=b c", ""));
    tap_ok(gives("names = {a,\n b,\n}", "1:names=a 1:names=b", ""));
    tap_ok(gives("names = a", "1:names=a", ""));
    tap_ok(gives("hall { seats = 4 }", "1:hall[] 1:.seats=4", ""));
    tap_ok(gives("hall { }", "1:hall[]", ""));
    tap_ok(gives("room A { seats = 4 }\nroom \"B C\" {\n seats = 5\n}",
                 "1:room[A] 1:A.seats=4 2:room[B C] 3:B C.seats=5", ""));
    tap_ok(gives("room A { tags = { x, y } }\nsize = 1",
                 "1:room[A] 1:A.tags=x 1:A.tags=y 2:size=1", ""));
    /* the order of the file, not of the table */
    tap_ok(gives("room A { }\nhall { }\nsize = 1\nroom B { seats = 2 }",
                 "1:room[A] 2:hall[] 3:size=1 4:room[B] 4:B.seats=2", ""));
}

static void
test_bom_and_crlf(void)
{
    tap_ok(
        gives("\xEF\xBB\xBFsize = 3\r\nname = b\r\n", "1:size=3 2:name=b", ""));
    tap_ok(
        gives("size = \r3", "", "f:1: control character U+000D at byte 7\n"));
}

/* A comment of n signs that libconfuse itself would write behind its buffer. */
static void
test_comments_of_every_length(void)
{
    bool is_fine = true;
    for (size_t n = 0; n < 200; n++) {
        char text[256] = "#";
        memset(text + 1, 'c', n);
        memcpy(text + 1 + n, "\nsize = 3", sizeof("\nsize = 3"));
        struct result result = read_bytes(ro_bytes_text(text));
        is_fine &= result.count == 0 &&
                   strcmp((const char *)result.items.data, "2:size=3") == 0;
        fini(&result);
    }
    tap_say(is_fine, "comments of every length");
}

/* --- what does not ------------------------------------------------------- */

static void
test_unknown_keys(void)
{
    tap_ok(gives("sise = 3\nname = b\nfoo = 1", "2:name=b",
                 "f:1: sise: unknown key; did you mean 'size'?\n"
                 "f:3: foo: unknown key\n"));
    tap_ok(gives("seats = 3", "", "f:1: seats: unknown key\n"));
    tap_ok(gives("hall { size = 3 seats = 1 }", "1:hall[] 1:.seats=1",
                 "f:1: size: unknown key\n"));
    tap_ok(gives("foo = { a, b } size = 3", "1:size=3",
                 "f:1: foo: unknown key\n"));
    tap_ok(gives("foo { a = { 1 } b { c = 2 } } size = 3", "1:size=3",
                 "f:1: foo: unknown key\n"));
    tap_ok(gives("foo \"t\" { a = \"}\" # }\n } size = 3", "2:size=3",
                 "f:1: foo: unknown key\n"));
    tap_ok(gives("hall { room A { } seats = 1 }", "1:hall[] 1:.seats=1",
                 "f:1: room: unknown key\n"));
    tap_ok(gives("foo { \"open\n } size = 3", "2:size=3",
                 "f:1: foo: unknown key\n"
                 "f:1: a quote is not closed on its line\n"));
}

static void
test_given_twice(void)
{
    tap_ok(gives("size = 1\nsize = 2", "1:size=1",
                 "f:2: size: it is given twice\n"));
    tap_ok(gives("hall { }\nhall { seats = 1 }\nsize = 2", "1:hall[] 3:size=2",
                 "f:2: hall: it is given twice\n"));
    tap_ok(gives("hall { seats = 1\nseats = 2 }", "1:hall[] 1:.seats=1",
                 "f:2: seats: it is given twice\n"));
    tap_ok(gives("room A { seats = 1 } room B { seats = 2 }",
                 "1:room[A] 1:A.seats=1 1:room[B] 1:B.seats=2", ""));
    tap_ok(gives("room A { seats = 1 }\nroom \"A\" { seats = 2 }\nsize = 1",
                 "1:room[A] 1:A.seats=1 3:size=1",
                 "f:2: room: another one has this title\n"));
}

static void
test_kinds(void)
{
    tap_ok(gives("size = { 1 }", "",
                 "f:1: size: it takes one value, not a list\n"));
    tap_ok(gives("hall = 1", "",
                 "f:1: hall: this is a section: put { } behind it\n"));
    tap_ok(gives("size { }", "",
                 "f:1: size: this is no section: put = and a "
                 "value behind it\n"));
    tap_ok(gives("hall A { }\nsize = 1", "2:size=1",
                 "f:1: hall: this section takes no title\n"));
    tap_ok(gives("room { }\nsize = 1", "2:size=1",
                 "f:1: room: this section needs a title before its {\n"));
    tap_ok(
        gives("names = { }\nsize = 1", "2:size=1", "f:1: the list is empty\n"));
}

static void
test_broken(void)
{
    tap_ok(
        gives("size =\n", "", "f:2: a value is expected, but the file ends\n"));
    tap_ok(
        gives("size", "", "f:1: '=' or '{' is expected, but the file ends\n"));
    tap_ok(gives("size\nname = b", "2:name=b",
                 "f:1: '=' or '{' is expected behind 'size'\n"));
    tap_ok(gives("size 3 = 4\nname = b", "2:name=b",
                 "f:1: '{' is expected, not '='\n"));
    tap_ok(gives("= 3\nname = b", "2:name=b",
                 "f:1: a key is expected, not '='\n"));
    tap_ok(
        gives("}\nname = b", "2:name=b", "f:1: a key is expected, not '}'\n"));
    tap_ok(gives("\"size\" = 3\nname = b", "2:name=b",
                 "f:1: a key is expected, not 'size'\n"));
    tap_ok(gives("names = { a b }\nname = b", "2:name=b",
                 "f:1: ',' or '}' is expected, not 'b'\n"));
    tap_ok(gives("names = { a, = }\nname = b", "2:name=b",
                 "f:1: a value is expected, not '='\n"));
    /* what is broken inside of quotes does not end the section */
    tap_ok(gives("hall { seats = \"a${x}b\" }\nname = b", "1:hall[] 2:name=b",
                 "f:1: ${...} is not taken here\n"));
    tap_ok(gives("foo { ( \n } size = 3", "2:size=3",
                 "f:1: foo: unknown key\n"
                 "f:1: put this value into double quotes\n"));
    tap_ok(gives("hall { seats = }\nname = b", "1:hall[] 2:name=b",
                 "f:1: a value is expected, not '}'\n"));
    tap_ok(gives("size = 1\nhall { seats = 2\nname = b", "1:size=1",
                 "f:3: name: unknown key\n"
                 "f:2: hall: it is never closed\n"));
    tap_ok(gives("room A { ( }\nname = b", "1:room[A] 2:name=b",
                 "f:1: put this value into double quotes\n"));
}

static void
test_what_libconfuse_would_do(void)
{
    /* environment variables */
    tap_ok(gives("name = \"${HOME}\"\nsize = 1", "2:size=1",
                 "f:1: ${...} is not taken here\n"));
    tap_ok(gives("name = ${HOME}\nsize = 1", "2:size=1",
                 "f:1: put this value into double quotes\n"));
    tap_ok(gives("name = \"\\${HOME}\"\nsize = 1", "2:size=1",
                 "f:1: behind a \\ only \" or another \\ may stand\n"
                 "f:1: ${...} is not taken here\n"));
    /* escapes, which bring in any byte */
    tap_ok(gives("name = \"\\x00\"\nsize = 1", "2:size=1",
                 "f:1: behind a \\ only \" or another \\ may stand\n"));
    tap_ok(gives("name = \"\\n\"\nsize = 1", "2:size=1",
                 "f:1: behind a \\ only \" or another \\ may stand\n"));
    /* strings without an end, or over lines */
    tap_ok(gives("size = 1\nname = \"abc", "1:size=1",
                 "f:2: a quote is not closed on its line\n"));
    tap_ok(gives("name = \"abc\ndef\"\n", "",
                 "f:1: a quote is not closed on its line\n"
                 "f:2: a quote is not closed on its line\n"));
    tap_ok(gives("name = \"abc\\", "",
                 "f:1: behind a \\ only \" or another \\ may stand\n"
                 "f:1: a quote is not closed on its line\n"));
    /* other quotes, comments, paths, appending, functions */
    tap_ok(gives("name = 'b'", "", "f:1: put this value into double quotes\n"));
    tap_ok(gives("/* c */ size = 1", "",
                 "f:1: put this value into double quotes\n"));
    tap_ok(
        gives("// size = 1", "", "f:1: put this value into double quotes\n"));
    tap_ok(gives("hall|seats = 1", "",
                 "f:1: put this value into double quotes\n"));
    tap_ok(gives("names += a", "", "f:1: put this value into double quotes\n"));
    tap_ok(gives("include(\"/etc/passwd\")", "",
                 "f:1: put this value into double quotes\n"));
    tap_ok(
        gives("include = \"/etc/passwd\"", "", "f:1: include: unknown key\n"));
}

static void
test_no_text(void)
{
    static const uint8_t zero[] = "size = 1\0\nname = b";
    struct result result =
        read_bytes((struct ro_bytes){zero, sizeof(zero) - 1});
    tap_ok(strstr((char *)result.mistakes.data, "zero byte") != NULL);
    tap_ok(result.items.size == 1);
    fini(&result);
    tap_ok(
        gives("size = 1\nname = \"\xFF\"\n", "", "f:2: not UTF-8 at byte 8\n"));
    tap_ok(gives("size = 1\nname = \"\x1b\"\n", "",
                 "f:2: control character U+001B at byte 8\n"));
    tap_ok(gives("name = \"a\tb\"\n", "",
                 "f:1: name: control character U+0009 at byte 1\n"));
}

/* --- limits -------------------------------------------------------------- */

static void
test_limits(void)
{
    struct ro_buf text = {0};
    ro_buf_printf(&text, "name = \"");
    for (int i = 0; i < RO_CONF_VALUE_MAX; i++)
        ro_buf_put_u8(&text, 'a');
    ro_buf_printf(&text, "\"\n");
    struct result result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 0);
    fini(&result);
    text.size -= 2;
    ro_buf_printf(&text, "a\"\n");
    result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 1 && result.items.size == 1);
    fini(&result);

    ro_buf_clear(&text);
    while (text.size < RO_CONF_TEXT_MAX)
        ro_buf_put_u8(&text, '\n');
    result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 0);
    fini(&result);
    ro_buf_put_u8(&text, '\n');
    result = read_bytes(ro_buf_view(&text));
    tap_ok(strstr((char *)result.mistakes.data, "longer than 65536") != NULL);
    fini(&result);

    ro_buf_fini(&text);
}

static void
test_limits_of_counts(void)
{
    struct ro_buf text = {0};
    struct result result;
    ro_buf_printf(&text, "names = { a");
    for (int i = 1; i < RO_CONF_LIST_MAX; i++)
        ro_buf_printf(&text, ", a");
    result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 1); /* it is not closed yet */
    fini(&result);
    ro_buf_printf(&text, " }");
    result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 0);
    fini(&result);
    text.size -= 2;
    ro_buf_printf(&text, ", a }");
    result = read_bytes(ro_buf_view(&text));
    tap_ok(strcmp((char *)result.mistakes.data,
                  "f:1: the list is too long\n") == 0);
    fini(&result);

    ro_buf_clear(&text);
    for (unsigned i = 0; i <= RO_CONF_SECTIONS_MAX; i++)
        ro_buf_printf(&text, "room r%u { }\n", i);
    result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 1);
    tap_ok(strstr((char *)result.mistakes.data,
                  "f:513: room: there are too many sections") != NULL);
    fini(&result);

    ro_buf_clear(&text);
    for (int i = 0; i < 60000; i++)
        ro_buf_put_u8(&text, i % 2 == 0 ? 'a' : '{'); /* a{a{a{ ... */
    result = read_bytes(ro_buf_view(&text));
    tap_ok(result.count == 1); /* one unknown section, whatever is in it */
    fini(&result);
    ro_buf_fini(&text);
}

static void
test_mistakes_are_counted_out(void)
{
    struct ro_buf text = {0};
    struct ro_why why = {""};
    RO_AUTOBUF out = {0};
    RO_AUTOBUF items = {0};
    for (int i = 0; i < 1000; i++)
        ro_buf_printf(&text, "foo%d = 1\n", i);
    struct ro_mistakes mistakes = {.file = "f", .out = &out, .why = &why};
    struct ro_conf_taker taker = {take, &items};
    tap_is(ro_conf_read(ro_buf_view(&text), keys, &mistakes, &taker), RO_OK);
    tap_ok(mistakes.count == 1000);
    tap_is(ro_mistakes_end(&mistakes), RO_BAD_CONFIG);
    tap_ok(strcmp(why.text, "f:1: foo0: unknown key") == 0);
    ro_buf_put_u8(&out, '\0');
    size_t lines = 0;
    for (const char *c = (const char *)out.data; *c != '\0'; c++)
        lines += *c == '\n';
    tap_ok(lines == RO_MISTAKES_SHOWN + 1);
    tap_ok(strstr((const char *)out.data,
                  "f: there are more mistakes than are shown\n") != NULL);
    ro_buf_fini(&text);
}

static void
test_mistakes_show_escapes(void)
{
    /* U+202E turns the rest of a line around on a terminal */
    tap_ok(gives("name = \"x\" \"\xE2\x80\xAE"
                 "evil\"\nsize = 1",
                 "1:name=x 2:size=1",
                 "f:1: a key is expected, not '\\u{202e}evil'\n"));
}

/* --- small values -------------------------------------------------------- */

static void
test_number(void)
{
    uint32_t n = 7;
    tap_ok(ro_conf_number("5", 5, 6, &n) && n == 5);
    tap_ok(ro_conf_number("6", 5, 6, &n) && n == 6);
    tap_ok(ro_conf_number("0006", 5, 6, &n) && n == 6);
    tap_ok(ro_conf_number("4294967295", 0, UINT32_MAX, &n) && n == UINT32_MAX);
    n = 7;
    tap_ok(!ro_conf_number("4", 5, 6, &n));
    tap_ok(!ro_conf_number("7", 5, 6, &n));
    tap_ok(!ro_conf_number("4294967296", 0, UINT32_MAX, &n));
    tap_ok(!ro_conf_number("18446744073709551621", 5, 6, &n));
    tap_ok(!ro_conf_number("", 0, 6, &n));
    tap_ok(!ro_conf_number("-1", 0, 6, &n));
    tap_ok(!ro_conf_number("+1", 0, 6, &n));
    tap_ok(!ro_conf_number(" 1", 0, 6, &n));
    tap_ok(!ro_conf_number("1 ", 0, 6, &n));
    tap_ok(!ro_conf_number("0x1", 0, 6, &n));
    tap_ok(!ro_conf_number("1e0", 0, 6, &n));
    tap_ok(n == 7); /* only written when it is right */
}

static void
test_quote(void)
{
    RO_AUTOBUF out = {0};
    ro_buf_printf(&out, "name = ");
    ro_conf_quote("a \"b\" \\c#{", &out);
    ro_buf_put_u8(&out, '\0');
    tap_ok(gives((const char *)out.data, "1:name=a \"b\" \\c#{", ""));
}

/* --- threads ------------------------------------------------------------- */

static void *
read_often(void *user)
{
    bool *is_fine = user;
    for (int i = 0; i < 200; i++) {
        struct result result = {0};
        struct ro_mistakes mistakes = {.file = "f", .out = &result.mistakes};
        struct ro_conf_taker taker = {take, &result.items};
        if (ro_conf_read(ro_bytes_text("name = \"a b c\"\nsize = 3"), keys,
                         &mistakes, &taker) != RO_OK)
            *is_fine = false;
        ro_buf_put_u8(&result.items, '\0');
        *is_fine &=
            mistakes.count == 0 && strcmp((const char *)result.items.data,
                                          "1:name=a b c 2:size=3") == 0;
        fini(&result);
    }
    return NULL;
}

static void
test_threads(void)
{
    pthread_t threads[4];
    bool is_fine[4];
    for (int i = 0; i < 4; i++) {
        is_fine[i] = true;
        tap_need(pthread_create(&threads[i], NULL, read_often, &is_fine[i]) ==
                 0);
    }
    for (int i = 0; i < 4; i++) {
        pthread_join(threads[i], NULL);
        tap_ok(is_fine[i]);
    }
}

int
main(void)
{
    tap_run(test_plain);
    tap_run(test_lists_and_sections);
    tap_run(test_bom_and_crlf);
    tap_run(test_comments_of_every_length);
    tap_run(test_unknown_keys);
    tap_run(test_given_twice);
    tap_run(test_kinds);
    tap_run(test_broken);
    tap_run(test_what_libconfuse_would_do);
    tap_run(test_no_text);
    tap_run(test_limits);
    tap_run(test_limits_of_counts);
    tap_run(test_mistakes_are_counted_out);
    tap_run(test_mistakes_show_escapes);
    tap_run(test_number);
    tap_run(test_quote);
    tap_run(test_threads);
    return tap_done();
}

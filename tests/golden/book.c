/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/book.h"

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define LINE_BYTES 32
#define COMMENT_AT 76

void
book_fail(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    printf("Bail out! ");
    vprintf(format, args);
    printf("\n");
    va_end(args);
    exit(1);
}

void
book_fini(struct book *book)
{
    for (size_t i = 0; i < book->n_values; i++)
        ro_buf_fini(&book->values[i].bytes);
    for (size_t i = 0; i < book->n_blocks; i++)
        ro_buf_fini(&book->blocks[i].text);
    free(book->values);
    free(book->blocks);
    *book = (struct book){0};
}

/* --- looking up ----------------------------------------------------------- */

static const struct value *
find(const struct book *book, const char *name, size_t size)
{
    for (size_t i = 0; i < book->n_values; i++) {
        const struct value *value = &book->values[i];
        if (strlen(value->name) == size && memcmp(value->name, name, size) == 0)
            return value;
    }
    return NULL;
}

struct ro_bytes
book_get(const struct book *book, const char *name)
{
    const struct value *value = find(book, name, strlen(name));
    if (value == NULL)
        book_fail("no value %s", name);
    return ro_buf_view(&value->bytes);
}

const char *
book_name_of(const struct book *book, struct ro_bytes bytes)
{
    for (size_t i = 0; i < book->n_values; i++) {
        if (ro_bytes_equal(ro_buf_view(&book->values[i].bytes), bytes))
            return book->values[i].name;
    }
    return NULL;
}

void
book_copy(const struct book *book, const char *name, void *out, size_t size)
{
    struct ro_bytes bytes = book_get(book, name);
    if (bytes.size != size)
        book_fail("%s has %zu bytes, not %zu", name, bytes.size, size);
    memcpy(out, bytes.data, size);
}

/* --- adding --------------------------------------------------------------- */

static void
set_name(char name[static BOOK_NAME], const char *from)
{
    if (strlen(from) >= BOOK_NAME)
        book_fail("the name %s is too long", from);
    memcpy(name, from, strlen(from) + 1);
}

struct ro_buf *
book_add(struct book *book, const char *name)
{
    if (find(book, name, strlen(name)) != NULL)
        book_fail("the name %s stands twice", name);
    book->values =
        reallocarray(book->values, book->n_values + 1, sizeof(*book->values));
    if (book->values == NULL)
        abort();
    struct value *value = &book->values[book->n_values++];
    *value = (struct value){0};
    set_name(value->name, name);
    return &value->bytes;
}

struct block *
book_block(struct book *book, const char *name)
{
    for (size_t i = 0; i < book->n_blocks; i++) {
        if (strcmp(book->blocks[i].name, name) == 0)
            book_fail("the block %s stands twice", name);
    }
    book->blocks =
        reallocarray(book->blocks, book->n_blocks + 1, sizeof(*book->blocks));
    if (book->blocks == NULL)
        abort();
    struct block *block = &book->blocks[book->n_blocks++];
    *block = (struct block){0};
    set_name(block->name, name);
    return block;
}

void
book_begin(struct book *book, const char *name)
{
    (void)book_block(book, name);
}

static struct ro_buf *
text_of(struct book *book)
{
    return &book->blocks[book->n_blocks - 1].text;
}

void
book_note(struct book *book, const char *words)
{
    ro_buf_printf(text_of(book), "# %s\n", words);
}

void
book_file(struct book *book, const char *name, struct ro_bytes text)
{
    book_begin(book, name);
    ro_buf_put(text_of(book), text.data, text.size);
}

/* --- items ---------------------------------------------------------------- */

/* A line that is read from its left. */
struct reading {
    const char *at;
    const char *end;
};

static size_t
run_of(const struct reading *r, int (*fits)(int))
{
    size_t n = 0;
    while (r->at + n < r->end && fits((unsigned char)r->at[n]))
        n++;
    return n;
}

static void
take_hex(struct reading *r, struct ro_buf *out)
{
    char pair[3] = {0};
    uint8_t byte = 0;
    size_t n = run_of(r, isxdigit);
    if (n == 0 || n % 2 != 0)
        book_fail("not hex: %.*s", (int)(r->end - r->at), r->at);
    for (size_t i = 0; i < n; i += 2) {
        memcpy(pair, r->at + i, 2);
        if (ro_unhex(pair, &byte, 1) != RO_OK)
            book_fail("not hex: %s", pair);
        ro_buf_put_u8(out, byte);
    }
    r->at += n;
    if (r->at == r->end || *r->at != '*')
        return;
    r->at++;
    unsigned long times = strtoul(r->at, NULL, 10);
    if (n != 2 || times == 0 || times > 65536)
        book_fail("not so often: %.*s", (int)(r->end - r->at), r->at);
    r->at += run_of(r, isdigit);
    for (unsigned long i = 1; i < times; i++)
        ro_buf_put_u8(out, byte);
}

/* What stands up to `close`, of which there must be one. */
static struct ro_bytes
take_until(struct reading *r, char close)
{
    const char *from = ++r->at;
    const char *to = memchr(from, close, (size_t)(r->end - from));
    if (to == NULL)
        book_fail("no %c after %.*s", close, (int)(r->end - from), from);
    r->at = to + 1;
    return (struct ro_bytes){(const uint8_t *)from, (size_t)(to - from)};
}

static void
take_name(const struct book *book, struct reading *r, struct ro_buf *out)
{
    struct ro_bytes name = take_until(r, '}');
    const struct value *value = find(book, (const char *)name.data, name.size);
    if (value == NULL)
        book_fail("no value {%.*s}", (int)name.size, (const char *)name.data);
    /* it may be the very buffer that grows */
    struct ro_bytes bytes = ro_buf_view(&value->bytes);
    if (&value->bytes == out)
        book_fail("%s is made of itself", value->name);
    ro_buf_put(out, bytes.data, bytes.size);
}

void
book_expand(const struct book *book, struct ro_bytes line, struct ro_buf *out)
{
    struct reading r = {(const char *)line.data,
                        (const char *)line.data + line.size};
    for (r.at += run_of(&r, isspace); r.at < r.end && *r.at != '#';
         r.at += run_of(&r, isspace)) {
        if (*r.at == '{') {
            take_name(book, &r, out);
        } else if (*r.at == '"') {
            struct ro_bytes text = take_until(&r, '"');
            ro_buf_put(out, text.data, text.size);
        } else {
            take_hex(&r, out);
        }
    }
}

/* --- writing -------------------------------------------------------------- */

void
book_comment(struct ro_buf *out, size_t used, const char *words)
{
    if (words != NULL && words[0] != '\0') {
        int gap = used + 2 > COMMENT_AT ? 2 : (int)(COMMENT_AT - used);
        ro_buf_printf(out, "%*s# %s", gap, "", words);
    }
    ro_buf_printf(out, "\n");
}

void
book_lines(struct ro_buf *out, int indent, struct ro_bytes bytes)
{
    char hex[2 * LINE_BYTES + 1];
    for (size_t at = 0; at < bytes.size; at += LINE_BYTES) {
        size_t n = bytes.size - at;
        ro_hex(bytes.data + at, n < LINE_BYTES ? n : LINE_BYTES, hex);
        ro_buf_printf(out, "%*s%s\n", indent, "", hex);
    }
}

void
book_hex(struct book *book,
         const char *name,
         struct ro_bytes bytes,
         const char *words)
{
    struct ro_buf *text = text_of(book);
    struct ro_buf *value = book_add(book, name);
    char hex[2 * LINE_BYTES + 1];
    ro_buf_put(value, bytes.data, bytes.size);
    size_t from = text->size;
    if (bytes.size > LINE_BYTES) {
        ro_buf_printf(text, "%s =", name);
        book_comment(text, text->size - from, words);
        book_lines(text, 2, bytes);
        return;
    }
    ro_hex(bytes.data, bytes.size, hex);
    ro_buf_printf(text, "%s = %s", name, hex);
    book_comment(text, text->size - from, words);
}

void
book_fill(struct book *book, const char *name, uint8_t byte, size_t n)
{
    struct ro_buf *value = book_add(book, name);
    for (size_t i = 0; i < n; i++)
        ro_buf_put_u8(value, byte);
    ro_buf_printf(text_of(book), "%s = %02x*%zu\n", name, byte, n);
}

void
book_sum(struct book *book,
         const char *name,
         const char *expression,
         const char *words)
{
    struct ro_buf *text = text_of(book);
    RO_AUTOBUF bytes = {0};
    size_t from = text->size;
    ro_buf_printf(text, "%s =", name);
    for (const char *line = expression; line != NULL;) {
        const char *end = strchr(line, '\n');
        size_t size = end != NULL ? (size_t)(end - line) : strlen(line);
        book_expand(book, (struct ro_bytes){(const uint8_t *)line, size},
                    &bytes);
        ro_buf_printf(text, "%s%.*s",
                      line != expression ? "  "
                      : size > 0         ? " "
                                         : "",
                      (int)size, line);
        book_comment(text, text->size - from,
                     line == expression ? words : NULL);
        line = end != NULL ? end + 1 : NULL;
    }
    ro_buf_put(book_add(book, name), bytes.data, bytes.size);
}

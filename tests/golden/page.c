/* SPDX-License-Identifier: Apache-2.0 */
/* The blocks of a page: found, read, and put in their place. */
#include "golden/book.h"

#include <stdio.h>
#include <string.h>

#define OPEN "<!-- example "
#define CLOSE "<!-- end -->"
#define FENCE "```\n"

static struct ro_bytes
from(struct ro_bytes bytes, size_t at)
{
    return (struct ro_bytes){bytes.data + at, bytes.size - at};
}

static size_t
find(struct ro_bytes in, const char *text)
{
    const uint8_t *at = memmem(in.data, in.size, text, strlen(text));
    return at != NULL ? (size_t)(at - in.data) : in.size;
}

/* Where a block's text is, in the page. */
struct place {
    char name[BOOK_NAME];
    size_t text;
    size_t end;  /* of the text */
    size_t next; /* behind the block */
};

/* The first block at or behind `at`; false if there is none. */
static bool
next_block(struct ro_bytes page, size_t at, struct place *ret_place)
{
    at += find(from(page, at), OPEN);
    if (at == page.size)
        return false;
    size_t name = at + strlen(OPEN);
    size_t size = find(from(page, name), " -->\n");
    if (size == 0 || size >= BOOK_NAME)
        book_fail("a block without a name");
    memcpy(ret_place->name, page.data + name, size);
    ret_place->name[size] = '\0';
    size_t text = name + size + strlen(" -->\n");
    if (find(from(page, text), FENCE) != 0)
        book_fail("%s: no fence", ret_place->name);
    ret_place->text = text + strlen(FENCE);
    struct ro_bytes rest = from(page, ret_place->text);
    ret_place->end = ret_place->text + find(rest, FENCE CLOSE);
    if (find(rest, OPEN) < find(rest, FENCE CLOSE) ||
        ret_place->end == page.size)
        book_fail("%s does not end", ret_place->name);
    ret_place->next = ret_place->end + strlen(FENCE CLOSE);
    return true;
}

/* A line that begins a value: its name, and where its items begin. */
static size_t
name_in(struct ro_bytes line, char ret_name[static BOOK_NAME])
{
    size_t size = 0;
    while (size < line.size && strchr(" =#\n", line.data[size]) == NULL)
        size++;
    struct ro_bytes rest = from(line, size);
    if (size == 0 || size >= BOOK_NAME || rest.size < 2 ||
        memcmp(rest.data, " =", 2) != 0)
        book_fail("not a value: %.*s", (int)line.size, (const char *)line.data);
    memcpy(ret_name, line.data, size);
    ret_name[size] = '\0';
    return size + 2;
}

static void
read_values(struct ro_bytes text, struct book *book)
{
    char name[BOOK_NAME] = "";
    RO_AUTOBUF bytes = {0};
    while (text.size > 0) {
        size_t size = find(text, "\n");
        struct ro_bytes line = {text.data, size};
        text = from(text, size < text.size ? size + 1 : size);
        if (line.size == 0 || line.data[0] == '#')
            continue;
        if (line.data[0] != ' ') {
            if (name[0] != '\0')
                ro_buf_put(book_add(book, name), bytes.data, bytes.size);
            ro_buf_clear(&bytes);
            line = from(line, name_in(line, name));
        }
        book_expand(book, line, &bytes);
    }
    if (name[0] != '\0')
        ro_buf_put(book_add(book, name), bytes.data, bytes.size);
}

/* Not a text file, and not a list of what our tables have. */
static bool
has_values(const char *name)
{
    return strncmp(name, "file-", 5) != 0 && strncmp(name, "list-", 5) != 0;
}

void
page_read(struct ro_bytes page, struct book *ret_book)
{
    struct place place;
    for (size_t at = 0; next_block(page, at, &place); at = place.next) {
        struct ro_bytes text = {page.data + place.text, place.end - place.text};
        struct block *block = book_block(ret_book, place.name);
        ro_buf_put(&block->text, text.data, text.size);
        if (has_values(place.name))
            read_values(text, ret_book);
    }
}

static const struct block *
block_of(const struct book *book, const char *name)
{
    for (size_t i = 0; i < book->n_blocks; i++) {
        if (strcmp(book->blocks[i].name, name) == 0)
            return &book->blocks[i];
    }
    book_fail("the page has a block %s, the example none", name);
}

void
page_write(struct ro_bytes page, const struct book *book, struct ro_buf *out)
{
    struct place place;
    size_t at = 0;
    size_t n = 0;
    for (; next_block(page, at, &place); at = place.end, n++) {
        const struct block *block = block_of(book, place.name);
        ro_buf_put(out, page.data + at, place.text - at);
        ro_buf_put(out, block->text.data, block->text.size);
    }
    ro_buf_put(out, page.data + at, page.size - at);
    if (n != book->n_blocks)
        book_fail("the page has %zu blocks, the example %zu", n,
                  book->n_blocks);
    if (ro_buf_ok(out) != RO_OK)
        book_fail("no memory");
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The worked example of docs/PROTOCOL.md: named values, and the blocks of
 * text that show them. What can stand in a block (the page says it, too):
 *
 *     name = ITEM ITEM ...   # words
 *       ITEM ...                 a value goes on in lines that are indented
 *
 * ITEM: hex digits; 2a*16, a byte so many times; "text", its bytes; {name},
 * the bytes of a value above. A block is what stands between
 * <!-- example NAME --> and <!-- end -->, in one fence of ```.
 *
 * Whatever goes wrong in here is a broken test: it says so and ends it.
 */
#ifndef TESTS_GOLDEN_BOOK_H
#define TESTS_GOLDEN_BOOK_H

#include "common/base/bytes.h"

#include <protobuf-c/protobuf-c.h>

#define BOOK_NAME 48

struct value {
    char name[BOOK_NAME];
    struct ro_buf bytes;
};

struct block {
    char name[BOOK_NAME];
    struct ro_buf text; /* between the fences */
};

struct book {
    struct value *values;
    size_t n_values;
    struct block *blocks;
    size_t n_blocks;
};

/* Releases all of it. */
void book_fini(struct book *book);
#define BOOK RO_CLEANUP(book_fini) struct book

/* Says what is wrong, and ends the test. */
_Noreturn void book_fail(const char *format, ...) RO_PRINTF(1, 2);

/* A value's bytes; there must be one. The name of a value with these bytes,
 * or NULL. */
struct ro_bytes book_get(const struct book *book, const char *name);
const char *book_name_of(const struct book *book, struct ro_bytes bytes);
/* Copies a value that must have `size` bytes. */
void
book_copy(const struct book *book, const char *name, void *out, size_t size);

/* --- writing -------------------------------------------------------------- */

/* Begins a block; a line of words in it. */
void book_begin(struct book *book, const char *name);
void book_note(struct book *book, const char *words);

/* A value in hex, `words` (may be NULL) behind it; one byte `n` times; what an
 * expression of ITEMs makes, of which each '\n' begins a new line. */
void book_hex(struct book *book,
              const char *name,
              struct ro_bytes bytes,
              const char *words);
void book_fill(struct book *book, const char *name, uint8_t byte, size_t n);
void book_sum(struct book *book,
              const char *name,
              const char *expression,
              const char *words);

/* A value that is a message, field by field; a frame, header first. */
void book_message(struct book *book,
                  const char *name,
                  const ProtobufCMessageDescriptor *type,
                  struct ro_bytes bytes);
void book_frame(struct book *book,
                const char *name,
                const ProtobufCMessageDescriptor *type,
                struct ro_bytes bytes);

/* A block that is a text, and has no values: its name begins with file- or
 * list-. */
void book_file(struct book *book, const char *name, struct ro_bytes text);

/* --- the page (page.c) ---------------------------------------------------- */

/* Reads the blocks of a page, and the values that stand in them. */
void page_read(struct ro_bytes page, struct book *ret_book);

/* The page with our blocks in place of its own; each must be there once. */
void
page_write(struct ro_bytes page, const struct book *book, struct ro_buf *out);

/* --- inside ----------------------------------------------------------------
 * Appends what one line of ITEMs makes; the values that are called by name
 * must be in the book. */
void
book_expand(const struct book *book, struct ro_bytes line, struct ro_buf *out);
struct ro_buf *book_add(struct book *book, const char *name);
struct block *book_block(struct book *book, const char *name);
/* Appends "  # words" to a line of `used` letters. */
void book_comment(struct ro_buf *out, size_t used, const char *words);
/* Appends lines of 32 bytes in hex. */
void book_lines(struct ro_buf *out, int indent, struct ro_bytes bytes);

#endif

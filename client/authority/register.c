/* SPDX-License-Identifier: Apache-2.0 */
#include "client/authority/register.h"

#include <csv.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "client/authority/register_intake.h"
#include "common/base/arena.h"

/* Of the file's beginning, what tells its kind. */
#define HEAD_SIZE 9
#define PIECE_SIZE ((size_t)64 * 1024)
/* A cell that is longer is a quote that nobody closed. */
#define CELL_LIMIT ((size_t)64 * 1024)

struct register_reader {
    struct csv_parser csv;
    struct register_intake *intake;
    uint64_t bytes;
    uint8_t head[HEAD_SIZE];
    size_t head_size;
    bool is_begun; /* the head was looked at */
    bool was_cr;   /* a line feed now would belong to the line before */
    bool is_in_row;
    uint32_t line;
    uint32_t row_line; /* where the row that is read began */
};

/* --- libcsv -------------------------------------------------------------- */

static void
on_cell(void *data, size_t size, void *user)
{
    struct register_reader *reader = user;
    register_intake_cell(reader->intake, (struct ro_bytes){data, size});
}

static void
on_row(RO_UNUSED int end, void *user)
{
    struct register_reader *reader = user;
    reader->is_in_row = false;
    register_intake_row(reader->intake, reader->row_line);
}

/* libcsv grows its buffer without end for a quote that nobody closes. */
static void *
capped_realloc(void *memory, size_t size)
{
    return size > CELL_LIMIT ? NULL : realloc(memory, size);
}

static void
fail_unclosed(struct register_reader *reader)
{
    register_intake_fail(
        reader->intake, RO_BAD_INPUT,
        "the row that begins in line %u never ends: a quote is not closed",
        reader->row_line);
}

/* --- pieces -------------------------------------------------------------- */

static bool
is_blank(struct ro_bytes line)
{
    for (size_t i = 0; i < line.size; i++) {
        uint8_t byte = line.data[i];
        if (byte != ' ' && byte != '\t' && byte != '\r' && byte != '\n')
            return false;
    }
    return true;
}

/* Bytes of one line, with its end if the piece has it. */
static void
feed_line(struct register_reader *reader, struct ro_bytes line)
{
    if (!reader->is_in_row) {
        reader->row_line = reader->line;
        reader->is_in_row = !is_blank(line);
    }
    size_t taken =
        csv_parse(&reader->csv, line.data, line.size, on_cell, on_row, reader);
    if (taken != line.size)
        fail_unclosed(reader);
}

static bool
is_failed(const struct register_reader *reader)
{
    return register_intake_status(reader->intake, NULL) != RO_OK;
}

static void
feed(struct register_reader *reader, struct ro_bytes piece)
{
    if (piece.size > 0 && memchr(piece.data, '\0', piece.size) != NULL) {
        register_intake_fail(reader->intake, RO_BAD_INPUT,
                             "this is no register: it has zero bytes");
    }
    while (piece.size > 0 && !is_failed(reader)) {
        if (reader->was_cr && piece.data[0] != '\n')
            reader->line++;
        size_t size = 0;
        uint8_t last = 0;
        while (size < piece.size && last != '\n' && last != '\r')
            last = piece.data[size++];
        feed_line(reader, (struct ro_bytes){piece.data, size});
        reader->was_cr = last == '\r';
        if (last == '\n')
            reader->line++;
        piece.data += size;
        piece.size -= size;
    }
}

/* What a file is instead of text, by how it begins. */
static const char *
foreign_kind(const uint8_t *head, size_t size)
{
    static const struct {
        const char *start;
        size_t size;
        const char *kind;
    } kinds[] = {
        {"%PDF",             4, "a PDF"                               },
        {"PK\x03\x04",       4, "a spreadsheet or ZIP: save it as CSV"},
        {"\xD0\xCF\x11\xE0", 4, "an old spreadsheet: save it as CSV"  },
        {"\x1F\x8B",         2, "compressed: unpack it first"         },
        {"\xFF\xFE",         2, "UTF-16: save it as CSV in UTF-8"     },
        {"\xFE\xFF",         2, "UTF-16: save it as CSV in UTF-8"     },
        {"SQLite fo",        9, "a database"                          },
        {"{",                1, "JSON"                                },
        {"<",                1, "a web page or XML"                   },
    };
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        if (size >= kinds[i].size &&
            memcmp(head, kinds[i].start, kinds[i].size) == 0)
            return kinds[i].kind;
    }
    return NULL;
}

/* Looks at the head, and feeds it without its byte order mark. */
static void
begin(struct register_reader *reader)
{
    struct ro_bytes head = {reader->head, reader->head_size};
    const char *kind = foreign_kind(head.data, head.size);
    reader->is_begun = true;
    if (kind != NULL) {
        register_intake_fail(reader->intake, RO_BAD_INPUT,
                             "this is no register: it is %s", kind);
    }
    if (head.size >= 3 && memcmp(head.data, "\xEF\xBB\xBF", 3) == 0) {
        head.data += 3;
        head.size -= 3;
    }
    feed(reader, head);
}

enum ro_status
register_reader_feed(struct register_reader *reader,
                     struct ro_bytes piece,
                     struct ro_why *why)
{
    reader->bytes += piece.size;
    if (reader->bytes > REGISTER_BYTES_MAX) {
        register_intake_fail(reader->intake, RO_TOO_LARGE,
                             "it is larger than any register");
    }
    if (is_failed(reader))
        return register_intake_status(reader->intake, why);
    while (!reader->is_begun && piece.size > 0) {
        reader->head[reader->head_size++] = piece.data[0];
        piece.data++;
        piece.size--;
        if (reader->head_size == HEAD_SIZE)
            begin(reader);
    }
    feed(reader, piece);
    return register_intake_status(reader->intake, why);
}

enum ro_status
register_reader_end(struct register_reader *reader,
                    struct ro_why *why,
                    struct register_list **ret_list)
{
    if (!reader->is_begun)
        begin(reader);
    /* a line feed ends any row, unless it stands within quotes */
    feed(reader, ro_bytes_text("\n"));
    if (reader->is_in_row)
        fail_unclosed(reader);
    return register_intake_end(reader->intake, why, ret_list);
}

/* --- the reader ---------------------------------------------------------- */

void
register_reader_free(struct register_reader *reader)
{
    if (reader == NULL)
        return;
    csv_free(&reader->csv);
    register_intake_free(reader->intake);
    free(reader);
}

struct register_reader *
register_reader_new(const char *la_code)
{
    RO_CLEANUP(register_reader_freep)
    struct register_reader *reader = calloc(1, sizeof(*reader));
    if (reader == NULL)
        return NULL;
    (void)csv_init(&reader->csv, 0);
    csv_set_realloc_func(&reader->csv, capped_realloc);
    reader->line = 1;
    reader->intake = register_intake_new(la_code);
    return reader->intake != NULL ? RO_STEAL(reader) : NULL;
}

void
register_list_free(struct register_list *list)
{
    if (list == NULL)
        return;
    ro_arena_free(list->texts);
    free(list->rows);
    free(list->held);
    free(list);
}

/* --- files --------------------------------------------------------------- */

static void
close_file(int *fd)
{
    if (*fd >= 0)
        (void)close(*fd);
}

enum ro_status
register_read(const char *path,
              const char *la_code,
              struct ro_why *why,
              struct register_list **ret_list)
{
    RO_CLEANUP(close_file) int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) {
        return ro_why(why, errno == ENOENT ? RO_NOT_FOUND : RO_IO_FAILED,
                      "%s: %s", path, strerror(errno));
    }
    RO_CLEANUP(register_reader_freep)
    struct register_reader *reader = register_reader_new(la_code);
    RO_AUTOFREE uint8_t *buffer = malloc(PIECE_SIZE);
    if (reader == NULL || buffer == NULL)
        return RO_NO_MEMORY;
    for (;;) {
        ssize_t size = read(fd, buffer, PIECE_SIZE);
        if (size < 0 && errno == EINTR)
            continue;
        if (size < 0)
            return ro_why(why, RO_IO_FAILED, "%s: %s", path, strerror(errno));
        if (size == 0)
            break;
        struct ro_bytes piece = {buffer, (size_t)size};
        RO_TRY(register_reader_feed(reader, piece, why));
    }
    return register_reader_end(reader, why, ret_list);
}

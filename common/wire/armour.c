/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/armour.h"

#include <string.h>

#include "common/crypto/wipe.h"

#define LINE 76
#define FIRST_WORD "reachout "
#define LAST_WORD " 1"

/* Bytes that a file of that name may hold. */
static size_t
limit_of(const char *what)
{
    return strcmp(what, "proposal") == 0 ? RO_ARMOUR_PROPOSAL_LIMIT
                                         : RO_ARMOUR_LIMIT;
}

/* The same as base64 with its line ends, and the first line. */
static size_t
file_limit(size_t limit)
{
    return limit / 3 * 4 + limit / 20 + 512;
}

enum ro_status
ro_armour_write(const char *path,
                const char *what,
                struct ro_bytes bytes,
                enum ro_file_mode mode,
                struct ro_why *why)
{
    if (bytes.size > limit_of(what)) {
        return ro_why(why, RO_TOO_LARGE, "%s: more than %zu KiB", path,
                      limit_of(what) / 1024);
    }
    RO_SECRET_BUF letters = {0};
    RO_SECRET_BUF file = {0};
    ro_base64(bytes, &letters);
    RO_TRY(ro_buf_ok(&letters));
    /* Both in one piece: a buffer that grows leaves copies behind. */
    size_t size = letters.size + letters.size / LINE + 1;
    size_t first = strlen(FIRST_WORD LAST_WORD) + strlen(what) + 1;
    if (ro_buf_extend(&file, size + first) == NULL)
        return RO_NO_MEMORY;
    ro_buf_clear(&file);
    ro_buf_printf(&file, FIRST_WORD "%s" LAST_WORD "\n", what);
    for (size_t at = 0; at < letters.size; at += LINE) {
        size_t left = letters.size - at;
        ro_buf_put(&file, letters.data + at, left < LINE ? left : LINE);
        ro_buf_put_u8(&file, '\n');
    }
    RO_TRY(ro_buf_ok(&file));
    return ro_file_write(path, ro_buf_view(&file), mode, why);
}

static bool
is_name(struct ro_bytes name)
{
    if (name.size == 0 || name.size > RO_ARMOUR_NAME_MAX)
        return false;
    for (size_t i = 0; i < name.size; i++) {
        uint8_t c = name.data[i];
        if (!(c >= 'a' && c <= 'z') && c != '-')
            return false;
    }
    return true;
}

/* Takes the line at `*at` without its end, and moves on to the next. */
static struct ro_bytes
take_line(struct ro_bytes file, size_t *at)
{
    struct ro_bytes line = {.data = file.data + *at};
    while (*at < file.size && file.data[*at] != '\n') {
        line.size++;
        (*at)++;
    }
    if (*at < file.size)
        (*at)++;
    if (line.size > 0 && line.data[line.size - 1] == '\r')
        line.size--;
    return line;
}

/* The name in "reachout NAME 1", or nothing. */
static struct ro_bytes
name_in(struct ro_bytes line)
{
    struct ro_bytes first = ro_bytes_text(FIRST_WORD);
    struct ro_bytes last = ro_bytes_text(LAST_WORD);
    if (line.data == NULL || line.size < first.size + last.size ||
        memcmp(line.data, first.data, first.size) != 0 ||
        memcmp(line.data + line.size - last.size, last.data, last.size) != 0)
        return (struct ro_bytes){0};
    return (struct ro_bytes){.data = line.data + first.size,
                             .size = line.size - first.size - last.size};
}

static enum ro_status
check_first(struct ro_bytes line,
            const char *path,
            const char *what,
            struct ro_why *why)
{
    struct ro_bytes name = name_in(line);
    if (!is_name(name)) {
        return ro_why(why, RO_BAD_INPUT,
                      "%s is no file of kind '%s', nor any file of reachout's",
                      path, what);
    }
    if (!ro_bytes_equal(name, ro_bytes_text(what))) {
        return ro_why(why, RO_BAD_INPUT, "%s: a file of kind %.*s, not %s",
                      path, (int)name.size, (const char *)name.data, what);
    }
    return RO_OK;
}

/* The value of a base64 digit; -1 for what is none. Without a table, so that
 * a secret's digits choose no cache line. */
static int
digit_of(uint8_t c)
{
    if (c >= 'A' && c <= 'Z')
        return c - 'A';
    if (c >= 'a' && c <= 'z')
        return c - 'a' + 26;
    if (c >= '0' && c <= '9')
        return c - '0' + 52;
    if (c == '+')
        return 62;
    return c == '/' ? 63 : -1;
}

/* Four letters to at most three bytes. The bits that padding leaves unused
 * are zero, so that one file has one form. */
static enum ro_status
decode_four(const uint8_t letters[static 4], struct ro_buf *out)
{
    size_t digits = 4;
    while (digits > 2 && letters[digits - 1] == '=')
        digits--;
    uint32_t bits = 0;
    for (size_t i = 0; i < 4; i++) {
        int digit = i < digits ? digit_of(letters[i]) : 0;
        if (digit < 0)
            return RO_BAD_INPUT;
        bits = bits << 6 | (uint32_t)digit;
    }
    size_t size = digits - 1;
    if ((bits & (UINT32_C(0xffffff) >> (8 * size))) != 0)
        return RO_BAD_INPUT;
    for (size_t i = 0; i < size; i++)
        ro_buf_put_u8(out, (uint8_t)(bits >> (16 - 8 * i)));
    return ro_buf_ok(out);
}

static enum ro_status
decode(struct ro_bytes letters, struct ro_buf *out)
{
    if (letters.size % 4 != 0)
        return RO_BAD_INPUT;
    for (size_t i = 0; i < letters.size; i += 4) {
        /* Padding only at the end. */
        if (i + 4 < letters.size && letters.data[i + 3] == '=')
            return RO_BAD_INPUT;
        RO_TRY(decode_four(letters.data + i, out));
    }
    return RO_OK;
}

static enum ro_status
decode_lines(struct ro_bytes file, size_t at, struct ro_buf *ret_bytes)
{
    RO_SECRET_BUF letters = {0};
    if (ro_buf_extend(&letters, file.size) == NULL ||
        ro_buf_extend(ret_bytes, file.size) == NULL)
        return RO_NO_MEMORY;
    ro_buf_clear(&letters);
    ro_buf_clear(ret_bytes);
    while (at < file.size) {
        struct ro_bytes line = take_line(file, &at);
        if (line.size > LINE)
            return RO_BAD_INPUT;
        ro_buf_put(&letters, line.data, line.size);
    }
    RO_TRY(ro_buf_ok(&letters));
    return decode(ro_buf_view(&letters), ret_bytes);
}

enum ro_status
ro_armour_read(const char *path,
               const char *what,
               struct ro_why *why,
               struct ro_buf *ret_bytes)
{
    ro_buf_clear(ret_bytes);
    RO_SECRET_BUF file = {0};
    RO_TRY(ro_file_read(path, file_limit(limit_of(what)), why, &file));
    struct ro_bytes view = ro_buf_view(&file);
    size_t at = 0;
    struct ro_bytes first = {0};
    if (view.size > 0)
        first = take_line(view, &at);
    RO_TRY(check_first(first, path, what, why));
    enum ro_status status = decode_lines(view, at, ret_bytes);
    if (status == RO_BAD_INPUT) {
        return ro_why(why, RO_BAD_INPUT, "%s: damaged after its first line",
                      path);
    }
    return status;
}

enum ro_status
ro_armour_kind(const char *path,
               struct ro_why *why,
               char ret_name[static RO_ARMOUR_NAME_MAX + 1])
{
    RO_SECRET_BUF file = {0};
    size_t at = 0;
    struct ro_bytes name = {0};
    RO_TRY(
        ro_file_read(path, file_limit(RO_ARMOUR_PROPOSAL_LIMIT), why, &file));
    struct ro_bytes view = ro_buf_view(&file);
    if (view.size > 0)
        name = name_in(take_line(view, &at));
    if (name.data == NULL || !is_name(name))
        return ro_why(why, RO_BAD_INPUT, "%s: no file of reachout's", path);
    memcpy(ret_name, name.data, name.size);
    ret_name[name.size] = '\0';
    return RO_OK;
}

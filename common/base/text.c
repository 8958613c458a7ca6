/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/text.h"

#include <stdint.h>
#include <string.h>

#define LONGEST_WORD 40

/* How long a sequence is that begins with this byte; 0 if none does. */
static size_t
length_by_lead(uint8_t lead)
{
    if (lead < 0x80)
        return 1;
    if (lead < 0xC0)
        return 0;
    if (lead < 0xE0)
        return 2;
    if (lead < 0xF0)
        return 3;
    return lead < 0xF8 ? 4 : 0;
}

/* Whether a character may be written in so many bytes: the shortest form, no
 * surrogate, nothing above U+10FFFF. */
static bool
is_well_formed(uint32_t point, size_t length)
{
    static const uint32_t smallest[] = {0, 0, 0x80, 0x800, 0x10000};
    if (point >= 0xD800 && point <= 0xDFFF)
        return false;
    return point >= smallest[length] && point <= 0x10FFFF;
}

/* One character of UTF-8 (RFC 3629) at the beginning of `text`, which is not
 * empty: its length in bytes, or 0 if those bytes are none. */
static size_t
decode_one(struct ro_bytes text, uint32_t *ret_point)
{
    uint8_t lead = text.data[0];
    size_t length = length_by_lead(lead);
    if (length == 0 || length > text.size)
        return 0;
    uint32_t point = length == 1 ? lead : lead & (0x7Fu >> length);
    for (size_t i = 1; i < length; i++) {
        if ((text.data[i] & 0xC0) != 0x80)
            return 0;
        point = point << 6 | (text.data[i] & 0x3Fu);
    }
    if (!is_well_formed(point, length))
        return 0;
    *ret_point = point;
    return length;
}

static bool
is_control(uint32_t point, enum ro_text_kind kind)
{
    if (kind == RO_TEXT_BODY && (point == '\n' || point == '\t'))
        return false;
    return point < 0x20 || (point >= 0x7F && point <= 0x9F);
}

/* Characters that show nothing, or change how others are shown: soft hyphen,
 * bidi marks, embeddings and isolates, zero-width characters, line and
 * paragraph separators, annotations, tags. */
static bool
is_invisible(uint32_t point)
{
    static const struct {
        uint32_t first;
        uint32_t last;
    } ranges[] = {
        {0xAD,    0xAD   },
        {0x61C,   0x61C  },
        {0x180E,  0x180E },
        {0x200B,  0x200F },
        {0x2028,  0x202E },
        {0x2060,  0x206F },
        {0xFEFF,  0xFEFF },
        {0xFFF9,  0xFFFB },
        {0xE0000, 0xE007F},
    };
    for (size_t i = 0; i < RO_LEN(ranges); i++) {
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    }
    return false;
}

enum ro_status
ro_text_check(struct ro_bytes text,
              enum ro_text_kind kind,
              size_t limit,
              struct ro_why *why)
{
    if (text.size > limit)
        return ro_why(why, RO_BAD_INPUT, "text longer than %zu bytes", limit);
    for (size_t at = 0; at < text.size;) {
        uint32_t point = 0;
        size_t n = decode_one((struct ro_bytes){text.data + at, text.size - at},
                              &point);
        if (n == 0)
            return ro_why(why, RO_BAD_INPUT, "not UTF-8 at byte %zu", at);
        if (point == 0)
            return ro_why(why, RO_BAD_INPUT, "NUL at byte %zu", at);
        if (is_control(point, kind)) {
            return ro_why(why, RO_BAD_INPUT,
                          "control character U+%04X at byte %zu", point, at);
        }
        at += n;
    }
    return RO_OK;
}

void
ro_text_show(struct ro_bytes text, enum ro_text_kind kind, struct ro_buf *out)
{
    while (text.size > 0) {
        uint32_t point = 0;
        size_t n = decode_one(text, &point);
        if (n == 0) {
            ro_buf_printf(out, "\\x%02x", text.data[0]);
            n = 1;
        } else if (is_control(point, kind) || is_invisible(point)) {
            ro_buf_printf(out, "\\u{%x}", point);
        } else {
            ro_buf_put(out, text.data, n);
        }
        text.data += n;
        text.size -= n;
    }
}

static bool
is_space(uint32_t point)
{
    return point == ' ' || point == '\t' || point == '\n' || point == 0xA0 ||
           point == 0x1680 || (point >= 0x2000 && point <= 0x200A) ||
           point == 0x2028 || point == 0x2029 || point == 0x202F ||
           point == 0x205F || point == 0x3000;
}

/* Takes one character from the beginning of `text`; 0 at its end. */
static uint32_t
take_one(struct ro_bytes *text)
{
    uint32_t point = 0;
    if (text->size == 0)
        return 0;
    size_t n = decode_one(*text, &point);
    if (n == 0) {
        point = text->data[0];
        n = 1;
    }
    text->data += n;
    text->size -= n;
    return point;
}

static void
skip_spaces(struct ro_bytes *text)
{
    struct ro_bytes rest = *text;
    while (is_space(take_one(&rest)))
        *text = rest;
}

/* The same for what ro_text_alike compares, of a text without spaces at its
 * beginning. */
static uint32_t
take_folded(struct ro_bytes *text)
{
    const uint32_t point = take_one(text);
    if (is_space(point)) {
        skip_spaces(text);
        return text->size == 0 ? 0 : ' ';
    }
    return point >= 'A' && point <= 'Z' ? point - 'A' + 'a' : point;
}

bool
ro_text_alike(const char *a, const char *b)
{
    struct ro_bytes one = ro_bytes_text(a);
    struct ro_bytes other = ro_bytes_text(b);
    skip_spaces(&one);
    skip_spaces(&other);
    uint32_t point;
    do {
        point = take_folded(&one);
        if (point != take_folded(&other))
            return false;
    } while (point != 0);
    return true;
}

static size_t
smaller(size_t a, size_t b)
{
    return a < b ? a : b;
}

size_t
ro_text_distance(const char *a, const char *b)
{
    size_t a_size = strlen(a);
    size_t b_size = strlen(b);
    if (a_size > LONGEST_WORD || b_size > LONGEST_WORD)
        return SIZE_MAX;
    /* cost[i][j]: edits from the first i letters of a to the first j of b */
    size_t cost[LONGEST_WORD + 1][LONGEST_WORD + 1];
    for (size_t i = 0; i <= a_size; i++)
        cost[i][0] = i;
    for (size_t j = 0; j <= b_size; j++)
        cost[0][j] = j;
    for (size_t i = 1; i <= a_size; i++) {
        for (size_t j = 1; j <= b_size; j++) {
            size_t differs = a[i - 1] != b[j - 1];
            size_t best = smaller(cost[i - 1][j] + 1, cost[i][j - 1] + 1);
            best = smaller(best, cost[i - 1][j - 1] + differs);
            if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
                best = smaller(best, cost[i - 2][j - 2] + 1);
            cost[i][j] = best;
        }
    }
    return cost[a_size][b_size];
}

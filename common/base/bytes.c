/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/bytes.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>

/* The first allocation; most texts and records fit. */
#define FIRST_ROOM 64

struct ro_bytes
ro_bytes_text(const char *text)
{
    return (struct ro_bytes){(const uint8_t *)text, strlen(text)};
}

bool
ro_bytes_equal(struct ro_bytes a, struct ro_bytes b)
{
    return a.size == b.size &&
           (a.size == 0 || memcmp(a.data, b.data, a.size) == 0);
}

void
ro_buf_fini(struct ro_buf *buf)
{
    free(buf->data);
    *buf = (struct ro_buf){0};
}

void
ro_buf_clear(struct ro_buf *buf)
{
    buf->size = 0;
    buf->failed = false;
}

/* Makes room for `more` bytes behind the content, by doubling. */
static bool
make_room(struct ro_buf *buf, size_t more)
{
    if (buf->failed)
        return false;
    if (buf->data != NULL && more <= buf->room - buf->size)
        return true;
    buf->failed = true;
    if (more > SIZE_MAX / 2 - buf->size)
        return false;
    size_t room = buf->room < FIRST_ROOM ? FIRST_ROOM : buf->room;
    while (room < buf->size + more)
        room *= 2;
    uint8_t *data = realloc(buf->data, room);
    if (data == NULL)
        return false;
    buf->data = data;
    buf->room = room;
    buf->failed = false;
    return true;
}

uint8_t *
ro_buf_extend(struct ro_buf *buf, size_t size)
{
    if (!make_room(buf, size))
        return NULL;
    uint8_t *at = buf->data + buf->size;
    buf->size += size;
    return at;
}

void
ro_buf_put(struct ro_buf *buf, const void *data, size_t size)
{
    if (size == 0)
        return;
    uint8_t *at = ro_buf_extend(buf, size);
    if (at != NULL)
        memcpy(at, data, size);
}

void
ro_buf_put_u8(struct ro_buf *buf, uint8_t value)
{
    ro_buf_put(buf, &value, 1);
}

void
ro_buf_put_u16(struct ro_buf *buf, uint16_t value)
{
    uint8_t p[2];
    ro_set_u16(p, value);
    ro_buf_put(buf, p, sizeof(p));
}

void
ro_buf_put_u32(struct ro_buf *buf, uint32_t value)
{
    uint8_t p[4];
    ro_set_u32(p, value);
    ro_buf_put(buf, p, sizeof(p));
}

void
ro_buf_put_u64(struct ro_buf *buf, uint64_t value)
{
    uint8_t p[8];
    ro_set_u64(p, value);
    ro_buf_put(buf, p, sizeof(p));
}

void
ro_buf_printf(struct ro_buf *buf, const char *format, ...)
{
    va_list args, again;
    va_start(args, format);
    va_copy(again, args);
    int n = vsnprintf(NULL, 0, format, args);
    va_end(args);
    /* vsnprintf ends its text, so the end needs room for a moment */
    if (n < 0) {
        buf->failed = true;
    } else if (make_room(buf, (size_t)n + 1)) {
        vsnprintf((char *)buf->data + buf->size, (size_t)n + 1, format, again);
        buf->size += (size_t)n;
    }
    va_end(again);
}

enum ro_status
ro_buf_ok(const struct ro_buf *buf)
{
    return buf->failed ? RO_NO_MEMORY : RO_OK;
}

struct ro_bytes
ro_buf_view(const struct ro_buf *buf)
{
    return (struct ro_bytes){buf->data, buf->size};
}

uint16_t
ro_get_u16(const uint8_t p[static 2])
{
    return (uint16_t)(p[0] << 8 | p[1]);
}

uint32_t
ro_get_u32(const uint8_t p[static 4])
{
    return (uint32_t)ro_get_u16(p) << 16 | ro_get_u16(p + 2);
}

uint64_t
ro_get_u64(const uint8_t p[static 8])
{
    return (uint64_t)ro_get_u32(p) << 32 | ro_get_u32(p + 4);
}

void
ro_set_u16(uint8_t p[static 2], uint16_t value)
{
    p[0] = (uint8_t)(value >> 8);
    p[1] = (uint8_t)value;
}

void
ro_set_u32(uint8_t p[static 4], uint32_t value)
{
    ro_set_u16(p, (uint16_t)(value >> 16));
    ro_set_u16(p + 2, (uint16_t)value);
}

void
ro_set_u64(uint8_t p[static 8], uint64_t value)
{
    ro_set_u32(p, (uint32_t)(value >> 32));
    ro_set_u32(p + 4, (uint32_t)value);
}

void
ro_hex(const uint8_t *data, size_t size, char *ret_hex)
{
    static const char digits[] = "0123456789abcdef";
    for (size_t i = 0; i < size; i++) {
        ret_hex[2 * i] = digits[data[i] >> 4];
        ret_hex[2 * i + 1] = digits[data[i] & 15];
    }
    ret_hex[2 * size] = '\0';
}

/* The value of a digit, or 16. */
static unsigned
hex_digit(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    if (c >= 'a' && c <= 'f')
        return (unsigned)(c - 'a') + 10;
    if (c >= 'A' && c <= 'F')
        return (unsigned)(c - 'A') + 10;
    return 16;
}

enum ro_status
ro_unhex(const char *hex, uint8_t *ret_data, size_t size)
{
    /* first the whole form, so that a refusal writes nothing */
    for (size_t i = 0; i < 2 * size; i++) {
        if (hex_digit(hex[i]) > 15)
            return RO_BAD_INPUT;
    }
    if (hex[2 * size] != '\0')
        return RO_BAD_INPUT;
    for (size_t i = 0; i < size; i++) {
        ret_data[i] =
            (uint8_t)(hex_digit(hex[2 * i]) << 4 | hex_digit(hex[2 * i + 1]));
    }
    return RO_OK;
}

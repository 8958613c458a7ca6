/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Bytes: a view, a growing buffer, fixed-width integers, hex.
 * All integers that we lay out by hand are big-endian.
 */
#ifndef RO_BASE_BYTES_H
#define RO_BASE_BYTES_H

#include "common/base/auto.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Somebody else's bytes; valid as long as their owner says. */
struct ro_bytes {
    const uint8_t *data;
    size_t size;
};

/* A view of a terminated string, without its end. */
struct ro_bytes ro_bytes_text(const char *text);

/* Whether both hold the same bytes. Not for secrets. */
bool ro_bytes_equal(struct ro_bytes a, struct ro_bytes b);

/* A growing buffer. Zero-initialise it; release with ro_buf_fini. After a
 * failed put it stays failed, so a chain of puts is checked once at its end
 * with ro_buf_ok(). */
struct ro_buf {
    uint8_t *data;
    size_t size;
    size_t room;
    bool failed;
};

/* Releases the memory and clears the buffer; accepts an empty one. */
void ro_buf_fini(struct ro_buf *buf);

/* Forgets the content, keeps the memory. */
void ro_buf_clear(struct ro_buf *buf);

/* Appends bytes. */
void ro_buf_put(struct ro_buf *buf, const void *data, size_t size);

/* Appends an integer of 1 byte. All are big-endian. */
void ro_buf_put_u8(struct ro_buf *buf, uint8_t value);

/* The same of 2 bytes. */
void ro_buf_put_u16(struct ro_buf *buf, uint16_t value);

/* The same of 4 bytes. */
void ro_buf_put_u32(struct ro_buf *buf, uint32_t value);

/* The same of 8 bytes. */
void ro_buf_put_u64(struct ro_buf *buf, uint64_t value);

/* Appends formatted text without its terminating zero. */
void ro_buf_printf(struct ro_buf *buf, const char *format, ...) RO_PRINTF(2, 3);

/* Appends `size` bytes to be filled by the caller and returns where they
 * stand, or NULL (and the buffer is failed). Valid until the next put. */
uint8_t *ro_buf_extend(struct ro_buf *buf, size_t size);

/* RO_OK, or RO_NO_MEMORY if any put since the last clear failed. */
RO_MUST_USE enum ro_status ro_buf_ok(const struct ro_buf *buf);

/* The content as a view; valid until the next put. */
struct ro_bytes ro_buf_view(const struct ro_buf *buf);

#define RO_AUTOBUF RO_CLEANUP(ro_buf_fini) struct ro_buf

/* Reads a big-endian integer from exactly 2 bytes. */
uint16_t ro_get_u16(const uint8_t p[static 2]);

/* The same of 4 bytes. */
uint32_t ro_get_u32(const uint8_t p[static 4]);

/* The same of 8 bytes. */
uint64_t ro_get_u64(const uint8_t p[static 8]);

/* Writes a big-endian integer to exactly 2 bytes. */
void ro_set_u16(uint8_t p[static 2], uint16_t value);

/* The same of 4 bytes. */
void ro_set_u32(uint8_t p[static 4], uint32_t value);

/* The same of 8 bytes. */
void ro_set_u64(uint8_t p[static 8], uint64_t value);

/* Writes 2*size lower-case digits and a zero to `ret_hex`. */
void ro_hex(const uint8_t *data, size_t size, char *ret_hex);

/* Reads exactly `size` bytes from 2*size hex digits of either case followed
 * by the end of the string. RO_BAD_INPUT otherwise. */
RO_MUST_USE enum ro_status
ro_unhex(const char *hex, uint8_t *ret_data, size_t size);

/* whole files come with the bytes they hold */
#include "common/base/file.h"

#endif

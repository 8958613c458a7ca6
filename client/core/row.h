/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How values of vault rows are laid out: fixed-width integers and pieces with
 * a length before them, written with ro_buf_put_*, read back with these. A
 * reader that runs out stays failed and gives zeros, so that a chain of reads
 * is checked once at its end.
 */
#ifndef CLIENT_CORE_ROW_H
#define CLIENT_CORE_ROW_H

#include "common/base/bytes.h"
#include "common/base/status.h"

#include <stdbool.h>

struct row_reader {
    struct ro_bytes rest;
    bool failed;
};

/* A reader over a row's value, which must outlive it. */
struct row_reader row_read(struct ro_bytes value);

/* Reads an integer of one byte. All are big-endian. */
uint8_t row_u8(struct row_reader *row);

/* The same of four bytes. */
uint32_t row_u32(struct row_reader *row);

/* The same of eight. */
uint64_t row_u64(struct row_reader *row);

/* Reads exactly `size` bytes. */
void row_fixed(struct row_reader *row, void *ret_bytes, size_t size);

/* Reads a piece that row_put_piece wrote: a view into the value. */
struct ro_bytes row_piece(struct row_reader *row);

/* Reads a piece as a string into `room` bytes; one that is longer fails the
 * reader. */
void row_text(struct row_reader *row, char *ret_text, size_t room);

/* Appends a piece to `out`. That it found no memory ro_buf_ok tells: it is no
 * damage. */
void row_copy(struct row_reader *row, struct ro_buf *out);

/* Appends a piece: its length in 4 bytes, then its bytes. */
void row_put_piece(struct ro_buf *row, struct ro_bytes piece);

/* RO_OK if all reads held and nothing is left, else RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status row_end(const struct row_reader *row);

#endif

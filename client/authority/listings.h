/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: a register in blocks. */
#ifndef CLIENT_AUTHORITY_LISTINGS_H
#define CLIENT_AUTHORITY_LISTINGS_H

#include "client/authority/inside.h"

/* Rows of one block at most: a block must unpack within the bounds of codec.h
 * also where its rows are short. */
#define AUTHORITY_BLOCK_ROWS 256

/* Rows of a register on their way into blocks; borrowed. */
struct authority_rows {
    const struct register_row *const *rows;
    size_t n;
    uint64_t serial; /* of the block */
};

/* Packs rows from `*at` on into the body of one block, as many as fit, and
 * moves `*at` behind them. */
RO_MUST_USE enum ro_status
authority_block_pack(const struct authority *authority,
                     const struct authority_rows *rows,
                     size_t *at,
                     struct ro_buf *ret_body);

#endif

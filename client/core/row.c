/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/row.h"

#include <string.h>

struct row_reader
row_read(struct ro_bytes value)
{
    return (struct row_reader){.rest = value};
}

static const uint8_t *
take(struct row_reader *row, size_t size)
{
    if (row->failed || row->rest.size < size) {
        row->failed = true;
        return NULL;
    }
    const uint8_t *at = row->rest.data;
    row->rest.data += size;
    row->rest.size -= size;
    return at;
}

uint8_t
row_u8(struct row_reader *row)
{
    const uint8_t *at = take(row, 1);
    return at == NULL ? 0 : *at;
}

uint32_t
row_u32(struct row_reader *row)
{
    const uint8_t *at = take(row, 4);
    return at == NULL ? 0 : ro_get_u32(at);
}

uint64_t
row_u64(struct row_reader *row)
{
    const uint8_t *at = take(row, 8);
    return at == NULL ? 0 : ro_get_u64(at);
}

void
row_fixed(struct row_reader *row, void *ret_bytes, size_t size)
{
    const uint8_t *at = take(row, size);
    if (at == NULL) {
        memset(ret_bytes, 0, size);
    } else {
        memcpy(ret_bytes, at, size);
    }
}

struct ro_bytes
row_piece(struct row_reader *row)
{
    size_t size = row_u32(row);
    const uint8_t *at = take(row, size);
    return at == NULL ? (struct ro_bytes){0} : (struct ro_bytes){at, size};
}

void
row_text(struct row_reader *row, char *ret_text, size_t room)
{
    struct ro_bytes piece = row_piece(row);
    if (piece.size >= room) {
        row->failed = true;
        piece.size = 0;
    }
    if (piece.size > 0)
        memcpy(ret_text, piece.data, piece.size);
    ret_text[piece.size] = '\0';
}

void
row_copy(struct row_reader *row, struct ro_buf *out)
{
    struct ro_bytes piece = row_piece(row);
    ro_buf_put(out, piece.data, piece.size);
}

void
row_put_piece(struct ro_buf *row, struct ro_bytes piece)
{
    ro_buf_put_u32(row, (uint32_t)piece.size);
    ro_buf_put(row, piece.data, piece.size);
}

enum ro_status
row_end(const struct row_reader *row)
{
    return row->failed || row->rest.size != 0 ? RO_VAULT_DAMAGED : RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/reader.h"

#define VARINT_BYTES_MAX 10
#define VARINT_BITS 7
#define TAG_TYPE_BITS 3

struct ro_reader
ro_reader_of(struct ro_bytes message)
{
    return (struct ro_reader){.at = message.data, .left = message.size};
}

bool
ro_reader_is_done(const struct ro_reader *reader)
{
    return reader->left == 0;
}

static void
skip(struct ro_reader *reader, size_t size)
{
    reader->at += size;
    reader->left -= size;
}

enum ro_status
ro_reader_varint(struct ro_reader *reader, uint64_t *ret_value)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < VARINT_BYTES_MAX && i < reader->left; i++) {
        uint8_t byte = reader->at[i];
        /* The tenth byte has room for one bit. */
        if (i == VARINT_BYTES_MAX - 1 && byte > 1)
            return RO_BAD_FRAME;
        value |= (uint64_t)(byte & 0x7f) << (VARINT_BITS * i);
        if ((byte & 0x80) == 0) {
            skip(reader, i + 1);
            *ret_value = value;
            return RO_OK;
        }
    }
    return RO_BAD_FRAME;
}

static enum ro_status
take_fixed(struct ro_reader *reader, unsigned size, uint64_t *ret_value)
{
    if (reader->left < size)
        return RO_BAD_FRAME;
    uint64_t value = 0;
    for (unsigned i = 0; i < size; i++)
        value |= (uint64_t)reader->at[i] << (8 * i);
    skip(reader, size);
    *ret_value = value;
    return RO_OK;
}

static enum ro_status
take_bytes(struct ro_reader *reader, struct ro_bytes *ret_bytes)
{
    uint64_t size = 0;
    RO_TRY(ro_reader_varint(reader, &size));
    if (size > reader->left)
        return RO_BAD_FRAME;
    *ret_bytes = (struct ro_bytes){.data = reader->at, .size = (size_t)size};
    skip(reader, (size_t)size);
    return RO_OK;
}

enum ro_status
ro_reader_next(struct ro_reader *reader, struct ro_wire_field *ret_field)
{
    uint64_t tag = 0;
    RO_TRY(ro_reader_varint(reader, &tag));
    struct ro_wire_field field = {.number = (uint32_t)(tag >> TAG_TYPE_BITS)};
    if (tag > UINT32_MAX || field.number == 0)
        return RO_BAD_FRAME;
    switch (tag & ((1U << TAG_TYPE_BITS) - 1)) {
    case RO_WIRE_VARINT:
        field.type = RO_WIRE_VARINT;
        RO_TRY(ro_reader_varint(reader, &field.value));
        break;
    case RO_WIRE_FIXED64:
        field.type = RO_WIRE_FIXED64;
        RO_TRY(take_fixed(reader, 8, &field.value));
        break;
    case RO_WIRE_BYTES:
        field.type = RO_WIRE_BYTES;
        RO_TRY(take_bytes(reader, &field.bytes));
        break;
    case RO_WIRE_FIXED32:
        field.type = RO_WIRE_FIXED32;
        RO_TRY(take_fixed(reader, 4, &field.value));
        break;
    default:
        return RO_BAD_FRAME;
    }
    *ret_field = field;
    return RO_OK;
}

enum ro_status
ro_reader_find(struct ro_bytes message,
               uint32_t number,
               struct ro_bytes *ret_bytes)
{
    struct ro_reader reader = ro_reader_of(message);
    struct ro_bytes found = {0};
    unsigned times = 0;
    while (!ro_reader_is_done(&reader)) {
        struct ro_wire_field field = {0};
        RO_TRY(ro_reader_next(&reader, &field));
        if (field.number != number)
            continue;
        if (field.type != RO_WIRE_BYTES)
            return RO_BAD_FRAME;
        found = field.bytes;
        times++;
    }
    if (times != 1)
        return RO_BAD_FRAME;
    *ret_bytes = found;
    return RO_OK;
}

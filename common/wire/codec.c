/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/codec.h"

#include <string.h>

#include "common/wire/scan.h"

#define BUDGET_TIMES 8
#define BUDGET_LEAST ((size_t)64 * 1024)

static void *
take_piece(void *arena, size_t size)
{
    return ro_arena_take(arena, size > 0 ? size : 1);
}

/* The arena takes all back at once. */
static void
leave_piece(void *arena, void *piece)
{
    (void)arena;
    (void)piece;
}

enum ro_status
ro_unpack_more(const ProtobufCMessageDescriptor *type,
               struct ro_bytes bytes,
               struct ro_arena *arena,
               ProtobufCMessage **ret_message)
{
    RO_TRY(ro_scan(type, bytes));
    ProtobufCAllocator allocator = {
        .alloc = take_piece, .free = leave_piece, .allocator_data = arena};
    /* An empty message is a message; protobuf-c wants an address for it. */
    static const uint8_t nothing[1];
    ProtobufCMessage *message =
        protobuf_c_message_unpack(type, &allocator, bytes.size,
                                  bytes.data != NULL ? bytes.data : nothing);
    if (message == NULL)
        return ro_arena_was_short(arena) ? RO_NO_MEMORY : RO_BAD_FRAME;
    *ret_message = message;
    return RO_OK;
}

enum ro_status
ro_unpack(const ProtobufCMessageDescriptor *type,
          struct ro_bytes bytes,
          struct ro_arena *arena,
          ProtobufCMessage **ret_message)
{
    size_t budget = BUDGET_LEAST;
    if (bytes.size > SIZE_MAX / BUDGET_TIMES)
        return RO_BAD_FRAME;
    if (bytes.size * BUDGET_TIMES > budget)
        budget = bytes.size * BUDGET_TIMES;
    ro_arena_reset(arena, budget, RO_UNPACK_PIECES);
    return ro_unpack_more(type, bytes, arena, ret_message);
}

enum ro_status
ro_unpack_as(enum ro_status refusal,
             const ProtobufCMessageDescriptor *type,
             struct ro_bytes bytes,
             struct ro_arena *arena,
             ProtobufCMessage **ret_message)
{
    enum ro_status s = ro_unpack(type, bytes, arena, ret_message);
    return s == RO_OK || s == RO_NO_MEMORY ? s : refusal;
}

enum ro_status
ro_message_new(const ProtobufCMessageDescriptor *type,
               struct ro_arena *arena,
               ProtobufCMessage **ret_message)
{
    ProtobufCMessage *message = ro_arena_take(arena, type->sizeof_message);
    if (message == NULL)
        return RO_NO_MEMORY;
    protobuf_c_message_init(type, message);
    *ret_message = message;
    return RO_OK;
}

enum ro_status
ro_pack(const ProtobufCMessage *message, struct ro_buf *out)
{
    size_t size = protobuf_c_message_get_packed_size(message);
    if (size == 0)
        return ro_buf_ok(out);
    uint8_t *place = ro_buf_extend(out, size);
    if (place == NULL)
        return RO_NO_MEMORY;
    protobuf_c_message_pack(message, place);
    return ro_buf_ok(out);
}

struct ro_bytes
ro_field(const ProtobufCBinaryData *field)
{
    return (struct ro_bytes){.data = field->data, .size = field->len};
}

ProtobufCBinaryData
ro_as_field(struct ro_bytes bytes)
{
    /* protobuf-c reads it only, whatever the type says. */
    union {
        const uint8_t *from;
        uint8_t *to;
    } data = {.from = bytes.data};
    return (ProtobufCBinaryData){.len = bytes.size, .data = data.to};
}

enum ro_status
ro_field_copy(const ProtobufCBinaryData *field, void *ret_bytes, size_t size)
{
    if (field->len != size || field->data == NULL)
        return RO_BAD_FRAME;
    memcpy(ret_bytes, field->data, size);
    return RO_OK;
}

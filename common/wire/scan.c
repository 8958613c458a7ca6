/* SPDX-License-Identifier: Apache-2.0 */
/*
 * protobuf-c has no limit to depth or allocation, cuts values that are too
 * wide, lets the last of two equal fields win and ends a text at its first
 * zero byte. Each of these lets one sequence of bytes mean two things or cost
 * more than it weighs, so all are refused here.
 */
#include "common/wire/scan.h"

#include <string.h>

#include "common/wire/codec.h"
#include "common/wire/reader.h"

/* One message that is being read, and which of its fields were there. */
struct level {
    const ProtobufCMessageDescriptor *type;
    struct ro_reader reader;
    uint64_t seen; /* bit i: fields[i] */
};

/* The message, and the messages around it. */
struct scan {
    struct level levels[RO_UNPACK_DEPTH];
    size_t depth;
    size_t pieces;
};

static enum ro_status
push(struct scan *scan,
     const ProtobufCMessageDescriptor *type,
     struct ro_bytes bytes)
{
    if (scan->depth == RO_UNPACK_DEPTH)
        return RO_BAD_FRAME;
    scan->levels[scan->depth++] =
        (struct level){.type = type, .reader = ro_reader_of(bytes)};
    return RO_OK;
}

static enum ro_status
count(struct scan *scan)
{
    scan->pieces++;
    return scan->pieces <= RO_UNPACK_PIECES ? RO_OK : RO_BAD_FRAME;
}

static bool
is_signed_32(uint64_t value)
{
    return value <= INT32_MAX || value >= (uint64_t)(int64_t)INT32_MIN;
}

/* Whether a varint fits its type: protobuf-c would cut it silently. */
static enum ro_status
check_varint(ProtobufCType type, uint64_t value)
{
    bool fits = false;
    switch (type) {
    case PROTOBUF_C_TYPE_INT64:
    case PROTOBUF_C_TYPE_SINT64:
    case PROTOBUF_C_TYPE_UINT64:
        fits = true;
        break;
    case PROTOBUF_C_TYPE_UINT32:
    case PROTOBUF_C_TYPE_SINT32:
        fits = value <= UINT32_MAX;
        break;
    case PROTOBUF_C_TYPE_INT32:
    case PROTOBUF_C_TYPE_ENUM:
        fits = is_signed_32(value);
        break;
    case PROTOBUF_C_TYPE_BOOL:
        fits = value <= 1;
        break;
    case PROTOBUF_C_TYPE_SFIXED32:
    case PROTOBUF_C_TYPE_FIXED32:
    case PROTOBUF_C_TYPE_FLOAT:
    case PROTOBUF_C_TYPE_SFIXED64:
    case PROTOBUF_C_TYPE_FIXED64:
    case PROTOBUF_C_TYPE_DOUBLE:
    case PROTOBUF_C_TYPE_STRING:
    case PROTOBUF_C_TYPE_BYTES:
    case PROTOBUF_C_TYPE_MESSAGE:
        break;
    }
    return fits ? RO_OK : RO_BAD_FRAME;
}

static bool
is_scalar(ProtobufCType type)
{
    return type != PROTOBUF_C_TYPE_STRING && type != PROTOBUF_C_TYPE_BYTES &&
           type != PROTOBUF_C_TYPE_MESSAGE;
}

/* Many varints in one field. Our messages pack nothing else. */
static enum ro_status
scan_packed(struct scan *scan, ProtobufCType type, struct ro_bytes bytes)
{
    struct ro_reader reader = ro_reader_of(bytes);
    while (!ro_reader_is_done(&reader)) {
        uint64_t value = 0;
        RO_TRY(ro_reader_varint(&reader, &value));
        RO_TRY(check_varint(type, value));
        RO_TRY(count(scan));
    }
    return RO_OK;
}

static enum ro_status
scan_bytes(struct scan *scan,
           const ProtobufCFieldDescriptor *field,
           struct ro_bytes bytes)
{
    if (is_scalar(field->type)) {
        if (field->label != PROTOBUF_C_LABEL_REPEATED)
            return RO_BAD_FRAME;
        return scan_packed(scan, field->type, bytes);
    }
    RO_TRY(count(scan));
    if (field->type == PROTOBUF_C_TYPE_MESSAGE)
        return push(scan, field->descriptor, bytes);
    if (field->type == PROTOBUF_C_TYPE_STRING && bytes.size > 0 &&
        memchr(bytes.data, 0, bytes.size) != NULL)
        return RO_BAD_FRAME;
    return RO_OK;
}

/* A field that the descriptor knows may come once, unless it is repeated. */
static enum ro_status
note_seen(struct level *level, const ProtobufCFieldDescriptor *field)
{
    size_t place = (size_t)(field - level->type->fields);
    if (place >= 64)
        return RO_BAD_FRAME;
    uint64_t bit = UINT64_C(1) << place;
    bool again = (level->seen & bit) != 0;
    level->seen |= bit;
    if (again && field->label != PROTOBUF_C_LABEL_REPEATED)
        return RO_BAD_FRAME;
    return RO_OK;
}

static enum ro_status
scan_field(struct scan *scan)
{
    struct level *level = &scan->levels[scan->depth - 1];
    struct ro_wire_field found = {0};
    RO_TRY(ro_reader_next(&level->reader, &found));
    const ProtobufCFieldDescriptor *field =
        protobuf_c_message_descriptor_get_field(level->type, found.number);
    if (field == NULL)
        return count(scan);
    RO_TRY(note_seen(level, field));
    if (found.type == RO_WIRE_BYTES)
        return scan_bytes(scan, field, found.bytes);
    /* No message of ours has a fixed-width field. */
    if (found.type != RO_WIRE_VARINT)
        return RO_BAD_FRAME;
    RO_TRY(check_varint(field->type, found.value));
    if (field->label == PROTOBUF_C_LABEL_REPEATED)
        return count(scan);
    return RO_OK;
}

/* The next field of the innermost message, or back out of it. */
static enum ro_status
scan_step(struct scan *scan)
{
    if (!ro_reader_is_done(&scan->levels[scan->depth - 1].reader))
        return scan_field(scan);
    scan->depth--;
    return RO_OK;
}

enum ro_status
ro_scan(const ProtobufCMessageDescriptor *type, struct ro_bytes bytes)
{
    struct scan scan = {0};
    RO_TRY(push(&scan, type, bytes));
    while (scan.depth > 0) {
        enum ro_status status = scan_step(&scan);
        if (status != RO_OK)
            return status;
    }
    return RO_OK;
}

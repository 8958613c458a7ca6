/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Between bytes and messages: the only caller of protobuf-c. Unpacking is
 * bounded three ways (bytes, pieces, depth) before protobuf-c sees a byte.
 * Generated structs (Reachout__...) may be read by everybody; packed and
 * unpacked they are here only.
 */
#ifndef RO_WIRE_CODEC_H
#define RO_WIRE_CODEC_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "common/wire/verbs.h"

#include <protobuf-c/protobuf-c.h>

/* A frame's header and payload together. */
#define RO_FRAME_LIMIT ((size_t)96 * 1024)
#define RO_FRAME_HEADER_SIZE 24
#define RO_FRAME_VERSION 1
#define RO_PROTOCOL 1 /* what both sides of a hello name */
#define RO_UNPACK_DEPTH 4
#define RO_UNPACK_PIECES 4096

/* Unpacks `bytes` into `arena`, which this resets to a budget of 8 times the
 * length (at least 64 KiB) and RO_UNPACK_PIECES pieces. Unknown fields are
 * skipped. The message lives as long as the arena is not reset; byte fields
 * are copies. RO_BAD_FRAME when it is not such a message or breaks a bound,
 * RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_unpack(const ProtobufCMessageDescriptor *type,
                                     struct ro_bytes bytes,
                                     struct ro_arena *arena,
                                     ProtobufCMessage **ret_message);

/* As ro_unpack, with `refusal` instead of RO_BAD_FRAME: memory that is short is
 * nobody's mistake and keeps its name. */
RO_MUST_USE enum ro_status ro_unpack_as(enum ro_status refusal,
                                        const ProtobufCMessageDescriptor *type,
                                        struct ro_bytes bytes,
                                        struct ro_arena *arena,
                                        ProtobufCMessage **ret_message);

/* As ro_unpack, but adds to what is in the arena already (whose caps then
 * count for all): for a message inside a message. */
RO_MUST_USE enum ro_status
ro_unpack_more(const ProtobufCMessageDescriptor *type,
               struct ro_bytes bytes,
               struct ro_arena *arena,
               ProtobufCMessage **ret_message);

/* An empty message of that type in the arena. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
ro_message_new(const ProtobufCMessageDescriptor *type,
               struct ro_arena *arena,
               ProtobufCMessage **ret_message);

/* Appends the packed message to `out`. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_pack(const ProtobufCMessage *message,
                                   struct ro_buf *out);

/* A byte field as a view. */
struct ro_bytes ro_field(const ProtobufCBinaryData *field);
/* A view as a byte field, for packing; the bytes are not changed. */
ProtobufCBinaryData ro_as_field(struct ro_bytes bytes);

/* Copies a field that must have exactly `size` bytes; RO_BAD_FRAME if it has
 * not (an absent field has none). */
RO_MUST_USE enum ro_status
ro_field_copy(const ProtobufCBinaryData *field, void *ret_bytes, size_t size);

/* What a frame is. */
enum ro_frame_kind {
    RO_FRAME_ASK = 0,    /* from the client */
    RO_FRAME_ANSWER = 1, /* from the broker, to the ask of the same serial */
    RO_FRAME_PUSH = 2,   /* from the broker, unasked */
};

/* The 24 bytes before the message: version(1) = 1, verb(1), kind(1), 0(1),
 * serial(4), status(2), 0(6), broker time(8, seconds since 1970). status and
 * time are 0 in asks. */
struct ro_frame_header {
    uint8_t verb; /* of enum ro_verb, if it is one that we know */
    enum ro_frame_kind kind;
    uint32_t serial;
    uint16_t status;
    int64_t time_s;
};

/* Appends the header. The payload is appended after it by the caller. */
void ro_frame_put_header(const struct ro_frame_header *header,
                         struct ro_buf *out);

/* Reads a frame: header, and the payload as a view into `frame`.
 * RO_TOO_LARGE, RO_BAD_FRAME (length, version, kind, reserved bytes). */
RO_MUST_USE enum ro_status ro_frame_get(struct ro_bytes frame,
                                        struct ro_frame_header *ret_header,
                                        struct ro_bytes *ret_payload);

#endif

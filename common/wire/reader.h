/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside common/wire: takes the bytes of a protobuf message apart, field by
 * field, without allocating anything. What protobuf-c would misread silently
 * (tags of more than 32 bits, over-long varints, groups) is refused here.
 */
#ifndef RO_WIRE_READER_H
#define RO_WIRE_READER_H

#include "common/base/bytes.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* How a field's value is laid out. */
enum ro_wire_type {
    RO_WIRE_VARINT = 0,
    RO_WIRE_FIXED64 = 1,
    RO_WIRE_BYTES = 2,
    RO_WIRE_FIXED32 = 5,
};

/* What is left of a message. */
struct ro_reader {
    const uint8_t *at;
    size_t left;
};

/* One field. `value` is set for varints and fixed ones, `bytes` (a view) for
 * length-prefixed ones. */
struct ro_wire_field {
    uint32_t number;
    enum ro_wire_type type;
    uint64_t value;
    struct ro_bytes bytes;
};

/* A reader at the beginning of a message. */
struct ro_reader ro_reader_of(struct ro_bytes message);

/* Whether nothing is left. */
bool ro_reader_is_done(const struct ro_reader *reader);

/* Takes the next varint of at most 10 bytes and 64 bits. RO_BAD_FRAME. */
RO_MUST_USE enum ro_status ro_reader_varint(struct ro_reader *reader,
                                            uint64_t *ret_value);

/* Takes the next field; only while the reader is not done. RO_BAD_FRAME. */
RO_MUST_USE enum ro_status ro_reader_next(struct ro_reader *reader,
                                          struct ro_wire_field *ret_field);

/* The one length-prefixed field of that number as a view into `message`.
 * RO_BAD_FRAME when it is not there, there twice, or not such a field. */
RO_MUST_USE enum ro_status ro_reader_find(struct ro_bytes message,
                                          uint32_t number,
                                          struct ro_bytes *ret_bytes);

#endif

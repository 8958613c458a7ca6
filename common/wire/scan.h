/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside common/wire: a look at wire bytes, guided by the descriptor of the
 * message they claim to be, before protobuf-c may allocate for them.
 */
#ifndef RO_WIRE_SCAN_H
#define RO_WIRE_SCAN_H

#include "common/base/bytes.h"
#include "common/base/status.h"

#include <protobuf-c/protobuf-c.h>

/* RO_OK if the bytes are such a message within the bounds of codec.h: at most
 * RO_UNPACK_DEPTH messages inside each other, at most RO_UNPACK_PIECES byte
 * fields, texts, submessages, repeated and unknown values together, no field
 * twice that is not repeated, no value wider than its type, no zero byte in a
 * text. RO_BAD_FRAME otherwise. */
RO_MUST_USE enum ro_status ro_scan(const ProtobufCMessageDescriptor *type,
                                   struct ro_bytes bytes);

#endif

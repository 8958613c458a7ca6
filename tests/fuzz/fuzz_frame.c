/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A frame from a stranger: its header, and its payload as every message of
 * frame.proto. What unpacks packs again, and then always to the same bytes.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/codec.h"

#include "frame.pb-c.h"

static const ProtobufCMessageDescriptor *const types[] = {
    &reachout__refusal__descriptor,
    &reachout__hello__ask__descriptor,
    &reachout__hello__answer__descriptor,
    &reachout__directory__ask__descriptor,
    &reachout__directory__answer__descriptor,
    &reachout__notices__ask__descriptor,
    &reachout__notices__answer__descriptor,
    &reachout__publish__ask__descriptor,
    &reachout__publish__answer__descriptor,
    &reachout__append__ask__descriptor,
    &reachout__append__answer__descriptor,
    &reachout__enrol__ask__descriptor,
    &reachout__enrol__answer__descriptor,
    &reachout__deposit__ask__descriptor,
    &reachout__deposit__answer__descriptor,
    &reachout__attach__ask__descriptor,
    &reachout__attach__answer__descriptor,
    &reachout__attach__push__descriptor,
    &reachout__ack__ask__descriptor,
    &reachout__ack__answer__descriptor,
};

static void
must(bool holds)
{
    if (!holds)
        abort();
}

/* Packs what was unpacked, and unpacks and packs that. Where numbers were
 * laid out at more length than they need, the second form is shorter and has
 * a smaller budget, which it may not keep. */
static void
pack_again(const ProtobufCMessageDescriptor *type,
           const ProtobufCMessage *message,
           struct ro_arena *arena,
           size_t size)
{
    RO_AUTOBUF once = {0};
    RO_AUTOBUF twice = {0};
    ProtobufCMessage *again = NULL;
    must(ro_pack(message, &once) == RO_OK);
    /* One number alone is a byte longer in the packed form. */
    must(once.size <= size + 1);
    enum ro_status status = ro_unpack(type, ro_buf_view(&once), arena, &again);
    must(status == RO_OK || once.size < size);
    if (status != RO_OK)
        return;
    must(ro_pack(again, &twice) == RO_OK);
    must(ro_bytes_equal(ro_buf_view(&once), ro_buf_view(&twice)));
}

static void
try_payload(struct ro_bytes payload)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(1, 1);
    must(arena != NULL);
    for (size_t i = 0; i < RO_LEN(types); i++) {
        ProtobufCMessage *message = NULL;
        enum ro_status status = ro_unpack(types[i], payload, arena, &message);
        must(status == RO_OK || status == RO_BAD_FRAME);
        size_t budget = payload.size * 8 > 65536 ? payload.size * 8 : 65536;
        must(ro_arena_used(arena) <= budget);
        if (status == RO_OK)
            pack_again(types[i], message, arena, payload.size);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ro_bytes frame = {data, size};
    struct ro_frame_header header;
    struct ro_bytes payload;
    enum ro_status status = ro_frame_get(frame, &header, &payload);
    if (status == RO_TOO_LARGE || status == RO_BAD_FRAME)
        return 0;
    must(status == RO_OK);
    RO_AUTOBUF again = {0};
    ro_frame_put_header(&header, &again);
    must(again.size == RO_FRAME_HEADER_SIZE);
    must(memcmp(again.data, data, again.size) == 0);
    try_payload(payload);
    return 0;
}

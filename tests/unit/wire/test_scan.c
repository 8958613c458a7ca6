/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The look before unpacking, alone: protobuf-c refuses some of this too, but
 * only after it has begun to allocate, and not all of it.
 */
#include "common/wire/scan.h"

#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include "content.pb-c.h"
#include "directory.pb-c.h"
#include "tests/support/tap.h"

static enum ro_status
scan_bytes(const ProtobufCMessageDescriptor *type,
           const void *data,
           size_t size)
{
    return ro_scan(type, (struct ro_bytes){data, size});
}

#define SCAN(name, literal)                                                    \
    scan_bytes(&reachout__##name##__descriptor, (literal), sizeof(literal) - 1)

static void
test_types(void)
{
    tap_is(SCAN(ask, "\x0a\x01x"), RO_OK);
    tap_is(SCAN(ask, "\x08\x01"), RO_BAD_FRAME);         /* number for a text */
    tap_is(SCAN(content, "\x08\x01"), RO_BAD_FRAME);     /* for bytes */
    tap_is(SCAN(content, "\x80\x01\x01"), RO_BAD_FRAME); /* for a message */
    tap_is(SCAN(ask, "\x22\x01\x01"), RO_BAD_FRAME); /* bytes for a number */
    tap_is(SCAN(ask, "\x25\x01\x02\x03\x04"), RO_BAD_FRAME); /* fixed32 */
    tap_is(SCAN(ask, "\x21\x01\x02\x03\x04\x05\x06\x07\x08"), RO_BAD_FRAME);
    tap_is(SCAN(ask, "\x0b"), RO_BAD_FRAME);
    tap_is(SCAN(ask, "\x20"), RO_BAD_FRAME);
    tap_is(SCAN(ask, "\x0a\x02x"), RO_BAD_FRAME);
}

static void
test_widths(void)
{
    tap_is(SCAN(ask, "\x20\xff\xff\xff\xff\x0f"), RO_OK);
    tap_is(SCAN(ask, "\x20\x80\x80\x80\x80\x10"), RO_BAD_FRAME);
    tap_is(SCAN(audience, "\x18\x01"), RO_OK);
    tap_is(SCAN(audience, "\x18\x02"), RO_BAD_FRAME);
    tap_is(SCAN(seat, "\x20\xff\xff\xff\xff\x07"), RO_OK);
    tap_is(SCAN(seat, "\x20\x80\x80\x80\x80\x08"), RO_BAD_FRAME);
}

/* Inside a message as outside, and inside what is packed. */
static void
test_inside(void)
{
    tap_is(SCAN(content, "\x82\x01\x03\x0a\x01x"), RO_OK);
    tap_is(SCAN(content, "\x82\x01\x03\x0a\x01\x00"), RO_BAD_FRAME);
    tap_is(SCAN(content, "\x82\x01\x03\x0a\x02x"), RO_BAD_FRAME);
    tap_is(SCAN(content, "\x82\x01\x06\x0a\x01x\x0a\x01y"), RO_BAD_FRAME);
    tap_is(SCAN(ack__ask, "\x12\x02\x07\x08"), RO_OK);
    tap_is(SCAN(ack__ask, "\x12\x02\x07\x80"), RO_BAD_FRAME);
    tap_is(SCAN(deposit__answer, "\x0a\x05\xff\xff\xff\xff\x0f"), RO_OK);
    tap_is(SCAN(deposit__answer, "\x0a\x05\x80\x80\x80\x80\x10"), RO_BAD_FRAME);
}

/* How many times one piece may be there: exactly RO_UNPACK_PIECES. */
static void
check_count(const ProtobufCMessageDescriptor *type,
            const void *piece,
            size_t size)
{
    RO_AUTOBUF bytes = {0};
    for (size_t i = 0; i < RO_UNPACK_PIECES; i++)
        ro_buf_put(&bytes, piece, size);
    tap_is(ro_scan(type, ro_buf_view(&bytes)), RO_OK);
    ro_buf_put(&bytes, piece, size);
    tap_is(ro_scan(type, ro_buf_view(&bytes)), RO_BAD_FRAME);
}

static void
test_counts(void)
{
    check_count(&reachout__deposit__ask__descriptor, "\x12\x00", 2);
    check_count(&reachout__deposit__ask__descriptor, "\x0a\x01x", 3);
    check_count(&reachout__ack__ask__descriptor, "\x10\x07", 2);
    check_count(&reachout__ack__ask__descriptor, "\x12\x01\x07", 3);
    check_count(&reachout__ask__descriptor, "\x98\x06\x07", 3);
}

/* Pieces of inner messages count with the others. */
static void
test_shared_count(void)
{
    RO_AUTOBUF bytes = {0};
    for (size_t i = 0; i < RO_UNPACK_PIECES / 2; i++)
        ro_buf_put(&bytes, "\x12\x03\x0a\x01x", 5);
    tap_is(ro_scan(&reachout__deposit__ask__descriptor, ro_buf_view(&bytes)),
           RO_OK);
    ro_buf_put(&bytes, "\x12\x00", 2);
    tap_is(ro_scan(&reachout__deposit__ask__descriptor, ro_buf_view(&bytes)),
           RO_BAD_FRAME);
}

int
main(void)
{
    tap_run(test_types);
    tap_run(test_widths);
    tap_run(test_inside);
    tap_run(test_counts);
    tap_run(test_shared_count);
    return tap_done();
}

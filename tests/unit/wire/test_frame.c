/* SPDX-License-Identifier: Apache-2.0 */
/* The 24 bytes: a round trip, and every byte that may not be otherwise. */
#include "common/wire/codec.h"

#include "tests/support/tap.h"

static const struct ro_frame_header answer = {.verb = 7,
                                              .kind = RO_FRAME_ANSWER,
                                              .serial = 0x01020304,
                                              .status = 513,
                                              .time_s = 1793000000};

static enum ro_status
get(const struct ro_buf *frame)
{
    struct ro_frame_header header;
    struct ro_bytes payload;
    return ro_frame_get(ro_buf_view(frame), &header, &payload);
}

static void
test_round_trip(void)
{
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&answer, &frame);
    ro_buf_put(&frame, "payload", 7);
    tap_is(ro_buf_ok(&frame), RO_OK);
    static const uint8_t expected[RO_FRAME_HEADER_SIZE] = {
        1, 7, 1, 0, 1, 2, 3, 4, 2,    1,    0,    0,
        0, 0, 0, 0, 0, 0, 0, 0, 0x6a, 0xdf, 0x02, 0x40};
    tap_ok(memcmp(frame.data, expected, sizeof(expected)) == 0);
    struct ro_frame_header header = {0};
    struct ro_bytes payload = {0};
    tap_is(ro_frame_get(ro_buf_view(&frame), &header, &payload), RO_OK);
    tap_ok(header.verb == 7 && header.kind == RO_FRAME_ANSWER);
    tap_ok(header.serial == 0x01020304 && header.status == 513);
    tap_ok(header.time_s == 1793000000);
    tap_ok(payload.size == 7 && memcmp(payload.data, "payload", 7) == 0);
}

static void
test_sizes(void)
{
    RO_AUTOBUF frame = {0};
    tap_is(get(&frame), RO_BAD_FRAME);
    ro_frame_put_header(&answer, &frame);
    tap_is(get(&frame), RO_OK);
    frame.size--;
    tap_is(get(&frame), RO_BAD_FRAME);
    frame.size++;
    tap_need(ro_buf_extend(&frame, RO_FRAME_LIMIT - RO_FRAME_HEADER_SIZE));
    tap_is(get(&frame), RO_OK);
    ro_buf_put_u8(&frame, 0);
    tap_is(get(&frame), RO_TOO_LARGE);
}

/* Byte `at` set to `value` in the header of an answer. */
static enum ro_status
changed(size_t at, uint8_t value)
{
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&answer, &frame);
    frame.data[at] = value;
    return get(&frame);
}

static void
test_bytes(void)
{
    tap_is(changed(0, 0), RO_BAD_FRAME);
    tap_is(changed(0, 2), RO_BAD_FRAME);
    tap_is(changed(2, 2), RO_OK);
    tap_is(changed(2, 3), RO_BAD_FRAME);
    tap_is(changed(3, 1), RO_BAD_FRAME);
    for (size_t at = 10; at < 16; at++)
        tap_is(changed(at, 1), RO_BAD_FRAME);
    tap_is(changed(16, 0x80), RO_BAD_FRAME);
    tap_is(changed(16, 0x7f), RO_OK);
}

static void
test_asks(void)
{
    RO_AUTOBUF frame = {0};
    struct ro_frame_header ask = {.verb = 1, .serial = 9};
    ro_frame_put_header(&ask, &frame);
    tap_is(get(&frame), RO_OK);
    frame.data[9] = 1;
    tap_is(get(&frame), RO_BAD_FRAME);
    frame.data[9] = 0;
    frame.data[23] = 1;
    tap_is(get(&frame), RO_BAD_FRAME);
}

int
main(void)
{
    tap_run(test_round_trip);
    tap_run(test_sizes);
    tap_run(test_bytes);
    tap_run(test_asks);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The bounds of unpacking, one by one, each beside what is just allowed. */
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include "content.pb-c.h"
#include "directory.pb-c.h"
#include "tests/support/tap.h"

static struct ro_arena *arena;

static enum ro_status
unpack(const ProtobufCMessageDescriptor *type, const struct ro_buf *bytes)
{
    ProtobufCMessage *message = NULL;
    return ro_unpack(type, ro_buf_view(bytes), arena, &message);
}

static enum ro_status
unpack_bytes(const ProtobufCMessageDescriptor *type,
             const void *data,
             size_t size)
{
    ProtobufCMessage *message = NULL;
    return ro_unpack(type, (struct ro_bytes){data, size}, arena, &message);
}

#define UNPACK(type, literal)                                                  \
    unpack_bytes(&(type), (literal), sizeof(literal) - 1)

static void
put_varint(struct ro_buf *out, uint64_t value)
{
    while (value >= 0x80) {
        ro_buf_put_u8(out, (uint8_t)(value | 0x80));
        value >>= 7;
    }
    ro_buf_put_u8(out, (uint8_t)value);
}

static void
put_field(struct ro_buf *out, uint32_t number, const void *data, size_t size)
{
    put_varint(out, (uint64_t)number << 3 | 2);
    put_varint(out, size);
    ro_buf_put(out, data, size);
}

static void
test_round_trip(void)
{
    RO_AUTOBUF bytes = {0};
    uint8_t circle[16] = {1, 2, 3};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Ask ask = REACHOUT__ASK__INIT;
    char topic[] = "TL1";
    ask.topic = topic;
    ask.has_half_days = 1;
    ask.half_days = 3;
    content.has_circle = 1;
    content.circle = ro_as_field((struct ro_bytes){circle, sizeof(circle)});
    content.ask = &ask;
    tap_is(ro_pack(&content.base, &bytes), RO_OK);

    ProtobufCMessage *base = NULL;
    tap_is(ro_unpack(&reachout__content__descriptor, ro_buf_view(&bytes), arena,
                     &base),
           RO_OK);
    tap_need(base != NULL);
    const Reachout__Content *back = (const Reachout__Content *)base;
    uint8_t copy[16] = {0};
    tap_is(ro_field_copy(&back->circle, copy, sizeof(copy)), RO_OK);
    tap_ok(memcmp(copy, circle, sizeof(copy)) == 0);
    tap_ok(back->circle.data != bytes.data + 2);
    tap_need(back->ask != NULL);
    tap_ok(strcmp(back->ask->topic, "TL1") == 0);
    tap_ok(back->ask->has_half_days && back->ask->half_days == 3);
    tap_is(ro_field_copy(&back->circle, copy, 15), RO_BAD_FRAME);
    tap_is(ro_field_copy(&back->sender, copy, 16), RO_BAD_FRAME);
}

static void
test_empty_message(void)
{
    tap_is(unpack_bytes(&reachout__pass__descriptor, NULL, 0), RO_OK);
    RO_AUTOBUF bytes = {0};
    Reachout__Pass pass = REACHOUT__PASS__INIT;
    tap_is(ro_pack(&pass.base, &bytes), RO_OK);
    tap_ok(bytes.size == 0);
}

/* A type of our own that holds itself: none in proto/ may, but the bound does
 * not rely on that. */
static const ProtobufCMessageDescriptor knot;
static const ProtobufCFieldDescriptor knot_fields[] = {
    {.name = "again",
     .id = 1,
     .label = PROTOBUF_C_LABEL_OPTIONAL,
     .type = PROTOBUF_C_TYPE_MESSAGE,
     .offset = sizeof(ProtobufCMessage),
     .descriptor = &knot},
};
static const ProtobufCIntRange knot_ranges[] = {
    {1, 0},
    {0, 1}
};
struct knot {
    ProtobufCMessage base;
    struct knot *again;
};
static const unsigned knot_names[] = {0};
static const ProtobufCMessageDescriptor knot = {
    .magic = PROTOBUF_C__MESSAGE_DESCRIPTOR_MAGIC,
    .name = "knot",
    .short_name = "Knot",
    .c_name = "knot",
    .package_name = "",
    .sizeof_message = sizeof(struct knot),
    .n_fields = 1,
    .fields = knot_fields,
    .fields_sorted_by_name = knot_names,
    .n_field_ranges = 1,
    .field_ranges = knot_ranges,
};

static void
nest(struct ro_buf *bytes, uint32_t number, size_t times)
{
    for (size_t i = 0; i < times; i++) {
        RO_AUTOBUF more = {0};
        put_field(&more, number, bytes->data, bytes->size);
        ro_buf_clear(bytes);
        ro_buf_put(bytes, more.data, more.size);
    }
}

static void
test_depth(void)
{
    RO_AUTOBUF bytes = {0};
    nest(&bytes, 1, RO_UNPACK_DEPTH - 1);
    tap_is(unpack(&knot, &bytes), RO_OK);
    nest(&bytes, 1, 1);
    tap_is(unpack(&knot, &bytes), RO_BAD_FRAME);
}

/* 58 KB that send protobuf-c alone 16,000 calls deep. */
static void
test_nested_bomb(void)
{
    RO_AUTOBUF bytes = {0};
    nest(&bytes, 1, 16000);
    tap_ok(bytes.size > (size_t)56 * 1024);
    tap_is(unpack(&knot, &bytes), RO_BAD_FRAME);
    /* In ours what is unknown is skipped, whatever is inside. */
    ro_buf_clear(&bytes);
    nest(&bytes, 16, 14000);
    tap_is(unpack(&reachout__content__descriptor, &bytes), RO_OK);
}

static void
put_times(struct ro_buf *out, const void *data, size_t size, size_t times)
{
    for (size_t i = 0; i < times; i++)
        ro_buf_put(out, data, size);
}

/* Wraps (field 2 of Deposit.Ask) of no length: 2 bytes each on the wire. */
static void
test_empty_submessages(void)
{
    RO_AUTOBUF bytes = {0};
    put_times(&bytes, "\x12\x00", 2, (size_t)512 * 1024);
    tap_is(unpack(&reachout__deposit__ask__descriptor, &bytes), RO_BAD_FRAME);
    ro_buf_clear(&bytes);
    put_times(&bytes, "\x12\x00", 2, RO_UNPACK_PIECES + 1);
    tap_is(unpack(&reachout__deposit__ask__descriptor, &bytes), RO_BAD_FRAME);
    ro_buf_clear(&bytes);
    put_times(&bytes, "\x12\x00", 2, 100);
    tap_is(unpack(&reachout__deposit__ask__descriptor, &bytes), RO_OK);
}

/* What an attacker can make us take is a fixed multiple of what he sent. */
static void
test_amplification(void)
{
    RO_AUTOBUF bytes = {0};
    put_times(&bytes, "\x12\x00", 2, 3000);
    tap_is(unpack(&reachout__deposit__ask__descriptor, &bytes), RO_BAD_FRAME);
    tap_ok(ro_arena_used(arena) > (size_t)32 * 1024);
    tap_ok(ro_arena_used(arena) <= (size_t)64 * 1024);
}

static void
test_unknown_fields(void)
{
    RO_AUTOBUF bytes = {0};
    put_varint(&bytes, 99 << 3);
    put_varint(&bytes, 7);
    put_field(&bytes, 100, "abc", 3);
    ro_buf_put(&bytes,
               "\xa9\x06"
               "12345678",
               10); /* 101, fixed64 */
    ro_buf_put(&bytes,
               "\xb5\x06"
               "1234",
               6); /* 102, fixed32 */
    ProtobufCMessage *base = NULL;
    tap_is(ro_unpack(&reachout__ask__descriptor, ro_buf_view(&bytes), arena,
                     &base),
           RO_OK);
    tap_need(base != NULL);
    tap_ok(((Reachout__Ask *)base)->topic == NULL);
    ro_buf_clear(&bytes);
    put_times(&bytes, "\x98\x06\x07", 3, RO_UNPACK_PIECES + 1);
    tap_is(unpack(&reachout__ask__descriptor, &bytes), RO_BAD_FRAME);
}

static void
test_zero_byte_in_text(void)
{
    tap_is(UNPACK(reachout__ask__descriptor, "\x0a\x09"
                                             "admin\0xyz"),
           RO_BAD_FRAME);
    tap_is(UNPACK(reachout__ask__descriptor, "\x0a\x09"
                                             "adminaxyz"),
           RO_OK);
    /* In bytes a zero is a byte. */
    tap_is(UNPACK(reachout__resend__descriptor, "\x0a\x03"
                                                "a\0b"),
           RO_OK);
}

static void
test_twice(void)
{
    tap_is(UNPACK(reachout__ask__descriptor, "\x0a\x01"
                                             "a"
                                             "\x0a\x01"
                                             "b"),
           RO_BAD_FRAME);
    tap_is(UNPACK(reachout__ask__descriptor, "\x20\x01\x20\x02"), RO_BAD_FRAME);
    tap_is(UNPACK(reachout__content__descriptor, "\x92\x01\x00\x92\x01\x00"),
           RO_BAD_FRAME);
    tap_is(UNPACK(reachout__content__descriptor, "\x92\x01\x00"), RO_OK);
    /* Repeated ones may. */
    tap_is(UNPACK(reachout__content__descriptor, "\x5a\x01"
                                                 "a"
                                                 "\x5a\x01"
                                                 "b"),
           RO_OK);
}

static void
test_varints(void)
{
    const ProtobufCMessageDescriptor *ask = &reachout__ask__descriptor;
    /* within_km = 6, over-long but within ten bytes */
    tap_is(
        unpack_bytes(ask, "\x30\x85\x80\x80\x80\x80\x80\x80\x80\x80\x00", 11),
        RO_OK);
    tap_is(unpack_bytes(ask, "\x30\x85\x80\x80\x80\x80\x80\x80\x80\x80\x80\x00",
                        12),
           RO_BAD_FRAME);
    /* 2^32 + 5 would be read as 5 */
    tap_is(unpack_bytes(ask, "\x30\x85\x80\x80\x80\x10", 6), RO_BAD_FRAME);
    tap_is(unpack_bytes(ask, "\x30\xff\xff\xff\xff\x0f", 6), RO_OK);
    /* the tenth byte has one bit */
    tap_is(UNPACK(reachout__resend__descriptor,
                  "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x02"),
           RO_BAD_FRAME);
    tap_is(UNPACK(reachout__resend__descriptor,
                  "\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
           RO_OK);
    /* cut off, in the value and in the tag */
    tap_is(unpack_bytes(ask, "\x30\x85", 2), RO_BAD_FRAME);
    tap_is(unpack_bytes(ask, "\x80", 1), RO_BAD_FRAME);
    /* a truth that is 2 */
    tap_is(UNPACK(reachout__audience__descriptor, "\x18\x02"), RO_BAD_FRAME);
    tap_is(UNPACK(reachout__audience__descriptor, "\x18\x01"), RO_OK);
    /* enums: negative ones are ten bytes, wider ones are refused */
    tap_is(UNPACK(reachout__seat__descriptor,
                  "\x20\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01"),
           RO_OK);
    tap_is(UNPACK(reachout__seat__descriptor, "\x20\x80\x80\x80\x80\x10"),
           RO_BAD_FRAME);
    /* sint32 */
    tap_is(UNPACK(reachout__listing__descriptor, "\x40\xff\xff\xff\xff\x0f"),
           RO_OK);
    tap_is(UNPACK(reachout__listing__descriptor, "\x40\xff\xff\xff\xff\x1f"),
           RO_BAD_FRAME);
}

static void
test_shapes(void)
{
    const ProtobufCMessageDescriptor *ask = &reachout__ask__descriptor;
    tap_is(unpack_bytes(ask,
                        "\x0a\x05"
                        "abc",
                        5),
           RO_BAD_FRAME);
    tap_is(unpack_bytes(ask,
                        "\x0a\xff\xff\xff\xff\x7f"
                        "abc",
                        9),
           RO_BAD_FRAME);
    tap_is(unpack_bytes(ask, "\x02\x00", 2), RO_BAD_FRAME); /* field 0 */
    tap_is(unpack_bytes(ask, "\x0b\x0c", 2), RO_BAD_FRAME); /* a group */
    tap_is(unpack_bytes(ask, "\x08\x01", 2),
           RO_BAD_FRAME); /* number for text */
    tap_is(unpack_bytes(ask,
                        "\x32\x01"
                        "a",
                        3),
           RO_BAD_FRAME); /* and reverse */
    tap_is(unpack_bytes(ask,
                        "\x35"
                        "1234",
                        5),
           RO_BAD_FRAME); /* fixed32 */
    tap_is(unpack_bytes(ask, "\x88\x80\x80\x80\x80\x01\x00", 7), RO_BAD_FRAME);
}

static void
test_packed(void)
{
    RO_AUTOBUF keys = {0};
    RO_AUTOBUF bytes = {0};
    put_times(&keys, "\x07", 1, RO_UNPACK_PIECES);
    put_field(&bytes, 2, keys.data, keys.size);
    tap_is(unpack(&reachout__ack__ask__descriptor, &bytes), RO_OK);
    ro_buf_put_u8(&keys, 7);
    ro_buf_clear(&bytes);
    put_field(&bytes, 2, keys.data, keys.size);
    tap_is(unpack(&reachout__ack__ask__descriptor, &bytes), RO_BAD_FRAME);
    tap_is(UNPACK(reachout__ack__ask__descriptor, "\x12\x02\x07\x80"),
           RO_BAD_FRAME);
    tap_is(UNPACK(reachout__ack__ask__descriptor, "\x10\x07\x10\x08"), RO_OK);
}

static void
test_more(void)
{
    ProtobufCMessage *one = NULL;
    ProtobufCMessage *two = NULL;
    struct ro_bytes a = {(const uint8_t *)"\x0a\x03one", 5};
    struct ro_bytes b = {(const uint8_t *)"\x0a\x03two", 5};
    tap_is(ro_unpack(&reachout__say__descriptor, a, arena, &one), RO_OK);
    tap_is(ro_unpack_more(&reachout__say__descriptor, b, arena, &two), RO_OK);
    tap_need(one != NULL && two != NULL);
    tap_ok(strcmp(((Reachout__Say *)one)->text, "one") == 0);
    tap_ok(strcmp(((Reachout__Say *)two)->text, "two") == 0);
}

int
main(void)
{
    arena = ro_arena_new(65536, RO_UNPACK_PIECES);
    tap_need(arena != NULL);
    tap_run(test_round_trip);
    tap_run(test_empty_message);
    tap_run(test_depth);
    tap_run(test_nested_bomb);
    tap_run(test_empty_submessages);
    tap_run(test_amplification);
    tap_run(test_unknown_fields);
    tap_run(test_zero_byte_in_text);
    tap_run(test_twice);
    tap_run(test_varints);
    tap_run(test_shapes);
    tap_run(test_packed);
    tap_run(test_more);
    ro_arena_free(arena);
    return tap_done();
}

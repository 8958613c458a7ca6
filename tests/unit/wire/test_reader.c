/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The reader alone: signed containers are taken apart with nothing behind it.
 * Inputs lie at the end of memory of exactly their size, so that one byte too
 * many is seen under the address sanitizer; and a refusal is a refusal here.
 */
#include "common/wire/reader.h"

#include "tests/support/tap.h"

/* A copy of exactly `size` bytes; the caller frees it. */
static uint8_t *
exact(const void *data, size_t size)
{
    uint8_t *copy = malloc(size > 0 ? size : 1);
    tap_need(copy != NULL);
    memcpy(copy, data, size);
    return copy;
}

static enum ro_status
next_of(const void *data, size_t size, struct ro_wire_field *ret_field)
{
    uint8_t *copy = exact(data, size);
    struct ro_reader reader = ro_reader_of((struct ro_bytes){copy, size});
    enum ro_status status = ro_reader_next(&reader, ret_field);
    if (status == RO_OK)
        tap_ok(ro_reader_is_done(&reader));
    if (status == RO_OK && ret_field->type == RO_WIRE_BYTES)
        tap_ok(ret_field->bytes.data + ret_field->bytes.size == copy + size);
    ret_field->bytes.data = NULL;
    free(copy);
    return status;
}

#define NEXT(literal, field) next_of((literal), sizeof(literal) - 1, (field))

static void
test_values(void)
{
    struct ro_wire_field f = {0};
    tap_is(NEXT("\x08\x96\x01", &f), RO_OK);
    tap_ok(f.number == 1 && f.type == RO_WIRE_VARINT && f.value == 150);
    tap_is(NEXT("\x10\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &f), RO_OK);
    tap_ok(f.number == 2 && f.value == UINT64_MAX);
    tap_is(NEXT("\x19\x01\x02\x03\x04\x05\x06\x07\x08", &f), RO_OK);
    tap_ok(f.type == RO_WIRE_FIXED64 && f.value == 0x0807060504030201);
    tap_is(NEXT("\x25\x01\x02\x03\x04", &f), RO_OK);
    tap_ok(f.type == RO_WIRE_FIXED32 && f.value == 0x04030201);
    tap_is(NEXT("\x2a\x03"
                "abc",
                &f),
           RO_OK);
    tap_ok(f.number == 5 && f.type == RO_WIRE_BYTES && f.bytes.size == 3);
    tap_is(NEXT("\x2a\x00", &f), RO_OK);
    tap_ok(f.bytes.size == 0);
    /* the highest number of a field */
    tap_is(NEXT("\xf8\xff\xff\xff\x0f\x07", &f), RO_OK);
    tap_ok(f.number == 0x1fffffff);
}

static void
test_refused(void)
{
    struct ro_wire_field f = {0};
    tap_is(NEXT("\x80", &f), RO_BAD_FRAME);     /* tag cut off */
    tap_is(NEXT("\x08", &f), RO_BAD_FRAME);     /* no value */
    tap_is(NEXT("\x08\x80", &f), RO_BAD_FRAME); /* half a value */
    tap_is(NEXT("\x00\x01", &f), RO_BAD_FRAME); /* number 0 */
    tap_is(NEXT("\x02\x00", &f), RO_BAD_FRAME); /* the same */
    tap_is(NEXT("\x88\x80\x80\x80\x10\x01", &f), RO_BAD_FRAME); /* 33 bits */
    tap_is(NEXT("\x0b", &f), RO_BAD_FRAME);                     /* group */
    tap_is(NEXT("\x0c", &f), RO_BAD_FRAME);                     /* its end */
    tap_is(NEXT("\x0e", &f), RO_BAD_FRAME);                     /* type 6 */
    tap_is(NEXT("\x0f", &f), RO_BAD_FRAME);                     /* type 7 */
    tap_is(NEXT("\x19\x01\x02\x03\x04\x05\x06\x07", &f), RO_BAD_FRAME);
    tap_is(NEXT("\x25\x01\x02\x03", &f), RO_BAD_FRAME);
    tap_is(NEXT("\x2a", &f), RO_BAD_FRAME);
    tap_is(NEXT("\x2a\x04"
                "abc",
                &f),
           RO_BAD_FRAME);
    tap_is(NEXT("\x2a\xff\xff\xff\xff\xff\xff\xff\xff\xff\x01", &f),
           RO_BAD_FRAME);
    tap_is(NEXT("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x02", &f),
           RO_BAD_FRAME);
    tap_is(NEXT("\x08\x80\x80\x80\x80\x80\x80\x80\x80\x80\x80\x01", &f),
           RO_BAD_FRAME);
}

static enum ro_status
find_in(const void *data, size_t size, struct ro_bytes *ret_bytes)
{
    return ro_reader_find((struct ro_bytes){data, size}, 6, ret_bytes);
}

#define FIND(literal) find_in((literal), sizeof(literal) - 1, &found)

static void
test_find(void)
{
    struct ro_bytes found = {0};
    tap_is(FIND("\x08\x01\x32\x02xy\x10\x02"), RO_OK);
    tap_ok(ro_bytes_equal(found, ro_bytes_text("xy")));
    tap_is(FIND("\x08\x01"), RO_BAD_FRAME); /* not there */
    tap_is(FIND(""), RO_BAD_FRAME);
    tap_is(FIND("\x32\x01x\x32\x01y"), RO_BAD_FRAME); /* twice */
    tap_is(FIND("\x30\x01"), RO_BAD_FRAME);           /* a number */
    tap_is(FIND("\x32\x01x\x30\x01"), RO_BAD_FRAME);  /* and both */
    tap_is(FIND("\x32\x01x\x08"), RO_BAD_FRAME);      /* cut off */
}

int
main(void)
{
    tap_run(test_values);
    tap_run(test_refused);
    tap_run(test_find);
    return tap_done();
}

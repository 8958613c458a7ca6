/* SPDX-License-Identifier: Apache-2.0 */
/* The container: what it may hold, and how many must have signed. */
#include "common/wire/signed.h"

#include "tests/support/circle.h"
#include "tests/support/tap.h"

static struct test_circle *circle; /* 2 of 3 */

static const struct ro_bytes body = {(const uint8_t *)"what is said", 12};

static struct ro_signers
signers(void)
{
    return (struct ro_signers){circle->root.keys, 3, 2};
}

/* A listing signed by authority keys `first` and `second`. */
static void
make(uint32_t first, uint32_t second, struct ro_buf *raw)
{
    const struct ro_signing by[] = {
        {circle->authority[first],  RO_LABEL_LISTING, first },
        {circle->authority[second], RO_LABEL_LISTING, second},
    };
    ro_buf_clear(raw);
    test_must(
        ro_signed_make(REACHOUT__SIGNED__KIND__LISTING, body, by, 2, raw));
}

static void
test_round_trip(void)
{
    RO_AUTOBUF raw = {0};
    RO_AUTOBUF again = {0};
    struct ro_signed sig;
    struct ro_signers all = signers();
    make(0, 2, &raw);
    tap_is(ro_signed_open(ro_buf_view(&raw), &sig), RO_OK);
    tap_ok(sig.kind == REACHOUT__SIGNED__KIND__LISTING);
    tap_ok(ro_bytes_equal(sig.body, body));
    tap_ok(sig.body.data > raw.data && sig.body.data < raw.data + raw.size);
    tap_ok(sig.n_signers == 2 && sig.signers[1].index == 2);
    tap_is(ro_signed_check(&sig, &all), RO_OK);
    tap_is(ro_signed_put(&sig, &again), RO_OK);
    tap_ok(ro_bytes_equal(ro_buf_view(&raw), ro_buf_view(&again)));
}

static void
test_threshold(void)
{
    RO_AUTOBUF raw = {0};
    struct ro_signed sig;
    struct ro_signers all = signers();
    make(0, 1, &raw);
    test_must(ro_signed_open(ro_buf_view(&raw), &sig));
    sig.n_signers = 1;
    tap_is(ro_signed_check(&sig, &all), RO_NO_RIGHT);
    tap_is(ro_signed_count(&sig, &all), RO_NO_RIGHT);
    sig.n_signers = 2;
    sig.signers[1] = sig.signers[0];
    tap_is(ro_signed_check(&sig, &all), RO_NO_RIGHT);
    tap_is(ro_signed_count(&sig, &all), RO_NO_RIGHT);
    sig.signers[1].index = 3;
    tap_is(ro_signed_check(&sig, &all), RO_NO_RIGHT);
    sig.signers[1].index = UINT32_MAX;
    tap_is(ro_signed_check(&sig, &all), RO_NO_RIGHT);
    all.threshold = 0;
    sig.n_signers = 0;
    tap_is(ro_signed_check(&sig, &all), RO_NO_RIGHT);
}

/* Three signatures of which one does not hold are worse than two. */
static void
test_every_signature_holds(void)
{
    RO_AUTOBUF raw = {0};
    struct ro_signed sig;
    struct ro_signers all = signers();
    make(0, 1, &raw);
    test_must(ro_signed_open(ro_buf_view(&raw), &sig));
    sig.signers[2] = sig.signers[0];
    sig.signers[2].index = 2;
    sig.n_signers = 3;
    tap_is(ro_signed_check(&sig, &all), RO_BAD_SIGNATURE);
    tap_is(ro_signed_count(&sig, &all), RO_OK);
    sig.n_signers = 2;
    tap_is(ro_signed_check(&sig, &all), RO_OK);
    sig.signers[0].signature.b[0] ^= 1;
    tap_is(ro_signed_check(&sig, &all), RO_BAD_SIGNATURE);
    sig.signers[0].signature.b[0] ^= 1;
    sig.kind = REACHOUT__SIGNED__KIND__MEMBER;
    tap_is(ro_signed_check(&sig, &all), RO_BAD_SIGNATURE);
}

static enum ro_status
open_bytes(const void *data, size_t size)
{
    struct ro_signed sig;
    return ro_signed_open((struct ro_bytes){data, size}, &sig);
}

#define OPEN(literal) open_bytes(literal, sizeof(literal) - 1)
#define SIGNATURE                                                              \
    "\x1a\x44\x08\x00\x12\x40"                                                 \
    "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"

static void
test_form(void)
{
    tap_is(OPEN("\x08\x01\x12\x01x"), RO_OK);
    tap_is(OPEN("\x08\x01\x12\x01x" SIGNATURE), RO_OK);
    tap_is(OPEN(""), RO_BAD_RECORD);
    tap_is(OPEN("\x12\x01x"), RO_BAD_RECORD);         /* no kind */
    tap_is(OPEN("\x08\x01"), RO_BAD_RECORD);          /* no body */
    tap_is(OPEN("\x08\x01\x12\x00"), RO_BAD_RECORD);  /* an empty one */
    tap_is(OPEN("\x08\x00\x12\x01x"), RO_BAD_RECORD); /* kind 0 */
    tap_is(OPEN("\x08\x07\x12\x01x"), RO_BAD_RECORD); /* unknown kind */
    tap_is(OPEN("\x08\x81\x80\x80\x80\x10\x12\x01x"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x08\x01\x12\x01x"), RO_BAD_RECORD); /* twice */
    tap_is(OPEN("\x08\x01\x12\x01x\x12\x01x"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x01x\x20\x01"), RO_BAD_RECORD); /* unknown */
    tap_is(OPEN("\x08\x01\x12\x01x\x22\x01y"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x09x"), RO_BAD_RECORD); /* cut off */
    tap_is(OPEN("\x0a\x01y\x12\x01x"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x01x\x1a\x00"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x01x\x1a\x02\x08\x00"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x01x\x1a\x04\x12\x02xy"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x01x\x1a\x02\x18\x00"), RO_BAD_RECORD);
    tap_is(OPEN("\x08\x01\x12\x01x\x1a\x04\x08\x00\x08\x00"), RO_BAD_RECORD);
}

/* Whether a container with such a signature in it opens: nothing unsigned may
 * ride inside a signature either, and no number has two forms. */
static enum ro_status
open_with(uint8_t number, const void *extra, size_t size)
{
    RO_AUTOBUF raw = {0};
    ro_buf_put(&raw, "\x08\x01\x12\x01x", 5);
    ro_buf_put_u8(&raw, (uint8_t)(number << 3 | 2));
    if (66 + size >= 128) {
        ro_buf_put_u8(&raw, (uint8_t)((66 + size) | 0x80));
        ro_buf_put_u8(&raw, (uint8_t)((66 + size) >> 7));
    } else {
        ro_buf_put_u8(&raw, (uint8_t)(66 + size));
    }
    ro_buf_put(&raw, &SIGNATURE[4], 66);
    ro_buf_put(&raw, extra, size);
    return open_bytes(raw.data, raw.size);
}

#define WITH(number, literal)                                                  \
    open_with((number), (literal), sizeof(literal) - 1)

static void
test_inside_signature(void)
{
    tap_is(WITH(3, ""), RO_OK);
    tap_is(WITH(3, "\x08\x05"), RO_OK);
    tap_is(WITH(4, ""), RO_BAD_RECORD);         /* no field of ours */
    tap_is(WITH(3, "\x18\x00"), RO_BAD_RECORD); /* unknown inside */
    tap_is(WITH(3, "\x1a\x01z"), RO_BAD_RECORD);
    tap_is(WITH(3, "\x98\x06\x00"), RO_BAD_RECORD);
    /* an unknown one that is as long as a signature */
    tap_is(WITH(3, "\x1a\x40"
                   "0123456789abcdef0123456789abcdef"
                   "0123456789abcdef0123456789abcdef"),
           RO_BAD_RECORD);
    tap_is(WITH(3, "\x08\x05\x08\x05"), RO_BAD_RECORD); /* twice */
    tap_is(WITH(3, "\x12\x00"), RO_BAD_RECORD);
    tap_is(WITH(3, "\x08\x80\x80\x80\x80\x10"), RO_BAD_RECORD); /* 2^32 */
    tap_is(WITH(3, "\x0d\x05\x00\x00\x00"), RO_BAD_RECORD);     /* fixed32 */
    tap_is(WITH(3, "\x0a\x01\x05"), RO_BAD_RECORD);             /* bytes */
    tap_is(OPEN("\x0d\x01\x00\x00\x00\x12\x01x"), RO_BAD_RECORD);
}

static void
test_seventeen_signatures(void)
{
    RO_AUTOBUF raw = {0};
    struct ro_signed sig;
    ro_buf_put(&raw, "\x08\x01\x12\x01x", 5);
    for (size_t i = 0; i < RO_SIGNATURES_MAX; i++)
        ro_buf_put(&raw, SIGNATURE, sizeof(SIGNATURE) - 1);
    tap_is(ro_signed_open(ro_buf_view(&raw), &sig), RO_OK);
    ro_buf_put(&raw, SIGNATURE, sizeof(SIGNATURE) - 1);
    tap_is(ro_signed_open(ro_buf_view(&raw), &sig), RO_BAD_RECORD);
    struct ro_signing by[RO_SIGNATURES_MAX + 1] = {0};
    tap_is(ro_signed_make(REACHOUT__SIGNED__KIND__MEMBER, body, by, RO_LEN(by),
                          &raw),
           RO_BAD_INPUT);
}

int
main(void)
{
    circle = test_circle_of(7, 3, 2);
    tap_run(test_round_trip);
    tap_run(test_threshold);
    tap_run(test_every_signature_holds);
    tap_run(test_form);
    tap_run(test_inside_signature);
    tap_run(test_seventeen_signatures);
    test_circle_free(circle);
    return tap_done();
}

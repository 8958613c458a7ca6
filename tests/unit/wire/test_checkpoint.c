/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/checkpoint.h"

#include "tests/support/circle.h"
#include "tests/support/tap.h"

static struct test_circle *circle;
static struct ro_buf raw;

static enum ro_status
open_raw(struct ro_checkpoint *point)
{
    return ro_checkpoint_open(ro_buf_view(&raw), &circle->id,
                              ro_keypair_public(circle->broker_signing), point);
}

static void
test_round_trip(void)
{
    struct ro_checkpoint point;
    struct ro_hash head;
    test_circle_checkpoint(circle, 498055, &raw);
    tap_ok(raw.size <= RO_CHECKPOINT_LIMIT);
    tap_is(open_raw(&point), RO_OK);
    tap_ok(ro_circle_id_equal(&point.circle, &circle->id));
    tap_ok(point.slot == 498055 && point.size == circle->n_records);
    test_must(ro_directory_head(circle->directory, point.size, &head));
    tap_ok(memcmp(head.b, point.head.b, RO_HASH_SIZE) == 0);
}

static void
test_refused(void)
{
    struct ro_checkpoint point;
    struct ro_circle_id other = {{1}};
    test_circle_checkpoint(circle, 1, &raw);
    tap_is(ro_checkpoint_open(ro_buf_view(&raw), &other,
                              ro_keypair_public(circle->broker_signing),
                              &point),
           RO_BAD_RECORD);
    tap_is(ro_checkpoint_open(ro_buf_view(&raw), &circle->id,
                              ro_keypair_public(circle->mailbox), &point),
           RO_BAD_SIGNATURE);
    for (size_t i = 0; i < raw.size; i++) {
        raw.data[i] ^= 1;
        if (open_raw(&point) == RO_OK)
            tap_say(false, "a changed byte is seen");
        raw.data[i] ^= 1;
    }
    tap_is(open_raw(&point), RO_OK);
    struct ro_signed sig;
    RO_AUTOBUF kept = {0};
    ro_buf_put(&kept, raw.data, raw.size);
    test_must(ro_signed_open(ro_buf_view(&kept), &sig));
    sig.n_signers = 0;
    ro_buf_clear(&raw);
    test_must(ro_signed_put(&sig, &raw));
    tap_is(open_raw(&point), RO_BAD_RECORD);
    sig.n_signers = 1;
    sig.signers[0].index = 1;
    ro_buf_clear(&raw);
    test_must(ro_signed_put(&sig, &raw));
    tap_is(open_raw(&point), RO_BAD_RECORD);
}

static void
sign(const Reachout__Checkpoint *message, size_t padding)
{
    RO_AUTOBUF body = {0};
    struct ro_signing by = {circle->broker_signing, RO_LABEL_CHECKPOINT, 0};
    test_must(ro_pack(&message->base, &body));
    if (padding > 0) {
        static const uint8_t zeros[600];
        ro_buf_put_u8(&body, 0x7a); /* an unknown field 15 */
        ro_buf_put_u8(&body, (uint8_t)(padding | 0x80));
        ro_buf_put_u8(&body, (uint8_t)(padding >> 7));
        ro_buf_put(&body, zeros, padding);
    }
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__CHECKPOINT,
                             ro_buf_view(&body), &by, 1, &raw));
}

static void
test_fields(void)
{
    struct ro_checkpoint point;
    static const uint8_t hash[32];
    Reachout__Checkpoint good = REACHOUT__CHECKPOINT__INIT;
    good.has_circle = good.has_slot = good.has_size = 1;
    good.has_head = good.has_notices = 1;
    good.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    good.head = ro_as_field((struct ro_bytes){hash, 32});
    good.notices = good.head;
    sign(&good, 0);
    tap_is(open_raw(&point), RO_OK);
    sign(&good, 200);
    tap_is(open_raw(&point), RO_OK);
    sign(&good, 400);
    tap_is(open_raw(&point), RO_BAD_RECORD);
    for (int field = 0; field < 5; field++) {
        Reachout__Checkpoint m = good;
        m.has_circle = field != 0;
        m.has_slot = field != 1;
        m.has_size = field != 2;
        m.has_head = field != 3;
        m.has_notices = field != 4;
        sign(&m, 0);
        tap_is(open_raw(&point), RO_BAD_RECORD);
    }
    good.head.len = 31;
    sign(&good, 0);
    tap_is(open_raw(&point), RO_BAD_RECORD);
}

static void
test_agrees(void)
{
    struct ro_checkpoint point;
    struct test_circle *other = test_circle_open(50, 2);
    test_circle_checkpoint(circle, 7, &raw);
    test_must(open_raw(&point));
    tap_is(ro_checkpoint_agrees(&point, circle->directory), RO_OK);
    test_circle_school(circle, TEST_FIRST_URN + 5);
    tap_is(ro_checkpoint_agrees(&point, circle->directory), RO_OK);
    point.size++;
    tap_is(ro_checkpoint_agrees(&point, circle->directory), RO_FORKED);
    point.size = 100;
    tap_is(ro_checkpoint_agrees(&point, circle->directory), RO_OK);
    point.size = UINT64_MAX;
    tap_is(ro_checkpoint_agrees(&point, circle->directory), RO_OK);
    test_must(open_raw(&point));
    test_circle_school(other, TEST_FIRST_URN + 6);
    tap_ok(other->n_records > point.size);
    point.head.b[0] ^= 1;
    tap_is(ro_checkpoint_agrees(&point, other->directory), RO_FORKED);
    test_circle_free(other);
}

static void
test_compare(void)
{
    struct ro_checkpoint a;
    test_circle_checkpoint(circle, 7, &raw);
    test_must(open_raw(&a));
    struct ro_checkpoint b = a;
    tap_is(ro_checkpoint_compare(&a, &b), RO_OK);
    b.notices.b[3] ^= 1;
    tap_is(ro_checkpoint_compare(&a, &b), RO_FORKED);
    b.slot = 8;
    tap_is(ro_checkpoint_compare(&a, &b), RO_OK);
    b = a;
    b.size++;
    tap_is(ro_checkpoint_compare(&a, &b), RO_FORKED);
    b.head.b[31] ^= 1;
    b.slot = 8;
    tap_is(ro_checkpoint_compare(&a, &b), RO_OK);
    b.size = a.size;
    tap_is(ro_checkpoint_compare(&a, &b), RO_FORKED);
}

int
main(void)
{
    circle = test_circle_open(50, 2);
    tap_run(test_round_trip);
    tap_run(test_refused);
    tap_run(test_fields);
    tap_run(test_agrees);
    tap_run(test_compare);
    ro_buf_fini(&raw);
    test_circle_free(circle);
    return tap_done();
}

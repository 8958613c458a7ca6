/* SPDX-License-Identifier: Apache-2.0 */
/* The expected values were made with Python's hashlib.blake2b. */
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "tests/unit/crypto/support.h"

struct scene {
    struct ro_key keys[2];
    struct ro_circle_id circle;
    struct ro_member_id one, other;
    struct ro_request_id request;
};

static struct scene
scene(void)
{
    struct scene s;
    count_up(0x10, s.keys[0].b, 32);
    count_up(0x50, s.keys[1].b, 32);
    count_up(0x01, s.circle.b, 16);
    count_up(0x20, s.one.b, 16);
    count_up(0x18, s.other.b, 16);
    count_up(0x90, s.request.b, 16);
    return s;
}

static void
test_ids_of_keys(void)
{
    struct scene s = scene();
    struct ro_seat_id seat;
    struct ro_member_id member;
    struct ro_circle_id circle, changed;
    ro_seat_id_of(&s.keys[0], &seat);
    tap_ok(is_hex(seat.b, 16, "1308bed092d2de082ddb8d12568895e7"));
    ro_member_id_of(&s.circle, &s.keys[0], &member);
    tap_ok(is_hex(member.b, 16, "424a8641708b2cab25428c4ac72e4667"));
    ro_circle_id_of(s.keys, 2, 2, &circle);
    tap_ok(is_hex(circle.b, 16, "11f3799ca3773525f1c73089b0db075f"));
    ro_circle_id_of(s.keys, 2, 1, &changed);
    tap_say(!ro_circle_id_equal(&circle, &changed), "the threshold counts");
    ro_circle_id_of(s.keys, 1, 2, &changed);
    tap_say(!ro_circle_id_equal(&circle, &changed), "every key counts");
}

static void
test_thread_id(void)
{
    struct scene s = scene();
    struct ro_thread_id one, other;
    ro_thread_id_of(&s.request, &s.one, &s.other, &one);
    ro_thread_id_of(&s.request, &s.other, &s.one, &other);
    tap_ok(is_hex(one.b, 16, "cfb3bc61df5ef95e36be85f84ab002f6"));
    tap_say(ro_thread_id_equal(&one, &other), "both sides have one id");
    s.request.b[15] ^= 1;
    ro_thread_id_of(&s.request, &s.one, &s.other, &other);
    tap_ok(!ro_thread_id_equal(&one, &other));
}

static void
test_message_and_envelope_ids(void)
{
    uint8_t reference[RO_REFERENCE_SIZE];
    count_up(0, reference, sizeof(reference));
    struct ro_message_id message;
    ro_message_id_of(reference, ro_bytes_text("the body"), &message);
    tap_ok(is_hex(message.b, 16, "2504aec44deace8b581d978eebeb33fc"));

    struct ro_seat_id mailbox;
    struct ro_hash body_hash;
    struct ro_envelope_id envelope;
    count_up(0x20, mailbox.b, 16);
    count_up(0x30, body_hash.b, 32);
    ro_envelope_id_of(&mailbox, &body_hash, ro_bytes_text("the wrap"),
                      &envelope);
    tap_ok(is_hex(envelope.b, 16, "d905c395004f7f42c2055d541346592d"));
}

static void
test_recipients_hash(void)
{
    static const char expected[] =
        "b9587a4c8b0e7720daf99b64ff7ddf907f59a9d2ce250f0ac4297fc39042a57f";
    struct ro_seat_id seats[2];
    struct ro_hash hash, none;
    count_up(0x20, seats[0].b, 16);
    count_up(0x18, seats[1].b, 16);
    ro_recipients_hash(seats, 2, &hash);
    tap_ok(is_hex(hash.b, 32, expected));
    tap_say(seats[0].b[0] == 0x18 && seats[1].b[0] == 0x20, "sorted in place");
    ro_recipients_hash(seats, 2, &hash);
    tap_ok(is_hex(hash.b, 32, expected));
    ro_recipients_hash(seats, 1, &hash);
    tap_ok(!is_hex(hash.b, 32, expected));
    ro_recipients_hash(NULL, 0, &none);
    tap_ok(memcmp(hash.b, none.b, 32) != 0);
}

static void
test_body_hash(void)
{
    struct ro_hash hash;
    ro_body_hash(ro_bytes_text("the body"), &hash);
    tap_ok(is_hex(hash.b, 32,
                  "360250dfe2c870cba1ebfb467522c026"
                  "c6cef8bc994e451f4a66ac88e49013d8"));
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_ids_of_keys);
    tap_run(test_thread_id);
    tap_run(test_message_and_envelope_ids);
    tap_run(test_recipients_hash);
    tap_run(test_body_hash);
    return tap_done();
}

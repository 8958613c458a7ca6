/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/door.h"
#include "common/crypto/hash.h"
#include "common/crypto/sign.h"
#include "tests/unit/crypto/support.h"

/* The expected value was made with Python's hmac and hashlib. */
static void
test_door_proof(void)
{
    uint8_t psk[32];
    struct ro_key broker, own;
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    count_up(0xa0, psk, sizeof(psk));
    count_up(0x10, broker.b, sizeof(broker.b));
    count_up(0x50, own.b, sizeof(own.b));
    static const char expected[] =
        "ed04db259f20c2ad3d2d111b3eed22c59d5ee9d1767b15d93f93942b2775c263";
    ro_door_proof(psk, &broker, &own, proof);
    tap_ok(is_hex(proof, sizeof(proof), expected));

    ro_door_proof(psk, &own, &broker, proof);
    tap_say(!is_hex(proof, sizeof(proof), expected), "each key has its place");
    own.b[31] ^= 1;
    ro_door_proof(psk, &broker, &own, proof);
    tap_say(!is_hex(proof, sizeof(proof), expected), "own key counts");
    own.b[31] ^= 1;
    broker.b[0] ^= 1;
    ro_door_proof(psk, &broker, &own, proof);
    tap_say(!is_hex(proof, sizeof(proof), expected), "broker key counts");
    broker.b[0] ^= 1;
    psk[31] ^= 1;
    ro_door_proof(psk, &broker, &own, proof);
    tap_say(!is_hex(proof, sizeof(proof), expected), "PSK counts");
}

static void
test_mailbox_proof(void)
{
    struct ro_key broker, own;
    struct ro_seat_id mailbox;
    uint8_t message[RO_MAILBOX_PROOF_SIZE];
    uint8_t expected[RO_MAILBOX_PROOF_SIZE];
    count_up(0, broker.b, 32);
    count_up(32, own.b, 32);
    count_up(64, mailbox.b, 16);
    count_up(0, expected, sizeof(expected));
    ro_mailbox_proof_message(&broker, &own, &mailbox, message);
    tap_ok(memcmp(message, expected, sizeof(message)) == 0);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_door_proof);
    tap_run(test_mailbox_proof);
    return tap_done();
}

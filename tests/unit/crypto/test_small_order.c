/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of small order: our list holds exactly those with which libsodium's
 * X25519 gives zeros, whatever their top bit says. */
#include "common/crypto/sign.h"

#include <sodium.h>

#include "support/tap.h"

static const char *const small[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

static bool
leads_anywhere(const uint8_t key[static RO_KEY_SIZE])
{
    static const uint8_t scalar[RO_KEY_SIZE] = {9, 8, 7, 6, 5};
    uint8_t product[RO_KEY_SIZE];
    return crypto_scalarmult(product, scalar, key) == 0;
}

static void
test_small(void)
{
    for (size_t i = 0; i < RO_LEN(small); i++) {
        uint8_t key[RO_KEY_SIZE];
        tap_need(ro_unhex(small[i], key, sizeof(key)) == RO_OK);
        tap_say(!leads_anywhere(key), "libsodium refuses it");
        tap_say(!ro_x25519_is_sound(key), "and so do we");
        key[RO_KEY_SIZE - 1] |= 0x80;
        tap_say(!ro_x25519_is_sound(key), "its top bit does not matter");
    }
}

static void
test_honest(void)
{
    struct ro_entropy_seeded seed = {.state = 9180};
    struct ro_entropy entropy = ro_entropy_of(&seed);
    for (int i = 0; i < 50; i++) {
        RO_CLEANUP(ro_keypair_freep)
        struct ro_keypair *pair = ro_keypair_new(&entropy);
        tap_need(pair != NULL);
        const uint8_t *key = ro_keypair_x25519(pair)->b;
        tap_ok(ro_x25519_is_sound(key) && leads_anywhere(key));
    }
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_small);
    tap_run(test_honest);
    return tap_done();
}

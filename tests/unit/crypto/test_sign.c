/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/sign.h"
#include "tests/unit/crypto/support.h"

/* RFC 8032 section 7.1, TEST 1, 2, 3 and SHA(abc): from seed to public key. */
static const char *const ed25519_pairs[][2] = {
    {"9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60",
     "d75a980182b10ab7d54bfed3c964073a0ee172f3daa62325af021a68f707511a"},
    {"4ccd089b28ff96da9db6c346ec114e0f5b8a319f35aba624da8cf6ed4fb8a6fb",
     "3d4017c3e843895a92b70aa74d1b7ebc9c982ccf2ec4968cc0cd55f12af4660c"},
    {"c5aa8df43f9f837bedb7442f31dcb7b166d38535076f094b85ce3a2e0b4458f7",
     "fc51cd8e6218a1a38da47ed00230f0580816ed13ba3303ac5deb911548908025"},
    {"833fe62409237b9d62ec77587520911e9a759cec1d19755b7da901b96dca3d42",
     "ec172b93ad5e563bf4932c70e1245034c35467ef2efd4d64ebf819683467e2bf"},
};

/* The key of TEST 1, and what Python's cryptography 48 signs with it: the
 * label of charters, its zero, "a message". */
static const char charter_seed[] =
    "9d61b19deffd5a60ba844af492ec2cc44449c5697b326919703bac031cae7f60";
static const char charter_signature[] =
    "99cf9e817d4a1573072162106ee3b98346ff685250780187e1d72b8ed7da6ad8"
    "a358f97f80747542f482953a0944897243cc017677f8dd523d207cc255eb1609";

static struct ro_keypair *
pair_of(const char *seed_hex)
{
    struct hex_bytes seed = from_hex(seed_hex);
    struct ro_keypair *pair = ro_keypair_from_seed(seed.b);
    tap_need(pair != NULL);
    return pair;
}

static void
test_key_pairs(void)
{
    for (size_t i = 0; i < RO_LEN(ed25519_pairs); i++) {
        RO_CLEANUP(ro_keypair_freep)
        struct ro_keypair *pair = pair_of(ed25519_pairs[i][0]);
        tap_ok(is_hex(ro_keypair_public(pair)->b, 32, ed25519_pairs[i][1]));
        tap_ok(is_hex(ro_keypair_seed(pair), 32, ed25519_pairs[i][0]));
    }
    struct ro_entropy_seeded seeded = {8};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *one = ro_keypair_new(&entropy);
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *two = ro_keypair_new(&entropy);
    tap_need(one != NULL && two != NULL);
    tap_ok(memcmp(ro_keypair_public(one)->b, ro_keypair_public(two)->b, 32) !=
           0);
    ro_keypair_free(NULL);
}

/* Made with Python's cryptography: X25519 of the clamped SHA-512 of the seed,
 * which is also (1 + y) / (1 - y). */
static void
test_x25519_form(void)
{
    uint8_t seed[RO_SEED_SIZE];
    count_up(0x01, seed, sizeof(seed));
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = ro_keypair_from_seed(seed);
    tap_need(pair != NULL);
    tap_ok(is_hex(ro_keypair_public(pair)->b, 32,
                  "79b5562e8fe654f94078b112e8a98ba7"
                  "901f853ae695bed7e0e3910bad049664"));
    tap_ok(is_hex(ro_keypair_x25519(pair)->b, 32,
                  "4a3807d064d077181cc070989e76891d"
                  "20dca5559548dc2c77c1a50273882b38"));
    struct ro_key converted;
    tap_is(ro_key_to_x25519(ro_keypair_public(pair), &converted), RO_OK);
    tap_ok(memcmp(converted.b, ro_keypair_x25519(pair)->b, 32) == 0);
    const uint8_t *scalar = ro_keypair_x25519_secret(pair);
    tap_ok((scalar[0] & 7) == 0 && (scalar[31] & 0xc0) == 0x40);
}

/* All encodings of points of order 1, 2, 4 and 8; a form that is not canonical
 * of each point that has one (y from p to p + 18); no point of the curve. */
static const char *const bad_keys[] = {
    "0100000000000000000000000000000000000000000000000000000000000000",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05",
    "26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc85",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a",
    "c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac03fa",
    "0100000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "f0ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f1ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "f2ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f3ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "f6ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "f7ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "fbffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "fcffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "fdffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "ffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
    "0200000000000000000000000000000000000000000000000000000000000000",
};

static void
test_bad_keys_are_refused(void)
{
    for (size_t i = 0; i < RO_LEN(bad_keys); i++) {
        struct hex_bytes bytes = from_hex(bad_keys[i]);
        struct ro_key bad;
        struct ro_key untouched = {{7}};
        memcpy(bad.b, bytes.b, sizeof(bad.b));
        tap_is(ro_key_to_x25519(&bad, &untouched), RO_BAD_INPUT);
        tap_ok(untouched.b[0] == 7);
        /* R = identity, S = 0: what a key of small order would accept */
        struct ro_signature forged = {{1}};
        tap_is(ro_verify(&bad, RO_LABEL_SEAT, ro_bytes_text("x"), &forged),
               RO_BAD_SIGNATURE);
    }
}

/* P + (0, -1) = (-x, -y): on the curve, canonical, not of small order, and
 * outside the main subgroup; found by RFC 8032's p = 2^255 - 19. */
static void
test_mixed_order_key_is_refused(void)
{
    static const uint8_t p[32] = {
        0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
        0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f};
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = pair_of(ed25519_pairs[0][0]);
    struct ro_key mixed = *ro_keypair_public(pair);
    struct ro_key converted;
    uint8_t sign = mixed.b[31] & 0x80;
    mixed.b[31] &= 0x7f;
    int borrow = 0;
    for (size_t i = 0; i < 32; i++) {
        int digit = p[i] - mixed.b[i] - borrow;
        borrow = digit < 0;
        mixed.b[i] = (uint8_t)(digit & 0xff);
    }
    mixed.b[31] |= sign ^ 0x80;
    tap_is(ro_key_to_x25519(&mixed, &converted), RO_BAD_INPUT);
}

static void
test_known_signature(void)
{
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = pair_of(charter_seed);
    struct ro_signature signature;
    ro_sign(pair, RO_LABEL_CHARTER, ro_bytes_text("a message"), &signature);
    tap_ok(is_hex(signature.b, 64, charter_signature));
    tap_is(ro_verify(ro_keypair_public(pair), RO_LABEL_CHARTER,
                     ro_bytes_text("a message"), &signature),
           RO_OK);
}

static void
test_each_flipped_bit_is_refused(void)
{
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = pair_of(charter_seed);
    uint8_t message[40];
    struct ro_bytes bytes = {message, sizeof(message)};
    struct ro_signature signature;
    struct ro_key key = *ro_keypair_public(pair);
    count_up(0, message, sizeof(message));
    ro_sign(pair, RO_LABEL_TICKET, bytes, &signature);
    uint8_t *const parts[] = {message, signature.b, key.b};
    const size_t sizes[] = {sizeof(message), 64, 32};
    for (size_t part = 0; part < RO_LEN(parts); part++) {
        size_t refused = 0;
        for (size_t at = 0; at < sizes[part]; at++) {
            parts[part][at] ^= (uint8_t)(1u << at % 8);
            refused += ro_verify(&key, RO_LABEL_TICKET, bytes, &signature) ==
                       RO_BAD_SIGNATURE;
            parts[part][at] ^= (uint8_t)(1u << at % 8);
        }
        tap_ok(refused == sizes[part]);
    }
    tap_is(ro_verify(&key, RO_LABEL_TICKET, bytes, &signature), RO_OK);
    bytes.size--;
    tap_is(ro_verify(&key, RO_LABEL_TICKET, bytes, &signature),
           RO_BAD_SIGNATURE);
}

/* The same message under every label, tried in the verifier of every label. */
static void
test_labels_do_not_mix(void)
{
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = pair_of(charter_seed);
    struct ro_bytes message = ro_bytes_text("one message, many purposes");
    const struct ro_key *key = ro_keypair_public(pair);
    size_t own = 0;
    size_t foreign = 0;
    for (enum ro_label as = 0; as < RO_LABEL_COUNT; as++) {
        struct ro_signature signature;
        ro_sign(pair, as, message, &signature);
        for (enum ro_label in = 0; in < RO_LABEL_COUNT; in++) {
            bool holds = ro_verify(key, in, message, &signature) == RO_OK;
            own += holds && as == in;
            foreign += holds && as != in;
        }
    }
    tap_say(own == RO_LABEL_COUNT, "each signature holds under its label");
    tap_say(foreign == 0, "and under no other");
}

static void
test_limits(void)
{
    static uint8_t large[2 * RO_SIGN_LIMIT];
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = pair_of(charter_seed);
    const struct ro_key *key = ro_keypair_public(pair);
    struct ro_signature signature;
    struct ro_bytes most = {large, RO_SIGN_LIMIT};
    struct ro_bytes more = {large, RO_SIGN_LIMIT + 1};
    struct ro_bytes far_more = {large, sizeof(large)};
    struct ro_bytes none = {NULL, 0};
    ro_sign(pair, RO_LABEL_SEAT_TRANSPORT, most, &signature);
    tap_is(ro_verify(key, RO_LABEL_SEAT_TRANSPORT, most, &signature), RO_OK);
    tap_is(ro_verify(key, RO_LABEL_SEAT_TRANSPORT, more, &signature),
           RO_BAD_SIGNATURE);
    tap_is(ro_verify(key, RO_LABEL_SEAT_TRANSPORT, far_more, &signature),
           RO_BAD_SIGNATURE);
    ro_sign(pair, RO_LABEL_MEMBER, none, &signature);
    tap_is(ro_verify(key, RO_LABEL_MEMBER, none, &signature), RO_OK);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_key_pairs);
    tap_run(test_x25519_form);
    tap_run(test_bad_keys_are_refused);
    tap_run(test_mixed_order_key_is_refused);
    tap_run(test_known_signature);
    tap_run(test_each_flipped_bit_is_refused);
    tap_run(test_labels_do_not_mix);
    tap_run(test_limits);
    return tap_done();
}

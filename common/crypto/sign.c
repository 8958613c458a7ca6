/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/sign.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/crypto/wipe.h"

/* Label and message have to stand in one piece for Ed25519, which reads them
 * twice; on the stack, so that signing cannot fail for want of memory. */
#define LONGEST_LABEL 64
#define PIECE_SIZE (LONGEST_LABEL + RO_SIGN_LIMIT)

#define X(name, text)                                                          \
    static_assert(sizeof(text) <= LONGEST_LABEL, "label " #name);
#include "common/crypto/labels.def"
#undef X

/* In secret memory. */
struct secret_half {
    uint8_t ed25519[crypto_sign_SECRETKEYBYTES]; /* seed, then public key */
    uint8_t x25519[crypto_scalarmult_SCALARBYTES];
};

struct ro_keypair {
    struct secret_half *secret;
    struct ro_key ed25519;
    struct ro_key x25519;
};

struct ro_keypair *
ro_keypair_from_seed(const uint8_t seed[static RO_SEED_SIZE])
{
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = calloc(1, sizeof(*pair));
    if (pair == NULL)
        return NULL;
    pair->secret = sodium_malloc(sizeof(*pair->secret));
    if (pair->secret == NULL)
        return NULL;
    if (crypto_sign_seed_keypair(pair->ed25519.b, pair->secret->ed25519,
                                 seed) != 0 ||
        crypto_sign_ed25519_sk_to_curve25519(pair->secret->x25519,
                                             pair->secret->ed25519) != 0 ||
        crypto_sign_ed25519_pk_to_curve25519(pair->x25519.b, pair->ed25519.b) !=
            0)
        return NULL;
    return RO_STEAL(pair);
}

struct ro_keypair *
ro_keypair_new(const struct ro_entropy *entropy)
{
    WIPED_KEY seed;
    ro_entropy_fill(entropy, seed.b, sizeof(seed.b));
    return ro_keypair_from_seed(seed.b);
}

void
ro_keypair_free(struct ro_keypair *pair)
{
    if (pair == NULL)
        return;
    sodium_free(pair->secret);
    free(pair);
}

const uint8_t *
ro_keypair_seed(const struct ro_keypair *pair)
{
    return pair->secret->ed25519;
}

const struct ro_key *
ro_keypair_public(const struct ro_keypair *pair)
{
    return &pair->ed25519;
}

const struct ro_key *
ro_keypair_x25519(const struct ro_keypair *pair)
{
    return &pair->x25519;
}

const uint8_t *
ro_keypair_x25519_secret(const struct ro_keypair *pair)
{
    return pair->secret->x25519;
}

enum ro_status
ro_key_to_x25519(const struct ro_key *ed25519, struct ro_key *ret_x25519)
{
    /* Refuses small orders and all outside the main subgroup, and with them
     * every form that is not canonical: none of those is a point inside. */
    struct ro_key x25519;
    if (crypto_sign_ed25519_pk_to_curve25519(x25519.b, ed25519->b) != 0)
        return RO_BAD_INPUT;
    *ret_x25519 = x25519;
    return RO_OK;
}

/* Lays label and message out in one piece and returns its size. */
static size_t
join(enum ro_label label,
     struct ro_bytes message,
     uint8_t ret_piece[static PIECE_SIZE])
{
    struct ro_bytes first = ro_label_bytes(label);
    memcpy(ret_piece, first.data, first.size);
    if (message.size > 0)
        memcpy(ret_piece + first.size, message.data, message.size);
    return first.size + message.size;
}

void
ro_sign(const struct ro_keypair *pair,
        enum ro_label label,
        struct ro_bytes message,
        struct ro_signature *ret_signature)
{
    assert(message.size <= RO_SIGN_LIMIT);
    uint8_t piece[PIECE_SIZE];
    size_t size = join(label, message, piece);
    int failed = crypto_sign_detached(ret_signature->b, NULL, piece, size,
                                      pair->secret->ed25519);
    assert(failed == 0);
}

enum ro_status
ro_verify(const struct ro_key *ed25519,
          enum ro_label label,
          struct ro_bytes message,
          const struct ro_signature *signature)
{
    if (message.size > RO_SIGN_LIMIT)
        return RO_BAD_SIGNATURE;
    uint8_t piece[PIECE_SIZE];
    size_t size = join(label, message, piece);
    if (crypto_sign_verify_detached(signature->b, piece, size, ed25519->b) != 0)
        return RO_BAD_SIGNATURE;
    return RO_OK;
}

/* The points with which every exchange gives zeros, as u in little-endian hex
 * with the top bit off, which X25519 leaves out of account; p is 2^255 - 19.
 * They are those of order 2 to 8 on the curve and its twist (RFC 7748, section
 * 6.1), as https://cr.yp.to/ecdh.html lists them. */
static const char *const small_order[] = {
    /* 0, of order 2 */
    "0000000000000000000000000000000000000000000000000000000000000000",
    /* 1, of order 4 */
    "0100000000000000000000000000000000000000000000000000000000000000",
    /* one of order 8 */
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    /* the other one of order 8 */
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    /* p - 1, of order 4 */
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* p, which is 0 */
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    /* p + 1, which is 1 */
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
};

bool
ro_x25519_is_sound(const uint8_t key[static RO_KEY_SIZE])
{
    uint8_t masked[RO_KEY_SIZE];
    char hex[2 * RO_KEY_SIZE + 1];
    memcpy(masked, key, RO_KEY_SIZE);
    masked[RO_KEY_SIZE - 1] &= 0x7f;
    ro_hex(masked, sizeof(masked), hex);
    for (size_t i = 0; i < RO_LEN(small_order); i++) {
        if (strcmp(hex, small_order[i]) == 0)
            return false;
    }
    return true;
}

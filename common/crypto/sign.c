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

bool
ro_x25519_is_sound(const uint8_t key[static RO_KEY_SIZE])
{
    /* 0, 1, the two points of order 8, p - 1, p, p + 1; the top bit of a key
     * does not count */
    static const uint8_t small[][RO_KEY_SIZE] = {
        {0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0,    0,    0,    0,
         0,                                                                                                 0,    0,    0,    0,    0,    0, 0,    0,    0,    0,    0,    0,    0,    0,    0   },
        {0x01, 0,    0,    0,    0,    0,    0,    0,    0,    0,    0,    0, 0,    0,    0,    0,
         0,                                                                                                 0,    0,    0,    0,    0,    0, 0,    0,    0,    0,    0,    0,    0,    0,    0   },
        {0xe0, 0xeb, 0x7a, 0x7c, 0x3b, 0x41, 0xb8, 0xae, 0x16, 0x56, 0xe3,
         0xfa,                                                                0xf1, 0x9f, 0xc4, 0x6a, 0xda, 0x09, 0x8d, 0xeb, 0x9c, 0x32,
         0xb1,                                                                                                                               0xfd, 0x86, 0x62, 0x05, 0x16, 0x5f, 0x49, 0xb8, 0   },
        {0x5f, 0x9c, 0x95, 0xbc, 0xa3, 0x50, 0x8c, 0x24, 0xb1, 0xd0, 0xb1,
         0x55,                                                                0x9c, 0x83, 0xef, 0x5b, 0x04, 0x44, 0x5c, 0xc4, 0x58, 0x1c,
         0x8e,                                                                                                                               0x86, 0xd8, 0x22, 0x4e, 0xdd, 0xd0, 0x9f, 0x11, 0x57},
        {0xec, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff,                                                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff,                                                                                                                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xed, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff,                                                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff,                                                                                                                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
        {0xee, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff,                                                                0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff,
         0xff,                                                                                                                               0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x7f},
    };
    uint8_t masked[RO_KEY_SIZE];
    memcpy(masked, key, RO_KEY_SIZE);
    masked[RO_KEY_SIZE - 1] &= 0x7f;
    for (size_t i = 0; i < RO_LEN(small); i++) {
        if (memcmp(masked, small[i], RO_KEY_SIZE) == 0)
            return false;
    }
    return true;
}

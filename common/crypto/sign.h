/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Key pairs and labelled signatures. Every key pair of ours is born as
 * Ed25519 (RFC 8032) from a 32-byte seed; X25519 and CURVE keys derive from
 * it by the birational map, so that each can prove its possession by signing.
 */
#ifndef RO_CRYPTO_SIGN_H
#define RO_CRYPTO_SIGN_H

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "common/base/ids.h"
#include "common/crypto/hash.h"
#include "common/crypto/secret.h"

#define RO_SEED_SIZE 32
/* Bytes of the longest message that can be signed: a whole frame. */
#define RO_SIGN_LIMIT ((size_t)98304)

/* An Ed25519 key pair; opaque, its secret half in secret memory. */
struct ro_keypair;

/* A new random pair; NULL without memory. */
struct ro_keypair *ro_keypair_new(const struct ro_entropy *entropy);

/* The pair of a seed; NULL without memory. */
struct ro_keypair *
ro_keypair_from_seed(const uint8_t seed[static RO_SEED_SIZE]);

/* Wipes and releases; accepts NULL. */
void ro_keypair_free(struct ro_keypair *pair);
RO_DEFINE_AUTO(ro_keypair, ro_keypair_free)

/* The seed, to be kept in a vault; 32 bytes, valid as long as the pair. */
const uint8_t *ro_keypair_seed(const struct ro_keypair *pair);

/* The public half, as Ed25519. */
const struct ro_key *ro_keypair_public(const struct ro_keypair *pair);

/* The same key as X25519 (RFC 7748). */
const struct ro_key *ro_keypair_x25519(const struct ro_keypair *pair);

/* The X25519 secret scalar; 32 bytes, valid as long as the pair. */
const uint8_t *ro_keypair_x25519_secret(const struct ro_keypair *pair);

/* The X25519 form of a public Ed25519 key. RO_BAD_INPUT for a key that is not
 * canonical, of small order or outside the main subgroup. */
RO_MUST_USE enum ro_status ro_key_to_x25519(const struct ro_key *ed25519,
                                            struct ro_key *ret_x25519);

/* Whether an X25519 public key leads anywhere: false for the points of small
 * order, with which every exchange gives zeros (RFC 7748, section 6.1). */
bool ro_x25519_is_sound(const uint8_t key[static RO_KEY_SIZE]);

/* Signs label and message (RFC 8032 Ed25519 over label ‖ message); at most
 * RO_SIGN_LIMIT bytes of message. */
void ro_sign(const struct ro_keypair *pair,
             enum ro_label label,
             struct ro_bytes message,
             struct ro_signature *ret_signature);

/* RO_OK, or RO_BAD_SIGNATURE (also for a message over the limit and for a key
 * that is not canonical or of small order). */
RO_MUST_USE enum ro_status ro_verify(const struct ro_key *ed25519,
                                     enum ro_label label,
                                     struct ro_bytes message,
                                     const struct ro_signature *signature);

#endif

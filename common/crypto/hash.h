/* SPDX-License-Identifier: Apache-2.0 */
/* Labels, BLAKE2b ids and hashes, HKDF-SHA256, HMAC-SHA256. */
#ifndef RO_CRYPTO_HASH_H
#define RO_CRYPTO_HASH_H

#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"

enum ro_label {
#define X(name, text) RO_LABEL_##name,
#include "common/crypto/labels.def"
#undef X
    RO_LABEL_COUNT
};

/* A label's bytes, its terminating zero included. Static. */
struct ro_bytes ro_label_bytes(enum ro_label label);

/* Prepares libsodium; call once before any other thread starts. RO_IO_FAILED
 * if it refuses. */
RO_MUST_USE enum ro_status ro_crypto_init(void);

/* BLAKE2b (RFC 7693, unkeyed) of label and the parts one after the other, in
 * 16 bytes. Parts of varying length must carry their length or stand
 * last; that is the caller's duty. */
void ro_hash_id(enum ro_label label,
                const struct ro_bytes *parts,
                size_t n_parts,
                uint8_t ret_id[static RO_ID_SIZE]);

/* The same in 32 bytes. */
void ro_hash_256(enum ro_label label,
                 const struct ro_bytes *parts,
                 size_t n_parts,
                 struct ro_hash *ret_hash);

/* A hash that is being made. */
struct ro_hashing {
    _Alignas(64) uint8_t state[384];
};

/* Begins what ro_hash_256 makes in one call, piece by piece. No outcome: it
 * cannot fail. */
void ro_hashing_begin(enum ro_label label, struct ro_hashing *ret_hashing);

/* Adds a piece. */
void ro_hashing_add(struct ro_hashing *hashing, struct ro_bytes bytes);

/* Ends it: the hash of all pieces, one after the other. */
void ro_hashing_end(struct ro_hashing *hashing, struct ro_hash *ret_hash);

/* HMAC-SHA256 (RFC 2104, FIPS 180-4) of the parts one after the other; `key`
 * of any length. */
void ro_hmac_sha256(struct ro_bytes key,
                    const struct ro_bytes *parts,
                    size_t n_parts,
                    uint8_t ret_mac[static 32]);

/* HKDF-SHA256 (RFC 5869): extracts (section 2.2). */
void ro_hkdf_extract(struct ro_bytes salt,
                     struct ro_bytes ikm,
                     uint8_t ret_prk[static 32]);

/* Expands (section 2.3) to `size` bytes, at most 8160. RO_BAD_INPUT above. */
RO_MUST_USE enum ro_status ro_hkdf_expand(const uint8_t prk[static 32],
                                          struct ro_bytes info,
                                          uint8_t *ret_okm,
                                          size_t size);

/* Whether two secrets are equal, in constant time. */
bool ro_equal_secret(const void *a, const void *b, size_t size);

/* Overwrites memory in a way that the compiler keeps. */
void ro_wipe(void *p, size_t size);

/* Standard base64 of binary input, appended to `out` (shown keys, canaries). */
void ro_base64(struct ro_bytes bytes, struct ro_buf *out);

#endif

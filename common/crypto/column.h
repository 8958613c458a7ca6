/* SPDX-License-Identifier: Apache-2.0 */
/* Sealed columns of a vault. */
#ifndef RO_CRYPTO_COLUMN_H
#define RO_CRYPTO_COLUMN_H

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "common/base/status.h"

#define RO_COLUMN_OVERHEAD 40

/* XChaCha20-Poly1305 under `key` with a random nonce; `aad` binds place and
 * generation. Appends nonce ‖ ciphertext ‖ tag, RO_COLUMN_OVERHEAD bytes more
 * than the plaintext, to `ret_sealed`. */
RO_MUST_USE enum ro_status ro_column_seal(const uint8_t key[static 32],
                                          const struct ro_entropy *entropy,
                                          struct ro_bytes aad,
                                          struct ro_bytes plaintext,
                                          struct ro_buf *ret_sealed);

/* Appends the plaintext to `ret_plaintext`. RO_VAULT_DAMAGED when anything
 * does not fit; then nothing is appended. */
RO_MUST_USE enum ro_status ro_column_open(const uint8_t key[static 32],
                                          struct ro_bytes aad,
                                          struct ro_bytes sealed,
                                          struct ro_buf *ret_plaintext);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/column.h"

#include <assert.h>

#include <sodium.h>

#define NONCE_SIZE crypto_aead_xchacha20poly1305_ietf_NPUBBYTES
#define TAG_SIZE crypto_aead_xchacha20poly1305_ietf_ABYTES
static_assert(NONCE_SIZE + TAG_SIZE == RO_COLUMN_OVERHEAD, "overhead");

enum ro_status
ro_column_seal(const uint8_t key[static 32],
               const struct ro_entropy *entropy,
               struct ro_bytes aad,
               struct ro_bytes plaintext,
               struct ro_buf *ret_sealed)
{
    if (plaintext.size > SIZE_MAX / 2)
        return RO_NO_MEMORY;
    size_t size = plaintext.size + RO_COLUMN_OVERHEAD;
    uint8_t *nonce = ro_buf_extend(ret_sealed, size);
    if (nonce == NULL)
        return RO_NO_MEMORY;
    ro_entropy_fill(entropy, nonce, NONCE_SIZE);
    /* fails for no input; an outcome all the same, not an unsealed column */
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        nonce + NONCE_SIZE, NULL, plaintext.data, plaintext.size, aad.data,
        aad.size, NULL, nonce, key);
    if (failed != 0) {
        ret_sealed->size -= size;
        return RO_BAD_INPUT;
    }
    return RO_OK;
}

enum ro_status
ro_column_open(const uint8_t key[static 32],
               struct ro_bytes aad,
               struct ro_bytes sealed,
               struct ro_buf *ret_plaintext)
{
    if (sealed.size < RO_COLUMN_OVERHEAD)
        return RO_VAULT_DAMAGED;
    size_t size = sealed.size - RO_COLUMN_OVERHEAD;
    uint8_t *plain = ro_buf_extend(ret_plaintext, size);
    if (plain == NULL)
        return RO_NO_MEMORY;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        plain, NULL, NULL, sealed.data + NONCE_SIZE, sealed.size - NONCE_SIZE,
        aad.data, aad.size, sealed.data, key);
    if (failed != 0) {
        ret_plaintext->size -= size;
        return RO_VAULT_DAMAGED;
    }
    return RO_OK;
}

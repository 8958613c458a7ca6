/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/hash.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#define HKDF_BLOCK ((size_t)32)
#define HKDF_LIMIT (255 * HKDF_BLOCK)

static const struct ro_bytes labels[] = {
#define X(name, text)                                                          \
    [RO_LABEL_##name] = {(const uint8_t *)(text), sizeof(text)},
#include "common/crypto/labels.def"
#undef X
};
static_assert(RO_LEN(labels) == RO_LABEL_COUNT, "one text a label");

struct ro_bytes
ro_label_bytes(enum ro_label label)
{
    assert(label < RO_LABEL_COUNT);
    return labels[label];
}

enum ro_status
ro_crypto_init(void)
{
    return sodium_init() < 0 ? RO_IO_FAILED : RO_OK;
}

static void
blake2b(enum ro_label label,
        const struct ro_bytes *parts,
        size_t n_parts,
        uint8_t *ret_out,
        size_t size)
{
    crypto_generichash_state state;
    struct ro_bytes first = ro_label_bytes(label);
    crypto_generichash_init(&state, NULL, 0, size);
    crypto_generichash_update(&state, first.data, first.size);
    for (size_t i = 0; i < n_parts; i++)
        crypto_generichash_update(&state, parts[i].data, parts[i].size);
    crypto_generichash_final(&state, ret_out, size);
}

void
ro_hash_id(enum ro_label label,
           const struct ro_bytes *parts,
           size_t n_parts,
           uint8_t ret_id[static RO_ID_SIZE])
{
    blake2b(label, parts, n_parts, ret_id, RO_ID_SIZE);
}

void
ro_hash_256(enum ro_label label,
            const struct ro_bytes *parts,
            size_t n_parts,
            struct ro_hash *ret_hash)
{
    blake2b(label, parts, n_parts, ret_hash->b, sizeof(ret_hash->b));
}

static_assert(sizeof(crypto_generichash_state) <=
                      sizeof(((struct ro_hashing *)0)->state) &&
                  _Alignof(crypto_generichash_state) <= 64,
              "libsodium's state has room");

static crypto_generichash_state *
state_of(struct ro_hashing *hashing)
{
    return (void *)hashing->state;
}

void
ro_hashing_begin(enum ro_label label, struct ro_hashing *ret_hashing)
{
    struct ro_bytes first = ro_label_bytes(label);
    crypto_generichash_init(state_of(ret_hashing), NULL, 0, RO_HASH_SIZE);
    ro_hashing_add(ret_hashing, first);
}

void
ro_hashing_add(struct ro_hashing *hashing, struct ro_bytes bytes)
{
    crypto_generichash_update(state_of(hashing), bytes.data, bytes.size);
}

void
ro_hashing_end(struct ro_hashing *hashing, struct ro_hash *ret_hash)
{
    crypto_generichash_final(state_of(hashing), ret_hash->b, RO_HASH_SIZE);
}

void
ro_hmac_sha256(struct ro_bytes key,
               const struct ro_bytes *parts,
               size_t n_parts,
               uint8_t ret_mac[static 32])
{
    /* libsodium asks for an address even of an empty key */
    static const uint8_t none;
    crypto_auth_hmacsha256_state state;
    crypto_auth_hmacsha256_init(&state, key.size > 0 ? key.data : &none,
                                key.size);
    for (size_t i = 0; i < n_parts; i++)
        crypto_auth_hmacsha256_update(&state, parts[i].data, parts[i].size);
    crypto_auth_hmacsha256_final(&state, ret_mac);
    sodium_memzero(&state, sizeof(state));
}

void
ro_hkdf_extract(struct ro_bytes salt,
                struct ro_bytes ikm,
                uint8_t ret_prk[static 32])
{
    /* an absent salt is 32 zeros, which HMAC makes of an empty key as well */
    ro_hmac_sha256(salt, &ikm, 1, ret_prk);
}

enum ro_status
ro_hkdf_expand(const uint8_t prk[static 32],
               struct ro_bytes info,
               uint8_t *ret_okm,
               size_t size)
{
    if (size > HKDF_LIMIT)
        return RO_BAD_INPUT;
    uint8_t block[HKDF_BLOCK] = {0};
    uint8_t counter = 0;
    for (size_t done = 0; done < size; done += HKDF_BLOCK) {
        /* T(0) is empty, T(i) = HMAC(prk, T(i-1) || info || i) */
        size_t before = counter == 0 ? 0 : HKDF_BLOCK;
        counter++;
        const struct ro_bytes last = {block, before};
        const struct ro_bytes end = {&counter, sizeof(counter)};
        const struct ro_bytes parts[] = {last, info, end};
        ro_hmac_sha256((struct ro_bytes){prk, 32}, parts, RO_LEN(parts), block);
        size_t left = size - done;
        memcpy(ret_okm + done, block, left < HKDF_BLOCK ? left : HKDF_BLOCK);
    }
    sodium_memzero(block, sizeof(block));
    return RO_OK;
}

bool
ro_equal_secret(const void *a, const void *b, size_t size)
{
    return sodium_memcmp(a, b, size) == 0;
}

void
ro_wipe(void *p, size_t size)
{
    sodium_memzero(p, size);
}

void
ro_base64(struct ro_bytes bytes, struct ro_buf *out)
{
    const int form = sodium_base64_VARIANT_ORIGINAL;
    if (bytes.size > SIZE_MAX / 2) {
        out->failed = true;
        return;
    }
    size_t size = sodium_base64_encoded_len(bytes.size, form);
    uint8_t *at = ro_buf_extend(out, size);
    if (at == NULL)
        return;
    sodium_bin2base64((char *)at, size, bytes.data, bytes.size, form);
    out->size--; /* the end of the string does not count */
}

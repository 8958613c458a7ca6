/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies: one for each audience. Wraps are in wrap.c. */
#include "common/crypto/seal.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"

/* suite || nonce || commitment, all of it associated data */
#define NONCE_AT 1
#define COMMITMENT_AT (NONCE_AT + RO_NONCE_SIZE)
#define SEALED_AT (COMMITMENT_AT + RO_COMMITMENT_SIZE)
#define TAG_SIZE 16
#define LENGTH_SIZE 4
static_assert(RO_BODY_OVERHEAD == 57 + TAG_SIZE + LENGTH_SIZE, "body layout");
static_assert(SEALED_AT == 57, "body layout");

static const size_t bucket_sizes[] = {
    [RO_BUCKET_1K] = 1024,
    [RO_BUCKET_4K] = 4096,
    [RO_BUCKET_16K] = 16384,
    [RO_BUCKET_64K] = 65536,
};

enum ro_status
ro_bucket_of(size_t body_size, enum ro_bucket *ret_bucket)
{
    for (size_t i = 0; i < RO_LEN(bucket_sizes); i++) {
        if (bucket_sizes[i] == body_size) {
            *ret_bucket = (enum ro_bucket)i;
            return RO_OK;
        }
    }
    return RO_BAD_FRAME;
}

/* The smallest bucket from `least` on, for a content that is known to fit into
 * the largest. */
static size_t
smallest_bucket(size_t content_size, enum ro_bucket least)
{
    size_t i = (size_t)least;
    while (content_size > bucket_sizes[i] - RO_BODY_OVERHEAD)
        i++;
    return bucket_sizes[i];
}

/* Both from one content key, so that the commitment stands for the key. */
struct body_keys {
    struct wiped_key key;
    struct wiped_key commitment;
};

static void
body_keys_fini(struct body_keys *keys)
{
    ro_wipe(keys, sizeof(*keys));
}

static enum ro_status
derive_keys(const uint8_t *content_key,
            const uint8_t *nonce,
            struct body_keys *ret_keys)
{
    WIPED_KEY prk;
    ro_hkdf_extract((struct ro_bytes){nonce, RO_NONCE_SIZE},
                    (struct ro_bytes){content_key, RO_CONTENT_KEY_SIZE}, prk.b);
    RO_TRY(ro_hkdf_expand(prk.b, ro_label_bytes(RO_LABEL_BODY_KEY),
                          ret_keys->key.b, sizeof(ret_keys->key.b)));
    return ro_hkdf_expand(prk.b, ro_label_bytes(RO_LABEL_BODY_COMMITMENT),
                          ret_keys->commitment.b,
                          sizeof(ret_keys->commitment.b));
}

/* Fills a body of `size` bytes: header, then length, content and zeros, which
 * are encrypted where they stand. */
static enum ro_status
fill_body(struct ro_bytes content,
          const uint8_t *content_key,
          const uint8_t *nonce,
          size_t size,
          uint8_t *ret_body)
{
    RO_CLEANUP(body_keys_fini) struct body_keys keys;
    RO_TRY(derive_keys(content_key, nonce, &keys));

    ret_body[0] = RO_SUITE_1;
    memcpy(ret_body + NONCE_AT, nonce, RO_NONCE_SIZE);
    memcpy(ret_body + COMMITMENT_AT, keys.commitment.b, RO_COMMITMENT_SIZE);

    uint8_t *plain = ret_body + SEALED_AT;
    size_t plain_size = size - SEALED_AT - TAG_SIZE;
    memset(plain, 0, plain_size);
    ro_set_u32(plain, (uint32_t)content.size);
    if (content.size > 0)
        memcpy(plain + LENGTH_SIZE, content.data, content.size);
    int failed = crypto_aead_xchacha20poly1305_ietf_encrypt(
        plain, NULL, plain, plain_size, ret_body, SEALED_AT, NULL, nonce,
        keys.key.b);
    return failed == 0 ? RO_OK : RO_BAD_INPUT;
}

enum ro_status
ro_body_seal(struct ro_bytes content,
             const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
             const struct ro_entropy *entropy,
             struct ro_buf *ret_body)
{
    const struct ro_body_sealing sealing = {content_key, RO_BUCKET_1K};
    return ro_body_seal_in(content, &sealing, entropy, ret_body);
}

enum ro_status
ro_body_seal_in(struct ro_bytes content,
                const struct ro_body_sealing *sealing,
                const struct ro_entropy *entropy,
                struct ro_buf *ret_body)
{
    if (content.size > RO_CONTENT_LIMIT)
        return RO_TOO_LARGE;
    uint8_t nonce[RO_NONCE_SIZE];
    ro_entropy_fill(entropy, nonce, sizeof(nonce));

    size_t size = smallest_bucket(content.size, sealing->least);
    uint8_t *body = ro_buf_extend(ret_body, size);
    if (body == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        fill_body(content, sealing->content_key, nonce, size, body);
    if (s != RO_OK) {
        ro_wipe(body, size);
        ret_body->size -= size;
    }
    return s;
}

/* Commitment, then tag: decrypts into `ret_plain`, body less header and tag. */
static enum ro_status
decrypt_body(struct ro_bytes body,
             const uint8_t *content_key,
             uint8_t *ret_plain)
{
    const uint8_t *nonce = body.data + NONCE_AT;
    RO_CLEANUP(body_keys_fini) struct body_keys keys;
    RO_TRY(derive_keys(content_key, nonce, &keys));
    if (!ro_equal_secret(keys.commitment.b, body.data + COMMITMENT_AT,
                         RO_COMMITMENT_SIZE))
        return RO_BAD_SEAL;
    int failed = crypto_aead_xchacha20poly1305_ietf_decrypt(
        ret_plain, NULL, NULL, body.data + SEALED_AT, body.size - SEALED_AT,
        body.data, SEALED_AT, nonce, keys.key.b);
    return failed == 0 ? RO_OK : RO_BAD_SEAL;
}

/* The length in front, and zeros behind the content. */
static enum ro_status
check_padding(struct ro_bytes plain, size_t *ret_size)
{
    size_t size = ro_get_u32(plain.data);
    if (size > plain.size - LENGTH_SIZE)
        return RO_BAD_SEAL;
    if (!sodium_is_zero(plain.data + LENGTH_SIZE + size,
                        plain.size - LENGTH_SIZE - size))
        return RO_BAD_SEAL;
    *ret_size = size;
    return RO_OK;
}

enum ro_status
ro_body_open(struct ro_bytes body,
             const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
             struct ro_buf *ret_content)
{
    enum ro_bucket bucket;
    if (ro_bucket_of(body.size, &bucket) != RO_OK || body.data[0] != RO_SUITE_1)
        return RO_BAD_SEAL;

    size_t plain_size = body.size - SEALED_AT - TAG_SIZE;
    uint8_t *plain = ro_buf_extend(ret_content, plain_size);
    if (plain == NULL)
        return RO_NO_MEMORY;
    size_t size = 0;
    enum ro_status s = decrypt_body(body, content_key, plain);
    if (s == RO_OK)
        s = check_padding((struct ro_bytes){plain, plain_size}, &size);
    if (s == RO_OK)
        memmove(plain, plain + LENGTH_SIZE, size);
    /* nothing of a refused body, and no second copy of the last bytes */
    ro_wipe(plain + size, plain_size - size);
    ret_content->size -= plain_size - size;
    return s;
}

void
ro_body_hash(struct ro_bytes body, struct ro_hash *ret_hash)
{
    ro_hash_256(RO_LABEL_BODY_HASH, &body, 1, ret_hash);
}

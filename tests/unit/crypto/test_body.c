/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/column.h"
#include "common/crypto/hash.h"
#include "common/crypto/seal.h"
#include "tests/unit/crypto/support.h"

/* suite, nonce, commitment stand before what is encrypted */
#define NONCE_AT 1
#define SEALED_AT 57
#define TAG_SIZE 16

static uint8_t content_key[RO_CONTENT_KEY_SIZE];
static struct ro_entropy_seeded seeded = {11};

static enum ro_status
seal(struct ro_bytes content, struct ro_buf *ret_body)
{
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    return ro_body_seal(content, content_key, &entropy, ret_body);
}

static void
test_buckets(void)
{
    static const size_t sizes[] = {1024, 4096, 16384, 65536};
    for (enum ro_bucket i = RO_BUCKET_1K; i <= RO_BUCKET_64K; i++) {
        enum ro_bucket bucket;
        tap_is(ro_bucket_of(sizes[i], &bucket), RO_OK);
        tap_ok(bucket == i);
        tap_is(ro_bucket_of(sizes[i] - 1, &bucket), RO_BAD_FRAME);
        tap_is(ro_bucket_of(sizes[i] + 1, &bucket), RO_BAD_FRAME);
    }
    enum ro_bucket bucket;
    tap_is(ro_bucket_of(0, &bucket), RO_BAD_FRAME);
    tap_ok(RO_CONTENT_LIMIT == 65536 - RO_BODY_OVERHEAD);
}

static void
check_round_trip(size_t size, enum ro_bucket expected)
{
    RO_AUTOBUF content = {0};
    uint8_t *at = ro_buf_extend(&content, size);
    tap_need(at != NULL);
    count_up(5, at, size);
    RO_AUTOBUF body = {0};
    RO_AUTOBUF back = {0};
    ro_buf_put(&body, "before", 6);
    ro_buf_put(&back, "kept", 4);
    tap_is(seal(ro_buf_view(&content), &body), RO_OK);
    tap_ok(body.size == 6 + ((size_t)1024 << (2 * expected)));
    tap_ok(body.data[6] == RO_SUITE_1);
    struct ro_bytes sealed = {body.data + 6, body.size - 6};
    tap_is(ro_body_open(sealed, content_key, &back), RO_OK);
    tap_ok(memcmp(back.data, "kept", 4) == 0);
    tap_ok(ro_bytes_equal((struct ro_bytes){back.data + 4, back.size - 4},
                          ro_buf_view(&content)));
}

static void
test_round_trips(void)
{
    check_round_trip(0, RO_BUCKET_1K);
    check_round_trip(1, RO_BUCKET_1K);
    check_round_trip(1024 - RO_BODY_OVERHEAD, RO_BUCKET_1K);
    check_round_trip(1024 - RO_BODY_OVERHEAD + 1, RO_BUCKET_4K);
    check_round_trip(4096 - RO_BODY_OVERHEAD, RO_BUCKET_4K);
    check_round_trip(4096 - RO_BODY_OVERHEAD + 1, RO_BUCKET_16K);
    check_round_trip(16384 - RO_BODY_OVERHEAD, RO_BUCKET_16K);
    check_round_trip(16384 - RO_BODY_OVERHEAD + 1, RO_BUCKET_64K);
    check_round_trip(RO_CONTENT_LIMIT, RO_BUCKET_64K);
}

/* Pieces of a file are all of one size, whatever is in them. */
static void
test_least_bucket(void)
{
    const struct ro_entropy entropy = ro_entropy_system();
    const struct ro_body_sealing large = {content_key, RO_BUCKET_64K};
    const struct ro_body_sealing middle = {content_key, RO_BUCKET_4K};
    static uint8_t content[5000];
    RO_AUTOBUF body = {0};
    RO_AUTOBUF back = {0};
    tap_is(
        ro_body_seal_in((struct ro_bytes){content, 0}, &large, &entropy, &body),
        RO_OK);
    tap_ok(body.size == 65536);
    tap_is(ro_body_open(ro_buf_view(&body), content_key, &back), RO_OK);
    tap_ok(back.size == 0);
    ro_buf_clear(&body);
    tap_is(ro_body_seal_in((struct ro_bytes){content, sizeof(content)}, &middle,
                           &entropy, &body),
           RO_OK);
    tap_ok(body.size == 16384);
}

static void
test_too_large(void)
{
    static uint8_t large[RO_CONTENT_LIMIT + 1];
    RO_AUTOBUF body = {0};
    ro_buf_put(&body, "before", 6);
    tap_is(seal((struct ro_bytes){large, sizeof(large)}, &body), RO_TOO_LARGE);
    tap_ok(body.size == 6);
}

/* What a body reveals does not depend on its content. */
static void
test_nonces_are_fresh(void)
{
    RO_AUTOBUF one = {0};
    RO_AUTOBUF two = {0};
    tap_is(seal(ro_bytes_text("same"), &one), RO_OK);
    tap_is(seal(ro_bytes_text("same"), &two), RO_OK);
    tap_ok(memcmp(one.data + NONCE_AT, two.data + NONCE_AT, 24) != 0);
    tap_ok(memcmp(one.data + 25, two.data + 25, 32) != 0);
    tap_ok(memcmp(one.data + SEALED_AT, two.data + SEALED_AT, 8) != 0);
}

static void
test_each_flipped_bit_is_refused(void)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF back = {0};
    ro_buf_put(&back, "kept", 4);
    tap_is(seal(ro_bytes_text("Dear Rowan Lane"), &body), RO_OK);
    size_t refused = 0;
    for (size_t at = 0; at < body.size; at++) {
        body.data[at] ^= (uint8_t)(1u << at % 8);
        refused +=
            ro_body_open(ro_buf_view(&body), content_key, &back) == RO_BAD_SEAL;
        body.data[at] ^= (uint8_t)(1u << at % 8);
    }
    tap_ok(refused == 1024);
    tap_say(back.size == 4, "a refusal appends nothing");
    tap_is(ro_body_open(ro_buf_view(&body), content_key, &back), RO_OK);
}

static void
test_wrong_key_and_size(void)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF back = {0};
    tap_is(seal(ro_bytes_text("Dear Rowan Lane"), &body), RO_OK);
    ro_buf_put(&body, content_key, 1);
    tap_is(ro_body_open(ro_buf_view(&body), content_key, &back), RO_BAD_SEAL);
    body.size -= 2;
    tap_is(ro_body_open(ro_buf_view(&body), content_key, &back), RO_BAD_SEAL);
    body.size += 1;
    uint8_t other[RO_CONTENT_KEY_SIZE];
    memcpy(other, content_key, sizeof(other));
    other[31] ^= 0x80;
    tap_is(ro_body_open(ro_buf_view(&body), other, &back), RO_BAD_SEAL);
    tap_is(ro_body_open((struct ro_bytes){NULL, 0}, other, &back), RO_BAD_SEAL);
    tap_ok(back.size == 0);
}

/* The two keys of a body, by PROTOCOL's words rather than seal.c's. */
static void
derive(const uint8_t *from,
       const uint8_t *nonce,
       uint8_t ret_key[static 32],
       uint8_t ret_commitment[static 32])
{
    uint8_t prk[32];
    ro_hkdf_extract((struct ro_bytes){nonce, 24}, (struct ro_bytes){from, 32},
                    prk);
    tap_is(ro_hkdf_expand(prk, ro_label_bytes(RO_LABEL_BODY_KEY), ret_key, 32),
           RO_OK);
    tap_is(ro_hkdf_expand(prk, ro_label_bytes(RO_LABEL_BODY_COMMITMENT),
                          ret_commitment, 32),
           RO_OK);
}

/* XChaCha20-Poly1305 as columns use it, with a nonce of our choice. The output
 * is nonce, ciphertext, tag. */
static void
encrypt(const uint8_t *key,
        const uint8_t *nonce,
        struct ro_bytes aad,
        struct ro_bytes plain,
        struct ro_buf *ret_sealed)
{
    struct script script = {
        {nonce, 24}
    };
    struct ro_entropy entropy = script_entropy(&script);
    tap_is(ro_column_seal(key, &entropy, aad, plain, ret_sealed), RO_OK);
}

/* A body of 1 KiB of any suite, whose inside is `plain`, whatever that is. */
static void
make_body(uint8_t suite,
          const uint8_t plain[static 1024 - SEALED_AT - TAG_SIZE],
          struct ro_buf *ret_body)
{
    uint8_t header[SEALED_AT] = {suite};
    uint8_t key[32];
    count_up(0x40, header + NONCE_AT, 24);
    derive(content_key, header + NONCE_AT, key, header + 25);
    RO_AUTOBUF sealed = {0};
    encrypt(key, header + NONCE_AT, (struct ro_bytes){header, sizeof(header)},
            (struct ro_bytes){plain, 1024 - SEALED_AT - TAG_SIZE}, &sealed);
    ro_buf_put(ret_body, header, sizeof(header));
    ro_buf_put(ret_body, sealed.data + 24, sealed.size - 24);
}

static enum ro_status
open_made(uint8_t suite, const uint8_t *plain, struct ro_buf *ret_content)
{
    RO_AUTOBUF body = {0};
    make_body(suite, plain, &body);
    ro_buf_clear(ret_content);
    return ro_body_open(ro_buf_view(&body), content_key, ret_content);
}

/* Well encrypted, but of a suite that is not ours or badly laid out inside. */
static void
test_suite_length_and_padding(void)
{
    uint8_t plain[1024 - SEALED_AT - TAG_SIZE] = {0,   0,   0,   5,  'R',
                                                  'o', 'w', 'a', 'n'};
    RO_AUTOBUF content = {0};
    tap_is(open_made(RO_SUITE_1, plain, &content), RO_OK);
    tap_ok(ro_bytes_equal(ro_buf_view(&content), ro_bytes_text("Rowan")));

    tap_is(open_made(0, plain, &content), RO_BAD_SEAL);
    tap_is(open_made(2, plain, &content), RO_BAD_SEAL);

    plain[3] = 4;
    tap_is(open_made(RO_SUITE_1, plain, &content), RO_BAD_SEAL);
    plain[3] = 5;
    plain[sizeof(plain) - 1] = 1;
    tap_is(open_made(RO_SUITE_1, plain, &content), RO_BAD_SEAL);
    ro_set_u32(plain, sizeof(plain) - 4);
    tap_is(open_made(RO_SUITE_1, plain, &content), RO_OK);
    tap_ok(content.size == sizeof(plain) - 4);
    ro_set_u32(plain, sizeof(plain) - 3);
    tap_is(open_made(RO_SUITE_1, plain, &content), RO_BAD_SEAL);
    ro_set_u32(plain, UINT32_MAX);
    tap_is(open_made(RO_SUITE_1, plain, &content), RO_BAD_SEAL);
}

/* --- the commitment --------------------------------------------------------
 * ChaCha20-Poly1305 does not commit to its key: here is one ciphertext that
 * two content keys decrypt, each to a content with a good length and good
 * padding. The first four bytes say 947 to the first key and 138 to the
 * second (found by search); everything behind is zeros to the second; two
 * blocks are free, and chosen so that Poly1305 gives the same tag under both
 * keys (two linear equations modulo 2^130 - 5). The commitment is the first
 * key's, and nothing but the commitment speaks against the second.
 */
static const char second_key[] =
    "000cfef6b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2b2";
static const char free_blocks[] =
    "b650af1726c1ae58b4bbc0e55efff0a5b1d7764bd3acc6a01e14b988065de14a";
static const char common_tag[] = "f5b165224a58b791df6af1d8303e61cd";
#define FREE_BLOCKS_AT (SEALED_AT + 16)
#define SECOND_SIZE 138

struct collision {
    uint8_t one[32], two[32];         /* content keys */
    uint8_t key_one[32], key_two[32]; /* what derives from them */
    uint8_t body[1024];
};

static void
collision_init(struct collision *c)
{
    uint8_t unused[32];
    count_up(0, c->one, sizeof(c->one));
    struct hex_bytes two = from_hex(second_key);
    memcpy(c->two, two.b, sizeof(c->two));
    c->body[0] = RO_SUITE_1;
    count_up(0x40, c->body + NONCE_AT, 24);
    derive(c->two, c->body + NONCE_AT, c->key_two, unused);
    derive(c->one, c->body + NONCE_AT, c->key_one, c->body + 25);

    uint8_t length_one[4];
    static const uint8_t zeros[1024 - SEALED_AT - TAG_SIZE];
    RO_AUTOBUF by_one = {0};
    RO_AUTOBUF by_two = {0};
    const struct ro_bytes none = {NULL, 0};
    ro_set_u32(length_one, 1024 - RO_BODY_OVERHEAD);
    encrypt(c->key_one, c->body + NONCE_AT, none,
            (struct ro_bytes){length_one, 4}, &by_one);
    encrypt(c->key_two, c->body + NONCE_AT, none,
            (struct ro_bytes){zeros, sizeof(zeros)}, &by_two);
    memcpy(c->body + SEALED_AT, by_two.data + 24, sizeof(zeros));
    memcpy(c->body + SEALED_AT, by_one.data + 24, 4);

    struct hex_bytes blocks = from_hex(free_blocks);
    struct hex_bytes tag = from_hex(common_tag);
    memcpy(c->body + FREE_BLOCKS_AT, blocks.b, blocks.size);
    memcpy(c->body + 1024 - TAG_SIZE, tag.b, tag.size);
}

/* Without a look at the commitment: does this key decrypt the body, and to
 * which length? */
static enum ro_status
decrypt(const struct collision *c, const uint8_t *key, uint32_t *ret_length)
{
    RO_AUTOBUF sealed = {0};
    RO_AUTOBUF plain = {0};
    ro_buf_put(&sealed, c->body + NONCE_AT, 24);
    ro_buf_put(&sealed, c->body + SEALED_AT, 1024 - SEALED_AT);
    enum ro_status s =
        ro_column_open(key, (struct ro_bytes){c->body, SEALED_AT},
                       ro_buf_view(&sealed), &plain);
    if (s != RO_OK)
        return s;
    *ret_length = ro_get_u32(plain.data);
    size_t behind = 0;
    for (size_t at = 4 + *ret_length; at < plain.size; at++)
        behind += plain.data[at] != 0;
    return behind == 0 ? RO_OK : RO_BAD_SEAL;
}

static void
test_commitment(void)
{
    static struct collision c;
    uint32_t length = 0;
    collision_init(&c);
    tap_is(decrypt(&c, c.key_one, &length), RO_OK);
    tap_ok(length == 1024 - RO_BODY_OVERHEAD);
    tap_is(decrypt(&c, c.key_two, &length), RO_OK);
    tap_ok(length == SECOND_SIZE);

    struct ro_bytes body = {c.body, sizeof(c.body)};
    RO_AUTOBUF content = {0};
    tap_is(ro_body_open(body, c.one, &content), RO_OK);
    tap_is(ro_body_open(body, c.two, &content), RO_BAD_SEAL);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    count_up(0x60, content_key, sizeof(content_key));
    tap_run(test_buckets);
    tap_run(test_round_trips);
    tap_run(test_least_bucket);
    tap_run(test_too_large);
    tap_run(test_nonces_are_fresh);
    tap_run(test_each_flipped_bit_is_refused);
    tap_run(test_wrong_key_and_size);
    tap_run(test_suite_length_and_padding);
    tap_run(test_commitment);
    return tap_done();
}

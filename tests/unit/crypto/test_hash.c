/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/hash.h"
#include "tests/unit/crypto/support.h"

/* RFC 5869 appendix A, the cases with SHA-256. */
static const struct {
    const char *ikm, *salt, *info;
    const char *prk, *okm;
} hkdf_vectors[] = {
    {
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b",                      "000102030405060708090a0b0c",
     "f0f1f2f3f4f5f6f7f8f9",                        "077709362c2e32df0ddc3f0dc47bba6390b6c73bb50f9c3122ec844ad7c2b3e5",
     "3cb25f25faacd57a90434f64d0362f2a2d2d0a90cf1a5a4c5db02d56ecc4c5bf"
        "34007208d5b887185865", },
    {
     "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f"
        "202122232425262728292a2b2c2d2e2f303132333435363738393a3b3c3d3e3f"
        "404142434445464748494a4b4c4d4e4f",                                                                  "606162636465666768696a6b6c6d6e6f707172737475767778797a7b7c7d7e7f"
        "808182838485868788898a8b8c8d8e8f909192939495969798999a9b9c9d9e9f"
        "a0a1a2a3a4a5a6a7a8a9aaabacadaeaf",                                                                                               "b0b1b2b3b4b5b6b7b8b9babbbcbdbebfc0c1c2c3c4c5c6c7c8c9cacbcccdcecf"
        "d0d1d2d3d4d5d6d7d8d9dadbdcdddedfe0e1e2e3e4e5e6e7e8e9eaebecedeeef"
        "f0f1f2f3f4f5f6f7f8f9fafbfcfdfeff",         "06a6b88c5853361a06104c9ceb35b45cef760014904671014a193f40c15fc244",
     "b11e398dc80327a1c8e7f78c596a49344f012eda2d4efad8a050cc4c19afa97c"
        "59045a99cac7827271cb41c65e590e09da3275600c2f09b8367793a9aca3db71"
        "cc30c58179ec3e87c14c01d5c1f3434f1d87", },
    {
     "0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b0b", "",
     "", "19ef24a32c717b167f33a91d6f648bdf96596776afdb6377ac434c1c293ccb04",
     "8da4e775a563c18f715f802a063c5a31b8a11f5c5ee1879ec3454e5f3c738d2d"
        "9d201395faa4b61a96c8", },
};

static void
test_hkdf(void)
{
    for (size_t i = 0; i < RO_LEN(hkdf_vectors); i++) {
        struct hex_bytes ikm = from_hex(hkdf_vectors[i].ikm);
        struct hex_bytes salt = from_hex(hkdf_vectors[i].salt);
        struct hex_bytes info = from_hex(hkdf_vectors[i].info);
        size_t size = strlen(hkdf_vectors[i].okm) / 2;
        uint8_t prk[32];
        uint8_t okm[128];
        ro_hkdf_extract(view(&salt), view(&ikm), prk);
        tap_ok(is_hex(prk, sizeof(prk), hkdf_vectors[i].prk));
        tap_is(ro_hkdf_expand(prk, view(&info), okm, size), RO_OK);
        tap_ok(is_hex(okm, size, hkdf_vectors[i].okm));
    }
}

/* Every length is the beginning of the longest; beyond 255 blocks is none. */
static void
test_hkdf_lengths(void)
{
    static uint8_t longest[8161];
    uint8_t prk[32] = {1};
    struct ro_bytes info = ro_bytes_text("info");
    tap_is(ro_hkdf_expand(prk, info, longest, 8160), RO_OK);
    tap_is(ro_hkdf_expand(prk, info, longest, 8161), RO_BAD_INPUT);
    bool same = true;
    for (size_t size = 0; size <= 100; size++) {
        uint8_t okm[101];
        memset(okm, 0xee, sizeof(okm));
        same = same && ro_hkdf_expand(prk, info, okm, size) == RO_OK &&
               memcmp(okm, longest, size) == 0 && okm[size] == 0xee;
    }
    tap_say(same, "shorter outputs are beginnings, and end where they should");
}

/* RFC 4231, cases 1, 2, 3 and 6 (a key longer than a block). */
static void
test_hmac(void)
{
    uint8_t mac[32];
    uint8_t key[131];
    memset(key, 0x0b, sizeof(key));
    struct ro_bytes message = ro_bytes_text("Hi There");
    ro_hmac_sha256((struct ro_bytes){key, 20}, &message, 1, mac);
    tap_ok(is_hex(mac, 32,
                  "b0344c61d8db38535ca8afceaf0bf12b"
                  "881dc200c9833da726e9376c2e32cff7"));

    const struct ro_bytes parts[] = {ro_bytes_text("what do ya want "),
                                     ro_bytes_text(""),
                                     ro_bytes_text("for nothing?")};
    ro_hmac_sha256(ro_bytes_text("Jefe"), parts, RO_LEN(parts), mac);
    tap_ok(is_hex(mac, 32,
                  "5bdcc146bf60754e6a042426089575c7"
                  "5a003f089d2739839dec58b964ec3843"));

    memset(key, 0xaa, sizeof(key));
    uint8_t fifty[50];
    memset(fifty, 0xdd, sizeof(fifty));
    ro_hmac_sha256((struct ro_bytes){key, 20},
                   &(struct ro_bytes){fifty, sizeof(fifty)}, 1, mac);
    tap_ok(is_hex(mac, 32,
                  "773ea91e36800e46854db8ebd09181a7"
                  "2959098b3ef8c122d9635514ced565fe"));

    message =
        ro_bytes_text("Test Using Larger Than Block-Size Key - Hash Key First");
    ro_hmac_sha256((struct ro_bytes){key, sizeof(key)}, &message, 1, mac);
    tap_ok(is_hex(mac, 32,
                  "60e431591ee0b67f0d8a26aacbf5b77f"
                  "8e0bc6213728c5140546040f0ee37f54"));
}

static void
test_labels(void)
{
    bool ended = true;
    bool ours = true;
    bool apart = true;
    for (enum ro_label i = 0; i < RO_LABEL_COUNT; i++) {
        struct ro_bytes a = ro_label_bytes(i);
        ended = ended && memchr(a.data, 0, a.size) == a.data + a.size - 1;
        ours = ours && memcmp(a.data, "reachout/1 ", 11) == 0;
        for (enum ro_label j = 0; j < i; j++)
            apart = apart && !ro_bytes_equal(a, ro_label_bytes(j));
    }
    tap_say(ended, "each label holds one zero, at its end");
    tap_say(ours, "each label names project and version");
    tap_say(apart, "no two labels are equal, so none begins another");
}

/* Hashes by another implementation of BLAKE2b are in test_ids.c. */
static void
test_hashes_differ_by_label_and_size(void)
{
    const struct ro_bytes part = ro_bytes_text("part");
    const struct ro_bytes split[] = {ro_bytes_text("pa"), ro_bytes_text("rt")};
    struct ro_hash a, b, c;
    uint8_t id[RO_ID_SIZE];
    ro_hash_256(RO_LABEL_HEAD, &part, 1, &a);
    ro_hash_256(RO_LABEL_HEAD_ZERO, &part, 1, &b);
    ro_hash_256(RO_LABEL_HEAD, split, 2, &c);
    ro_hash_id(RO_LABEL_HEAD, &part, 1, id);
    tap_ok(memcmp(a.b, b.b, sizeof(a.b)) != 0);
    tap_ok(memcmp(a.b, c.b, sizeof(a.b)) == 0);
    tap_say(memcmp(a.b, id, sizeof(id)) != 0, "an id is not a cut hash");
}

static void
test_hashing_in_pieces(void)
{
    const struct ro_bytes whole = ro_bytes_text("a file in pieces");
    struct ro_hashing hashing;
    struct ro_hash a, b;
    ro_hash_256(RO_LABEL_ATTACHMENT, &whole, 1, &a);
    ro_hashing_begin(RO_LABEL_ATTACHMENT, &hashing);
    for (size_t i = 0; i < whole.size; i += 5) {
        size_t n = whole.size - i < 5 ? whole.size - i : 5;
        ro_hashing_add(&hashing, (struct ro_bytes){whole.data + i, n});
    }
    ro_hashing_end(&hashing, &b);
    tap_ok(memcmp(a.b, b.b, RO_HASH_SIZE) == 0);
    ro_hashing_begin(RO_LABEL_BODY_HASH, &hashing);
    ro_hashing_add(&hashing, whole);
    ro_hashing_end(&hashing, &b);
    tap_ok(memcmp(a.b, b.b, RO_HASH_SIZE) != 0);
}

static void
test_equal_and_wipe(void)
{
    uint8_t a[40], b[40];
    count_up(1, a, sizeof(a));
    count_up(1, b, sizeof(b));
    tap_ok(ro_equal_secret(a, b, sizeof(a)));
    b[39] ^= 0x80;
    tap_ok(!ro_equal_secret(a, b, sizeof(a)));
    tap_ok(ro_equal_secret(a, b, 39));
    ro_wipe(a, 39);
    tap_ok(a[0] == 0 && a[38] == 0 && a[39] == 40);
}

/* RFC 4648 section 10. */
static void
test_base64(void)
{
    static const char *const pairs[][2] = {
        {"",             ""        },
        {"f",            "Zg=="    },
        {"fo",           "Zm8="    },
        {"foo",          "Zm9v"    },
        {"foob",         "Zm9vYg=="},
        {"fooba",        "Zm9vYmE="},
        {"foobar",       "Zm9vYmFy"},
        {"\xfb\xff\xbf", "+/+/"    },
    };
    for (size_t i = 0; i < RO_LEN(pairs); i++) {
        RO_AUTOBUF out = {0};
        ro_buf_put_u8(&out, '>');
        ro_base64(ro_bytes_text(pairs[i][0]), &out);
        tap_is(ro_buf_ok(&out), RO_OK);
        struct ro_bytes after = {out.data + 1, out.size - 1};
        tap_say(ro_bytes_equal(after, ro_bytes_text(pairs[i][1])), pairs[i][1]);
    }
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_is(ro_crypto_init(), RO_OK);
    tap_run(test_hkdf);
    tap_run(test_hkdf_lengths);
    tap_run(test_hmac);
    tap_run(test_labels);
    tap_run(test_hashes_differ_by_label_and_size);
    tap_run(test_hashing_in_pieces);
    tap_run(test_equal_and_wipe);
    tap_run(test_base64);
    return tap_done();
}

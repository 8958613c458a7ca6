/* SPDX-License-Identifier: Apache-2.0 */
/* All four modes against RFC 9180, and what they refuse. */
#include "common/crypto/hash.h"
#include "common/crypto/hpke_internal.h"
#include "tests/unit/crypto/support.h"

struct vector {
    enum ro_hpke_mode mode;
    const char *info;
    const char *sk_e, *pk_r, *sk_r, *pk_s, *sk_s;
    const char *psk, *psk_id;
    const char *enc;
    const char *shared_secret, *key, *base_nonce, *exporter_secret;
    const char *pt, *aad, *ct;
    struct {
        const char *context;
        const char *value;
    } exports[3];
};

static const struct vector vectors[] = {
#include "tests/unit/crypto/hpke_vectors.def"
};

/* A vector as the two sides hold it. Points into itself. */
struct scene {
    struct hex_bytes info, psk, psk_id, pt, aad, ct, sk_e, sk_r, sk_s;
    struct ro_key pk_r, pk_s;
    struct script script;
    struct ro_entropy entropy;
    struct ro_hpke_setup setup;
    struct ro_hpke_sender sender;
    struct ro_hpke_recipient recipient;
    uint8_t sealed[128];
    size_t sealed_size;
};

static struct ro_key
key_of(const char *hex)
{
    struct ro_key key = {{0}};
    struct hex_bytes bytes = from_hex(hex);
    memcpy(key.b, bytes.b, bytes.size);
    return key;
}

static void
scene_init(struct scene *s, const struct vector *v)
{
    bool auth = v->pk_s[0] != '\0';
    *s = (struct scene){
        .info = from_hex(v->info),
        .psk = from_hex(v->psk),
        .psk_id = from_hex(v->psk_id),
        .pt = from_hex(v->pt),
        .aad = from_hex(v->aad),
        .ct = from_hex(v->ct),
        .sk_e = from_hex(v->sk_e),
        .sk_r = from_hex(v->sk_r),
        .sk_s = from_hex(v->sk_s),
        .pk_r = key_of(v->pk_r),
        .pk_s = key_of(v->pk_s),
    };
    s->script.left = view(&s->sk_e);
    s->entropy = script_entropy(&s->script);
    s->setup = (struct ro_hpke_setup){v->mode, view(&s->info), view(&s->psk),
                                      view(&s->psk_id)};
    s->sender =
        (struct ro_hpke_sender){&s->setup, &s->pk_r, auth ? s->sk_s.b : NULL,
                                auth ? &s->pk_s : NULL, &s->entropy};
    s->recipient = (struct ro_hpke_recipient){&s->setup, s->sk_r.b, &s->pk_r,
                                              auth ? &s->pk_s : NULL};
    struct hex_bytes enc = from_hex(v->enc);
    memcpy(s->sealed, enc.b, enc.size);
    memcpy(s->sealed + enc.size, s->ct.b, s->ct.size);
    s->sealed_size = enc.size + s->ct.size;
}

static enum ro_status
seal(struct scene *s, uint8_t *ret_sealed)
{
    return ro_hpke_seal(&s->sender, view(&s->aad), view(&s->pt), ret_sealed);
}

static enum ro_status
open_sealed(const struct scene *s, uint8_t *ret_plain)
{
    return ro_hpke_open(&s->recipient, view(&s->aad),
                        (struct ro_bytes){s->sealed, s->sealed_size},
                        ret_plain);
}

static void
check_context(const struct hpke_context *context, const struct vector *v)
{
    tap_ok(is_hex(context->shared_secret, 32, v->shared_secret));
    tap_ok(is_hex(context->key, 32, v->key));
    tap_ok(is_hex(context->base_nonce, 12, v->base_nonce));
    tap_ok(is_hex(context->exporter_secret, 32, v->exporter_secret));
    for (size_t i = 0; i < RO_LEN(v->exports); i++) {
        struct hex_bytes exporter_context = from_hex(v->exports[i].context);
        uint8_t value[32];
        hpke_export(context, view(&exporter_context), value);
        tap_ok(is_hex(value, 32, v->exports[i].value));
    }
}

static void
test_key_schedules(void)
{
    for (size_t i = 0; i < RO_LEN(vectors); i++) {
        struct scene s;
        scene_init(&s, &vectors[i]);
        struct hpke_context context = {.key = {0}};
        uint8_t enc[32] = {0};
        tap_is(hpke_setup_sender(&s.sender, enc, &context), RO_OK);
        tap_ok(is_hex(enc, 32, vectors[i].enc));
        check_context(&context, &vectors[i]);

        hpke_context_fini(&context);
        tap_ok(!is_hex(context.key, 32, vectors[i].key));
        tap_is(hpke_setup_recipient(&s.recipient, enc, &context), RO_OK);
        check_context(&context, &vectors[i]);
    }
}

static void
test_seal_and_open(void)
{
    for (size_t i = 0; i < RO_LEN(vectors); i++) {
        struct scene s;
        scene_init(&s, &vectors[i]);
        uint8_t sealed[128] = {0};
        uint8_t plain[128] = {0};
        tap_is(seal(&s, sealed), RO_OK);
        tap_ok(memcmp(sealed, s.sealed, s.sealed_size) == 0);
        tap_is(open_sealed(&s, plain), RO_OK);
        tap_ok(is_hex(plain, s.pt.size, vectors[i].pt));
    }
}

static void
test_each_flipped_bit_is_refused(void)
{
    for (size_t i = 0; i < RO_LEN(vectors); i++) {
        struct scene s;
        scene_init(&s, &vectors[i]);
        uint8_t plain[128];
        size_t refused = 0;
        for (size_t at = 0; at < s.sealed_size; at++) {
            s.sealed[at] ^= (uint8_t)(1u << at % 8);
            refused += open_sealed(&s, plain) == RO_BAD_SEAL;
            s.sealed[at] ^= (uint8_t)(1u << at % 8);
        }
        tap_ok(refused == s.sealed_size);
        tap_is(open_sealed(&s, plain), RO_OK);
    }
}

/* The context as it was, with one thing changed at a time. */
static void
test_each_part_of_the_context_binds(void)
{
    for (size_t i = 0; i < RO_LEN(vectors); i++) {
        struct scene s;
        uint8_t plain[128];
        scene_init(&s, &vectors[i]);
        s.info.b[3] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
        scene_init(&s, &vectors[i]);
        s.aad.b[0] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
        scene_init(&s, &vectors[i]);
        s.sk_r.b[4] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
        scene_init(&s, &vectors[i]);
        s.pk_r.b[4] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
        scene_init(&s, &vectors[i]);
        s.sealed_size--;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
        size_t refused = 0;
        for (s.sealed_size = 0; s.sealed_size < 48; s.sealed_size++)
            refused += open_sealed(&s, plain) == RO_BAD_SEAL;
        tap_ok(refused == 48);
    }
    for (size_t i = 1; i < RO_LEN(vectors); i += 2) {
        struct scene s;
        uint8_t plain[128];
        scene_init(&s, &vectors[i]);
        s.psk.b[0] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
        scene_init(&s, &vectors[i]);
        s.psk_id.b[0] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
    }
    for (size_t i = 2; i < RO_LEN(vectors); i++) {
        struct scene s;
        uint8_t plain[128];
        scene_init(&s, &vectors[i]);
        s.pk_s.b[9] ^= 1;
        tap_is(open_sealed(&s, plain), RO_BAD_SEAL);
    }
}

/* What is sealed in one mode opens in no other. */
static void
test_modes_do_not_mix(void)
{
    struct scene full;
    scene_init(&full, &vectors[RO_HPKE_AUTH_PSK]);
    for (enum ro_hpke_mode as = RO_HPKE_BASE; as <= RO_HPKE_AUTH_PSK; as++) {
        bool psk = as == RO_HPKE_PSK || as == RO_HPKE_AUTH_PSK;
        bool auth = as == RO_HPKE_AUTH || as == RO_HPKE_AUTH_PSK;
        struct ro_hpke_setup setup = {
            .mode = as,
            .info = view(&full.info),
            .psk = psk ? view(&full.psk) : (struct ro_bytes){NULL, 0},
            .psk_id = psk ? view(&full.psk_id) : (struct ro_bytes){NULL, 0},
        };
        struct ro_hpke_recipient recipient = full.recipient;
        recipient.setup = &setup;
        recipient.sender = auth ? &full.pk_s : NULL;
        uint8_t plain[128];
        enum ro_status expected = as == RO_HPKE_AUTH_PSK ? RO_OK : RO_BAD_SEAL;
        tap_is(ro_hpke_open(&recipient, view(&full.aad),
                            (struct ro_bytes){full.sealed, full.sealed_size},
                            plain),
               expected);
    }
}

/* Section 5.1, VerifyPSKInputs, and keys that a mode lacks. */
static void
test_wrong_inputs(void)
{
    struct scene s;
    uint8_t out[128];
    scene_init(&s, &vectors[RO_HPKE_PSK]);
    s.setup.psk.size = 31;
    tap_is(seal(&s, out), RO_BAD_INPUT);
    tap_is(open_sealed(&s, out), RO_BAD_SEAL);
    scene_init(&s, &vectors[RO_HPKE_PSK]);
    s.setup.psk_id.size = 0;
    tap_is(seal(&s, out), RO_BAD_INPUT);
    tap_is(open_sealed(&s, out), RO_BAD_SEAL);
    scene_init(&s, &vectors[RO_HPKE_BASE]);
    s.setup.psk = view(&s.info);
    tap_is(seal(&s, out), RO_BAD_INPUT);
    scene_init(&s, &vectors[RO_HPKE_BASE]);
    s.setup.psk_id = view(&s.info);
    tap_is(seal(&s, out), RO_BAD_INPUT);
    scene_init(&s, &vectors[RO_HPKE_AUTH]);
    s.sender.self = NULL;
    tap_is(seal(&s, out), RO_BAD_INPUT);
    scene_init(&s, &vectors[RO_HPKE_AUTH]);
    s.sender.secret = NULL;
    tap_is(seal(&s, out), RO_BAD_INPUT);
    s.recipient.sender = NULL;
    tap_is(open_sealed(&s, out), RO_BAD_SEAL);
}

static void
test_keys_that_the_mode_has_not(void)
{
    struct scene s;
    struct hpke_context context;
    uint8_t enc[RO_HPKE_ENC_SIZE];
    scene_init(&s, &vectors[RO_HPKE_BASE]);
    s.sender.secret = s.sk_r.b;
    tap_is(hpke_setup_sender(&s.sender, enc, &context), RO_BAD_INPUT);
    scene_init(&s, &vectors[RO_HPKE_BASE]);
    s.sender.self = &s.pk_r;
    tap_is(hpke_setup_sender(&s.sender, enc, &context), RO_BAD_INPUT);
    s.recipient.sender = &s.pk_r;
    tap_is(hpke_setup_recipient(&s.recipient, s.sealed, &context),
           RO_BAD_INPUT);
}

/* X25519 points whose product with any clamped scalar is zero (RFC 7748
 * section 6.1): u = 0, 1, the two of order 8, p - 1, p, p + 1, and each with
 * the top bit set, which X25519 ignores. */
static const char *const small_order[] = {
    "0000000000000000000000000000000000000000000000000000000000000000",
    "0100000000000000000000000000000000000000000000000000000000000000",
    "e0eb7a7c3b41b8ae1656e3faf19fc46ada098deb9c32b1fd866205165f49b800",
    "5f9c95bca3508c24b1d0b1559c83ef5b04445cc4581c8e86d8224eddd09f1157",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "edffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "eeffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff7f",
    "0000000000000000000000000000000000000000000000000000000000000080",
    "ecffffffffffffffffffffffffffffffffffffffffffffffffffffffffffffff",
};

static void
test_small_order_keys_are_refused(void)
{
    for (size_t i = 0; i < RO_LEN(small_order); i++) {
        struct ro_key bad = key_of(small_order[i]);
        struct scene s;
        uint8_t out[128];
        scene_init(&s, &vectors[RO_HPKE_BASE]);
        s.sender.recipient = &bad;
        tap_is(seal(&s, out), RO_BAD_INPUT);

        scene_init(&s, &vectors[RO_HPKE_BASE]);
        struct hpke_context context;
        tap_is(hpke_setup_recipient(&s.recipient, bad.b, &context),
               RO_BAD_INPUT);
        memcpy(s.sealed, bad.b, 32);
        tap_is(open_sealed(&s, out), RO_BAD_SEAL);

        scene_init(&s, &vectors[RO_HPKE_AUTH]);
        s.recipient.sender = &bad;
        tap_is(hpke_setup_recipient(&s.recipient, s.sealed, &context),
               RO_BAD_INPUT);
    }
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_key_schedules);
    tap_run(test_seal_and_open);
    tap_run(test_each_flipped_bit_is_refused);
    tap_run(test_each_part_of_the_context_binds);
    tap_run(test_modes_do_not_mix);
    tap_run(test_wrong_inputs);
    tap_run(test_keys_that_the_mode_has_not);
    tap_run(test_small_order_keys_are_refused);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The names of functions and labels are those of RFC 9180. */
#include "common/crypto/hpke.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#include "common/crypto/hash.h"
#include "common/crypto/hpke_internal.h"
#include "common/crypto/wipe.h"

/* Section 5.1 asks for a psk of at least 32 bytes of entropy. */
#define SHORTEST_PSK 32

/* "KEM" || 0x0020, and "HPKE" || 0x0020 || 0x0001 || 0x0003 */
static const uint8_t kem_suite[] = {'K', 'E', 'M', 0, 0x20};
static const uint8_t hpke_suite[] = {'H', 'P', 'K', 'E', 0, 0x20, 0, 1, 0, 3};

static const struct ro_bytes kem = {kem_suite, sizeof(kem_suite)};
static const struct ro_bytes hpke = {hpke_suite, sizeof(hpke_suite)};
static const struct ro_bytes empty = {NULL, 0};

void
hpke_context_fini(struct hpke_context *context)
{
    ro_wipe(context, sizeof(*context));
}

static struct ro_bytes
key_bytes(const uint8_t key[static 32])
{
    return (struct ro_bytes){key, 32};
}

/* LabeledExtract(salt, label, ikm) */
static void
labeled_extract(struct ro_bytes suite,
                struct ro_bytes salt,
                const char *label,
                struct ro_bytes ikm,
                uint8_t ret_prk[static 32])
{
    const struct ro_bytes labeled_ikm[] = {ro_bytes_text("HPKE-v1"), suite,
                                           ro_bytes_text(label), ikm};
    ro_hmac_sha256(salt, labeled_ikm, RO_LEN(labeled_ikm), ret_prk);
}

struct expand {
    struct ro_bytes suite;
    const uint8_t *prk;
    const char *label;
    struct ro_bytes info;
};

/* LabeledExpand(prk, label, info, size), for sizes up to one block of HKDF:
 * nothing here is longer, and so the info is never laid out in one piece. */
static void
labeled_expand(const struct expand *expand, uint8_t *ret_okm, size_t size)
{
    assert(size <= 32);
    const uint8_t length[2] = {0, (uint8_t)size};
    const uint8_t counter = 1;
    const struct ro_bytes size_first = {length, sizeof(length)};
    const struct ro_bytes end = {&counter, sizeof(counter)};
    const struct ro_bytes labeled_info[] = {
        size_first,    ro_bytes_text("HPKE-v1"),
        expand->suite, ro_bytes_text(expand->label),
        expand->info,  end};
    WIPED_KEY block;
    ro_hmac_sha256(key_bytes(expand->prk), labeled_info, RO_LEN(labeled_info),
                   block.b);
    memcpy(ret_okm, block.b, size);
}

/* What a Diffie-Hellman of one or two parts ends with. */
struct dh {
    uint8_t b[64];
    size_t size;
};

static void
dh_fini(struct dh *dh)
{
    ro_wipe(dh, sizeof(*dh));
}

#define DH RO_CLEANUP(dh_fini) struct dh

/* Appends one X25519; false where the result is all zeros (section 7.1.4). */
static bool
dh_add(struct dh *dh, const uint8_t *secret, const uint8_t *public_key)
{
    if (crypto_scalarmult(dh->b + dh->size, secret, public_key) != 0)
        return false;
    dh->size += crypto_scalarmult_BYTES;
    return true;
}

/* ExtractAndExpand(dh, enc || pkRm || pkSm); pkSm only in the auth modes */
static void
extract_and_expand(const struct dh *dh,
                   const uint8_t *enc,
                   const struct ro_key *recipient,
                   const struct ro_key *sender,
                   uint8_t ret_shared_secret[static 32])
{
    uint8_t kem_context[96];
    memcpy(kem_context, enc, 32);
    memcpy(kem_context + 32, recipient->b, 32);
    if (sender != NULL)
        memcpy(kem_context + 64, sender->b, 32);

    WIPED_KEY eae_prk;
    labeled_extract(kem, empty, "eae_prk", (struct ro_bytes){dh->b, dh->size},
                    eae_prk.b);
    const struct expand expand = {
        .suite = kem,
        .prk = eae_prk.b,
        .label = "shared_secret",
        .info = {kem_context, sender != NULL ? 96 : 64},
    };
    labeled_expand(&expand, ret_shared_secret, 32);
}

/* KeySchedule: from the shared secret to key, nonce and exporter secret. */
static void
key_schedule(const struct ro_hpke_setup *setup, struct hpke_context *context)
{
    uint8_t schedule_context[1 + 32 + 32] = {(uint8_t)setup->mode};
    labeled_extract(hpke, empty, "psk_id_hash", setup->psk_id,
                    schedule_context + 1);
    labeled_extract(hpke, empty, "info_hash", setup->info,
                    schedule_context + 33);

    WIPED_KEY secret;
    labeled_extract(hpke, key_bytes(context->shared_secret), "secret",
                    setup->psk, secret.b);
    struct expand expand = {
        .suite = hpke,
        .prk = secret.b,
        .info = {schedule_context, sizeof(schedule_context)},
    };
    expand.label = "key";
    labeled_expand(&expand, context->key, sizeof(context->key));
    expand.label = "base_nonce";
    labeled_expand(&expand, context->base_nonce, sizeof(context->base_nonce));
    expand.label = "exp";
    labeled_expand(&expand, context->exporter_secret,
                   sizeof(context->exporter_secret));
}

static bool
mode_has_auth(enum ro_hpke_mode mode)
{
    return mode == RO_HPKE_AUTH || mode == RO_HPKE_AUTH_PSK;
}

static bool
mode_has_psk(enum ro_hpke_mode mode)
{
    return mode == RO_HPKE_PSK || mode == RO_HPKE_AUTH_PSK;
}

/* VerifyPSKInputs, and the length of the psk. */
static enum ro_status
check_psk(const struct ro_hpke_setup *setup)
{
    bool fits = setup->psk.size >= SHORTEST_PSK && setup->psk_id.size > 0;
    if (!mode_has_psk(setup->mode))
        fits = setup->psk.size == 0 && setup->psk_id.size == 0;
    return fits ? RO_OK : RO_BAD_INPUT;
}

enum ro_status
hpke_setup_sender(const struct ro_hpke_sender *sender,
                  uint8_t ret_enc[static RO_HPKE_ENC_SIZE],
                  struct hpke_context *ret_context)
{
    bool auth = mode_has_auth(sender->setup->mode);
    RO_TRY(check_psk(sender->setup));
    if (auth != (sender->secret != NULL) || auth != (sender->self != NULL))
        return RO_BAD_INPUT;

    WIPED_KEY ephemeral;
    uint8_t enc[RO_HPKE_ENC_SIZE];
    ro_entropy_fill(sender->entropy, ephemeral.b, sizeof(ephemeral.b));
    if (crypto_scalarmult_base(enc, ephemeral.b) != 0)
        return RO_BAD_INPUT;
    DH dh = {.size = 0};
    if (!dh_add(&dh, ephemeral.b, sender->recipient->b))
        return RO_BAD_INPUT;
    if (auth && !dh_add(&dh, sender->secret, sender->recipient->b))
        return RO_BAD_INPUT;

    extract_and_expand(&dh, enc, sender->recipient, sender->self,
                       ret_context->shared_secret);
    key_schedule(sender->setup, ret_context);
    memcpy(ret_enc, enc, sizeof(enc));
    return RO_OK;
}

enum ro_status
hpke_setup_recipient(const struct ro_hpke_recipient *recipient,
                     const uint8_t enc[static RO_HPKE_ENC_SIZE],
                     struct hpke_context *ret_context)
{
    bool auth = mode_has_auth(recipient->setup->mode);
    RO_TRY(check_psk(recipient->setup));
    if (auth != (recipient->sender != NULL))
        return RO_BAD_INPUT;

    DH dh = {.size = 0};
    if (!dh_add(&dh, recipient->secret, enc))
        return RO_BAD_INPUT;
    if (auth && !dh_add(&dh, recipient->secret, recipient->sender->b))
        return RO_BAD_INPUT;

    extract_and_expand(&dh, enc, recipient->self, recipient->sender,
                       ret_context->shared_secret);
    key_schedule(recipient->setup, ret_context);
    return RO_OK;
}

void
hpke_export(const struct hpke_context *context,
            struct ro_bytes exporter_context,
            uint8_t ret_value[static 32])
{
    const struct expand expand = {
        .suite = hpke,
        .prk = context->exporter_secret,
        .label = "sec",
        .info = exporter_context,
    };
    labeled_expand(&expand, ret_value, 32);
}

enum ro_status
ro_hpke_seal(const struct ro_hpke_sender *sender,
             struct ro_bytes aad,
             struct ro_bytes plaintext,
             uint8_t *ret_sealed)
{
    HPKE_CONTEXT context;
    RO_TRY(hpke_setup_sender(sender, ret_sealed, &context));
    /* sequence number 0: the nonce is base_nonce itself */
    int failed = crypto_aead_chacha20poly1305_ietf_encrypt(
        ret_sealed + RO_HPKE_ENC_SIZE, NULL, plaintext.data, plaintext.size,
        aad.data, aad.size, NULL, context.base_nonce, context.key);
    return failed == 0 ? RO_OK : RO_BAD_INPUT;
}

enum ro_status
ro_hpke_open(const struct ro_hpke_recipient *recipient,
             struct ro_bytes aad,
             struct ro_bytes sealed,
             uint8_t *ret_plaintext)
{
    if (sealed.size < RO_HPKE_ENC_SIZE + RO_HPKE_TAG_SIZE)
        return RO_BAD_SEAL;
    HPKE_CONTEXT context;
    if (hpke_setup_recipient(recipient, sealed.data, &context) != RO_OK)
        return RO_BAD_SEAL;
    int failed = crypto_aead_chacha20poly1305_ietf_decrypt(
        ret_plaintext, NULL, NULL, sealed.data + RO_HPKE_ENC_SIZE,
        sealed.size - RO_HPKE_ENC_SIZE, aad.data, aad.size, context.base_nonce,
        context.key);
    return failed == 0 ? RO_OK : RO_BAD_SEAL;
}

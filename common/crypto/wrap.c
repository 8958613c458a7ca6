/* SPDX-License-Identifier: Apache-2.0 */
/* Wraps: one for each seat, an inner HPKE in mode_auth inside an outer one in
 * mode_psk. What the layers are bound to is laid out here and nowhere else. */
#include "common/crypto/seal.h"

#include <assert.h>
#include <string.h>

#include "common/crypto/hash.h"
#include "common/crypto/hpke.h"

#define PSK_SIZE 32
/* the longest info: label, suite, circle, day, seat, reference */
#define INFO_ROOM (64 + 1 + RO_ID_SIZE + 4 + RO_ID_SIZE + RO_REFERENCE_SIZE)
#define PSK_ID_SIZE (RO_ID_SIZE + 4)
#define OUTER_AAD_SIZE (RO_ID_SIZE + 1 + 4 + RO_HASH_SIZE)
#define INNER_AAD_SIZE (RO_HASH_SIZE + RO_HASH_SIZE)

/* What is encrypted: in the inner layer content key, sequence, secret; in the
 * outer one reference, recipients hash, inner layer. */
#define INNER_PLAIN_SIZE (RO_CONTENT_KEY_SIZE + 8 + RO_SECRET_SIZE)
#define OUTER_PLAIN_SIZE (RO_REFERENCE_SIZE + RO_HASH_SIZE + RO_INNER_SIZE)
#define HPKE_OVERHEAD (RO_HPKE_ENC_SIZE + RO_HPKE_TAG_SIZE)
static_assert(INNER_PLAIN_SIZE + HPKE_OVERHEAD == RO_INNER_SIZE, "inner");
static_assert(OUTER_PLAIN_SIZE + HPKE_OVERHEAD == RO_WRAP_SIZE, "outer");

struct inner_plain {
    uint8_t b[INNER_PLAIN_SIZE];
};

static void
inner_plain_fini(struct inner_plain *plain)
{
    ro_wipe(plain, sizeof(*plain));
}

#define INNER_PLAIN RO_CLEANUP(inner_plain_fini) struct inner_plain

void
ro_reference_put(const struct ro_reference *reference,
                 uint8_t ret_bytes[static RO_REFERENCE_SIZE])
{
    memset(ret_bytes, 0, RO_REFERENCE_SIZE);
    ret_bytes[0] = (uint8_t)reference->kind;
    switch (reference->kind) {
    case RO_REFERENCE_SEAT:
        memcpy(ret_bytes + 1, reference->seat.b, RO_ID_SIZE);
        return;
    case RO_REFERENCE_KEYS:
        memcpy(ret_bytes + 1, reference->sealing.b, RO_KEY_SIZE);
        memcpy(ret_bytes + 1 + RO_KEY_SIZE, reference->signing.b, RO_KEY_SIZE);
        return;
    }
    assert(false); /* the kind is none of ours */
}

enum ro_status
ro_reference_get(const uint8_t bytes[static RO_REFERENCE_SIZE],
                 struct ro_reference *ret_reference)
{
    static const uint8_t zeros[RO_REFERENCE_SIZE];
    struct ro_reference reference = {0};
    size_t used = 1;
    if (bytes[0] == RO_REFERENCE_SEAT) {
        reference.kind = RO_REFERENCE_SEAT;
        memcpy(reference.seat.b, bytes + 1, RO_ID_SIZE);
        used += RO_ID_SIZE;
    } else if (bytes[0] == RO_REFERENCE_KEYS) {
        reference.kind = RO_REFERENCE_KEYS;
        memcpy(reference.sealing.b, bytes + 1, RO_KEY_SIZE);
        memcpy(reference.signing.b, bytes + 1 + RO_KEY_SIZE, RO_KEY_SIZE);
        ro_seat_id_of(&reference.signing, &reference.seat);
        used += RO_KEY_SIZE + RO_KEY_SIZE;
    } else {
        return RO_BAD_SEAL;
    }
    if (memcmp(bytes + used, zeros, RO_REFERENCE_SIZE - used) != 0)
        return RO_BAD_SEAL;
    *ret_reference = reference;
    return RO_OK;
}

/* label || suite || circle || day || recipient seat [|| sender reference] */
static struct ro_bytes
put_info(enum ro_label label,
         const struct ro_wrap_binding *binding,
         struct ro_bytes reference,
         uint8_t ret_info[static INFO_ROOM])
{
    struct ro_bytes first = ro_label_bytes(label);
    uint8_t *at = ret_info;
    memcpy(at, first.data, first.size);
    at += first.size;
    *at++ = RO_SUITE_1;
    memcpy(at, binding->circle.b, RO_ID_SIZE);
    at += RO_ID_SIZE;
    ro_set_u32(at, binding->day);
    at += 4;
    memcpy(at, binding->mailbox.b, RO_ID_SIZE);
    at += RO_ID_SIZE;
    if (reference.size > 0)
        memcpy(at, reference.data, reference.size);
    at += reference.size;
    return (struct ro_bytes){ret_info, (size_t)(at - ret_info)};
}

/* body hash || recipients hash */
static struct ro_bytes
put_inner_aad(const struct ro_wrap_binding *binding,
              const struct ro_hash *recipients,
              uint8_t ret_aad[static INNER_AAD_SIZE])
{
    memcpy(ret_aad, binding->body_hash.b, RO_HASH_SIZE);
    memcpy(ret_aad + RO_HASH_SIZE, recipients->b, RO_HASH_SIZE);
    return (struct ro_bytes){ret_aad, INNER_AAD_SIZE};
}

/* mailbox || bucket || expiry hour || body hash */
static struct ro_bytes
put_outer_aad(const struct ro_wrap_binding *binding,
              uint8_t ret_aad[static OUTER_AAD_SIZE])
{
    memcpy(ret_aad, binding->mailbox.b, RO_ID_SIZE);
    ret_aad[RO_ID_SIZE] = (uint8_t)binding->bucket;
    ro_set_u32(ret_aad + RO_ID_SIZE + 1, binding->expiry_hour);
    memcpy(ret_aad + RO_ID_SIZE + 5, binding->body_hash.b, RO_HASH_SIZE);
    return (struct ro_bytes){ret_aad, OUTER_AAD_SIZE};
}

/* The bytes that both sides of the outer layer set up with. */
struct outer_setup {
    uint8_t info[INFO_ROOM];
    uint8_t psk_id[PSK_ID_SIZE]; /* circle || generation */
    struct ro_hpke_setup hpke;   /* points into this struct */
};

static void
outer_setup_init(const struct ro_wrap_binding *binding,
                 struct outer_setup *setup)
{
    memcpy(setup->psk_id, binding->circle.b, RO_ID_SIZE);
    ro_set_u32(setup->psk_id + RO_ID_SIZE, binding->generation);
    const struct ro_bytes none = {NULL, 0};
    const struct ro_bytes psk = {binding->psk, PSK_SIZE};
    const struct ro_bytes psk_id = {setup->psk_id, PSK_ID_SIZE};
    setup->hpke = (struct ro_hpke_setup){
        .mode = RO_HPKE_PSK,
        .info = put_info(RO_LABEL_WRAP, binding, none, setup->info),
        .psk = psk,
        .psk_id = psk_id,
    };
}

static enum ro_status
seal_inner(const struct ro_wrap_seal *seal,
           const struct ro_entropy *entropy,
           struct ro_bytes reference,
           uint8_t ret_inner[static RO_INNER_SIZE])
{
    const struct ro_wrap_inside *inside = seal->inside;
    INNER_PLAIN plain;
    memcpy(plain.b, inside->content_key, RO_CONTENT_KEY_SIZE);
    ro_set_u64(plain.b + RO_CONTENT_KEY_SIZE, inside->sequence);
    memcpy(plain.b + RO_CONTENT_KEY_SIZE + 8, inside->secret, RO_SECRET_SIZE);

    uint8_t info[INFO_ROOM];
    uint8_t aad[INNER_AAD_SIZE];
    const struct ro_hpke_setup setup = {
        .mode = RO_HPKE_AUTH,
        .info = put_info(RO_LABEL_INNER, seal->binding, reference, info),
    };
    const struct ro_hpke_sender sender = {
        .setup = &setup,
        .recipient = seal->recipient,
        .secret = seal->sender->secret,
        .self = seal->sender->public_key,
        .entropy = entropy,
    };
    return ro_hpke_seal(&sender,
                        put_inner_aad(seal->binding, &inside->recipients, aad),
                        (struct ro_bytes){plain.b, sizeof(plain.b)}, ret_inner);
}

enum ro_status
ro_wrap_seal(const struct ro_wrap_seal *seal,
             const struct ro_entropy *entropy,
             uint8_t ret_wrap[static RO_WRAP_SIZE])
{
    uint8_t plain[OUTER_PLAIN_SIZE];
    ro_reference_put(&seal->inside->sender, plain);
    memcpy(plain + RO_REFERENCE_SIZE, seal->inside->recipients.b, RO_HASH_SIZE);
    RO_TRY(seal_inner(seal, entropy,
                      (struct ro_bytes){plain, RO_REFERENCE_SIZE},
                      plain + RO_REFERENCE_SIZE + RO_HASH_SIZE));

    struct outer_setup setup;
    outer_setup_init(seal->binding, &setup);
    uint8_t aad[OUTER_AAD_SIZE];
    const struct ro_hpke_sender sender = {
        .setup = &setup.hpke,
        .recipient = seal->recipient,
        .entropy = entropy,
    };
    return ro_hpke_seal(&sender, put_outer_aad(seal->binding, aad),
                        (struct ro_bytes){plain, sizeof(plain)}, ret_wrap);
}

enum ro_status
ro_wrap_open_outer(const struct ro_wrap_binding *binding,
                   const struct ro_opening_key *key,
                   struct ro_bytes wrap,
                   struct ro_wrap_outer *ret_outer)
{
    if (wrap.size != RO_WRAP_SIZE)
        return RO_BAD_SEAL;
    struct outer_setup setup;
    outer_setup_init(binding, &setup);
    uint8_t aad[OUTER_AAD_SIZE];
    const struct ro_hpke_recipient recipient = {
        .setup = &setup.hpke,
        .secret = key->secret,
        .self = key->public_key,
    };
    uint8_t plain[OUTER_PLAIN_SIZE];
    RO_TRY(ro_hpke_open(&recipient, put_outer_aad(binding, aad), wrap, plain));

    struct ro_reference sender;
    RO_TRY(ro_reference_get(plain, &sender));
    ret_outer->sender = sender;
    memcpy(ret_outer->reference, plain, RO_REFERENCE_SIZE);
    memcpy(ret_outer->recipients.b, plain + RO_REFERENCE_SIZE, RO_HASH_SIZE);
    memcpy(ret_outer->inner, plain + RO_REFERENCE_SIZE + RO_HASH_SIZE,
           RO_INNER_SIZE);
    return RO_OK;
}

enum ro_status
ro_wrap_open_inner(const struct ro_wrap_binding *binding,
                   const struct ro_opening_key *key,
                   const struct ro_wrap_outer *outer,
                   const struct ro_key *sender_sealing,
                   struct ro_wrap_inside *ret_inside)
{
    uint8_t info[INFO_ROOM];
    uint8_t aad[INNER_AAD_SIZE];
    const struct ro_bytes reference = {outer->reference, RO_REFERENCE_SIZE};
    const struct ro_hpke_setup setup = {
        .mode = RO_HPKE_AUTH,
        .info = put_info(RO_LABEL_INNER, binding, reference, info),
    };
    const struct ro_hpke_recipient recipient = {
        .setup = &setup,
        .secret = key->secret,
        .self = key->public_key,
        .sender = sender_sealing,
    };
    INNER_PLAIN plain;
    RO_TRY(ro_hpke_open(
        &recipient, put_inner_aad(binding, &outer->recipients, aad),
        (struct ro_bytes){outer->inner, RO_INNER_SIZE}, plain.b));

    ret_inside->sender = outer->sender;
    ret_inside->recipients = outer->recipients;
    memcpy(ret_inside->content_key, plain.b, RO_CONTENT_KEY_SIZE);
    ret_inside->sequence = ro_get_u64(plain.b + RO_CONTENT_KEY_SIZE);
    memcpy(ret_inside->secret, plain.b + RO_CONTENT_KEY_SIZE + 8,
           RO_SECRET_SIZE);
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/hash.h"
#include "common/crypto/hpke.h"
#include "common/crypto/seal.h"
#include "common/crypto/sign.h"
#include "tests/unit/crypto/support.h"

/* One sender, one recipient, one body, one wrap. Points into itself. */
struct scene {
    struct ro_keypair *sender, *recipient;
    uint8_t psk[32];
    struct ro_wrap_binding binding;
    struct ro_wrap_inside inside;
    struct ro_sealing_key sealing;
    struct ro_opening_key opening;
    struct ro_wrap_seal seal;
    uint8_t wrap[RO_WRAP_SIZE];
};

static struct ro_keypair *
pair_counting_from(uint8_t first)
{
    uint8_t seed[RO_SEED_SIZE];
    count_up(first, seed, sizeof(seed));
    struct ro_keypair *pair = ro_keypair_from_seed(seed);
    tap_need(pair != NULL);
    return pair;
}

static void
scene_fini(struct scene *s)
{
    ro_keypair_free(s->sender);
    ro_keypair_free(s->recipient);
}

#define SCENE RO_CLEANUP(scene_fini) struct scene

static void
scene_keys(struct scene *s)
{
    s->sender = pair_counting_from(0x01);
    s->recipient = pair_counting_from(0x81);
    s->sealing = (struct ro_sealing_key){ro_keypair_x25519_secret(s->sender),
                                         ro_keypair_x25519(s->sender)};
    s->opening = (struct ro_opening_key){ro_keypair_x25519_secret(s->recipient),
                                         ro_keypair_x25519(s->recipient)};
    s->seal = (struct ro_wrap_seal){
        &s->binding, ro_keypair_x25519(s->recipient), &s->inside, &s->sealing};
}

static void
scene_init(struct scene *s)
{
    *s = (struct scene){0};
    scene_keys(s);
    count_up(0xa0, s->psk, sizeof(s->psk));
    s->binding = (struct ro_wrap_binding){
        .day = 20767,
        .generation = 3,
        .expiry_hour = 500568,
        .bucket = RO_BUCKET_1K,
        .psk = s->psk,
    };
    count_up(0x01, s->binding.circle.b, RO_ID_SIZE);
    count_up(0x20, s->binding.mailbox.b, RO_ID_SIZE);

    s->inside.sender.kind = RO_REFERENCE_SEAT;
    s->inside.sequence = 77;
    count_up(0x33, s->inside.sender.seat.b, RO_ID_SIZE);
    count_up(0x60, s->inside.content_key, RO_CONTENT_KEY_SIZE);
    count_up(0x70, s->inside.secret, RO_SECRET_SIZE);
    struct ro_seat_id seats[2] = {s->binding.mailbox};
    count_up(0x18, seats[1].b, RO_ID_SIZE);
    ro_recipients_hash(seats, 2, &s->inside.recipients);
}

static void
scene_wrap(struct scene *s)
{
    struct ro_entropy_seeded seeded = {21};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    tap_is(ro_wrap_seal(&s->seal, &entropy, s->wrap), RO_OK);
}

static enum ro_status
open_outer(const struct scene *s, struct ro_wrap_outer *ret_outer)
{
    return ro_wrap_open_outer(&s->binding, &s->opening,
                              (struct ro_bytes){s->wrap, sizeof(s->wrap)},
                              ret_outer);
}

static enum ro_status
open_inner(const struct scene *s, const struct ro_wrap_outer *outer)
{
    struct ro_wrap_inside inside;
    return ro_wrap_open_inner(&s->binding, &s->opening, outer,
                              s->sealing.public_key, &inside);
}

static bool
same_inside(const struct ro_wrap_inside *a, const struct ro_wrap_inside *b)
{
    uint8_t reference_a[RO_REFERENCE_SIZE], reference_b[RO_REFERENCE_SIZE];
    ro_reference_put(&a->sender, reference_a);
    ro_reference_put(&b->sender, reference_b);
    return memcmp(reference_a, reference_b, sizeof(reference_a)) == 0 &&
           memcmp(a->recipients.b, b->recipients.b, RO_HASH_SIZE) == 0 &&
           a->sequence == b->sequence &&
           memcmp(a->content_key, b->content_key, RO_CONTENT_KEY_SIZE) == 0 &&
           memcmp(a->secret, b->secret, RO_SECRET_SIZE) == 0;
}

/* Body and wrap together, as a message travels, in each bucket and with each
 * kind of sender. */
static void
check_message(enum ro_bucket bucket, enum ro_reference_kind kind)
{
    SCENE s;
    scene_init(&s);
    struct ro_entropy_seeded seeded = {9};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    RO_AUTOBUF body = {0};
    RO_AUTOBUF content = {0};
    uint8_t *at = ro_buf_extend(&content, ((size_t)1024 << (2 * bucket)) -
                                              RO_BODY_OVERHEAD);
    tap_need(at != NULL);
    count_up(3, at, content.size);
    tap_is(ro_body_seal(ro_buf_view(&content), s.inside.content_key, &entropy,
                        &body),
           RO_OK);
    s.binding.bucket = bucket;
    ro_body_hash(ro_buf_view(&body), &s.binding.body_hash);
    if (kind == RO_REFERENCE_KEYS) {
        s.inside.sender.kind = RO_REFERENCE_KEYS;
        s.inside.sender.sealing = *ro_keypair_x25519(s.sender);
        s.inside.sender.signing = *ro_keypair_public(s.sender);
        ro_seat_id_of(&s.inside.sender.signing, &s.inside.sender.seat);
    }
    scene_wrap(&s);

    struct ro_wrap_outer outer;
    struct ro_wrap_inside inside;
    tap_is(open_outer(&s, &outer), RO_OK);
    tap_ok(outer.sender.kind == kind);
    tap_ok(ro_seat_id_equal(&outer.sender.seat, &s.inside.sender.seat));
    tap_is(ro_wrap_open_inner(&s.binding, &s.opening, &outer,
                              s.sealing.public_key, &inside),
           RO_OK);
    tap_ok(same_inside(&inside, &s.inside));
    RO_AUTOBUF back = {0};
    tap_is(ro_body_open(ro_buf_view(&body), inside.content_key, &back), RO_OK);
    tap_ok(ro_bytes_equal(ro_buf_view(&back), ro_buf_view(&content)));
}

static void
test_messages(void)
{
    for (enum ro_bucket bucket = RO_BUCKET_1K; bucket <= RO_BUCKET_64K;
         bucket++) {
        check_message(bucket, RO_REFERENCE_SEAT);
        check_message(bucket, RO_REFERENCE_KEYS);
    }
}

/* The whole layout, byte for byte, against a second implementation in Python
 * (cryptography 48, hashlib), which itself reproduces RFC 9180's vectors. */
static void
test_known_message(void)
{
    SCENE s;
    scene_init(&s);
    uint8_t script_bytes[24 + 32 + 32];
    count_up(0xc0, script_bytes, 24);      /* nonce */
    count_up(0x11, script_bytes + 24, 32); /* skE of the inner layer */
    count_up(0x22, script_bytes + 56, 32); /* skE of the outer layer */
    struct script script = {
        {script_bytes, sizeof(script_bytes)}
    };
    struct ro_entropy entropy = script_entropy(&script);
    RO_AUTOBUF body = {0};
    tap_is(ro_body_seal(ro_bytes_text("Dear Rowan Lane"), s.inside.content_key,
                        &entropy, &body),
           RO_OK);
    ro_body_hash(ro_buf_view(&body), &s.binding.body_hash);
    tap_ok(is_hex(s.binding.body_hash.b, 32,
                  "9b63d9e717f3f20d0532ec496079ce63"
                  "76916a589eb685e14f75e5064f29756d"));
    tap_is(ro_wrap_seal(&s.seal, &entropy, s.wrap), RO_OK);
    struct ro_hash hash;
    ro_body_hash((struct ro_bytes){s.wrap, sizeof(s.wrap)}, &hash);
    tap_ok(is_hex(hash.b, 32,
                  "8cc830767d4c91cd068d6c41534e36f7"
                  "fca40bf872d2bb24fc01394f7c33fee7"));
}

static void
test_each_flipped_bit_is_refused(void)
{
    SCENE s;
    scene_init(&s);
    scene_wrap(&s);
    struct ro_wrap_outer outer;
    size_t refused = 0;
    for (size_t at = 0; at < sizeof(s.wrap); at++) {
        s.wrap[at] ^= (uint8_t)(1u << at % 8);
        refused += open_outer(&s, &outer) == RO_BAD_SEAL;
        s.wrap[at] ^= (uint8_t)(1u << at % 8);
    }
    tap_ok(refused == RO_WRAP_SIZE);
    tap_is(open_outer(&s, &outer), RO_OK);

    refused = 0;
    for (size_t at = 0; at < sizeof(outer.inner); at++) {
        outer.inner[at] ^= (uint8_t)(1u << at % 8);
        refused += open_inner(&s, &outer) == RO_BAD_SEAL;
        outer.inner[at] ^= (uint8_t)(1u << at % 8);
    }
    tap_ok(refused == RO_INNER_SIZE);
    tap_is(open_inner(&s, &outer), RO_OK);

    struct ro_bytes cut = {s.wrap, sizeof(s.wrap) - 1};
    tap_is(ro_wrap_open_outer(&s.binding, &s.opening, cut, &outer),
           RO_BAD_SEAL);
    cut.size = 0;
    tap_is(ro_wrap_open_outer(&s.binding, &s.opening, cut, &outer),
           RO_BAD_SEAL);
}

/* One change to what the recipient believes, and which layers refuse it. */
enum layers { OUTER = 1, INNER = 2, BOTH = 3 };

static void
change_circle(struct scene *s)
{
    s->binding.circle.b[15] ^= 1;
}
static void
change_mailbox(struct scene *s)
{
    s->binding.mailbox.b[0] ^= 1;
}
static void
change_day(struct scene *s)
{
    s->binding.day++;
}
static void
change_to_fallback(struct scene *s)
{
    s->binding.day = 0;
}
static void
change_generation(struct scene *s)
{
    s->binding.generation++;
}
static void
change_expiry(struct scene *s)
{
    s->binding.expiry_hour++;
}
static void
change_bucket(struct scene *s)
{
    s->binding.bucket++;
}
static void
change_body(struct scene *s)
{
    s->binding.body_hash.b[31] ^= 1;
}
static void
change_psk(struct scene *s)
{
    s->psk[31] ^= 1;
}

static const struct {
    const char *what;
    void (*change)(struct scene *s);
    enum layers refused_by;
} changes[] = {
    {"circle",     change_circle,      BOTH },
    {"mailbox",    change_mailbox,     BOTH },
    {"day",        change_day,         BOTH },
    {"fallback",   change_to_fallback, BOTH },
    {"generation", change_generation,  OUTER},
    {"expiry",     change_expiry,      OUTER},
    {"bucket",     change_bucket,      OUTER},
    {"body hash",  change_body,        BOTH },
    {"psk",        change_psk,         OUTER},
};

static void
test_each_field_of_the_binding(void)
{
    for (size_t i = 0; i < RO_LEN(changes); i++) {
        SCENE s;
        struct ro_wrap_outer outer, none;
        scene_init(&s);
        scene_wrap(&s);
        tap_is(open_outer(&s, &outer), RO_OK);
        changes[i].change(&s);
        bool by_outer = open_outer(&s, &none) == RO_BAD_SEAL;
        bool by_inner = open_inner(&s, &outer) == RO_BAD_SEAL;
        tap_say(by_outer == ((changes[i].refused_by & OUTER) != 0),
                changes[i].what);
        tap_say(by_inner == ((changes[i].refused_by & INNER) != 0),
                changes[i].what);
    }
}

/* The inner layer is bound to reference and recipients of the outer one. */
static void
test_inner_is_bound_to_outer(void)
{
    SCENE s;
    struct ro_wrap_outer outer;
    scene_init(&s);
    scene_wrap(&s);
    tap_is(open_outer(&s, &outer), RO_OK);
    outer.reference[5] ^= 1;
    tap_is(open_inner(&s, &outer), RO_BAD_SEAL);
    outer.reference[5] ^= 1;
    outer.recipients.b[0] ^= 1;
    tap_is(open_inner(&s, &outer), RO_BAD_SEAL);
    outer.recipients.b[0] ^= 1;
    tap_is(open_inner(&s, &outer), RO_OK);
}

static void
test_other_keys(void)
{
    SCENE s;
    struct ro_wrap_outer outer;
    struct ro_wrap_inside inside;
    scene_init(&s);
    scene_wrap(&s);
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *third = pair_counting_from(0x44);
    const struct ro_opening_key other = {ro_keypair_x25519_secret(third),
                                         ro_keypair_x25519(third)};
    tap_is(open_outer(&s, &outer), RO_OK);
    tap_say(ro_wrap_open_inner(&s.binding, &s.opening, &outer,
                               ro_keypair_x25519(third),
                               &inside) == RO_BAD_SEAL,
            "another sender's key");
    tap_say(ro_wrap_open_inner(&s.binding, &other, &outer, s.sealing.public_key,
                               &inside) == RO_BAD_SEAL,
            "another recipient's key, inside");
    s.opening = other;
    tap_say(open_outer(&s, &outer) == RO_BAD_SEAL,
            "another recipient's key, outside");
}

static void
test_small_order_recipient(void)
{
    SCENE s;
    scene_init(&s);
    struct ro_entropy_seeded seeded = {21};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    const struct ro_key zero = {{0}};
    s.seal.recipient = &zero;
    memset(s.wrap, 0xee, sizeof(s.wrap));
    tap_is(ro_wrap_seal(&s.seal, &entropy, s.wrap), RO_BAD_INPUT);
    tap_ok(s.wrap[0] == 0xee && s.wrap[RO_WRAP_SIZE - 1] == 0xee);
}

/* An outer layer with anything inside, as a member who knows the PSK can make
 * it; laid out by PROTOCOL's words rather than wrap.c's. */
static void
seal_outer(const struct scene *s, struct ro_bytes plain, uint8_t *ret_wrap)
{
    uint8_t info[128], psk_id[20], aad[53];
    struct ro_bytes label = ro_label_bytes(RO_LABEL_WRAP);
    memcpy(info, label.data, label.size);
    uint8_t *at = info + label.size;
    *at = RO_SUITE_1;
    memcpy(at + 1, s->binding.circle.b, 16);
    ro_set_u32(at + 17, s->binding.day);
    memcpy(at + 21, s->binding.mailbox.b, 16);
    memcpy(psk_id, s->binding.circle.b, 16);
    ro_set_u32(psk_id + 16, s->binding.generation);
    memcpy(aad, s->binding.mailbox.b, 16);
    aad[16] = (uint8_t)s->binding.bucket;
    ro_set_u32(aad + 17, s->binding.expiry_hour);
    memcpy(aad + 21, s->binding.body_hash.b, 32);

    struct ro_entropy_seeded seeded = {2};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    const struct ro_hpke_setup setup = {
        .mode = RO_HPKE_PSK,
        .info = {info,   label.size + 37},
        .psk = {s->psk, 32             },
        .psk_id = {psk_id, 20             },
    };
    const struct ro_hpke_sender sender = {
        .setup = &setup,
        .recipient = s->seal.recipient,
        .entropy = &entropy,
    };
    tap_is(ro_hpke_seal(&sender, (struct ro_bytes){aad, sizeof(aad)}, plain,
                        ret_wrap),
           RO_OK);
}

static void
test_outer_of_a_hostile_member(void)
{
    SCENE s;
    scene_init(&s);
    struct ro_wrap_outer outer;
    static uint8_t plain[4000] = {RO_REFERENCE_SEAT};
    static uint8_t wrap[sizeof(plain) + 48];
    seal_outer(&s, (struct ro_bytes){plain, 280}, wrap);
    struct ro_bytes bytes = {wrap, RO_WRAP_SIZE};
    tap_is(ro_wrap_open_outer(&s.binding, &s.opening, bytes, &outer), RO_OK);
    plain[0] = 9;
    seal_outer(&s, (struct ro_bytes){plain, 280}, wrap);
    tap_say(ro_wrap_open_outer(&s.binding, &s.opening, bytes, &outer) ==
                RO_BAD_SEAL,
            "a reference of an unknown kind");
    plain[0] = RO_REFERENCE_SEAT;
    plain[100] = 1;
    seal_outer(&s, (struct ro_bytes){plain, 280}, wrap);
    tap_say(ro_wrap_open_outer(&s.binding, &s.opening, bytes, &outer) ==
                RO_BAD_SEAL,
            "a reference with something behind it");
    plain[100] = 0;
    static const size_t sizes[] = {0, 279, 281, sizeof(plain)};
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        seal_outer(&s, (struct ro_bytes){plain, sizes[i]}, wrap);
        bytes.size = sizes[i] + 48;
        tap_is(ro_wrap_open_outer(&s.binding, &s.opening, bytes, &outer),
               RO_BAD_SEAL);
    }
}

static void
test_references(void)
{
    struct ro_reference seat = {.kind = RO_REFERENCE_SEAT};
    struct ro_reference keys = {.kind = RO_REFERENCE_KEYS};
    struct ro_reference back;
    uint8_t bytes[RO_REFERENCE_SIZE];
    count_up(1, seat.seat.b, RO_ID_SIZE);
    count_up(2, keys.sealing.b, RO_KEY_SIZE);
    count_up(3, keys.signing.b, RO_KEY_SIZE);

    ro_reference_put(&seat, bytes);
    tap_ok(bytes[0] == 1 && bytes[1] == 1 && bytes[16] == 16 && bytes[17] == 0);
    tap_is(ro_reference_get(bytes, &back), RO_OK);
    tap_ok(back.kind == RO_REFERENCE_SEAT);
    tap_ok(ro_seat_id_equal(&back.seat, &seat.seat));
    size_t refused = 0;
    for (size_t at = 17; at < sizeof(bytes); at++) {
        bytes[at] ^= 1;
        refused += ro_reference_get(bytes, &back) == RO_BAD_SEAL;
        bytes[at] ^= 1;
    }
    tap_ok(refused == sizeof(bytes) - 17);

    struct ro_seat_id own;
    ro_seat_id_of(&keys.signing, &own);
    ro_reference_put(&keys, bytes);
    tap_is(ro_reference_get(bytes, &back), RO_OK);
    tap_ok(back.kind == RO_REFERENCE_KEYS);
    tap_ok(memcmp(back.sealing.b, keys.sealing.b, 32) == 0 &&
           memcmp(back.signing.b, keys.signing.b, 32) == 0);
    tap_say(ro_seat_id_equal(&back.seat, &own), "keys have a seat id");
    bytes[65] = 1;
    tap_is(ro_reference_get(bytes, &back), RO_BAD_SEAL);
    bytes[65] = 0;
    for (int kind = 0; kind < 256; kind++) {
        if (kind == RO_REFERENCE_SEAT || kind == RO_REFERENCE_KEYS)
            continue;
        memset(bytes, 0, sizeof(bytes));
        bytes[0] = (uint8_t)kind;
        refused += ro_reference_get(bytes, &back) == RO_BAD_SEAL;
    }
    tap_ok(refused == sizeof(bytes) - 17 + 254);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_messages);
    tap_run(test_known_message);
    tap_run(test_each_flipped_bit_is_refused);
    tap_run(test_each_field_of_the_binding);
    tap_run(test_inner_is_bound_to_outer);
    tap_run(test_other_keys);
    tap_run(test_small_order_recipient);
    tap_run(test_outer_of_a_hostile_member);
    tap_run(test_references);
    return tap_done();
}

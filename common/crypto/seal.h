/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sealing, suite 1: one body for each audience, one wrap for each seat.
 * docs/PROTOCOL.md, chapter "Sealing", has every byte; the names here are the
 * names there.
 */
#ifndef RO_CRYPTO_SEAL_H
#define RO_CRYPTO_SEAL_H

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#define RO_SUITE_1 1
#define RO_NONCE_SIZE 24
#define RO_COMMITMENT_SIZE 32
#define RO_CONTENT_KEY_SIZE 32
/* suite, nonce, commitment, tag, and the 4-byte length inside */
#define RO_BODY_OVERHEAD (1 + RO_NONCE_SIZE + RO_COMMITMENT_SIZE + 16 + 4)
#define RO_CONTENT_LIMIT (65536 - RO_BODY_OVERHEAD)
#define RO_REFERENCE_SIZE 128
#define RO_SECRET_SIZE 32
#define RO_INNER_SIZE (32 + RO_CONTENT_KEY_SIZE + 8 + RO_SECRET_SIZE + 16)
#define RO_WRAP_SIZE                                                           \
    (32 + RO_REFERENCE_SIZE + RO_HASH_SIZE + RO_INNER_SIZE + 16)
/* day 0 in a wrap: the recipient's fallback or enrolment key */
#define RO_DAY_FALLBACK 0

/* Sizes of a whole body on the wire: 1, 4, 16 or 64 KiB. */
enum ro_bucket { RO_BUCKET_1K, RO_BUCKET_4K, RO_BUCKET_16K, RO_BUCKET_64K };

/* The bucket of a body of exactly `body_size` bytes; RO_BAD_FRAME if none. */
RO_MUST_USE enum ro_status ro_bucket_of(size_t body_size,
                                        enum ro_bucket *ret_bucket);

/* Who sent it, padded to 128 bytes: kind 1 is a seat of the directory, kind 2
 * a pair of keys that speaks for itself (enrolment, later pseudonyms). */
enum ro_reference_kind { RO_REFERENCE_SEAT = 1, RO_REFERENCE_KEYS = 2 };
struct ro_reference {
    enum ro_reference_kind kind;
    struct ro_seat_id seat; /* kind 1; in kind 2 the id of `signing` */
    struct ro_key sealing;  /* kind 2: X25519 */
    struct ro_key signing;  /* kind 2: Ed25519, its seat id is the mailbox */
};

/* Lays a reference out: kind ‖ seat ‖ zeros, or kind ‖ sealing ‖ signing ‖
 * zeros. */
void ro_reference_put(const struct ro_reference *reference,
                      uint8_t ret_bytes[static RO_REFERENCE_SIZE]);

/* Reads one; RO_BAD_SEAL for an unknown kind or padding that is not zero. */
RO_MUST_USE enum ro_status
ro_reference_get(const uint8_t bytes[static RO_REFERENCE_SIZE],
                 struct ro_reference *ret_reference);

/* Seals `content` (at most RO_CONTENT_LIMIT bytes, else RO_TOO_LARGE) into a
 * body of the smallest bucket that holds it, appended to `ret_body`, with a
 * fresh nonce. The content key is the caller's, random, used once. */
RO_MUST_USE enum ro_status
ro_body_seal(struct ro_bytes content,
             const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
             const struct ro_entropy *entropy,
             struct ro_buf *ret_body);

/* How a body is sealed; the key is borrowed. */
struct ro_body_sealing {
    const uint8_t *content_key; /* 32 bytes */
    enum ro_bucket least;
};

/* As ro_body_seal, into a body of this bucket or a larger one that holds it:
 * what is cut into pieces must not show where its end is. */
RO_MUST_USE enum ro_status
ro_body_seal_in(struct ro_bytes content,
                const struct ro_body_sealing *sealing,
                const struct ro_entropy *entropy,
                struct ro_buf *ret_body);

/* Opens a body: commitment first, then the tag, then length and zero padding.
 * Appends the content to `ret_content`. RO_BAD_SEAL when anything is off. */
RO_MUST_USE enum ro_status
ro_body_open(struct ro_bytes body,
             const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
             struct ro_buf *ret_content);

/* BLAKE2b-256 of a whole body. */
void ro_body_hash(struct ro_bytes body, struct ro_hash *ret_hash);

/* What a wrap is bound to, known to both sides (some of it in clear beside
 * the wrap, the rest from the directory). */
struct ro_wrap_binding {
    struct ro_circle_id circle;
    struct ro_seat_id mailbox; /* = the recipient seat */
    uint32_t day;              /* UTC day of the epoch key; 0: fallback */
    uint32_t generation;       /* of the PSK */
    uint32_t expiry_hour;      /* UTC hour number */
    enum ro_bucket bucket;
    struct ro_hash body_hash;
    const uint8_t *psk; /* 32 bytes */
};

/* What a wrap says to its recipient. */
struct ro_wrap_inside {
    struct ro_reference sender;
    struct ro_hash recipients;
    uint64_t sequence;
    uint8_t content_key[RO_CONTENT_KEY_SIZE];
    uint8_t secret[RO_SECRET_SIZE]; /* zero where there is none */
};

/* The sender's static X25519 sealing key, for mode_auth. */
struct ro_sealing_key {
    const uint8_t *secret; /* 32 bytes */
    const struct ro_key *public_key;
};

/* What a wrap says, for whom and by whom; borrowed. */
struct ro_wrap_seal {
    const struct ro_wrap_binding *binding;
    const struct ro_key *recipient;
    const struct ro_wrap_inside *inside;
    const struct ro_sealing_key *sender;
};

/* Wraps for one seat: inner by mode_auth, outer by mode_psk, both to
 * `recipient` (the X25519 epoch, fallback or enrolment key of that day).
 * RO_BAD_INPUT for a key of small order. */
RO_MUST_USE enum ro_status ro_wrap_seal(const struct ro_wrap_seal *seal,
                                        const struct ro_entropy *entropy,
                                        uint8_t ret_wrap[static RO_WRAP_SIZE]);

/* The outer layer opened: who claims to have sent it, for which recipients,
 * and the inner layer still sealed. */
struct ro_wrap_outer {
    struct ro_reference sender;
    uint8_t reference[RO_REFERENCE_SIZE]; /* the sender as laid out */
    struct ro_hash recipients;
    uint8_t inner[RO_INNER_SIZE];
};

/* The recipient's X25519 key of the day. */
struct ro_opening_key {
    const uint8_t *secret; /* 32 bytes */
    const struct ro_key *public_key;
};

/* Opens the outer layer. RO_BAD_SEAL when anything does not fit. */
RO_MUST_USE enum ro_status
ro_wrap_open_outer(const struct ro_wrap_binding *binding,
                   const struct ro_opening_key *key,
                   struct ro_bytes wrap,
                   struct ro_wrap_outer *ret_outer);

/* Opens the inner layer with the sender's X25519 sealing key, which the
 * caller took from the directory (kind 1) or from the reference (kind 2).
 * RO_BAD_SEAL when the sender did not seal it for this seat, day and body. */
RO_MUST_USE enum ro_status
ro_wrap_open_inner(const struct ro_wrap_binding *binding,
                   const struct ro_opening_key *key,
                   const struct ro_wrap_outer *outer,
                   const struct ro_key *sender_sealing,
                   struct ro_wrap_inside *ret_inside);

/* BLAKE2b-256(label ‖ ids sorted as bytes). Sorts `seats` in place. */
void ro_recipients_hash(struct ro_seat_id *seats,
                        size_t n_seats,
                        struct ro_hash *ret_hash);

/* Ids that derive from keys and bytes (PROTOCOL.md, "Ids"). A seat's, from its
 * signing key. */
void ro_seat_id_of(const struct ro_key *signing, struct ro_seat_id *ret_id);

/* A member's, from its circle and its first key. */
void ro_member_id_of(const struct ro_circle_id *circle,
                     const struct ro_key *first_member_key,
                     struct ro_member_id *ret_id);

/* A circle's, from its authority's keys and how many of them must sign. */
void ro_circle_id_of(const struct ro_key *authority_keys,
                     size_t n_keys,
                     uint8_t threshold,
                     struct ro_circle_id *ret_id);
/* A thread's. Sides are member ids (or a pseudonym's id); their order does not
 * matter. */
void ro_thread_id_of(const struct ro_request_id *request,
                     const struct ro_member_id *one,
                     const struct ro_member_id *other,
                     struct ro_thread_id *ret_id);

/* A message's, from its reference and its body. */
void ro_message_id_of(const uint8_t reference[static RO_REFERENCE_SIZE],
                      struct ro_bytes body,
                      struct ro_message_id *ret_id);

/* An envelope's, from its mailbox, its body's hash and its wrap. */
void ro_envelope_id_of(const struct ro_seat_id *mailbox,
                       const struct ro_hash *body_hash,
                       struct ro_bytes wrap,
                       struct ro_envelope_id *ret_id);

#endif

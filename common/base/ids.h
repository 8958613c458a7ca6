/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Ids and hashes as one-field structs, so that one kind cannot be passed for
 * another. All ids are 16 bytes; people see them as 32 lower-case hex digits.
 */
#ifndef RO_BASE_IDS_H
#define RO_BASE_IDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#define RO_ID_SIZE 16
#define RO_ID_HEX 33 /* room for the digits and the end */
#define RO_HASH_SIZE 32
#define RO_KEY_SIZE 32
#define RO_SIGNATURE_SIZE 64

#define RO_DEFINE_ID(type)                                                     \
    struct type {                                                              \
        uint8_t b[RO_ID_SIZE];                                                 \
    };                                                                         \
    __attribute__((unused)) static inline bool type##_equal(                   \
        const struct type *x, const struct type *y)                            \
    {                                                                          \
        return memcmp(x->b, y->b, RO_ID_SIZE) == 0;                            \
    }                                                                          \
    __attribute__((unused)) static inline bool type##_is_zero(                 \
        const struct type *x)                                                  \
    {                                                                          \
        static const uint8_t zero[RO_ID_SIZE];                                 \
        return memcmp(x->b, zero, RO_ID_SIZE) == 0;                            \
    }

RO_DEFINE_ID(ro_circle_id)     /* one partnership */
RO_DEFINE_ID(ro_member_id)     /* a school, a coordinator team, ... */
RO_DEFINE_ID(ro_seat_id)       /* a role on a device; also its mailbox id */
RO_DEFINE_ID(ro_request_id)    /* a request, the same on all sides */
RO_DEFINE_ID(ro_thread_id)     /* a request and one counterpart */
RO_DEFINE_ID(ro_message_id)    /* sender reference and body */
RO_DEFINE_ID(ro_envelope_id)   /* mailbox, body hash and wrap */
RO_DEFINE_ID(ro_attachment_id) /* a file that comes with a message */

/* A BLAKE2b-256 value. */
struct ro_hash {
    uint8_t b[RO_HASH_SIZE];
};

/* A public key: Ed25519, X25519 or CURVE, by the name that holds it. */
struct ro_key {
    uint8_t b[RO_KEY_SIZE];
};

/* An Ed25519 signature. */
struct ro_signature {
    uint8_t b[RO_SIGNATURE_SIZE];
};

#endif

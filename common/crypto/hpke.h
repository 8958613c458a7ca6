/* SPDX-License-Identifier: Apache-2.0 */
/*
 * HPKE (RFC 9180), one suite: DHKEM(X25519, HKDF-SHA256) 0x0020, HKDF-SHA256
 * 0x0001, ChaCha20Poly1305 0x0003; the four modes of section 5.1; single-shot
 * use (section 6.1), sequence number 0 only.
 */
#ifndef RO_CRYPTO_HPKE_H
#define RO_CRYPTO_HPKE_H

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#define RO_HPKE_ENC_SIZE 32
#define RO_HPKE_TAG_SIZE 16

/* RFC 9180 table 1. */
enum ro_hpke_mode {
    RO_HPKE_BASE = 0,
    RO_HPKE_PSK = 1,
    RO_HPKE_AUTH = 2,
    RO_HPKE_AUTH_PSK = 3,
};

/* What both sides know beside the recipient's key. psk and psk_id are empty
 * in modes base and auth, and a psk has at least 32 bytes in the others. */
struct ro_hpke_setup {
    enum ro_hpke_mode mode;
    struct ro_bytes info;
    struct ro_bytes psk;
    struct ro_bytes psk_id;
};

/* The sender's side. skS/pkS: 32 bytes each, only in the auth modes, else
 * NULL. ephemeral: a source of randomness for skE. */
struct ro_hpke_sender {
    const struct ro_hpke_setup *setup;
    const struct ro_key *recipient; /* pkR */
    const uint8_t *secret;          /* skS */
    const struct ro_key *self;      /* pkS */
    const struct ro_entropy *entropy;
};

/* The recipient's side. pkS only in the auth modes, else NULL. */
struct ro_hpke_recipient {
    const struct ro_hpke_setup *setup;
    const uint8_t *secret;       /* skR */
    const struct ro_key *self;   /* pkR */
    const struct ro_key *sender; /* pkS */
};

/* Seals once (RFC 9180 section 6.1, Seal<MODE>): writes 32 bytes of enc
 * followed by plaintext.size + 16 bytes of ciphertext to `ret_sealed`.
 * RO_BAD_INPUT for a low-order recipient key or a wrong psk. */
RO_MUST_USE enum ro_status ro_hpke_seal(const struct ro_hpke_sender *sender,
                                        struct ro_bytes aad,
                                        struct ro_bytes plaintext,
                                        uint8_t *ret_sealed);

/* Opens once: `sealed` is enc followed by the ciphertext; writes sealed.size
 * - 48 bytes to `ret_plaintext`. RO_BAD_SEAL when anything does not fit. */
RO_MUST_USE enum ro_status
ro_hpke_open(const struct ro_hpke_recipient *recipient,
             struct ro_bytes aad,
             struct ro_bytes sealed,
             uint8_t *ret_plaintext);

#endif

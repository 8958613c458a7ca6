/* SPDX-License-Identifier: Apache-2.0 */
/* The number that two people compare to know that nobody stands between them.
 */
#ifndef RO_CRYPTO_FINGERPRINT_H
#define RO_CRYPTO_FINGERPRINT_H

#include "common/base/bytes.h"

/* One side: its public key as it is signed, and the name it goes by. */
struct ro_fingerprint_side {
    struct ro_bytes key;  /* at most 64 bytes */
    struct ro_bytes name; /* at most 64 bytes */
};

/* Signal's numeric fingerprint (libsignal, "fingerprint", version 0, 5,200
 * iterations of SHA-512): 30 digits for each side, the smaller ones first, so
 * that both sides see the same 60. `ret_number` is terminated. */
#define RO_SAFETY_DIGITS 60
void ro_safety_number(const struct ro_fingerprint_side *one,
                      const struct ro_fingerprint_side *other,
                      char ret_number[static RO_SAFETY_DIGITS + 1]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside common/crypto: locals that wipe themselves when they leave scope. */
#ifndef RO_CRYPTO_WIPE_H
#define RO_CRYPTO_WIPE_H

#include "common/base/auto.h"
#include "common/crypto/hash.h"

#include <stdint.h>

/* 32 bytes of key material. */
struct wiped_key {
    uint8_t b[32];
};

RO_UNUSED static inline void
wiped_key_fini(struct wiped_key *key)
{
    ro_wipe(key, sizeof(*key));
}

/* A local key; declare it before anything that may leave the scope. */
#define WIPED_KEY RO_CLEANUP(wiped_key_fini) struct wiped_key

#endif

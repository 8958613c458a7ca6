/* SPDX-License-Identifier: Apache-2.0 */
/* Locals that wipe themselves when they leave scope. */
#ifndef RO_CRYPTO_WIPE_H
#define RO_CRYPTO_WIPE_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/crypto/hash.h"

#include <stdint.h>

/* Wipes all the room of a buffer that may hold a secret, and releases it. */
RO_UNUSED static inline void
ro_secret_buf_fini(struct ro_buf *buf)
{
    if (buf->data != NULL)
        ro_wipe(buf->data, buf->room);
    ro_buf_fini(buf);
}

/* A local buffer for a secret; set it to {0}. */
#define RO_SECRET_BUF RO_CLEANUP(ro_secret_buf_fini) struct ro_buf

/* 32 bytes of key material, inside common/crypto. */
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

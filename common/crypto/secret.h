/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Secret memory: locked, kept out of core dumps, guarded at both ends, and
 * wiped when it is released. Never by value, never in a log.
 */
#ifndef RO_CRYPTO_SECRET_H
#define RO_CRYPTO_SECRET_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/entropy.h"

struct ro_secret;

/* `size` zeroed bytes of secret memory; NULL without memory. */
struct ro_secret *ro_secret_new(size_t size);

/* A copy of `bytes` as a secret; the caller still wipes its own. */
struct ro_secret *ro_secret_copy(struct ro_bytes bytes);

/* `size` random bytes. */
struct ro_secret *ro_secret_random(const struct ro_entropy *entropy,
                                   size_t size);

/* Wipes and releases; accepts NULL. */
void ro_secret_free(struct ro_secret *secret);
RO_DEFINE_AUTO(ro_secret, ro_secret_free)

/* The bytes; valid as long as the secret. */
uint8_t *ro_secret_data(struct ro_secret *secret);

/* The same with their number. */
struct ro_bytes ro_secret_view(const struct ro_secret *secret);

/* Secret memory for a struct that holds secrets itself: `size` zeroed bytes,
 * aligned for any type; NULL without memory. */
void *ro_secret_struct_new(size_t size);

/* Wipes and releases it; accepts NULL. */
void ro_secret_struct_free(void *p);

#endif

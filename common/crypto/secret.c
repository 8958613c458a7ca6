/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/secret.h"

#include <stdalign.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

struct ro_secret {
    uint8_t *data; /* of sodium_malloc */
    size_t size;
};

struct ro_secret *
ro_secret_new(size_t size)
{
    RO_CLEANUP(ro_secret_freep)
    struct ro_secret *secret = calloc(1, sizeof(*secret));
    if (secret == NULL)
        return NULL;
    secret->data = sodium_malloc(size);
    if (secret->data == NULL)
        return NULL;
    secret->size = size;
    memset(secret->data, 0, size);
    return RO_STEAL(secret);
}

struct ro_secret *
ro_secret_copy(struct ro_bytes bytes)
{
    struct ro_secret *secret = ro_secret_new(bytes.size);
    if (secret != NULL && bytes.size > 0)
        memcpy(secret->data, bytes.data, bytes.size);
    return secret;
}

struct ro_secret *
ro_secret_random(const struct ro_entropy *entropy, size_t size)
{
    struct ro_secret *secret = ro_secret_new(size);
    if (secret != NULL)
        ro_entropy_fill(entropy, secret->data, size);
    return secret;
}

void
ro_secret_free(struct ro_secret *secret)
{
    if (secret == NULL)
        return;
    sodium_free(secret->data);
    free(secret);
}

uint8_t *
ro_secret_data(struct ro_secret *secret)
{
    return secret->data;
}

struct ro_bytes
ro_secret_view(const struct ro_secret *secret)
{
    return (struct ro_bytes){secret->data, secret->size};
}

void *
ro_secret_struct_new(size_t size)
{
    /* it ends where its pages end: a whole number of the largest alignment */
    const size_t unit = alignof(max_align_t);
    if (size > SIZE_MAX - unit)
        return NULL;
    size = (size + unit - 1) / unit * unit;
    void *p = sodium_malloc(size);
    if (p != NULL)
        memset(p, 0, size);
    return p;
}

void
ro_secret_struct_free(void *p)
{
    sodium_free(p);
}

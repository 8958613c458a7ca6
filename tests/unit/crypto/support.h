/* SPDX-License-Identifier: Apache-2.0 */
/* What the tests of common/crypto share: bytes from hex, bytes that count up,
 * and entropy from a script. */
#ifndef TESTS_UNIT_CRYPTO_SUPPORT_H
#define TESTS_UNIT_CRYPTO_SUPPORT_H

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "tests/support/tap.h"

/* Bytes of at most 128, from a hex text of any length. */
struct hex_bytes {
    uint8_t b[128];
    size_t size;
};

RO_UNUSED static struct hex_bytes
from_hex(const char *hex)
{
    struct hex_bytes bytes = {.size = strlen(hex) / 2};
    if (bytes.size > sizeof(bytes.b) ||
        ro_unhex(hex, bytes.b, bytes.size) != RO_OK) {
        printf("Bail out! not hex: %s\n", hex);
        exit(1);
    }
    return bytes;
}

/* A view of a local of this type. */
RO_UNUSED static struct ro_bytes
view(const struct hex_bytes *bytes)
{
    return (struct ro_bytes){bytes->b, bytes->size};
}

/* Whether memory holds exactly what the hex text says. */
RO_UNUSED static bool
is_hex(const void *data, size_t size, const char *hex)
{
    struct hex_bytes bytes = from_hex(hex);
    return bytes.size == size && memcmp(data, bytes.b, size) == 0;
}

/* Fills with first, first + 1, first + 2 ... */
RO_UNUSED static void
count_up(uint8_t first, void *data, size_t size)
{
    uint8_t *out = data;
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(first + i);
}

/* Entropy that gives the bytes of a script and must not run out of them. */
struct script {
    struct ro_bytes left;
};

RO_UNUSED static void
script_fill(void *user, uint8_t *out, size_t size)
{
    struct script *script = user;
    if (size > script->left.size) {
        printf("Bail out! the script has no more bytes\n");
        exit(1);
    }
    memcpy(out, script->left.data, size);
    script->left.data += size;
    script->left.size -= size;
}

RO_UNUSED static struct ro_entropy
script_entropy(struct script *script)
{
    return (struct ro_entropy){script_fill, script};
}

#endif

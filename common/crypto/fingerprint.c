/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/fingerprint.h"

#include <assert.h>
#include <string.h>

#include <sodium.h>

#define VERSION_SIZE ((size_t)2)
#define PART_MAX ((size_t)64)
#define ITERATIONS 5200
#define SIDE_DIGITS (RO_SAFETY_DIGITS / 2)
#define GROUP_BYTES ((size_t)5)
#define GROUP_DIGITS ((size_t)5)

/* Five bytes, big-endian, as the last five digits of their number. */
static void
put_group(const uint8_t *bytes, char *digits)
{
    uint64_t number = 0;
    for (size_t i = 0; i < GROUP_BYTES; i++)
        number = number << 8 | bytes[i];
    for (size_t i = GROUP_DIGITS; i > 0; i--) {
        digits[i - 1] = (char)('0' + number % 10);
        number /= 10;
    }
}

/* hash = SHA-512(version, key, name, key), then SHA-512(hash, key) again and
 * again: what somebody must do for every key that he tries. */
static void
put_side(const struct ro_fingerprint_side *side, char digits[SIDE_DIGITS])
{
    uint8_t hash[crypto_hash_sha512_BYTES];
    uint8_t first[VERSION_SIZE + 3 * PART_MAX] = {0};
    uint8_t again[sizeof(hash) + PART_MAX];
    size_t size = VERSION_SIZE;
    assert(side->key.size <= PART_MAX && side->name.size <= PART_MAX);
    memcpy(first + size, side->key.data, side->key.size);
    size += side->key.size;
    memcpy(first + size, side->name.data, side->name.size);
    size += side->name.size;
    memcpy(first + size, side->key.data, side->key.size);
    crypto_hash_sha512(hash, first, size + side->key.size);
    memcpy(again + sizeof(hash), side->key.data, side->key.size);
    for (int i = 1; i < ITERATIONS; i++) {
        memcpy(again, hash, sizeof(hash));
        crypto_hash_sha512(hash, again, sizeof(hash) + side->key.size);
    }
    for (size_t i = 0; i < SIDE_DIGITS / GROUP_DIGITS; i++)
        put_group(hash + i * GROUP_BYTES, digits + i * GROUP_DIGITS);
}

void
ro_safety_number(const struct ro_fingerprint_side *one,
                 const struct ro_fingerprint_side *other,
                 char ret_number[static RO_SAFETY_DIGITS + 1])
{
    char a[SIDE_DIGITS];
    char b[SIDE_DIGITS];
    put_side(one, a);
    put_side(other, b);
    const bool in_order = memcmp(a, b, SIDE_DIGITS) <= 0;
    memcpy(ret_number, in_order ? a : b, SIDE_DIGITS);
    memcpy(ret_number + SIDE_DIGITS, in_order ? b : a, SIDE_DIGITS);
    ret_number[RO_SAFETY_DIGITS] = '\0';
}

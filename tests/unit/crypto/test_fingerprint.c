/* SPDX-License-Identifier: Apache-2.0 */
/* The safety number. The numbers of the first test are those of libsignal's
 * own test (rust/protocol/src/fingerprint.rs, version 0 of the hash). */
#include "common/crypto/fingerprint.h"
#include "common/crypto/words.h"
#include "tests/support/tap.h"

static const uint8_t alice[] = {
    0x05, 0x06, 0x86, 0x3b, 0xc6, 0x6d, 0x02, 0xb4, 0x0d, 0x27, 0xb8,
    0xd4, 0x9c, 0xa7, 0xc0, 0x9e, 0x92, 0x39, 0x23, 0x6f, 0x9d, 0x7d,
    0x25, 0xd6, 0xfc, 0xca, 0x5c, 0xe1, 0x3c, 0x70, 0x64, 0xd8, 0x68};
static const uint8_t bob[] = {
    0x05, 0xf7, 0x81, 0xb6, 0xfb, 0x32, 0xfe, 0xd9, 0xba, 0x1c, 0xf2,
    0xde, 0x97, 0x8d, 0x4d, 0x5d, 0xa2, 0x8d, 0xc3, 0x40, 0x46, 0xae,
    0x81, 0x44, 0x02, 0xb5, 0xc0, 0xdb, 0xd9, 0x6f, 0xda, 0x90, 0x7b};

static struct ro_fingerprint_side
side(const uint8_t *key, size_t size, const char *name)
{
    return (struct ro_fingerprint_side){
        {key, size},
        ro_bytes_text(name)
    };
}

static void
test_vector(void)
{
    char number[RO_SAFETY_DIGITS + 1];
    const struct ro_fingerprint_side a =
        side(alice, sizeof(alice), "+14152222222");
    const struct ro_fingerprint_side b = side(bob, sizeof(bob), "+14153333333");
    ro_safety_number(&a, &b, number);
    tap_ok(strcmp(number, "3003544776928693968928698767654582575691625768434409"
                          "18079131") == 0);
    ro_safety_number(&b, &a, number);
    tap_ok(strcmp(number, "3003544776928693968928698767654582575691625768434409"
                          "18079131") == 0);
}

/* Another key, or the same key under another name, is another number. */
static void
test_differs(void)
{
    char number[RO_SAFETY_DIGITS + 1];
    char other[RO_SAFETY_DIGITS + 1];
    const struct ro_fingerprint_side a = side(alice, sizeof(alice), "a");
    const struct ro_fingerprint_side b = side(bob, sizeof(bob), "b");
    const struct ro_fingerprint_side name = side(bob, sizeof(bob), "c");
    const struct ro_fingerprint_side key = side(bob, sizeof(bob) - 1, "b");
    ro_safety_number(&a, &b, number);
    ro_safety_number(&a, &name, other);
    tap_ok(strcmp(number, other) != 0);
    ro_safety_number(&a, &key, other);
    tap_ok(strcmp(number, other) != 0);
}

static void
test_words(void)
{
    const char *some[RO_SAFETY_WORDS];
    const char *same[RO_SAFETY_WORDS];
    const char *other[RO_SAFETY_WORDS];
    const char *joining[RO_WORDS];
    size_t n_other = 0;
    size_t n_joining = 0;
    ro_words_of_number("12345", some);
    ro_words_of_number("12345", same);
    ro_words_of_number("12346", other);
    ro_words_of(ro_bytes_text("12345"), joining);
    for (size_t i = 0; i < RO_SAFETY_WORDS; i++)
        n_other += some[i] != other[i] ? 1 : 0;
    for (size_t i = 0; i < RO_WORDS; i++)
        n_joining += some[i] != joining[i] ? 1 : 0;
    tap_ok(memcmp(some, same, sizeof(some)) == 0);
    tap_ok(n_other > 0);
    tap_say(n_joining > 0, "not the words of a request to join");
}

int
main(void)
{
    tap_run(test_vector);
    tap_run(test_differs);
    tap_run(test_words);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include <ctype.h>

#include "common/crypto/hash.h"
#include "common/crypto/words.h"
#include "tests/unit/crypto/support.h"

static const char *const all[] = {
#define X(word) #word,
#include "common/crypto/words.def"
#undef X
};

static void
test_list(void)
{
    bool plain = true;
    bool rising = true;
    bool apart = true;
    for (size_t i = 0; i < RO_LEN(all); i++) {
        size_t size = strlen(all[i]);
        plain = plain && size >= 4 && size <= 9;
        for (size_t at = 0; at < size; at++)
            plain = plain && islower((unsigned char)all[i][at]);
        if (i == 0)
            continue;
        rising = rising && strcmp(all[i - 1], all[i]) < 0;
        apart = apart && strncmp(all[i - 1], all[i], 4) != 0;
    }
    tap_ok(RO_LEN(all) == 256);
    tap_say(plain, "lower-case words of four to nine letters");
    tap_say(rising, "in alphabetical order");
    tap_say(apart, "four letters are enough to tell them apart");
}

/* The hash was made with Python's hashlib.blake2b. */
static void
test_words_of(void)
{
    static const char *const expected[RO_WORDS] = {"butter", "picnic", "velvet",
                                                   "jungle", "lawn"};
    const char *words[RO_WORDS];
    ro_words_of(ro_bytes_text("request"), words);
    for (size_t i = 0; i < RO_WORDS; i++)
        tap_say(strcmp(words[i], expected[i]) == 0, expected[i]);
    ro_words_of(ro_bytes_text("Request"), words);
    tap_ok(strcmp(words[0], expected[0]) != 0 ||
           strcmp(words[1], expected[1]) != 0);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_list);
    tap_run(test_words_of);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/passphrase.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include <sodium.h>

#include "common/base/text.h"

#define KEY_SIZE 32
#define MOST_PASSES 16
#define MOST_MEMORY (UINT64_C(1) << 30)

static_assert(RO_SALT_SIZE == crypto_pwhash_argon2id_SALTBYTES, "salt");

struct ro_stretch
ro_stretch_system(void)
{
#ifdef RO_TEST_CLOCK
    const char *wish = getenv("REACHOUT_STRETCH");
    if (wish != NULL && strcmp(wish, "least") == 0) {
        return (struct ro_stretch){crypto_pwhash_argon2id_OPSLIMIT_MIN,
                                   crypto_pwhash_argon2id_MEMLIMIT_MIN};
    }
#endif
    return (struct ro_stretch){crypto_pwhash_argon2id_OPSLIMIT_MODERATE,
                               crypto_pwhash_argon2id_MEMLIMIT_MODERATE};
}

enum ro_status
ro_stretch_check(const struct ro_stretch *stretch)
{
    if (stretch->passes < crypto_pwhash_argon2id_OPSLIMIT_MIN ||
        stretch->passes > MOST_PASSES ||
        stretch->memory < crypto_pwhash_argon2id_MEMLIMIT_MIN ||
        stretch->memory > MOST_MEMORY)
        return RO_BAD_INPUT;
    return RO_OK;
}

enum ro_status
ro_passphrase_stretch(struct ro_bytes passphrase,
                      const uint8_t salt[static RO_SALT_SIZE],
                      const struct ro_stretch *stretch,
                      struct ro_secret **ret_key)
{
    RO_TRY(ro_stretch_check(stretch));
    if (passphrase.size > RO_PASSPHRASE_MAX)
        return RO_BAD_INPUT;
    RO_CLEANUP(ro_secret_freep) struct ro_secret *key = ro_secret_new(KEY_SIZE);
    if (key == NULL)
        return RO_NO_MEMORY;
    /* none has no place either, and libsodium wants one */
    const char *text = passphrase.size > 0 ? (const char *)passphrase.data : "";
    /* checked above, so want of memory is all that is left */
    if (crypto_pwhash_argon2id(ro_secret_data(key), KEY_SIZE, text,
                               passphrase.size, salt, stretch->passes,
                               (size_t)stretch->memory,
                               crypto_pwhash_argon2id_ALG_ARGON2ID13) != 0)
        return RO_NO_MEMORY;
    *ret_key = RO_STEAL(key);
    return RO_OK;
}

enum ro_status
ro_passphrase_check(struct ro_bytes passphrase, struct ro_why *why)
{
    size_t n = 0;
    if (ro_text_check(passphrase, RO_TEXT_LINE, RO_PASSPHRASE_MAX, NULL) !=
        RO_OK) {
        return ro_why(why, RO_BAD_INPUT,
                      "a passphrase is one line of plain text, at most %d "
                      "bytes",
                      RO_PASSPHRASE_MAX);
    }
    for (size_t i = 0; i < passphrase.size; i++)
        n += (passphrase.data[i] & 0xc0) != 0x80;
    if (n < RO_PASSPHRASE_LEAST) {
        return ro_why(why, RO_BAD_INPUT,
                      "that passphrase has %zu characters, and it takes at "
                      "least %d; four or five words that do not belong "
                      "together are good ones",
                      n, RO_PASSPHRASE_LEAST);
    }
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a person remembers, stretched into a key (Argon2id, RFC 9106). */
#ifndef RO_CRYPTO_PASSPHRASE_H
#define RO_CRYPTO_PASSPHRASE_H

#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/crypto/secret.h"

#define RO_SALT_SIZE 16
/* Characters of the shortest passphrase that is taken for a new one, bytes of
 * the longest that there is. */
#define RO_PASSPHRASE_LEAST 10
#define RO_PASSPHRASE_MAX 1024

/* How much work one guess is: passes over so many bytes of memory. */
struct ro_stretch {
    uint64_t passes;
    uint64_t memory;
};

/* What new passphrases get: libsodium's "moderate", 3 passes over 256 MiB. In
 * builds with -Dtest_clock=true the least there is, if REACHOUT_STRETCH is
 * "least": for tests that make many. */
struct ro_stretch ro_stretch_system(void);

/* Whether we are willing to do it: RO_OK or RO_BAD_INPUT (less than Argon2id
 * has, more than 1 GiB, or more than 16 passes). Numbers that were read from a
 * file may come from anybody. */
RO_MUST_USE enum ro_status ro_stretch_check(const struct ro_stretch *stretch);

/* 32 bytes of key from a passphrase. RO_BAD_INPUT (see above, or longer than
 * RO_PASSPHRASE_MAX), RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
ro_passphrase_stretch(struct ro_bytes passphrase,
                      const uint8_t salt[static RO_SALT_SIZE],
                      const struct ro_stretch *stretch,
                      struct ro_secret **ret_key);

/* Whether a new passphrase will do: one line of UTF-8 of at least
 * RO_PASSPHRASE_LEAST characters. RO_BAD_INPUT, with a sentence. */
RO_MUST_USE enum ro_status ro_passphrase_check(struct ro_bytes passphrase,
                                               struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: the signing keys that are at hand. */
#ifndef CLIENT_AUTHORITY_KEYS_H
#define CLIENT_AUTHORITY_KEYS_H

#include "common/base/auto.h"
#include "common/crypto/sign.h"
#include "common/wire/directory.h"

struct authority_state;

/* By the number of the authority key; NULL where it is not here. */
struct keys {
    struct ro_keypair *pairs[RO_AUTHORITY_KEYS_MAX];
    size_t n;
};

/* Wipes and releases them. */
void keys_fini(struct keys *keys);

/* Adds the keys in the files DIR/NAME.key that are keys of the root, whatever
 * their names; others are left alone, a missing folder too. RO_IO_FAILED,
 * RO_BAD_INPUT (a key file that is damaged). */
RO_MUST_USE enum ro_status keys_gather(const char *dir,
                                       const struct ro_root *root,
                                       struct ro_why *why,
                                       struct keys *keys);

/* Adds one key that is read from a file. RO_NOT_FOUND, and RO_BAD_INPUT also
 * for a key that is not one of the root. */
RO_MUST_USE enum ro_status keys_add_file(const char *path,
                                         const struct ro_root *root,
                                         struct ro_why *why,
                                         struct keys *keys);

/* Reads the seed of a key file into a pair. RO_NOT_FOUND, RO_BAD_INPUT. */
RO_MUST_USE enum ro_status authority_key_read(const char *path,
                                              struct ro_why *why,
                                              struct ro_keypair **ret_pair);

/* Reads the keys that are here: at the paths of the state, and in DIR/keys. */
RO_MUST_USE enum ro_status
authority_keys_load(const char *dir,
                    const struct authority_state *state,
                    const struct ro_root *root,
                    struct ro_why *why,
                    struct keys *keys);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* What is signed with the keys of an open folder. */
#include "client/authority/signing.h"

#include <string.h>

#include "client/authority/keys.h"
#include "client/authority/log.h"
#include "client/authority/state.h"

enum ro_status
authority_key_load(const struct authority *authority,
                   uint32_t index,
                   struct ro_why *why,
                   struct ro_keypair **ret_pair)
{
    const struct authority_key *key = &authority->state.keys[index];
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *pair = NULL;
    RO_AUTOFREE char *path = authority_path(authority->dir, key->path);
    if (path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(authority_key_read(path, why, &pair));
    if (memcmp(ro_keypair_public(pair)->b, key->public_key.b, RO_KEY_SIZE) !=
        0) {
        return ro_why(why, RO_BAD_INPUT, "%s: not a signing key of this circle",
                      path);
    }
    *ret_pair = RO_STEAL(pair);
    return RO_OK;
}

enum ro_status
authority_keys(struct authority *authority,
               struct ro_why *why,
               const struct keys **ret_keys)
{
    if (authority->keys.n == 0) {
        RO_TRY(authority_keys_load(authority->dir, &authority->state,
                                   &authority->root, why, &authority->keys));
    }
    *ret_keys = &authority->keys;
    return RO_OK;
}

enum ro_status
authority_lacks_keys(const struct authority *authority, struct ro_why *why)
{
    size_t n = authority->keys.n;
    return ro_why(why, RO_REFUSED,
                  "%u of %zu keys must sign and %zu %s here: write it with "
                  "--out FILE, have it signed with `reachout authority sign "
                  "FILE --dir DIR --out FILE`, then `reachout authority "
                  "publish`",
                  authority->state.threshold, authority->state.n_keys, n,
                  n == 1 ? "is" : "are");
}

enum ro_status
authority_sign(struct authority *authority,
               Reachout__Signed__Kind kind,
               struct ro_bytes body,
               struct ro_why *why,
               struct ro_buf *out)
{
    struct ro_signing signings[RO_AUTHORITY_KEYS_MAX];
    const struct keys *keys = NULL;
    size_t n = 0;
    RO_TRY(authority_keys(authority, why, &keys));
    size_t wanted = authority->state.threshold;
    if (authority->draft != NULL) {
        wanted = keys->n;
    } else if (keys->n < wanted) {
        return authority_lacks_keys(authority, why);
    }
    for (uint32_t i = 0; i < RO_AUTHORITY_KEYS_MAX && n < wanted; i++) {
        if (keys->pairs[i] != NULL) {
            signings[n++] =
                (struct ro_signing){keys->pairs[i], ro_signed_label(kind), i};
        }
    }
    return ro_signed_make(kind, body, signings, n, out);
}

enum ro_status
authority_one_key(struct authority *authority,
                  struct ro_why *why,
                  const struct ro_keypair **ret_pair,
                  uint32_t *ret_index)
{
    const struct keys *keys = NULL;
    RO_TRY(authority_keys(authority, why, &keys));
    for (uint32_t i = 0; i < RO_AUTHORITY_KEYS_MAX; i++) {
        if (keys->pairs[i] == NULL)
            continue;
        *ret_pair = keys->pairs[i];
        *ret_index = i;
        return RO_OK;
    }
    return ro_why(why, RO_REFUSED,
                  "no signing key is here, and one must sign: write it with "
                  "--out FILE, and have it signed with `reachout authority "
                  "sign FILE --dir DIR --out FILE`");
}

enum ro_status
authority_keyset(struct authority *authority,
                 struct ro_why *why,
                 struct authority_keyset *ret_set)
{
    const struct keys *keys = NULL;
    RO_TRY(authority_keys(authority, why, &keys));
    *ret_set = (struct authority_keyset){
        .here = keys->n,
        .keys = authority->root.n_keys,
        .threshold = authority->root.threshold,
        .way =
            keys->n < authority->root.threshold || authority_is_apart(authority)
                ? AUTHORITY_BY_FILE
                : AUTHORITY_AT_ONCE,
    };
    return RO_OK;
}

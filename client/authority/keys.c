/* SPDX-License-Identifier: Apache-2.0 */
/* The files of the signing keys. */
#include "client/authority/keys.h"

#include <dirent.h>
#include <errno.h>
#include <string.h>

#include "client/authority/state.h"
#include "common/base/file.h"
#include "common/crypto/wipe.h"
#include "common/wire/armour.h"

#define ENDING ".key"

enum ro_status
authority_key_read(const char *path,
                   struct ro_why *why,
                   struct ro_keypair **ret_pair)
{
    RO_SECRET_BUF seed = {0};
    RO_TRY(ro_armour_read(path, "key", why, &seed));
    if (seed.size != RO_SEED_SIZE) {
        return ro_why(why, RO_BAD_INPUT, "%s: a key has %d bytes", path,
                      RO_SEED_SIZE);
    }
    *ret_pair = ro_keypair_from_seed(seed.data);
    return *ret_pair == NULL ? RO_NO_MEMORY : RO_OK;
}

void
keys_fini(struct keys *keys)
{
    for (size_t i = 0; i < RO_AUTHORITY_KEYS_MAX; i++)
        ro_keypair_free(keys->pairs[i]);
    *keys = (struct keys){0};
}

/* Takes a pair in, which is the list's then, or released if the list has it.
 * RO_NOT_FOUND for a key that is not one of the root. */
static enum ro_status
keys_put_take(struct keys *keys,
              const struct ro_root *root,
              struct ro_keypair *pair)
{
    size_t i = 0;
    while (i < root->n_keys && memcmp(ro_keypair_public(pair)->b,
                                      root->keys[i].b, RO_KEY_SIZE) != 0)
        i++;
    if (i == root->n_keys || keys->pairs[i] != NULL) {
        ro_keypair_free(pair);
        return i == root->n_keys ? RO_NOT_FOUND : RO_OK;
    }
    keys->pairs[i] = pair;
    keys->n++;
    return RO_OK;
}

enum ro_status
keys_add_file(const char *path,
              const struct ro_root *root,
              struct ro_why *why,
              struct keys *keys)
{
    struct ro_keypair *pair = NULL;
    RO_TRY(authority_key_read(path, why, &pair));
    if (keys_put_take(keys, root, pair) == RO_OK)
        return RO_OK;
    return ro_why(why, RO_BAD_INPUT, "%s: not a signing key of this circle",
                  path);
}

static bool
is_key_name(const char *name)
{
    size_t size = strlen(name);
    return size > strlen(ENDING) &&
           strcmp(name + size - strlen(ENDING), ENDING) == 0;
}

/* One file of a folder that may hold other things too. */
static enum ro_status
try_file(const char *path,
         const struct ro_root *root,
         struct ro_why *why,
         struct keys *keys)
{
    char kind[RO_ARMOUR_NAME_MAX + 1];
    struct ro_keypair *pair = NULL;
    enum ro_status s = ro_armour_kind(path, NULL, kind);
    if (s != RO_OK || strcmp(kind, "key") != 0)
        return s == RO_NO_MEMORY ? s : RO_OK;
    RO_TRY(authority_key_read(path, why, &pair));
    (void)keys_put_take(keys, root, pair);
    return RO_OK;
}

enum ro_status
keys_gather(const char *dir,
            const struct ro_root *root,
            struct ro_why *why,
            struct keys *keys)
{
    RO_CLEANUP(ro_folder_close) DIR *folder = opendir(dir);
    if (folder == NULL && errno == ENOENT)
        return RO_OK;
    if (folder == NULL)
        return ro_why(why, RO_IO_FAILED, "%s: %s", dir, strerror(errno));
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (!is_key_name(entry->d_name))
            continue;
        RO_AUTOFREE char *path = authority_path(dir, entry->d_name);
        if (path == NULL)
            return RO_NO_MEMORY;
        RO_TRY(try_file(path, root, why, keys));
    }
    return RO_OK;
}

enum ro_status
authority_keys_load(const char *dir,
                    const struct authority_state *state,
                    const struct ro_root *root,
                    struct ro_why *why,
                    struct keys *keys)
{
    RO_AUTOFREE char *folder = authority_path(dir, "keys");
    if (folder == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < state->n_keys; i++) {
        RO_AUTOFREE char *path = authority_path(dir, state->keys[i].path);
        if (path == NULL)
            return RO_NO_MEMORY;
        enum ro_status s = keys_add_file(path, root, why, keys);
        if (s != RO_NOT_FOUND)
            RO_TRY(s);
    }
    return keys_gather(folder, root, why, keys);
}

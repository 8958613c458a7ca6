/* SPDX-License-Identifier: Apache-2.0 */
/* A vault in a folder of its own, and short words for what tests do with it. */
#ifndef TESTS_UNIT_CLIENT_VAULT_PLACE_H
#define TESTS_UNIT_CLIENT_VAULT_PLACE_H

#include "client/core/vault.h"

#include <ftw.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/hash.h"
#include "tests/support/tap.h"

/* Repeatable, so that a failure is, too. */
static struct ro_entropy_seeded seeded = {7};
static struct ro_entropy entropy;

static inline void
begin_tests(void)
{
    entropy = ro_entropy_of(&seeded);
    tap_need(ro_crypto_init() == RO_OK);
}

/* --- a folder for each test ---------------------------------------------- */

struct place {
    char root[64];
    char dir[80];
    char key[80];
    char db[100];
};

static inline int
remove_one(const char *path, const struct stat *st, int type, struct FTW *at)
{
    (void)st, (void)type, (void)at;
    return remove(path);
}

static inline void
place_fini(struct place *place)
{
    nftw(place->root, remove_one, 8, FTW_DEPTH | FTW_PHYS);
}

#define PLACE RO_CLEANUP(place_fini) struct place

static inline struct place
place_new(void)
{
    struct place place;
    snprintf(place.root, sizeof(place.root), "/tmp/test-vault-XXXXXX");
    tap_need(mkdtemp(place.root) != NULL);
    snprintf(place.dir, sizeof(place.dir), "%s/a/b", place.root);
    snprintf(place.key, sizeof(place.key), "%s/key", place.root);
    snprintf(place.db, sizeof(place.db), "%s/vault.db", place.dir);
    return place;
}

#define VAULT RO_CLEANUP(vault_freep) struct vault

static inline struct vault *
make(const struct place *place)
{
    struct vault *vault = NULL;
    struct ro_why why = {""};
    const struct vault_key key = {.file = place->key};
    tap_need(vault_create(place->dir, &key, &entropy, &why, &vault) == RO_OK);
    return vault;
}

static inline enum ro_status
open_again(const struct place *place, struct ro_why *why, struct vault **vault)
{
    vault_freep(vault);
    return vault_open(place->dir, NULL, &entropy, why, vault);
}

/* --- short words --------------------------------------------------------- */

static inline enum ro_status
put(struct vault *vault, const char *key, const char *tag, const char *value)
{
    const struct vault_place at = {VAULT_MESSAGE, ro_bytes_text(key),
                                   ro_bytes_text(tag)};
    return vault_put(vault, &at, ro_bytes_text(value));
}

static inline void
put_one(struct vault *vault, const char *key, const char *value)
{
    tap_need(vault_begin(vault) == RO_OK);
    tap_need(put(vault, key, "", value) == RO_OK);
    tap_need(vault_commit(vault) == RO_OK);
}

static inline bool
holds(struct vault *vault, const char *key, const char *value)
{
    RO_AUTOBUF buf = {0};
    return vault_get(vault, VAULT_MESSAGE, ro_bytes_text(key), &buf) == RO_OK &&
           ro_bytes_equal(ro_buf_view(&buf), ro_bytes_text(value));
}

static inline enum ro_status
has(struct vault *vault, const char *key)
{
    return vault_has(vault, VAULT_MESSAGE, ro_bytes_text(key));
}

static inline enum ro_status
join_values(void *user, struct ro_bytes value)
{
    struct ro_buf *all = user;
    ro_buf_put(all, value.data, value.size);
    ro_buf_put(all, " ", 1);
    return ro_buf_ok(all);
}

static inline bool
walks(struct vault *vault, const char *tag, const char *expected)
{
    RO_AUTOBUF all = {0};
    return vault_walk(vault, VAULT_MESSAGE, ro_bytes_text(tag), join_values,
                      &all) == RO_OK &&
           ro_bytes_equal(ro_buf_view(&all), ro_bytes_text(expected));
}

static inline mode_t
mode_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_mode & 0777 : 0;
}

#endif

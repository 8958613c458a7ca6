/* SPDX-License-Identifier: Apache-2.0 */
/* A circle is founded: keys, secrets, and the files that carry them. */
#include "client/authority/inside.h"

#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#include "client/authority/rotation.h"
#include "common/base/file.h"
#include "common/base/text.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

void
authority_founded_fini(struct authority_founded *founded)
{
    for (size_t i = 0; i < founded->n_keys; i++)
        free(founded->key_paths[i]);
    free(founded->key_paths);
    free(founded->public_path);
    free(founded->door_key_path);
    *founded = (struct authority_founded){0};
}

static enum ro_status
check_founding(const struct authority_founding *founding, struct ro_why *why)
{
    struct ro_why detail = {.text = ""};
    if (founding->circle[0] == '\0' ||
        ro_text_check(ro_bytes_text(founding->circle), RO_TEXT_LINE,
                      AUTHORITY_NAME_MAX, &detail) != RO_OK) {
        return ro_why(why, RO_BAD_INPUT, "the circle's name: %s",
                      detail.text[0] != '\0' ? detail.text : "it has none");
    }
    if (founding->keys == 0 || founding->threshold == 0 ||
        founding->threshold > founding->keys ||
        founding->keys > RO_AUTHORITY_KEYS_MAX) {
        return ro_why(why, RO_USAGE,
                      "of 1 to %d keys at least one signs, and not more than "
                      "there are",
                      RO_AUTHORITY_KEYS_MAX);
    }
    if (founding->keys > 1 && founding->key_file != NULL) {
        return ro_why(why, RO_USAGE,
                      "only a circle with one signing key can name its file; "
                      "these are made in DIR/keys, and each may be moved to "
                      "a folder of its own");
    }
    return RO_OK;
}

/* --- the folder ---------------------------------------------------------- */

static enum ro_status
io_failed(struct ro_why *why, const char *path)
{
    return ro_why(why, RO_IO_FAILED, "%s: %s", path, strerror(errno));
}

static enum ro_status
check_empty(const char *dir, struct ro_why *why)
{
    RO_CLEANUP(ro_folder_close) DIR *folder = opendir(dir);
    if (folder == NULL && errno == ENOTDIR)
        return ro_why(why, RO_REFUSED, "%s: not a folder", dir);
    if (folder == NULL)
        return io_failed(why, dir);
    const struct dirent *entry;
    while ((entry = readdir(folder)) != NULL) {
        if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
            return ro_why(why, RO_REFUSED, "%s: holds something already", dir);
    }
    return RO_OK;
}

/* Makes the folder, and gives its absolute name. */
static enum ro_status
make_folder(const char *dir, struct ro_why *why, char **ret_dir)
{
    if (mkdir(dir, 0700) != 0) {
        if (errno != EEXIST)
            return io_failed(why, dir);
        RO_TRY(check_empty(dir, why));
    }
    *ret_dir = realpath(dir, NULL);
    return *ret_dir == NULL ? io_failed(why, dir) : RO_OK;
}

static enum ro_status
make_inner(const char *dir, const char *name, struct ro_why *why)
{
    RO_AUTOFREE char *path = authority_path(dir, name);
    if (path == NULL)
        return RO_NO_MEMORY;
    return mkdir(path, 0700) == 0 ? RO_OK : io_failed(why, path);
}

/* --- keys ---------------------------------------------------------------- */

/* Reads the key of a file, or makes both. */
static enum ro_status
need_key(const char *path,
         const struct ro_entropy *entropy,
         struct ro_why *why,
         struct ro_keypair **ret_pair)
{
    enum ro_status s = authority_key_read(path, why, ret_pair);
    if (s != RO_NOT_FOUND)
        return s;
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = ro_keypair_new(entropy);
    if (pair == NULL)
        return RO_NO_MEMORY;
    RO_TRY(ro_armour_write(
        path, "key", (struct ro_bytes){ro_keypair_seed(pair), RO_SEED_SIZE},
        RO_FILE_SECRET, why));
    *ret_pair = RO_STEAL(pair);
    return RO_OK;
}

/* The key of its own file, wherever its owner keeps it. */
static enum ro_status
take_outside_key(const char *path,
                 const struct ro_entropy *entropy,
                 struct ro_why *why,
                 struct authority_key *ret_key)
{
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *pair = NULL;
    RO_TRY(need_key(path, entropy, why, &pair));
    ret_key->public_key = *ro_keypair_public(pair);
    ret_key->path = realpath(path, NULL);
    return ret_key->path == NULL ? io_failed(why, path) : RO_OK;
}

/* A key in our folder, which may be moved away later. */
static enum ro_status
make_inside_key(const char *dir,
                size_t number,
                const struct ro_entropy *entropy,
                struct ro_why *why,
                struct authority_key *ret_key)
{
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *pair = NULL;
    char *name = NULL;
    if (asprintf(&name, "keys/%zu.key", number) < 0)
        return RO_NO_MEMORY;
    ret_key->path = name;
    RO_AUTOFREE char *path = authority_path(dir, name);
    if (path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(need_key(path, entropy, why, &pair));
    ret_key->public_key = *ro_keypair_public(pair);
    return RO_OK;
}

static enum ro_status
make_signing_keys(const char *dir,
                  const struct authority_founding *founding,
                  const struct ro_entropy *entropy,
                  struct ro_why *why,
                  struct authority_state *state)
{
    if (founding->key_file != NULL) {
        state->n_keys = 1;
        return take_outside_key(founding->key_file, entropy, why,
                                &state->keys[0]);
    }
    RO_TRY(make_inner(dir, "keys", why));
    while (state->n_keys < founding->keys) {
        struct authority_key *key = &state->keys[state->n_keys++];
        RO_TRY(make_inside_key(dir, state->n_keys, entropy, why, key));
    }
    return RO_OK;
}

static enum ro_status
make_secrets(const struct ro_entropy *entropy, struct authority_state *state)
{
    state->generation = 1;
    ro_entropy_fill(entropy, state->psk, sizeof(state->psk));
    state->enrolment = ro_keypair_new(entropy);
    state->mailbox = ro_keypair_new(entropy);
    return state->enrolment == NULL || state->mailbox == NULL ? RO_NO_MEMORY
                                                              : RO_OK;
}

/* --- files --------------------------------------------------------------- */

static enum ro_status
write_public(const struct authority_state *state,
             const char *path,
             struct ro_why *why,
             struct ro_circle_id *ret_circle)
{
    ProtobufCBinaryData keys[RO_AUTHORITY_KEYS_MAX];
    Reachout__AuthorityPublic message;
    struct ro_root root;
    RO_AUTOBUF bytes = {0};
    authority_state_public(state, keys, &message);
    RO_TRY(ro_root_of(&message, &root));
    ro_circle_id_of(root.keys, root.n_keys, (uint8_t)root.threshold,
                    ret_circle);
    RO_TRY(ro_pack(&message.base, &bytes));
    return ro_armour_write(path, "authority-public", ro_buf_view(&bytes),
                           RO_FILE_PUBLIC, why);
}

static enum ro_status
list_keys(const char *dir,
          const struct authority_state *state,
          struct authority_founded *founded)
{
    founded->key_paths = calloc(state->n_keys + 1, sizeof(*founded->key_paths));
    if (founded->key_paths == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < state->n_keys; i++) {
        char *path = authority_path(dir, state->keys[i].path);
        if (path == NULL)
            return RO_NO_MEMORY;
        founded->key_paths[founded->n_keys++] = path;
    }
    return RO_OK;
}

/* The state comes last: without it the folder is no authority. */
static enum ro_status
write_files(const char *dir,
            const struct authority_state *state,
            struct ro_why *why,
            struct authority_founded *founded)
{
    RO_TRY(list_keys(dir, state, founded));
    founded->public_path = authority_path(dir, "authority.pub");
    founded->door_key_path = authority_path(dir, "door.key");
    if (founded->public_path == NULL || founded->door_key_path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(make_inner(dir, "requests", why));
    RO_TRY(write_public(state, founded->public_path, why, &founded->circle));
    RO_TRY(authority_door_write(state, &founded->circle, founded->door_key_path,
                                why));
    return authority_state_save(dir, state, why);
}

enum ro_status
authority_found(const struct authority_founding *founding,
                const struct authority_world *world,
                struct ro_why *why,
                struct authority_founded *ret_founded)
{
    RO_CLEANUP(authority_founded_fini) struct authority_founded founded = {0};
    RO_CLEANUP(authority_state_fini) struct authority_state state = {0};
    RO_AUTOFREE char *dir = NULL;
    RO_TRY(ro_crypto_init());
    RO_TRY(check_founding(founding, why));
    RO_TRY(make_folder(founding->dir, why, &dir));
    (void)snprintf(state.circle_name, sizeof(state.circle_name), "%s",
                   founding->circle);
    state.threshold = founding->threshold;
    RO_TRY(make_signing_keys(dir, founding, &world->entropy, why, &state));
    RO_TRY(make_secrets(&world->entropy, &state));
    RO_TRY(write_files(dir, &state, why, &founded));
    *ret_founded = founded;
    founded = (struct authority_founded){0};
    return RO_OK;
}

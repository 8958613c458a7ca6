/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/keys.h"

#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "common/base/arena.h"
#include "common/crypto/seal.h"
#include "common/crypto/wipe.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

/* What one small file may unpack to. */
#define ARENA_BYTES ((size_t)64 << 10)
#define ARENA_PIECES 256

/* What others can read is no secret any more: it is not used. */
static enum ro_status
read_secret(const char *path,
            const char *what,
            struct ro_why *why,
            struct ro_buf *ret_bytes)
{
    struct stat st;
    if (stat(path, &st) == 0 && (st.st_mode & (S_IRWXG | S_IRWXO)) != 0) {
        return ro_why(why, RO_BAD_INPUT,
                      "%s: it is secret, and others than its owner can get at "
                      "it: chmod 600 %s",
                      path, path);
    }
    return ro_armour_read(path, what, why, ret_bytes);
}

/* Memory that is short is not the file's fault, and is told as what it is. */
static enum ro_status
bad_file(const char *path, enum ro_status s, struct ro_why *why)
{
    if (s == RO_NO_MEMORY)
        return ro_why(why, s, "no memory");
    return ro_why(why, RO_BAD_INPUT, "%s: it does not follow the rules", path);
}

enum ro_status
keys_read_authority(const char *path,
                    struct ro_why *why,
                    struct ro_root *ret_root)
{
    RO_AUTOBUF bytes = {0};
    RO_TRY(ro_armour_read(path, "authority-public", why, &bytes));
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(ARENA_BYTES, ARENA_PIECES);
    if (arena == NULL)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    ProtobufCMessage *message = NULL;
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__authority_public__descriptor,
                     ro_buf_view(&bytes), arena, &message);
    if (s == RO_OK)
        s = ro_root_of((const Reachout__AuthorityPublic *)message, ret_root);
    return s == RO_OK ? RO_OK : bad_file(path, s, why);
}

/* Whether the key belongs to the circle that these authority keys make. */
static bool
is_of_circle(const Reachout__DoorKey *message, const struct ro_root *root)
{
    struct ro_circle_id circle;
    struct ro_circle_id stated;
    ro_circle_id_of(root->keys, root->n_keys, (uint8_t)root->threshold,
                    &circle);
    return ro_field_copy(&message->circle, stated.b, RO_ID_SIZE) == RO_OK &&
           ro_circle_id_equal(&circle, &stated);
}

static enum ro_status
take_door(const Reachout__DoorKey *message, struct broker_door *ret_door)
{
    if (message->circle.len != RO_ID_SIZE)
        return RO_BAD_INPUT;
    RO_TRY(ro_field_copy(&message->psk, ret_door->psk, sizeof(ret_door->psk)));
    ret_door->generation = message->generation;
    ro_wipe(message->psk.data, message->psk.len);
    ret_door->previous_generation = message->previous_generation;
    if (message->previous_generation == 0)
        return message->has_previous_psk ? RO_BAD_INPUT : RO_OK;
    if (message->previous_generation >= message->generation)
        return RO_BAD_INPUT;
    RO_TRY(ro_field_copy(&message->previous_psk, ret_door->previous_psk,
                         sizeof(ret_door->previous_psk)));
    ro_wipe(message->previous_psk.data, message->previous_psk.len);
    return RO_OK;
}

enum ro_status
keys_read_door(const char *path,
               const struct ro_root *root,
               struct ro_why *why,
               struct broker_door *ret_door)
{
    RO_SECRET_BUF bytes = {0};
    RO_TRY(read_secret(path, "door-key", why, &bytes));
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(ARENA_BYTES, ARENA_PIECES);
    if (arena == NULL)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    ProtobufCMessage *message = NULL;
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__door_key__descriptor,
                     ro_buf_view(&bytes), arena, &message);
    if (s == RO_OK)
        s = take_door((const Reachout__DoorKey *)message, ret_door);
    if (s != RO_OK)
        return bad_file(path, s, why);
    if (root != NULL &&
        !is_of_circle((const Reachout__DoorKey *)message, root)) {
        return ro_why(why, RO_BAD_INPUT,
                      "%s: it is of another circle than the authority's keys",
                      path);
    }
    return RO_OK;
}

static enum ro_status
read_pair(const char *path, struct ro_why *why, struct ro_keypair **ret_pair)
{
    RO_SECRET_BUF bytes = {0};
    RO_TRY(read_secret(path, "key", why, &bytes));
    if (bytes.size != RO_SEED_SIZE)
        return bad_file(path, RO_BAD_INPUT, why);
    struct ro_keypair *pair = ro_keypair_from_seed(bytes.data);
    if (pair == NULL)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    *ret_pair = pair;
    return RO_OK;
}

enum ro_status
keys_write_pair(const char *path,
                const struct ro_keypair *pair,
                struct ro_why *why)
{
    struct ro_bytes seed = {ro_keypair_seed(pair), RO_SEED_SIZE};
    return ro_armour_write(path, "key", seed, RO_FILE_SECRET, why);
}

/* Notes what is wrong with one file; all are looked at. */
static void
note(enum ro_status s, const struct ro_why *why, struct ro_buf *errors)
{
    if (s != RO_OK)
        ro_buf_printf(errors, "%s\n", why->text);
}

enum ro_status
keys_load(const struct keys_paths *paths,
          struct ro_buf *errors,
          struct keys **ret_keys)
{
    RO_CLEANUP(keys_freep) struct keys *keys = calloc(1, sizeof(*keys));
    if (keys == NULL)
        return RO_NO_MEMORY;
    struct ro_why why = {""};
    size_t before = errors->size;
    enum ro_status s = keys_read_authority(paths->authority, &why, &keys->root);
    note(s, &why, errors);
    const struct ro_root *root = s == RO_OK ? &keys->root : NULL;
    note(keys_read_door(paths->door, root, &why, &keys->door), &why, errors);
    note(read_pair(paths->curve, &why, &keys->curve), &why, errors);
    note(read_pair(paths->signing, &why, &keys->signing), &why, errors);
    RO_TRY(ro_buf_ok(errors));
    if (errors->size != before)
        return RO_BAD_CONFIG;
    *ret_keys = RO_STEAL(keys);
    return RO_OK;
}

void
keys_free(struct keys *keys)
{
    if (keys == NULL)
        return;
    ro_wipe(&keys->door, sizeof(keys->door));
    ro_keypair_free(keys->curve);
    ro_keypair_free(keys->signing);
    free(keys);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Making, releasing and reading a directory; directory_add.c adds to it. */
#include "common/wire/directory.h"

#include <stdlib.h>
#include <string.h>

#include "common/crypto/seal.h"
#include "common/wire/directory_inside.h"

#define ARENA_SIZE ((size_t)64 * 1024)

static enum ro_status
root_key(const Reachout__AuthorityPublic *public_keys,
         size_t i,
         struct ro_root *root)
{
    struct ro_key *key = &root->keys[i];
    struct ro_key x25519;
    if (ro_field_copy(&public_keys->authority_keys[i], key->b, RO_KEY_SIZE) !=
            RO_OK ||
        ro_key_to_x25519(key, &x25519) != RO_OK)
        return RO_BAD_INPUT;
    /* a key and its negative are one person's: they would sign as two */
    for (size_t k = 0; k < i; k++) {
        if (ro_dir_key_same(&root->keys[k], key))
            return RO_BAD_INPUT;
    }
    return RO_OK;
}

enum ro_status
ro_root_of(const Reachout__AuthorityPublic *public_keys,
           struct ro_root *ret_root)
{
    struct ro_root root = {.n_keys = public_keys->n_authority_keys,
                           .threshold = public_keys->threshold};
    if (root.n_keys == 0 || root.n_keys > RO_AUTHORITY_KEYS_MAX)
        return RO_BAD_INPUT;
    if (!public_keys->has_threshold || root.threshold == 0 ||
        root.threshold > root.n_keys)
        return RO_BAD_INPUT;
    for (size_t i = 0; i < root.n_keys; i++)
        RO_TRY(root_key(public_keys, i, &root));
    *ret_root = root;
    return RO_OK;
}

/* head(0), and the authority's keys as used ones. */
static enum ro_status
begin(struct ro_directory *directory)
{
    const struct ro_root *root = &directory->root;
    directory->heads = calloc(1, sizeof(*directory->heads));
    if (directory->heads == NULL)
        return RO_NO_MEMORY;
    directory->heads_room = 1;
    struct ro_bytes parts[1 + RO_AUTHORITY_KEYS_MAX] = {
        {directory->circle.b, RO_ID_SIZE}
    };
    for (size_t i = 0; i < root->n_keys; i++)
        parts[1 + i] = (struct ro_bytes){root->keys[i].b, RO_KEY_SIZE};
    ro_hash_256(RO_LABEL_HEAD_ZERO, parts, 1 + root->n_keys,
                &directory->heads[0]);
    RO_TRY(ro_index_reserve(&directory->keys, root->n_keys));
    for (size_t i = 0; i < root->n_keys; i++)
        ro_dir_key_put(directory, &root->keys[i], RO_DIR_OF_AUTHORITY);
    return RO_OK;
}

struct ro_directory *
ro_directory_new(const struct ro_root *root)
{
    RO_CLEANUP(ro_directory_freep)
    struct ro_directory *directory = calloc(1, sizeof(*directory));
    if (directory == NULL)
        return NULL;
    directory->root = *root;
    ro_circle_id_of(root->keys, root->n_keys, (uint8_t)root->threshold,
                    &directory->circle);
    ro_index_init(&directory->listing_of_urn, sizeof(uint32_t));
    ro_index_init(&directory->member_of_id, RO_ID_SIZE);
    ro_index_init(&directory->member_of_urn, sizeof(uint32_t));
    ro_index_init(&directory->freed_of_urn, sizeof(uint32_t));
    ro_index_init(&directory->seat_of_id, RO_ID_SIZE);
    ro_index_init(&directory->seat_of_curve, RO_KEY_SIZE);
    ro_index_init(&directory->keys, RO_KEY_SIZE);
    directory->arena = ro_arena_new(ARENA_SIZE, RO_UNPACK_PIECES);
    if (directory->arena == NULL || begin(directory) != RO_OK)
        return NULL;
    return RO_STEAL(directory);
}

void
ro_directory_free(struct ro_directory *directory)
{
    if (directory == NULL)
        return;
    ro_arena_free(directory->arena);
    free(directory->charter_name);
    free(directory->circle_conf);
    free(directory->member_endpoint);
    free(directory->open_endpoint);
    free(directory->heads);
    for (size_t i = 0; i < directory->n_listings; i++)
        free(directory->listings[i].texts);
    free(directory->listings);
    for (size_t i = 0; i < directory->n_names; i++)
        free(directory->names[i].text);
    free(directory->names);
    free(directory->members);
    free(directory->seats);
    ro_index_fini(&directory->listing_of_urn);
    ro_index_fini(&directory->member_of_id);
    ro_index_fini(&directory->member_of_urn);
    ro_index_fini(&directory->freed_of_urn);
    ro_index_fini(&directory->seat_of_id);
    ro_index_fini(&directory->seat_of_curve);
    ro_index_fini(&directory->keys);
    free(directory);
}

uint64_t
ro_directory_size(const struct ro_directory *directory)
{
    return directory->n_records;
}

enum ro_status
ro_directory_head(const struct ro_directory *directory,
                  uint64_t n,
                  struct ro_hash *ret_head)
{
    if (n > directory->n_records)
        return RO_NOT_FOUND;
    *ret_head = directory->heads[n];
    return RO_OK;
}

const struct ro_circle_id *
ro_directory_circle(const struct ro_directory *directory)
{
    return &directory->circle;
}

uint64_t
ro_directory_serial(const struct ro_directory *directory,
                    const struct ro_member_id *member)
{
    if (member == NULL)
        return directory->serial;
    const struct ro_dir_member *row = ro_dir_find_member(directory, member);
    return row != NULL ? row->serial : 0;
}

const struct ro_charter_view *
ro_directory_charter(const struct ro_directory *directory)
{
    return directory->state == RO_DIR_CHARTERED ? &directory->charter : NULL;
}

struct ro_dir_member *
ro_dir_find_member(const struct ro_directory *directory,
                   const struct ro_member_id *id)
{
    uint32_t place = ro_index_find(&directory->member_of_id, id->b);
    return place != RO_INDEX_NONE ? &directory->members[place] : NULL;
}

const struct ro_listing_view *
ro_directory_listing(const struct ro_directory *directory, uint32_t urn)
{
    uint32_t place = ro_index_find(&directory->listing_of_urn, &urn);
    return place != RO_INDEX_NONE ? &directory->listings[place].view : NULL;
}

const struct ro_member_view *
ro_directory_member(const struct ro_directory *directory,
                    const struct ro_member_id *id)
{
    const struct ro_dir_member *row = ro_dir_find_member(directory, id);
    return row != NULL ? &row->view : NULL;
}

const struct ro_member_view *
ro_directory_member_by_urn(const struct ro_directory *directory, uint32_t urn)
{
    uint32_t place = ro_dir_of_urn(directory, urn);
    return place != RO_INDEX_NONE ? &directory->members[place].view : NULL;
}

const struct ro_seat_view *
ro_directory_seat(const struct ro_directory *directory,
                  const struct ro_seat_id *id)
{
    uint32_t place = ro_index_find(&directory->seat_of_id, id->b);
    return place != RO_INDEX_NONE ? &directory->seats[place] : NULL;
}

enum ro_status
ro_seat_sealing(const struct ro_seat_view *seat, struct ro_key *ret_x25519)
{
    return ro_key_to_x25519(&seat->sealing_ed25519, ret_x25519);
}

enum ro_status
ro_seat_fallback(const struct ro_seat_view *seat, struct ro_key *ret_x25519)
{
    return ro_key_to_x25519(&seat->fallback_ed25519, ret_x25519);
}

const struct ro_seat_view *
ro_directory_seat_by_transport(const struct ro_directory *directory,
                               const struct ro_key *curve)
{
    uint32_t place = ro_index_find(&directory->seat_of_curve, curve->b);
    return place != RO_INDEX_NONE ? &directory->seats[place] : NULL;
}

const struct ro_listing_view *
ro_directory_nth_listing(const struct ro_directory *directory, size_t i)
{
    return i < directory->n_listings ? &directory->listings[i].view : NULL;
}

const struct ro_member_view *
ro_directory_nth_member(const struct ro_directory *directory, size_t i)
{
    return i < directory->n_members ? &directory->members[i].view : NULL;
}

const struct ro_seat_view *
ro_directory_nth_seat(const struct ro_directory *directory, size_t i)
{
    return i < directory->n_seats ? &directory->seats[i] : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a signer has beside what is to be signed: the circle, the keys, and the
 * directory if it is here. */
#include "client/authority/cosign.h"

#include <string.h>

#include "client/authority/draft.h"
#include "client/authority/log.h"
#include "client/authority/state.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

void
table_fini(struct table *table)
{
    keys_fini(&table->keys);
    ro_directory_free(table->directory);
    proposal_free(table->proposal);
    ro_arena_free(table->arena);
}

enum ro_status
table_damaged(const struct table *table,
              enum ro_status status,
              const char *path)
{
    return status == RO_NO_MEMORY
               ? status
               : ro_why(table->why, status, "%s: damaged", path);
}

static enum ro_status
read_root(struct table *table, struct authority_cosigned *cosigned)
{
    RO_AUTOBUF bytes = {0};
    ProtobufCMessage *message;
    RO_AUTOFREE char *path =
        authority_path(table->cosigning->dir, "authority.pub");
    if (path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(ro_armour_read(path, "authority-public", table->why, &bytes));
    enum ro_status s =
        ro_unpack_as(RO_BAD_INPUT, &reachout__authority_public__descriptor,
                     ro_buf_view(&bytes), table->arena, &message);
    if (s != RO_OK)
        return table_damaged(table, s, path);
    const Reachout__AuthorityPublic *own = (const void *)message;
    if (ro_root_of(own, &table->root) != RO_OK || own->name == NULL)
        return table_damaged(table, RO_BAD_INPUT, path);
    cosigned->circle = strdup(own->name);
    ro_circle_id_of(table->root.keys, table->root.n_keys,
                    (uint8_t)table->root.threshold, &table->circle);
    return cosigned->circle == NULL ? RO_NO_MEMORY : RO_OK;
}

/* The keys of a folder that is only a signer's, or of one with a state, which
 * remembers where they are. */
static enum ro_status
read_keys(struct table *table)
{
    RO_CLEANUP(authority_state_fini) struct authority_state state = {0};
    const char *dir = table->cosigning->dir;
    enum ro_status s = authority_state_load(dir, NULL, &state);
    if (s == RO_NO_MEMORY)
        return s;
    if (s != RO_OK && s != RO_NOT_FOUND)
        return ro_why(table->why, s, "%s: authority.state is damaged", dir);
    RO_TRY(authority_keys_load(dir, &state, &table->root, table->why,
                               &table->keys));
    return keys_gather(dir, &table->root, table->why, &table->keys);
}

static enum ro_status
add_record(struct ro_bytes *rest, struct ro_directory *directory)
{
    static const struct ro_replaying replaying = {RO_REPLAY_CHECK, 0};
    if (rest->size < 4 || rest->size - 4 < ro_get_u32(rest->data))
        return RO_BAD_RECORD;
    struct ro_bytes record = {rest->data + 4, ro_get_u32(rest->data)};
    rest->data += 4 + record.size;
    rest->size -= 4 + record.size;
    return ro_directory_add(directory, record, &replaying, NULL);
}

/* The log, verified from the root on: it may come from anywhere. */
static enum ro_status
read_directory(struct table *table)
{
    RO_AUTOBUF log = {0};
    RO_AUTOFREE char *path =
        authority_path(table->cosigning->dir, AUTHORITY_LOG_FILE);
    if (path == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        ro_file_read(path, AUTHORITY_LOG_LIMIT, table->why, &log);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    table->directory = ro_directory_new(&table->root);
    if (table->directory == NULL)
        return RO_NO_MEMORY;
    struct ro_bytes rest = ro_buf_view(&log);
    while (rest.size > 0) {
        s = add_record(&rest, table->directory);
        if (s == RO_NO_MEMORY)
            return s;
        if (s != RO_OK) {
            return ro_why(table->why, RO_BAD_INPUT,
                          "%s: not a directory of this circle", path);
        }
    }
    return RO_OK;
}

enum ro_status
table_set(struct table *table, struct authority_cosigned *cosigned)
{
    const struct authority_cosigning *cosigning = table->cosigning;
    table->arena = ro_arena_new(0, 0);
    if (table->arena == NULL)
        return RO_NO_MEMORY;
    if (cosigning->out_path != NULL)
        RO_TRY(authority_need_absent(cosigning->out_path, table->why));
    RO_TRY(read_root(table, cosigned));
    RO_TRY(read_keys(table));
    if (cosigning->out_path != NULL && table->keys.n == 0) {
        return ro_why(table->why, RO_REFUSED,
                      "there is no signing key of this circle in %s or %s/keys",
                      cosigning->dir, cosigning->dir);
    }
    return read_directory(table);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/arriving_row.h"

#include "client/core/row.h"

#include <string.h>

/* What is early is its sender's alone: the id of its file, and the sender. */
#define FILE_KEY_SIZE (RO_ID_SIZE + RO_ID_SIZE)
struct key {
    uint8_t b[FILE_KEY_SIZE];
    size_t size;
};

static struct ro_bytes
bytes_of(const struct key *key)
{
    return (struct ro_bytes){key->b, key->size};
}

static struct key
file_key(const struct arriving *file)
{
    struct key key = {.size = RO_ID_SIZE};
    memcpy(key.b, file->id.b, RO_ID_SIZE);
    if (file->state == ARRIVING_EARLY) {
        memcpy(key.b + RO_ID_SIZE, file->writer.b, RO_ID_SIZE);
        key.size = FILE_KEY_SIZE;
    }
    return key;
}

enum ro_status
arriving_row_put(struct vault *vault, const struct arriving *file)
{
    RO_AUTOBUF row = {0};
    ro_buf_put(&row, file->id.b, RO_ID_SIZE);
    ro_buf_put_u8(&row, (uint8_t)file->state);
    ro_buf_put(&row, file->message.b, RO_ID_SIZE);
    ro_buf_put(&row, file->writer.b, RO_ID_SIZE);
    ro_buf_put(&row, file->side.b, RO_ID_SIZE);
    ro_buf_put(&row, file->thread.b, RO_ID_SIZE);
    ro_buf_put_u64(&row, file->size);
    ro_buf_put(&row, file->hash.b, RO_HASH_SIZE);
    ro_buf_put_u32(&row, file->chunks);
    ro_buf_put_u32(&row, file->n_here);
    ro_buf_put_u64(&row, (uint64_t)file->since_s);
    ro_buf_put(&row, file->here, sizeof(file->here));
    RO_TRY(ro_buf_ok(&row));
    const struct key key = file_key(file);
    struct vault_place place = {VAULT_FILE, bytes_of(&key), {0}};
    if (file->state == ARRIVING_EARLY)
        place.tag = ro_bytes_text(ARRIVING_EARLY_TAG);
    return vault_put(vault, &place, ro_buf_view(&row));
}

enum ro_status
arriving_row_read(struct ro_bytes value, struct arriving *ret_file)
{
    struct row_reader row = row_read(value);
    struct arriving file = {0};
    row_fixed(&row, file.id.b, RO_ID_SIZE);
    file.state = row_u8(&row);
    row_fixed(&row, file.message.b, RO_ID_SIZE);
    row_fixed(&row, file.writer.b, RO_ID_SIZE);
    row_fixed(&row, file.side.b, RO_ID_SIZE);
    row_fixed(&row, file.thread.b, RO_ID_SIZE);
    file.size = row_u64(&row);
    row_fixed(&row, file.hash.b, RO_HASH_SIZE);
    file.chunks = row_u32(&row);
    file.n_here = row_u32(&row);
    file.since_s = (int64_t)row_u64(&row);
    row_fixed(&row, file.here, sizeof(file.here));
    RO_TRY(row_end(&row));
    if (file.chunks > RO_CHUNKS_MAX)
        return RO_VAULT_DAMAGED;
    *ret_file = file;
    return RO_OK;
}

enum ro_status
arriving_row_get(struct vault *vault,
                 const struct arriving *known,
                 struct arriving *ret_file)
{
    RO_AUTOBUF value = {0};
    const struct key key = file_key(known);
    RO_TRY(vault_get(vault, VAULT_FILE, bytes_of(&key), &value));
    return arriving_row_read(ro_buf_view(&value), ret_file);
}

enum ro_status
arriving_row_drop(struct vault *vault, const struct arriving *file)
{
    const struct key key = file_key(file);
    return vault_drop(vault, VAULT_FILE, bytes_of(&key));
}

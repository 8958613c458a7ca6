/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/chunk.h"

#include <string.h>

#define KEY_SIZE (RO_ID_SIZE + 4)

struct key {
    uint8_t b[KEY_SIZE + RO_ID_SIZE];
    size_t size;
};

static struct key
key_of(const struct chunk_place *place)
{
    struct key key = {.size = KEY_SIZE};
    memcpy(key.b, place->file->b, RO_ID_SIZE);
    ro_set_u32(key.b + RO_ID_SIZE, place->index);
    if (place->early != NULL) {
        memcpy(key.b + KEY_SIZE, place->early->b, RO_ID_SIZE);
        key.size += RO_ID_SIZE;
    }
    return key;
}

enum ro_status
chunk_put(struct vault *vault,
          const struct chunk_place *place,
          struct ro_bytes data)
{
    const struct key key = key_of(place);
    const struct vault_place row = {
        VAULT_CHUNK, {key.b, key.size},
         {0    }
    };
    return vault_put(vault, &row, data);
}

enum ro_status
chunk_get(struct vault *vault,
          const struct chunk_place *place,
          struct ro_buf *ret_data)
{
    const struct key key = key_of(place);
    return vault_get(vault, VAULT_CHUNK, (struct ro_bytes){key.b, key.size},
                     ret_data);
}

enum ro_status
chunk_drop(struct vault *vault, const struct chunk_place *place)
{
    const struct key key = key_of(place);
    return vault_drop(vault, VAULT_CHUNK, (struct ro_bytes){key.b, key.size});
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/index.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#define ROOM_LEAST 64
#define PLACE_SIZE sizeof(uint32_t)

void
ro_index_init(struct ro_index *index, size_t key_size)
{
    assert(key_size % 4 == 0 && key_size <= RO_INDEX_KEY_MAX);
    *index = (struct ro_index){.key_size = key_size};
}

void
ro_index_fini(struct ro_index *index)
{
    free(index->cells);
    index->cells = NULL;
    index->room = 0;
    index->used = 0;
}

/* Keys are hashes, public keys or the authority's own numbers, and members
 * can add few a day, so that grinding them for equal slots gains nothing; the
 * mixing only spreads URNs. */
static size_t
slot_of(const struct ro_index *index, const void *key)
{
    const uint8_t *bytes = key;
    uint64_t mixed = 0;
    for (size_t i = 0; i < index->key_size; i += 4) {
        uint32_t part = 0;
        memcpy(&part, bytes + i, sizeof(part));
        mixed = (mixed ^ part) * UINT64_C(0x9e3779b97f4a7c15);
        mixed ^= mixed >> 29;
    }
    return (size_t)mixed & (index->room - 1);
}

static uint8_t *
cell_at(const struct ro_index *index, size_t slot)
{
    return index->cells + slot * (PLACE_SIZE + index->key_size);
}

/* The cell that has the key, or the empty one where it belongs. */
static uint8_t *
cell_of(const struct ro_index *index, const void *key)
{
    size_t slot = slot_of(index, key);
    for (;;) {
        uint8_t *cell = cell_at(index, slot);
        uint32_t stored = 0;
        memcpy(&stored, cell, PLACE_SIZE);
        if (stored == 0 || memcmp(cell + PLACE_SIZE, key, index->key_size) == 0)
            return cell;
        slot = (slot + 1) & (index->room - 1);
    }
}

static enum ro_status
move_to(struct ro_index *index, size_t room)
{
    struct ro_index bigger = {.room = room, .key_size = index->key_size};
    bigger.cells = calloc(room, PLACE_SIZE + index->key_size);
    if (bigger.cells == NULL)
        return RO_NO_MEMORY;
    for (size_t slot = 0; slot < index->room; slot++) {
        const uint8_t *cell = cell_at(index, slot);
        uint32_t stored = 0;
        memcpy(&stored, cell, PLACE_SIZE);
        if (stored != 0)
            ro_index_put(&bigger, cell + PLACE_SIZE, stored - 1);
    }
    ro_index_fini(index);
    *index = bigger;
    return RO_OK;
}

enum ro_status
ro_index_reserve(struct ro_index *index, size_t more)
{
    if (more > UINT32_MAX / 4 || index->used > UINT32_MAX / 4)
        return RO_NO_MEMORY;
    size_t room = index->room > 0 ? index->room : ROOM_LEAST;
    while (room < 2 * (index->used + more))
        room *= 2;
    return room == index->room ? RO_OK : move_to(index, room);
}

void
ro_index_put(struct ro_index *index, const void *key, uint32_t place)
{
    assert(index->room >= 2 * index->used && place < RO_INDEX_NONE);
    uint8_t *cell = cell_of(index, key);
    uint32_t stored = 0;
    memcpy(&stored, cell, PLACE_SIZE);
    if (stored == 0) {
        assert(index->room >= 2 * (index->used + 1));
        memcpy(cell + PLACE_SIZE, key, index->key_size);
        index->used++;
    }
    stored = place + 1;
    memcpy(cell, &stored, PLACE_SIZE);
}

uint32_t
ro_index_find(const struct ro_index *index, const void *key)
{
    if (index->room == 0)
        return RO_INDEX_NONE;
    const uint8_t *cell = cell_of(index, key);
    uint32_t stored = 0;
    memcpy(&stored, cell, PLACE_SIZE);
    return stored == 0 ? RO_INDEX_NONE : stored - 1;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <string.h>

/* Blocks double from the first to the largest size; a larger piece gets a
 * block of its own size. */
#define FIRST_BLOCK ((size_t)4096)
#define LARGEST_BLOCK ((size_t)65536)
#define ALIGNMENT alignof(max_align_t)

struct block {
    struct block *older; /* in ro_arena.newest */
    size_t room;
    size_t used;
    alignas(max_align_t) uint8_t data[];
};

struct ro_arena {
    struct block *newest;
    size_t budget;
    size_t pieces;
    size_t used;  /* of budget */
    size_t taken; /* of pieces */
    bool was_short;
};

struct ro_arena *
ro_arena_new(size_t budget, size_t pieces)
{
    struct ro_arena *arena = calloc(1, sizeof(*arena));
    if (arena == NULL)
        return NULL;
    arena->budget = budget;
    arena->pieces = pieces;
    return arena;
}

static void
free_blocks(struct block *block)
{
    while (block != NULL) {
        struct block *older = block->older;
        free(block);
        block = older;
    }
}

void
ro_arena_free(struct ro_arena *arena)
{
    if (arena == NULL)
        return;
    free_blocks(arena->newest);
    free(arena);
}

void
ro_arena_reset(struct ro_arena *arena, size_t budget, size_t pieces)
{
    if (arena->newest != NULL) {
        free_blocks(arena->newest->older);
        arena->newest->older = NULL;
        arena->newest->used = 0;
    }
    arena->budget = budget;
    arena->pieces = pieces;
    arena->used = 0;
    arena->taken = 0;
    arena->was_short = false;
}

static struct block *
add_block(struct ro_arena *arena, size_t size)
{
    size_t room = FIRST_BLOCK;
    if (arena->newest != NULL)
        room = arena->newest->room * 2;
    if (room > LARGEST_BLOCK)
        room = LARGEST_BLOCK;
    if (room < size)
        room = size;
    struct block *block = malloc(sizeof(*block) + room);
    if (block == NULL)
        return NULL;
    block->older = arena->newest;
    block->room = room;
    block->used = 0;
    arena->newest = block;
    return block;
}

void *
ro_arena_take(struct ro_arena *arena, size_t size)
{
    if (arena->taken >= arena->pieces || size > arena->budget - arena->used)
        return NULL;
    if (size > SIZE_MAX / 2)
        return NULL;
    size_t step = (size + ALIGNMENT - 1) / ALIGNMENT * ALIGNMENT;
    struct block *block = arena->newest;
    if (block == NULL || step > block->room - block->used)
        block = add_block(arena, step);
    if (block == NULL) {
        arena->was_short = true;
        return NULL;
    }
    void *piece = block->data + block->used;
    block->used += step;
    arena->used += size;
    arena->taken++;
    return piece;
}

void *
ro_arena_zero(struct ro_arena *arena, size_t size)
{
    void *piece = ro_arena_take(arena, size);
    if (piece != NULL)
        memset(piece, 0, size);
    return piece;
}

char *
ro_arena_text(struct ro_arena *arena, const char *text)
{
    size_t size = strlen(text) + 1;
    char *copy = ro_arena_take(arena, size);
    if (copy != NULL)
        memcpy(copy, text, size);
    return copy;
}

bool
ro_arena_was_short(const struct ro_arena *arena)
{
    return arena->was_short;
}

size_t
ro_arena_used(const struct ro_arena *arena)
{
    return arena->used;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A capped arena: everything unpacked from one frame lives in one and is
 * released once. Its cap in bytes and in pieces is what keeps a hostile frame
 * from costing more than a fixed multiple of its length.
 */
#ifndef RO_BASE_ARENA_H
#define RO_BASE_ARENA_H

#include "common/base/auto.h"

#include <stdbool.h>
#include <stddef.h>

struct ro_arena;

/* A new arena that gives out at most `budget` bytes in at most `pieces`
 * pieces between two resets. NULL without memory. */
struct ro_arena *ro_arena_new(size_t budget, size_t pieces);

/* Releases it with all that it gave out; accepts NULL. */
void ro_arena_free(struct ro_arena *arena);
RO_DEFINE_AUTO(ro_arena, ro_arena_free)

/* Takes back all that it gave out, and sets new caps. Keeps one block. */
void ro_arena_reset(struct ro_arena *arena, size_t budget, size_t pieces);

/* `size` bytes, aligned for any type, not cleared; NULL when a cap is reached
 * or memory is short. Owned by the arena. */
void *ro_arena_take(struct ro_arena *arena, size_t size);

/* As ro_arena_take, cleared. */
void *ro_arena_zero(struct ro_arena *arena, size_t size);

/* A copy of a terminated string, or NULL. */
char *ro_arena_text(struct ro_arena *arena, const char *text);

/* Whether memory was short since the last reset: then a NULL was not, or not
 * only, the caps' doing. */
bool ro_arena_was_short(const struct ro_arena *arena);

/* Bytes given out since the last reset. */
size_t ro_arena_used(const struct ro_arena *arena);

#endif

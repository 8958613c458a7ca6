/* SPDX-License-Identifier: Apache-2.0 */
#include <stdalign.h>
#include <stdint.h>

#include "common/base/arena.h"
#include "tests/support/tap.h"

static void
test_budget_is_exact(void)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(100, 10);
    tap_need(arena != NULL);
    tap_ok(ro_arena_take(arena, 101) == NULL);
    tap_ok(ro_arena_take(arena, 60) != NULL);
    tap_ok(ro_arena_take(arena, 41) == NULL);
    tap_ok(ro_arena_take(arena, 40) != NULL);
    tap_ok(ro_arena_used(arena) == 100);
    tap_ok(ro_arena_take(arena, 1) == NULL);
    tap_ok(ro_arena_take(arena, 0) != NULL);
    tap_ok(ro_arena_take(arena, SIZE_MAX) == NULL);
}

static void
test_huge_sizes_do_not_wrap(void)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(SIZE_MAX, 10);
    tap_need(arena != NULL);
    tap_ok(ro_arena_take(arena, SIZE_MAX) == NULL);
    tap_ok(ro_arena_take(arena, SIZE_MAX - 8) == NULL);
    tap_ok(ro_arena_used(arena) == 0);
}

static void
test_pieces_are_exact(void)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(1000, 3);
    tap_need(arena != NULL);
    tap_ok(ro_arena_take(arena, 1) != NULL);
    tap_ok(ro_arena_take(arena, 0) != NULL);
    tap_ok(ro_arena_take(arena, 1) != NULL);
    tap_ok(ro_arena_take(arena, 1) == NULL);
}

/* Every piece is filled with its number and must hold it to the end. */
static void
test_pieces_do_not_overlap(void)
{
    enum { PIECES = 400 };
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new((size_t)1 << 20, PIECES);
    tap_need(arena != NULL);
    uint8_t *pieces[PIECES];
    bool aligned = true;
    for (size_t i = 0; i < PIECES; i++) {
        size_t size = i * 7 % 1500;
        pieces[i] = ro_arena_take(arena, size);
        if (pieces[i] == NULL)
            tap_need(pieces[i] != NULL);
        aligned = aligned && (uintptr_t)pieces[i] % alignof(max_align_t) == 0;
        memset(pieces[i], (int)(i & 0xff), size);
    }
    bool kept = true;
    for (size_t i = 0; i < PIECES; i++) {
        for (size_t at = 0; at < i * 7 % 1500; at++)
            kept = kept && pieces[i][at] == (i & 0xff);
    }
    tap_say(aligned, "each piece is aligned for any type");
    tap_say(kept, "no piece reaches into another");
}

static void
test_piece_larger_than_a_block(void)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new((size_t)1 << 20, 4);
    tap_need(arena != NULL);
    uint8_t *large = ro_arena_take(arena, 300000);
    tap_need(large != NULL);
    memset(large, 1, 300000);
    uint8_t *small = ro_arena_zero(arena, 5000);
    tap_need(small != NULL);
    tap_ok(small[0] == 0 && small[4999] == 0 && large[299999] == 1);
}

static void
test_reset_takes_back(void)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(10000, 2);
    tap_need(arena != NULL);
    uint8_t *first = ro_arena_take(arena, 6000);
    tap_need(first != NULL);
    memset(first, 0xff, 6000);
    ro_arena_reset(arena, 6000, 1);
    tap_ok(ro_arena_used(arena) == 0);
    tap_ok(ro_arena_take(arena, 6001) == NULL);
    uint8_t *again = ro_arena_zero(arena, 6000);
    tap_say(again == first, "the block is used again");
    tap_ok(again != NULL && again[0] == 0 && again[5999] == 0);
    tap_ok(ro_arena_take(arena, 0) == NULL);
}

static void
test_text(void)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(8, 10);
    tap_need(arena != NULL);
    const char *copy = ro_arena_text(arena, "Rowan");
    tap_ok(copy != NULL && strcmp(copy, "Rowan") == 0);
    tap_ok(ro_arena_used(arena) == 6);
    tap_ok(ro_arena_text(arena, "ab") == NULL);
    tap_ok(ro_arena_text(arena, "a") != NULL);
    ro_arena_free(NULL);
}

int
main(void)
{
    tap_run(test_budget_is_exact);
    tap_run(test_huge_sizes_do_not_wrap);
    tap_run(test_pieces_are_exact);
    tap_run(test_pieces_do_not_overlap);
    tap_run(test_piece_larger_than_a_block);
    tap_run(test_reset_takes_back);
    tap_run(test_text);
    return tap_done();
}

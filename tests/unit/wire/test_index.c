/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/index.h"

#include "tests/support/prng.h"
#include "tests/support/tap.h"

#define MANY 30000

static void
fill_key(uint64_t i, uint8_t *key, size_t size)
{
    uint64_t state = i;
    for (size_t at = 0; at < size; at += 4) {
        uint32_t part = (uint32_t)prng_next(&state);
        memcpy(key + at, &part, 4);
    }
}

static void
check_size(size_t size)
{
    RO_CLEANUP(ro_index_fini) struct ro_index index;
    uint8_t key[RO_INDEX_KEY_MAX];
    size_t wrong = 0;
    ro_index_init(&index, size);
    fill_key(1, key, size);
    tap_ok(ro_index_find(&index, key) == RO_INDEX_NONE);
    for (uint32_t i = 0; i < MANY; i++) {
        fill_key(i, key, size);
        tap_failed_ += ro_index_reserve(&index, 1) != RO_OK;
        ro_index_put(&index, key, i);
    }
    for (uint32_t i = 0; i < MANY; i++) {
        fill_key(i, key, size);
        wrong += ro_index_find(&index, key) != i;
    }
    tap_ok(wrong == 0);
    tap_ok(index.used == MANY && index.room >= (size_t)2 * MANY);
    for (uint32_t i = MANY; i < 2 * MANY; i++) {
        fill_key(i, key, size);
        wrong += ro_index_find(&index, key) != RO_INDEX_NONE;
    }
    tap_ok(wrong == 0);
    fill_key(5, key, size);
    ro_index_put(&index, key, 77);
    tap_ok(ro_index_find(&index, key) == 77 && index.used == MANY);
}

static void
test_ids(void)
{
    check_size(16);
}

static void
test_keys(void)
{
    check_size(32);
}

/* URNs come one after the other. */
static void
test_urns(void)
{
    RO_CLEANUP(ro_index_fini) struct ro_index index;
    size_t wrong = 0;
    ro_index_init(&index, sizeof(uint32_t));
    tap_is(ro_index_reserve(&index, MANY), RO_OK);
    for (uint32_t urn = 100000; urn < 100000 + MANY; urn++)
        ro_index_put(&index, &urn, urn - 100000);
    for (uint32_t urn = 99000; urn < 101000 + MANY; urn++) {
        uint32_t expected =
            urn >= 100000 && urn < 100000 + MANY ? urn - 100000 : RO_INDEX_NONE;
        wrong += ro_index_find(&index, &urn) != expected;
    }
    tap_ok(wrong == 0);
}

int
main(void)
{
    tap_run(test_ids);
    tap_run(test_keys);
    tap_run(test_urns);
    return tap_done();
}

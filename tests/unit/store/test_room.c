/* SPDX-License-Identifier: Apache-2.0 */
/* What is kept free on the disk. */
#include "unit/store/folder.h"
#include "unit/store/sample.h"

#include <string.h>
#include <sys/stat.h>

#define RESERVE_BYTES ((off_t)8 << 20)

static const struct store_margin usual = {.reserve = RESERVE_BYTES};
static const struct store_margin more_than_there_is = {(uint64_t)1 << 60,
                                                       RESERVE_BYTES};

/* What the reserve takes on the disk; -1 without one. */
static off_t
reserve_of(const struct folder *folder)
{
    char path[512];
    struct stat st;
    snprintf(path, sizeof(path), "%s/store.reserve", folder->path);
    return stat(path, &st) == 0 ? (off_t)st.st_blocks * 512 : -1;
}

static void
empty_turn(struct store *store)
{
    tap_need(store_begin(store) == RO_OK);
    tap_need(store_commit(store) == RO_OK);
}

/* A turn that finds no room. */
static void
full_turn(struct store *store)
{
    enum ro_status s = RO_OK;
    tap_need(store_cap(store, 1) == RO_OK);
    tap_need(store_begin(store) == RO_OK);
    for (uint8_t i = 0; i < 200 && s == RO_OK; i++)
        s = sample_body_put(store, i);
    tap_need(s == RO_NO_ROOM && store_commit(store) == RO_NO_ROOM);
    tap_need(store_cap(store, (uint64_t)1 << 30) == RO_OK);
}

static void
test_none_is_kept_unasked(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    full_turn(store);
    empty_turn(store);
    tap_ok(store_space(store) == STORE_HAS_ROOM && reserve_of(&folder) == -1);
    store_free(store);
    folder_remove(&folder);
}

static void
test_the_reserve_is_given_up_and_made_again(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    store_keep_room(store, &usual);
    tap_ok(store_space(store) == STORE_HAS_ROOM);
    tap_say(reserve_of(&folder) >= RESERVE_BYTES, "it has its blocks");
    full_turn(store);
    tap_ok(store_space(store) == STORE_IS_SHORT && reserve_of(&folder) == -1);
    empty_turn(store);
    tap_ok(store_space(store) == STORE_HAS_ROOM);
    tap_ok(reserve_of(&folder) >= RESERVE_BYTES);
    store_keep_room(store, &more_than_there_is);
    full_turn(store);
    empty_turn(store);
    tap_say(reserve_of(&folder) == -1, "not while there is no room for it");
    store_free(store);
    folder_remove(&folder);
}

static void
test_no_reserve(void)
{
    static const struct store_margin none = {0};
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    store_keep_room(store, &usual);
    store_keep_room(store, &none);
    tap_say(reserve_of(&folder) == -1, "one that is not wanted any more goes");
    full_turn(store);
    tap_ok(store_space(store) == STORE_HAS_ROOM);
    empty_turn(store);
    tap_ok(store_space(store) == STORE_HAS_ROOM && reserve_of(&folder) == -1);
    store_free(store);
    folder_remove(&folder);
}

static void
test_too_little_is_free(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    store_keep_room(store, &more_than_there_is);
    tap_ok(store_space(store) == STORE_IS_SHORT);
    empty_turn(store);
    tap_ok(store_space(store) == STORE_IS_SHORT);
    tap_need(store_begin(store) == RO_OK);
    (void)sample_mail(store, 1, 1, 500);
    tap_say(store_commit(store) == RO_OK, "it still writes what it is given");
    store_keep_room(store, &usual);
    tap_ok(store_space(store) == STORE_HAS_ROOM);
    store_free(store);
    store = sample_open(&folder);
    store_keep_room(store, &usual);
    tap_say(reserve_of(&folder) >= RESERVE_BYTES, "one from before is kept");
    store_free(store);
    folder_remove(&folder);
}

int
main(void)
{
    tap_run(test_none_is_kept_unasked);
    tap_run(test_the_reserve_is_given_up_and_made_again);
    tap_run(test_no_reserve);
    tap_run(test_too_little_is_free);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A log and what lies beside it, from a broker that lies. The input is an
 * authority key (32 bytes), a byte whose lowest bit trusts signatures, and
 * any number of signed things, each after its length in two bytes. Every one
 * goes to every verifier; a refusal changes nothing.
 */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/checkpoint.h"
#include "common/wire/notices.h"
#include "common/wire/rules.h"

#define NOW_S 1793000000
#define TODAY (NOW_S / 86400)

struct world {
    struct ro_root root;
    struct ro_directory *directory;
    struct ro_notices *notices;
    struct ro_arena *arena;
    struct ro_replaying replaying;
};

static void
must(bool holds)
{
    if (!holds)
        abort();
}

/* Nothing that somebody sends stops a broker. */
static void
must_not_stop(enum ro_status status)
{
    must(ro_status_reach(status) != RO_REACH_STOP);
    must(status != RO_NO_MEMORY);
}

static void
try_log(struct world *world, struct ro_bytes raw)
{
    struct ro_directory *directory = world->directory;
    struct ro_why why = {.text = ""};
    struct ro_hash before;
    struct ro_hash after;
    uint64_t size = ro_directory_size(directory);
    uint64_t serial = ro_directory_serial(directory, NULL);
    must(ro_directory_head(directory, size, &before) == RO_OK);
    enum ro_status status =
        ro_directory_add(directory, raw, &world->replaying, &why);
    must_not_stop(status);
    must(ro_directory_head(directory, size, &after) == RO_OK);
    must(memcmp(before.b, after.b, RO_HASH_SIZE) == 0);
    must(ro_directory_size(directory) == size + (status == RO_OK ? 1 : 0));
    must(ro_directory_serial(directory, NULL) >= serial);
    must(status == RO_OK || ro_directory_serial(directory, NULL) == serial);
    must(status == RO_OK || why.text[0] != '\0');
    must((ro_directory_charter(directory) != NULL) ==
         (ro_directory_size(directory) > 0));
}

static void
try_notice(struct world *world, struct ro_bytes raw)
{
    struct ro_notice_facts facts;
    struct ro_hash digest;
    struct ro_key key;
    must_not_stop(
        ro_notices_check(world->notices, world->directory, raw, NULL, &facts));
    enum ro_status status = ro_notices_add(world->notices, raw);
    must_not_stop(status);
    if (status != RO_OK)
        return;
    ro_notices_digest(world->notices, TODAY, &digest);
    const struct ro_seat_view *seat =
        ro_directory_nth_seat(world->directory, 0);
    if (seat == NULL)
        return;
    uint32_t day = TODAY;
    while (ro_notices_epoch_key(world->notices, &seat->id, day, &key) == RO_OK)
        day++;
    must(day <= TODAY + RO_EPOCH_DAYS_MAX);
}

static void
try_others(struct world *world, struct ro_bytes raw)
{
    struct ro_checkpoint point;
    Reachout__Ticket *ticket = NULL;
    Reachout__Seat *seat = NULL;
    must_not_stop(
        ro_ticket_open(raw, &world->root, NOW_S, world->arena, &ticket));
    must_not_stop(ro_seat_open(raw, &world->root.keys[0], world->arena, &seat));
    const struct ro_charter_view *charter =
        ro_directory_charter(world->directory);
    if (charter == NULL ||
        ro_checkpoint_open(raw, ro_directory_circle(world->directory),
                           &charter->broker_signing, &point) != RO_OK)
        return;
    must(ro_checkpoint_compare(&point, &point) == RO_OK);
    must_not_stop(ro_checkpoint_agrees(&point, world->directory));
}

/* What the directory says must hold together whatever came in. */
static void
look_around(const struct ro_directory *directory)
{
    const struct ro_member_view *member = NULL;
    const struct ro_seat_view *seat = NULL;
    size_t live = 0;
    for (size_t i = 0; (seat = ro_directory_nth_seat(directory, i)); i++) {
        must(ro_directory_seat(directory, &seat->id) == seat);
        must(ro_directory_seat_by_transport(directory, &seat->transport) ==
             seat);
        member = ro_directory_member(directory, &seat->member);
        must(member != NULL);
        live += seat->standing == RO_SEAT_LIVE ? 1 : 0;
    }
    for (size_t i = 0; (member = ro_directory_nth_member(directory, i)); i++) {
        must(ro_directory_member(directory, &member->id) == member);
        must(member->name != NULL && member->n_live <= RO_SEATS_MAX);
        must(member->standing == RO_MEMBER_LIVE || member->n_live == 0);
        live -= member->n_live;
    }
    must(live == 0);
}

static void
run(struct world *world, struct ro_bytes left)
{
    while (left.size >= 2) {
        size_t size = ro_get_u16(left.data);
        if (size > left.size - 2)
            size = left.size - 2;
        struct ro_bytes raw = {left.data + 2, size};
        try_others(world, raw);
        try_log(world, raw);
        try_notice(world, raw);
        left.data += 2 + size;
        left.size -= 2 + size;
    }
    look_around(world->directory);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct world world = {
        .root = {.n_keys = 1, .threshold = 1}
    };
    must(ro_crypto_init() == RO_OK);
    if (size < RO_KEY_SIZE + 1)
        return 0;
    memcpy(world.root.keys[0].b, data, RO_KEY_SIZE);
    world.replaying.how =
        (data[RO_KEY_SIZE] & 1) != 0 ? RO_REPLAY_TRUST : RO_REPLAY_APPEND;
    world.replaying.today = TODAY;
    world.directory = ro_directory_new(&world.root);
    world.notices = ro_notices_new();
    world.arena = ro_arena_new(1, 1);
    must(world.directory != NULL && world.notices != NULL);
    must(world.arena != NULL);
    run(&world,
        (struct ro_bytes){data + RO_KEY_SIZE + 1, size - RO_KEY_SIZE - 1});
    ro_directory_free(world.directory);
    ro_notices_free(world.notices);
    ro_arena_free(world.arena);
    return 0;
}

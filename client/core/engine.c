/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/engine.h"

#include "client/core/directory.h"
#include "client/core/generations.h"
#include "client/core/held.h"
#include "client/core/reach.h"

#include <poll.h>
#include <string.h>

/* Answers are at most a frame; the arena grows to a multiple of that. */
#define ENGINE_ARENA (1024 * 1024)
/* how far the broker's clock may be from ours */
#define CLOCKS_APART_S ((int64_t)24 * 3600)

/* What the vault keeps, into an engine that has none of it. */
static enum ro_status
load(struct engine *engine, struct ro_why *why)
{
    enum ro_status s = keyring_load(engine->vault, &engine->keyring);
    if (s != RO_OK)
        return ro_why(why, s, "the profile's own row: %s", ro_status_text(s));
    engine->notices = ro_notices_new();
    engine->directory = ro_directory_new(&engine->keyring->root);
    if (engine->notices == NULL || engine->directory == NULL)
        return RO_NO_MEMORY;
    RO_TRY(reach_load(engine));
    return directory_load(engine, why);
}

static void
unload(struct engine *engine)
{
    engine_unlink(engine);
    ro_buf_fini(&engine->checkpoint);
    ro_buf_fini(&engine->lacking);
    ro_circle_conf_free(engine->conf);
    engine->conf = NULL;
    ro_notices_free(engine->notices);
    engine->notices = NULL;
    engine->notices_cursor = 0;
    ro_directory_free(engine->directory);
    engine->directory = NULL;
    keyring_free(engine->keyring);
    engine->keyring = NULL;
}

enum ro_status
engine_reload(struct engine *engine, struct ro_why *why)
{
    struct engine fresh = {.vault = engine->vault};
    enum ro_status s = load(&fresh, why);
    if (s == RO_OK) {
        unload(engine);
        engine->keyring = RO_STEAL(fresh.keyring);
        engine->directory = RO_STEAL(fresh.directory);
        engine->notices = RO_STEAL(fresh.notices);
        engine->notices_cursor = fresh.notices_cursor;
        engine->checkpoint = fresh.checkpoint;
        fresh.checkpoint = (struct ro_buf){0};
        engine->lacking = fresh.lacking;
        fresh.lacking = (struct ro_buf){0};
        engine->point = fresh.point;
        engine->reach = fresh.reach;
    }
    unload(&fresh);
    return s;
}

void
engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    unload(engine);
    held_clear(&engine->held);
    ro_arena_free(engine->arena);
    vault_free(engine->vault);
    free(engine);
}

struct engine_world
engine_world_system(void)
{
    return (struct engine_world){ro_clock_system(), ro_entropy_system(),
                                 ro_entropy_system()};
}

enum ro_status
engine_open_take(struct vault *vault,
                 const struct engine_world *world,
                 struct ro_why *why,
                 struct engine **ret_engine)
{
    RO_CLEANUP(engine_freep) struct engine *opened = calloc(1, sizeof(*opened));
    if (opened == NULL) {
        vault_free(vault);
        return RO_NO_MEMORY;
    }
    opened->vault = vault;
    opened->interrupt_fd = -1;
    opened->wait_fd = -1;
    opened->clock = world->clock;
    opened->entropy = world->entropy;
    opened->lots = world->lots;
    opened->arena = ro_arena_new(ENGINE_ARENA, RO_UNPACK_PIECES);
    if (opened->arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(load(opened, why));
    *ret_engine = RO_STEAL(opened);
    return RO_OK;
}

const struct ro_member_view *
engine_member(const struct engine *engine)
{
    return ro_directory_member(engine->directory, &engine->keyring->member_id);
}

enum ro_status
engine_link(struct engine *engine, struct ro_why *why)
{
    if (engine->link != NULL)
        return RO_OK;
    const struct keyring *keyring = engine->keyring;
    const struct keyring_broker *broker = &keyring->broker;
    const uint32_t generation = generations_now(engine);
    struct link_setup setup = {
        .member_endpoint = broker->member_endpoint,
        .open_endpoint = broker->open_endpoint,
        .broker_curve = broker->curve,
        .transport =
            keyring->enrolment == RO_ENROL_ADMITTED ? keyring->transport : NULL,
        .generation = generation,
        .clock = engine->clock,
        .entropy = engine->entropy,
    };
    memcpy(setup.psk, generations_psk(keyring, generation), sizeof(setup.psk));
    engine->link_generation = generation;
    enum ro_status s = link_new(&setup, why, &engine->link);
    ro_wipe(setup.psk, sizeof(setup.psk));
    if (s == RO_OK)
        link_interrupt(engine->link, engine->wait_fd);
    return s;
}

enum link_door
engine_reading_door(const struct engine *engine)
{
    return engine->is_shut_out ? LINK_MEMBER : LINK_OPEN;
}

void
engine_wait_on(struct engine *engine, int fd)
{
    engine->wait_fd = fd;
    if (engine->link != NULL)
        link_interrupt(engine->link, fd);
}

bool
engine_is_wanted(const struct engine *engine)
{
    struct pollfd fd = {.fd = engine->wait_fd, .events = POLLIN};
    return poll(&fd, 1, 0) > 0; /* a negative one is never ready */
}

void
engine_unlink(struct engine *engine)
{
    link_free(engine->link);
    engine->link = NULL;
}

int64_t
engine_deadline(const struct engine *engine, int64_t wait_ms)
{
    return ro_clock_mono_ms(&engine->clock) + wait_ms;
}

/* What the broker said last of the time; before that, ours. */
static int64_t
heard_s(const struct engine *engine)
{
    int64_t theirs_s;
    if (engine->link != NULL &&
        link_broker_time(engine->link, &theirs_s) == RO_OK)
        return theirs_s;
    return ro_clock_wall_s(&engine->clock);
}

/* Keys are made, chosen and destroyed by the broker's day. A broker whose
 * clock is far from ours is not followed there: one of the two is wrong. */
static bool
are_apart(int64_t theirs_s, int64_t ours_s)
{
    return theirs_s >= ours_s + CLOCKS_APART_S ||
           theirs_s <= ours_s - CLOCKS_APART_S;
}

int64_t
engine_now_s(const struct engine *engine)
{
    int64_t theirs_s = heard_s(engine);
    int64_t ours_s = ro_clock_wall_s(&engine->clock);
    return are_apart(theirs_s, ours_s) ? ours_s : theirs_s;
}

int64_t
engine_past_s(const struct engine *engine)
{
    int64_t theirs_s = heard_s(engine);
    int64_t ours_s = ro_clock_wall_s(&engine->clock);
    return theirs_s < ours_s ? theirs_s : ours_s;
}

enum ro_status
engine_check_clocks(const struct engine *engine, struct ro_why *why)
{
    int64_t theirs_s = heard_s(engine);
    int64_t ours_s = ro_clock_wall_s(&engine->clock);
    if (!are_apart(theirs_s, ours_s))
        return RO_OK;
    char theirs[RO_RFC3339_SIZE];
    char ours[RO_RFC3339_SIZE];
    ro_time_format(theirs_s, theirs);
    ro_time_format(ours_s, ours);
    return ro_why(why, RO_CLOCKS_APART,
                  "the broker says it is %s, this computer %s; set the clock "
                  "that is wrong",
                  theirs, ours);
}

uint32_t
engine_day(const struct engine *engine)
{
    return ro_day_of(engine_now_s(engine));
}

uint32_t
engine_expiry_hours(struct engine *engine)
{
    const struct ro_circle_conf *conf = NULL;
    uint32_t days = RO_EXPIRY_DAYS;
    if (engine_conf(engine, NULL, &conf) == RO_OK)
        days = ro_circle_conf_expiry_days(conf);
    return days * 24;
}

enum ro_status
engine_conf(struct engine *engine,
            struct ro_why *why,
            const struct ro_circle_conf **ret_conf)
{
    uint64_t size = ro_directory_size(engine->directory);
    if (engine->conf == NULL || engine->conf_size != size) {
        const struct ro_charter_view *charter =
            ro_directory_charter(engine->directory);
        if (charter == NULL) {
            return ro_why(why, RO_REFUSED,
                          "the circle's charter is not here yet; run sync");
        }
        struct ro_circle_conf *conf;
        RO_TRY(ro_circle_conf_parse(ro_bytes_text(charter->circle_conf), why,
                                    &conf));
        ro_circle_conf_free(engine->conf);
        engine->conf = conf;
        engine->conf_size = size;
    }
    *ret_conf = engine->conf;
    return RO_OK;
}

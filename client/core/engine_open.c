/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An engine is filled from its vault, linked and let go. What fills it stands
 * below this and uses engine.c alone; what uses it (directory.c, inbox.c,
 * enrol.c) stands above.
 */
#include "client/core/engine.h"

#include "client/core/directory.h"
#include "client/core/generations.h"
#include "client/core/held.h"
#include "client/core/reach.h"

#include <string.h>

/* Answers are at most a frame; the arena grows to a multiple of that. */
#define ENGINE_ARENA (1024 * 1024)

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

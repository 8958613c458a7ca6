/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/engine.h"

#include "client/core/directory.h"

#include <string.h>

/* Answers are at most a frame; the arena grows to a multiple of that. */
#define ENGINE_ARENA (1024 * 1024)

void
engine_free(struct engine *engine)
{
    if (engine == NULL)
        return;
    engine_unlink(engine);
    ro_arena_free(engine->arena);
    ro_buf_fini(&engine->checkpoint);
    ro_circle_conf_free(engine->conf);
    ro_notices_free(engine->notices);
    ro_directory_free(engine->directory);
    keyring_free(engine->keyring);
    vault_free(engine->vault);
    free(engine);
}

enum ro_status
engine_open_take(struct vault *vault,
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
    opened->clock = ro_clock_system();
    opened->entropy = ro_entropy_system();
    enum ro_status s = keyring_load(vault, &opened->keyring);
    if (s != RO_OK)
        return ro_why(why, s, "the profile's own row: %s", ro_status_text(s));
    opened->arena = ro_arena_new(ENGINE_ARENA, RO_UNPACK_PIECES);
    opened->notices = ro_notices_new();
    opened->directory = ro_directory_new(&opened->keyring->root);
    if (opened->arena == NULL || opened->notices == NULL ||
        opened->directory == NULL)
        return RO_NO_MEMORY;
    RO_TRY(directory_load(opened, why));
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
    struct link_setup setup = {
        .member_endpoint = broker->member_endpoint,
        .open_endpoint = broker->open_endpoint,
        .broker_curve = broker->curve,
        .transport = keyring->enrolment == RO_ENROL_ADMITTED
                         ? keyring->transport
                         : NULL,
        .generation = keyring->generation,
        .clock = engine->clock,
        .entropy = engine->entropy,
    };
    memcpy(setup.psk, keyring->psk, sizeof(setup.psk));
    enum ro_status s = link_new(&setup, why, &engine->link);
    ro_wipe(setup.psk, sizeof(setup.psk));
    RO_TRY(s);
    return RO_OK;
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

int64_t
engine_now_s(const struct engine *engine)
{
    int64_t now_s;
    if (engine->link != NULL &&
        link_broker_time(engine->link, &now_s) == RO_OK)
        return now_s;
    return ro_clock_wall_s(&engine->clock);
}

uint32_t
engine_day(const struct engine *engine)
{
    return ro_day_of(engine_now_s(engine));
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
        if (charter == NULL)
            return ro_why(why, RO_NOT_READY,
                          "the circle's charter is not here yet; run sync");
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

/* SPDX-License-Identifier: Apache-2.0 */
/* A link and the script's broker behind it. */
#ifndef TESTS_UNIT_CLIENT_LINK_WORLD_H
#define TESTS_UNIT_CLIENT_LINK_WORLD_H

#include "client/core/link.h"
#include "common/crypto/hash.h"
#include "tests/support/tap.h"
#include "tests/unit/client/link_script.h"

#include "frame.pb-c.h"

#define LONG_MS 20000 /* never waited for in a run that passes */
#define SHORT_MS 200

struct world {
    struct ro_entropy entropy;
    struct ro_keypair *transport;
    struct broker broker;
    struct ro_arena *arena;
    struct ro_why why;
    struct link *link;
};

__attribute__((unused)) static void
world_fini(struct world *w)
{
    link_free(w->link);
    broker_fini(&w->broker);
    ro_keypair_free(w->transport);
    ro_arena_free(w->arena);
}

#define WORLD RO_CLEANUP(world_fini) struct world

__attribute__((unused)) static void
world_init(struct world *w)
{
    memset(w, 0, sizeof(*w));
    w->entropy = ro_entropy_system();
    w->transport = ro_keypair_new(&w->entropy);
    w->broker.curve = ro_keypair_new(&w->entropy);
    w->broker.admitted = *ro_keypair_x25519(w->transport);
    memset(w->broker.psk, 9, sizeof(w->broker.psk));
    w->arena = ro_arena_new(0, 0);
    broker_start(&w->broker);
}

__attribute__((unused)) static struct link_setup
setup_of(const struct world *w)
{
    struct link_setup setup = {
        .member_endpoint = w->broker.endpoint,
        .open_endpoint = w->broker.endpoint,
        .broker_curve = *ro_keypair_x25519(w->broker.curve),
        .transport = w->transport,
        .generation = 3,
        .clock = ro_clock_system(),
        .entropy = w->entropy,
    };
    memcpy(setup.psk, w->broker.psk, sizeof(setup.psk));
    return setup;
}

__attribute__((unused)) static void
connect_with(struct world *w, const struct link_setup *setup)
{
    link_free(w->link);
    w->link = NULL;
    tap_need(link_new(setup, &w->why, &w->link) == RO_OK);
}

__attribute__((unused)) static void
connect_link(struct world *w)
{
    const struct link_setup setup = setup_of(w);
    connect_with(w, &setup);
}

static int64_t
now_ms(void)
{
    struct ro_clock clock = ro_clock_system();
    return ro_clock_mono_ms(&clock);
}

/* Asks, and gives the size in the answer. */
__attribute__((unused)) static enum ro_status
ask_for(struct world *w,
        enum link_door door,
        enum script script,
        int64_t wait_ms,
        uint64_t *ret_size)
{
    Reachout__Directory__Ask directory = REACHOUT__DIRECTORY__ASK__INIT;
    directory.has_from = 1;
    directory.from = script;
    const struct link_ask ask = {
        .door = door,
        .verb = 2,
        .ask = &directory.base,
        .answer = &reachout__directory__answer__descriptor,
        .deadline_ms = now_ms() + wait_ms,
    };
    struct link_answer answer;
    w->why.text[0] = '\0';
    enum ro_status s = link_ask(w->link, &ask, w->arena, &w->why, &answer);
    if (s == RO_OK) {
        *ret_size = ((const Reachout__Directory__Answer *)answer.message)->size;
    } else {
        tap_ok(answer.message == NULL);
    }
    return s;
}

__attribute__((unused)) static enum ro_status
ask(struct world *w, enum link_door door, enum script script)
{
    uint64_t size = 0;
    return ask_for(w, door, script, LONG_MS, &size);
}

__attribute__((unused)) static bool
pushed(struct world *w, enum link_door door, uint64_t waiting)
{
    struct ro_bytes frame, payload;
    struct ro_frame_header header;
    ProtobufCMessage *message = NULL;
    return link_push(w->link, door, now_ms() + LONG_MS, &frame) == RO_OK &&
           ro_frame_get(frame, &header, &payload) == RO_OK &&
           header.kind == RO_FRAME_PUSH && header.verb == 8 &&
           ro_unpack(&reachout__attach__push__descriptor, payload, w->arena,
                     &message) == RO_OK &&
           ((Reachout__Attach__Push *)message)->waiting == waiting;
}

__attribute__((unused)) static enum ro_status
push_within(struct world *w, enum link_door door, int64_t wait_ms)
{
    struct ro_bytes frame;
    return link_push(w->link, door, now_ms() + wait_ms, &frame);
}

#endif

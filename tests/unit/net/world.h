/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Doors on the loopback with real CURVE, and real peers that knock. Everything
 * waits for events, and gives up after WORLD_MS.
 */
#ifndef TESTS_UNIT_NET_WORLD_H
#define TESTS_UNIT_NET_WORLD_H

#include "common/crypto/sign.h"
#include "daemon/net/door.h"
#include "daemon/net/guard.h"
#include "daemon/net/zap.h"

#define WORLD_MS 10000

/* What stands on the broker's side. */
struct world {
    void *context;
    struct zap *zap;
    struct guard *guard;
    struct doorway *member;
    struct doorway *open;
    struct ro_keypair *server;
};

/* Whether ZAP answers in this world. */
enum world_zap { WORLD_ZAP, WORLD_NO_ZAP };

/* Opens both doors; ends the test when it cannot. */
void world_init(struct world *world, enum world_zap with);
void world_init_limits(struct world *world,
                       enum world_zap with,
                       const struct guard_limits *limits);
void world_fini(struct world *world);
extern const struct guard_limits world_limits;

/* These keys pass the member door. */
void
world_members(struct world *world, struct ro_keypair *const *pairs, size_t n);

/* A client, in a context of its own, with the events of its connection. It
 * connects once and never again. */
struct client {
    void *context;
    void *socket;
    void *monitor;
};

/* What to be when knocking. */
struct knock {
    const char *endpoint;
    struct ro_keypair *pair; /* NULL: no CURVE at all */
    const struct ro_key *server;
    struct ro_bytes routing; /* empty: none of its own */
    int takes; /* frames and as little else as the kernel lets; 0: as usual */
};
void client_init(struct client *client, const struct knock *knock);
void client_fini(struct client *client);

/* Waits for the first of these events; 0 when none came in time. */
int client_await(struct client *client, int events);

/* Sends a frame of `size` bytes that begin with `text`. */
void client_send(struct client *client, const char *text, size_t size);

/* Waits for a frame and compares its whole text. */
bool client_gets(struct client *client, const char *text);

/* Whether nothing has come for a client by now. */
bool client_is_quiet(struct client *client);

/* Waits for the next outcome of door_take but RO_NOT_FOUND; that when nothing
 * came in time. */
enum ro_status world_take(struct doorway *door, struct door_frame *ret_frame);

/* Waits for the next connection that the guard saw end. */
bool world_gone(struct world *world, struct guard_gone *ret_gone);

bool frame_is(const struct door_frame *frame, const char *text);

#endif

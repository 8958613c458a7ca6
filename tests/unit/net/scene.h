/* SPDX-License-Identifier: Apache-2.0 */
/* Both doors with the real core behind them, a turn at a time. */
#ifndef TESTS_UNIT_NET_SCENE_H
#define TESTS_UNIT_NET_SCENE_H

#include "daemon/net/edge.h"
#include "unit/broker/rig.h"
#include "unit/net/world.h"

struct scene {
    struct rig *rig;
    struct edge *edge;
};

/* A broker with so many schools and its edge (setup.h); ends the test when it
 * cannot be. */
struct scene scene_open(size_t n_schools);
void scene_close(struct scene *scene);

/* One turn with what has come in; how many messages there were. */
size_t scene_turn(struct scene *scene);

/* Turns until a message has come in; until so many sessions are there. False
 * when neither happens. */
bool scene_turn_with_mail(struct scene *scene);
bool scene_turn_until(struct scene *scene, size_t sessions);

/* Turns until so many connections are at a door; false if it does not happen.
 */
bool scene_turn_until_open(struct scene *scene, enum door door, uint64_t n);

/* A client at a door. */
void scene_knock(struct scene *scene,
                 enum door door,
                 struct ro_keypair *pair,
                 struct client *ret_client);

/* The first seat of a member. */
struct test_seat *scene_seat(struct scene *scene, size_t member);

/* Sends a hello; what it says does not matter, it is well formed. */
void scene_hello(struct client *client);

#endif

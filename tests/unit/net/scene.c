/* SPDX-License-Identifier: Apache-2.0 */
#include "unit/net/scene.h"

#include "unit/net/setup.h"

#include <zmq.h>

struct scene
scene_open(size_t n_schools)
{
    struct scene scene = {.rig = rig_open(n_schools)};
    struct edge_setup setup = setup_edge(scene.rig);
    struct ro_why why = {""};
    enum ro_status s = edge_open(&setup, scene.rig->broker, &why, &scene.edge);
    if (s != RO_OK) {
        printf("Bail out! %s\n", why.text);
        exit(1);
    }
    return scene;
}

void
scene_close(struct scene *scene)
{
    edge_free(scene->edge);
    rig_close(scene->rig);
}

size_t
scene_turn(struct scene *scene)
{
    struct broker *broker = scene->rig->broker;
    test_must(broker_turn_begin(broker));
    size_t taken = edge_take(scene->edge, broker, 100);
    test_must(broker_turn_end(broker));
    edge_flush(scene->edge, broker);
    return taken;
}

bool
scene_turn_with_mail(struct scene *scene)
{
    enum edge_ready ready = EDGE_QUIET;
    for (int i = 0; i < 20; i++) {
        if (edge_wait(scene->edge, -1, WORLD_MS, &ready) != RO_OK)
            return false;
        if (scene_turn(scene) > 0)
            return true;
    }
    return false;
}

bool
scene_turn_until(struct scene *scene, size_t sessions)
{
    enum edge_ready ready = EDGE_QUIET;
    for (int i = 0; i < 20; i++) {
        if (broker_sessions(scene->rig->broker) == sessions)
            return true;
        if (edge_wait(scene->edge, -1, WORLD_MS, &ready) != RO_OK)
            return false;
        scene_turn(scene);
    }
    return false;
}

bool
scene_turn_until_open(struct scene *scene, enum door door, uint64_t n)
{
    enum edge_ready ready = EDGE_QUIET;
    for (int i = 0; i < 20; i++) {
        struct guard_counters counters;
        edge_count(scene->edge, door, &counters);
        if (counters.open == n)
            return true;
        if (edge_wait(scene->edge, -1, WORLD_MS / 10, &ready) != RO_OK)
            return false;
        scene_turn(scene);
    }
    return false;
}

void
scene_knock(struct scene *scene,
            enum door door,
            struct ro_keypair *pair,
            struct client *ret_client)
{
    struct knock knock = {
        .endpoint = edge_endpoint(scene->edge, door),
        .pair = pair,
        .server = ro_keypair_x25519(scene->rig->circle->broker_curve),
    };
    client_init(ret_client, &knock);
}

struct test_seat *
scene_seat(struct scene *scene, size_t member)
{
    return scene->rig->circle->members[member]->seats[0];
}

void
scene_hello(struct client *client)
{
    struct ro_frame_header header = {.verb = RO_VERB_HELLO, .serial = 7};
    Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
    ask.has_protocol = 1;
    ask.protocol = 1;
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&header, &frame);
    test_must(ro_pack(&ask.base, &frame));
    zmq_send(client->socket, frame.data, frame.size, 0);
}

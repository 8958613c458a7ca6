/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that ask more than they read, over real sockets. */
#include <zmq.h>

#include "unit/net/scene.h"

#define ASKS 64
#define SCHOOLS 40 /* a directory of some 30 KiB */

/* A member whose side of the connection holds almost nothing. */
static void
knock_narrow(struct scene *scene, struct client *ret_client)
{
    const struct knock knock = {
        .endpoint = edge_endpoint(scene->edge, DOOR_MEMBER),
        .pair = scene_seat(scene, 1)->transport,
        .server = ro_keypair_x25519(scene->rig->circle->broker_curve),
        .takes = 1,
    };
    client_init(ret_client, &knock);
}

static void
ask_directory(struct client *client, uint32_t serial)
{
    const struct ro_frame_header header = {.verb = RO_VERB_DIRECTORY,
                                           .serial = serial};
    const Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&header, &frame);
    test_must(ro_pack(&ask.base, &frame));
    zmq_send(client->socket, frame.data, frame.size, 0);
}

/* Waits a moment for a frame and reads it; its serial, 0 when none came. */
static uint32_t
read_one(struct client *client, int wait_ms)
{
    static uint8_t bytes[RO_FRAME_LIMIT];
    struct ro_frame_header header;
    struct ro_bytes payload;
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, wait_ms) <= 0)
        return 0;
    int n = zmq_recv(client->socket, bytes, sizeof(bytes), 0);
    tap_need(n > 0);
    test_must(
        ro_frame_get((struct ro_bytes){bytes, (size_t)n}, &header, &payload));
    tap_need(header.status == 0);
    return header.serial;
}

/* A turn, a little later. */
static size_t
next_turn(struct scene *scene)
{
    scene->rig->clock.mono_ms += BACKLOG_RETRY_MS;
    return scene_turn(scene);
}

static void
test_many_asks_at_once(void)
{
    struct scene scene = scene_open(SCHOOLS);
    struct client client;
    knock_narrow(&scene, &client);
    for (uint32_t i = 1; i <= ASKS; i++)
        ask_directory(&client, i);
    size_t taken = 0;
    enum edge_ready ready;
    for (int i = 0; i < 2 * ASKS && taken < ASKS; i++) {
        test_must(edge_wait(scene.edge, -1, WORLD_MS, &ready));
        taken += scene_turn(&scene);
    }
    size_t waiting = broker_waiting(scene.rig->broker);
    printf("# %zu wait\n", waiting);
    tap_say(waiting > 0 && broker_sessions(scene.rig->broker) == 1,
            "what finds no room waits");
    uint32_t last = 0;
    for (int i = 0; i < 2000 && last < ASKS; i++) {
        uint32_t serial = read_one(&client, 5);
        if (serial != 0 && serial != last + 1)
            break;
        last = serial != 0 ? serial : last;
        next_turn(&scene);
    }
    tap_say(last == ASKS, "all are answered, in order");
    tap_ok(broker_waiting(scene.rig->broker) == 0);
    tap_ok(broker_sessions(scene.rig->broker) == 1);
    client_fini(&client);
    scene_close(&scene);
}

static void
test_who_never_reads_is_cut(void)
{
    struct scene scene = scene_open(SCHOOLS);
    struct client greedy;
    struct client other;
    knock_narrow(&scene, &greedy);
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 2)->transport, &other);
    scene_hello(&other);
    tap_ok(scene_turn_with_mail(&scene));
    tap_ok(read_one(&other, WORLD_MS) == 7);
    const struct broker *broker = scene.rig->broker;
    size_t most = 0;
    uint32_t asked = 0;
    enum edge_ready ready;
    while (broker_counters(broker)->dropped == 0 && asked < 4000) {
        ask_directory(&greedy, ++asked);
        test_must(edge_wait(scene.edge, -1, WORLD_MS, &ready));
        next_turn(&scene);
        if (scene.rig->broker->backlog.bytes > most)
            most = scene.rig->broker->backlog.bytes;
    }
    printf("# cut after %u asks, %zu bytes waited\n", asked, most);
    tap_ok(broker_counters(broker)->dropped == 1);
    tap_ok(most <= BACKLOG_BYTES_MAX && broker_waiting(broker) == 0);
    tap_say(scene_turn_until_open(&scene, DOOR_MEMBER, 1),
            "its connection is over");
    tap_ok(broker_sessions(broker) == 1);
    scene_hello(&other);
    tap_ok(scene_turn_with_mail(&scene));
    tap_say(read_one(&other, WORLD_MS) == 7, "others are not touched");
    client_fini(&greedy);
    client_fini(&other);
    scene_close(&scene);
}

int
main(void)
{
    if (ro_crypto_init() != RO_OK)
        return 1;
    tap_run(test_many_asks_at_once);
    tap_run(test_who_never_reads_is_cut);
    return tap_done();
}

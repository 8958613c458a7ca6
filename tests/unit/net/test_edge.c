/* SPDX-License-Identifier: Apache-2.0 */
/* Both doors with the real core behind them. */
#include <zmq.h>

#include "daemon/net/edge.h"
#include "unit/broker/rig.h"
#include "unit/net/world.h"

#define SUCCEEDED ZMQ_EVENT_HANDSHAKE_SUCCEEDED
#define FAILED_AUTH ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
#define GONE ZMQ_EVENT_DISCONNECTED
#define ANY (SUCCEEDED | FAILED_AUTH | GONE)
#define VERB_HELLO 1

struct scene {
    struct rig *rig;
    struct edge *edge;
};

static struct edge_setup
setup_of(struct rig *rig)
{
    return (struct edge_setup){
        .member_endpoint = "tcp://127.0.0.1:*",
        .open_endpoint = "tcp://127.0.0.1:*",
        .curve = rig->circle->broker_curve,
        .clock = ro_clock_system(),
        .door = {.queue_frames = 16,
                 .handshake_ms = 2000,
                 .heartbeat_interval_ms = 15000,
                 .heartbeat_timeout_ms = 45000,
                 .heartbeat_ttl_ms = 60000},
        .connections = 100,
        .per_address = 100,
        .io_threads = 1,
    };
}

static struct scene
scene_open(void)
{
    struct scene scene = {.rig = rig_open(2)};
    struct edge_setup setup = setup_of(scene.rig);
    struct ro_why why = {""};
    enum ro_status s = edge_open(&setup, scene.rig->broker, &why, &scene.edge);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    tap_need(s == RO_OK);
    return scene;
}

static void
scene_close(struct scene *scene)
{
    edge_free(scene->edge);
    rig_close(scene->rig);
}

/* One turn with what has come in; how many messages there were. */
static size_t
turn(struct scene *scene)
{
    struct broker *broker = scene->rig->broker;
    test_must(broker_turn_begin(broker));
    size_t taken = edge_take(scene->edge, broker, 100);
    test_must(broker_turn_end(broker));
    edge_flush(scene->edge, broker);
    return taken;
}

/* Turns until a message has come in. */
static bool
turn_with_mail(struct scene *scene)
{
    enum edge_ready ready = EDGE_QUIET;
    for (int i = 0; i < 20; i++) {
        if (edge_wait(scene->edge, -1, WORLD_MS, &ready) != RO_OK)
            return false;
        if (turn(scene) > 0)
            return true;
    }
    return false;
}

/* Turns until so many sessions are there. */
static bool
turn_until(struct scene *scene, size_t sessions)
{
    enum edge_ready ready = EDGE_QUIET;
    for (int i = 0; i < 20; i++) {
        if (broker_sessions(scene->rig->broker) == sessions)
            return true;
        if (edge_wait(scene->edge, -1, WORLD_MS, &ready) != RO_OK)
            return false;
        turn(scene);
    }
    return false;
}

static void
knock(struct scene *scene,
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

static struct test_seat *
seat_of(struct scene *scene, size_t member)
{
    return scene->rig->circle->members[member]->seats[0];
}

/* Sends a hello; what it says does not matter, it is well formed. */
static void
send_hello(struct client *client)
{
    struct ro_frame_header header = {.verb = VERB_HELLO, .serial = 7};
    Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
    ask.has_protocol = 1;
    ask.protocol = 1;
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&header, &frame);
    test_must(ro_pack(&ask.base, &frame));
    zmq_send(client->socket, frame.data, frame.size, 0);
}

/* Waits for an answer to it; its status. */
static int
answered(struct client *client)
{
    uint8_t bytes[4096];
    zmq_pollitem_t item = {.socket = client->socket, .events = ZMQ_POLLIN};
    if (zmq_poll(&item, 1, WORLD_MS) <= 0)
        return -1;
    int n = zmq_recv(client->socket, bytes, sizeof(bytes), 0);
    struct ro_frame_header header;
    struct ro_bytes payload;
    if (n < 0 || ro_frame_get((struct ro_bytes){bytes, (size_t)n}, &header,
                              &payload) != RO_OK)
        return -1;
    return header.kind == RO_FRAME_ANSWER && header.serial == 7 ? header.status
                                                                : -1;
}

static void
test_doors_have_different_rules(void)
{
    struct scene scene = scene_open();
    struct client member;
    struct client stranger;
    struct client guest;
    struct ro_entropy entropy = ro_entropy_system();
    struct ro_keypair *fresh = ro_keypair_new(&entropy);
    knock(&scene, DOOR_MEMBER, seat_of(&scene, 0)->transport, &member);
    knock(&scene, DOOR_MEMBER, fresh, &stranger);
    knock(&scene, DOOR_OPEN, fresh, &guest);
    tap_is(client_await(&stranger, ANY), FAILED_AUTH);
    tap_is(client_await(&guest, ANY), SUCCEEDED);
    send_hello(&member);
    tap_ok(turn_with_mail(&scene));
    tap_say(answered(&member) == 0, "a seat's hello needs no proof");
    send_hello(&guest);
    tap_ok(turn_with_mail(&scene));
    int status = answered(&guest);
    tap_say(status > 0 && status < RO_WIRE_INSIDE, "a guest's does");
    tap_ok(broker_sessions(scene.rig->broker) == 2);
    client_fini(&member);
    client_fini(&guest);
    tap_say(turn_until(&scene, 0), "sessions end with their connections");
    client_fini(&stranger);
    ro_keypair_free(fresh);
    scene_close(&scene);
}

static void
test_bad_frame_costs_the_connection(void)
{
    struct scene scene = scene_open();
    struct client client;
    knock(&scene, DOOR_MEMBER, seat_of(&scene, 0)->transport, &client);
    client_send(&client, "this is no frame at all, is it?", 31);
    tap_ok(turn_with_mail(&scene));
    tap_is(client_await(&client, GONE), GONE);
    tap_ok(turn_until(&scene, 0));
    client_fini(&client);
    scene_close(&scene);
}

static void
test_parts_cost_the_session(void)
{
    struct scene scene = scene_open();
    struct client client;
    knock(&scene, DOOR_MEMBER, seat_of(&scene, 0)->transport, &client);
    send_hello(&client);
    tap_ok(turn_with_mail(&scene));
    tap_ok(broker_sessions(scene.rig->broker) == 1);
    zmq_send(client.socket, "a", 1, ZMQ_SNDMORE);
    zmq_send(client.socket, "b", 1, 0);
    tap_ok(turn_with_mail(&scene));
    tap_ok(broker_sessions(scene.rig->broker) == 0);
    tap_is(client_await(&client, GONE), GONE);
    client_fini(&client);
    scene_close(&scene);
}

static void
test_revoked_seat_is_out(void)
{
    struct scene scene = scene_open();
    struct client leaver;
    struct client stayer;
    knock(&scene, DOOR_MEMBER, seat_of(&scene, 0)->transport, &leaver);
    send_hello(&leaver);
    tap_ok(turn_with_mail(&scene));
    knock(&scene, DOOR_MEMBER, seat_of(&scene, 1)->transport, &stayer);
    send_hello(&stayer);
    tap_ok(turn_with_mail(&scene));
    test_circle_revoke(scene.rig->circle, seat_of(&scene, 0));
    rig_append_all(scene.rig);
    turn(&scene);
    tap_say(client_await(&leaver, GONE) == GONE, "who is in has to leave");
    client_fini(&leaver);
    knock(&scene, DOOR_MEMBER, seat_of(&scene, 0)->transport, &leaver);
    tap_say(client_await(&leaver, ANY) == FAILED_AUTH, "and does not return");
    tap_is(answered(&stayer), 0);
    send_hello(&stayer);
    tap_ok(turn_with_mail(&scene));
    tap_say(answered(&stayer) == 0, "others are not touched");
    client_fini(&leaver);
    client_fini(&stayer);
    scene_close(&scene);
}

static void
test_new_seat_is_in(void)
{
    struct scene scene = scene_open();
    struct test_seat *seat =
        test_circle_seat(scene.rig->circle, scene.rig->circle->members[1],
                         REACHOUT__ROLE__OFFICE);
    struct client early;
    knock(&scene, DOOR_MEMBER, seat->transport, &early);
    tap_is(client_await(&early, ANY), FAILED_AUTH);
    client_fini(&early);
    rig_append_all(scene.rig);
    turn(&scene);
    knock(&scene, DOOR_MEMBER, seat->transport, &early);
    tap_is(client_await(&early, ANY), SUCCEEDED);
    client_fini(&early);
    scene_close(&scene);
}

static void
test_taken_port(void)
{
    struct scene scene = scene_open();
    struct edge_setup setup = setup_of(scene.rig);
    struct edge *second = NULL;
    struct ro_why why = {""};
    setup.open_endpoint = edge_endpoint(scene.edge, DOOR_OPEN);
    tap_is(edge_open(&setup, scene.rig->broker, &why, &second), RO_TAKEN);
    tap_ok(second == NULL && strstr(why.text, setup.open_endpoint) != NULL);
    scene_close(&scene);
}

int
main(void)
{
    if (ro_crypto_init() != RO_OK)
        return 1;
    tap_run(test_doors_have_different_rules);
    tap_run(test_bad_frame_costs_the_connection);
    tap_run(test_parts_cost_the_session);
    tap_run(test_revoked_seat_is_out);
    tap_run(test_new_seat_is_in);
    tap_run(test_taken_port);
    return tap_done();
}

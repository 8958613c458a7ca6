/* SPDX-License-Identifier: Apache-2.0 */
/* Both doors with the real core behind them. */
#include <zmq.h>

#include "unit/net/scene.h"
#include "unit/net/setup.h"

#define SUCCEEDED ZMQ_EVENT_HANDSHAKE_SUCCEEDED
#define FAILED_AUTH ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
#define GONE ZMQ_EVENT_DISCONNECTED
#define ANY (SUCCEEDED | FAILED_AUTH | GONE)

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
    struct scene scene = scene_open(2);
    struct client member;
    struct client stranger;
    struct client guest;
    struct ro_entropy entropy = ro_entropy_system();
    struct ro_keypair *fresh = ro_keypair_new(&entropy);
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &member);
    scene_knock(&scene, DOOR_MEMBER, fresh, &stranger);
    scene_knock(&scene, DOOR_OPEN, fresh, &guest);
    tap_is(client_await(&stranger, ANY), FAILED_AUTH);
    tap_is(client_await(&guest, ANY), SUCCEEDED);
    scene_hello(&member);
    tap_ok(scene_turn_with_mail(&scene));
    tap_say(answered(&member) == 0, "a seat's hello needs no proof");
    scene_hello(&guest);
    tap_ok(scene_turn_with_mail(&scene));
    int status = answered(&guest);
    tap_say(status > 0 && status < RO_WIRE_INSIDE, "a guest's does");
    tap_ok(broker_sessions(scene.rig->broker) == 2);
    client_fini(&member);
    client_fini(&guest);
    tap_say(scene_turn_until(&scene, 0), "sessions end with their connections");
    client_fini(&stranger);
    ro_keypair_free(fresh);
    scene_close(&scene);
}

static void
test_bad_frame_costs_the_connection(void)
{
    struct scene scene = scene_open(2);
    struct client client;
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &client);
    client_send(&client, "this is no frame at all, is it?", 31);
    tap_ok(scene_turn_with_mail(&scene));
    tap_is(client_await(&client, GONE), GONE);
    tap_ok(scene_turn_until(&scene, 0));
    client_fini(&client);
    scene_close(&scene);
}

/* A frame whose message does not unpack costs the connection, and is told. */
static void
test_who_is_cut_hears_why(void)
{
    struct scene scene = scene_open(2);
    struct client client;
    uint8_t bad[RO_FRAME_HEADER_SIZE + 2] = {RO_FRAME_VERSION, RO_VERB_HELLO};
    bad[7] = 7; /* serial */
    bad[RO_FRAME_HEADER_SIZE] = 0xff;
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &client);
    /* or else nobody open, below, may be nobody seen yet */
    tap_ok(scene_turn_until_open(&scene, DOOR_MEMBER, 1));
    zmq_send(client.socket, bad, sizeof(bad), 0);
    tap_ok(scene_turn_with_mail(&scene));
    tap_is(answered(&client), ro_status_wire(RO_BAD_FRAME));
    tap_ok(broker_sessions(scene.rig->broker) == 0);
    scene_hello(&client);
    tap_ok(scene_turn_with_mail(&scene));
    tap_say(broker_sessions(scene.rig->broker) == 0 && client_is_quiet(&client),
            "nothing that it says is heard any more");
    tap_ok(scene_turn_until_open(&scene, DOOR_MEMBER, 0));
    tap_is(client_await(&client, GONE), GONE);
    client_fini(&client);
    scene_close(&scene);
}

/* Where the peer of the only session is. */
static struct session_address
address_of_peer(struct scene *scene)
{
    size_t slot = 0;
    const struct session *session =
        sessions_next(scene->rig->broker->sessions, &slot);
    return session != NULL ? session->address : (struct session_address){0};
}

static void
test_addresses_come_along(void)
{
    static const struct session_address here = {
        .b = {[10] = 0xff, [11] = 0xff, [12] = 127, [15] = 1}
    };
    struct scene scene = scene_open(2);
    struct client client;
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &client);
    scene_hello(&client);
    tap_ok(scene_turn_with_mail(&scene));
    struct session_address address = address_of_peer(&scene);
    tap_ok(memcmp(&address, &here, sizeof(here)) == 0);
    client_fini(&client);
    scene_close(&scene);
}

static void
test_parts_cost_the_session(void)
{
    struct scene scene = scene_open(2);
    struct client client;
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &client);
    scene_hello(&client);
    tap_ok(scene_turn_with_mail(&scene));
    tap_ok(broker_sessions(scene.rig->broker) == 1);
    zmq_send(client.socket, "a", 1, ZMQ_SNDMORE);
    zmq_send(client.socket, "b", 1, 0);
    tap_ok(scene_turn_with_mail(&scene));
    tap_ok(broker_sessions(scene.rig->broker) == 0);
    tap_is(client_await(&client, GONE), GONE);
    client_fini(&client);
    scene_close(&scene);
}

static void
test_revoked_seat_is_out(void)
{
    struct scene scene = scene_open(2);
    struct client leaver;
    struct client stayer;
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &leaver);
    scene_hello(&leaver);
    tap_ok(scene_turn_with_mail(&scene));
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 1)->transport, &stayer);
    scene_hello(&stayer);
    tap_ok(scene_turn_with_mail(&scene));
    test_circle_revoke(scene.rig->circle, scene_seat(&scene, 0));
    rig_append_all(scene.rig);
    scene_turn(&scene);
    tap_ok(scene_turn_until_open(&scene, DOOR_MEMBER, 1));
    tap_say(client_await(&leaver, GONE) == GONE, "who is in has to leave");
    client_fini(&leaver);
    scene_knock(&scene, DOOR_MEMBER, scene_seat(&scene, 0)->transport, &leaver);
    tap_say(client_await(&leaver, ANY) == FAILED_AUTH, "and does not return");
    tap_is(answered(&stayer), 0);
    scene_hello(&stayer);
    tap_ok(scene_turn_with_mail(&scene));
    tap_say(answered(&stayer) == 0, "others are not touched");
    client_fini(&leaver);
    client_fini(&stayer);
    scene_close(&scene);
}

static void
test_new_seat_is_in(void)
{
    struct scene scene = scene_open(2);
    struct test_seat *seat =
        test_circle_seat(scene.rig->circle, scene.rig->circle->members[1],
                         REACHOUT__ROLE__OFFICE);
    struct client early;
    scene_knock(&scene, DOOR_MEMBER, seat->transport, &early);
    tap_is(client_await(&early, ANY), FAILED_AUTH);
    client_fini(&early);
    rig_append_all(scene.rig);
    scene_turn(&scene);
    scene_knock(&scene, DOOR_MEMBER, seat->transport, &early);
    tap_is(client_await(&early, ANY), SUCCEEDED);
    client_fini(&early);
    scene_close(&scene);
}

static void
test_taken_port(void)
{
    struct scene scene = scene_open(2);
    struct edge_setup setup = setup_edge(scene.rig);
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
    tap_run(test_who_is_cut_hears_why);
    tap_run(test_addresses_come_along);
    tap_run(test_parts_cost_the_session);
    tap_run(test_revoked_seat_is_out);
    tap_run(test_new_seat_is_in);
    tap_run(test_taken_port);
    return tap_done();
}

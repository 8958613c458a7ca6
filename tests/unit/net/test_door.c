/* SPDX-License-Identifier: Apache-2.0 */
/* Who comes in, as whom, and what costs a connection. */
#include <zmq.h>

#include "common/base/entropy.h"
#include "common/crypto/hash.h"
#include "daemon/net/socket.h"
#include "tests/support/tap.h"
#include "tests/unit/net/world.h"

#define FRAME_LIMIT ((size_t)96 << 10)
#define SUCCEEDED ZMQ_EVENT_HANDSHAKE_SUCCEEDED
#define FAILED_AUTH ZMQ_EVENT_HANDSHAKE_FAILED_AUTH
#define GONE ZMQ_EVENT_DISCONNECTED
#define ANY (SUCCEEDED | FAILED_AUTH | GONE)

static struct ro_keypair *
new_pair(void)
{
    struct ro_entropy entropy = ro_entropy_system();
    return ro_keypair_new(&entropy);
}

static struct knock
at(struct world *world, struct doorway *door, struct ro_keypair *pair)
{
    return (struct knock){.endpoint = door_endpoint(door),
                          .pair = pair,
                          .server = ro_keypair_x25519(world->server)};
}

static bool
is_key_of(const struct door_frame *frame, const struct ro_keypair *pair)
{
    return memcmp(&frame->curve, ro_keypair_x25519(pair),
                  sizeof(frame->curve)) == 0;
}

/* A world with one member, who has not knocked yet. */
struct scene {
    struct world world;
    struct ro_keypair *known;
    struct ro_keypair *unknown;
};

static void
scene_init(struct scene *scene)
{
    world_init(&scene->world, WORLD_ZAP);
    scene->known = new_pair();
    scene->unknown = new_pair();
    world_members(&scene->world, &scene->known, 1);
}

static void
scene_fini(struct scene *scene)
{
    ro_keypair_free(scene->known);
    ro_keypair_free(scene->unknown);
    world_fini(&scene->world);
}

static void
test_known_key_in_unknown_out(void)
{
    struct scene scene;
    scene_init(&scene);
    struct client member;
    struct client stranger;
    struct client guest;
    struct knock knock = at(&scene.world, scene.world.member, scene.known);
    client_init(&member, &knock);
    knock.pair = scene.unknown;
    client_init(&stranger, &knock);
    knock = at(&scene.world, scene.world.open, scene.unknown);
    client_init(&guest, &knock);
    client_send(&member, "hello", 5);
    client_send(&guest, "psst", 4);

    struct door_frame frame = {0};
    tap_is(world_take(scene.world.member, &frame), RO_OK);
    tap_say(frame_is(&frame, "hello"), "a member's frame comes whole");
    tap_say(is_key_of(&frame, scene.known), "with the key that ZAP saw");
    tap_is(client_await(&stranger, ANY), FAILED_AUTH);
    tap_is(world_take(scene.world.open, &frame), RO_OK);
    tap_say(is_key_of(&frame, scene.unknown), "the open door takes any key");
    tap_is(door_take(scene.world.member, &frame), RO_NOT_FOUND);

    client_fini(&member);
    client_fini(&stranger);
    client_fini(&guest);
    scene_fini(&scene);
}

static void
test_no_curve_is_no_peer(void)
{
    struct scene scene;
    scene_init(&scene);
    struct client client;
    struct knock knock = at(&scene.world, scene.world.open, NULL);
    client_init(&client, &knock);
    tap_is(client_await(&client, ANY), GONE);
    client_fini(&client);
    scene_fini(&scene);
}

static void
test_members_change(void)
{
    struct scene scene;
    scene_init(&scene);
    world_members(&scene.world, &scene.unknown, 1);
    struct client client;
    struct knock knock = at(&scene.world, scene.world.member, scene.known);
    client_init(&client, &knock);
    tap_is(client_await(&client, ANY), FAILED_AUTH);
    client_fini(&client);
    knock.pair = scene.unknown;
    client_init(&client, &knock);
    tap_is(client_await(&client, ANY), SUCCEEDED);
    client_fini(&client);
    scene_fini(&scene);
}

/* A door as door.c makes it but for one option: what would be without it. */
static void *
unguarded_door(struct world *world, char *ret_endpoint, size_t size)
{
    void *socket = socket_new(world->context, ZMQ_ROUTER);
    int one = 1;
    zmq_setsockopt(socket, ZMQ_CURVE_SERVER, &one, sizeof(one));
    zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY,
                   ro_keypair_x25519_secret(world->server), RO_KEY_SIZE);
    zmq_setsockopt(socket, ZMQ_ZAP_DOMAIN, "member", 6);
    zmq_bind(socket, "tcp://127.0.0.1:*");
    zmq_getsockopt(socket, ZMQ_LAST_ENDPOINT, ret_endpoint, &size);
    return socket;
}

static void
test_dead_zap_admits_nobody(void)
{
    struct world world;
    world_init(&world, WORLD_NO_ZAP);
    struct ro_keypair *pair = new_pair();
    char endpoint[64] = "";
    void *unguarded = unguarded_door(&world, endpoint, sizeof(endpoint));
    struct client client;
    struct knock knock = at(&world, world.member, pair);
    client_init(&client, &knock);
    tap_is(client_await(&client, ANY), GONE);
    client_fini(&client);
    knock = at(&world, world.open, pair);
    client_init(&client, &knock);
    tap_is(client_await(&client, ANY), GONE);
    client_fini(&client);
    knock.endpoint = endpoint;
    client_init(&client, &knock);
    tap_say(client_await(&client, ANY) == SUCCEEDED,
            "without ENFORCE_DOMAIN the same key gets in");
    client_fini(&client);
    socket_closep(&unguarded);
    ro_keypair_free(pair);
    world_fini(&world);
}

/* Takes a client's frame and makes it session `slot`. */
static struct session_id
settle(struct doorway *door, uint32_t slot)
{
    struct door_frame frame = {0};
    struct session_id session = {.slot = slot, .generation = 1};
    tap_need(world_take(door, &frame) == RO_OK);
    tap_need(frame.session.generation == 0);
    tap_need(door_bind(door, frame.peer, session) == RO_OK);
    return session;
}

static bool
ended(struct doorway *door, struct session_id session)
{
    struct session_id got = {0};
    return door_next_ended(door, &got) && got.slot == session.slot &&
           got.generation == session.generation;
}

static bool
none_ended(struct doorway *door)
{
    struct session_id got = {0};
    return !door_next_ended(door, &got);
}

static void
test_answers_find_their_way(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.open;
    struct client a;
    struct client b;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&a, &knock);
    client_send(&a, "a", 1);
    struct session_id session_a = settle(door, 7);
    knock.pair = scene.unknown;
    client_init(&b, &knock);
    client_send(&b, "b", 1);
    struct session_id session_b = settle(door, 300);

    client_send(&a, "again", 5);
    struct door_frame frame = {0};
    tap_is(world_take(door, &frame), RO_OK);
    tap_say(frame.session.slot == 7, "a later frame is of the same session");
    tap_say(is_key_of(&frame, scene.known), "every frame has its sender's key");
    client_send(&b, "too", 3);
    tap_is(world_take(door, &frame), RO_OK);
    tap_say(is_key_of(&frame, scene.unknown), "also the other one's");
    tap_is(door_send(door, session_b, ro_bytes_text("for b")), RO_OK);
    tap_is(door_send(door, session_a, ro_bytes_text("for a")), RO_OK);
    tap_ok(client_gets(&a, "for a"));
    tap_ok(client_gets(&b, "for b"));
    tap_ok(client_is_quiet(&a) && client_is_quiet(&b));
    struct session_id stale = {.slot = 7, .generation = 2};
    tap_is(door_send(door, stale, ro_bytes_text("x")), RO_NOT_FOUND);

    client_fini(&a);
    client_fini(&b);
    scene_fini(&scene);
}

static void
test_end_is_told(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.member;
    struct client client;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&client, &knock);
    client_send(&client, "a", 1);
    struct session_id session = settle(door, 1);
    client_fini(&client);
    struct guard_gone gone = {0};
    tap_ok(world_gone(&scene.world, &gone));
    tap_is(gone.door, DOOR_MEMBER);
    door_gone(door, &gone);
    tap_ok(ended(door, session));
    tap_ok(none_ended(door));
    tap_is(door_send(door, session, ro_bytes_text("x")), RO_NOT_FOUND);
    scene_fini(&scene);
}

static void
test_sending_to_the_gone(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.member;
    struct client client;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&client, &knock);
    client_send(&client, "a", 1);
    struct session_id session = settle(door, 1);
    client_fini(&client);
    struct guard_gone gone = {0};
    tap_need(world_gone(&scene.world, &gone));
    /* its end is not told to the door: libzmq says so itself, once it has
     * looked */
    struct door_frame frame = {0};
    enum ro_status s = RO_OK;
    for (int i = 0; i < 1000000 && s != RO_NOT_FOUND; i++) {
        if (door_take(door, &frame) != RO_NOT_FOUND)
            break;
        s = door_send(door, session, ro_bytes_text("x"));
    }
    tap_is(s, RO_NOT_FOUND);
    tap_ok(ended(door, session));
    scene_fini(&scene);
}

static void
test_reader_that_does_not_read(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.member;
    struct client client;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&client, &knock);
    client_send(&client, "a", 1);
    struct session_id session = settle(door, 1);
    static uint8_t large[64 * 1024];
    enum ro_status s = RO_OK;
    /* its queue is 1000 frames, then the kernel's buffers, then ours */
    for (int i = 0; i < 5000 && s == RO_OK; i++)
        s = door_send(door, session, (struct ro_bytes){large, sizeof(large)});
    tap_is(s, RO_NO_ROOM);
    tap_ok(none_ended(door));
    door_part(door, session, 0);
    (void)door_cut_parting(door, INT64_MAX);
    tap_ok(ended(door, session));
    tap_is(client_await(&client, GONE), GONE);
    client_fini(&client);
    scene_fini(&scene);
}

/* What a peer sends that costs it the connection. */
static void
costs(const struct knock *knock, struct doorway *door, int parts)
{
    struct client client;
    client_init(&client, knock);
    for (; parts > 1; parts--)
        zmq_send(client.socket, "part", 4, ZMQ_SNDMORE);
    zmq_send(client.socket, "last", 4, 0);
    struct door_frame frame = {0};
    tap_is(world_take(door, &frame), RO_REFUSED);
    tap_is(client_await(&client, GONE), GONE);
    client_fini(&client);
}

static void
test_parts_cost_the_connection(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.open;
    struct client honest;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&honest, &knock);
    client_send(&honest, "a", 1);
    struct session_id session = settle(door, 1);
    knock.pair = scene.unknown;
    costs(&knock, door, 2);
    costs(&knock, door, 50);
    client_send(&honest, "b", 1);
    struct door_frame frame = {0};
    tap_is(world_take(door, &frame), RO_OK);
    tap_say(frame_is(&frame, "b"), "whoever keeps to one part stays");
    zmq_send(honest.socket, "1", 1, ZMQ_SNDMORE);
    zmq_send(honest.socket, "2", 1, 0);
    client_send(&honest, "c", 1);
    tap_is(world_take(door, &frame), RO_REFUSED);
    tap_ok(ended(door, session));
    tap_is(client_await(&honest, GONE), GONE);
    enum ro_status later = door_take(door, &frame);
    tap_say(later == RO_REFUSED || later == RO_NOT_FOUND,
            "what came after it is passed over");
    client_fini(&honest);
    scene_fini(&scene);
}

static void
test_frame_limit(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.open;
    struct client client;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&client, &knock);
    client_send(&client, "x", FRAME_LIMIT);
    struct door_frame frame = {0};
    tap_is(world_take(door, &frame), RO_OK);
    tap_ok(frame.bytes.size == FRAME_LIMIT);
    client_send(&client, "x", FRAME_LIMIT + 1);
    tap_is(client_await(&client, GONE), GONE);
    tap_is(door_take(door, &frame), RO_NOT_FOUND);
    client_fini(&client);
    scene_fini(&scene);
}

static void
test_own_routing_id_costs(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.open;
    struct knock knock = at(&scene.world, door, scene.known);
    knock.routing = ro_bytes_text("me");
    costs(&knock, door, 1);
    knock.routing = ro_bytes_text("mine!");
    costs(&knock, door, 1);
    /* in libzmq's own form: a number that it has not reached; were it to reach
     * it, libzmq would end the process */
    static const uint8_t early[] = {0, 1, 2, 3, 4};
    knock.routing = (struct ro_bytes){early, sizeof(early)};
    costs(&knock, door, 1);
    /* whoever comes next, perhaps on the same descriptor, is not taken for
     * one of them */
    knock.routing = ro_bytes_text("");
    struct client honest;
    client_init(&honest, &knock);
    client_send(&honest, "good day", 8);
    struct door_frame frame = {0};
    tap_is(world_take(door, &frame), RO_OK);
    tap_ok(frame_is(&frame, "good day"));
    client_fini(&honest);
    scene_fini(&scene);
}

static void
test_routing_id_steals_nothing(void)
{
    struct scene scene;
    scene_init(&scene);
    struct doorway *door = scene.world.open;
    struct client victim;
    struct client thief;
    struct knock knock = at(&scene.world, door, scene.known);
    client_init(&victim, &knock);
    client_send(&victim, "first", 5);
    /* past the door: the thief is told what no peer can know */
    uint8_t routing[8];
    char text[8];
    int n = zmq_recv(door_socket(door), routing, sizeof(routing), 0);
    tap_need(zmq_recv(door_socket(door), text, sizeof(text), 0) == 5);
    knock.pair = scene.unknown;
    knock.routing = (struct ro_bytes){routing, (size_t)n};
    client_init(&thief, &knock);
    tap_is(client_await(&thief, ANY), SUCCEEDED);
    client_send(&thief, "give", 4);

    client_send(&victim, "mine", 4);
    struct door_frame frame = {0};
    tap_is(world_take(door, &frame), RO_OK);
    tap_ok(frame_is(&frame, "mine") && is_key_of(&frame, scene.known));
    struct session_id session = {.slot = 1, .generation = 1};
    tap_is(door_bind(door, frame.peer, session), RO_OK);
    tap_is(door_send(door, session, ro_bytes_text("secret")), RO_OK);
    tap_ok(client_gets(&victim, "secret"));
    tap_ok(client_is_quiet(&thief));
    tap_is(door_take(door, &frame), RO_NOT_FOUND);
    client_fini(&victim);
    client_fini(&thief);
    scene_fini(&scene);
}

static void
test_taken_port(void)
{
    struct scene scene;
    scene_init(&scene);
    struct world other = {.context = zmq_ctx_new()};
    struct ro_clock clock = ro_clock_system();
    struct ro_why why = {""};
    struct door_limits limits = {.queue_frames = 1,
                                 .handshake_ms = 1000,
                                 .heartbeat_interval_ms = 1000,
                                 .heartbeat_timeout_ms = 2000,
                                 .heartbeat_ttl_ms = 2000};
    tap_need(guard_new(other.context, &clock, &world_limits, &why,
                       &other.guard) == RO_OK);
    struct door_setup setup = {
        .context = other.context,
        .door = DOOR_OPEN,
        .endpoint = door_endpoint(scene.world.open),
        .curve_secret = ro_keypair_x25519_secret(scene.world.server),
        .limits = &limits,
        .guard = other.guard,
    };
    tap_is(door_new(&setup, &why, &other.open), RO_OK);
    tap_is(door_open(other.open, &why), RO_TAKEN);
    tap_say(strstr(why.text, setup.endpoint) != NULL, "and it says which");
    guard_free(other.guard);
    door_free(other.open);
    zmq_ctx_term(other.context);
    scene_fini(&scene);
}

int
main(void)
{
    if (ro_crypto_init() != RO_OK)
        return 1;
    tap_run(test_known_key_in_unknown_out);
    tap_run(test_no_curve_is_no_peer);
    tap_run(test_members_change);
    tap_run(test_dead_zap_admits_nobody);
    tap_run(test_answers_find_their_way);
    tap_run(test_end_is_told);
    tap_run(test_sending_to_the_gone);
    tap_run(test_reader_that_does_not_read);
    tap_run(test_parts_cost_the_connection);
    tap_run(test_frame_limit);
    tap_run(test_own_routing_id_costs);
    tap_run(test_routing_id_steals_nothing);
    tap_run(test_taken_port);
    return tap_done();
}

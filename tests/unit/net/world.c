/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/net/world.h"

#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "daemon/net/socket.h"
#include "tests/support/tap.h"

#define EVENTS                                                                 \
    (ZMQ_EVENT_HANDSHAKE_SUCCEEDED | ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |    \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH |   \
     ZMQ_EVENT_DISCONNECTED)

const struct guard_limits world_limits = {
    .connections = 1000,
    .per_address = 0,
    .silent = 500,
    .undelivered = (uint64_t)4 << 20,
    .silence_ms = 60000,
    .patience_ms = 60000,
};

static const struct door_limits door_limits = {
    .queue_frames = 16,
    .handshake_ms = 1000,
    .heartbeat_interval_ms = 15000,
    .heartbeat_timeout_ms = 45000,
    .heartbeat_ttl_ms = 60000,
};

static void
need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("Bail out! %s\n", what);
    exit(1);
}

static struct doorway *
open_door(struct world *world, enum door which)
{
    struct ro_why why = {""};
    struct doorway *door = NULL;
    const struct door_setup setup = {
        .context = world->context,
        .door = which,
        .endpoint = "tcp://127.0.0.1:*",
        .curve_secret = ro_keypair_x25519_secret(world->server),
        .limits = &door_limits,
        .guard = world->guard,
    };
    need(door_new(&setup, &why, &door) == RO_OK, why.text);
    return door;
}

void
world_init_limits(struct world *world,
                  enum world_zap with,
                  const struct guard_limits *limits)
{
    struct ro_why why = {""};
    struct ro_entropy entropy = ro_entropy_system();
    struct ro_clock clock = ro_clock_system();
    *world = (struct world){.context = zmq_ctx_new()};
    world->server = ro_keypair_new(&entropy);
    need(world->server != NULL, "a key");
    if (with == WORLD_ZAP)
        need(zap_start(world->context, &why, &world->zap) == RO_OK, why.text);
    need(guard_new(world->context, &clock, limits, &why, &world->guard) ==
             RO_OK,
         why.text);
    world->member = open_door(world, DOOR_MEMBER);
    world->open = open_door(world, DOOR_OPEN);
    need(guard_run(world->guard, &why) == RO_OK, why.text);
    need(door_open(world->member, &why) == RO_OK, why.text);
    need(door_open(world->open, &why) == RO_OK, why.text);
}

void
world_init(struct world *world, enum world_zap with)
{
    world_init_limits(world, with, &world_limits);
}

void
world_fini(struct world *world)
{
    guard_free(world->guard);
    door_free(world->member);
    door_free(world->open);
    zap_free(world->zap);
    ro_keypair_free(world->server);
    zmq_ctx_term(world->context);
}

void
world_members(struct world *world, struct ro_keypair *const *pairs, size_t n)
{
    struct ro_key keys[16];
    need(n <= RO_LEN(keys), "few members");
    for (size_t i = 0; i < n; i++)
        keys[i] = *ro_keypair_x25519(pairs[i]);
    need(zap_set_members(world->zap, keys, n) == RO_OK, "members");
}

void
client_init(struct client *client, const struct knock *knock)
{
    static const struct socket_option once[] = {
        {ZMQ_RECONNECT_IVL, -1},
        {0,                 0 },
    };
    client->context = zmq_ctx_new();
    client->socket = socket_new(client->context, ZMQ_DEALER);
    need(socket_set(client->socket, once, NULL) == RO_OK, "options");
    if (knock->takes > 0) {
        const struct socket_option narrow[] = {
            {ZMQ_RCVHWM, knock->takes},
            {ZMQ_RCVBUF, 4096        },
            {0,          0           },
        };
        need(socket_set(client->socket, narrow, NULL) == RO_OK, "options");
    }
    if (knock->pair != NULL) {
        zmq_setsockopt(client->socket, ZMQ_CURVE_SERVERKEY, knock->server->b,
                       RO_KEY_SIZE);
        zmq_setsockopt(client->socket, ZMQ_CURVE_PUBLICKEY,
                       ro_keypair_x25519(knock->pair)->b, RO_KEY_SIZE);
        zmq_setsockopt(client->socket, ZMQ_CURVE_SECRETKEY,
                       ro_keypair_x25519_secret(knock->pair), RO_KEY_SIZE);
    }
    if (knock->routing.size > 0) {
        zmq_setsockopt(client->socket, ZMQ_ROUTING_ID, knock->routing.data,
                       knock->routing.size);
    }
    client->monitor = socket_monitor_new(client->context, client->socket,
                                         "inproc://client", EVENTS);
    need(client->monitor != NULL, "monitor");
    need(zmq_connect(client->socket, knock->endpoint) == 0, "connect");
}

void
client_fini(struct client *client)
{
    socket_monitor_stop(client->socket);
    socket_closep(&client->monitor);
    socket_closep(&client->socket);
    zmq_ctx_term(client->context);
}

static bool
readable(void *socket, int timeout_ms)
{
    zmq_pollitem_t item = {.socket = socket, .events = ZMQ_POLLIN};
    return zmq_poll(&item, 1, timeout_ms) > 0;
}

int
client_await(struct client *client, int events)
{
    while (readable(client->monitor, WORLD_MS)) {
        struct socket_event event = {0};
        if (socket_monitor_next(client->monitor, &event) == RO_OK &&
            (event.event & events) != 0)
            return event.event;
    }
    return 0;
}

void
client_send(struct client *client, const char *text, size_t size)
{
    zmq_msg_t message;
    zmq_msg_init_size(&message, size);
    memset(zmq_msg_data(&message), 0, size);
    memcpy(zmq_msg_data(&message), text,
           strlen(text) < size ? strlen(text) : size);
    need(zmq_msg_send(&message, client->socket, 0) >= 0, "send");
}

bool
client_gets(struct client *client, const char *text)
{
    char frame[256];
    if (!readable(client->socket, WORLD_MS))
        return false;
    int n = zmq_recv(client->socket, frame, sizeof(frame), 0);
    return n == (int)strlen(text) && memcmp(frame, text, (size_t)n) == 0;
}

bool
client_is_quiet(struct client *client)
{
    return !readable(client->socket, 0);
}

enum ro_status
world_take(struct doorway *door, struct door_frame *ret_frame)
{
    enum ro_status s = door_take(door, ret_frame);
    while (s == RO_NOT_FOUND && readable(door_socket(door), WORLD_MS))
        s = door_take(door, ret_frame);
    return s;
}

bool
world_gone(struct world *world, struct guard_gone *ret_gone)
{
    return readable(guard_socket(world->guard), WORLD_MS) &&
           guard_next_gone(world->guard, ret_gone);
}

bool
frame_is(const struct door_frame *frame, const char *text)
{
    return ro_bytes_equal(frame->bytes, ro_bytes_text(text));
}

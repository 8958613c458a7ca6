/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/door.h"

#include <assert.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/wire/codec.h"
#include "daemon/net/peers.h"
#include "daemon/net/socket.h"
#include "daemon/net/zap.h"

/* Debian's zmq.h hides it among the drafts; the library knows it. Without it
 * a door whose ZAP does not answer would let everybody in. */
#ifndef ZMQ_ZAP_ENFORCE_DOMAIN
#define ZMQ_ZAP_ENFORCE_DOMAIN 93
#endif

/* On the wire CURVE adds its command's name, nonce, tag and flags. */
#define CURVE_OVERHEAD 33
#define BACKLOG 1024
#define RECEIVE_BUFFER (256 * 1024)
/* What the kernel keeps for a peer that does not read. */
#define SEND_BUFFER (256 * 1024)

/* A routing id of libzmq: a zero, and a number that rises by one. */
#define ROUTING_SIZE 5
/* How far that number may be ahead of what the guard has counted yet. */
#define ROUTING_AHEAD 1024

#define ENDPOINT_MAX 256

struct doorway {
    enum door door;
    void *socket;
    struct guard *guard;
    struct peers *peers;
    uint32_t first_routing;
    int64_t parting_ms; /* the first one that parts is cut; INT64_MAX: none */
    zmq_msg_t message;  /* the frame that was taken last */
    char wanted[ENDPOINT_MAX];
    char bound[ENDPOINT_MAX];
};

/* --- making it ----------------------------------------------------------- */

static enum ro_status
set_text(void *socket, int option, const char *text, struct ro_why *why)
{
    if (zmq_setsockopt(socket, option, text, strlen(text)) != 0)
        return socket_failed(why, text);
    return RO_OK;
}

/* What is the same for every door. */
static const struct socket_option fixed_options[] = {
    {ZMQ_RCVBUF,             RECEIVE_BUFFER},
    {ZMQ_SNDBUF,             SEND_BUFFER   },
    {ZMQ_BACKLOG,            BACKLOG       },
    {ZMQ_TCP_KEEPALIVE,      1             },
    {ZMQ_ROUTER_MANDATORY,   1             },
    {ZMQ_CURVE_SERVER,       1             },
    {ZMQ_ZAP_ENFORCE_DOMAIN, 1             },
    {0,                      0             },
};

static enum ro_status
set_options(void *socket, const struct door_setup *setup, struct ro_why *why)
{
    const struct door_limits *limits = setup->limits;
    int ipv6 = strchr(setup->endpoint, '[') != NULL;
    const struct socket_option options[] = {
        {ZMQ_SNDHWM,            limits->queue_frames         },
        {ZMQ_RCVHWM,            limits->queue_frames         },
        {ZMQ_HANDSHAKE_IVL,     limits->handshake_ms         },
        {ZMQ_HEARTBEAT_IVL,     limits->heartbeat_interval_ms},
        {ZMQ_HEARTBEAT_TIMEOUT, limits->heartbeat_timeout_ms },
        {ZMQ_HEARTBEAT_TTL,     limits->heartbeat_ttl_ms     },
        {ZMQ_IPV6,              ipv6                         },
        {0,                     0                            },
    };
    RO_TRY(socket_set(socket, fixed_options, why));
    RO_TRY(socket_set(socket, options, why));
    int64_t frame_limit = (int64_t)RO_FRAME_LIMIT + CURVE_OVERHEAD;
    if (zmq_setsockopt(socket, ZMQ_MAXMSGSIZE, &frame_limit,
                       sizeof(frame_limit)) != 0)
        return socket_failed(why, "frame limit");
    if (zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY, setup->curve_secret,
                       RO_KEY_SIZE) != 0)
        return socket_failed(why, "CURVE key");
    return set_text(
        socket, ZMQ_ZAP_DOMAIN,
        setup->door == DOOR_MEMBER ? ZAP_DOMAIN_MEMBER : ZAP_DOMAIN_OPEN, why);
}

/* Connects from inside the process, before anybody else can. */
static enum ro_status
probe(struct doorway *door, void *context, const char *name)
{
    RO_CLEANUP(socket_closep) void *inside = socket_new(context, ZMQ_DEALER);
    if (inside == NULL || zmq_bind(door->socket, name) != 0 ||
        zmq_connect(inside, name) != 0 || zmq_send(inside, "", 0, 0) < 0)
        return RO_IO_FAILED;
    uint8_t routing[ROUTING_SIZE];
    int n = zmq_recv(door->socket, routing, sizeof(routing), 0);
    if (n != ROUTING_SIZE || routing[0] != 0 ||
        zmq_recv(door->socket, NULL, 0, 0) != 0)
        return RO_IO_FAILED;
    door->first_routing = ro_get_u32(routing + 1);
    return zmq_unbind(door->socket, name) == 0 ? RO_OK : RO_IO_FAILED;
}

enum ro_status
door_new(const struct door_setup *setup,
         struct ro_why *why,
         struct doorway **ret_door)
{
    RO_CLEANUP(door_freep) struct doorway *door = calloc(1, sizeof(*door));
    if (door == NULL)
        return RO_NO_MEMORY;
    zmq_msg_init(&door->message);
    door->door = setup->door;
    door->parting_ms = INT64_MAX;
    door->guard = setup->guard;
    door->peers = peers_new();
    if (door->peers == NULL)
        return RO_NO_MEMORY;
    if (strlen(setup->endpoint) >= sizeof(door->wanted))
        return ro_why(why, RO_IO_FAILED, "endpoint too long");
    memcpy(door->wanted, setup->endpoint, strlen(setup->endpoint) + 1);
    door->socket = socket_new(setup->context, ZMQ_ROUTER);
    if (door->socket == NULL)
        return socket_failed(why, door->wanted);
    RO_TRY(set_options(door->socket, setup, why));
    const char *inside = setup->door == DOOR_MEMBER ? "inproc://door.member"
                                                    : "inproc://door.open";
    if (probe(door, setup->context, inside) != RO_OK)
        return socket_failed(why, inside);
    RO_TRY(guard_watch(door->guard, door->socket, door->door, why));
    *ret_door = RO_STEAL(door);
    return RO_OK;
}

enum ro_status
door_open(struct doorway *door, struct ro_why *why)
{
    if (zmq_bind(door->socket, door->wanted) != 0)
        return socket_failed(why, door->wanted);
    size_t size = sizeof(door->bound);
    if (zmq_getsockopt(door->socket, ZMQ_LAST_ENDPOINT, door->bound, &size) !=
        0)
        return socket_failed(why, door->wanted);
    return RO_OK;
}

void
door_shut(struct doorway *door)
{
    if (door->bound[0] != '\0')
        zmq_unbind(door->socket, door->bound);
}

void
door_linger(struct doorway *door, int linger_ms)
{
    zmq_setsockopt(door->socket, ZMQ_LINGER, &linger_ms, sizeof(linger_ms));
}

void
door_free(struct doorway *door)
{
    if (door == NULL)
        return;
    zmq_msg_close(&door->message);
    socket_closep(&door->socket);
    peers_free(door->peers);
    free(door);
}

const char *
door_endpoint(const struct doorway *door)
{
    return door->bound;
}

void *
door_socket(struct doorway *door)
{
    return door->socket;
}

/* --- who is there -------------------------------------------------------- */

void
door_cut(struct doorway *door, int peer)
{
    struct peer *who = peers_at(door->peers, peer);
    if (who == NULL || who->standing != PEER_HERE)
        return;
    socket_cut(peer, who->cookie);
    who->standing = PEER_CUT;
    peers_end_session(door->peers, peer);
}

void
door_part(struct doorway *door, struct session_id session, int64_t until_ms)
{
    int fd = peers_of_session(door->peers, session);
    struct peer *who = fd >= 0 ? peers_at(door->peers, fd) : NULL;
    if (who == NULL)
        return;
    if (!who->was_told) {
        door_cut(door, fd);
        return;
    }
    who->standing = PEER_PARTING;
    who->until_ms = until_ms;
    peers_end_session(door->peers, fd);
    if (until_ms < door->parting_ms)
        door->parting_ms = until_ms;
}

int64_t
door_cut_parting(struct doorway *door, int64_t now_ms)
{
    if (now_ms < door->parting_ms)
        return door->parting_ms;
    door->parting_ms = INT64_MAX;
    for (int fd = 0; fd < peers_count(door->peers); fd++) {
        struct peer *who = peers_at(door->peers, fd);
        if (who->standing != PEER_PARTING)
            continue;
        if (who->until_ms <= now_ms) {
            socket_cut(fd, who->cookie);
            who->standing = PEER_CUT;
        } else if (who->until_ms < door->parting_ms) {
            door->parting_ms = who->until_ms;
        }
    }
    return door->parting_ms;
}

/* Whether it is this peer that is gone, not another on its descriptor. */
static bool
is_gone(const struct peer *who, const struct guard_gone *gone)
{
    if (gone->cookie != 0)
        return who->cookie == gone->cookie;
    return who->cookie == 0 || who->cookie != socket_cookie(gone->fd);
}

void
door_gone(struct doorway *door, const struct guard_gone *gone)
{
    struct peer *who = peers_at(door->peers, gone->fd);
    if (gone->door != door->door || who == NULL ||
        who->standing == PEER_NOBODY || !is_gone(who, gone))
        return;
    peers_end_session(door->peers, gone->fd);
    who->standing = PEER_NOBODY;
}

bool
door_next_ended(struct doorway *door, struct session_id *ret_session)
{
    return peers_next_ended(door->peers, ret_session);
}

enum ro_status
door_bind(struct doorway *door, int peer, struct session_id session)
{
    return peers_bind(door->peers, peer, session);
}

bool
door_each(struct doorway *door, int *peer, struct door_frame *ret_who)
{
    for (int i = *peer; i < peers_count(door->peers); i++) {
        const struct peer *who = peers_at(door->peers, i);
        if (who->standing != PEER_HERE ||
            peers_of_session(door->peers, who->session) != i)
            continue;
        *peer = i;
        *ret_who = (struct door_frame){
            .peer = i, .session = who->session, .curve = who->curve};
        return true;
    }
    return false;
}

/* --- taking -------------------------------------------------------------- */

/* Where a message comes from, as far as libzmq says. */
struct origin {
    int fd;
    bool given; /* the routing id is libzmq's own */
    uint32_t routing;
    struct ro_key curve;
    bool admitted; /* the key is ZAP's word */
};

/* Whether libzmq can have given out this number by now. One that a peer chose
 * for itself could stand in the way of one to come, on which libzmq ends the
 * process: so such a peer goes at its first word. */
static bool
was_given(struct doorway *door, uint32_t routing)
{
    struct guard_counters counters = {0};
    guard_count(door->guard, door->door, &counters);
    return routing - door->first_routing <= counters.admitted + ROUTING_AHEAD;
}

static void
read_origin(struct doorway *door,
            const uint8_t *routing,
            int routing_size,
            struct origin *ret_origin)
{
    ret_origin->fd = zmq_msg_get(&door->message, ZMQ_SRCFD);
    if (routing_size == ROUTING_SIZE && routing[0] == 0) {
        ret_origin->routing = ro_get_u32(routing + 1);
        ret_origin->given = was_given(door, ret_origin->routing);
    }
    const char *user = zmq_msg_gets(&door->message, "User-Id");
    ret_origin->admitted =
        user != NULL && ro_unhex(user, ret_origin->curve.b,
                                 sizeof(ret_origin->curve.b)) == RO_OK;
}

/* The cookie of the connection that a message came from; 0 when it is gone,
 * which shows when its descriptor is somebody else's. */
static uint64_t
cookie_of(int fd, const struct session_address *told)
{
    struct session_address here;
    uint64_t cookie = socket_cookie(fd);
    if (socket_address_of(fd, &here) != RO_OK ||
        memcmp(&here, told, sizeof(here)) != 0)
        return 0;
    return cookie;
}

/* Where a message comes from; zero if libzmq does not say. */
static struct session_address
address_of(struct doorway *door)
{
    struct session_address address = {0};
    const char *text = zmq_msg_gets(&door->message, "Peer-Address");
    if (text == NULL || socket_address_parse(text, &address) != RO_OK)
        return (struct session_address){0};
    return address;
}

/* The peer that a message came from, made known if it is new. NULL when it has
 * been passed over by a later one, or without memory. */
static struct peer *
peer_of(struct doorway *door, const struct origin *origin)
{
    struct peer *who = peers_at(door->peers, origin->fd);
    if (who == NULL)
        return NULL;
    if (who->standing != PEER_NOBODY) {
        int32_t later = (int32_t)(origin->routing - who->routing);
        bool compares = origin->given && who->given;
        if (compares && later == 0)
            return who;
        if (compares && later < 0)
            return NULL;
        peers_end_session(door->peers, origin->fd);
    }
    struct session_address address = address_of(door);
    *who = (struct peer){
        .standing = PEER_HERE,
        .given = origin->given,
        .routing = origin->routing,
        .cookie = cookie_of(origin->fd, &address),
        .address = address,
        .curve = origin->curve,
    };
    return who;
}

/* Reads one message off the socket; the first part of its content stays in
 * door->message. */
static enum ro_status
read_message(struct doorway *door,
             uint8_t routing[static ROUTING_SIZE],
             int *ret_routing_size,
             size_t *ret_parts)
{
    int n = zmq_recv(door->socket, routing, ROUTING_SIZE, ZMQ_DONTWAIT);
    if (n < 0)
        return RO_NOT_FOUND;
    *ret_routing_size = n;
    if (zmq_msg_recv(&door->message, door->socket, ZMQ_DONTWAIT) < 0)
        return RO_NOT_FOUND;
    *ret_parts = 1;
    int fd = zmq_msg_get(&door->message, ZMQ_SRCFD);
    guard_delivered(door->guard, fd, zmq_msg_size(&door->message));
    int more = zmq_msg_more(&door->message);
    for (; more; *ret_parts += 1) {
        int size = zmq_recv(door->socket, NULL, 0, ZMQ_DONTWAIT);
        size_t more_size = sizeof(more);
        if (size < 0 ||
            zmq_getsockopt(door->socket, ZMQ_RCVMORE, &more, &more_size) != 0)
            return RO_NOT_FOUND;
        guard_delivered(door->guard, fd, (size_t)size);
    }
    return RO_OK;
}

enum ro_status
door_take(struct doorway *door, struct door_frame *ret_frame)
{
    uint8_t routing[ROUTING_SIZE] = {0};
    int routing_size = 0;
    size_t parts = 0;
    RO_TRY(read_message(door, routing, &routing_size, &parts));
    struct origin origin = {0};
    read_origin(door, routing, routing_size, &origin);
    struct peer *who = peer_of(door, &origin);
    if (who == NULL || who->standing != PEER_HERE)
        return RO_REFUSED;
    if (parts != 1 || !origin.given || !origin.admitted ||
        memcmp(&origin.curve, &who->curve, sizeof(who->curve)) != 0) {
        door_cut(door, origin.fd);
        return RO_REFUSED;
    }
    who->was_told = false;
    ret_frame->peer = origin.fd;
    ret_frame->session = who->session;
    ret_frame->curve = who->curve;
    ret_frame->address = who->address;
    ret_frame->bytes = (struct ro_bytes){zmq_msg_data(&door->message),
                                         zmq_msg_size(&door->message)};
    return RO_OK;
}

/* --- sending ------------------------------------------------------------- */

enum ro_status
door_send(struct doorway *door,
          struct session_id session,
          struct ro_bytes frame)
{
    int fd = peers_of_session(door->peers, session);
    if (fd < 0)
        return RO_NOT_FOUND;
    uint8_t routing[ROUTING_SIZE] = {0};
    ro_set_u32(routing + 1, peers_at(door->peers, fd)->routing);
    if (zmq_send(door->socket, routing, sizeof(routing),
                 ZMQ_SNDMORE | ZMQ_DONTWAIT) < 0) {
        if (errno == EAGAIN)
            return RO_NO_ROOM;
        peers_end_session(door->peers, fd);
        return RO_NOT_FOUND;
    }
    if (zmq_send(door->socket, frame.data, frame.size, ZMQ_DONTWAIT) < 0)
        return RO_NO_ROOM;
    peers_at(door->peers, fd)->was_told = true;
    return RO_OK;
}

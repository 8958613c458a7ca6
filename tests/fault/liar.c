/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that lies, or a network that loses things, as a library to preload
 * into reachoutd: behind CURVE, where frames are in clear, each of them passes
 * through the hands of a test (tests/support/liar.py). The broker is the real
 * one, with its keys, its doors and its clients' connections.
 *
 *     LIAR_SOCKET  the test listens there (a local stream socket); without it
 *                  the library does nothing
 *
 * For each frame that came in or is about to leave the test is asked, and its
 * word is waited for, so that everything happens in one order:
 *
 *     to the test    kind (1 came in, 2 leaves) ‖ routing size (1 byte) ‖
 *                    frame size (4 bytes) ‖ routing ‖ frame
 *     from the test  verdict (bit 0: it came in; bit 1: cut this peer's
 *                    connection) ‖ number of frames to send (2 bytes) ‖ for
 *                    each: routing size ‖ frame size ‖ routing ‖ frame
 *
 * Numbers are this machine's. What came in may be lost and not changed; what
 * leaves is what the test says, to whom it says. A door is known by taking
 * frames with zmq_msg_recv, which nothing else in the broker does.
 */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <zmq.h>

#define DOORS 2
#define ROUTING_ROOM 32
#define FRAME_ROOM ((size_t)1 << 20)
#define PEERS 256

enum kind { CAME = 1, LEAVES = 2 };
enum verdict { TAKEN = 1, CUT = 2 };

/* One end's name. */
struct routing {
    uint8_t size;
    uint8_t bytes[ROUTING_ROOM];
};

/* One door, once it has taken a frame; the broker's thread alone uses it. */
struct door {
    void *socket;
    struct routing to; /* of the frame that is being sent */
};

static struct door doors[DOORS];
static struct {
    struct routing routing;
    int fd;
} peers[PEERS];
static size_t n_peers;
static int test_fd = -1;
static uint8_t room[FRAME_ROOM];

typedef int send_fn(void *, const void *, size_t, int);
typedef int recv_fn(void *, void *, size_t, int);
typedef int msg_recv_fn(zmq_msg_t *, void *, int);

/* libzmq's own function of that name. */
static void
find(const char *name, void *ret_function)
{
    void *next = dlsym(RTLD_NEXT, name);
    if (next == NULL)
        abort();
    memcpy(ret_function, &next, sizeof(next));
}

static int
send_on(void *socket, const void *bytes, size_t size, int flags)
{
    static send_fn *next;
    if (next == NULL)
        find("zmq_send", &next);
    return next(socket, bytes, size, flags);
}

/* --- the test ------------------------------------------------------------
 */

static void
give(const void *bytes, size_t size)
{
    const uint8_t *at = bytes;
    while (size > 0) {
        ssize_t n = send(test_fd, at, size, MSG_NOSIGNAL);
        if (n <= 0)
            abort(); /* the test is gone */
        at += n;
        size -= (size_t)n;
    }
}

static void
take(void *ret_bytes, size_t size)
{
    uint8_t *at = ret_bytes;
    while (size > 0) {
        ssize_t n = recv(test_fd, at, size, 0);
        if (n <= 0)
            abort();
        at += n;
        size -= (size_t)n;
    }
}

static bool
is_on(void)
{
    struct sockaddr_un where = {.sun_family = AF_UNIX};
    const char *path = getenv("LIAR_SOCKET");
    if (test_fd >= 0)
        return true;
    if (path == NULL || strlen(path) >= sizeof(where.sun_path))
        return false;
    memcpy(where.sun_path, path, strlen(path));
    test_fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    if (test_fd < 0 ||
        connect(test_fd, (struct sockaddr *)&where, sizeof(where)) != 0)
        abort();
    return true;
}

static void
ask(enum kind kind,
    const struct routing *routing,
    const void *frame,
    size_t size)
{
    uint8_t head[2] = {(uint8_t)kind, routing->size};
    uint32_t frame_size = (uint32_t)size;
    give(head, sizeof(head));
    give(&frame_size, sizeof(frame_size));
    give(routing->bytes, routing->size);
    give(frame, size);
}

static void
cut(const struct routing *routing)
{
    for (size_t i = 0; i < PEERS; i++) {
        if (peers[i].fd > 0 && peers[i].routing.size == routing->size &&
            memcmp(peers[i].routing.bytes, routing->bytes, routing->size) == 0)
            shutdown(peers[i].fd, SHUT_RDWR);
    }
}

/* Sends one frame of the test's; a peer that is gone does not get it. */
static void
pass_on(void *socket)
{
    struct routing to = {0};
    uint32_t size = 0;
    take(&to.size, sizeof(to.size));
    take(&size, sizeof(size));
    if (to.size > ROUTING_ROOM || size > FRAME_ROOM)
        abort();
    take(to.bytes, to.size);
    take(room, size);
    if (send_on(socket, to.bytes, to.size, ZMQ_SNDMORE | ZMQ_DONTWAIT) >= 0)
        send_on(socket, room, size, ZMQ_DONTWAIT);
}

static uint8_t
hear(void *socket, const struct routing *routing)
{
    uint8_t verdict = 0;
    uint16_t n = 0;
    take(&verdict, sizeof(verdict));
    take(&n, sizeof(n));
    while (n-- > 0)
        pass_on(socket);
    if ((verdict & CUT) != 0)
        cut(routing);
    return verdict;
}

/* --- the broker ----------------------------------------------------------
 */

static struct door *
door_of(void *socket)
{
    for (size_t i = 0; i < DOORS; i++) {
        if (doors[i].socket == socket)
            return &doors[i];
    }
    return NULL;
}

/* What this thread took last, and from which socket: a frame's sender. */
static _Thread_local struct {
    void *socket;
    struct routing routing;
} last;

int
zmq_recv(void *socket, void *buffer, size_t size, int flags)
{
    static recv_fn *next;
    if (next == NULL)
        find("zmq_recv", &next);
    int n = next(socket, buffer, size, flags);
    if (n <= 0 || n > ROUTING_ROOM || (size_t)n > size)
        return n;
    last.socket = socket;
    last.routing.size = (uint8_t)n;
    memcpy(last.routing.bytes, buffer, (size_t)n);
    return n;
}

/* Doors are the sockets that this is called for. */
static void
meet(void *socket)
{
    struct door *door = door_of(socket);
    if (door != NULL)
        return;
    door = door_of(NULL);
    if (door == NULL)
        abort();
    door->socket = socket;
}

int
zmq_msg_recv(zmq_msg_t *message, void *socket, int flags)
{
    static msg_recv_fn *next;
    if (next == NULL)
        find("zmq_msg_recv", &next);
    int n = next(message, socket, flags);
    if (n < 0 || last.socket != socket || !is_on())
        return n;
    meet(socket);
    peers[n_peers % PEERS].routing = last.routing;
    peers[n_peers++ % PEERS].fd = zmq_msg_get(message, ZMQ_SRCFD);
    ask(CAME, &last.routing, zmq_msg_data(message), zmq_msg_size(message));
    if ((hear(socket, &last.routing) & TAKEN) != 0)
        return n;
    errno = EAGAIN;
    return -1;
}

int
zmq_send(void *socket, const void *bytes, size_t size, int flags)
{
    struct door *door = door_of(socket);
    if (door == NULL || size > FRAME_ROOM)
        return send_on(socket, bytes, size, flags);
    if ((flags & ZMQ_SNDMORE) != 0) {
        door->to.size = (uint8_t)size;
        memcpy(door->to.bytes, bytes, size);
        return (int)size;
    }
    ask(LEAVES, &door->to, bytes, size);
    hear(socket, &door->to);
    return (int)size;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/selftest.h"

#include <errno.h>
#include <inttypes.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/base/log.h"
#include "common/crypto/sign.h"
#include "daemon/net/socket.h"

#define KNOCK_MS 5000

struct selftest {
    void *context;
    struct selftest_door door;
    int stop_fd;
    pthread_t thread;
    bool running;
};

/* A door on all addresses is tried on the loopback. */
static void
reach(const char *bound, char *ret_endpoint, size_t size)
{
    const char *port = strrchr(bound, ':');
    if (strncmp(bound, "tcp://0.0.0.0:", 14) == 0) {
        snprintf(ret_endpoint, size, "tcp://127.0.0.1%s", port);
    } else if (strncmp(bound, "tcp://[::]:", 11) == 0) {
        snprintf(ret_endpoint, size, "tcp://[::1]%s", port);
    } else {
        snprintf(ret_endpoint, size, "%s", bound);
    }
}

/* A client's socket with a key that nobody has seen before. */
static enum ro_status
set_stranger(void *socket, const struct ro_key *server)
{
    struct ro_entropy entropy = ro_entropy_system();
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = ro_keypair_new(&entropy);
    if (pair == NULL)
        return RO_NO_MEMORY;
    static const struct socket_option options[] = {
        {ZMQ_IPV6,          1       },
        {ZMQ_RECONNECT_IVL, -1      },
        {ZMQ_HANDSHAKE_IVL, KNOCK_MS},
        {0,                 0       },
    };
    RO_TRY(socket_set(socket, options, NULL));
    if (zmq_setsockopt(socket, ZMQ_CURVE_SERVERKEY, server->b, RO_KEY_SIZE) ||
        zmq_setsockopt(socket, ZMQ_CURVE_PUBLICKEY, ro_keypair_x25519(pair)->b,
                       RO_KEY_SIZE) ||
        zmq_setsockopt(socket, ZMQ_CURVE_SECRETKEY,
                       ro_keypair_x25519_secret(pair), RO_KEY_SIZE))
        return RO_IO_FAILED;
    return RO_OK;
}

/* Waits for the handshake's end. A connection that just ends says nothing:
 * whether ZAP refused it or nobody was at home. */
static enum selftest_verdict
listen_to(void *monitor, int timeout_ms)
{
    struct ro_clock clock = ro_clock_system();
    int64_t until_ms = ro_clock_mono_ms(&clock) + timeout_ms;
    for (;;) {
        struct socket_event event = {0};
        while (socket_monitor_next(monitor, &event) == RO_OK) {
            if (event.event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED)
                return SELFTEST_ADMITTED;
            if (event.event == ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
                return SELFTEST_REFUSED;
        }
        int64_t left_ms = until_ms - ro_clock_mono_ms(&clock);
        zmq_pollitem_t item = {.socket = monitor, .events = ZMQ_POLLIN};
        if (left_ms <= 0 ||
            (zmq_poll(&item, 1, (long)left_ms) < 0 && errno != EINTR))
            return SELFTEST_UNCLEAR;
    }
}

/* A name that no monitor has had: the last one's may still be in use. */
static void *
monitor(void *context, void *socket)
{
    struct ro_entropy entropy = ro_entropy_system();
    char name[64];
    snprintf(name, sizeof(name), "inproc://selftest.%016" PRIx64,
             ro_entropy_below(&entropy, UINT64_MAX));
    return socket_monitor_new(context, socket, name,
                              ZMQ_EVENT_HANDSHAKE_SUCCEEDED |
                                  ZMQ_EVENT_HANDSHAKE_FAILED_AUTH);
}

enum selftest_verdict
selftest_once(void *context, const struct selftest_door *door, int timeout_ms)
{
    char endpoint[sizeof(door->endpoint) + sizeof("127.0.0.1")];
    reach(door->endpoint, endpoint, sizeof(endpoint));
    RO_CLEANUP(socket_closep) void *socket = socket_new(context, ZMQ_DEALER);
    if (socket == NULL || set_stranger(socket, &door->curve) != RO_OK)
        return SELFTEST_UNCLEAR;
    RO_CLEANUP(socket_closep) void *events = monitor(context, socket);
    if (events == NULL || zmq_connect(socket, endpoint) != 0)
        return SELFTEST_UNCLEAR;
    enum selftest_verdict verdict = listen_to(events, timeout_ms);
    socket_monitor_stop(socket);
    if (verdict == SELFTEST_REFUSED && door->refused != NULL)
        atomic_fetch_add(door->refused, 1);
    return verdict;
}

/* --- the thread ---------------------------------------------------------- */

static void
knock(struct selftest *selftest)
{
    switch (selftest_once(selftest->context, &selftest->door, KNOCK_MS)) {
    case SELFTEST_REFUSED:
        return;
    case SELFTEST_UNCLEAR:
        ro_log(RO_LOG_WARNING, "selftest-unclear door=member");
        return;
    case SELFTEST_ADMITTED:
        ro_log(RO_LOG_ERROR, "selftest-failed door=member "
                             "why=\"it let in a key that nobody knows\"");
        _exit(EX_SOFTWARE);
    }
}

static void *
selftest_main(void *user)
{
    struct selftest *selftest = user;
    struct pollfd stop = {.fd = selftest->stop_fd, .events = POLLIN};
    while (poll(&stop, 1, selftest->door.every_ms) <= 0)
        knock(selftest);
    return NULL;
}

enum ro_status
selftest_start(void *context,
               const struct selftest_door *door,
               struct selftest **ret_selftest)
{
    RO_CLEANUP(selftest_freep)
    struct selftest *selftest = calloc(1, sizeof(*selftest));
    if (selftest == NULL)
        return RO_NO_MEMORY;
    selftest->context = context;
    selftest->door = *door;
    selftest->stop_fd = eventfd(0, EFD_CLOEXEC);
    if (selftest->stop_fd < 0 ||
        pthread_create(&selftest->thread, NULL, selftest_main, selftest) != 0)
        return RO_IO_FAILED;
    selftest->running = true;
    *ret_selftest = RO_STEAL(selftest);
    return RO_OK;
}

void
selftest_free(struct selftest *selftest)
{
    if (selftest == NULL)
        return;
    if (selftest->running) {
        eventfd_write(selftest->stop_fd, 1);
        pthread_join(selftest->thread, NULL);
    }
    if (selftest->stop_fd >= 0)
        close(selftest->stop_fd);
    free(selftest);
}

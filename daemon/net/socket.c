/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/socket.h"

#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#include <zmq.h>

#define EVENT_SIZE 6

void *
socket_new(void *context, int type)
{
    void *socket = zmq_socket(context, type);
    int linger = 0;
    if (socket != NULL)
        zmq_setsockopt(socket, ZMQ_LINGER, &linger, sizeof(linger));
    return socket;
}

void
socket_closep(void **socket)
{
    if (*socket != NULL)
        zmq_close(*socket);
    *socket = NULL;
}

enum ro_status
socket_set(void *socket,
           const struct socket_option *options,
           struct ro_why *why)
{
    for (; options->option != 0; options++) {
        if (zmq_setsockopt(socket, options->option, &options->value,
                           sizeof(options->value)) != 0) {
            return ro_why(why, RO_IO_FAILED, "socket option %d: %s",
                          options->option, zmq_strerror(errno));
        }
    }
    return RO_OK;
}

void *
socket_monitor_new(void *context, void *socket, const char *name, int events)
{
    RO_CLEANUP(socket_closep) void *monitor = socket_new(context, ZMQ_PAIR);
    int unlimited = 0;
    if (monitor == NULL)
        return NULL;
    /* libzmq waits for its reader when the queue is full, and with it would
     * every connection: so the queue has no end */
    if (zmq_setsockopt(monitor, ZMQ_RCVHWM, &unlimited, sizeof(unlimited)) != 0)
        return NULL;
    if (zmq_socket_monitor(socket, name, events) != 0)
        return NULL;
    if (zmq_connect(monitor, name) != 0) {
        socket_monitor_stop(socket);
        return NULL;
    }
    return RO_STEAL(monitor);
}

void
socket_monitor_stop(void *socket)
{
    zmq_socket_monitor(socket, NULL, 0);
}

enum ro_status
socket_monitor_next(void *monitor, struct socket_event *ret_event)
{
    uint8_t event[EVENT_SIZE];
    uint16_t number = 0;
    uint32_t value = 0;
    int n = zmq_recv(monitor, event, sizeof(event), ZMQ_DONTWAIT);
    if (n < 0)
        return errno == EAGAIN || errno == EINTR ? RO_NOT_FOUND : RO_IO_FAILED;
    /* the second part is an address: taken, and not looked at */
    char address[1];
    if (n != EVENT_SIZE || zmq_recv(monitor, address, sizeof(address), 0) < 0)
        return RO_IO_FAILED;
    memcpy(&number, event, sizeof(number));
    memcpy(&value, event + sizeof(number), sizeof(value));
    ret_event->event = number;
    ret_event->value = (int)value;
    return RO_OK;
}

enum ro_status
socket_failed(struct ro_why *why, const char *doing)
{
    int error = errno;
    enum ro_status s = error == EADDRINUSE ? RO_TAKEN : RO_IO_FAILED;
    return ro_why(why, s, "%s: %s", doing, zmq_strerror(error));
}

uint64_t
socket_cookie(int fd)
{
    uint64_t cookie = 0;
    socklen_t size = sizeof(cookie);
    if (getsockopt(fd, SOL_SOCKET, SO_COOKIE, &cookie, &size) != 0)
        return 0;
    return cookie;
}

static const uint8_t v4_in_v6[12] = {0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0xff, 0xff};

static void
take_v4(const struct in_addr *v4, struct session_address *ret_address)
{
    memcpy(ret_address->b, v4_in_v6, sizeof(v4_in_v6));
    memcpy(ret_address->b + sizeof(v4_in_v6), v4, sizeof(*v4));
}

static void
take_v6(const struct in6_addr *v6, struct session_address *ret_address)
{
    memset(ret_address, 0, sizeof(*ret_address));
    bool is_v4 = memcmp(v6, v4_in_v6, sizeof(v4_in_v6)) == 0;
    memcpy(ret_address->b, v6, is_v4 ? 16 : 8);
}

enum ro_status
socket_address_of(int fd, struct session_address *ret_address)
{
    struct sockaddr_storage peer = {0};
    socklen_t size = sizeof(peer);
    if (getpeername(fd, (struct sockaddr *)&peer, &size) != 0)
        return RO_NOT_FOUND;
    struct sockaddr_in v4;
    struct sockaddr_in6 v6;
    if (peer.ss_family == AF_INET) {
        memcpy(&v4, &peer, sizeof(v4));
        take_v4(&v4.sin_addr, ret_address);
        return RO_OK;
    }
    if (peer.ss_family == AF_INET6) {
        memcpy(&v6, &peer, sizeof(v6));
        take_v6(&v6.sin6_addr, ret_address);
        return RO_OK;
    }
    return RO_NOT_FOUND;
}

enum ro_status
socket_address_parse(const char *text, struct session_address *ret_address)
{
    struct in_addr v4;
    struct in6_addr v6;
    char plain[INET6_ADDRSTRLEN];
    size_t length = strcspn(text, "%"); /* a link-local one names its link */
    if (length >= sizeof(plain))
        return RO_BAD_INPUT;
    memcpy(plain, text, length);
    plain[length] = '\0';
    if (inet_pton(AF_INET, plain, &v4) == 1) {
        take_v4(&v4, ret_address);
        return RO_OK;
    }
    if (inet_pton(AF_INET6, plain, &v6) == 1) {
        take_v6(&v6, ret_address);
        return RO_OK;
    }
    return RO_BAD_INPUT;
}

void
socket_cut(int fd, uint64_t cookie)
{
    /* Reset at once, and nothing of it stays in the kernel either. An orderly
     * end within the handshake would look like a broker with another key. The
     * kernel is asked directly: the thread sanitizer takes connect() for the
     * making of a descriptor, and who watches the next one of that number,
     * which libzmq makes unseen, for a race with it. */
    static const struct sockaddr nobody = {.sa_family = AF_UNSPEC};
    if (cookie == 0 || socket_cookie(fd) != cookie)
        return;
    if (syscall(SYS_connect, fd, &nobody, sizeof(nobody)) != 0)
        shutdown(fd, SHUT_RDWR);
}

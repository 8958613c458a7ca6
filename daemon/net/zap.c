/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/zap.h"

#include <errno.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/log.h"
#include "daemon/net/socket.h"

#define ZAP_ENDPOINT "inproc://zeromq.zap.01"
#define ZAP_REQUEST_ID_MAX 255

/* The parts of a request that count; libzmq writes them. */
enum {
    PART_VERSION,
    PART_ID,
    PART_DOMAIN,
    PART_ADDRESS,
    PART_ROUTING,
    PART_MECHANISM,
    PART_KEY,
    PART_COUNT
};

struct zap {
    void *socket;
    int stop_fd;
    pthread_t thread;
    bool running;
    pthread_mutex_t lock;   /* of the list */
    struct ro_key *members; /* sorted */
    size_t n_members;
};

static int
compare_keys(const void *a, const void *b)
{
    return memcmp(a, b, sizeof(struct ro_key));
}

static bool
is_member(struct zap *zap, const struct ro_key *key)
{
    pthread_mutex_lock(&zap->lock);
    bool found = zap->n_members > 0 &&
                 bsearch(key, zap->members, zap->n_members,
                         sizeof(*zap->members), compare_keys) != NULL;
    pthread_mutex_unlock(&zap->lock);
    return found;
}

enum ro_status
zap_set_members(struct zap *zap, const struct ro_key *keys, size_t n_keys)
{
    struct ro_key *list = calloc(n_keys + 1, sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    if (n_keys > 0) {
        memcpy(list, keys, n_keys * sizeof(*list));
        qsort(list, n_keys, sizeof(*list), compare_keys);
    }
    pthread_mutex_lock(&zap->lock);
    struct ro_key *old = zap->members;
    zap->members = list;
    zap->n_members = n_keys;
    pthread_mutex_unlock(&zap->lock);
    free(old);
    return RO_OK;
}

/* --- one request --------------------------------------------------------- */

/* A request as it stands in memory: what is longer than any valid part is
 * cut, and then matches nothing. */
struct zap_request {
    uint8_t parts[PART_COUNT][ZAP_REQUEST_ID_MAX + 1];
    size_t sizes[PART_COUNT];
    size_t n_parts;
};

static bool
part_is(const struct zap_request *request, int part, const char *text)
{
    return request->sizes[part] == strlen(text) &&
           memcmp(request->parts[part], text, strlen(text)) == 0;
}

/* Takes all parts off the socket, keeping as many as there should be. */
static bool
read_request(void *socket, struct zap_request *ret_request)
{
    uint8_t spare[1];
    size_t n = 0;
    int more = 1;
    size_t more_size = sizeof(more);
    for (; more; n++) {
        bool keep = n < PART_COUNT;
        uint8_t *at = keep ? ret_request->parts[n] : spare;
        size_t room = keep ? sizeof(ret_request->parts[n]) : sizeof(spare);
        int size = zmq_recv(socket, at, room, ZMQ_DONTWAIT);
        if (size < 0)
            return false;
        if (keep)
            ret_request->sizes[n] = (size_t)size > room ? room : (size_t)size;
        if (zmq_getsockopt(socket, ZMQ_RCVMORE, &more, &more_size) != 0)
            return false;
    }
    ret_request->n_parts = n;
    return true;
}

static bool
may_enter(struct zap *zap, const struct zap_request *request)
{
    if (request->n_parts != PART_COUNT ||
        !part_is(request, PART_VERSION, "1.0") ||
        !part_is(request, PART_MECHANISM, "CURVE") ||
        request->sizes[PART_KEY] != RO_KEY_SIZE)
        return false;
    if (part_is(request, PART_DOMAIN, ZAP_DOMAIN_OPEN))
        return true;
    struct ro_key key;
    memcpy(key.b, request->parts[PART_KEY], sizeof(key.b));
    return part_is(request, PART_DOMAIN, ZAP_DOMAIN_MEMBER) &&
           is_member(zap, &key);
}

static void
send_part(void *socket, const void *data, size_t size, int more)
{
    /* a reply never waits, and one that cannot leave has no reader */
    if (zmq_send(socket, data, size, ZMQ_DONTWAIT | more) < 0)
        errno = 0;
}

static void
answer(struct zap *zap, const struct zap_request *request)
{
    bool ok = may_enter(zap, request);
    char user[2 * RO_KEY_SIZE + 1] = "";
    if (ok)
        ro_hex(request->parts[PART_KEY], RO_KEY_SIZE, user);
    bool has_id = request->n_parts > PART_ID;
    send_part(zap->socket, "1.0", 3, ZMQ_SNDMORE);
    send_part(zap->socket, request->parts[PART_ID],
              has_id ? request->sizes[PART_ID] : 0, ZMQ_SNDMORE);
    send_part(zap->socket, ok ? "200" : "400", 3, ZMQ_SNDMORE);
    send_part(zap->socket, "", 0, ZMQ_SNDMORE);
    send_part(zap->socket, user, strlen(user), ZMQ_SNDMORE);
    send_part(zap->socket, "", 0, 0);
}

/* --- the thread ---------------------------------------------------------- */

static void
answer_all(struct zap *zap)
{
    struct zap_request request = {0};
    while (read_request(zap->socket, &request)) {
        answer(zap, &request);
        memset(&request, 0, sizeof(request));
    }
}

static void *
zap_main(void *user)
{
    struct zap *zap = user;
    zmq_pollitem_t items[] = {
        {.socket = zap->socket, .events = ZMQ_POLLIN},
        {.fd = zap->stop_fd,    .events = ZMQ_POLLIN},
    };
    while ((items[1].revents & ZMQ_POLLIN) == 0) {
        if (zmq_poll(items, (int)RO_LEN(items), -1) < 0 && errno != EINTR) {
            /* without it nobody new gets in: better to start afresh */
            ro_log(RO_LOG_ERROR, "zap-broken why=\"%s\"", zmq_strerror(errno));
            _exit(EX_SOFTWARE);
        }
        answer_all(zap);
    }
    return NULL;
}

enum ro_status
zap_start(void *context, struct ro_why *why, struct zap **ret_zap)
{
    RO_CLEANUP(zap_freep) struct zap *zap = calloc(1, sizeof(*zap));
    if (zap == NULL)
        return RO_NO_MEMORY;
    pthread_mutex_init(&zap->lock, NULL);
    zap->stop_fd = eventfd(0, EFD_CLOEXEC);
    zap->socket = socket_new(context, ZMQ_REP);
    if (zap->stop_fd < 0 || zap->socket == NULL)
        return socket_failed(why, "ZAP");
    if (zmq_bind(zap->socket, ZAP_ENDPOINT) != 0)
        return socket_failed(why, "ZAP");
    if (pthread_create(&zap->thread, NULL, zap_main, zap) != 0)
        return ro_why(why, RO_IO_FAILED, "ZAP: no thread");
    zap->running = true;
    *ret_zap = RO_STEAL(zap);
    return RO_OK;
}

void
zap_free(struct zap *zap)
{
    if (zap == NULL)
        return;
    if (zap->running) {
        eventfd_write(zap->stop_fd, 1);
        pthread_join(zap->thread, NULL);
    }
    socket_closep(&zap->socket);
    if (zap->stop_fd >= 0)
        close(zap->stop_fd);
    pthread_mutex_destroy(&zap->lock);
    free(zap->members);
    free(zap);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The thread hears of connections from libzmq's monitors, by descriptor. The
 * kernel says how much a connection received, the doors' thread how much of
 * that became frames (guard_book.c). Descriptors are reused, so each goes with
 * its cookie.
 *
 * Everybody is looked at once a second. In between, data that lies unread wakes
 * the thread (epoll), at most every LOOK_MS: a peer that pushes without pause
 * always has some, one that sends a frame now and then is rarely seen so and
 * costs nothing.
 */
#include "daemon/net/guard.h"

#include <errno.h>
#include <linux/tcp.h>
#include <netinet/in.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/log.h"
#include "daemon/net/guard_book.h"
#include "daemon/net/socket.h"

#define LOOK_MS 20
#define SWEEP_MS 1000
#define LOOKS_MAX 256
#define FDS_MAX 1048576

#define FAILURES                                                               \
    (ZMQ_EVENT_HANDSHAKE_FAILED_NO_DETAIL |                                    \
     ZMQ_EVENT_HANDSHAKE_FAILED_PROTOCOL | ZMQ_EVENT_HANDSHAKE_FAILED_AUTH)
#define MONITORED                                                              \
    (ZMQ_EVENT_ACCEPTED | ZMQ_EVENT_DISCONNECTED |                             \
     ZMQ_EVENT_HANDSHAKE_SUCCEEDED | FAILURES)

/* One door: its socket, borrowed, and the monitor on it. */
struct watch {
    enum door door;
    void *socket;
    void *monitor;
    _Atomic uint64_t accepted;
    _Atomic uint64_t admitted;
    _Atomic uint64_t failed;
    _Atomic uint64_t cut;
    _Atomic uint64_t open;
};

/* The doors, and at 0 nothing: enum door counts the timer too. */
#define WATCHES (DOOR_OPEN + 1)

struct guard {
    void *context;
    struct ro_clock clock;
    struct guard_book *book;
    struct watch watches[WATCHES];
    void *gone_out; /* the thread's end */
    void *gone_in;  /* the doors' end */
    int epoll_fd;
    int stop_fd;
    pthread_t thread;
    bool running;
};

/* --- one connection ------------------------------------------------------ */

static void
cut(struct guard *guard, int fd)
{
    const struct guard_peer *peer = guard_book_find(guard->book, fd);
    if (peer == NULL) {
        /* beyond the book: it can only be the one that has just come */
        socket_cut(fd, socket_cookie(fd));
        return;
    }
    socket_cut(fd, peer->cookie);
    atomic_fetch_add(&guard->watches[peer->door].cut, 1);
    guard_book_cut(guard->book, fd);
}

static void
tell_gone(struct guard *guard, const struct guard_gone *gone)
{
    /* the queue has no end: this does not wait */
    if (zmq_send(guard->gone_out, gone, sizeof(*gone), ZMQ_DONTWAIT) < 0)
        ro_log(RO_LOG_ERROR, "guard-lost why=\"%s\"", zmq_strerror(errno));
}

static void
depart(struct guard *guard, int fd)
{
    const struct guard_peer *peer = guard_book_find(guard->book, fd);
    struct guard_gone gone = {
        .door = peer->door, .fd = fd, .cookie = peer->cookie};
    atomic_fetch_sub(&guard->watches[gone.door].open, 1);
    guard_book_remove(guard->book, fd);
    tell_gone(guard, &gone);
}

static void
arrive(struct guard *guard, enum door door, int fd)
{
    struct guard_peer like = {.door = door, .cookie = socket_cookie(fd)};
    if (like.cookie == 0 || socket_address_of(fd, &like.address) != RO_OK)
        return; /* gone already */
    /* the same number at the other door, whose end is not told yet */
    if (guard_book_find(guard->book, fd) != NULL)
        depart(guard, fd);
    int goes =
        guard_book_add(guard->book, fd, &like, ro_clock_mono_ms(&guard->clock));
    if (guard_book_find(guard->book, fd) != NULL)
        atomic_fetch_add(&guard->watches[door].open, 1);
    struct epoll_event event = {.events = EPOLLIN | EPOLLET, .data.fd = fd};
    if (epoll_ctl(guard->epoll_fd, EPOLL_CTL_ADD, fd, &event) != 0 &&
        errno == EEXIST)
        epoll_ctl(guard->epoll_fd, EPOLL_CTL_MOD, fd, &event);
    if (goes >= 0)
        cut(guard, goes);
}

static void
leave(struct guard *guard, enum door door, int fd)
{
    const struct guard_peer *peer = guard_book_find(guard->book, fd);
    struct guard_gone unseen = {.door = door, .fd = fd};
    if (peer == NULL) {
        tell_gone(guard, &unseen);
    } else if (peer->door == door) {
        depart(guard, fd);
    }
}

/* How much the kernel has received on a connection, if it still is there. */
static enum ro_status
received_of(const struct guard_peer *peer, int fd, uint64_t *ret_bytes)
{
    struct tcp_info info = {0};
    socklen_t size = sizeof(info);
    if (socket_cookie(fd) != peer->cookie ||
        getsockopt(fd, IPPROTO_TCP, TCP_INFO, &info, &size) != 0)
        return RO_NOT_FOUND;
    *ret_bytes = info.tcpi_bytes_received;
    return RO_OK;
}

static void
look_at(struct guard *guard, int fd)
{
    const struct guard_peer *peer = guard_book_find(guard->book, fd);
    uint64_t bytes = 0;
    if (peer == NULL || peer->standing != GUARD_WATCHED ||
        received_of(peer, fd, &bytes) != RO_OK)
        return;
    if (guard_book_received(guard->book, fd, bytes))
        cut(guard, fd);
}

/* --- the thread ---------------------------------------------------------- */

static void
hear(struct guard *guard, struct watch *watch)
{
    struct socket_event event;
    while (watch->monitor != NULL &&
           socket_monitor_next(watch->monitor, &event) == RO_OK) {
        if (event.event == ZMQ_EVENT_ACCEPTED) {
            atomic_fetch_add(&watch->accepted, 1);
            arrive(guard, watch->door, event.value);
        } else if (event.event == ZMQ_EVENT_DISCONNECTED) {
            leave(guard, watch->door, event.value);
        } else if (event.event == ZMQ_EVENT_HANDSHAKE_SUCCEEDED) {
            atomic_fetch_add(&watch->admitted, 1);
        } else if ((event.event & FAILURES) != 0) {
            atomic_fetch_add(&watch->failed, 1);
        }
    }
}

/* Everybody whose data lies unread. */
static void
look(struct guard *guard)
{
    struct epoll_event events[LOOKS_MAX];
    int n = 0;
    do {
        n = epoll_wait(guard->epoll_fd, events, LOOKS_MAX, 0);
        for (int i = 0; i < n; i++)
            look_at(guard, events[i].data.fd);
    } while (n == LOOKS_MAX);
}

/* Everybody, and then those who owe a frame for too long. */
static void
sweep(struct guard *guard, int64_t now_ms)
{
    for (int fd = 0; fd < guard_book_reach(guard->book); fd++)
        look_at(guard, fd);
    for (int fd = 0; guard_book_overdue(guard->book, &fd, now_ms); fd++)
        cut(guard, fd);
}

/* When the thread may look again, and sweeps next (monotonic). */
struct round {
    int64_t look_ms;
    int64_t sweep_ms;
};

/* What it woke for. */
enum waking { WAKING_EVENTS, WAKING_DATA, WAKING_STOP };

/* Waits for events, and for data if it is time to look at it. */
static enum waking
wait_for(struct guard *guard, const struct round *round, int64_t now_ms)
{
    bool looking = now_ms >= round->look_ms;
    /* a door that is not watched has no monitor, and -1 is passed over */
    zmq_pollitem_t items[] = {
        {.fd = guard->stop_fd,  .events = ZMQ_POLLIN},
        {                                             .fd = looking ? guard->epoll_fd : -1, .events = ZMQ_POLLIN                    },
        { .socket = guard->watches[DOOR_MEMBER].monitor,
         .fd = -1,
         .events = ZMQ_POLLIN},
        {                        .socket = guard->watches[DOOR_OPEN].monitor,
         .fd = -1,
         .events = ZMQ_POLLIN},
    };
    int64_t until_ms = looking ? round->sweep_ms : round->look_ms;
    int64_t timeout_ms = until_ms > now_ms ? until_ms - now_ms : 0;
    if (guard_book_count(guard->book) == 0)
        timeout_ms = -1;
    if (zmq_poll(items, (int)RO_LEN(items), (long)timeout_ms) < 0 &&
        errno != EINTR) {
        /* nobody would keep watch any more: better to start afresh */
        ro_log(RO_LOG_ERROR, "guard-broken why=\"%s\"", zmq_strerror(errno));
        _exit(EX_SOFTWARE);
    }
    if ((items[0].revents & ZMQ_POLLIN) != 0)
        return WAKING_STOP;
    return (items[1].revents & ZMQ_POLLIN) != 0 ? WAKING_DATA : WAKING_EVENTS;
}

static void *
guard_main(void *user)
{
    struct guard *guard = user;
    struct round round = {0};
    int64_t now_ms = ro_clock_mono_ms(&guard->clock);
    for (;;) {
        enum waking waking = wait_for(guard, &round, now_ms);
        if (waking == WAKING_STOP)
            return NULL;
        hear(guard, &guard->watches[DOOR_MEMBER]);
        hear(guard, &guard->watches[DOOR_OPEN]);
        now_ms = ro_clock_mono_ms(&guard->clock);
        if (waking == WAKING_DATA) {
            look(guard);
            round.look_ms = now_ms + LOOK_MS;
        }
        if (now_ms >= round.sweep_ms) {
            sweep(guard, now_ms);
            round.sweep_ms = now_ms + SWEEP_MS;
        }
    }
}

/* --- from outside -------------------------------------------------------- */

/* Two ends of a queue without an end inside the process. */
static enum ro_status
open_queue(struct guard *guard, struct ro_why *why)
{
    static const struct socket_option unlimited[] = {
        {ZMQ_SNDHWM, 0},
        {ZMQ_RCVHWM, 0},
        {0,          0},
    };
    guard->gone_in = socket_new(guard->context, ZMQ_PAIR);
    guard->gone_out = socket_new(guard->context, ZMQ_PAIR);
    if (guard->gone_in == NULL || guard->gone_out == NULL)
        return socket_failed(why, "guard");
    RO_TRY(socket_set(guard->gone_in, unlimited, why));
    RO_TRY(socket_set(guard->gone_out, unlimited, why));
    if (zmq_bind(guard->gone_in, "inproc://guard.gone") != 0 ||
        zmq_connect(guard->gone_out, "inproc://guard.gone") != 0)
        return socket_failed(why, "guard");
    return RO_OK;
}

static size_t
descriptors(void)
{
    struct rlimit limit = {0};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0 || limit.rlim_cur > FDS_MAX)
        return FDS_MAX;
    return (size_t)limit.rlim_cur;
}

enum ro_status
guard_new(void *context,
          const struct ro_clock *clock,
          const struct guard_limits *limits,
          struct ro_why *why,
          struct guard **ret_guard)
{
    RO_CLEANUP(guard_freep) struct guard *guard = calloc(1, sizeof(*guard));
    if (guard == NULL)
        return RO_NO_MEMORY;
    guard->context = context;
    guard->clock = *clock;
    guard->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
    guard->stop_fd = eventfd(0, EFD_CLOEXEC);
    guard->book = guard_book_new(limits, descriptors());
    if (guard->book == NULL)
        return RO_NO_MEMORY;
    if (guard->epoll_fd < 0 || guard->stop_fd < 0)
        return socket_failed(why, "guard");
    RO_TRY(open_queue(guard, why));
    *ret_guard = RO_STEAL(guard);
    return RO_OK;
}

enum ro_status
guard_watch(struct guard *guard,
            void *socket,
            enum door door,
            struct ro_why *why)
{
    struct watch *watch = &guard->watches[door];
    const char *name =
        door == DOOR_MEMBER ? "inproc://guard.member" : "inproc://guard.open";
    watch->door = door;
    watch->monitor =
        socket_monitor_new(guard->context, socket, name, MONITORED);
    if (watch->monitor == NULL)
        return socket_failed(why, "monitor");
    watch->socket = socket;
    return RO_OK;
}

enum ro_status
guard_run(struct guard *guard, struct ro_why *why)
{
    if (pthread_create(&guard->thread, NULL, guard_main, guard) != 0)
        return ro_why(why, RO_IO_FAILED, "guard: no thread");
    guard->running = true;
    return RO_OK;
}

void
guard_free(struct guard *guard)
{
    if (guard == NULL)
        return;
    if (guard->running) {
        eventfd_write(guard->stop_fd, 1);
        pthread_join(guard->thread, NULL);
    }
    for (size_t i = 0; i < RO_LEN(guard->watches); i++) {
        if (guard->watches[i].socket != NULL)
            socket_monitor_stop(guard->watches[i].socket);
        socket_closep(&guard->watches[i].monitor);
    }
    socket_closep(&guard->gone_out);
    socket_closep(&guard->gone_in);
    if (guard->epoll_fd >= 0)
        close(guard->epoll_fd);
    if (guard->stop_fd >= 0)
        close(guard->stop_fd);
    guard_book_free(guard->book);
    free(guard);
}

void
guard_delivered(struct guard *guard, int fd, size_t size)
{
    guard_book_delivered(guard->book, fd, size);
}

bool
guard_next_gone(struct guard *guard, struct guard_gone *ret_gone)
{
    return zmq_recv(guard->gone_in, ret_gone, sizeof(*ret_gone),
                    ZMQ_DONTWAIT) == (int)sizeof(*ret_gone);
}

void *
guard_socket(struct guard *guard)
{
    return guard->gone_in;
}

void
guard_count(struct guard *guard,
            enum door door,
            struct guard_counters *ret_counters)
{
    struct watch *watch = &guard->watches[door];
    ret_counters->accepted = atomic_load(&watch->accepted);
    ret_counters->admitted = atomic_load(&watch->admitted);
    ret_counters->failed = atomic_load(&watch->failed);
    ret_counters->cut = atomic_load(&watch->cut);
    ret_counters->open = atomic_load(&watch->open);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/serve.h"

#include <errno.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

/* How long a peer may take to ask, and to take something of its answer. */
#define ASK_MS 5000
#define TAKE_MS 10000
/* How often who waits hears that we are there. */
#define HEARD_MS 5000

/* One who asks. */
struct peer {
    enum {
        PEER_FREE,
        PEER_ASKS,
        PEER_WAITS,
        PEER_RUNS, /* its file may be -1: it has gone meanwhile */
        PEER_LEAVES,
    } state;
    int fd;
    uint64_t turn;    /* who was first is next */
    int64_t until_ms; /* ASKS, or something waits in `out`; monotonic */
    int64_t heard_ms; /* when HEARD was last sent */
    struct ro_buf in;
    struct ro_buf out;
    size_t sent; /* of out */
    struct handing_asking asking;
};

struct serve {
    struct place place;
    int fd;
    struct ro_clock clock;
    uint64_t turns;
    struct peer peers[SERVE_PEERS];
};

/* --- peers --------------------------------------------------------------- */

static void
hang_up(struct peer *peer)
{
    if (peer->fd >= 0)
        close(peer->fd);
    peer->fd = -1;
}

static void
drop(struct peer *peer)
{
    hang_up(peer);
    if (peer->state == PEER_RUNS) /* what it asked is still looked at */
        return;
    ro_buf_fini(&peer->in);
    ro_buf_fini(&peer->out);
    *peer = (struct peer){.fd = -1};
}

/* Sends what waits, as far as it goes. */
static void
flush(struct serve *serve, struct peer *peer)
{
    while (peer->fd >= 0 && peer->sent < peer->out.size) {
        ssize_t n =
            send(peer->fd, peer->out.data + peer->sent,
                 peer->out.size - peer->sent, MSG_NOSIGNAL | MSG_DONTWAIT);
        if (n < 0 && (errno == EAGAIN || errno == EINTR))
            return;
        if (n < 0) {
            drop(peer);
            return;
        }
        peer->sent += (size_t)n;
        peer->until_ms = ro_clock_mono_ms(&serve->clock) + TAKE_MS;
    }
    if (peer->fd < 0)
        return;
    ro_buf_clear(&peer->out);
    peer->sent = 0;
    if (peer->state == PEER_LEAVES)
        drop(peer);
}

static void
answer(struct serve *serve,
       struct peer *peer,
       const struct handing_answer *what)
{
    if (peer->out.size == peer->sent)
        peer->until_ms = ro_clock_mono_ms(&serve->clock) + TAKE_MS;
    handing_put_answer(what, &peer->out);
    if (ro_buf_ok(&peer->out) == RO_OK) {
        flush(serve, peer);
    } else {
        drop(peer);
    }
}

static void
refuse(struct serve *serve, struct peer *peer, enum handing_refusal refusal)
{
    const struct handing_answer no = {.what = HANDING_REFUSED,
                                      .refusal = refusal};
    peer->state = PEER_LEAVES;
    answer(serve, peer, &no);
}

static void
tell_heard(struct serve *serve, struct peer *peer)
{
    static const struct handing_answer heard = {.what = HANDING_HEARD};
    peer->heard_ms = ro_clock_mono_ms(&serve->clock);
    answer(serve, peer, &heard);
}

/* --- asking -------------------------------------------------------------- */

/* A whole asking gets its turn. */
static void
take_asking(struct serve *serve, struct peer *peer, size_t size)
{
    if (size != peer->in.size ||
        handing_take_asking(peer->in.data + HANDING_SIZE_SIZE,
                            size - HANDING_SIZE_SIZE, &peer->asking) != RO_OK) {
        refuse(serve, peer, HANDING_UNREAD);
        return;
    }
    peer->state = PEER_WAITS;
    peer->turn = ++serve->turns;
    tell_heard(serve, peer);
}

static void
look_at(struct serve *serve, struct peer *peer)
{
    size_t size = 0;
    if (handing_frame(ro_buf_view(&peer->in), HANDING_ASKING_MAX, &size) !=
        RO_OK) {
        refuse(serve, peer, HANDING_UNREAD);
    } else if (size > 0 && peer->in.size >= size) {
        take_asking(serve, peer, size);
    }
}

/* Who has asked has nothing more to say; its end means that it has gone. */
static void
hear(struct serve *serve, struct peer *peer)
{
    uint8_t piece[16384];
    ssize_t n = recv(peer->fd, piece, sizeof(piece), MSG_DONTWAIT);
    if (n < 0 && (errno == EAGAIN || errno == EINTR))
        return;
    if (n <= 0 || peer->state != PEER_ASKS) {
        drop(peer);
        return;
    }
    ro_buf_put(&peer->in, piece, (size_t)n);
    if (ro_buf_ok(&peer->in) != RO_OK) {
        drop(peer);
        return;
    }
    look_at(serve, peer);
}

/* --- arriving ------------------------------------------------------------ */

static struct peer *
free_peer(struct serve *serve)
{
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        if (serve->peers[i].state == PEER_FREE)
            return &serve->peers[i];
    }
    return NULL;
}

/* Says no to one more than there is room for, and does not wait for him. */
static void
turn_away(int fd)
{
    static const struct handing_answer busy = {.what = HANDING_REFUSED,
                                               .refusal = HANDING_BUSY};
    RO_AUTOBUF out = {0};
    handing_put_answer(&busy, &out);
    if (ro_buf_ok(&out) == RO_OK)
        (void)send(fd, out.data, out.size, MSG_NOSIGNAL | MSG_DONTWAIT);
    close(fd);
}

static void
welcome(struct serve *serve)
{
    int fd = accept4(serve->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
    struct peer *peer = free_peer(serve);
    if (fd < 0)
        return;
    if (!place_is_ours(&serve->place, fd, NULL)) {
        close(fd);
    } else if (peer == NULL) {
        turn_away(fd);
    } else {
        *peer =
            (struct peer){.state = PEER_ASKS,
                          .fd = fd,
                          .until_ms = ro_clock_mono_ms(&serve->clock) + ASK_MS};
    }
}

/* --- time ---------------------------------------------------------------- */

static bool
has_patience(const struct peer *peer)
{
    return peer->state != PEER_ASKS && peer->sent == peer->out.size;
}

static bool
is_told(const struct peer *peer)
{
    return (peer->state == PEER_WAITS || peer->state == PEER_RUNS) &&
           peer->fd >= 0 && peer->sent == peer->out.size;
}

/* When something is due about a peer; negative: nothing is. */
static int64_t
due_at(const struct peer *peer)
{
    if (peer->state == PEER_FREE || peer->fd < 0)
        return -1;
    return is_told(peer)        ? peer->heard_ms + HEARD_MS
           : has_patience(peer) ? -1
                                : peer->until_ms;
}

int
serve_due_ms(const struct serve *serve)
{
    int64_t now_ms = ro_clock_mono_ms(&serve->clock);
    int64_t next_ms = -1;
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        int64_t at_ms = due_at(&serve->peers[i]);
        if (at_ms >= 0 && (next_ms < 0 || at_ms < next_ms))
            next_ms = at_ms;
    }
    if (next_ms < 0)
        return -1;
    return next_ms > now_ms ? (int)(next_ms - now_ms) : 0;
}

static void
keep_time(struct serve *serve, struct peer *peer)
{
    int64_t at_ms = due_at(peer);
    if (at_ms < 0 || at_ms > ro_clock_mono_ms(&serve->clock))
        return;
    if (is_told(peer)) {
        tell_heard(serve, peer);
    } else {
        drop(peer);
    }
}

/* --- from outside -------------------------------------------------------- */

enum ro_status
serve_open(const struct place_where *where,
           const struct ro_clock *clock,
           struct ro_why *why,
           struct serve **ret_serve)
{
    RO_CLEANUP(serve_freep) struct serve *serve = calloc(1, sizeof(*serve));
    if (serve == NULL)
        return RO_NO_MEMORY;
    serve->fd = -1;
    serve->place.dir_fd = -1;
    serve->clock = *clock;
    for (size_t i = 0; i < SERVE_PEERS; i++)
        serve->peers[i].fd = -1;
    RO_TRY(place_open(where, why, &serve->place));
    RO_TRY(place_listen(&serve->place, SERVE_PEERS, why, &serve->fd));
    *ret_serve = RO_STEAL(serve);
    return RO_OK;
}

void
serve_free(struct serve *serve)
{
    if (serve == NULL)
        return;
    if (serve->fd >= 0) {
        place_remove(&serve->place);
        close(serve->fd);
    }
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        struct peer *peer = &serve->peers[i];
        peer->state = PEER_LEAVES;
        drop(peer);
    }
    place_close(&serve->place);
    free(serve);
}

void
serve_fds(const struct serve *serve, struct pollfd fds[static SERVE_FDS])
{
    fds[0] = (struct pollfd){.fd = serve->fd, .events = POLLIN};
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        const struct peer *peer = &serve->peers[i];
        bool has_more = peer->sent < peer->out.size;
        /* who leaves is not listened to */
        int events = (peer->state != PEER_LEAVES ? POLLIN : 0) |
                     (has_more ? POLLOUT : 0);
        fds[i + 1] = (struct pollfd){.fd = peer->fd, .events = (short)events};
    }
}

void
serve_work(struct serve *serve, const struct pollfd fds[static SERVE_FDS])
{
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        struct peer *peer = &serve->peers[i];
        int found = peer->fd == fds[i + 1].fd ? fds[i + 1].revents : 0;
        if (peer->fd >= 0 && (found & POLLOUT) != 0)
            flush(serve, peer);
        if (peer->fd >= 0 && (found & POLLIN) != 0 &&
            peer->state != PEER_LEAVES)
            hear(serve, peer);
        if (peer->fd >= 0 && (found & (POLLERR | POLLHUP)) != 0 &&
            (found & POLLIN) == 0)
            drop(peer);
        keep_time(serve, peer);
    }
    if ((fds[0].revents & POLLIN) != 0)
        welcome(serve);
}

static struct peer *
running(struct serve *serve)
{
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        if (serve->peers[i].state == PEER_RUNS)
            return &serve->peers[i];
    }
    return NULL;
}

static struct peer *
first_waiting(struct serve *serve)
{
    struct peer *first = NULL;
    for (size_t i = 0; i < SERVE_PEERS; i++) {
        struct peer *peer = &serve->peers[i];
        if (peer->state == PEER_WAITS &&
            (first == NULL || peer->turn < first->turn))
            first = peer;
    }
    return first;
}

const struct handing_asking *
serve_next(struct serve *serve)
{
    struct peer *peer = running(serve) == NULL ? first_waiting(serve) : NULL;
    if (peer == NULL)
        return NULL;
    peer->state = PEER_RUNS;
    return &peer->asking;
}

/* The end of the one under way, whose memory is needed no longer. */
static void
forget(struct peer *peer)
{
    peer->state = PEER_LEAVES;
    drop(peer);
}

enum ro_status
serve_begin(struct serve *serve, uint64_t before)
{
    struct peer *peer = running(serve);
    const struct handing_answer begun = {.what = HANDING_BEGUN,
                                         .before = before};
    if (peer == NULL)
        return RO_NOT_FOUND;
    if (peer->fd >= 0)
        answer(serve, peer, &begun);
    /* it must know that its command was begun, or it would begin it again */
    if (peer->fd < 0 || peer->sent < peer->out.size) {
        forget(peer);
        return RO_NOT_FOUND;
    }
    return RO_OK;
}

void
serve_end(struct serve *serve, const struct handing_answer *what)
{
    struct peer *peer = running(serve);
    if (peer == NULL)
        return;
    peer->state = PEER_LEAVES;
    if (peer->fd < 0) {
        drop(peer);
    } else {
        answer(serve, peer, what);
    }
}

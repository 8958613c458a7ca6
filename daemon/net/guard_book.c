/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/guard_book.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

/* So many addresses may share the silent connections before one of them makes
 * room for another. */
#define SHARES 8

struct guard_book {
    struct guard_limits limits;
    size_t n_fds;
    size_t n_used;
    size_t n_watched;
    struct guard_peer *peers;
    _Atomic uint64_t *delivered;
};

struct guard_book *
guard_book_new(const struct guard_limits *limits, size_t n_fds)
{
    RO_CLEANUP(guard_book_freep)
    struct guard_book *book = calloc(1, sizeof(*book));
    if (book == NULL)
        return NULL;
    book->limits = *limits;
    book->n_fds = n_fds;
    book->peers = calloc(n_fds, sizeof(*book->peers));
    book->delivered = calloc(n_fds, sizeof(*book->delivered));
    if (book->peers == NULL || book->delivered == NULL)
        return NULL;
    return RO_STEAL(book);
}

void
guard_book_free(struct guard_book *book)
{
    if (book == NULL)
        return;
    free(book->peers);
    free(book->delivered);
    free(book);
}

static bool
in_book(const struct guard_book *book, int fd)
{
    return fd >= 0 && (size_t)fd < book->n_fds;
}

static uint64_t
delivered_at(const struct guard_book *book, size_t fd)
{
    return atomic_load_explicit(&book->delivered[fd], memory_order_relaxed);
}

static bool
is_silent(const struct guard_book *book, size_t fd)
{
    return delivered_at(book, fd) == book->peers[fd].base;
}

/* What one walk over the watched connections tells about a new one. */
struct company {
    size_t same_address;
    size_t silent;
    size_t silent_same_address;
    int oldest_silent;
    int oldest_same_address; /* of the silent ones */
};

static void
note_silent(const struct guard_book *book,
            size_t fd,
            size_t *count,
            int *oldest)
{
    *count += 1;
    if (*oldest < 0 || book->peers[fd].since_ms < book->peers[*oldest].since_ms)
        *oldest = (int)fd;
}

static struct company
company_of(const struct guard_book *book, const struct guard_peer *like)
{
    struct company company = {.oldest_silent = -1, .oldest_same_address = -1};
    for (size_t fd = 0; fd < book->n_used; fd++) {
        const struct guard_peer *peer = &book->peers[fd];
        if (peer->standing != GUARD_WATCHED)
            continue;
        bool same =
            memcmp(&peer->address, &like->address, sizeof(peer->address)) == 0;
        company.same_address += same ? 1 : 0;
        if (!is_silent(book, fd))
            continue;
        note_silent(book, fd, &company.silent, &company.oldest_silent);
        if (same) {
            note_silent(book, fd, &company.silent_same_address,
                        &company.oldest_same_address);
        }
    }
    return company;
}

/* Who must go for the newcomer: it, somebody else, or nobody (-1). Who has said
 * nothing yet goes before who might be honest, and makes room for its own
 * address first: a flood displaces itself. */
static int
who_goes(const struct guard_book *book, int fd, const struct guard_peer *like)
{
    const struct guard_limits *limits = &book->limits;
    if (book->n_watched >= limits->connections)
        return fd;
    struct company company = company_of(book, like);
    if (limits->per_address != 0 &&
        company.same_address >= limits->per_address) {
        return company.oldest_same_address >= 0 ? company.oldest_same_address
                                                : fd;
    }
    if (company.silent < limits->silent)
        return -1;
    return company.silent_same_address > limits->silent / SHARES
               ? company.oldest_same_address
               : company.oldest_silent;
}

int
guard_book_add(struct guard_book *book,
               int fd,
               const struct guard_peer *like,
               int64_t now_ms)
{
    if (!in_book(book, fd))
        return fd;
    assert(book->peers[fd].standing == GUARD_NOBODY);
    int goes = who_goes(book, fd, like);
    struct guard_peer *peer = &book->peers[fd];
    peer->standing = GUARD_WATCHED;
    peer->door = like->door;
    peer->cookie = like->cookie;
    peer->address = like->address;
    peer->since_ms = now_ms;
    peer->settled_ms = now_ms;
    peer->forgiven_ms = now_ms;
    peer->forgiven = 0;
    peer->received = 0;
    peer->delivered = peer->base;
    book->n_watched++;
    if ((size_t)fd >= book->n_used)
        book->n_used = (size_t)fd + 1;
    return goes;
}

const struct guard_peer *
guard_book_find(const struct guard_book *book, int fd)
{
    if (!in_book(book, fd) || book->peers[fd].standing == GUARD_NOBODY)
        return NULL;
    return &book->peers[fd];
}

void
guard_book_cut(struct guard_book *book, int fd)
{
    if (!in_book(book, fd) || book->peers[fd].standing != GUARD_WATCHED)
        return;
    book->peers[fd].standing = GUARD_CUT;
    book->n_watched--;
}

void
guard_book_remove(struct guard_book *book, int fd)
{
    if (!in_book(book, fd))
        return;
    guard_book_cut(book, fd);
    book->peers[fd].standing = GUARD_NOBODY;
    /* its last frames may still be under way and will then count for the next
     * user of this descriptor: a few frames too kind, never too strict */
    book->peers[fd].base = delivered_at(book, (size_t)fd);
}

void
guard_book_delivered(struct guard_book *book, int fd, size_t size)
{
    if (in_book(book, fd)) {
        atomic_fetch_add_explicit(&book->delivered[fd],
                                  size + GUARD_FRAME_OVERHEAD,
                                  memory_order_relaxed);
    }
}

/* What was pushed and did not become frames, nor was forgiven. */
static uint64_t
undelivered(const struct guard_book *book, size_t fd)
{
    const struct guard_peer *peer = &book->peers[fd];
    uint64_t settled = delivered_at(book, fd) - peer->base + peer->forgiven;
    return peer->received > settled ? peer->received - settled : 0;
}

static void
forgive(struct guard_book *book, size_t fd, int64_t now_ms)
{
    struct guard_peer *peer = &book->peers[fd];
    int64_t seconds = (now_ms - peer->forgiven_ms) / 1000;
    if (seconds <= 0)
        return;
    uint64_t owed = undelivered(book, fd);
    uint64_t most = (uint64_t)seconds * GUARD_FORGIVEN_PER_S;
    peer->forgiven += owed < most ? owed : most;
    peer->forgiven_ms += seconds * 1000;
}

bool
guard_book_received(struct guard_book *book, int fd, uint64_t bytes)
{
    if (!in_book(book, fd) || book->peers[fd].standing != GUARD_WATCHED)
        return false;
    book->peers[fd].received = bytes;
    return undelivered(book, (size_t)fd) > book->limits.undelivered;
}

static bool
owes(const struct guard_book *book, size_t fd)
{
    return is_silent(book, fd) || undelivered(book, fd) > GUARD_SLACK;
}

static bool
is_overdue(struct guard_book *book, size_t fd, int64_t now_ms)
{
    struct guard_peer *peer = &book->peers[fd];
    if (peer->standing != GUARD_WATCHED)
        return false;
    forgive(book, fd, now_ms);
    uint64_t delivered = delivered_at(book, fd);
    if (delivered != peer->delivered || !owes(book, fd)) {
        peer->delivered = delivered;
        peer->settled_ms = now_ms;
    }
    int64_t patience_ms = is_silent(book, fd) ? book->limits.silence_ms
                                              : book->limits.patience_ms;
    return now_ms - peer->settled_ms >= patience_ms;
}

bool
guard_book_overdue(struct guard_book *book, int *fd, int64_t now_ms)
{
    for (size_t i = (size_t)*fd; i < book->n_used; i++) {
        if (is_overdue(book, i, now_ms)) {
            *fd = (int)i;
            return true;
        }
    }
    return false;
}

int
guard_book_reach(const struct guard_book *book)
{
    return (int)book->n_used;
}

size_t
guard_book_count(const struct guard_book *book)
{
    return book->n_watched;
}

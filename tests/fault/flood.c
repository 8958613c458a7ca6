/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A flood against a broker on loopback:
 *
 *     flood KIND BROKER.PUB COUNT RATE FIRST SOURCES
 *
 * keeps COUNT connections and opens at most RATE a second, again and again as
 * the broker cuts them, from SOURCES addresses from 127.0.0.FIRST on, to both
 * doors in turn. KIND says what each of them does:
 *
 *     silent   nothing at all
 *     half     begins to shake hands and stops there
 *     shake    shakes hands, leaves, and comes back
 *     stay     shakes hands and then says nothing
 *     big      pushes frames of 96 KiB and a byte
 *     begun    begins a frame of 96 KiB and does not finish it, before any
 *              handshake
 *     more     pushes parts of one message that never ends
 *
 * Says "full" once it has COUNT at a time (or has tried each once), goes on
 * until its stdin is closed, then prints one JSON line of what it did.
 */
#include <errno.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "common/base/arena.h"
#include "common/base/auto.h"
#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/crypto/hash.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "tests/unit/net/raw_peer.h"

#include "directory.pb-c.h"

#define LOOPBACK 0x7f000000u
#define THREADS 16
#define CALL_MS 2000
#define ROUND_MS 10
#define PART ((size_t)90 * 1024)
#define TOO_BIG (RO_FRAME_LIMIT + 1)

enum kind {
    KIND_SILENT,
    KIND_HALF,
    KIND_SHAKE,
    KIND_STAY,
    KIND_BIG,
    KIND_BEGUN,
    KIND_MORE,
    KIND_COUNT
};
static const char *const names[KIND_COUNT] = {
    "silent", "half", "shake", "stay", "big", "begun", "more"};

/* What all threads share. */
struct flood {
    enum kind kind;
    char endpoints[2][64];
    struct ro_key server;
    size_t count;
    size_t rate;
    uint32_t first;
    size_t sources;
    struct ro_clock clock;
    int64_t began_ms;
    atomic_bool over;
    _Atomic uint64_t tried;
    _Atomic uint64_t refused; /* at connect */
    _Atomic uint64_t shaken;
    _Atomic uint64_t unshaken; /* ended within the handshake */
    _Atomic uint64_t cut;      /* by the broker, later */
    _Atomic uint64_t pushed;   /* bytes */
    _Atomic uint64_t here;
    _Atomic uint64_t most;
};

/* One thread's share. */
struct share {
    struct flood *flood;
    size_t number;
    struct pollfd *polls; /* fd -1: not there */
    struct raw_peer *peers;
    size_t count;
    size_t opened;
    pthread_t thread;
};

static void
count_one(_Atomic uint64_t *counter, uint64_t n)
{
    atomic_fetch_add(counter, n);
}

/* --- one connection ------------------------------------------------------ */

static bool
shake(struct flood *flood, struct raw_peer *peer)
{
    struct ro_entropy entropy = ro_entropy_system();
    struct ro_keypair *pair = ro_keypair_new(&entropy);
    bool done = pair != NULL && raw_shake_hands(peer, pair, &flood->server);
    ro_keypair_free(pair);
    count_one(done ? &flood->shaken : &flood->unshaken, 1);
    return done;
}

/* Pushes until the broker has had enough; false then. */
static bool
push(struct flood *flood,
     struct raw_peer *peer,
     enum raw_flags flags,
     size_t size)
{
    static const uint8_t zeros[TOO_BIG];
    while (!atomic_load(&flood->over)) {
        if (!raw_send(peer, flags, zeros, size))
            return false;
        count_one(&flood->pushed, size);
    }
    return true;
}

/* The head of a frame of the most that is allowed, and nearly all of it: the
 * broker cannot know yet that it does not belong there. */
static bool
begin_frame(struct flood *flood, struct raw_peer *peer)
{
    return raw_begin_hands(peer, &flood->server) &&
           raw_send_part(peer, (const uint8_t[PART]){0}, PART, PART);
}

/* Whether the connection is to be kept. */
static bool
behave(struct flood *flood, struct raw_peer *peer)
{
    switch (flood->kind) {
    case KIND_SILENT:
        return true;
    case KIND_HALF:
        return raw_begin_hands(peer, &flood->server);
    case KIND_BEGUN:
        return begin_frame(flood, peer);
    case KIND_SHAKE:
        shake(flood, peer);
        return false;
    case KIND_STAY:
        return shake(flood, peer);
    case KIND_BIG:
        return shake(flood, peer) && push(flood, peer, RAW_LAST, TOO_BIG);
    case KIND_MORE:
        return shake(flood, peer) && push(flood, peer, RAW_MORE, PART);
    case KIND_COUNT:
        break;
    }
    return false;
}

/* --- a thread ------------------------------------------------------------ */

static void
came(struct flood *flood)
{
    uint64_t here = atomic_fetch_add(&flood->here, 1) + 1;
    uint64_t most = atomic_load(&flood->most);
    while (here > most &&
           !atomic_compare_exchange_weak(&flood->most, &most, here))
        ;
}

static void
open_at(struct share *share, size_t i)
{
    struct flood *flood = share->flood;
    uint64_t n = atomic_fetch_add(&flood->tried, 1);
    uint32_t source =
        LOOPBACK + flood->first + (uint32_t)(n / 2 % flood->sources);
    struct raw_peer *peer = &share->peers[i];
    if (!raw_connect_from(peer, flood->endpoints[n % 2], source, CALL_MS)) {
        count_one(&flood->refused, 1);
        return;
    }
    if (behave(flood, peer)) {
        share->polls[i].fd = peer->fd;
        came(flood);
        return;
    }
    if (flood->kind != KIND_SHAKE)
        count_one(&flood->cut, 1);
    raw_close(peer);
}

/* Forgets those that the broker has ended. */
static void
let_go(struct share *share)
{
    uint8_t spare[512];
    for (size_t i = 0; i < share->count; i++) {
        struct pollfd *at = &share->polls[i];
        if (at->fd < 0 || at->revents == 0 ||
            recv(at->fd, spare, sizeof(spare), MSG_DONTWAIT) > 0)
            continue;
        close(at->fd);
        at->fd = -1;
        count_one(&share->flood->cut, 1);
        atomic_fetch_sub(&share->flood->here, 1);
    }
}

/* How many connections this thread may have opened by now. */
static size_t
may_open(const struct share *share)
{
    struct flood *flood = share->flood;
    int64_t ms = ro_clock_mono_ms(&flood->clock) - flood->began_ms;
    return flood->rate * (size_t)ms / 1000 / THREADS;
}

static void *
run(void *user)
{
    struct share *share = user;
    while (!atomic_load(&share->flood->over)) {
        poll(share->polls, share->count, ROUND_MS);
        let_go(share);
        for (size_t i = 0;
             i < share->count && share->opened < may_open(share) &&
             !atomic_load(&share->flood->over);
             i++) {
            if (share->polls[i].fd >= 0)
                continue;
            open_at(share, i);
            share->opened++;
        }
    }
    return NULL;
}

/* --- all of it ----------------------------------------------------------- */

static void *
must_have(void *p)
{
    if (p != NULL)
        return p;
    fprintf(stderr, "no memory\n");
    exit(1);
}

static void
start(struct flood *flood, struct share shares[static THREADS])
{
    flood->began_ms = ro_clock_mono_ms(&flood->clock);
    for (size_t t = 0; t < THREADS; t++) {
        struct share *share = &shares[t];
        size_t more = t < flood->count % THREADS ? 1 : 0;
        *share = (struct share){.flood = flood, .number = t};
        share->count = flood->count / THREADS + more;
        share->polls =
            must_have(calloc(share->count + 1, sizeof(*share->polls)));
        share->peers =
            must_have(calloc(share->count + 1, sizeof(*share->peers)));
        for (size_t i = 0; i < share->count; i++)
            share->polls[i] = (struct pollfd){.fd = -1, .events = POLLIN};
        if (pthread_create(&share->thread, NULL, run, share) != 0)
            must_have(NULL);
    }
}

static void
end(struct flood *flood, struct share shares[static THREADS])
{
    atomic_store(&flood->over, true);
    for (size_t t = 0; t < THREADS; t++) {
        struct share *share = &shares[t];
        pthread_join(share->thread, NULL);
        for (size_t i = 0; i < share->count; i++) {
            if (share->polls[i].fd >= 0)
                close(share->polls[i].fd);
        }
        free(share->polls);
        free(share->peers);
    }
}

static bool
is_full(struct flood *flood)
{
    return atomic_load(&flood->most) >= flood->count ||
           atomic_load(&flood->tried) >= flood->count;
}

/* Waits until stdin is closed, and says when there are enough. */
static void
last(struct flood *flood)
{
    struct pollfd in = {.fd = STDIN_FILENO, .events = POLLIN};
    bool told = false;
    while (poll(&in, 1, ROUND_MS) == 0) {
        if (told || !is_full(flood))
            continue;
        told = true;
        printf("full\n");
        fflush(stdout);
    }
}

static int
read_broker(struct flood *flood, const char *path)
{
    RO_AUTOBUF bytes = {0};
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    ProtobufCMessage *message = NULL;
    if (ro_armour_read(path, "broker-public", NULL, &bytes) != RO_OK ||
        ro_unpack(&reachout__broker_public__descriptor, ro_buf_view(&bytes),
                  must_have(arena), &message) != RO_OK)
        return -1;
    const Reachout__Broker *broker =
        ((const Reachout__BrokerPublic *)message)->broker;
    memcpy(flood->server.b, broker->curve_key.data, sizeof(flood->server.b));
    snprintf(flood->endpoints[0], sizeof(flood->endpoints[0]), "%s",
             broker->open_endpoint);
    snprintf(flood->endpoints[1], sizeof(flood->endpoints[1]), "%s",
             broker->member_endpoint);
    return 0;
}

/* Nobody but members gets past the handshake at the member door. */
static void
choose_doors(struct flood *flood)
{
    if (flood->kind == KIND_SHAKE || flood->kind == KIND_STAY ||
        flood->kind == KIND_BIG || flood->kind == KIND_MORE)
        memcpy(flood->endpoints[1], flood->endpoints[0],
               sizeof(flood->endpoints[1]));
}

static size_t
number(const char *text)
{
    return strtoul(text, NULL, 10);
}

static void
tell(struct flood *flood)
{
    int64_t ms = ro_clock_mono_ms(&flood->clock) - flood->began_ms;
    printf("{\"kind\": \"%s\", \"ms\": %jd, \"most\": %ju, \"tried\": %ju, "
           "\"refused\": %ju, \"shaken\": %ju, \"unshaken\": %ju, "
           "\"cut\": %ju, \"pushed\": %ju}\n",
           names[flood->kind], (intmax_t)ms, (uintmax_t)flood->most,
           (uintmax_t)flood->tried, (uintmax_t)flood->refused,
           (uintmax_t)flood->shaken, (uintmax_t)flood->unshaken,
           (uintmax_t)flood->cut, (uintmax_t)flood->pushed);
}

int
main(int argc, char *argv[])
{
    static struct flood flood;
    static struct share shares[THREADS];
    if (argc != 7 || ro_crypto_init() != RO_OK) {
        fprintf(stderr, "usage: flood KIND BROKER.PUB COUNT RATE FIRST "
                        "SOURCES\n");
        return 64;
    }
    while (flood.kind < KIND_COUNT && strcmp(names[flood.kind], argv[1]) != 0)
        flood.kind++;
    if (flood.kind == KIND_COUNT || read_broker(&flood, argv[2]) != 0)
        return 64;
    choose_doors(&flood);
    flood.count = number(argv[3]);
    flood.rate = number(argv[4]);
    flood.first = (uint32_t)number(argv[5]);
    flood.sources = number(argv[6]);
    flood.clock = ro_clock_system();
    start(&flood, shares);
    last(&flood);
    end(&flood, shares);
    tell(&flood);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/edge.h"

#include <errno.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include <zmq.h>

#include "common/base/log.h"
#include "daemon/net/egress.h"
#include "daemon/net/selftest.h"
#include "daemon/net/socket.h"
#include "daemon/net/zap.h"

/* How the guard is set; guard.h says what each means. An honest peer has at
 * most a full queue and the kernel's buffer under way, below 3 MiB. */
#define SILENT_MAX 512
#define UNDELIVERED_MAX ((uint64_t)4 << 20)
#define PATIENCE_MS INT64_C(60000)

#define SELFTEST_MS 5000
#define SELFTEST_TRIES 3
#define SELFTEST_EVERY_MS (60 * 1000)

struct edge {
    void *context;
    struct zap *zap;
    struct guard *guard;
    struct doorway *doors[EGRESS_DOORS];
    struct selftest *selftest;
    _Atomic uint64_t own_failures; /* of the self-test, at the member door */
    struct ro_clock clock;
    uint64_t members_version;
};

/* --- opening ------------------------------------------------------------- */

static enum ro_status
tell_members(struct edge *edge, const struct broker *broker)
{
    struct ro_key *keys = NULL;
    size_t n = 0;
    while (broker_nth_member_key(broker, n) != NULL)
        n++;
    keys = calloc(n + 1, sizeof(*keys));
    if (keys == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < n; i++)
        keys[i] = *broker_nth_member_key(broker, i);
    enum ro_status s = zap_set_members(edge->zap, keys, n);
    free(keys);
    if (s == RO_OK)
        edge->members_version = broker_members_version(broker);
    return s;
}

static enum ro_status
make_door(struct edge *edge,
          const struct edge_setup *setup,
          enum door door,
          struct ro_why *why)
{
    struct door_setup door_setup = {
        .context = edge->context,
        .door = door,
        .endpoint =
            door == DOOR_MEMBER ? setup->member_endpoint : setup->open_endpoint,
        .curve_secret = ro_keypair_x25519_secret(setup->curve),
        .limits = &setup->door,
        .guard = edge->guard,
    };
    return door_new(&door_setup, why, &edge->doors[door]);
}

static enum ro_status
make_guard(struct edge *edge,
           const struct edge_setup *setup,
           struct ro_why *why)
{
    struct guard_limits limits = {
        .connections = setup->connections,
        .per_address = setup->per_address,
        .silent = SILENT_MAX,
        .undelivered = UNDELIVERED_MAX,
        .silence_ms = SESSION_HELLO_MS,
        .patience_ms = PATIENCE_MS,
    };
    return guard_new(edge->context, &setup->clock, &limits, why, &edge->guard);
}

/* The member door must refuse a stranger, and say so: that shows that ZAP is
 * alive and that its word counts. */
static enum ro_status
try_members(struct edge *edge,
            const struct edge_setup *setup,
            struct ro_why *why)
{
    struct selftest_door door = {
        .curve = *ro_keypair_x25519(setup->curve),
        .every_ms = SELFTEST_EVERY_MS,
        .refused = &edge->own_failures,
    };
    const char *endpoint = door_endpoint(edge->doors[DOOR_MEMBER]);
    memcpy(door.endpoint, endpoint, strlen(endpoint) + 1);
    enum selftest_verdict verdict = SELFTEST_UNCLEAR;
    for (int i = 0; i < SELFTEST_TRIES && verdict == SELFTEST_UNCLEAR; i++)
        verdict = selftest_once(edge->context, &door, SELFTEST_MS);
    if (verdict != SELFTEST_REFUSED) {
        return ro_why(why, RO_NOT_ALLOWED,
                      "%s: the member door did not refuse a key that nobody "
                      "knows",
                      endpoint);
    }
    return selftest_start(edge->context, &door, &edge->selftest);
}

static enum ro_status
open_all(struct edge *edge,
         const struct edge_setup *setup,
         const struct broker *broker,
         struct ro_why *why)
{
    zmq_ctx_set(edge->context, ZMQ_IO_THREADS, setup->io_threads);
    RO_TRY(zap_start(edge->context, why, &edge->zap));
    RO_TRY(tell_members(edge, broker));
    RO_TRY(make_guard(edge, setup, why));
    RO_TRY(make_door(edge, setup, DOOR_MEMBER, why));
    RO_TRY(make_door(edge, setup, DOOR_OPEN, why));
    RO_TRY(guard_run(edge->guard, why));
    RO_TRY(door_open(edge->doors[DOOR_MEMBER], why));
    RO_TRY(door_open(edge->doors[DOOR_OPEN], why));
    return try_members(edge, setup, why);
}

enum ro_status
edge_open(const struct edge_setup *setup,
          const struct broker *broker,
          struct ro_why *why,
          struct edge **ret_edge)
{
    RO_CLEANUP(edge_freep) struct edge *edge = calloc(1, sizeof(*edge));
    if (edge == NULL)
        return ro_why(why, RO_NO_MEMORY, "no memory");
    edge->clock = setup->clock;
    edge->context = zmq_ctx_new();
    if (edge->context == NULL)
        return socket_failed(why, "ZeroMQ");
    RO_TRY(open_all(edge, setup, broker, why));
    *ret_edge = RO_STEAL(edge);
    return RO_OK;
}

void
edge_free(struct edge *edge)
{
    if (edge == NULL)
        return;
    selftest_free(edge->selftest);
    guard_free(edge->guard);
    for (size_t i = 0; i < RO_LEN(edge->doors); i++)
        door_free(edge->doors[i]);
    zap_free(edge->zap);
    if (edge->context != NULL)
        zmq_ctx_term(edge->context);
    free(edge);
}

const char *
edge_endpoint(const struct edge *edge, enum door door)
{
    return door_endpoint(edge->doors[door]);
}

void
edge_shut(struct edge *edge, int linger_ms)
{
    for (enum door door = DOOR_MEMBER; door <= DOOR_OPEN; door++) {
        door_shut(edge->doors[door]);
        door_linger(edge->doors[door], linger_ms);
    }
}

void
edge_count(struct edge *edge,
           enum door door,
           struct guard_counters *ret_counters)
{
    guard_count(edge->guard, door, ret_counters);
    if (door != DOOR_MEMBER)
        return;
    uint64_t own = atomic_load(&edge->own_failures);
    ret_counters->accepted -=
        own < ret_counters->accepted ? own : ret_counters->accepted;
    ret_counters->failed -=
        own < ret_counters->failed ? own : ret_counters->failed;
}

/* --- the turn ------------------------------------------------------------ */

/* Cuts those who have had time to read their last answer; in how long the next
 * one has. */
static int64_t
cut_parting(struct edge *edge)
{
    int64_t next_ms = INT64_MAX;
    int64_t now_ms = ro_clock_mono_ms(&edge->clock);
    for (enum door door = DOOR_MEMBER; door <= DOOR_OPEN; door++) {
        int64_t due_ms = door_cut_parting(edge->doors[door], now_ms);
        if (due_ms < next_ms)
            next_ms = due_ms;
    }
    return next_ms == INT64_MAX ? INT64_MAX : next_ms - now_ms;
}

enum ro_status
edge_wait(struct edge *edge,
          int fd,
          int64_t timeout_ms,
          enum edge_ready *ret_fd_ready)
{
    zmq_pollitem_t items[] = {
        {.fd = fd,                                        .events = ZMQ_POLLIN},
        {.socket = guard_socket(edge->guard),             .events = ZMQ_POLLIN},
        {.socket = door_socket(edge->doors[DOOR_MEMBER]), .events = ZMQ_POLLIN},
        {.socket = door_socket(edge->doors[DOOR_OPEN]),   .events = ZMQ_POLLIN},
    };
    int64_t parting_ms = cut_parting(edge);
    if (parting_ms < timeout_ms)
        timeout_ms = parting_ms;
    long timeout = timeout_ms > INT_MAX ? INT_MAX : (long)timeout_ms;
    if (zmq_poll(items, (int)RO_LEN(items), timeout) < 0 && errno != EINTR)
        return RO_IO_FAILED;
    *ret_fd_ready =
        (items[0].revents & ZMQ_POLLIN) != 0 ? EDGE_READY : EDGE_QUIET;
    return RO_OK;
}

/* Sessions whose peers are cut or gone. */
static void
close_ended(struct edge *edge, struct broker *broker)
{
    struct session_id session;
    for (enum door door = DOOR_MEMBER; door <= DOOR_OPEN; door++) {
        while (door_next_ended(edge->doors[door], &session))
            broker_session_close(broker, session);
    }
}

static void
hear_of_gone(struct edge *edge)
{
    struct guard_gone gone;
    while (guard_next_gone(edge->guard, &gone))
        door_gone(edge->doors[gone.door], &gone);
}

/* Opens a session at a peer's first frame. */
static enum ro_status
welcome(struct edge *edge,
        struct broker *broker,
        enum door door,
        struct door_frame *frame)
{
    if (frame->session.slot != 0 || frame->session.generation != 0)
        return RO_OK;
    RO_TRY(broker_session_open(broker, door, &frame->curve, &frame->session));
    broker_session_is_at(broker, frame->session, &frame->address);
    enum ro_status s =
        door_bind(edge->doors[door], frame->peer, frame->session);
    if (s != RO_OK)
        broker_session_close(broker, frame->session);
    return s;
}

/* Takes one message from a door: RO_NOT_FOUND when there was none. */
static enum ro_status
take_one(struct edge *edge, struct broker *broker, enum door door)
{
    struct door_frame frame;
    RO_TRY(door_take(edge->doors[door], &frame));
    enum ro_status s = welcome(edge, broker, door, &frame);
    if (s == RO_OK) {
        broker_take(broker, frame.session, frame.bytes);
    } else {
        door_cut(edge->doors[door], frame.peer);
    }
    return s;
}

size_t
edge_take(struct edge *edge, struct broker *broker, size_t max)
{
    hear_of_gone(edge);
    close_ended(edge, broker);
    size_t n = 0;
    size_t quiet = 0;
    for (enum door door = DOOR_MEMBER; n < max && quiet < 2;
         door = door == DOOR_MEMBER ? DOOR_OPEN : DOOR_MEMBER) {
        if (take_one(edge, broker, door) == RO_NOT_FOUND) {
            quiet++;
            continue;
        }
        quiet = 0;
        n++;
    }
    close_ended(edge, broker);
    return n;
}

/* Cuts who may not be at the member door any more. */
static void
cut_strangers(struct edge *edge, const struct broker *broker)
{
    struct doorway *door = edge->doors[DOOR_MEMBER];
    struct door_frame who;
    for (int peer = 0; door_each(door, &peer, &who); peer++) {
        if (!broker_knows(broker, &who.curve))
            door_cut(door, peer);
    }
}

void
edge_flush(struct edge *edge, struct broker *broker)
{
    (void)cut_parting(edge);
    egress_flush(broker, edge->doors, ro_clock_mono_ms(&edge->clock));
    if (broker_members_version(broker) == edge->members_version)
        return;
    if (tell_members(edge, broker) != RO_OK) {
        /* the next turn tries again; who is new waits as long */
        ro_log(RO_LOG_ERROR, "zap-members why=\"no memory\"");
        return;
    }
    cut_strangers(edge, broker);
}

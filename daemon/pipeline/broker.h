/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The broker's core: bytes in, bytes out, no socket. One turn is
 *
 *     broker_turn_begin(b);
 *     broker_take(b, session, frame);      as often as there are frames
 *     s = broker_turn_end(b);              commit; only then is there anything
 *     while (broker_send_next(b, &send))   to send
 *         ...
 *     while (broker_gone_next(b, &id))     whose connections are over
 *         ...
 *
 * Sockets (daemon/net), unit tests, scenarios, fuzzers and benchmarks drive
 * these same functions. docs/ARCHITECTURE.md follows one frame through them.
 */
#ifndef DAEMON_PIPELINE_BROKER_H
#define DAEMON_PIPELINE_BROKER_H

#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/crypto/sign.h"
#include "common/wire/directory.h"
#include "daemon/session/session.h"
#include "daemon/store/store.h"

struct broker;

/* The limits of reachoutd.conf that the core keeps. */
struct broker_limits {
    size_t sessions;            /* at most so many peers */
    uint32_t open_envelopes;    /* an open connection's credit ... */
    uint64_t open_bytes;        /* ... each hour */
    uint32_t address_envelopes; /* of all open connections of one address ... */
    uint64_t address_bytes;     /* ... each hour; 0: no such limit */
    uint32_t mailbox_envelopes; /* at most so many wait in one mailbox */
    uint32_t window;            /* unacknowledged envelopes a mailbox */
    uint32_t turn_timers;       /* timer requests a turn */
    int64_t session_idle_ms;
};

/* At the start nothing shows whether the wall clock is right but the newest
 * checkpoint. A clock that is more than a week after it is doubted: nothing
 * expires and no checkpoint is made, until an operator who has looked at the
 * clock starts the broker with it accepted. */
enum broker_clock { BROKER_CLOCK_DOUBTED, BROKER_CLOCK_ACCEPTED };

/* Keys of the open door, as in door.key: the newest, and the one before it. */
struct broker_door {
    uint8_t psk[32];
    uint32_t generation;
    uint8_t previous_psk[32];
    uint32_t previous_generation; /* 0: there is none */
};

/* What the broker is and knows, given once. Keys are copied. */
struct broker_setup {
    struct ro_clock clock;
    struct ro_entropy entropy;
    struct store *store; /* borrowed; outlives the broker */
    struct broker_limits limits;
    struct ro_root root;              /* of authority.pub */
    struct ro_key curve;              /* public CURVE key of both doors */
    const struct ro_keypair *signing; /* borrowed; checkpoints */
    enum broker_clock clock_trust;
    struct broker_door door; /* the caller wipes it */
};

/* Days for which the previous key is good once the charter names the new one:
 * everybody has synced by then. */
#define BROKER_PREVIOUS_DAYS 14

/* Reads the directory and the notices from the store. RO_STORE_BROKEN when
 * the store's log does not verify, with `why`. */
RO_MUST_USE enum ro_status broker_new(const struct broker_setup *setup,
                                      struct ro_why *why,
                                      struct broker **ret_broker);

/* Puts other keys in place of those of the open door; who is connected stays.
 * The caller wipes `door`. RO_NO_MEMORY: as it was before. */
RO_MUST_USE enum ro_status broker_rekey(struct broker *broker,
                                        const struct broker_door *door);

/* Whether the wall clock is doubted, see enum broker_clock. */
bool broker_doubts_clock(const struct broker *broker);

/* Releases it; accepts NULL. Asserts that all accounts are back at zero. */
void broker_free(struct broker *broker);
RO_DEFINE_AUTO(broker, broker_free)

/* A peer has come: its door and the CURVE key that ZAP saw. At the member
 * door the key must be a live seat's. RO_NOT_ALLOWED, RO_NO_ROOM. */
RO_MUST_USE enum ro_status broker_session_open(struct broker *broker,
                                               enum door door,
                                               const struct ro_key *curve,
                                               struct session_id *ret_id);

/* Where the peer of a session is, if the caller knows: those of one address
 * share a credit. */
void broker_session_is_at(struct broker *broker,
                          struct session_id id,
                          const struct session_address *address);

/* A peer is gone; takes effect at the end of the turn. */
void broker_session_close(struct broker *broker, struct session_id id);

/* Reads both clocks once and begins the store's transaction. Anything but
 * RO_OK: end the process. */
RO_MUST_USE enum ro_status broker_turn_begin(struct broker *broker);

/* Runs one frame through the six stages. What there is to say is kept for
 * after the commit. The frame's bytes are not kept. A session that is gone is
 * normal: nothing happens. */
void
broker_take(struct broker *broker, struct session_id id, struct ro_bytes frame);

/* Runs what the clock asks for (expiry, checkpoint), commits, and prepares the
 * pushes. RO_OK also when there was no room (then every frame of the turn is
 * answered so). RO_STORE_BROKEN: say nothing, end the process, exit 70. */
RO_MUST_USE enum ro_status broker_turn_end(struct broker *broker);

/* Something to send: the bytes are valid until the next call here or the next
 * turn. Answers come first, those that waited before those of this turn; then
 * pushes, which are made one at a time. */
struct broker_send {
    struct session_id to;
    enum door door;
    struct ro_bytes frame;
};

/* The next thing to send; false when there is no more, and while a turn is
 * open. */
bool broker_send_next(struct broker *broker, struct broker_send *ret_send);

/* Tells that what broker_send_next gave last could not be sent because the
 * peer's pipe is full. A push is taken back and tried again a little later, or
 * when the peer says something. An answer waits (backlog.h) and is given again
 * in a later turn, see broker_next_timer_ms; a peer for which too many wait is
 * closed. For a peer that is gone, broker_session_close is enough. */
void broker_send_failed(struct broker *broker, struct session_id id);

/* How many answers wait for peers that do not take them. */
size_t broker_waiting(const struct broker *broker);

/* The next session that ended with a turn, from either side: after what there
 * was to send to it, its connection is to be cut, if it still is there. False
 * when there is no more. */
bool broker_gone_next(struct broker *broker, struct session_id *ret_id);

/* Whether a CURVE key is a live seat's (for ZAP's list). */
bool broker_knows(const struct broker *broker, const struct ro_key *curve);

/* A number that changes whenever that list does. */
uint64_t broker_members_version(const struct broker *broker);

/* Walks the CURVE keys of all live seats; NULL past the end. */
const struct ro_key *broker_nth_member_key(const struct broker *broker,
                                           size_t i);

/* Refuses everything that would be new from now on (SIGTERM): deposits,
 * enrolments, records and notices. */
void broker_drain(struct broker *broker);

/* Monotonic time of the next timer, for the poll's timeout. */
int64_t broker_next_timer_ms(const struct broker *broker);

/* What happened since the start, for the line a minute. */
struct broker_counters {
    uint64_t frames;
    uint64_t stored; /* envelopes */
    uint64_t pushed;
    uint64_t acked;
    uint64_t refused;
    uint64_t dropped; /* connections */
    uint64_t expired;
    uint64_t commits;
    uint64_t rollbacks;   /* turns without room */
    uint64_t clock_steps; /* forward steps of the wall clock, ignored */
};

/* The counters; valid as long as the broker. */
const struct broker_counters *broker_counters(const struct broker *broker);

/* How many peers are connected. */
size_t broker_sessions(const struct broker *broker);

/* Whether the wall clock has jumped ahead and is not believed: the broker
 * counts the time itself until it comes back (timeline.h). */
bool broker_clock_is_ahead(const struct broker *broker);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Peers at the doors. Nobody keeps a session's pointer beyond the call in
 * which it was found: callbacks, queues and timers keep the id and look it
 * up again; not found is normal.
 */
#ifndef DAEMON_SESSION_SESSION_H
#define DAEMON_SESSION_SESSION_H

#include "common/base/auto.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "daemon/session/credit.h"

#include <stdbool.h>

/* Slot and how often it was used; the zero id is the broker's own timer. */
struct session_id {
    uint32_t slot;
    uint32_t generation;
};

enum door { DOOR_TIMER, DOOR_MEMBER, DOOR_OPEN };

/* Where a peer stands; see session_table.c. */
enum session_state {
    SESSION_NEW,     /* has not proved anything yet */
    SESSION_READY,   /* may ask */
    SESSION_CLOSING, /* is over at the end of the turn */
    SESSION_STATES
};

/* A mailbox delivered to a session. What was pushed and not acknowledged is
 * what the store still has up to the cursor; nobody counts it here. */
#define SESSION_MAILBOXES_MAX 4
struct attachment {
    struct ro_seat_id mailbox;
    uint64_t cursor;          /* key of the last envelope pushed */
    uint32_t window;          /* at most so many unacknowledged */
    bool dirty;               /* stands in the queue of pushes */
    int64_t stalled_until_ms; /* monotonic; 0: the peer takes what we send */
};

/* Where a peer is: an IPv6 address, or an IPv4 one mapped into it; of IPv6 the
 * /64 network. Zero: not known. For counting only. */
struct session_address {
    uint8_t b[16];
};

/* A peer that has not said hello by then is cut. */
#define SESSION_HELLO_MS 5000

struct session {
    struct session_id id;
    enum door door;
    enum session_state state;
    struct ro_key curve;    /* the connection's key, from ZAP */
    struct ro_seat_id seat; /* member door: whom it serves, else zero */
    struct session_address address;
    struct credit credit;
    uint64_t ready_turn;  /* the turn whose hello made it ready */
    int64_t opened_ms;    /* monotonic */
    int64_t last_seen_ms; /* monotonic */
    struct attachment attachments[SESSION_MAILBOXES_MAX];
    size_t n_attachments;
};

struct sessions;

/* A registry for at most `limit` sessions; NULL without memory. */
struct sessions *sessions_new(size_t limit);

/* Releases it; accepts NULL. */
void sessions_free(struct sessions *sessions);
RO_DEFINE_AUTO(sessions, sessions_free)

/* Opens a session with door, state, keys and credit like `like`. RO_NO_ROOM at
 * the limit. */
RO_MUST_USE enum ro_status sessions_open(struct sessions *sessions,
                                         const struct session *like,
                                         struct session_id *ret_id);

/* The session, or NULL when it is gone. Valid until the next reap. */
struct session *sessions_find(struct sessions *sessions, struct session_id id);

/* Marks it closing; sessions_reap removes it at the end of the turn. */
void sessions_close(struct sessions *sessions, struct session_id id);

/* Hears of a session that is gone; its id finds nothing any more. */
typedef void sessions_gone_fn(void *user, struct session_id id);

/* Removes what is closing, with its attachments. `gone` (may be NULL) hears of
 * each. */
void
sessions_reap(struct sessions *sessions, sessions_gone_fn *gone, void *user);

/* How many there are. */
size_t sessions_count(const struct sessions *sessions);

/* How many mailboxes they have attached. */
size_t sessions_mailboxes(const struct sessions *sessions);

/* How many of them are over and wait for sessions_reap. */
size_t sessions_closing(const struct sessions *sessions);

/* Walks the sessions in slot order: the first at or after `*slot`, which then
 * stands behind it; NULL past the end. Start with 0. */
struct session *sessions_next(struct sessions *sessions, size_t *slot);

/* Attaches a mailbox to a session, from its first envelope on; whoever had it
 * before loses it. RO_OVER_QUOTA when the session has SESSION_MAILBOXES_MAX
 * already; RO_NOT_FOUND when it is gone. */
RO_MUST_USE enum ro_status sessions_attach(struct sessions *sessions,
                                           struct session_id id,
                                           const struct ro_seat_id *mailbox,
                                           uint32_t window);

/* Takes a mailbox away from the session that has it, if any. */
void sessions_detach(struct sessions *sessions,
                     const struct ro_seat_id *mailbox);

/* Which session has a mailbox; RO_NOT_FOUND. */
RO_MUST_USE enum ro_status sessions_of_mailbox(struct sessions *sessions,
                                               const struct ro_seat_id *mailbox,
                                               struct session_id *ret_id);

/* The attachment of a mailbox in a session, or NULL. */
struct attachment *session_attachment(struct session *session,
                                      const struct ro_seat_id *mailbox);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A mailbox at the broker that is being read: attached, handed out envelope by
 * envelope, and acknowledged once the reader has kept what came. Seats read
 * theirs so, and the authority that of its enrolment key.
 */
#ifndef CLIENT_CORE_MAILBOX_H
#define CLIENT_CORE_MAILBOX_H

#include "client/core/link.h"
#include "client/core/opening.h"

/* Envelopes that the broker may push before it hears of the first of them. */
#define MAILBOX_WINDOW 64
/* How long we wait for more from a broker that could not take the last ack. */
#define MAILBOX_HELD_MS 2000

/* One reading. The first part is the reader's to fill in, and borrowed. */
struct mailbox {
    struct link *const *link; /* may be another one after a call */
    struct ro_arena *answers; /* of the link */
    struct ro_arena *push;    /* the frame under way */
    enum link_door door;
    struct ro_seat_id id;
    const struct ro_keypair *pair; /* proves it at the open door */

    uint64_t waiting; /* at the broker, as far as it said */
    /* kept here, and the broker had no room to hear of it */
    uint64_t held[MAILBOX_WINDOW];
    size_t n_held;
};

/* Keeps one envelope, durably, or tells what is wrong with it; RO_OK then. Its
 * body is empty where the broker delivered none. Another outcome ends the
 * reading, and what is not acknowledged comes again. */
typedef enum ro_status mailbox_keep_fn(void *user,
                                       const struct envelope *envelope);

/* Who reads, and how long an ack may wait for its answer (monotonic). */
struct mailbox_reader {
    mailbox_keep_fn *keep;
    void *user;
    int64_t deadline_ms;
};

/* Attaches it, again after the connection was lost: all that waits comes from
 * the beginning. As link_ask. */
RO_MUST_USE enum ro_status mailbox_attach(struct mailbox *mailbox,
                                          int64_t deadline_ms,
                                          struct ro_why *why);

/* Waits for the next push, valid until the next call. RO_NOT_FOUND when none
 * came, RO_UNREACHABLE when the connection was lost: attach again. */
RO_MUST_USE enum ro_status mailbox_wait(struct mailbox *mailbox,
                                        int64_t until_ms,
                                        struct ro_bytes *ret_push);

/* Takes a push: every envelope is kept, and then all of them are acknowledged.
 * What a broker without room cannot take as acknowledged is held, and named
 * again with the next. RO_BAD_FRAME, and what else link_ask or the reader
 * brings. */
RO_MUST_USE enum ro_status mailbox_take(struct mailbox *mailbox,
                                        struct ro_bytes push,
                                        const struct mailbox_reader *reader,
                                        struct ro_why *why);

/* What it means that nothing came though something waits: RO_NO_ROOM while acks
 * are held, else RO_UNREACHABLE. `why` says it. */
enum ro_status mailbox_stalled(const struct mailbox *mailbox,
                               struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The outbox: what was written goes out, in the order in which it was written,
 * each step durable before the next. It survives kill -9 at every point: a
 * wrap that was sent and not noted as stored is sent again, and is the same.
 */
#ifndef CLIENT_CORE_OUTBOX_H
#define CLIENT_CORE_OUTBOX_H

#include "client/core/outgoing.h"

/* Something to be written: the content with its purpose, audience and texts
 * (borrowed); everything else is added at sealing. */
struct draft {
    Reachout__Content *content;
    struct ro_request_id request;
    struct ro_thread_id thread;         /* zero: to a group or own seats */
    const struct ro_member_id *members; /* whom it is for */
    size_t n_members;
};

/* Keeps a draft as message and outbox row, inside a commit. */
RO_MUST_USE enum ro_status outbox_add(struct engine *engine,
                                      const struct draft *draft,
                                      struct ro_why *why,
                                      struct row_id *ret_row);

/* Seals and sends all that waits, giving the broker `wait_ms` for each frame.
 * RO_OK: the broker has everything that can be delivered, and engine->held says
 * what stays here for one member alone (held.h); RO_KEPT: something still waits
 * for the broker
 * (`why` says for what); alarms and RO_UNREACHABLE as they are. What cannot be
 * sealed or delivered has failed (its place says so, and `why` after RO_OK)
 * and holds nothing up. */
RO_MUST_USE enum ro_status
outbox_flush(struct engine *engine, int64_t wait_ms, struct ro_why *why);

/* A seat says that this message of ours arrived; inside a commit. What every
 * seat has leaves the outbox. */
RO_MUST_USE enum ro_status outbox_arrived(struct engine *engine,
                                          const struct ro_seat_id *seat,
                                          const struct ro_message_id *message);

/* How often a wrap is sent again for each reason, at most once a day. */
#define OUTBOX_RESENT_MAX 3

/* What a seat misses of a thread: its messages `from` to `to`. */
struct outbox_resend {
    struct ro_seat_id seat;
    struct ro_thread_id thread;
    uint64_t from;
    uint64_t to;
};

/* A seat asks for what it misses: serves its own wraps of that thread that have
 * no receipt, by sending them again; inside a commit. */
RO_MUST_USE enum ro_status outbox_resend(struct engine *engine,
                                         const struct outbox_resend *resend);

/* The broker was set back to an older state: offers it again what it had and
 * nobody has given a receipt for, within the same bounds; in a commit of its
 * own. An envelope that is still there is the same. */
RO_MUST_USE enum ro_status outbox_offer_again(struct engine *engine);

/* What the broker has had for OUTBOX_RENEW_S without a receipt of anybody in a
 * member is wrapped for it again, and OUTBOX_RENEWED_MAX times in all, each
 * time after twice as long: it may have been lost, or its receipt. Whoever has
 * it owes the receipt again (inbox.c). */
#define OUTBOX_RENEW_S ((int64_t)7 * 24 * 3600)
#define OUTBOX_RENEWED_MAX 2
RO_MUST_USE enum ro_status outbox_renew(struct engine *engine);

/* What the broker has forgotten by now without a receipt has failed and leaves
 * the outbox. */
RO_MUST_USE enum ro_status outbox_expire(struct engine *engine);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stays here for one member while all else goes its way: its key was
 * replaced and nobody has compared the new one, or its mailbox is full. That is
 * news of the last flush, and no outcome of it.
 */
#ifndef CLIENT_CORE_HELD_H
#define CLIENT_CORE_HELD_H

#include "client/core/outgoing.h"

/* One message of ours that waits for one seat, or for all of a member. */
struct held_one {
    struct row_id row;
    struct ro_member_id member;
    struct ro_seat_id seat; /* zero: all of them */
    enum ro_status cause;   /* RO_KEY_CHANGED, RO_NO_ROOM */
};

/* Forgets all of it, and what memory it took. */
void held_clear(struct held *held);

/* Notes one; RO_NO_MEMORY. */
RO_MUST_USE enum ro_status held_note(struct engine *engine,
                                     const struct held_one *one);

/* Notes each member that a message is for whose key was replaced. */
RO_MUST_USE enum ro_status held_note_keys(struct engine *engine,
                                          const struct outgoing *outgoing);

/* Whether a seat's mailbox was found full: what comes behind need not be tried
 * now, and keeps its order. */
bool held_is_full(const struct engine *engine, const struct ro_seat_id *seat);

/* The same of any seat of a member. */
bool held_is_full_at(const struct engine *engine,
                     const struct ro_member_id *member);

/* Forgets what is not about these rows (ids, one after the other). */
void held_keep(struct engine *engine, const struct ro_buf *rows);

/* Whether all is well but for some whom something is held for, in words for
 * people; `result` has what was stored and whom it names already, and gets who
 * is to be compared first. RO_OK: nothing is held. RO_KEPT: others have it, or
 * a mailbox is full. RO_KEY_CHANGED: a person has to compare a number first. */
RO_MUST_USE enum ro_status held_outcome(const struct engine *engine,
                                        struct ro_result *result,
                                        struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside daemon/session: which session has which mailbox. Open addressing with
 * linear probing, never more than half full; mailbox ids are hashes already.
 */
#ifndef DAEMON_SESSION_MAILBOXES_H
#define DAEMON_SESSION_MAILBOXES_H

#include "daemon/session/session.h"

struct mailboxes_cell {
    struct ro_seat_id mailbox;
    struct session_id owner; /* slot 0: the cell is empty */
};

struct mailboxes {
    struct mailboxes_cell *cells;
    size_t room; /* 0 or a power of two */
    size_t used;
};

/* Releases its memory. */
void mailboxes_fini(struct mailboxes *mailboxes);

/* Puts a mailbox, or gives it another owner. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status mailboxes_put(struct mailboxes *mailboxes,
                                         const struct ro_seat_id *mailbox,
                                         struct session_id owner);

/* The owner; slot 0 when there is none. */
struct session_id mailboxes_find(const struct mailboxes *mailboxes,
                                 const struct ro_seat_id *mailbox);

/* Takes a mailbox out, if it is in. */
void mailboxes_take(struct mailboxes *mailboxes,
                    const struct ro_seat_id *mailbox);

#endif

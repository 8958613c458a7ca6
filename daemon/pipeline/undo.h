/* SPDX-License-Identifier: Apache-2.0 */
/* Who had which mailbox before this turn, for the case that the turn goes back:
 * then nobody has taken one from anybody. */
#ifndef DAEMON_PIPELINE_UNDO_H
#define DAEMON_PIPELINE_UNDO_H

#include "daemon/session/session.h"

struct undo_step;

/* Zero-initialise it. */
struct undo {
    struct undo_step *steps;
    size_t n_steps;
    size_t room;
};

/* Releases its memory. */
void undo_fini(struct undo *undo);

/* Forgets all, and keeps the memory. */
void undo_clear(struct undo *undo);

/* Notes who has a mailbox, before it is attached elsewhere. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status undo_note(struct undo *undo,
                                     struct sessions *sessions,
                                     const struct ro_seat_id *mailbox);

/* Puts everything back, and forgets it. */
void undo_attachments(struct undo *undo, struct sessions *sessions);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/undo.h"

#include <stdlib.h>

#define ROOM_FIRST 16

struct undo_step {
    struct session_id owner; /* slot 0: nobody */
    struct attachment had;   /* its mailbox in any case */
};

void
undo_fini(struct undo *undo)
{
    free(undo->steps);
    *undo = (struct undo){0};
}

void
undo_clear(struct undo *undo)
{
    undo->n_steps = 0;
}

enum ro_status
undo_note(struct undo *undo,
          struct sessions *sessions,
          const struct ro_seat_id *mailbox)
{
    if (undo->n_steps == undo->room) {
        size_t room = undo->room == 0 ? ROOM_FIRST : 2 * undo->room;
        struct undo_step *steps =
            reallocarray(undo->steps, room, sizeof(*steps));
        if (steps == NULL)
            return RO_NO_MEMORY;
        undo->steps = steps;
        undo->room = room;
    }
    struct undo_step step = {.had.mailbox = *mailbox};
    if (sessions_of_mailbox(sessions, mailbox, &step.owner) == RO_OK) {
        struct session *session = sessions_find(sessions, step.owner);
        if (session != NULL)
            step.had = *session_attachment(session, mailbox);
    }
    undo->steps[undo->n_steps++] = step;
    return RO_OK;
}

void
undo_attachments(struct undo *undo, struct sessions *sessions)
{
    while (undo->n_steps > 0) {
        const struct undo_step *step = &undo->steps[--undo->n_steps];
        const struct ro_seat_id *mailbox = &step->had.mailbox;
        sessions_detach(sessions, mailbox);
        /* there was room for it before, and the rest of it is as it was */
        if (step->owner.slot == 0 ||
            sessions_attach(sessions, step->owner, mailbox, step->had.window) !=
                RO_OK)
            continue;
        struct session *session = sessions_find(sessions, step->owner);
        *session_attachment(session, mailbox) = step->had;
    }
}

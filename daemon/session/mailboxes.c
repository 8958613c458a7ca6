/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/mailboxes.h"

#include <stdlib.h>
#include <string.h>

#include "common/base/bytes.h"

#define ROOM_FIRST 64

void
mailboxes_fini(struct mailboxes *mailboxes)
{
    free(mailboxes->cells);
    *mailboxes = (struct mailboxes){0};
}

static size_t
home_of(const struct mailboxes *mailboxes, const struct ro_seat_id *mailbox)
{
    return (size_t)ro_get_u64(mailbox->b) & (mailboxes->room - 1);
}

/* The cell that has the mailbox, or the empty one where it would go. */
static size_t
place_of(const struct mailboxes *mailboxes, const struct ro_seat_id *mailbox)
{
    size_t i = home_of(mailboxes, mailbox);
    while (mailboxes->cells[i].owner.slot != 0 &&
           !ro_seat_id_equal(&mailboxes->cells[i].mailbox, mailbox))
        i = (i + 1) & (mailboxes->room - 1);
    return i;
}

static enum ro_status
grow(struct mailboxes *mailboxes)
{
    struct mailboxes more = {
        .room = mailboxes->room == 0 ? ROOM_FIRST : 2 * mailboxes->room,
        .used = mailboxes->used,
    };
    more.cells = calloc(more.room, sizeof(*more.cells));
    if (more.cells == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < mailboxes->room; i++) {
        const struct mailboxes_cell *cell = &mailboxes->cells[i];
        if (cell->owner.slot != 0)
            more.cells[place_of(&more, &cell->mailbox)] = *cell;
    }
    mailboxes_fini(mailboxes);
    *mailboxes = more;
    return RO_OK;
}

enum ro_status
mailboxes_put(struct mailboxes *mailboxes,
              const struct ro_seat_id *mailbox,
              struct session_id owner)
{
    if (2 * (mailboxes->used + 1) > mailboxes->room)
        RO_TRY(grow(mailboxes));
    struct mailboxes_cell *cell =
        &mailboxes->cells[place_of(mailboxes, mailbox)];
    if (cell->owner.slot == 0)
        mailboxes->used++;
    *cell = (struct mailboxes_cell){.mailbox = *mailbox, .owner = owner};
    return RO_OK;
}

struct session_id
mailboxes_find(const struct mailboxes *mailboxes,
               const struct ro_seat_id *mailbox)
{
    if (mailboxes->room == 0)
        return (struct session_id){0};
    return mailboxes->cells[place_of(mailboxes, mailbox)].owner;
}

/* Whether the cell at `i`, whose home is `home`, may move back to the hole:
 * it may unless its home lies after the hole on the way to it. */
static bool
may_move(size_t hole, size_t home, size_t i)
{
    if (hole <= i)
        return home <= hole || home > i;
    return home <= hole && home > i;
}

void
mailboxes_take(struct mailboxes *mailboxes, const struct ro_seat_id *mailbox)
{
    if (mailboxes->room == 0)
        return;
    size_t mask = mailboxes->room - 1;
    size_t hole = place_of(mailboxes, mailbox);
    if (mailboxes->cells[hole].owner.slot == 0)
        return;
    mailboxes->used--;
    for (size_t i = (hole + 1) & mask; mailboxes->cells[i].owner.slot != 0;
         i = (i + 1) & mask) {
        if (may_move(hole, home_of(mailboxes, &mailboxes->cells[i].mailbox),
                     i)) {
            mailboxes->cells[hole] = mailboxes->cells[i];
            hole = i;
        }
    }
    mailboxes->cells[hole] = (struct mailboxes_cell){0};
}

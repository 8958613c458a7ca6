/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/members.h"

#include <stdlib.h>

#include "daemon/pipeline/broker_state.h"

void
members_fini(struct members *members)
{
    free(members->keys);
    *members = (struct members){0};
}

/* Without memory the old list stays, and the next turn tries again. */
static void
make_list(struct broker *broker)
{
    struct members *members = &broker->members;
    const struct ro_directory *directory = broker->ledger.directory;
    const struct ro_seat_view *seat;
    size_t n_seats = 0;
    while (ro_directory_nth_seat(directory, n_seats) != NULL)
        n_seats++;
    struct ro_key *keys = calloc(n_seats + 1, sizeof(*keys));
    if (keys == NULL)
        return;
    size_t n = 0;
    for (size_t i = 0; (seat = ro_directory_nth_seat(directory, i)) != NULL;
         i++) {
        if (seat->standing == RO_SEAT_LIVE)
            keys[n++] = seat->transport;
    }
    free(members->keys);
    members->keys = keys;
    members->n = n;
    members->version++;
    members->stale = false;
}

static bool
is_revoked(const struct broker *broker, const struct ro_seat_id *mailbox)
{
    const struct ro_seat_view *seat =
        ro_directory_seat(broker->ledger.directory, mailbox);
    return seat != NULL && seat->standing == RO_SEAT_REVOKED;
}

static void
turn_out(struct broker *broker, struct session *session)
{
    if (session->door == DOOR_MEMBER && is_revoked(broker, &session->seat))
        broker_session_event(broker, session, SESSION_BROKE);
    for (size_t i = session->n_attachments; i > 0; i--) {
        struct ro_seat_id mailbox = session->attachments[i - 1].mailbox;
        if (is_revoked(broker, &mailbox))
            sessions_detach(broker->sessions, &mailbox);
    }
}

void
members_refresh(struct broker *broker)
{
    make_list(broker);
    size_t slot = 0;
    struct session *session;
    while ((session = sessions_next(broker->sessions, &slot)) != NULL)
        turn_out(broker, session);
}

bool
members_is_live(const struct broker *broker, const struct ro_seat_id *mailbox)
{
    const struct ro_seat_view *seat =
        ro_directory_seat(broker->ledger.directory, mailbox);
    return seat != NULL && seat->standing == RO_SEAT_LIVE;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/session.h"

#include <assert.h>
#include <stdlib.h>

#include "daemon/session/mailboxes.h"

/* Slot 0 is the broker's own; a slot is free when its session has no slot. */
struct sessions {
    struct session *slots; /* 1 .. limit */
    uint32_t *generations; /* of each slot */
    uint32_t *free_slots;  /* a stack */
    size_t limit;
    size_t top; /* no slot above it was ever used */
    size_t n_free;
    size_t n_closing;
    struct mailboxes mailboxes;
};

struct sessions *
sessions_new(size_t limit)
{
    RO_CLEANUP(sessions_freep)
    struct sessions *sessions = calloc(1, sizeof(*sessions));
    if (sessions == NULL || limit >= UINT32_MAX)
        return NULL;
    sessions->limit = limit;
    sessions->slots = calloc(limit + 1, sizeof(*sessions->slots));
    sessions->generations = calloc(limit + 1, sizeof(*sessions->generations));
    sessions->free_slots = calloc(limit + 1, sizeof(*sessions->free_slots));
    if (sessions->slots == NULL || sessions->generations == NULL ||
        sessions->free_slots == NULL)
        return NULL;
    for (size_t slot = limit; slot > 0; slot--)
        sessions->free_slots[sessions->n_free++] = (uint32_t)slot;
    return RO_STEAL(sessions);
}

void
sessions_free(struct sessions *sessions)
{
    if (sessions == NULL)
        return;
    free(sessions->slots);
    free(sessions->generations);
    free(sessions->free_slots);
    mailboxes_fini(&sessions->mailboxes);
    free(sessions);
}

enum ro_status
sessions_open(struct sessions *sessions,
              const struct session *like,
              struct session_id *ret_id)
{
    if (sessions->n_free == 0)
        return RO_NO_ROOM;
    uint32_t slot = sessions->free_slots[--sessions->n_free];
    uint32_t generation = ++sessions->generations[slot];
    struct session *session = &sessions->slots[slot];
    *session = *like;
    session->id = (struct session_id){slot, generation};
    session->n_attachments = 0;
    if (slot > sessions->top)
        sessions->top = slot;
    *ret_id = session->id;
    return RO_OK;
}

struct session *
sessions_find(struct sessions *sessions, struct session_id id)
{
    if (id.slot == 0 || id.slot > sessions->limit)
        return NULL;
    struct session *session = &sessions->slots[id.slot];
    if (session->id.slot == 0 || session->id.generation != id.generation)
        return NULL;
    return session;
}

void
sessions_close(struct sessions *sessions, struct session_id id)
{
    struct session *session = sessions_find(sessions, id);
    if (session == NULL || session->state == SESSION_CLOSING)
        return;
    session->state = SESSION_CLOSING;
    sessions->n_closing++;
}

static void
reap_one(struct sessions *sessions, struct session *session)
{
    for (size_t i = 0; i < session->n_attachments; i++)
        mailboxes_take(&sessions->mailboxes, &session->attachments[i].mailbox);
    sessions->free_slots[sessions->n_free++] = session->id.slot;
    *session = (struct session){0};
}

void
sessions_reap(struct sessions *sessions, sessions_gone_fn *gone, void *user)
{
    size_t slot = 0;
    struct session *session;
    while (sessions->n_closing > 0 &&
           (session = sessions_next(sessions, &slot)) != NULL) {
        if (session->state != SESSION_CLOSING)
            continue;
        struct session_id id = session->id;
        reap_one(sessions, session);
        sessions->n_closing--;
        if (gone != NULL)
            gone(user, id);
    }
    assert(sessions->n_closing == 0);
}

size_t
sessions_count(const struct sessions *sessions)
{
    return sessions->limit - sessions->n_free;
}

size_t
sessions_closing(const struct sessions *sessions)
{
    return sessions->n_closing;
}

size_t
sessions_mailboxes(const struct sessions *sessions)
{
    return sessions->mailboxes.used;
}

struct session *
sessions_next(struct sessions *sessions, size_t *slot)
{
    while (*slot <= sessions->top) {
        struct session *session = &sessions->slots[(*slot)++];
        if (session->id.slot != 0)
            return session;
    }
    return NULL;
}

struct attachment *
session_attachment(struct session *session, const struct ro_seat_id *mailbox)
{
    for (size_t i = 0; i < session->n_attachments; i++) {
        if (ro_seat_id_equal(&session->attachments[i].mailbox, mailbox))
            return &session->attachments[i];
    }
    return NULL;
}

void
sessions_detach(struct sessions *sessions, const struct ro_seat_id *mailbox)
{
    struct session *owner =
        sessions_find(sessions, mailboxes_find(&sessions->mailboxes, mailbox));
    if (owner == NULL)
        return;
    struct attachment *attachment = session_attachment(owner, mailbox);
    assert(attachment != NULL);
    *attachment = owner->attachments[--owner->n_attachments];
    mailboxes_take(&sessions->mailboxes, mailbox);
}

enum ro_status
sessions_attach(struct sessions *sessions,
                struct session_id id,
                const struct ro_seat_id *mailbox,
                uint32_t window)
{
    struct session *session = sessions_find(sessions, id);
    if (session == NULL)
        return RO_NOT_FOUND;
    if (session_attachment(session, mailbox) == NULL &&
        session->n_attachments == SESSION_MAILBOXES_MAX)
        return RO_OVER_QUOTA;
    sessions_detach(sessions, mailbox);
    RO_TRY(mailboxes_put(&sessions->mailboxes, mailbox, id));
    session->attachments[session->n_attachments++] =
        (struct attachment){.mailbox = *mailbox, .window = window};
    return RO_OK;
}

enum ro_status
sessions_of_mailbox(struct sessions *sessions,
                    const struct ro_seat_id *mailbox,
                    struct session_id *ret_id)
{
    struct session_id owner = mailboxes_find(&sessions->mailboxes, mailbox);
    if (owner.slot == 0)
        return RO_NOT_FOUND;
    *ret_id = owner;
    return RO_OK;
}

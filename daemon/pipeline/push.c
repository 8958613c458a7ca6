/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/push.h"

#include <string.h>

#include "frame.pb-c.h"

#include "daemon/pipeline/broker_state.h"

/* Around the envelopes of a frame: header, mailbox, waiting. Around each of
 * them: hash, numbers, tags and lengths. Around a body: tag and length. */
#define FRAME_EXTRA 64
#define ENVELOPE_EXTRA 80
#define BODY_EXTRA 5
#define ENVELOPES_MAX 256 /* a frame */
#define ARENA_BUDGET ((size_t)4 * RO_FRAME_LIMIT)
#define ARENA_PIECES ((size_t)2048)

enum ro_status
push_init(struct push *push)
{
    push->arena = ro_arena_new(ARENA_BUDGET, ARENA_PIECES);
    return push->arena != NULL ? RO_OK : RO_NO_MEMORY;
}

void
push_fini(struct push *push)
{
    ro_arena_free(push->arena);
    ro_buf_fini(&push->frame);
    *push = (struct push){0};
}

void
push_mark(struct broker *broker, const struct ro_seat_id *mailbox)
{
    struct session_id id;
    if (sessions_of_mailbox(broker->sessions, mailbox, &id) != RO_OK)
        return;
    struct session *session = sessions_find(broker->sessions, id);
    if (session == NULL)
        return;
    struct attachment *attachment = session_attachment(session, mailbox);
    if (attachment == NULL || attachment->stalled_until_ms != 0)
        return;
    attachment->dirty = true;
    broker->push.pending = true;
}

void
push_wake(struct broker *broker, struct session *session)
{
    for (size_t i = 0; i < session->n_attachments; i++) {
        struct attachment *attachment = &session->attachments[i];
        if (attachment->stalled_until_ms == 0)
            continue;
        attachment->stalled_until_ms = 0;
        attachment->dirty = true;
        broker->push.pending = true;
    }
}

/* When the first of its stalled attachments is due; `next_ms` if none is
 * earlier. */
static int64_t
earliest(const struct session *session, int64_t next_ms)
{
    for (size_t i = 0; i < session->n_attachments; i++) {
        int64_t at_ms = session->attachments[i].stalled_until_ms;
        if (at_ms != 0 && (next_ms == 0 || at_ms < next_ms))
            next_ms = at_ms;
    }
    return next_ms;
}

void
push_wake_due(struct broker *broker)
{
    struct push *push = &broker->push;
    int64_t now_ms = broker->time.now_ms;
    if (push->wake_ms == 0 || push->wake_ms > now_ms)
        return;
    push->wake_ms = 0;
    size_t slot = 0;
    struct session *session;
    while ((session = sessions_next(broker->sessions, &slot)) != NULL) {
        int64_t at_ms = earliest(session, 0);
        if (at_ms != 0 && at_ms <= now_ms) {
            push_wake(broker, session);
        } else {
            push->wake_ms = earliest(session, push->wake_ms);
        }
    }
}

static void
stall(struct broker *broker, struct attachment *attachment)
{
    int64_t until_ms = broker->time.now_ms + PUSH_STALL_MS;
    attachment->dirty = false;
    attachment->stalled_until_ms = until_ms;
    if (broker->push.wake_ms == 0 || until_ms < broker->push.wake_ms)
        broker->push.wake_ms = until_ms;
}

/* --- one frame ----------------------------------------------------------- */

/* A frame that is being filled. */
struct filling {
    struct ro_arena *arena;
    size_t size;
    uint64_t last_key;
    Reachout__Attach__Push message;
    Reachout__Attach__Push__Envelope *envelopes[ENVELOPES_MAX];
    ProtobufCBinaryData bodies[ENVELOPES_MAX];
    struct ro_hash hashes[ENVELOPES_MAX]; /* of the bodies */
};

static ProtobufCBinaryData
copy_of(struct filling *filling, struct ro_bytes bytes)
{
    uint8_t *copy = ro_arena_take(filling->arena, bytes.size);
    if (copy != NULL)
        memcpy(copy, bytes.data, bytes.size);
    return (ProtobufCBinaryData){.len = bytes.size, .data = copy};
}

static bool
has_body(const struct filling *filling, const struct ro_hash *hash)
{
    for (size_t i = 0; i < filling->message.n_bodies; i++) {
        if (memcmp(filling->hashes[i].b, hash->b, RO_HASH_SIZE) == 0)
            return true;
    }
    return false;
}

/* Adds its body, unless another envelope of the frame has the same. */
static enum ro_status
put_body(struct filling *filling, const struct store_envelope *from)
{
    if (has_body(filling, &from->body_hash))
        return RO_OK;
    size_t i = filling->message.n_bodies;
    filling->bodies[i] = copy_of(filling, from->body);
    if (filling->bodies[i].data == NULL)
        return RO_NO_MEMORY;
    filling->hashes[i] = from->body_hash;
    filling->message.n_bodies++;
    return RO_OK;
}

static enum ro_status
put_envelope(struct filling *filling, const struct store_envelope *from)
{
    Reachout__Attach__Push__Envelope *to =
        ro_arena_take(filling->arena, sizeof(*to));
    if (to == NULL)
        return RO_NO_MEMORY;
    reachout__attach__push__envelope__init(to);
    to->wrap = copy_of(filling, from->wrap);
    to->body =
        copy_of(filling, (struct ro_bytes){from->body_hash.b, RO_HASH_SIZE});
    if (to->wrap.data == NULL || to->body.data == NULL)
        return RO_NO_MEMORY;
    to->has_key = to->has_body = to->has_wrap = true;
    to->has_day = to->has_generation = to->has_expiry_hour = true;
    to->key = from->key;
    to->day = from->day;
    to->generation = from->generation;
    to->expiry_hour = from->expiry_hour;
    filling->envelopes[filling->message.n_envelopes++] = to;
    filling->last_key = from->key;
    return RO_OK;
}

static enum ro_status
fill(void *user, const struct store_envelope *envelope)
{
    struct filling *filling = user;
    size_t size = ENVELOPE_EXTRA + envelope->wrap.size;
    if (!has_body(filling, &envelope->body_hash))
        size += BODY_EXTRA + envelope->body.size;
    if (filling->message.n_envelopes == ENVELOPES_MAX ||
        filling->size + size > RO_FRAME_LIMIT)
        return RO_REFUSED;
    RO_TRY(put_body(filling, envelope));
    RO_TRY(put_envelope(filling, envelope));
    filling->size += size;
    return RO_OK;
}

static enum ro_status
pack(struct broker *broker, const struct filling *filling)
{
    struct ro_buf *frame = &broker->push.frame;
    const struct ro_frame_header header = {
        .verb = RO_VERB_ATTACH,
        .kind = RO_FRAME_PUSH,
        .time_s = broker->time.now_s,
    };
    ro_buf_clear(frame);
    ro_frame_put_header(&header, frame);
    return ro_pack(&filling->message.base, frame);
}

/* Reads on in the mailbox; n_envelopes is 0 when the window is full or nothing
 * is there. */
static enum ro_status
collect(struct broker *broker,
        const struct attachment *attachment,
        struct filling *filling)
{
    const struct store_span unacked = {
        .mailbox = attachment->mailbox,
        .upto = attachment->cursor,
        .limit = attachment->window,
    };
    uint64_t n_unacked;
    RO_TRY(store_count(broker->store, &unacked, &n_unacked));
    const struct store_cursor cursor = {
        .mailbox = attachment->mailbox,
        .after = attachment->cursor,
        .limit = (size_t)(attachment->window - n_unacked),
    };
    RO_TRY(store_envelopes(broker->store, &cursor, fill, filling));
    if (filling->message.n_envelopes == 0)
        return RO_OK;
    const struct store_span rest = {
        .mailbox = attachment->mailbox,
        .after = filling->last_key,
        .upto = UINT64_MAX,
        .limit = BROKER_WAITING_MAX,
    };
    filling->message.has_waiting = true;
    RO_TRY(store_count(broker->store, &rest, &filling->message.waiting));
    return pack(broker, filling);
}

/* Makes the next frame of a mailbox: RO_NOT_FOUND when there is none. */
static enum ro_status
make_push(struct broker *broker, struct attachment *attachment)
{
    struct push *push = &broker->push;
    ro_arena_reset(push->arena, ARENA_BUDGET, ARENA_PIECES);
    struct filling *filling = ro_arena_take(push->arena, sizeof(*filling));
    if (filling == NULL)
        return RO_NO_MEMORY;
    filling->arena = push->arena;
    filling->size = RO_FRAME_HEADER_SIZE + FRAME_EXTRA;
    reachout__attach__push__init(&filling->message);
    filling->message.envelopes = filling->envelopes;
    filling->message.bodies = filling->bodies;
    filling->message.has_mailbox = true;
    filling->message.mailbox =
        ro_as_field((struct ro_bytes){attachment->mailbox.b, RO_ID_SIZE});
    RO_TRY(collect(broker, attachment, filling));
    push->n = filling->message.n_envelopes;
    if (push->n == 0)
        return RO_NOT_FOUND;
    push->mailbox = attachment->mailbox;
    push->before = attachment->cursor;
    attachment->cursor = filling->last_key;
    broker->counters.pushed += push->n;
    return RO_OK;
}

/* --- whose turn it is ---------------------------------------------------- */

static bool
push_of(struct broker *broker,
        struct session *session,
        struct broker_send *ret_send)
{
    bool waits = backlog_has(&broker->backlog, session->id);
    for (size_t i = 0; i < session->n_attachments; i++) {
        struct attachment *attachment = &session->attachments[i];
        if (!attachment->dirty)
            continue;
        if (waits) {
            /* nothing overtakes its answers */
            stall(broker, attachment);
            continue;
        }
        enum ro_status s = make_push(broker, attachment);
        if (s == RO_OK) {
            broker->push.last = session->id;
            *ret_send = (struct broker_send){
                .to = session->id,
                .door = session->door,
                .frame = ro_buf_view(&broker->push.frame),
            };
            return true;
        }
        attachment->dirty = false;
        if (s == RO_STORE_BROKEN) {
            broker->outcome = RO_STORE_BROKEN;
        } else if (s != RO_NOT_FOUND) {
            stall(broker, attachment);
        }
    }
    return false;
}

bool
push_next(struct broker *broker, struct broker_send *ret_send)
{
    struct push *push = &broker->push;
    push->last = (struct session_id){0};
    /* One lap and the rest of this one without a frame: nobody is dirty. */
    int laps = 0;
    while (push->pending && broker->outcome != RO_STORE_BROKEN) {
        struct session *session = sessions_next(broker->sessions, &push->slot);
        if (session == NULL) {
            push->slot = 0;
            push->pending = ++laps < 2;
        } else if (session->state != SESSION_CLOSING &&
                   push_of(broker, session, ret_send)) {
            return true;
        }
    }
    return false;
}

void
push_take_back(struct broker *broker, struct session_id id)
{
    struct push *push = &broker->push;
    if (push->last.slot == 0 || push->last.slot != id.slot ||
        push->last.generation != id.generation)
        return;
    push->last = (struct session_id){0};
    struct session *session = sessions_find(broker->sessions, id);
    struct attachment *attachment =
        session != NULL ? session_attachment(session, &push->mailbox) : NULL;
    if (attachment == NULL)
        return;
    attachment->cursor = push->before;
    broker->counters.pushed -= push->n;
    stall(broker, attachment);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/posting.h"

#include "client/core/held.h"
#include "client/core/progress.h"
#include "client/core/sealing.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <stdlib.h>

/* What fits beside the header; a wrap with its names takes about so much. */
#define FRAME_ROOM (RO_FRAME_LIMIT - 1024)
#define WRAP_ROOM 420
#define WRAPS_MAX (FRAME_ROOM / WRAP_ROOM)
/* How often a wrap is made again because its day went by while it was sent. */
#define STALE_ROUNDS 3

/* --- one frame ----------------------------------------------------------- */

/* The wraps of one frame: indexes into outgoing->to. */
struct frame {
    size_t to[WRAPS_MAX];
    size_t n;
    enum { FRAME_WITH_BODY, FRAME_HASH_ONLY } body;
};

/* Notes that one recipient's mailbox has no room: that is about it alone. */
static enum ro_status
hold(struct engine *engine,
     const struct outgoing *outgoing,
     const struct outgoing_to *to)
{
    const struct held_one one = {
        .row = outgoing_is_piece(outgoing) ? outgoing->piece.of : outgoing->row,
        .member = to->member,
        .seat = to->seat,
        .cause = RO_NO_ROOM};
    return held_note(engine, &one);
}

/* Puts the i-th into the frame, if it waits and fits. What was found full a
 * moment ago is not tried with each message: one is enough, and the next ones
 * stay behind it. */
static enum ro_status
choose_wrap(struct engine *engine,
            const struct outgoing *outgoing,
            size_t i,
            size_t room,
            struct frame *frame)
{
    const struct outgoing_to *to = &outgoing->to[i];
    if (to->state != OUTGOING_WAITING)
        return RO_OK;
    if (held_is_full(engine, &to->seat))
        return hold(engine, outgoing, to);
    if ((frame->n + 1) * WRAP_ROOM <= room)
        frame->to[frame->n++] = i;
    return RO_OK;
}

static enum ro_status
choose_wraps(struct engine *engine,
             const struct outgoing *outgoing,
             struct frame *frame)
{
    size_t room = FRAME_ROOM;
    if (frame->body == FRAME_WITH_BODY)
        room -= outgoing->body.size;
    frame->n = 0;
    for (size_t i = 0; i < outgoing->n_to; i++)
        RO_TRY(choose_wrap(engine, outgoing, i, room, frame));
    return RO_OK;
}

static void
fill_wrap(struct outgoing *outgoing,
          size_t i,
          const struct ro_hash *hash,
          Reachout__Deposit__Wrap *wrap)
{
    struct outgoing_to *to = &outgoing->to[i];
    reachout__deposit__wrap__init(wrap);
    wrap->has_mailbox = wrap->has_body = wrap->has_wrap = true;
    wrap->has_day = wrap->has_generation = wrap->has_expiry_hour = true;
    wrap->mailbox = ro_as_field((struct ro_bytes){to->seat.b, RO_ID_SIZE});
    wrap->body = ro_as_field((struct ro_bytes){hash->b, RO_HASH_SIZE});
    wrap->wrap = ro_as_field((struct ro_bytes){to->wrap, RO_WRAP_SIZE});
    wrap->day = to->day;
    wrap->generation = to->generation;
    wrap->expiry_hour = outgoing->expiry_hour;
}

/* Makes a wrap again; a seat that is gone since can never get it. */
static enum ro_status
wrap_again(struct engine *engine,
           struct outgoing *outgoing,
           struct outgoing_to *to)
{
    enum ro_status s = sealing_wrap(engine, outgoing, to);
    if (s != RO_NO_MAILBOX)
        return s;
    to->state = OUTGOING_FAILED;
    return RO_OK;
}

/* What the broker said of one wrap becomes its state. Refusals that time or a
 * new wrap can heal leave it waiting; all others end it. */
static enum ro_status
take_status(struct engine *engine,
            struct outgoing *outgoing,
            struct outgoing_to *to,
            enum ro_status said)
{
    if (said == RO_OK) {
        to->state = OUTGOING_STORED;
        return RO_OK;
    }
    if (said == RO_NO_ROOM)
        return hold(engine, outgoing, to);
    if (said == RO_NEED_BODY || said == RO_NO_CREDIT || said == RO_DRAINING)
        return said;
    if (said == RO_STALE) {
        RO_TRY(wrap_again(engine, outgoing, to));
        return said;
    }
    to->state = OUTGOING_FAILED;
    return RO_OK;
}

/* Of two outcomes the one that decides what happens next: what only time can
 * heal, then what another frame can. */
static enum ro_status
worse(enum ro_status a, enum ro_status b)
{
    static const enum ro_status order[] = {RO_OK, RO_STALE, RO_NEED_BODY};
    for (size_t i = 0; i < RO_LEN(order); i++) {
        if (a == order[i])
            return b;
        if (b == order[i])
            return a;
    }
    return a;
}

static enum ro_status
take_statuses(struct engine *engine,
              struct outgoing *outgoing,
              const struct frame *frame,
              const Reachout__Deposit__Answer *answer)
{
    enum ro_status worst = RO_OK;
    if (answer->n_statuses != frame->n)
        return RO_BAD_FRAME;
    for (size_t i = 0; i < frame->n; i++) {
        enum ro_status said =
            ro_status_from_wire((uint16_t)answer->statuses[i]);
        enum ro_status s =
            take_status(engine, outgoing, &outgoing->to[frame->to[i]], said);
        worst = worse(worst, s);
    }
    return worst;
}

static enum ro_status
send_frame(struct engine *engine,
           struct outgoing *outgoing,
           const struct frame *frame,
           int64_t wait_ms,
           struct ro_why *why)
{
    Reachout__Deposit__Ask ask = REACHOUT__DEPOSIT__ASK__INIT;
    ProtobufCBinaryData body = ro_as_field(ro_buf_view(&outgoing->body));
    struct ro_hash hash;
    RO_AUTOFREE Reachout__Deposit__Wrap *wraps =
        calloc(frame->n + 1, sizeof(*wraps));
    RO_AUTOFREE Reachout__Deposit__Wrap **list =
        calloc(frame->n + 1, sizeof(Reachout__Deposit__Wrap *));
    if (wraps == NULL || list == NULL)
        return RO_NO_MEMORY;
    ro_body_hash(ro_buf_view(&outgoing->body), &hash);
    for (size_t i = 0; i < frame->n; i++) {
        fill_wrap(outgoing, frame->to[i], &hash, &wraps[i]);
        list[i] = &wraps[i];
    }
    ask.wraps = list;
    ask.n_wraps = frame->n;
    ask.bodies = &body;
    ask.n_bodies = frame->body == FRAME_WITH_BODY ? 1 : 0;
    const struct link_ask asked = {LINK_OPEN, RO_VERB_DEPOSIT, &ask.base,
                                   &reachout__deposit__answer__descriptor,
                                   engine_deadline(engine, wait_ms)};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, why, &got));
    outgoing->accepted_at_s = engine_now_s(engine);
    return take_statuses(engine, outgoing, frame, (const void *)got.message);
}

/* --- one message --------------------------------------------------------- */

/* Wraps that were made for a day that is over are made again first. */
static enum ro_status
freshen(struct engine *engine, struct outgoing *outgoing)
{
    uint32_t today = engine_day(engine);
    for (size_t i = 0; i < outgoing->n_to; i++) {
        struct outgoing_to *to = &outgoing->to[i];
        if (to->state != OUTGOING_WAITING || to->day == RO_DAY_FALLBACK ||
            to->day + 1 >= today || held_is_full(engine, &to->seat))
            continue;
        RO_TRY(wrap_again(engine, outgoing, to));
    }
    return RO_OK;
}

enum ro_status
posting_send(struct engine *engine,
             struct outgoing *outgoing,
             int64_t wait_ms,
             struct ro_why *why)
{
    struct frame frame = {.body = FRAME_WITH_BODY};
    int tries = 0;
    RO_TRY(freshen(engine, outgoing));
    for (;;) {
        RO_TRY(choose_wraps(engine, outgoing, &frame));
        if (frame.n == 0 && outgoing_count(outgoing, OUTGOING_WAITING) > 0)
            return RO_OK; /* all that waits is held, and was kept as it is */
        if (frame.n == 0)
            return progress_keep(engine, outgoing, MESSAGE_NOBODY);
        enum ro_status s = send_frame(engine, outgoing, &frame, wait_ms, why);
        RO_TRY(progress_keep(engine, outgoing, MESSAGE_NOBODY));
        if (outgoing_count(outgoing, OUTGOING_WAITING) == 0)
            return RO_OK;
        bool again = s == RO_STALE || s == RO_NEED_BODY;
        if (s != RO_OK && !(again && tries++ < STALE_ROUNDS))
            return s;
        frame.body = s == RO_NEED_BODY ? FRAME_WITH_BODY : FRAME_HASH_ONLY;
    }
}

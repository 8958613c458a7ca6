/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/outbox.h"

#include "client/core/attach.h"
#include "client/core/sealing.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <string.h>

/* What fits beside the header; a wrap with its names takes about so much. */
#define FRAME_ROOM (RO_FRAME_LIMIT - 1024)
#define WRAP_ROOM 420
#define WRAPS_MAX (FRAME_ROOM / WRAP_ROOM)
/* How often a wrap is made again because its day went by while it was sent. */
#define STALE_ROUNDS 3
/* What sealing adds to a draft at the most: ids, checkpoint, what was seen. */
#define SEALING_ROOM 5120

/* Rises with each commit, so that what is kept here within one second stands
 * in the order in which it was written. */
static void
make_row_id(const struct engine *engine, struct row_id *ret_row)
{
    ro_set_u64(ret_row->b, vault_generation(engine->vault));
    ro_entropy_fill(&engine->entropy, ret_row->b + 8, RO_ID_SIZE - 8);
}

/* Whether a draft is our own record, for our own seats alone. */
static bool
is_for_us(const struct engine *engine, const struct draft *draft)
{
    for (size_t i = 0; i < draft->n_members; i++) {
        if (!ro_member_id_equal(&draft->members[i],
                                &engine->keyring->member_id))
            return false;
    }
    return true;
}

enum ro_status
outbox_add(struct engine *engine,
           const struct draft *draft,
           struct ro_why *why,
           struct row_id *ret_row)
{
    RO_AUTOMESSAGE message = {
        .request = draft->request,
        .thread = draft->thread,
        .writer = engine->keyring->seat,
        .side = engine->keyring->member_id,
        .purpose = ro_content_purpose(draft->content),
        .place = RO_PLACE_KEPT,
        .read = MESSAGE_READ,
        .sent_at_s = engine_now_s(engine),
    };
    RO_AUTOOUTGOING outgoing = {.request = draft->request,
                                .thread = draft->thread};
    draft->content->has_sent_at = true;
    draft->content->sent_at = (uint64_t)message.sent_at_s;
    message.arrived_at_s = message.sent_at_s;
    make_row_id(engine, &message.row);
    outgoing.row = message.row;
    if (is_for_us(engine, draft))
        outgoing.reader = OUTGOING_FOR_US;
    ro_buf_put(&outgoing.members, draft->members,
               draft->n_members * RO_ID_SIZE);
    RO_TRY(ro_buf_ok(&outgoing.members));
    RO_TRY(ro_pack(&draft->content->base, &message.content));
    if (message.content.size > RO_CONTENT_LIMIT - SEALING_ROOM) {
        return ro_why(why, RO_TOO_LARGE,
                      "%zu bytes do not fit into one message; shorten it",
                      message.content.size);
    }
    RO_TRY(message_put(engine->vault, &message));
    RO_TRY(outgoing_put(engine->vault, &outgoing));
    *ret_row = message.row;
    return RO_OK;
}

/* --- one frame ----------------------------------------------------------- */

/* The wraps of one frame: indexes into outgoing->to. */
struct frame {
    size_t to[WRAPS_MAX];
    size_t n;
    enum { FRAME_WITH_BODY, FRAME_HASH_ONLY } body;
};

static void
choose_wraps(const struct outgoing *outgoing, struct frame *frame)
{
    size_t room = FRAME_ROOM;
    if (frame->body == FRAME_WITH_BODY)
        room -= outgoing->body.size;
    frame->n = 0;
    for (size_t i = 0; i < outgoing->n_to; i++) {
        if (outgoing->to[i].state == OUTGOING_WAITING &&
            (frame->n + 1) * WRAP_ROOM <= room)
            frame->to[frame->n++] = i;
    }
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
    if (said == RO_NEED_BODY || said == RO_NO_CREDIT || said == RO_NO_ROOM ||
        said == RO_DRAINING)
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
           int64_t deadline_ms,
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
                                   deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, why, &got));
    outgoing->accepted_at_s = engine_now_s(engine);
    return take_statuses(engine, outgoing, frame, (const void *)got.message);
}

/* --- one message --------------------------------------------------------- */

/* Receipts and asks for resending leave no trace once they are stored. */
static bool
is_passing(const struct message *message)
{
    return message->purpose == RO_PURPOSE_RECEIPTS ||
           message->purpose == RO_PURPOSE_RESEND;
}

static enum ro_status
drop_all(struct engine *engine, const struct message *message)
{
    RO_TRY(outgoing_drop(engine->vault, &message->row));
    if (!ro_message_id_is_zero(&message->id))
        RO_TRY(message_ours_drop(engine->vault, &message->id));
    RO_TRY(attach_drop_all(engine->vault, message));
    return is_passing(message) ? message_drop(engine->vault, &message->row)
                               : RO_OK;
}

/* Whether a message of a person's to others was kept here and is no more. */
static bool
has_left(const struct outgoing *outgoing,
         const struct message *message,
         enum ro_place before)
{
    return before == RO_PLACE_KEPT && message->place != RO_PLACE_KEPT &&
           message->place != RO_PLACE_FAILED && !is_passing(message) &&
           outgoing->reader == OUTGOING_FOR_OTHERS;
}

/* Writes where a message is now, inside a commit; why, if it has failed. Tells
 * how many messages left by it: one, or none. */
static enum ro_status
note_place(struct engine *engine,
           struct outgoing *outgoing,
           enum message_failure failure,
           size_t *ret_left)
{
    RO_AUTOMESSAGE message = {0};
    RO_TRY(message_get(engine->vault, &outgoing->row, &message));
    const enum ro_place before = message.place;
    message.place = outgoing_place(outgoing);
    message.failure = message.place == RO_PLACE_FAILED ? failure : MESSAGE_FINE;
    *ret_left = has_left(outgoing, &message, before) ? 1 : 0;
    RO_TRY(message_put(engine->vault, &message));
    if (outgoing_is_done(outgoing) ||
        (is_passing(&message) && message.place != RO_PLACE_KEPT))
        return drop_all(engine, &message);
    return outgoing_put(engine->vault, outgoing);
}

/* A file that nobody can get any more leaves its message behind, too. */
static void
fail_theirs(struct outgoing *message)
{
    for (size_t i = 0; i < message->n_to; i++) {
        if (message->to[i].whose == OUTGOING_THEIRS)
            message->to[i].state = OUTGOING_FAILED;
    }
}

/* Writes where a chunk is now, inside a commit. Its message is where the
 * hindmost of its chunks is; one that is done needs no chunks. */
static enum ro_status
note_piece(struct engine *engine, struct outgoing *piece, size_t *ret_left)
{
    RO_AUTOOUTGOING message = {0};
    enum ro_status s = outgoing_get(engine->vault, &piece->piece.of, &message);
    *ret_left = 0;
    if (s == RO_NOT_FOUND)
        return attach_drop(engine->vault, piece);
    RO_TRY(s);
    const enum ro_place place = outgoing_place(piece);
    if (place == RO_PLACE_FAILED)
        fail_theirs(&message);
    if (place != RO_PLACE_KEPT && message.n_pieces > 0 &&
        piece->piece.left == OUTGOING_NEVER_LEFT) {
        piece->piece.left = OUTGOING_HAS_LEFT;
        message.n_pieces--;
        RO_TRY(outgoing_put(engine->vault, &message));
    }
    RO_TRY(outgoing_put(engine->vault, piece));
    if (place != RO_PLACE_FAILED && message.n_pieces > 0)
        return RO_OK;
    return note_place(engine, &message, MESSAGE_NOBODY, ret_left);
}

static enum ro_status
keep_progress(struct engine *engine,
              struct outgoing *outgoing,
              enum message_failure failure)
{
    size_t left = 0;
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault,
                     outgoing_is_piece(outgoing)
                         ? note_piece(engine, outgoing, &left)
                         : note_place(engine, outgoing, failure, &left)));
    engine->n_left += left;
    return RO_OK;
}

/* Wraps that were made for a day that is over are made again first. */
static enum ro_status
freshen(struct engine *engine, struct outgoing *outgoing)
{
    uint32_t today = engine_day(engine);
    for (size_t i = 0; i < outgoing->n_to; i++) {
        struct outgoing_to *to = &outgoing->to[i];
        if (to->state != OUTGOING_WAITING || to->day == RO_DAY_FALLBACK ||
            to->day + 1 >= today)
            continue;
        RO_TRY(wrap_again(engine, outgoing, to));
    }
    return RO_OK;
}

static enum ro_status
send_message(struct engine *engine,
             struct outgoing *outgoing,
             int64_t deadline_ms,
             struct ro_why *why)
{
    struct frame frame = {.body = FRAME_WITH_BODY};
    int tries = 0;
    RO_TRY(freshen(engine, outgoing));
    for (;;) {
        choose_wraps(outgoing, &frame);
        if (frame.n == 0)
            return keep_progress(engine, outgoing, MESSAGE_NOBODY);
        enum ro_status s =
            send_frame(engine, outgoing, &frame, deadline_ms, why);
        RO_TRY(keep_progress(engine, outgoing, MESSAGE_NOBODY));
        if (outgoing_count(outgoing, OUTGOING_WAITING) == 0)
            return RO_OK;
        bool again = s == RO_STALE || s == RO_NEED_BODY;
        if (s != RO_OK && !(again && tries++ < STALE_ROUNDS))
            return s;
        frame.body = s == RO_NEED_BODY ? FRAME_WITH_BODY : FRAME_HASH_ONLY;
    }
}

/* A draft that cannot be sealed has failed, and must not stop what stands
 * behind it; receipts that another message took
 * along meanwhile are not needed any more. */
static enum ro_status
give_up(struct engine *engine, const struct row_id *row)
{
    RO_AUTOMESSAGE message = {0};
    RO_TRY(message_get(engine->vault, row, &message));
    message.place = RO_PLACE_FAILED;
    message.failure = MESSAGE_UNFIT;
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = message_put(engine->vault, &message);
    if (s == RO_OK)
        s = drop_all(engine, &message);
    return vault_end(engine->vault, s);
}

static enum ro_status
flush_row(struct engine *engine,
          const struct row_id *row,
          int64_t deadline_ms,
          struct ro_why *why)
{
    RO_AUTOOUTGOING outgoing = {0};
    enum ro_status s = outgoing_get(engine->vault, row, &outgoing);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    if (outgoing_is_piece(&outgoing))
        RO_TRY(attach_load(engine->vault, &outgoing));
    if (outgoing.standing == OUTGOING_DRAFT) {
        s = sealing_seal(engine, &outgoing, why);
        if (s == RO_BAD_INPUT || s == RO_TOO_LARGE)
            return give_up(engine, row);
        RO_TRY(s);
    }
    if (outgoing.n_to > 0 && outgoing_count(&outgoing, OUTGOING_WAITING) == 0)
        return RO_OK;
    return send_message(engine, &outgoing, deadline_ms, why);
}

/* What time, another sync or another wrap can heal. */
static bool
can_wait(enum ro_status s)
{
    return s == RO_NO_CREDIT || s == RO_NO_ROOM || s == RO_DRAINING ||
           s == RO_STALE || s == RO_NEED_BODY;
}

/* Chunks go behind all messages, so that a large file holds up no words. A
 * broker that takes one after the other is there: the time to wait for it
 * counts for each of them anew. But somebody may want us for something else. */
static enum ro_status
flush_pieces(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    RO_AUTOBUF rows = {0};
    RO_TRY(outgoing_pieces(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        enum ro_status s = RO_KEPT;
        if (!engine_is_wanted(engine)) {
            s = flush_row(engine, &row, engine_deadline(engine, wait_ms), why);
        }
        if (s == RO_KEY_CHANGED) /* like its message */
            continue;
        if (can_wait(s) || s == RO_KEPT) {
            return ro_why(why, RO_KEPT,
                          "%s; the rest of the file goes with a later sync",
                          ro_status_text(s));
        }
        RO_TRY(s);
    }
    return RO_OK;
}

/* Notes that something is held, with its words. */
static void
hold(const struct ro_why *why, struct ro_why *held, enum ro_status *all)
{
    if (why != NULL)
        *held = *why;
    *all = RO_KEY_CHANGED;
}

/* What goes to a member whose key was replaced waits for a person, and holds up
 * nothing else. */
enum ro_status
outbox_flush(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    RO_AUTOBUF rows = {0};
    struct ro_why held = {""};
    enum ro_status all = RO_OK;
    const int64_t wait_ms = deadline_ms - engine_deadline(engine, 0);
    RO_TRY(outgoing_waiting(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        enum ro_status s =
            flush_row(engine, &row, engine_deadline(engine, wait_ms), why);
        if (can_wait(s)) {
            return ro_why(why, RO_KEPT, "%s; it goes with a later sync",
                          ro_status_text(s));
        }
        if (s == RO_KEY_CHANGED) {
            hold(why, &held, &all);
        } else if (s != RO_OK) {
            return s;
        }
    }
    RO_TRY(flush_pieces(engine, wait_ms, why));
    return all == RO_OK ? RO_OK : ro_why(why, all, "%s", held.text);
}

/* --- what others say of it ----------------------------------------------- */

enum ro_status
outbox_arrived(struct engine *engine,
               const struct ro_seat_id *seat,
               const struct ro_message_id *message)
{
    struct row_id row;
    RO_AUTOOUTGOING outgoing = {0};
    enum ro_status s = message_ours(engine->vault, message, &row);
    if (s == RO_OK)
        s = outgoing_get(engine->vault, &row, &outgoing);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    for (size_t i = 0; i < outgoing.n_to; i++) {
        if (ro_seat_id_equal(&outgoing.to[i].seat, seat))
            outgoing.to[i].state = OUTGOING_ARRIVED;
    }
    size_t left;
    return note_place(engine, &outgoing, MESSAGE_NOBODY, &left);
}

/* The thread that a wrap of this row counts in. */
static bool
is_in_thread(const struct engine *engine,
             const struct outgoing *outgoing,
             const struct outgoing_to *to,
             const struct ro_thread_id *thread)
{
    struct ro_thread_id derived;
    if (!ro_thread_id_is_zero(&outgoing->thread))
        return ro_thread_id_equal(&outgoing->thread, thread);
    ro_thread_id_of(&outgoing->request, &engine->keyring->member_id,
                    &to->member, &derived);
    return ro_thread_id_equal(&derived, thread);
}

static enum ro_status
serve_row(struct engine *engine,
          const struct row_id *row,
          const struct outbox_resend *resend)
{
    RO_AUTOOUTGOING outgoing = {0};
    size_t served = 0;
    RO_TRY(outgoing_get(engine->vault, row, &outgoing));
    for (size_t i = 0; i < outgoing.n_to; i++) {
        struct outgoing_to *to = &outgoing.to[i];
        if (to->state != OUTGOING_STORED ||
            !ro_seat_id_equal(&to->seat, &resend->seat) ||
            to->sequence < resend->from || to->sequence > resend->to ||
            !is_in_thread(engine, &outgoing, to, &resend->thread))
            continue;
        if (outgoing_is_piece(&outgoing) && served == 0)
            RO_TRY(attach_load(engine->vault, &outgoing));
        /* a seat that cannot be sealed to must not keep its own ask, and with
         * it our mailbox, from being taken */
        enum ro_status s = sealing_wrap(engine, &outgoing, to);
        if (s == RO_NO_MEMORY)
            return s;
        if (s != RO_OK)
            continue;
        to->state = OUTGOING_WAITING;
        served++;
    }
    return served == 0 ? RO_OK : outgoing_put(engine->vault, &outgoing);
}

enum ro_status
outbox_resend(struct engine *engine, const struct outbox_resend *resend)
{
    RO_AUTOBUF rows = {0};
    RO_TRY(outgoing_rows(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(serve_row(engine, &row, resend));
    }
    return RO_OK;
}

/* --- what comes to nothing ----------------------------------------------- */

static enum ro_status
expire_row(struct engine *engine, const struct row_id *row, uint32_t hour)
{
    RO_AUTOOUTGOING outgoing = {0};
    enum ro_status s = outgoing_get(engine->vault, row, &outgoing);
    if (s == RO_NOT_FOUND) /* a chunk that went with its message */
        return RO_OK;
    RO_TRY(s);
    if (outgoing.standing == OUTGOING_DRAFT || outgoing.expiry_hour > hour ||
        outgoing_is_piece(&outgoing))
        return RO_OK;
    for (size_t i = 0; i < outgoing.n_to; i++) {
        if (outgoing.to[i].state != OUTGOING_ARRIVED)
            outgoing.to[i].state = OUTGOING_FAILED;
    }
    return keep_progress(engine, &outgoing, MESSAGE_UNCOLLECTED);
}

enum ro_status
outbox_expire(struct engine *engine)
{
    RO_AUTOBUF rows = {0};
    uint32_t hour = ro_hour_of(engine_past_s(engine));
    RO_TRY(outgoing_rows(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(expire_row(engine, &row, hour));
    }
    return RO_OK;
}

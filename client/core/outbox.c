/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/outbox.h"

#include "client/core/attach.h"
#include "client/core/held.h"
#include "client/core/posting.h"
#include "client/core/progress.h"
#include "client/core/sealing.h"
#include "client/core/verifying.h"
#include "common/wire/codec.h"

#include <string.h>

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
        return ro_why(why, RO_BAD_INPUT,
                      "%zu bytes do not fit into one message; shorten it",
                      message.content.size);
    }
    RO_TRY(message_put(engine->vault, &message));
    RO_TRY(outgoing_put(engine->vault, &outgoing));
    *ret_row = message.row;
    return RO_OK;
}

/* --- sending what waits -------------------------------------------------- */

/* A draft that cannot be sealed has failed, and must not stop what stands
 * behind it; receipts that another message took along meanwhile are not needed
 * any more. */
static enum ro_status
give_up(struct engine *engine,
        const struct row_id *row,
        enum message_failure failure)
{
    RO_AUTOMESSAGE message = {0};
    RO_TRY(message_get(engine->vault, row, &message));
    message.place = RO_PLACE_FAILED;
    message.failure = failure;
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = message_put(engine->vault, &message);
    if (s == RO_OK)
        s = progress_drop(engine, &message);
    return vault_end(engine->vault, s);
}

/* A chunk for a mailbox that was found full is not sealed: what is sealed has a
 * number in its thread, and hundreds of them would stand in the way. */
static bool
is_held_back(const struct engine *engine,
             const struct outgoing *outgoing,
             struct held_one *ret_held)
{
    if (!outgoing_is_piece(outgoing) || outgoing->standing != OUTGOING_DRAFT)
        return false;
    *ret_held =
        (struct held_one){.row = outgoing->piece.of, .cause = RO_NO_ROOM};
    memcpy(ret_held->member.b, outgoing->members.data, RO_ID_SIZE);
    return held_is_full_at(engine, &ret_held->member);
}

static enum ro_status
flush_row(struct engine *engine,
          const struct row_id *row,
          int64_t wait_ms,
          struct ro_why *why)
{
    RO_AUTOOUTGOING outgoing = {0};
    struct held_one held;
    enum ro_status s = outgoing_get(engine->vault, row, &outgoing);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    if (is_held_back(engine, &outgoing, &held))
        return held_note(engine, &held);
    if (outgoing_is_piece(&outgoing))
        RO_TRY(attach_load(engine->vault, &outgoing));
    if (outgoing.standing == OUTGOING_DRAFT) {
        s = sealing_seal(engine, &outgoing, why);
        if (s == RO_KEY_CHANGED)
            return held_note_keys(engine, &outgoing);
        if (s == RO_ILLEGAL)
            return give_up(engine, row, MESSAGE_NEWCOMER);
        if (s == RO_BAD_INPUT || s == RO_TOO_LARGE)
            return give_up(engine, row, MESSAGE_UNFIT);
        RO_TRY(s);
    }
    if (outgoing.n_to > 0 && outgoing_count(&outgoing, OUTGOING_WAITING) == 0)
        return RO_OK;
    return posting_send(engine, &outgoing, wait_ms, why);
}

/* --- a key replaced since a draft was written ---------------------------- */

/* Sorts those whom a draft is for: they may be sent to now, or not. */
static enum ro_status
sort_members(const struct engine *engine,
             const struct outgoing *outgoing,
             struct ro_buf *ret_now,
             struct ro_buf *ret_later)
{
    for (size_t at = 0; at < outgoing->members.size; at += RO_ID_SIZE) {
        struct ro_member_id id;
        memcpy(id.b, outgoing->members.data + at, RO_ID_SIZE);
        enum ro_status s = verifying_may_send(engine, &id, NULL);
        if (s != RO_KEY_CHANGED)
            RO_TRY(s);
        ro_buf_put(s == RO_OK ? ret_now : ret_later, id.b, RO_ID_SIZE);
    }
    RO_TRY(ro_buf_ok(ret_now));
    return ro_buf_ok(ret_later);
}

/* Gives those of `later` a message of their own, and leaves `now` with the one
 * that is there; inside a commit. */
static enum ro_status
put_apart(struct engine *engine,
          struct outgoing *outgoing,
          const struct ro_buf *now,
          const struct ro_buf *later,
          struct row_id *ret_row)
{
    RO_AUTOMESSAGE message = {0};
    RO_AUTOOUTGOING held = {.request = outgoing->request,
                            .thread = outgoing->thread,
                            .reader = outgoing->reader};
    RO_TRY(message_get(engine->vault, &outgoing->row, &message));
    make_row_id(engine, &message.row);
    held.row = message.row;
    ro_buf_put(&held.members, later->data, later->size);
    ro_buf_clear(&outgoing->members);
    ro_buf_put(&outgoing->members, now->data, now->size);
    RO_TRY(ro_buf_ok(&held.members));
    RO_TRY(ro_buf_ok(&outgoing->members));
    RO_TRY(message_put(engine->vault, &message));
    RO_TRY(outgoing_put(engine->vault, &held));
    RO_TRY(outgoing_put(engine->vault, outgoing));
    *ret_row = message.row;
    return RO_OK;
}

/* A draft to many of whom one is in doubt now is two, as if it were written
 * now; the second one is added to `rows`. */
static enum ro_status
split(struct engine *engine, const struct row_id *row, struct ro_buf *rows)
{
    RO_AUTOOUTGOING outgoing = {0};
    RO_AUTOBUF now = {0};
    RO_AUTOBUF later = {0};
    struct row_id held;
    enum ro_status s = outgoing_get(engine->vault, row, &outgoing);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    if (outgoing.standing != OUTGOING_DRAFT || outgoing_is_piece(&outgoing) ||
        outgoing.members.size <= RO_ID_SIZE)
        return RO_OK;
    RO_TRY(sort_members(engine, &outgoing, &now, &later));
    if (now.size == 0 || later.size == 0)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault,
                     put_apart(engine, &outgoing, &now, &later, &held)));
    ro_buf_put(rows, held.b, RO_ID_SIZE);
    return ro_buf_ok(rows);
}

/* --- all of them --------------------------------------------------------- */

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
            s = flush_row(engine, &row, wait_ms, why);
        }
        if (can_wait(s) || s == RO_KEPT) {
            return ro_why(why, RO_KEPT,
                          "%s; the rest of the file goes with a later sync",
                          ro_status_text(s));
        }
        RO_TRY(s);
    }
    return RO_OK;
}

enum ro_status
outbox_flush(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    RO_AUTOBUF rows = {0};
    held_clear(&engine->held);
    RO_TRY(outgoing_waiting(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(split(engine, &row, &rows));
        enum ro_status s = flush_row(engine, &row, wait_ms, why);
        if (can_wait(s)) {
            return ro_why(why, RO_KEPT, "%s; it goes with a later sync",
                          ro_status_text(s));
        }
        RO_TRY(s);
    }
    return flush_pieces(engine, wait_ms, why);
}

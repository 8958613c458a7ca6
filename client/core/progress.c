/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/progress.h"

#include "client/core/attach.h"

/* Receipts and asks for resending leave no trace once they are stored. */
static bool
is_passing(const struct message *message)
{
    return message->purpose == RO_PURPOSE_RECEIPTS ||
           message->purpose == RO_PURPOSE_RESEND;
}

enum ro_status
progress_drop(struct engine *engine, const struct message *message)
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

/* Whether all for whom it was are out of the circle. */
static bool
is_for_the_removed(const struct engine *engine, const struct outgoing *outgoing)
{
    size_t n = 0;
    const struct ro_buf *members = &outgoing->members;
    for (size_t at = 0; at < members->size; at += RO_ID_SIZE) {
        struct ro_member_id id;
        memcpy(id.b, members->data + at, RO_ID_SIZE);
        const struct ro_member_view *member =
            ro_directory_member(engine->directory, &id);
        if (member != NULL && member->standing == RO_MEMBER_REMOVED)
            n++;
    }
    return n > 0 && n * RO_ID_SIZE == members->size;
}

enum ro_status
progress_note(struct engine *engine,
              struct outgoing *outgoing,
              enum message_failure failure,
              size_t *ret_left)
{
    RO_AUTOMESSAGE message = {0};
    RO_TRY(message_get(engine->vault, &outgoing->row, &message));
    const enum ro_place before = message.place;
    message.place = outgoing_place(outgoing);
    message.failure = message.place == RO_PLACE_FAILED ? failure : MESSAGE_FINE;
    if (message.failure == MESSAGE_NOBODY &&
        is_for_the_removed(engine, outgoing))
        message.failure = MESSAGE_REMOVED;
    *ret_left = has_left(outgoing, &message, before) ? 1 : 0;
    RO_TRY(message_put(engine->vault, &message));
    if (outgoing_is_done(outgoing) ||
        (is_passing(&message) && message.place != RO_PLACE_KEPT))
        return progress_drop(engine, &message);
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
    return progress_note(engine, &message, MESSAGE_NOBODY, ret_left);
}

enum ro_status
progress_keep(struct engine *engine,
              struct outgoing *outgoing,
              enum message_failure failure)
{
    size_t left = 0;
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault,
                     outgoing_is_piece(outgoing)
                         ? note_piece(engine, outgoing, &left)
                         : progress_note(engine, outgoing, failure, &left)));
    engine->n_left += left;
    return RO_OK;
}

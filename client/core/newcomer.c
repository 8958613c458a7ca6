/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/newcomer.h"

#include "client/core/outgoing.h"
#include "client/core/story.h"

#include <string.h>

/* Takes the size of the directory with which a body was sealed, if that is
 * larger; a draft has none. */
static enum ro_status
take_size(const struct message *ask, uint64_t *size)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(ask, arena, &content));
    if (content->log_size > *size)
        *size = content->log_size;
    return RO_OK;
}

/* The same of all bodies of a request: some may have waited. */
static enum ro_status
take_all_sizes(const struct engine *engine,
               const struct ro_request_id *request,
               uint64_t *size)
{
    RO_AUTOMESSAGES messages = {0};
    RO_TRY(message_list(engine->vault, request, &messages));
    for (size_t i = 0; i < messages.n; i++) {
        if (messages.at[i].purpose == RO_PURPOSE_ASK)
            RO_TRY(take_size(&messages.at[i], size));
    }
    return RO_OK;
}

/* Whether it has seats, and each of them came to the directory after that; 0:
 * what was asked has never left. */
static bool
is_newcomer(const struct engine *engine,
            const struct ro_member_id *member,
            uint64_t size)
{
    size_t n = 0;
    const struct ro_seat_view *seat;
    if (size == 0)
        return false;
    for (size_t i = 0;
         (seat = ro_directory_nth_seat(engine->directory, i)) != NULL; i++) {
        if (seat->standing != RO_SEAT_LIVE ||
            !ro_member_id_equal(&seat->member, member))
            continue;
        if (seat->since <= size)
            return false;
        n++;
    }
    return n > 0;
}

/* By the first body, which is quickly read; then by all of them. */
static enum ro_status
look(const struct engine *engine,
     const struct request_row *request,
     const struct ro_member_id *member,
     bool *ret_newcomer)
{
    RO_AUTOMESSAGE ask = {0};
    uint64_t size = 0;
    enum ro_status s = message_get(engine->vault, &request->ask, &ask);
    *ret_newcomer = false;
    if (s == RO_OK)
        s = take_size(&ask, &size);
    if (s != RO_OK)
        return s == RO_NOT_FOUND ? RO_OK : s;
    if (!is_newcomer(engine, member, size))
        return RO_OK;
    RO_TRY(take_all_sizes(engine, &request->id, &size));
    *ret_newcomer = is_newcomer(engine, member, size);
    return RO_OK;
}

/* What our own side can do instead; what ends something here may go. */
static enum ro_status
tell(const struct engine *engine,
     const struct request_row *request,
     const struct message *message,
     const struct ro_member_id *member,
     struct ro_why *why)
{
    const bool ours =
        ro_member_id_equal(&request->asker, &engine->keyring->member_id);
    const bool ends = message->purpose == RO_PURPOSE_CLOSE ||
                      message->purpose == RO_PURPOSE_NOT_CHOSEN;
    const struct ro_member_view *view =
        ro_directory_member(engine->directory, member);
    return ro_why(
        why, ends ? RO_KEPT : RO_ILLEGAL,
        "%.60s has new keys and cannot read what was said before. Next: %s",
        view == NULL ? "That member" : view->name,
        ends   ? "ring them"
        : ours ? "ask anew with 'ask'"
               : "ring them; they can ask anew");
}

/* Whether it is a message of ours to one other, in their conversation. */
static bool
is_to_one(const struct outgoing *own)
{
    return own->reader == OUTGOING_FOR_OTHERS && !outgoing_is_piece(own) &&
           own->members.size == RO_ID_SIZE &&
           !ro_thread_id_is_zero(&own->thread);
}

enum ro_status
newcomer_check(const struct engine *engine,
               const struct row_id *row,
               struct ro_why *why)
{
    RO_AUTOOUTGOING own = {0};
    RO_AUTOREQUEST request = {0};
    RO_AUTOMESSAGE message = {0};
    struct ro_member_id member;
    bool newcomer;
    enum ro_status s = outgoing_get(engine->vault, row, &own);
    if (s == RO_NOT_FOUND || (s == RO_OK && !is_to_one(&own)))
        return RO_OK;
    RO_TRY(s);
    memcpy(member.b, own.members.data, RO_ID_SIZE);
    s = request_row_get(engine->vault, &own.request, &request);
    if (s == RO_OK)
        s = look(engine, &request, &member, &newcomer);
    if (s != RO_OK || !newcomer)
        return s == RO_NOT_FOUND ? RO_OK : s;
    RO_TRY(message_get(engine->vault, row, &message));
    return tell(engine, &request, &message, &member, why);
}

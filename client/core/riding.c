/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/riding.h"

#include "client/core/row.h"
#include "common/wire/codec.h"

#include <string.h>

#define RECEIPT_SOONEST_S (10 * 60)
#define RECEIPT_LATEST_S (240 * 60)

/* --- seen ---------------------------------------------------------------- */

/* Whether a message is one that the thread's other side has too: of the thread
 * itself, or the asker's to a group. A pass went to our own seats only, and
 * the asker is not to learn of it. */
static bool
is_shared(const struct message *message, const struct ro_thread_id *thread)
{
    if (message->purpose == RO_PURPOSE_PASS)
        return false;
    return ro_thread_id_equal(&message->thread, thread) ||
           (ro_thread_id_is_zero(&message->thread) &&
            message->purpose == RO_PURPOSE_ASK);
}

/* The entry of a writer, made on first use; NULL beyond the limit. */
static enum ro_status
entry_of(const struct message *message,
         struct ro_arena *arena,
         Reachout__Content *content,
         Reachout__Seen **ret_seen)
{
    *ret_seen = NULL;
    for (size_t i = 0; i < content->n_seen; i++) {
        if (memcmp(content->seen[i]->seat.data, message->writer.b,
                   RO_ID_SIZE) == 0)
            *ret_seen = content->seen[i];
    }
    if (*ret_seen != NULL || content->n_seen == RO_SEEN_MAX)
        return RO_OK;
    Reachout__Seen *seen = ro_arena_zero(arena, sizeof(*seen));
    uint8_t *bytes = ro_arena_take(arena, RO_ID_SIZE + RO_HASH_SIZE);
    if (seen == NULL || bytes == NULL)
        return RO_NO_MEMORY;
    reachout__seen__init(seen);
    memcpy(bytes, message->writer.b, RO_ID_SIZE);
    seen->has_seat = seen->has_body = true;
    seen->seat = (ProtobufCBinaryData){RO_ID_SIZE, bytes};
    seen->body = (ProtobufCBinaryData){RO_HASH_SIZE, bytes + RO_ID_SIZE};
    content->seen[content->n_seen++] = seen;
    *ret_seen = seen;
    return RO_OK;
}

/* A later message of one writer takes the place of the one before. */
static enum ro_status
add_seen(const struct message *message,
         struct ro_arena *arena,
         Reachout__Content *content)
{
    Reachout__Seen *seen;
    RO_TRY(entry_of(message, arena, content, &seen));
    if (seen != NULL)
        memcpy(seen->body.data, message->body.b, RO_HASH_SIZE);
    return RO_OK;
}

enum ro_status
riding_seen(struct engine *engine,
            const struct message *message,
            struct ro_arena *arena,
            Reachout__Content *content)
{
    static const struct ro_hash none;
    RO_AUTOMESSAGES messages = {0};
    content->n_seen = 0;
    if (ro_thread_id_is_zero(&message->thread) ||
        ro_request_id_is_zero(&message->request))
        return RO_OK;
    content->seen =
        ro_arena_zero(arena, RO_SEEN_MAX * sizeof(Reachout__Seen *));
    if (content->seen == NULL)
        return RO_NO_MEMORY;
    RO_TRY(message_list(engine->vault, &message->request, &messages));
    for (size_t i = 0; i < messages.n; i++) {
        const struct message *other = &messages.at[i];
        if (memcmp(other->body.b, none.b, RO_HASH_SIZE) != 0 &&
            is_shared(other, &message->thread))
            RO_TRY(add_seen(other, arena, content));
    }
    return RO_OK;
}

/* --- receipts ------------------------------------------------------------ */

/* A receipt that is owed: VAULT_RECEIPT, message id -> this. */
struct owed {
    struct ro_message_id message;
    struct ro_member_id member;
    int64_t due_s;
};

enum ro_status
riding_owe(struct engine *engine, const struct message *message)
{
    RO_AUTOBUF row = {0};
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id))
        return RO_OK;
    uint64_t wait = RECEIPT_SOONEST_S +
                    ro_entropy_below(&engine->lots,
                                     RECEIPT_LATEST_S - RECEIPT_SOONEST_S + 1);
    ro_buf_put(&row, message->id.b, RO_ID_SIZE);
    ro_buf_put(&row, message->side.b, RO_ID_SIZE);
    ro_buf_put_u64(&row, (uint64_t)engine_now_s(engine) + wait);
    RO_TRY(ro_buf_ok(&row));
    const struct vault_place place = {
        VAULT_RECEIPT, {message->id.b, RO_ID_SIZE},
         {0            }
    };
    return vault_put(engine->vault, &place, ro_buf_view(&row));
}

enum ro_status
riding_owes(struct engine *engine, const struct ro_message_id *message)
{
    return vault_has(engine->vault, VAULT_RECEIPT,
                     (struct ro_bytes){message->b, RO_ID_SIZE});
}

static enum ro_status
read_owed(struct ro_bytes value, struct owed *ret_owed)
{
    struct row_reader row = row_read(value);
    row_fixed(&row, ret_owed->message.b, RO_ID_SIZE);
    row_fixed(&row, ret_owed->member.b, RO_ID_SIZE);
    ret_owed->due_s = (int64_t)row_u64(&row);
    return row_end(&row);
}

/* Collects what is owed to one member. */
struct collecting {
    struct ro_member_id member;
    struct ro_message_id messages[RO_RECEIPTS_MAX];
    size_t n;
};

static enum ro_status
collect(void *user, struct ro_bytes value)
{
    struct collecting *collecting = user;
    struct owed owed;
    RO_TRY(read_owed(value, &owed));
    if (ro_member_id_equal(&owed.member, &collecting->member) &&
        collecting->n < RO_RECEIPTS_MAX)
        collecting->messages[collecting->n++] = owed.message;
    return RO_OK;
}

/* The one member that all wraps but our own seats' go to; false if several. */
static bool
one_member(const struct engine *engine,
           const struct outgoing *outgoing,
           struct ro_member_id *ret_member)
{
    const struct ro_member_id *self = &engine->keyring->member_id;
    bool found = false;
    for (size_t i = 0; i < outgoing->n_to; i++) {
        const struct ro_member_id *member = &outgoing->to[i].member;
        if (ro_member_id_equal(member, self))
            continue;
        if (found && !ro_member_id_equal(member, ret_member))
            return false;
        *ret_member = *member;
        found = true;
    }
    return found;
}

enum ro_status
riding_receipts(struct engine *engine,
                const struct outgoing *outgoing,
                struct ro_arena *arena,
                Reachout__Content *content)
{
    struct collecting collecting = {0};
    content->n_receipts = 0;
    if (!one_member(engine, outgoing, &collecting.member))
        return RO_OK;
    RO_TRY(vault_walk(engine->vault, VAULT_RECEIPT, (struct ro_bytes){0},
                      collect, &collecting));
    if (collecting.n == 0)
        return RO_OK;
    content->receipts =
        ro_arena_zero(arena, collecting.n * sizeof(*content->receipts));
    uint8_t *ids = ro_arena_take(arena, collecting.n * RO_ID_SIZE);
    if (content->receipts == NULL || ids == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < collecting.n; i++) {
        uint8_t *id = ids + i * RO_ID_SIZE;
        memcpy(id, collecting.messages[i].b, RO_ID_SIZE);
        content->receipts[i] = (ProtobufCBinaryData){RO_ID_SIZE, id};
        RO_TRY(vault_drop(engine->vault, VAULT_RECEIPT,
                          (struct ro_bytes){id, RO_ID_SIZE}));
    }
    content->n_receipts = collecting.n;
    return RO_OK;
}

struct overdue {
    int64_t now_s;
    struct ro_buf *members;
};

static enum ro_status
collect_overdue(void *user, struct ro_bytes value)
{
    struct overdue *overdue = user;
    struct owed owed;
    RO_TRY(read_owed(value, &owed));
    if (owed.due_s > overdue->now_s)
        return RO_OK;
    for (size_t at = 0; at < overdue->members->size; at += RO_ID_SIZE) {
        if (memcmp(overdue->members->data + at, owed.member.b, RO_ID_SIZE) == 0)
            return RO_OK;
    }
    ro_buf_put(overdue->members, owed.member.b, RO_ID_SIZE);
    return ro_buf_ok(overdue->members);
}

enum ro_status
riding_overdue(struct engine *engine, int64_t now_s, struct ro_buf *ret_members)
{
    struct overdue overdue = {now_s, ret_members};
    return vault_walk(engine->vault, VAULT_RECEIPT, (struct ro_bytes){0},
                      collect_overdue, &overdue);
}

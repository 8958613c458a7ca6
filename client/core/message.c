/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/message.h"

#include "client/core/row.h"

#include <string.h>

void
message_fini(struct message *message)
{
    ro_buf_fini(&message->content);
}

void
message_list_fini(struct messages *messages)
{
    for (size_t i = 0; i < messages->n; i++)
        message_fini(&messages->at[i]);
    free(messages->at);
    *messages = (struct messages){0};
}

const char *
message_failure_text(enum message_failure failure)
{
    switch (failure) {
    case MESSAGE_UNCOLLECTED:
        return "nobody there has collected it in time; ring them, or send it "
               "again";
    case MESSAGE_NOBODY:
        return "nobody there has a seat that could get it; ring them";
    case MESSAGE_REMOVED:
        return "they are no longer in the circle";
    case MESSAGE_NEWCOMER:
        return "they have new keys and cannot read it here; ask anew, or ring "
               "them";
    case MESSAGE_UNFIT:
        return "it could not be sealed as it is; write it again, shorter";
    case MESSAGE_FINE:
    default:
        return NULL;
    }
}

/* Keeps the list of what was not read, so that it is counted and not looked
 * for. */
static enum ro_status
list_unread(struct vault *vault, const struct message *message)
{
    const struct ro_bytes id = {message->row.b, RO_ID_SIZE};
    const struct vault_place place = {VAULT_UNREAD, id, {0}};
    if (message->read == MESSAGE_UNREAD &&
        message_is_conversation(message->purpose))
        return vault_put(vault, &place, id);
    return vault_drop(vault, VAULT_UNREAD, id);
}

enum ro_status
message_put(struct vault *vault, const struct message *message)
{
    RO_AUTOBUF row = {0};
    RO_TRY(ro_buf_ok(&message->content)); /* all of it, or it is not kept */
    ro_buf_put(&row, message->row.b, RO_ID_SIZE);
    ro_buf_put(&row, message->request.b, RO_ID_SIZE);
    ro_buf_put(&row, message->thread.b, RO_ID_SIZE);
    ro_buf_put(&row, message->id.b, RO_ID_SIZE);
    ro_buf_put(&row, message->body.b, RO_HASH_SIZE);
    ro_buf_put(&row, message->writer.b, RO_ID_SIZE);
    ro_buf_put(&row, message->side.b, RO_ID_SIZE);
    ro_buf_put_u8(&row, (uint8_t)message->purpose);
    ro_buf_put_u8(&row, (uint8_t)message->place);
    ro_buf_put_u8(&row, (uint8_t)message->read);
    ro_buf_put_u8(&row, (uint8_t)message->failure);
    ro_buf_put_u64(&row, (uint64_t)message->sent_at_s);
    ro_buf_put_u64(&row, (uint64_t)message->arrived_at_s);
    row_put_piece(&row, ro_buf_view(&message->content));
    RO_TRY(ro_buf_ok(&row));
    const struct vault_place place = {
        VAULT_MESSAGE,
        {message->row.b,     RO_ID_SIZE},
        {message->request.b, RO_ID_SIZE},
    };
    RO_TRY(vault_put(vault, &place, ro_buf_view(&row)));
    return list_unread(vault, message);
}

/* Everything but the content, which follows. */
static void
read_head(struct row_reader *row, struct message *ret_message)
{
    *ret_message = (struct message){0};
    row_fixed(row, ret_message->row.b, RO_ID_SIZE);
    row_fixed(row, ret_message->request.b, RO_ID_SIZE);
    row_fixed(row, ret_message->thread.b, RO_ID_SIZE);
    row_fixed(row, ret_message->id.b, RO_ID_SIZE);
    row_fixed(row, ret_message->body.b, RO_HASH_SIZE);
    row_fixed(row, ret_message->writer.b, RO_ID_SIZE);
    row_fixed(row, ret_message->side.b, RO_ID_SIZE);
    ret_message->purpose = row_u8(row);
    ret_message->place = row_u8(row);
    ret_message->read = row_u8(row);
    ret_message->failure = row_u8(row);
    ret_message->sent_at_s = (int64_t)row_u64(row);
    ret_message->arrived_at_s = (int64_t)row_u64(row);
}

static enum ro_status
read_message(struct ro_bytes value, struct message *ret_message)
{
    struct row_reader row = row_read(value);
    read_head(&row, ret_message);
    struct ro_bytes content = row_piece(&row);
    RO_TRY(row_end(&row));
    ro_buf_put(&ret_message->content, content.data, content.size);
    return ro_buf_ok(&ret_message->content);
}

enum ro_status
message_get(struct vault *vault,
            const struct row_id *row,
            struct message *ret_message)
{
    RO_AUTOBUF value = {0};
    *ret_message = (struct message){0};
    RO_TRY(vault_get(vault, VAULT_MESSAGE,
                     (struct ro_bytes){row->b, RO_ID_SIZE}, &value));
    return read_message(ro_buf_view(&value), ret_message);
}

static enum ro_status
add_message(void *user, struct ro_bytes value)
{
    struct messages *messages = user;
    struct message *more =
        reallocarray(messages->at, messages->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    messages->at = more;
    messages->n++; /* even a failed read leaves something to release */
    return read_message(value, &more[messages->n - 1]);
}

enum ro_status
message_list(struct vault *vault,
             const struct ro_request_id *request,
             struct messages *ret_messages)
{
    const struct ro_bytes tag = {request->b, RO_ID_SIZE};
    *ret_messages = (struct messages){0};
    enum ro_status s =
        vault_walk(vault, VAULT_MESSAGE, tag, add_message, ret_messages);
    if (s != RO_OK)
        message_list_fini(ret_messages);
    return s;
}

enum ro_status
message_drop(struct vault *vault, const struct row_id *row)
{
    const struct ro_bytes id = {row->b, RO_ID_SIZE};
    RO_TRY(vault_drop(vault, VAULT_UNREAD, id));
    return vault_drop(vault, VAULT_MESSAGE, id);
}

bool
message_is_conversation(enum ro_purpose purpose)
{
    return purpose == RO_PURPOSE_ASK || purpose == RO_PURPOSE_ANSWER ||
           purpose == RO_PURPOSE_SAY || purpose == RO_PURPOSE_NOT_CHOSEN ||
           purpose == RO_PURPOSE_CLOSE;
}

enum ro_status
message_unread(struct vault *vault, size_t *ret_n)
{
    return vault_count(vault, VAULT_UNREAD, ret_n);
}

struct straying {
    struct vault *vault;
    struct ro_buf *rows;
    struct ro_request_id known; /* the request that was found last */
};

static enum ro_status
collect_stray(void *user, struct ro_bytes value)
{
    struct straying *straying = user;
    struct message message;
    struct row_reader row = row_read(value);
    read_head(&row, &message);
    const struct ro_bytes request = {message.request.b, RO_ID_SIZE};
    if (!message_is_conversation(message.purpose) ||
        ro_request_id_equal(&message.request, &straying->known))
        return RO_OK;
    enum ro_status s = vault_has(straying->vault, VAULT_REQUEST, request);
    if (s == RO_OK)
        straying->known = message.request;
    if (s != RO_NOT_FOUND)
        return s;
    ro_buf_put(straying->rows, message.row.b, RO_ID_SIZE);
    return ro_buf_ok(straying->rows);
}

enum ro_status
message_strays(struct vault *vault, struct ro_buf *ret_rows)
{
    struct straying straying = {.vault = vault, .rows = ret_rows};
    return vault_walk(vault, VAULT_MESSAGE, (struct ro_bytes){0}, collect_stray,
                      &straying);
}

/* --- message ids --------------------------------------------------------- */

/* VAULT_SEEN: id -> id, what it is, row of ours, hour until which it counts. */
struct seen {
    struct ro_message_id id;
    enum { SEEN_OURS = 1, SEEN_CAME = 2 } what;
    struct row_id row;
    uint32_t until_hour;
};

static enum ro_status
put_seen(struct vault *vault, const struct seen *seen)
{
    RO_AUTOBUF row = {0};
    ro_buf_put(&row, seen->id.b, RO_ID_SIZE);
    ro_buf_put_u8(&row, (uint8_t)seen->what);
    ro_buf_put(&row, seen->row.b, RO_ID_SIZE);
    ro_buf_put_u32(&row, seen->until_hour);
    RO_TRY(ro_buf_ok(&row));
    const struct vault_place place = {
        VAULT_SEEN, {seen->id.b, RO_ID_SIZE},
         {0         }
    };
    return vault_put(vault, &place, ro_buf_view(&row));
}

static enum ro_status
read_seen(struct ro_bytes value, struct seen *ret_seen)
{
    struct row_reader row = row_read(value);
    row_fixed(&row, ret_seen->id.b, RO_ID_SIZE);
    ret_seen->what = row_u8(&row);
    row_fixed(&row, ret_seen->row.b, RO_ID_SIZE);
    ret_seen->until_hour = row_u32(&row);
    return row_end(&row);
}

enum ro_status
message_known(struct vault *vault, const struct ro_message_id *id)
{
    const struct ro_bytes key = {id->b, RO_ID_SIZE};
    enum ro_status s = vault_has(vault, VAULT_MESSAGE, key);
    return s == RO_NOT_FOUND ? vault_has(vault, VAULT_SEEN, key) : s;
}

enum ro_status
message_remember(struct vault *vault,
                 const struct ro_message_id *id,
                 uint32_t until_hour)
{
    const struct seen seen = {
        .id = *id, .what = SEEN_CAME, .until_hour = until_hour};
    return put_seen(vault, &seen);
}

struct forgetting {
    struct ro_buf *ids;
    uint32_t hour;
};

static enum ro_status
collect_old(void *user, struct ro_bytes value)
{
    struct forgetting *forgetting = user;
    struct seen seen;
    RO_TRY(read_seen(value, &seen));
    if (seen.what == SEEN_CAME && seen.until_hour < forgetting->hour)
        ro_buf_put(forgetting->ids, seen.id.b, RO_ID_SIZE);
    return ro_buf_ok(forgetting->ids);
}

static enum ro_status
drop_ids(struct vault *vault, const struct ro_buf *ids)
{
    for (size_t at = 0; at < ids->size; at += RO_ID_SIZE) {
        RO_TRY(vault_drop(vault, VAULT_SEEN,
                          (struct ro_bytes){ids->data + at, RO_ID_SIZE}));
    }
    return RO_OK;
}

enum ro_status
message_forget(struct vault *vault, uint32_t hour)
{
    RO_AUTOBUF ids = {0};
    struct forgetting forgetting = {&ids, hour};
    RO_TRY(vault_walk(vault, VAULT_SEEN, (struct ro_bytes){0}, collect_old,
                      &forgetting));
    if (ids.size == 0)
        return RO_OK;
    RO_TRY(vault_begin(vault));
    return vault_end(vault, drop_ids(vault, &ids));
}

enum ro_status
message_ours(struct vault *vault,
             const struct ro_message_id *id,
             struct row_id *ret_row)
{
    RO_AUTOBUF value = {0};
    struct seen seen;
    RO_TRY(vault_get(vault, VAULT_SEEN, (struct ro_bytes){id->b, RO_ID_SIZE},
                     &value));
    RO_TRY(read_seen(ro_buf_view(&value), &seen));
    if (seen.what != SEEN_OURS)
        return RO_NOT_FOUND;
    *ret_row = seen.row;
    return RO_OK;
}

enum ro_status
message_ours_put(struct vault *vault, const struct message *message)
{
    const struct seen seen = {
        .id = message->id, .what = SEEN_OURS, .row = message->row};
    return put_seen(vault, &seen);
}

enum ro_status
message_ours_drop(struct vault *vault, const struct ro_message_id *id)
{
    return vault_drop(vault, VAULT_SEEN, (struct ro_bytes){id->b, RO_ID_SIZE});
}

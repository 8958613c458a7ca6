/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/told.h"

#include "client/core/row.h"

#include <string.h>

struct told {
    uint32_t messages;
    uint64_t bytes;
};

static enum ro_status
get(struct vault *vault, struct ro_bytes key, struct told *ret_told)
{
    RO_AUTOBUF value = {0};
    *ret_told = (struct told){0};
    enum ro_status s = vault_get(vault, VAULT_TOLD, key, &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    ret_told->messages = row_u32(&row);
    ret_told->bytes = row_u64(&row);
    return row_end(&row);
}

static enum ro_status
put(struct vault *vault, struct ro_bytes key, const struct told *told)
{
    RO_AUTOBUF row = {0};
    const struct vault_place place = {VAULT_TOLD, key, {0}};
    ro_buf_put_u32(&row, told->messages);
    ro_buf_put_u64(&row, told->bytes);
    RO_TRY(ro_buf_ok(&row));
    return vault_put(vault, &place, ro_buf_view(&row));
}

enum ro_status
told_count(struct engine *engine,
           const struct message *message,
           struct ro_why *why)
{
    uint8_t key[RO_ID_SIZE * 2];
    struct told told;
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id))
        return RO_OK;
    memcpy(key, message->request.b, RO_ID_SIZE);
    memcpy(key + RO_ID_SIZE, message->side.b, RO_ID_SIZE);
    const struct ro_bytes at = {key, sizeof(key)};
    RO_TRY(get(engine->vault, at, &told));
    told.messages++;
    told.bytes += message->content.size;
    if (told.messages > TOLD_MESSAGES_MAX || told.bytes > TOLD_BYTES_MAX) {
        return ro_why(why, RO_MISBOUND,
                      "more has come from it in this request than is kept "
                      "here: %d messages, %d MiB",
                      TOLD_MESSAGES_MAX, (int)(TOLD_BYTES_MAX / 1024 / 1024));
    }
    return put(engine->vault, at, &told);
}

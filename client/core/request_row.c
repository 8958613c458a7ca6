/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/request_row.h"

#include "client/core/row.h"

/* --- requests ------------------------------------------------------------ */

void
request_row_fini(struct request_row *request)
{
    ro_buf_fini(&request->asked);
}

void
request_row_list_fini(struct request_rows *rows)
{
    for (size_t i = 0; i < rows->n; i++)
        request_row_fini(&rows->at[i]);
    free(rows->at);
    *rows = (struct request_rows){0};
}

enum ro_status
request_row_put(struct vault *vault, const struct request_row *request)
{
    RO_AUTOBUF row = {0};
    ro_buf_put(&row, request->id.b, RO_ID_SIZE);
    ro_buf_put(&row, request->asker.b, RO_ID_SIZE);
    ro_buf_put(&row, request->ask.b, RO_ID_SIZE);
    ro_buf_put_u64(&row, (uint64_t)request->first_seen_s);
    row_put_piece(&row, ro_buf_view(&request->asked));
    RO_TRY(ro_buf_ok(&row));
    const struct vault_place place = {
        VAULT_REQUEST, {request->id.b, RO_ID_SIZE},
         {0            }
    };
    return vault_put(vault, &place, ro_buf_view(&row));
}

static enum ro_status
read_request(struct ro_bytes value, struct request_row *ret_request)
{
    struct row_reader row = row_read(value);
    *ret_request = (struct request_row){0};
    row_fixed(&row, ret_request->id.b, RO_ID_SIZE);
    row_fixed(&row, ret_request->asker.b, RO_ID_SIZE);
    row_fixed(&row, ret_request->ask.b, RO_ID_SIZE);
    ret_request->first_seen_s = (int64_t)row_u64(&row);
    struct ro_bytes asked = row_piece(&row);
    RO_TRY(row_end(&row));
    ro_buf_put(&ret_request->asked, asked.data, asked.size);
    return ro_buf_ok(&ret_request->asked);
}

enum ro_status
request_row_get(struct vault *vault,
                const struct ro_request_id *id,
                struct request_row *ret_request)
{
    RO_AUTOBUF value = {0};
    *ret_request = (struct request_row){0};
    RO_TRY(vault_get(vault, VAULT_REQUEST, (struct ro_bytes){id->b, RO_ID_SIZE},
                     &value));
    return read_request(ro_buf_view(&value), ret_request);
}

static enum ro_status
add_request(void *user, struct ro_bytes value)
{
    struct request_rows *rows = user;
    struct request_row *more =
        reallocarray(rows->at, rows->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    rows->at = more;
    rows->n++;
    return read_request(value, &more[rows->n - 1]);
}

enum ro_status
request_row_all(struct vault *vault, struct request_rows *ret_rows)
{
    *ret_rows = (struct request_rows){0};
    enum ro_status s = vault_walk(vault, VAULT_REQUEST, (struct ro_bytes){0},
                                  add_request, ret_rows);
    if (s != RO_OK)
        request_row_list_fini(ret_rows);
    return s;
}

/* --- requests that something came for ------------------------------------ */

enum ro_status
request_row_touch(struct vault *vault, const struct ro_request_id *id)
{
    const struct ro_bytes key = {id->b, RO_ID_SIZE};
    const struct vault_place place = {VAULT_TOUCHED, key, {0}};
    return vault_put(vault, &place, key);
}

enum ro_status
request_row_looked_at(struct vault *vault, const struct ro_request_id *id)
{
    RO_TRY(vault_begin(vault));
    return vault_end(vault, vault_drop(vault, VAULT_TOUCHED,
                                       (struct ro_bytes){id->b, RO_ID_SIZE}));
}

static enum ro_status
add_touched(void *user, struct ro_bytes value)
{
    struct ro_buf *ids = user;
    if (value.size != RO_ID_SIZE)
        return RO_VAULT_DAMAGED;
    ro_buf_put(ids, value.data, value.size);
    return ro_buf_ok(ids);
}

enum ro_status
request_row_touched(struct vault *vault, struct ro_buf *ret_ids)
{
    return vault_walk(vault, VAULT_TOUCHED, (struct ro_bytes){0}, add_touched,
                      ret_ids);
}

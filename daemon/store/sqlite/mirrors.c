/* SPDX-License-Identifier: Apache-2.0 */
/* What seats have us keep: one sealed number a mailbox. */
#include "daemon/store/sqlite/sql.h"

enum ro_status
store_mirror_put(struct store *store,
                 const struct ro_seat_id *mailbox,
                 const uint8_t mirror[static STORE_MIRROR_SIZE])
{
    SQL_AUTO *put = sql_start(store, SQL_MIRROR_PUT);
    sql_put_id(put, 1, mailbox);
    sql_put_bytes(put, 2, (struct ro_bytes){mirror, STORE_MIRROR_SIZE});
    return sql_write(store, put);
}

enum ro_status
store_mirror_get(struct store *store,
                 const struct ro_seat_id *mailbox,
                 uint8_t ret_mirror[static STORE_MIRROR_SIZE])
{
    SQL_AUTO *get = sql_start(store, SQL_MIRROR_GET);
    sql_put_id(get, 1, mailbox);
    RO_TRY(sql_row(store, get));
    return sql_fixed(store, get, 0, ret_mirror, STORE_MIRROR_SIZE);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The directory log, notices and checkpoints. */
#include "daemon/store/sqlite/sql.h"

/* A walk's end: RO_NOT_FOUND past the last row, RO_REFUSED when the caller has
 * enough. */
static enum ro_status
walked(enum ro_status s)
{
    return s == RO_NOT_FOUND || s == RO_REFUSED ? RO_OK : s;
}

enum ro_status
store_record_put(struct store *store,
                 uint64_t n,
                 uint32_t day,
                 struct ro_bytes record)
{
    SQL_AUTO *put = sql_start(store, SQL_RECORD_PUT);
    sql_put_number(put, 1, n);
    sql_put_number(put, 2, day);
    sql_put_bytes(put, 3, record);
    return sql_write(store, put);
}

enum ro_status
store_records(struct store *store,
              uint64_t from,
              store_record_fn *fn,
              void *user)
{
    SQL_AUTO *walk = sql_start(store, SQL_RECORDS);
    sql_put_number(walk, 1, from);
    enum ro_status s;
    uint64_t expected = from;
    while ((s = sql_row(store, walk)) == RO_OK) {
        /* a hole in the log is damage; it is never passed over */
        if (sql_number(walk, 0) != expected) {
            store->turn = TURN_BROKEN;
            return RO_STORE_BROKEN;
        }
        expected++;
        s = fn(user, (uint32_t)sql_number(walk, 1), sql_bytes(walk, 2));
        if (s != RO_OK)
            break;
    }
    return walked(s);
}

enum ro_status
store_notice_put(struct store *store,
                 const struct store_notice *notice,
                 uint64_t *ret_cursor)
{
    SQL_AUTO *replace = sql_start(store, SQL_NOTICE_REPLACE);
    sql_put_id(replace, 1, &notice->seat);
    RO_TRY(sql_write(store, replace));
    SQL_AUTO *put = sql_start(store, SQL_NOTICE_PUT);
    sql_put_id(put, 1, &notice->seat);
    sql_put_number(put, 2, notice->expires_day);
    sql_put_bytes(put, 3, notice->bytes);
    RO_TRY(sql_write(store, put));
    *ret_cursor = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return RO_OK;
}

enum ro_status
store_notices(struct store *store,
              uint64_t after,
              store_notice_fn *fn,
              void *user)
{
    SQL_AUTO *walk = sql_start(store, SQL_NOTICES);
    sql_put_number(walk, 1, after);
    enum ro_status s;
    while ((s = sql_row(store, walk)) == RO_OK) {
        s = fn(user, sql_number(walk, 0), sql_bytes(walk, 1));
        if (s != RO_OK)
            break;
    }
    return walked(s);
}

enum ro_status
store_notice_newest(struct store *store, uint64_t *ret_cursor)
{
    SQL_AUTO *newest = sql_start(store, SQL_NOTICE_NEWEST);
    enum ro_status s = sql_row(store, newest);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    *ret_cursor = s == RO_OK ? sql_number(newest, 0) : 0;
    return RO_OK;
}

enum ro_status
store_notice_count(struct store *store,
                   const struct ro_seat_id *seat,
                   uint64_t *ret_n)
{
    SQL_AUTO *count = sql_start(store, SQL_NOTICE_COUNT);
    sql_put_id(count, 1, seat);
    RO_TRY(sql_row(store, count));
    *ret_n = sql_number(count, 0);
    return RO_OK;
}

enum ro_status
store_notices_prune(struct store *store, uint32_t day)
{
    SQL_AUTO *prune = sql_start(store, SQL_NOTICES_PRUNE);
    sql_put_number(prune, 1, day);
    return sql_write(store, prune);
}

enum ro_status
store_checkpoint_put(struct store *store,
                     uint32_t slot,
                     uint64_t covered,
                     struct ro_bytes checkpoint)
{
    SQL_AUTO *drop = sql_start(store, SQL_CHECKPOINT_DROP);
    RO_TRY(sql_write(store, drop));
    SQL_AUTO *put = sql_start(store, SQL_CHECKPOINT_PUT);
    sql_put_number(put, 1, slot);
    sql_put_number(put, 2, covered);
    sql_put_bytes(put, 3, checkpoint);
    return sql_write(store, put);
}

enum ro_status
store_checkpoint_get(struct store *store,
                     uint32_t *ret_slot,
                     uint64_t *ret_covered,
                     struct ro_buf *ret_bytes)
{
    SQL_AUTO *get = sql_start(store, SQL_CHECKPOINT_GET);
    RO_TRY(sql_row(store, get));
    struct ro_bytes bytes = sql_bytes(get, 2);
    ro_buf_put(ret_bytes, bytes.data, bytes.size);
    RO_TRY(ro_buf_ok(ret_bytes));
    *ret_slot = (uint32_t)sql_number(get, 0);
    *ret_covered = sql_number(get, 1);
    return RO_OK;
}

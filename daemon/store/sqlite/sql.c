/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/store/sqlite/sql.h"

#include "common/base/log.h"

#include <assert.h>
#include <string.h>

static const char *const texts[] = {
#define X(name, text) [SQL_##name] = (text),
#include "daemon/store/sqlite/sql.def"
#undef X
};
_Static_assert(RO_LEN(texts) == SQL_COUNT, "every statement has its text");

/* After SQLITE_FULL and SQLITE_NOMEM the turn is undone and the store goes on;
 * SQLite may have rolled back already. Everything else that is no success
 * (I/O, damage, misuse) leaves us not knowing what the disk has, and the
 * second try of an fsync that failed may say yes without having done it. */
/* What an operator can do is said where it is found. */
static void
tell_damage(const struct store *store)
{
    if (store->turn == TURN_BROKEN)
        return;
    ro_log(RO_LOG_ERROR,
           "store-damaged code=%d why=\"%s\" next=\"copy the folder, look at "
           "the disk, then start once with --accept-loss, which makes the "
           "indexes anew; if that fails, use the backup\"",
           sqlite3_extended_errcode(store->db), sqlite3_errmsg(store->db));
}

enum ro_status
sql_outcome(struct store *store, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_ROW:
    case SQLITE_DONE:
        return RO_OK;
    case SQLITE_FULL:
    case SQLITE_NOMEM:
        store->room.was_full |= (rc & 0xff) == SQLITE_FULL;
        /* between turns there was nothing but a look */
        if (store->turn == TURN_OPEN)
            store->turn = TURN_SPOILT;
        return RO_NO_ROOM;
    case SQLITE_CORRUPT:
        tell_damage(store);
        store->turn = TURN_BROKEN;
        return RO_STORE_BROKEN;
    default:
        store->turn = TURN_BROKEN;
        return RO_STORE_BROKEN;
    }
}

int
sql_prepare(struct store *store)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        int rc = sqlite3_prepare_v3(store->db, texts[i], -1,
                                    SQLITE_PREPARE_PERSISTENT,
                                    &store->statements[i], NULL);
        if (rc != SQLITE_OK)
            return rc;
    }
    return SQLITE_OK;
}

void
sql_finalise(struct store *store)
{
    for (size_t i = 0; i < SQL_COUNT; i++) {
        (void)sqlite3_finalize(store->statements[i]);
        store->statements[i] = NULL;
    }
}

sqlite3_stmt *
sql_start(struct store *store, enum sql_name name)
{
    sqlite3_stmt *statement = store->statements[name];
    /* a walk's function must not begin the same walk again */
    assert(!sqlite3_stmt_busy(statement));
    return statement;
}

void
sql_end(sqlite3_stmt **statement)
{
    (void)sqlite3_reset(*statement);
    (void)sqlite3_clear_bindings(*statement);
}

void
sql_put_number(sqlite3_stmt *statement, int i, uint64_t value)
{
    int64_t number = value > INT64_MAX ? INT64_MAX : (int64_t)value;
    int rc = sqlite3_bind_int64(statement, i, number);
    assert(rc == SQLITE_OK);
}

void
sql_put_bytes(sqlite3_stmt *statement, int i, struct ro_bytes bytes)
{
    /* an empty view may have no address, which SQLite would take for NULL */
    int rc = bytes.size == 0 ? sqlite3_bind_zeroblob(statement, i, 0)
                             : sqlite3_bind_blob64(statement, i, bytes.data,
                                                   bytes.size, SQLITE_STATIC);
    assert(rc == SQLITE_OK || rc == SQLITE_NOMEM || rc == SQLITE_TOOBIG);
}

void
sql_put_id(sqlite3_stmt *statement, int i, const struct ro_seat_id *id)
{
    sql_put_bytes(statement, i, (struct ro_bytes){id->b, sizeof(id->b)});
}

void
sql_put_hash(sqlite3_stmt *statement, int i, const struct ro_hash *hash)
{
    sql_put_bytes(statement, i, (struct ro_bytes){hash->b, sizeof(hash->b)});
}

enum ro_status
sql_row(struct store *store, sqlite3_stmt *statement)
{
    if (store->turn == TURN_BROKEN)
        return RO_STORE_BROKEN;
    int rc = sqlite3_step(statement);
    if (rc == SQLITE_DONE)
        return RO_NOT_FOUND;
    return sql_outcome(store, rc);
}

enum ro_status
sql_may_write(const struct store *store)
{
    assert(store->turn != TURN_NONE);
    if (store->turn == TURN_OPEN)
        return RO_OK;
    return store->turn == TURN_SPOILT ? RO_NO_ROOM : RO_STORE_BROKEN;
}

enum ro_status
sql_write(struct store *store, sqlite3_stmt *statement)
{
    RO_TRY(sql_may_write(store));
    return sql_outcome(store, sqlite3_step(statement));
}

uint64_t
sql_number(sqlite3_stmt *statement, int i)
{
    int64_t number = sqlite3_column_int64(statement, i);
    return number < 0 ? 0 : (uint64_t)number;
}

struct ro_bytes
sql_bytes(sqlite3_stmt *statement, int i)
{
    const void *data = sqlite3_column_blob(statement, i);
    int size = sqlite3_column_bytes(statement, i);
    return (struct ro_bytes){.data = data,
                             .size = data != NULL ? (size_t)size : 0};
}

enum ro_status
sql_fixed(struct store *store,
          sqlite3_stmt *statement,
          int i,
          void *ret_bytes,
          size_t size)
{
    struct ro_bytes bytes = sql_bytes(statement, i);
    if (bytes.size != size) {
        store->turn = TURN_BROKEN;
        return RO_STORE_BROKEN;
    }
    memcpy(ret_bytes, bytes.data, size);
    return RO_OK;
}

int
sql_run(sqlite3 *db, const char *text)
{
    return sqlite3_exec(db, text, NULL, NULL, NULL);
}

bool
sql_is_short(int rc)
{
    return (rc & 0xff) == SQLITE_NOMEM;
}

enum ro_status
sql_ask(sqlite3 *db, const char *text, int64_t *ret_answer)
{
    sqlite3_stmt *statement = NULL;
    int rc = sqlite3_prepare_v2(db, text, -1, &statement, NULL);
    if (rc == SQLITE_OK)
        rc = sqlite3_step(statement);
    *ret_answer = rc == SQLITE_ROW ? sqlite3_column_int64(statement, 0) : -1;
    (void)sqlite3_finalize(statement);
    return sql_is_short(rc) ? RO_NO_MEMORY : RO_OK;
}

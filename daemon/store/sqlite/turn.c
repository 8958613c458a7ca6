/* SPDX-License-Identifier: Apache-2.0 */
/* Begin, commit, roll back, and the write-ahead log's way into the file. */
#include "daemon/store/sqlite/sql.h"

#include <assert.h>
#include <inttypes.h>
#include <stdio.h>

/* With 4 KiB pages: fold from 4 MiB on; cut the file back from 16 MiB on. */
#define FOLD_PAGES 1000
#define CUT_PAGES 4096

enum ro_status
store_begin(struct store *store)
{
    if (store->turn == TURN_BROKEN)
        return RO_STORE_BROKEN;
    assert(store->turn == TURN_NONE);
    room_look(store);
    SQL_AUTO *begin = sql_start(store, SQL_BEGIN);
    RO_TRY(sql_outcome(store, sqlite3_step(begin)));
    store->turn = TURN_OPEN;
    store->n_fresh = 0;
    return RO_OK;
}

/* Bodies that no envelope named. */
static enum ro_status
sweep_bodies(struct store *store)
{
    for (size_t i = 0; i < store->n_fresh; i++) {
        SQL_AUTO *sweep = sql_start(store, SQL_BODY_SWEEP);
        sql_put_number(sweep, 1, (uint64_t)store->fresh[i]);
        RO_TRY(sql_write(store, sweep));
    }
    store->n_fresh = 0;
    return RO_OK;
}

/* SQLITE_FULL while the log is written means that the commit mark is not in
 * it; a failing fsync after that is an I/O error, and nobody knows. */
static enum ro_status
commit(struct store *store)
{
    RO_TRY(sql_may_write(store));
    RO_TRY(sweep_bodies(store));
    SQL_AUTO *statement = sql_start(store, SQL_COMMIT);
    return sql_outcome(store, sqlite3_step(statement));
}

enum ro_status
store_commit(struct store *store)
{
    enum ro_status s = commit(store);
    if (s == RO_OK) {
        store->turn = TURN_NONE;
    } else if (s == RO_NO_ROOM) {
        store_rollback(store);
    }
    return store->turn == TURN_BROKEN ? RO_STORE_BROKEN : s;
}

/* What was begun is undone; only now may the reserve go, or it would be used
 * up by what has to be refused. */
static void
give_room(struct store *store)
{
    if (store->room.was_full)
        room_was_full(store);
    store->room.was_full = false;
}

void
store_rollback(struct store *store)
{
    store->n_fresh = 0;
    if (store->turn == TURN_BROKEN)
        return;
    if (sqlite3_get_autocommit(store->db) == 0) {
        SQL_AUTO *rollback = sql_start(store, SQL_ROLLBACK);
        if (sqlite3_step(rollback) != SQLITE_DONE) {
            store->turn = TURN_BROKEN;
            return;
        }
    }
    store->turn = TURN_NONE;
    give_room(store);
}

void
store_tidy(struct store *store)
{
    if (store->turn != TURN_NONE || store->wal_pages < FOLD_PAGES)
        return;
    int mode = store->wal_pages < CUT_PAGES ? SQLITE_CHECKPOINT_PASSIVE
                                            : SQLITE_CHECKPOINT_TRUNCATE;
    int rc = sqlite3_wal_checkpoint_v2(store->db, NULL, mode, NULL, NULL);
    if (rc == SQLITE_OK) {
        store->wal_pages = 0;
        return;
    }
    /* No room to fold: the log keeps everything, we try again later. After any
     * other failure the file may lack what an fsync said it has. */
    if (sql_outcome(store, rc) == RO_NO_ROOM) {
        store->turn = TURN_NONE;
        give_room(store);
    }
}

enum ro_status
store_cap(struct store *store, uint64_t bytes)
{
    int64_t page_size;
    int64_t pages_max;
    RO_TRY(sql_ask(store->db, "PRAGMA page_size", &page_size));
    if (page_size <= 0)
        return RO_STORE_BROKEN;
    uint64_t pages = bytes / (uint64_t)page_size + 1;
    RO_AUTOFREE char *text = NULL;
    if (asprintf(&text, "PRAGMA max_page_count = %" PRIu64, pages) < 0) {
        text = NULL;
        return RO_NO_MEMORY;
    }
    RO_TRY(sql_ask(store->db, text, &pages_max));
    return pages_max > 0 ? RO_OK : RO_STORE_BROKEN;
}

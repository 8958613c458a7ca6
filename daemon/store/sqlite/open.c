/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening the store. There is one connection, it is the only writer and the
 * only one that checkpoints (SQLite 3.40 has a race between two that do), and
 * a lock file keeps other brokers out. What we promise rests on
 * synchronous=FULL, so it is read back and not believed.
 */
#include "daemon/store/sqlite/sql.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

#include "common/base/file.h"

#define STORE_FILE "store.db"
#define LOCK_FILE "store.lock"
#define RESERVE_FILE "store.reserve"
#define WAL_KEEP_BYTES "16777216"
#define CACHE_KIB "16384"

#ifdef RO_STORE_SYNC_NORMAL
/* For the power-cut harness, which must be seen failing on such a build. */
#define SYNCHRONOUS "NORMAL"
#define SYNCHRONOUS_READS 1
#else
#define SYNCHRONOUS "FULL"
#define SYNCHRONOUS_READS 2
#endif

static enum ro_status
take_lock(struct store *store, const char *dir, struct ro_why *why)
{
    RO_AUTOFREE char *path = NULL;
    if (asprintf(&path, "%s/" LOCK_FILE, dir) < 0) {
        path = NULL;
        return RO_NO_MEMORY;
    }
    store->lock = open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (store->lock < 0)
        return ro_why(why, RO_STORE_BROKEN, "%s: %s", path, strerror(errno));
    if (flock(store->lock, LOCK_EX | LOCK_NB) != 0)
        return ro_why(why, RO_TAKEN, "%s: another broker has it", path);
    return RO_OK;
}

static int
note_wal(void *user, sqlite3 *db, const char *name, int pages)
{
    struct store *store = user;
    (void)db;
    (void)name;
    store->wal_pages = pages;
    return SQLITE_OK;
}

/* locking_mode=EXCLUSIVE keeps the log's index in memory, so that there is no
 * mapped file that a full disk could turn into a SIGBUS. It must come before
 * the file is first read. */
static const char before[] = "PRAGMA locking_mode = EXCLUSIVE;"
                             "PRAGMA cell_size_check = ON;"
                             "PRAGMA trusted_schema = OFF;"
                             "PRAGMA temp_store = MEMORY;"
                             "PRAGMA secure_delete = ON;";
static const char after[] = "PRAGMA journal_size_limit = " WAL_KEEP_BYTES ";"
                            "PRAGMA cache_size = -" CACHE_KIB ";"
                            "PRAGMA wal_autocheckpoint = 0;"
                            "PRAGMA synchronous = " SYNCHRONOUS ";";

static enum ro_status
sqlite_says(struct store *store, struct ro_why *why, const char *doing)
{
    if (sql_is_short(sqlite3_errcode(store->db)))
        return RO_NO_MEMORY;
    return ro_why(why, RO_STORE_BROKEN, "%s: %s: %s", store->path, doing,
                  sqlite3_errmsg(store->db));
}

static bool
is_write_ahead(sqlite3 *db)
{
    sqlite3_stmt *statement = NULL;
    bool is = false;
    if (sqlite3_prepare_v2(db, "PRAGMA journal_mode = WAL", -1, &statement,
                           NULL) == SQLITE_OK &&
        sqlite3_step(statement) == SQLITE_ROW) {
        const unsigned char *mode = sqlite3_column_text(statement, 0);
        is = mode != NULL && strcmp((const char *)mode, "wal") == 0;
    }
    (void)sqlite3_finalize(statement);
    return is;
}

/* From here on it is durable what we say is durable, or we do not run. */
static enum ro_status
make_durable(struct store *store, const char *dir, struct ro_why *why)
{
    if (!is_write_ahead(store->db))
        return sqlite_says(store, why, "it cannot have a write-ahead log");
    if (sql_run(store->db, after) != SQLITE_OK)
        return sqlite_says(store, why, "it cannot be set up");
    int64_t synchronous;
    int64_t folds;
    RO_TRY(sql_ask(store->db, "PRAGMA synchronous", &synchronous));
    RO_TRY(sql_ask(store->db, "PRAGMA wal_autocheckpoint", &folds));
    if (synchronous != SYNCHRONOUS_READS || folds != 0) {
        return ro_why(why, RO_STORE_BROKEN,
                      "%s: SQLite does not run as durable as it must",
                      store->path);
    }
    /* a new file's name must be as durable as the file */
    return ro_file_sync_folder(dir, why) == RO_OK ? RO_OK : RO_STORE_BROKEN;
}

static enum ro_status
open_file(struct store *store, struct ro_why *why)
{
    /* Counting its memory would take SQLite a lock a piece, and nobody reads
     * the count. Refused, and no matter, once SQLite is in use. */
    (void)sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0);
    int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE |
                SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE |
                SQLITE_OPEN_NOFOLLOW;
    if (sqlite3_open_v2(store->path, &store->db, flags, NULL) != SQLITE_OK) {
        return store->db == NULL ? RO_NO_MEMORY
                                 : sqlite_says(store, why, "opening it");
    }
    (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    if (sql_run(store->db, before) != SQLITE_OK)
        return sqlite_says(store, why, "setting it up");
    return RO_OK;
}

static enum ro_status
name_files(struct store *store, const char *dir)
{
    if (asprintf(&store->path, "%s/" STORE_FILE, dir) < 0) {
        store->path = NULL;
        return RO_NO_MEMORY;
    }
    if (asprintf(&store->wal_path, "%s-wal", store->path) < 0) {
        store->wal_path = NULL;
        return RO_NO_MEMORY;
    }
    if (asprintf(&store->reserve_path, "%s/" RESERVE_FILE, dir) < 0) {
        store->reserve_path = NULL;
        return RO_NO_MEMORY;
    }
    return RO_OK;
}

/* Whether a log that is damaged may be cut there. */
enum log_trust { LOG_MUST_HOLD, LOG_MAY_BE_CUT };

/* What can be read goes into the file and the log is cut off, or its lost end
 * would be found again. */
static enum ro_status
fold_all(struct store *store, struct ro_why *why)
{
    if (sqlite3_wal_checkpoint_v2(store->db, NULL, SQLITE_CHECKPOINT_TRUNCATE,
                                  NULL, NULL) != SQLITE_OK)
        return sqlite_says(store, why, "folding its log");
    return RO_OK;
}

static enum ro_status
open_store(const char *dir,
           enum log_trust trust,
           struct ro_why *why,
           struct store **ret_store)
{
    RO_CLEANUP(store_freep) struct store *store = calloc(1, sizeof(*store));
    if (store == NULL)
        return RO_NO_MEMORY;
    store->lock = -1;
    RO_TRY(name_files(store, dir));
    RO_TRY(take_lock(store, dir, why));
    if (trust == LOG_MUST_HOLD)
        RO_TRY(wal_check(store, why));
    RO_TRY(open_file(store, why));
    RO_TRY(schema_settle(store, why));
    RO_TRY(make_durable(store, dir, why));
    if (sql_prepare(store) != SQLITE_OK)
        return sqlite_says(store, why, "it is damaged");
    if (trust == LOG_MAY_BE_CUT)
        RO_TRY(fold_all(store, why));
    (void)sqlite3_wal_hook(store->db, note_wal, store);
    *ret_store = RO_STEAL(store);
    return RO_OK;
}

enum ro_status
store_look(const char *dir, struct ro_why *why)
{
    RO_AUTOFREE char *path = NULL;
    if (asprintf(&path, "%s/" STORE_FILE, dir) < 0) {
        path = NULL;
        return RO_NO_MEMORY;
    }
    if (access(path, F_OK) != 0)
        return ro_why(why, RO_NOT_FOUND, "%s: %s", path, strerror(errno));
    return RO_OK;
}

enum ro_status
store_open(const char *dir, struct ro_why *why, struct store **ret_store)
{
    return open_store(dir, LOG_MUST_HOLD, why, ret_store);
}

enum ro_status
store_accept_loss(const char *dir, struct ro_why *why)
{
    RO_CLEANUP(store_freep) struct store *store = NULL;
    RO_TRY(open_store(dir, LOG_MAY_BE_CUT, why, &store));
    assert(store != NULL);
    /* an index is made from its rows: nothing is lost by that */
    if (sql_run(store->db, "REINDEX") != SQLITE_OK) {
        return sqlite_says(store, why,
                           "its indexes cannot be made anew (use a backup)");
    }
    return RO_OK;
}

void
store_free(struct store *store)
{
    if (store == NULL)
        return;
    if (store->db != NULL && store->turn == TURN_BROKEN) {
        /* nothing more is written by who does not know what is there */
        (void)sqlite3_db_config(store->db, SQLITE_DBCONFIG_NO_CKPT_ON_CLOSE, 1,
                                NULL);
    }
    /* a layout that was not finished goes with the connection */
    if (store->turn == TURN_OPEN || store->turn == TURN_SPOILT)
        store_rollback(store);
    sql_finalise(store);
    (void)sqlite3_close(store->db);
    if (store->lock >= 0)
        close(store->lock);
    free(store->fresh);
    free(store->aside);
    free(store->wal_path);
    free(store->reserve_path);
    free(store->path);
    free(store);
}

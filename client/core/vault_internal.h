/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the vault: its state, the SQLite file, keys and marks.
 *
 * The sealed head row holds the vault's generation, the number of rows and the
 * XOR of one keyed mark a row. A mark covers place in the order, table, key,
 * tag and generation, so that a row that was removed, brought back or set back
 * is seen when the vault is opened; a value itself is seen when it is read.
 */
#ifndef CLIENT_CORE_VAULT_INTERNAL_H
#define CLIENT_CORE_VAULT_INTERNAL_H

#include "client/core/vault.h"

#include <sqlite3.h>

#include "common/crypto/secret.h"

#define VAULT_FORMAT 2
#define VAULT_KEY_SIZE 32
#define VAULT_NAME_SIZE 16 /* a hashed key or tag */
#define VAULT_MARK_SIZE 32

/* The statements that are prepared once; their text is in vault_sql.c. */
enum vault_sql {
    VAULT_SQL_BEGIN,
    VAULT_SQL_COMMIT,
    VAULT_SQL_ROLLBACK,
    VAULT_SQL_META_GET,
    VAULT_SQL_META_PUT,
    VAULT_SQL_META_DROP,
    VAULT_SQL_ROW_FIND,
    VAULT_SQL_ROW_READ,
    VAULT_SQL_ROW_ADD,
    VAULT_SQL_ROW_SET,
    VAULT_SQL_ROW_DROP,
    VAULT_SQL_CLEAR,
    VAULT_SQL_COUNT_TABLE,
    VAULT_SQL_ALL,
    VAULT_SQL_WALK_TABLE,
    VAULT_SQL_WALK_TAG,
    VAULT_SQL_COUNT
};

/* What the sealed head row says. */
struct vault_head {
    uint64_t generation;
    uint64_t rows;
    uint8_t marks[VAULT_MARK_SIZE];
};

enum vault_state {
    VAULT_IDLE,
    VAULT_IN_COMMIT,
    VAULT_UNSURE, /* rolled back; the next begin looks whether it is */
    VAULT_BROKEN, /* the file and this struct may differ: open it again */
};

struct vault {
    sqlite3 *db;
    sqlite3_stmt *stmts[VAULT_SQL_COUNT];
    int lock_fd;
    struct ro_secret *key; /* the vault key; NULL in an epoch file */
    struct ro_secret *column_key;
    struct ro_secret *lookup_key;
    struct vault *epoch; /* the file of epoch secrets; NULL in itself */
    struct ro_entropy entropy;
    struct vault_head head; /* as committed */
    struct vault_head next; /* inside a commit: as it will be */
    enum vault_state state;
    unsigned walks;
    struct ro_why damage;
};

/* A row without its value. */
struct vault_row {
    int64_t seq;
    uint8_t table;
    uint8_t key[VAULT_NAME_SIZE];
    uint8_t tag[VAULT_NAME_SIZE];
    size_t tag_size; /* VAULT_NAME_SIZE, or 0 without a tag */
    uint64_t generation;
};

/* Notes where damage was found and returns RO_VAULT_DAMAGED. */
enum ro_status vault_damaged(struct vault *vault, const char *format, ...)
    RO_PRINTF(2, 3);

/* --- vault_sql.c --------------------------------------------------------- */

/* Opens the database file for a look at its clear rows, while another process
 * may have it open: no lock is asked for, and no journal heeded. */
RO_MUST_USE enum ro_status vault_sql_look(struct vault *vault,
                                          const char *path);

/* Opens the database file, which exists, and sets it up. */
RO_MUST_USE enum ro_status vault_sql_open(struct vault *vault,
                                          const char *path);

/* Makes tables and indices in an empty file. */
RO_MUST_USE enum ro_status vault_sql_create(struct vault *vault);

/* Checks that the file is a vault of this format and whole by SQLite's own
 * rules. RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_sql_check(struct vault *vault);

/* Finishes all statements and closes; accepts a closed one. */
void vault_sql_close(struct vault *vault);

/* A prepared statement, reset and without bindings; owned by the vault. */
RO_MUST_USE enum ro_status
vault_sql_use(struct vault *vault, enum vault_sql sql, sqlite3_stmt **ret_stmt);

/* A statement of the caller's own; release with sqlite3_finalize. */
RO_MUST_USE enum ro_status vault_sql_prepare(struct vault *vault,
                                             enum vault_sql sql,
                                             sqlite3_stmt **ret_stmt);

/* A statement that is reset when it leaves its scope. */
void vault_sql_resetp(sqlite3_stmt **stmt);

/* One that is released there. */
void vault_sql_finalizep(sqlite3_stmt **stmt);

/* Steps once: RO_OK is a row, RO_NOT_FOUND the end. */
RO_MUST_USE enum ro_status vault_sql_step(struct vault *vault,
                                          sqlite3_stmt *stmt);

/* Runs a statement without bindings or rows. */
RO_MUST_USE enum ro_status vault_sql_run(struct vault *vault,
                                         enum vault_sql sql);

/* Binds a blob that outlives the step. */
RO_MUST_USE enum ro_status vault_sql_blob(struct vault *vault,
                                          sqlite3_stmt *stmt,
                                          int at,
                                          struct ro_bytes bytes);

/* A column's bytes, valid until the next step or reset. */
struct ro_bytes vault_sql_column(sqlite3_stmt *stmt, int column);

/* Reads a value of the clear table into `ret_value` (cleared first).
 * RO_NOT_FOUND. */
RO_MUST_USE enum ro_status vault_sql_meta_get(struct vault *vault,
                                              const char *name,
                                              struct ro_buf *ret_value);

/* Writes one, inside a commit. */
RO_MUST_USE enum ro_status vault_sql_meta_put(struct vault *vault,
                                              const char *name,
                                              struct ro_bytes value);

/* Removes one; that it is not there is fine. */
RO_MUST_USE enum ro_status vault_sql_meta_drop(struct vault *vault,
                                               const char *name);

/* --- vault_key.c --------------------------------------------------------- */

/* Makes a vault key and puts it wrapped into the clear table, with what is
 * needed to unwrap it; makes the key file unless it is there. RO_VAULT_LOCKED
 * (the file is no key), RO_BAD_INPUT (the passphrase will not do). */
RO_MUST_USE enum ro_status vault_key_create(struct vault *vault,
                                            const struct vault_key *key,
                                            struct ro_why *why);

/* Unwraps the vault key (NULL: with the key file that is remembered) and
 * derives column and lookup key. RO_VAULT_LOCKED, RO_NEED_PASSPHRASE,
 * RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_key_open(struct vault *vault,
                                          const struct vault_key *key,
                                          struct ro_why *why);

/* Whether a passphrase is the one that opens it; of a vault with a key file it
 * is not looked at. RO_VAULT_LOCKED, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_key_check(struct vault *vault,
                                           struct ro_bytes passphrase,
                                           struct ro_why *why);

/* Which kind of key it has. RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_key_kind(struct vault *vault,
                                          enum vault_key_kind *ret_kind);

/* The keys of the file of epoch secrets: from the vault key, under a label of
 * their own. */
RO_MUST_USE enum ro_status vault_key_for_epoch(const struct vault *vault,
                                               struct vault *epoch);

/* Wipes and forgets all keys. */
void vault_key_drop(struct vault *vault);

/* --- vault_row.c --------------------------------------------------------- */

/* Reads the head row. RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_head_load(struct vault *vault);

/* Holds all rows against it. RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_rows_check(struct vault *vault);

/* Seals and writes a head row. */
RO_MUST_USE enum ro_status vault_head_store(struct vault *vault,
                                            const struct vault_head *head);

#endif

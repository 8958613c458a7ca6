/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/vault_internal.h"

#include <assert.h>

/* "ROvt": so that file(1) and we know what it is. */
#define APPLICATION_ID 0x524f7674

static const char *const sql_text[VAULT_SQL_COUNT] = {
    [VAULT_SQL_BEGIN] = "BEGIN IMMEDIATE",
    [VAULT_SQL_COMMIT] = "COMMIT",
    [VAULT_SQL_ROLLBACK] = "ROLLBACK",
    [VAULT_SQL_META_GET] = "SELECT value FROM meta WHERE name = ?1",
    [VAULT_SQL_META_PUT] =
        "INSERT INTO meta(name, value) VALUES (?1, ?2) "
        "ON CONFLICT(name) DO UPDATE SET value = excluded.value",
    [VAULT_SQL_META_DROP] = "DELETE FROM meta WHERE name = ?1",
    [VAULT_SQL_ROW_FIND] = "SELECT seq, tab, key, tag, generation FROM row "
                           "WHERE tab = ?1 AND key = ?2",
    [VAULT_SQL_ROW_READ] =
        "SELECT seq, tab, key, tag, generation, value FROM row "
        "WHERE tab = ?1 AND key = ?2",
    [VAULT_SQL_ROW_ADD] = "INSERT INTO row(tab, key, tag, generation, value) "
                          "VALUES (?1, ?2, ?3, ?4, ?5)",
    [VAULT_SQL_ROW_SET] =
        "UPDATE row SET tag = ?2, generation = ?3, value = ?4 WHERE seq = ?1",
    [VAULT_SQL_ROW_DROP] = "DELETE FROM row WHERE seq = ?1",
    [VAULT_SQL_CLEAR] = "DELETE FROM row",
    [VAULT_SQL_COUNT_TABLE] = "SELECT count(*) FROM row WHERE tab = ?1",
    [VAULT_SQL_ALL] =
        "SELECT seq, tab, key, tag, generation FROM row NOT INDEXED",
    [VAULT_SQL_WALK_TABLE] =
        "SELECT seq, tab, key, tag, generation, value FROM row "
        "WHERE tab = ?1 ORDER BY seq",
    [VAULT_SQL_WALK_TAG] =
        "SELECT seq, tab, key, tag, generation, value FROM row "
        "WHERE tab = ?1 AND tag = ?2 ORDER BY seq",
};

/* TRUNCATE with FULL syncs the journal after cutting it to nothing, so a
 * commit is durable without EXTRA, which concerns deleted journals only. */
static const char setup_text[] = "PRAGMA journal_mode = TRUNCATE;"
                                 "PRAGMA synchronous = FULL;"
                                 "PRAGMA secure_delete = ON;"
                                 "PRAGMA locking_mode = EXCLUSIVE;"
                                 "PRAGMA temp_store = MEMORY;"
                                 "PRAGMA mmap_size = 0;"
                                 "PRAGMA cell_size_check = ON;"
                                 "PRAGMA trusted_schema = OFF;";

static const char schema_text[] =
    "PRAGMA application_id = 0x524f7674;"
    "PRAGMA user_version = 2;"
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE row(seq INTEGER PRIMARY KEY AUTOINCREMENT,"
    " tab INTEGER NOT NULL, key BLOB NOT NULL, tag BLOB NOT NULL,"
    " generation INTEGER NOT NULL, value BLOB NOT NULL);"
    "CREATE UNIQUE INDEX row_key ON row(tab, key);"
    "CREATE INDEX row_tag ON row(tab, tag);"
    "CREATE INDEX row_tab ON row(tab);";
static_assert(VAULT_FORMAT == 2, "user_version above");

/* Notes which file a failure is about. */
static enum ro_status
name_file(struct vault *vault, enum ro_status s, const char *what)
{
    const char *path = sqlite3_db_filename(vault->db, "main");
    return ro_why(&vault->damage, s, "%.180s: %.40s",
                  path != NULL ? path : "vault", what);
}

/* An outcome for what SQLite says. */
static enum ro_status
status_of(struct vault *vault, int rc)
{
    switch (rc & 0xff) {
    case SQLITE_OK:
    case SQLITE_DONE:
    case SQLITE_ROW:
        return RO_OK;
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_ERROR: /* our statements are right: the tables are not */
    case SQLITE_CONSTRAINT:
    case SQLITE_MISMATCH:
    case SQLITE_AUTH:
        return vault_damaged(vault, "the database file cannot be read");
    case SQLITE_FULL:
        return name_file(vault, RO_DISK_FULL, "cannot grow");
    case SQLITE_NOMEM:
    case SQLITE_TOOBIG:
        return RO_NO_MEMORY;
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
        return RO_TAKEN;
    default:
        return name_file(vault, RO_IO_FAILED, sqlite3_errmsg(vault->db));
    }
}

static enum ro_status
exec(struct vault *vault, const char *text)
{
    return status_of(vault, sqlite3_exec(vault->db, text, NULL, NULL, NULL));
}

static enum ro_status
open_database(struct vault *vault, const char *name, int flags)
{
    int rc = sqlite3_open_v2(name, &vault->db,
                             flags | SQLITE_OPEN_NOMUTEX |
                                 SQLITE_OPEN_NOFOLLOW | SQLITE_OPEN_EXRESCODE,
                             NULL);
    if (vault->db == NULL)
        return RO_NO_MEMORY;
    RO_TRY(status_of(vault, rc));

    /* the file may have been written by somebody else: it is data, not code */
    sqlite3_db_config(vault->db, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);
    sqlite3_db_config(vault->db, SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, NULL);
    sqlite3_db_config(vault->db, SQLITE_DBCONFIG_ENABLE_VIEW, 0, NULL);
    return RO_OK;
}

enum ro_status
vault_sql_open(struct vault *vault, const char *path)
{
    RO_TRY(open_database(vault, path, SQLITE_OPEN_READWRITE));
    return exec(vault, setup_text);
}

/* The URI of a file that is taken as it lies there. */
static enum ro_status
put_uri(const char *path, struct ro_buf *ret_uri)
{
    ro_buf_printf(ret_uri, "%s", path[0] == '/' ? "file://" : "file:");
    for (const char *p = path; *p != '\0'; p++) {
        if (*p == '/') {
            ro_buf_put_u8(ret_uri, '/');
        } else {
            ro_buf_printf(ret_uri, "%%%02x", (unsigned char)*p);
        }
    }
    ro_buf_printf(ret_uri, "?immutable=1");
    ro_buf_put_u8(ret_uri, 0);
    return ro_buf_ok(ret_uri);
}

enum ro_status
vault_sql_look(struct vault *vault, const char *path)
{
    RO_AUTOBUF uri = {0};
    RO_TRY(put_uri(path, &uri));
    return open_database(vault, (const char *)uri.data,
                         SQLITE_OPEN_READONLY | SQLITE_OPEN_URI);
}

enum ro_status
vault_sql_create(struct vault *vault)
{
    return exec(vault, schema_text);
}

/* The first column of the first row that a text gives. */
static enum ro_status
ask_number(struct vault *vault, const char *text, int64_t *ret_number)
{
    RO_CLEANUP(vault_sql_finalizep) sqlite3_stmt *stmt = NULL;
    RO_TRY(
        status_of(vault, sqlite3_prepare_v2(vault->db, text, -1, &stmt, NULL)));
    enum ro_status s = vault_sql_step(vault, stmt);
    if (s == RO_NOT_FOUND)
        return vault_damaged(vault, "the database file: no answer");
    RO_TRY(s);
    *ret_number = sqlite3_column_int64(stmt, 0);
    return RO_OK;
}

/* SQLite's own look at every page: an index that leaves rows out would make
 * them unfindable without any seal being broken. */
static enum ro_status
look_at_pages(struct vault *vault)
{
    RO_CLEANUP(vault_sql_finalizep) sqlite3_stmt *stmt = NULL;
    RO_TRY(status_of(vault,
                     sqlite3_prepare_v2(vault->db, "PRAGMA integrity_check(1)",
                                        -1, &stmt, NULL)));
    enum ro_status s = vault_sql_step(vault, stmt);
    if (s == RO_NOT_FOUND)
        return vault_damaged(vault, "the database file: no answer");
    RO_TRY(s);
    struct ro_bytes said = vault_sql_column(stmt, 0);
    if (ro_bytes_equal(said, ro_bytes_text("ok")))
        return RO_OK;
    return vault_damaged(vault, "the database file: some of its pages are not "
                                "as they were written");
}

/* A page that there was no memory for is told like one that is damaged; but
 * damage is still there when one looks again. */
static enum ro_status
check_pages(struct vault *vault)
{
    enum ro_status s = look_at_pages(vault);
    if (s != RO_VAULT_DAMAGED)
        return s;
    vault->damage.text[0] = '\0';
    return look_at_pages(vault);
}

enum ro_status
vault_sql_check(struct vault *vault)
{
    int64_t number = 0;
    RO_TRY(ask_number(vault, "PRAGMA application_id", &number));
    if (number != APPLICATION_ID)
        return vault_damaged(vault, "the database file: not a vault");
    RO_TRY(ask_number(vault, "PRAGMA user_version", &number));
    if (number != VAULT_FORMAT) {
        return vault_damaged(vault, "the database file: format %lld",
                             (long long)number);
    }
    return check_pages(vault);
}

void
vault_sql_close(struct vault *vault)
{
    for (size_t i = 0; i < VAULT_SQL_COUNT; i++) {
        sqlite3_finalize(vault->stmts[i]);
        vault->stmts[i] = NULL;
    }
    int rc = sqlite3_close(vault->db);
    assert(rc == SQLITE_OK); /* a walk's statement outlived its walk */
    (void)rc;
    vault->db = NULL;
}

void
vault_sql_resetp(sqlite3_stmt **stmt)
{
    if (*stmt == NULL)
        return;
    sqlite3_reset(*stmt);
    sqlite3_clear_bindings(*stmt);
}

void
vault_sql_finalizep(sqlite3_stmt **stmt)
{
    sqlite3_finalize(*stmt);
    *stmt = NULL;
}

enum ro_status
vault_sql_prepare(struct vault *vault,
                  enum vault_sql sql,
                  sqlite3_stmt **ret_stmt)
{
    return status_of(vault, sqlite3_prepare_v2(vault->db, sql_text[sql], -1,
                                               ret_stmt, NULL));
}

enum ro_status
vault_sql_use(struct vault *vault, enum vault_sql sql, sqlite3_stmt **ret_stmt)
{
    if (vault->stmts[sql] == NULL)
        RO_TRY(vault_sql_prepare(vault, sql, &vault->stmts[sql]));
    *ret_stmt = vault->stmts[sql];
    return RO_OK;
}

enum ro_status
vault_sql_step(struct vault *vault, sqlite3_stmt *stmt)
{
    int rc = sqlite3_step(stmt);
    if (rc == SQLITE_DONE)
        return RO_NOT_FOUND;
    return status_of(vault, rc);
}

enum ro_status
vault_sql_run(struct vault *vault, enum vault_sql sql)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, sql, &stmt));
    enum ro_status s = vault_sql_step(vault, stmt);
    return s == RO_NOT_FOUND ? RO_OK : s;
}

enum ro_status
vault_sql_blob(struct vault *vault,
               sqlite3_stmt *stmt,
               int at,
               struct ro_bytes bytes)
{
    /* an empty view may have no address, which SQLite would take for NULL */
    const void *data = bytes.size > 0 ? bytes.data : (const uint8_t *)"";
    return status_of(
        vault, sqlite3_bind_blob64(stmt, at, data, bytes.size, SQLITE_STATIC));
}

struct ro_bytes
vault_sql_column(sqlite3_stmt *stmt, int column)
{
    const void *data = sqlite3_column_blob(stmt, column);
    int size = sqlite3_column_bytes(stmt, column);
    return (struct ro_bytes){data, data == NULL ? 0 : (size_t)size};
}

enum ro_status
vault_sql_meta_get(struct vault *vault,
                   const char *name,
                   struct ro_buf *ret_value)
{
    ro_buf_clear(ret_value);
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_META_GET, &stmt));
    RO_TRY(
        status_of(vault, sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC)));
    RO_TRY(vault_sql_step(vault, stmt));
    struct ro_bytes value = vault_sql_column(stmt, 0);
    ro_buf_put(ret_value, value.data, value.size);
    return ro_buf_ok(ret_value);
}

enum ro_status
vault_sql_meta_put(struct vault *vault, const char *name, struct ro_bytes value)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_META_PUT, &stmt));
    RO_TRY(
        status_of(vault, sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC)));
    RO_TRY(vault_sql_blob(vault, stmt, 2, value));
    enum ro_status s = vault_sql_step(vault, stmt);
    return s == RO_NOT_FOUND ? RO_OK : s;
}

enum ro_status
vault_sql_meta_drop(struct vault *vault, const char *name)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_META_DROP, &stmt));
    RO_TRY(
        status_of(vault, sqlite3_bind_text(stmt, 1, name, -1, SQLITE_STATIC)));
    enum ro_status s = vault_sql_step(vault, stmt);
    return s == RO_NOT_FOUND ? RO_OK : s;
}

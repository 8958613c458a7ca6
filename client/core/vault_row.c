/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/vault_internal.h"

#include <assert.h>

#include "common/crypto/column.h"
#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"

#define HEAD "head"
#define HEAD_SIZE (8 + 8 + VAULT_MARK_SIZE)
/* table ‖ key ‖ size of the tag ‖ tag ‖ generation */
#define PLACE_SIZE (1 + VAULT_NAME_SIZE + 1 + VAULT_NAME_SIZE + 8)
#define AAD_SIZE (32 + PLACE_SIZE)

/* What a keyed hash is for; its first byte. */
enum lookup { LOOKUP_KEY = 'k', LOOKUP_TAG = 't', LOOKUP_MARK = 'm' };

static void
lookup_hash(const struct vault *vault,
            enum lookup what,
            uint8_t table,
            struct ro_bytes bytes,
            uint8_t ret_hash[static 32])
{
    const uint8_t prefix[2] = {(uint8_t)what, table};
    const struct ro_bytes parts[] = {
        {prefix, sizeof(prefix)},
        bytes
    };
    ro_hmac_sha256(ro_secret_view(vault->lookup_key), parts, RO_LEN(parts),
                   ret_hash);
}

static void
lookup_name(const struct vault *vault,
            enum lookup what,
            uint8_t table,
            struct ro_bytes bytes,
            uint8_t ret_name[static VAULT_NAME_SIZE])
{
    uint8_t hash[32];
    lookup_hash(vault, what, table, bytes, hash);
    memcpy(ret_name, hash, VAULT_NAME_SIZE);
}

/* A row's place without the order: table, key, tag, generation. */
static void
row_place(const struct vault_row *row, uint8_t ret_place[static PLACE_SIZE])
{
    uint8_t *p = ret_place;
    *p++ = row->table;
    memcpy(p, row->key, VAULT_NAME_SIZE);
    p += VAULT_NAME_SIZE;
    *p++ = (uint8_t)row->tag_size;
    memcpy(p, row->tag, VAULT_NAME_SIZE); /* zeros without a tag */
    p += VAULT_NAME_SIZE;
    ro_set_u64(p, row->generation);
}

static struct ro_bytes
row_aad(const struct vault_row *row, uint8_t room[static AAD_SIZE])
{
    struct ro_bytes label = ro_label_bytes(RO_LABEL_VAULT_COLUMN);
    assert(label.size + PLACE_SIZE <= AAD_SIZE);
    memcpy(room, label.data, label.size);
    row_place(row, room + label.size);
    return (struct ro_bytes){room, label.size + PLACE_SIZE};
}

/* Puts a row's mark into a head, or takes it out again: the same thing. */
static void
toggle_mark(const struct vault *vault,
            const struct vault_row *row,
            struct vault_head *head)
{
    uint8_t bytes[8 + PLACE_SIZE];
    ro_set_u64(bytes, (uint64_t)row->seq);
    row_place(row, bytes + 8);
    uint8_t mark[VAULT_MARK_SIZE];
    lookup_hash(vault, LOOKUP_MARK, row->table,
                (struct ro_bytes){bytes, sizeof(bytes)}, mark);
    for (size_t i = 0; i < VAULT_MARK_SIZE; i++)
        head->marks[i] ^= mark[i];
}

static const char *
table_name(uint8_t table)
{
    static const char *const names[] = {
        [0] = "?",
        [VAULT_SELF] = "self",
        [VAULT_EPOCH] = "epoch",
        [VAULT_RECORD] = "record",
        [VAULT_NOTICE] = "notice",
        [VAULT_STATE] = "state",
        [VAULT_REQUEST] = "request",
        [VAULT_MESSAGE] = "message",
        [VAULT_OUTBOX] = "outbox",
        [VAULT_SEQUENCE] = "sequence",
        [VAULT_SEEN] = "seen",
        [VAULT_RECEIPT] = "receipt",
        [VAULT_UNREAD] = "unread",
        [VAULT_TOUCHED] = "touched",
        [VAULT_FILE] = "file",
        [VAULT_CHUNK] = "chunk",
        [VAULT_COMPARED] = "compared",
        [VAULT_TOLD] = "told",
        [VAULT_TOLD_DAY] = "told that day",
    };
    return table < RO_LEN(names) ? names[table] : names[0];
}

static enum ro_status
row_damaged(struct vault *vault, const struct vault_row *row, const char *what)
{
    return vault_damaged(vault, "table %s, row %lld: %s",
                         table_name(row->table), (long long)row->seq, what);
}

/* Reads the first five columns of a statement. */
static enum ro_status
row_get(struct vault *vault, sqlite3_stmt *stmt, struct vault_row *ret_row)
{
    struct vault_row row = {.seq = sqlite3_column_int64(stmt, 0)};
    int64_t table = sqlite3_column_int64(stmt, 1);
    struct ro_bytes key = vault_sql_column(stmt, 2);
    struct ro_bytes tag = vault_sql_column(stmt, 3);
    if (table <= 0 || table > UINT8_MAX)
        return row_damaged(vault, &row, "no such table");
    row.table = (uint8_t)table;
    if (key.size != VAULT_NAME_SIZE)
        return row_damaged(vault, &row, "its key");
    if (tag.size != VAULT_NAME_SIZE && tag.size != 0)
        return row_damaged(vault, &row, "its tag");
    memcpy(row.key, key.data, key.size);
    if (tag.size > 0)
        memcpy(row.tag, tag.data, tag.size);
    row.tag_size = tag.size;
    row.generation = (uint64_t)sqlite3_column_int64(stmt, 4);
    *ret_row = row;
    return RO_OK;
}

/* A row's name: what it is found by. */
static struct vault_row
row_named(const struct vault *vault,
          enum vault_table table,
          struct ro_bytes key)
{
    assert((int)table > 0 && (int)table <= UINT8_MAX);
    struct vault_row row = {.table = (uint8_t)table};
    lookup_name(vault, LOOKUP_KEY, row.table, key, row.key);
    return row;
}

/* Binds table and key and steps. */
static enum ro_status
row_seek(struct vault *vault, sqlite3_stmt *stmt, const struct vault_row *row)
{
    sqlite3_bind_int(stmt, 1, row->table);
    RO_TRY(vault_sql_blob(vault, stmt, 2,
                          (struct ro_bytes){row->key, VAULT_NAME_SIZE}));
    return vault_sql_step(vault, stmt);
}

/* Finds a row by its name. RO_NOT_FOUND. */
static enum ro_status
row_find(struct vault *vault,
         const struct vault_row *name,
         struct vault_row *ret_row)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_ROW_FIND, &stmt));
    RO_TRY(row_seek(vault, stmt, name));
    return row_get(vault, stmt, ret_row);
}

/* Opens the sixth column of a statement that stands on a row. */
static enum ro_status
row_open(struct vault *vault, sqlite3_stmt *stmt, struct ro_buf *ret_value)
{
    struct vault_row row = {0};
    RO_TRY(row_get(vault, stmt, &row));
    uint8_t room[AAD_SIZE];
    enum ro_status s =
        ro_column_open(ro_secret_data(vault->column_key), row_aad(&row, room),
                       vault_sql_column(stmt, 5), ret_value);
    if (s == RO_VAULT_DAMAGED)
        return row_damaged(vault, &row, "its value");
    return s;
}

/* --- the head ------------------------------------------------------------ */

/* The head's place: a table and a key that no row has. */
static struct ro_bytes
head_aad(uint8_t room[static AAD_SIZE])
{
    const struct vault_row row = {.key = HEAD};
    return row_aad(&row, room);
}

enum ro_status
vault_head_store(struct vault *vault, const struct vault_head *head)
{
    uint8_t plain[HEAD_SIZE];
    ro_set_u64(plain, head->generation);
    ro_set_u64(plain + 8, head->rows);
    memcpy(plain + 16, head->marks, VAULT_MARK_SIZE);
    uint8_t room[AAD_SIZE];
    RO_AUTOBUF sealed = {0};
    RO_TRY(ro_column_seal(ro_secret_data(vault->column_key), &vault->entropy,
                          head_aad(room),
                          (struct ro_bytes){plain, sizeof(plain)}, &sealed));
    return vault_sql_meta_put(vault, HEAD, ro_buf_view(&sealed));
}

enum ro_status
vault_head_load(struct vault *vault)
{
    RO_AUTOBUF sealed = {0};
    enum ro_status s = vault_sql_meta_get(vault, HEAD, &sealed);
    if (s == RO_NOT_FOUND)
        return vault_damaged(vault, "the vault's generation is missing");
    RO_TRY(s);
    RO_AUTOBUF plain = {0};
    uint8_t room[AAD_SIZE];
    s = ro_column_open(ro_secret_data(vault->column_key), head_aad(room),
                       ro_buf_view(&sealed), &plain);
    if (s == RO_VAULT_DAMAGED || (s == RO_OK && plain.size != HEAD_SIZE))
        return vault_damaged(vault, "the vault's generation");
    RO_TRY(s);
    vault->head.generation = ro_get_u64(plain.data);
    vault->head.rows = ro_get_u64(plain.data + 8);
    memcpy(vault->head.marks, plain.data + 16, VAULT_MARK_SIZE);
    return RO_OK;
}

enum ro_status
vault_rows_check(struct vault *vault)
{
    RO_CLEANUP(vault_sql_finalizep) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_prepare(vault, VAULT_SQL_ALL, &stmt));
    struct vault_head found = {.generation = vault->head.generation};
    enum ro_status s;
    while ((s = vault_sql_step(vault, stmt)) == RO_OK) {
        struct vault_row row = {0};
        RO_TRY(row_get(vault, stmt, &row));
        if (row.generation > vault->head.generation)
            return row_damaged(vault, &row, "newer than the vault");
        toggle_mark(vault, &row, &found);
        found.rows++;
    }
    if (s != RO_NOT_FOUND)
        return s;
    if (found.rows != vault->head.rows) {
        return vault_damaged(vault, "%llu rows instead of %llu",
                             (unsigned long long)found.rows,
                             (unsigned long long)vault->head.rows);
    }
    if (!ro_equal_secret(found.marks, vault->head.marks, VAULT_MARK_SIZE))
        return vault_damaged(vault, "a row was moved, changed or set back");
    return RO_OK;
}

/* --- rows ---------------------------------------------------------------- */

/* RO_OK where rows may be written. SQLite rolls a transaction back by itself
 * after some errors; what came then would be committed row by row. */
static enum ro_status
may_write(const struct vault *vault)
{
    assert(vault->state == VAULT_IN_COMMIT && vault->walks == 0);
    return sqlite3_get_autocommit(vault->db) ? RO_IO_FAILED : RO_OK;
}

static enum ro_status
row_seal(struct vault *vault,
         const struct vault_row *row,
         struct ro_bytes value,
         struct ro_buf *ret_sealed)
{
    uint8_t room[AAD_SIZE];
    return ro_column_seal(ro_secret_data(vault->column_key), &vault->entropy,
                          row_aad(row, room), value, ret_sealed);
}

static enum ro_status
step_to_end(struct vault *vault, sqlite3_stmt *stmt)
{
    enum ro_status s = vault_sql_step(vault, stmt);
    return s == RO_NOT_FOUND ? RO_OK : s;
}

/* Adds a row, and tells its place in the order. */
static enum ro_status
row_add(struct vault *vault, struct ro_bytes sealed, struct vault_row *row)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_ROW_ADD, &stmt));
    sqlite3_bind_int(stmt, 1, row->table);
    RO_TRY(vault_sql_blob(vault, stmt, 2,
                          (struct ro_bytes){row->key, VAULT_NAME_SIZE}));
    RO_TRY(vault_sql_blob(vault, stmt, 3,
                          (struct ro_bytes){row->tag, row->tag_size}));
    sqlite3_bind_int64(stmt, 4, (int64_t)row->generation);
    RO_TRY(vault_sql_blob(vault, stmt, 5, sealed));
    RO_TRY(step_to_end(vault, stmt));
    row->seq = sqlite3_last_insert_rowid(vault->db);
    return RO_OK;
}

/* Writes a row over the one in its place. */
static enum ro_status
row_set(struct vault *vault,
        struct ro_bytes sealed,
        const struct vault_row *row)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_ROW_SET, &stmt));
    sqlite3_bind_int64(stmt, 1, row->seq);
    RO_TRY(vault_sql_blob(vault, stmt, 2,
                          (struct ro_bytes){row->tag, row->tag_size}));
    sqlite3_bind_int64(stmt, 3, (int64_t)row->generation);
    RO_TRY(vault_sql_blob(vault, stmt, 4, sealed));
    return step_to_end(vault, stmt);
}

enum ro_status
vault_put(struct vault *vault,
          const struct vault_place *place,
          struct ro_bytes value)
{
    RO_TRY(may_write(vault));
    struct vault_row row = row_named(vault, place->table, place->key);
    row.generation = vault->next.generation;
    if (place->tag.size > 0) {
        lookup_name(vault, LOOKUP_TAG, row.table, place->tag, row.tag);
        row.tag_size = VAULT_NAME_SIZE;
    }
    RO_AUTOBUF sealed = {0};
    RO_TRY(row_seal(vault, &row, value, &sealed));

    struct vault_row old = {0};
    enum ro_status s = row_find(vault, &row, &old);
    if (s == RO_NOT_FOUND) {
        RO_TRY(row_add(vault, ro_buf_view(&sealed), &row));
        vault->next.rows++;
    } else {
        RO_TRY(s);
        row.seq = old.seq;
        RO_TRY(row_set(vault, ro_buf_view(&sealed), &row));
        toggle_mark(vault, &old, &vault->next);
    }
    toggle_mark(vault, &row, &vault->next);
    return RO_OK;
}

enum ro_status
vault_get(struct vault *vault,
          enum vault_table table,
          struct ro_bytes key,
          struct ro_buf *ret_value)
{
    const struct vault_row name = row_named(vault, table, key);
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_ROW_READ, &stmt));
    RO_TRY(row_seek(vault, stmt, &name));
    return row_open(vault, stmt, ret_value);
}

enum ro_status
vault_has(struct vault *vault, enum vault_table table, struct ro_bytes key)
{
    const struct vault_row name = row_named(vault, table, key);
    struct vault_row found;
    return row_find(vault, &name, &found);
}

enum ro_status
vault_drop(struct vault *vault, enum vault_table table, struct ro_bytes key)
{
    RO_TRY(may_write(vault));
    const struct vault_row name = row_named(vault, table, key);
    struct vault_row old = {0};
    enum ro_status s = row_find(vault, &name, &old);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_ROW_DROP, &stmt));
    sqlite3_bind_int64(stmt, 1, old.seq);
    RO_TRY(step_to_end(vault, stmt));
    toggle_mark(vault, &old, &vault->next);
    vault->next.rows--;
    return RO_OK;
}

enum ro_status
vault_clear(struct vault *vault)
{
    RO_TRY(may_write(vault));
    RO_TRY(vault_sql_run(vault, VAULT_SQL_CLEAR));
    vault->next.rows = 0;
    memset(vault->next.marks, 0, VAULT_MARK_SIZE);
    return RO_OK;
}

/* A statement of its own for each walk, so that walks may be nested. */
static enum ro_status
walk_begin(struct vault *vault,
           uint8_t table,
           struct ro_bytes tag,
           sqlite3_stmt **ret_stmt)
{
    bool tagged = tag.size > 0;
    RO_TRY(vault_sql_prepare(
        vault, tagged ? VAULT_SQL_WALK_TAG : VAULT_SQL_WALK_TABLE, ret_stmt));
    sqlite3_bind_int(*ret_stmt, 1, table);
    if (!tagged)
        return RO_OK;
    uint8_t name[VAULT_NAME_SIZE];
    lookup_name(vault, LOOKUP_TAG, table, tag, name);
    int rc =
        sqlite3_bind_blob(*ret_stmt, 2, name, sizeof(name), SQLITE_TRANSIENT);
    return rc == SQLITE_OK ? RO_OK : RO_NO_MEMORY;
}

static enum ro_status
walk_rows(struct vault *vault, sqlite3_stmt *stmt, vault_fn *fn, void *user)
{
    RO_SECRET_BUF value = {0};
    enum ro_status s;
    while ((s = vault_sql_step(vault, stmt)) == RO_OK) {
        ro_buf_clear(&value);
        RO_TRY(row_open(vault, stmt, &value));
        RO_TRY(fn(user, ro_buf_view(&value)));
    }
    return s == RO_NOT_FOUND ? RO_OK : s;
}

enum ro_status
vault_walk(struct vault *vault,
           enum vault_table table,
           struct ro_bytes tag,
           vault_fn *fn,
           void *user)
{
    assert((int)table > 0 && (int)table <= UINT8_MAX);
    RO_CLEANUP(vault_sql_finalizep) sqlite3_stmt *stmt = NULL;
    RO_TRY(walk_begin(vault, (uint8_t)table, tag, &stmt));
    vault->walks++;
    enum ro_status s = walk_rows(vault, stmt, fn, user);
    vault->walks--;
    return s;
}

enum ro_status
vault_count(struct vault *vault, enum vault_table table, size_t *ret_n)
{
    RO_CLEANUP(vault_sql_resetp) sqlite3_stmt *stmt = NULL;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_COUNT_TABLE, &stmt));
    sqlite3_bind_int(stmt, 1, (int)table);
    enum ro_status s = vault_sql_step(vault, stmt);
    if (s == RO_NOT_FOUND)
        return vault_damaged(vault, "the database file: no answer");
    RO_TRY(s);
    *ret_n = (size_t)sqlite3_column_int64(stmt, 0);
    return RO_OK;
}

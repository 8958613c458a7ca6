/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What stands in the file. A body is kept once, however many envelopes name
 * it, and counts them; the triggers keep the count, so that whatever deletes
 * an envelope (ack, expiry) lets go of its body too.
 */
#include "daemon/store/sqlite/sql.h"

#define SCHEMA_VERSION 2
#define APPLICATION_ID 0x52634f31 /* "RcO1" */
#define TEXT_OF(n) TEXT_OF_(n)
#define TEXT_OF_(n) #n
#define MARK_APPLICATION "PRAGMA application_id = " TEXT_OF(APPLICATION_ID) ";"
#define MARK_VERSION "PRAGMA user_version = " TEXT_OF(SCHEMA_VERSION) ";"

/* since layout 2 */
#define MIRRORS                                                                \
    "CREATE TABLE mirror("                                                     \
    " mailbox BLOB PRIMARY KEY,"                                               \
    " bytes BLOB NOT NULL) STRICT, WITHOUT ROWID;"

static const char layout[] =
    "CREATE TABLE record("
    " n INTEGER PRIMARY KEY,"
    " day INTEGER NOT NULL,"
    " bytes BLOB NOT NULL) STRICT;"

    "CREATE TABLE notice("
    " cursor INTEGER PRIMARY KEY AUTOINCREMENT,"
    " seat BLOB NOT NULL,"
    " expires_day INTEGER NOT NULL,"
    " replaced INTEGER NOT NULL DEFAULT 0,"
    " bytes BLOB NOT NULL) STRICT;"
    "CREATE INDEX notice_seat ON notice(seat);"

    "CREATE TABLE checkpoint("
    " slot INTEGER PRIMARY KEY,"
    " covered INTEGER NOT NULL,"
    " bytes BLOB NOT NULL) STRICT;"

    "CREATE TABLE body("
    " id INTEGER PRIMARY KEY,"
    " hash BLOB NOT NULL UNIQUE,"
    " bytes BLOB NOT NULL,"
    " refs INTEGER NOT NULL DEFAULT 0) STRICT;"

    /* AUTOINCREMENT: a key is never used twice, or a cursor would miss mail */
    "CREATE TABLE envelope("
    " key INTEGER PRIMARY KEY AUTOINCREMENT,"
    " mailbox BLOB NOT NULL,"
    " id BLOB NOT NULL UNIQUE,"
    " wrap BLOB NOT NULL,"
    " body INTEGER NOT NULL,"
    " day INTEGER NOT NULL,"
    " generation INTEGER NOT NULL,"
    " expiry_hour INTEGER NOT NULL) STRICT;"
    "CREATE INDEX envelope_mailbox ON envelope(mailbox, key);"
    "CREATE INDEX envelope_expiry ON envelope(expiry_hour, key);"
    /* OR FAIL: see sql.def */
    "CREATE TRIGGER envelope_comes AFTER INSERT ON envelope BEGIN"
    " UPDATE OR FAIL body SET refs = refs + 1 WHERE id = NEW.body;"
    "END;"
    "CREATE TRIGGER envelope_goes AFTER DELETE ON envelope BEGIN"
    " UPDATE OR FAIL body SET refs = refs - 1 WHERE id = OLD.body;"
    " DELETE FROM body WHERE id = OLD.body AND refs = 0;"
    "END;"

    MIRRORS

    "CREATE TABLE ticket("
    " id BLOB PRIMARY KEY,"
    " request BLOB NOT NULL,"
    " mailbox BLOB NOT NULL,"
    " expiry_hour INTEGER NOT NULL) STRICT, WITHOUT ROWID;"
    "CREATE INDEX ticket_mailbox ON ticket(mailbox);";

static enum ro_status
broken(struct store *store, struct ro_why *why, int rc, const char *words)
{
    if (sql_is_short(rc))
        return RO_NO_MEMORY;
    if ((rc & 0xff) == SQLITE_BUSY) {
        return ro_why(why, RO_TAKEN, "%s: another program has it open",
                      store->path);
    }
    return ro_why(why, RO_STORE_BROKEN, "%s: %s (%s)", store->path, words,
                  rc == SQLITE_OK ? "unexpected" : sqlite3_errmsg(store->db));
}

/* Everything that is durable about a new file: with synchronous=EXTRA the end
 * of the rollback journal is on the disk before its log is write-ahead, else a
 * power cut could bring the journal back and with it the empty file. */
static enum ro_status
create(struct store *store, struct ro_why *why)
{
    static const char begin[] =
        "PRAGMA synchronous = EXTRA;"
        "BEGIN EXCLUSIVE;" MARK_APPLICATION MARK_VERSION;
    int rc = sql_run(store->db, begin);
    if (rc == SQLITE_OK)
        rc = sql_run(store->db, layout);
    if (rc == SQLITE_OK)
        rc = sql_run(store->db, "COMMIT");
    if (rc != SQLITE_OK)
        return broken(store, why, rc, "it cannot be laid out");
    return RO_OK;
}

/* A store of layout 1 lacks the mirrors and nothing else. */
static enum ro_status
add_mirrors(struct store *store, struct ro_why *why)
{
    static const char text[] =
        "PRAGMA synchronous = EXTRA;"
        "BEGIN EXCLUSIVE;" MIRRORS MARK_VERSION "COMMIT;";
    int rc = sql_run(store->db, text);
    if (rc != SQLITE_OK)
        return broken(store, why, rc, "it cannot be brought up to date");
    return RO_OK;
}

enum ro_status
schema_settle(struct store *store, struct ro_why *why)
{
    static const char count[] = "SELECT count(*) FROM sqlite_schema";
    /* reads the first page: here a foreign or damaged file shows */
    int rc = sql_run(store->db, count);
    if (rc != SQLITE_OK)
        return broken(store, why, rc, "it cannot be read as a store");
    int64_t application;
    int64_t version;
    int64_t things;
    RO_TRY(sql_ask(store->db, "PRAGMA application_id", &application));
    RO_TRY(sql_ask(store->db, "PRAGMA user_version", &version));
    RO_TRY(sql_ask(store->db, count, &things));
    if (application == 0 && version == 0 && things == 0)
        return create(store, why);
    if (application != APPLICATION_ID) {
        return ro_why(why, RO_STORE_BROKEN, "%s: not a broker's store",
                      store->path);
    }
    if (version == 1)
        return add_mirrors(store, why);
    if (version != SCHEMA_VERSION) {
        return ro_why(why, RO_STORE_BROKEN,
                      "%s: layout %lld, and this program knows %d", store->path,
                      (long long)version, SCHEMA_VERSION);
    }
    return RO_OK;
}

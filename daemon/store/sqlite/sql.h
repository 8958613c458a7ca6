/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside daemon/store/sqlite: the open store, and how a kept statement is
 * bound, run and read. Every outcome of SQLite becomes one of ours here.
 */
#ifndef DAEMON_STORE_SQLITE_SQL_H
#define DAEMON_STORE_SQLITE_SQL_H

#include <sqlite3.h>
#include <stdbool.h>

#include "daemon/store/store.h"

/* The kept statements; their texts are sql.def. */
enum sql_name {
#define X(name, text) SQL_##name,
#include "daemon/store/sqlite/sql.def"
#undef X
    SQL_COUNT
};

/* Where the turn stands. */
enum sql_turn {
    TURN_NONE, /* between turns: only reads */
    TURN_OPEN,
    TURN_SPOILT, /* no room: can only be rolled back */
    TURN_BROKEN, /* nobody knows: the process must end */
};

/* What is kept free on the disk; room.c. */
struct room {
    struct store_margin margin;
    enum {
        RESERVE_NONE,    /* none is kept */
        RESERVE_MISSING, /* there was no room to make it */
        RESERVE_KEPT,
        RESERVE_SPENT, /* given up */
    } reserve;
    enum store_space space; /* as last looked at */
    bool is_kept;           /* store_keep_room was called */
    bool was_full;          /* by this turn */
};

/* An envelope that is set aside; aside.c. */
struct aside {
    uint64_t key;
    struct ro_seat_id mailbox;
    struct ro_hash body; /* its hash, where that is the damaged part */
    enum part { PART_NONE, PART_WRAP, PART_BODY } part;
};

struct store {
    int lock; /* the lock file, or -1 */
    char *path;
    char *wal_path;
    char *reserve_path;
    struct room room;
    sqlite3 *db;
    sqlite3_stmt *statements[SQL_COUNT];
    enum sql_turn turn;
    int wal_pages; /* in the write-ahead log after the last commit */
    /* bodies that this turn brought: who has no envelope at its end goes */
    int64_t *fresh;
    size_t n_fresh;
    size_t fresh_room;
    struct aside *aside;
    size_t n_aside;
};

/* What a result of SQLite means for the turn; spoils it, if one is open, or
 * breaks it. RO_OK for SQLITE_OK, SQLITE_ROW and SQLITE_DONE. */
RO_MUST_USE enum ro_status sql_outcome(struct store *store, int rc);

/* Prepares every statement. SQLite's result. */
RO_MUST_USE int sql_prepare(struct store *store);

/* Finalises every statement. */
void sql_finalise(struct store *store);

/* A statement ready to be bound. */
sqlite3_stmt *sql_start(struct store *store, enum sql_name name);

/* Makes it ready again. */
void sql_end(sqlite3_stmt **statement);
#define SQL_AUTO RO_CLEANUP(sql_end) sqlite3_stmt

/* Binds parameter `i`, counted from 1. Numbers beyond what SQLite holds become
 * the largest that it does. */
void sql_put_number(sqlite3_stmt *statement, int i, uint64_t value);

/* The same with bytes, which must stay until sql_end. */
void sql_put_bytes(sqlite3_stmt *statement, int i, struct ro_bytes bytes);

/* The same with an id, which must stay as well. */
void sql_put_id(sqlite3_stmt *statement, int i, const struct ro_seat_id *id);

/* The same with a hash, which must stay as well. */
void sql_put_hash(sqlite3_stmt *statement, int i, const struct ro_hash *hash);

/* Takes a step that reads: RO_OK with a row, RO_NOT_FOUND past the last. */
RO_MUST_USE enum ro_status sql_row(struct store *store,
                                   sqlite3_stmt *statement);

/* Runs a statement that writes; the turn must be open. */
RO_MUST_USE enum ro_status sql_write(struct store *store,
                                     sqlite3_stmt *statement);

/* Whether the turn may write: RO_OK, RO_NO_ROOM, RO_STORE_BROKEN. */
RO_MUST_USE enum ro_status sql_may_write(const struct store *store);

/* Reads column `i`, counted from 0. */
uint64_t sql_number(sqlite3_stmt *statement, int i);

/* The same as bytes, valid until the next step. */
struct ro_bytes sql_bytes(sqlite3_stmt *statement, int i);

/* The same of exactly `size` bytes. Another size is damage: RO_STORE_BROKEN. */
RO_MUST_USE enum ro_status sql_fixed(struct store *store,
                                     sqlite3_stmt *statement,
                                     int i,
                                     void *ret_bytes,
                                     size_t size);

/* Runs a text without a result, outside the kept statements. SQLite's result.
 */
RO_MUST_USE int sql_run(sqlite3 *db, const char *text);

/* The number that a text answers with; -1 when it does not. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
sql_ask(sqlite3 *db, const char *text, int64_t *ret_answer);

/* Whether a result of SQLite says that memory was short. */
bool sql_is_short(int rc);

/* Looks whether what was committed is missing from the write-ahead log, before
 * SQLite reads it: RO_STORE_BROKEN, with `why`. */
RO_MUST_USE enum ro_status wal_check(const struct store *store,
                                     struct ro_why *why);

/* Sets an envelope aside and logs it, unless it is; RO_STORE_BROKEN when that
 * are too many, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status aside_note(struct store *store,
                                      const struct aside *aside);

/* It is whole again, or gone: no longer set aside. */
void aside_forget(struct store *store, uint64_t key);

/* How many of a stretch of a mailbox are set aside; its limit is not heeded. */
uint64_t aside_in(const struct store *store, const struct store_span *span);

/* Whether a body is why an envelope was set aside. */
bool aside_has_body(const struct store *store, const struct ro_hash *hash);

/* Writes such a body again. */
RO_MUST_USE enum ro_status aside_mend_body(struct store *store,
                                           const struct ro_hash *hash,
                                           struct ro_bytes body);

/* Forgets those whose envelopes are there no more. */
RO_MUST_USE enum ro_status aside_expire(struct store *store);

/* Between turns: looks how much is free, and makes the reserve again if it can
 * be. */
void room_look(struct store *store);

/* Gives the reserve up, because the disk was full. */
void room_was_full(struct store *store);

/* Checks that the file is ours, and lays out a new one. RO_TAKEN when another
 * program has it open, RO_STORE_BROKEN, both with `why`. */
RO_MUST_USE enum ro_status schema_settle(struct store *store,
                                         struct ro_why *why);

#endif

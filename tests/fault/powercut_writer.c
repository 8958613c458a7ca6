/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the power cut is tried on: a small program that stores numbers in
 * SQLite and says each one on stdout only after its commit.
 *
 *     powercut_writer write DB JOURNAL SYNCHRONOUS   until it is killed
 *     powercut_writer check DB                       prints "last count" of
 *                                                    what is stored
 *     powercut_writer rename FOLDER synced|unsynced  write, sync, rename
 */
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static void
need(int ok, const char *what)
{
    if (ok)
        return;
    perror(what);
    exit(1);
}

static void
run(sqlite3 *db, const char *sql)
{
    char *why = NULL;

    if (sqlite3_exec(db, sql, NULL, NULL, &why) == SQLITE_OK)
        return;
    fprintf(stderr, "%s: %s\n", sql, why != NULL ? why : "?");
    exit(1);
}

static long long
one_number(sqlite3 *db, const char *sql)
{
    sqlite3_stmt *query = NULL;

    need(sqlite3_prepare_v2(db, sql, -1, &query, NULL) == SQLITE_OK &&
             sqlite3_step(query) == SQLITE_ROW,
         sqlite3_errmsg(db));
    long long n = sqlite3_column_int64(query, 0);
    sqlite3_finalize(query);
    return n;
}

/* Rows of about 1.5 KiB, so that pages spill and the log is checkpointed. */
static _Noreturn void
write_rows(sqlite3 *db, const char *journal, const char *synchronous)
{
    char sql[256];

    snprintf(sql, sizeof(sql),
             "pragma journal_mode=%s; pragma synchronous=%s;"
             "pragma wal_autocheckpoint=40;"
             "create table if not exists t(n integer primary key, b blob)",
             journal, synchronous);
    run(db, sql);
    long long n = one_number(db, "select coalesce(max(n), 0) from t");
    for (;;) {
        n++;
        snprintf(sql, sizeof(sql),
                 "insert into t values(%lld, randomblob(1500))", n);
        run(db, sql);
        printf("%lld\n", n);
        need(fflush(stdout) == 0, "stdout");
    }
}

static int
check(sqlite3 *db)
{
    sqlite3_stmt *query = NULL;

    need(sqlite3_prepare_v2(db, "pragma integrity_check", -1, &query, NULL) ==
                 SQLITE_OK &&
             sqlite3_step(query) == SQLITE_ROW,
         sqlite3_errmsg(db));
    const char *words = (const char *)sqlite3_column_text(query, 0);
    if (words == NULL || strcmp(words, "ok") != 0) {
        printf("corrupt: %s\n", words != NULL ? words : "?");
        return 1;
    }
    sqlite3_finalize(query);
    if (one_number(db, "select count(*) from sqlite_master") == 0) {
        puts("0 0");
        return 0;
    }
    printf("%lld %lld\n", one_number(db, "select coalesce(max(n), 0) from t"),
           one_number(db, "select count(*) from t"));
    return 0;
}

/* Replaces FOLDER/x by a file that says "new", with what that takes or not. */
static int
replace(const char *folder, const char *how)
{
    need(chdir(folder) == 0, folder);
    int fd = open("x.new", O_WRONLY | O_CREAT | O_TRUNC, 0600);
    need(fd >= 0 && write(fd, "new", 3) == 3, "x.new");
    need(fsync(fd) == 0 && close(fd) == 0, "x.new");
    need(rename("x.new", "x") == 0, "x");
    if (strcmp(how, "synced") == 0) {
        int here = open(".", O_RDONLY | O_DIRECTORY);
        need(here >= 0 && fsync(here) == 0 && close(here) == 0, "folder");
    }
    return 0;
}

int
main(int argc, char **argv)
{
    sqlite3 *db = NULL;

    if (argc == 4 && strcmp(argv[1], "rename") == 0)
        return replace(argv[2], argv[3]);
    if (argc < 3) {
        fputs("usage: powercut_writer write|check|rename ...\n", stderr);
        return 64;
    }
    need(sqlite3_open(argv[2], &db) == SQLITE_OK, argv[2]);
    if (argc == 5)
        write_rows(db, argv[3], argv[4]);
    int rc = check(db);
    sqlite3_close(db);
    return rc;
}

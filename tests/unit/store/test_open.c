/* SPDX-License-Identifier: Apache-2.0 */
/* Opening: new, again, locked, foreign, damaged; turns; no room. */
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sqlite3.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "unit/store/sample.h"

static void
path_in(const struct folder *folder, const char *name, char ret_path[512])
{
    snprintf(ret_path, 512, "%s/%s", folder->path, name);
}

/* Opening must fail so, and say something with `word` in it. */
static void
refuses(const struct folder *folder, enum ro_status expected, const char *word)
{
    struct store *store = NULL;
    struct ro_why why = {""};
    enum ro_status s = store_open(folder->path, &why, &store);
    printf("# %s: %s\n", ro_status_name(s), why.text);
    tap_ok(s == expected);
    tap_ok(store == NULL);
    tap_ok(strstr(why.text, word) != NULL);
}

static void
test_the_lock_is_taken_once(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    refuses(&folder, RO_TAKEN, "store.lock");
    store_free(store);
    store = sample_open(&folder);
    store_free(store);
    store_free(NULL);
    folder_remove(&folder);
}

static void
test_another_program_has_it_open(void)
{
    struct folder folder = folder_new();
    char path[512];
    store_free(sample_open(&folder));
    path_in(&folder, "store.db", path);
    sqlite3 *db = NULL;
    tap_need(sqlite3_open(path, &db) == SQLITE_OK);
    tap_need(sqlite3_exec(db, "BEGIN IMMEDIATE", NULL, NULL, NULL) ==
             SQLITE_OK);
    refuses(&folder, RO_TAKEN, "another program");
    sqlite3_close(db);
    store_free(sample_open(&folder));
    folder_remove(&folder);
}

static void
test_the_folder_must_be_there(void)
{
    struct folder folder = folder_new();
    folder_remove(&folder);
    refuses(&folder, RO_STORE_BROKEN, folder.path);
}

static void
write_file(const char *path, const void *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    tap_need(file != NULL);
    tap_need(fwrite(bytes, 1, size, file) == size);
    tap_need(fclose(file) == 0);
}

static void
test_a_foreign_file_is_refused(void)
{
    struct folder folder = folder_new();
    char path[512];
    uint8_t noise[8192];
    memset(noise, 0x5a, sizeof(noise));
    path_in(&folder, "store.db", path);
    write_file(path, noise, sizeof(noise));
    refuses(&folder, RO_STORE_BROKEN, "store.db");
    tap_need(unlink(path) == 0);

    sqlite3 *db = NULL;
    tap_need(sqlite3_open(path, &db) == SQLITE_OK);
    tap_need(sqlite3_exec(db, "CREATE TABLE shopping(list TEXT)", NULL, NULL,
                          NULL) == SQLITE_OK);
    sqlite3_close(db);
    refuses(&folder, RO_STORE_BROKEN, "not a broker's store");
    folder_remove(&folder);
}

static void
run_in(const struct folder *folder, const char *text)
{
    char path[512];
    sqlite3 *db = NULL;
    path_in(folder, "store.db", path);
    tap_need(sqlite3_open(path, &db) == SQLITE_OK);
    tap_need(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

static void
test_a_later_layout_is_refused(void)
{
    struct folder folder = folder_new();
    store_free(sample_open(&folder));
    run_in(&folder, "PRAGMA user_version = 9");
    refuses(&folder, RO_STORE_BROKEN, "layout 9");
    folder_remove(&folder);
}

/* The first layout had no mirrors; what it had is still there. */
static void
test_the_first_layout_is_brought_up_to_date(void)
{
    struct folder folder = folder_new();
    const struct ro_seat_id mailbox = sample_mailbox(1);
    uint8_t mirror[STORE_MIRROR_SIZE] = {7};
    uint8_t found[STORE_MIRROR_SIZE] = {0};
    struct store *store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    sample_mail(store, 1, 1, 500);
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    run_in(&folder, "DROP TABLE mirror; PRAGMA user_version = 1");
    for (int again = 0; again < 2; again++) {
        store = sample_open(&folder);
        tap_ok(sample_waiting(store, 1) == 1);
        tap_need(store_begin(store) == RO_OK);
        tap_is(store_mirror_get(store, &mailbox, found),
               again == 0 ? RO_NOT_FOUND : RO_OK);
        tap_is(store_mirror_put(store, &mailbox, mirror), RO_OK);
        tap_need(store_commit(store) == RO_OK);
        store_free(store);
    }
    folder_remove(&folder);
}

static void
test_a_damaged_file_is_named(void)
{
    struct folder folder = folder_new();
    char path[512];
    store_free(sample_open(&folder));
    run_in(&folder, "DROP TABLE ticket");
    refuses(&folder, RO_STORE_BROKEN, "no such table: ticket");
    path_in(&folder, "store.db", path);
    int fd = open(path, O_WRONLY);
    uint8_t noise[256];
    memset(noise, 0xff, sizeof(noise));
    tap_need(pwrite(fd, noise, sizeof(noise), 100) == (ssize_t)sizeof(noise));
    close(fd);
    refuses(&folder, RO_STORE_BROKEN, "malformed");
    folder_remove(&folder);
}

/* As a power cut between making the file and laying it out would leave it. */
static void
test_an_empty_file_is_a_new_store(void)
{
    struct folder folder = folder_new();
    char path[512];
    path_in(&folder, "store.db", path);
    write_file(path, "", 0);
    struct store *store = sample_open(&folder);
    tap_ok(sample_figures(store).records == 0);
    store_free(store);
    folder_remove(&folder);
}

static void
test_a_turn_is_all_or_nothing(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    sample_mail(store, 1, 1, 500);
    store_rollback(store);
    tap_ok(sample_waiting(store, 1) == 0);
    tap_need(store_begin(store) == RO_OK);
    sample_mail(store, 1, 2, 500);
    tap_is(store_commit(store), RO_OK);
    tap_need(store_begin(store) == RO_OK);
    sample_mail(store, 1, 3, 500);
    store_free(store); /* rolls back */
    store = sample_open(&folder);
    tap_ok(sample_waiting(store, 1) == 1);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_commit(store), RO_OK);
    store_rollback(store); /* nothing open: nothing happens */
    store_free(store);
    folder_remove(&folder);
}

/* The child commits and is killed without closing anything. */
static void
test_what_was_committed_survives_a_kill(void)
{
    struct folder folder = folder_new();
    store_free(sample_open(&folder));
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        struct store *store = NULL;
        if (store_open(folder.path, NULL, &store) != RO_OK ||
            store_begin(store) != RO_OK || sample_body_put(store, 1) != RO_OK)
            _exit(1);
        uint64_t key;
        const struct sample_envelope one = {1, 1, 1, 500};
        if (sample_envelope_put(store, &one, &key) != RO_OK ||
            store_commit(store) != RO_OK)
            _exit(2);
        kill(getpid(), SIGKILL);
    }
    int state = 0;
    tap_need(waitpid(child, &state, 0) == child);
    tap_ok(WIFSIGNALED(state) && WTERMSIG(state) == SIGKILL);
    struct store *store = sample_open(&folder);
    tap_ok(sample_waiting(store, 1) == 1);
    store_free(store);
    folder_remove(&folder);
}

/* Fills the store until it says that there is no room; how many went in. */
static size_t
fill_up(struct store *store, enum ro_status *ret_outcome)
{
    size_t n = 0;
    uint8_t body[SAMPLE_BODY] = {0};
    enum ro_status s = RO_OK;
    while (s == RO_OK && n < 100000) {
        struct ro_hash hash;
        memcpy(body, &n, sizeof(n));
        ro_body_hash((struct ro_bytes){body, SAMPLE_BODY}, &hash);
        s = store_body_put(store, &hash, (struct ro_bytes){body, SAMPLE_BODY});
        n++;
    }
    *ret_outcome = s;
    return n;
}

static void
test_no_room(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    uint64_t key = sample_mail(store, 1, 1, 500);
    tap_need(store_commit(store) == RO_OK);
    tap_is(store_cap(store, 512 * 1024), RO_OK);
    tap_need(store_begin(store) == RO_OK);
    enum ro_status s;
    size_t n = fill_up(store, &s);
    tap_ok(n > 100 && n < 1000);
    tap_is(s, RO_NO_ROOM);
    tap_say(sample_body_put(store, 2) == RO_NO_ROOM,
            "the turn can only be rolled back");
    tap_is(store_commit(store), RO_NO_ROOM);
    tap_ok(sample_waiting(store, 1) == 1);
    tap_ok(sample_figures(store).bodies == 1);
    tap_need(store_begin(store) == RO_OK);
    struct ro_seat_id one = sample_mailbox(1);
    tap_is(store_envelope_drop(store, &one, key), RO_OK);
    tap_is(store_commit(store), RO_OK);
    tap_need(store_begin(store) == RO_OK);
    (void)fill_up(store, &s);
    store_rollback(store);
    tap_is(store_begin(store), RO_OK);
    tap_is(store_commit(store), RO_OK);
    store_free(store);
    folder_remove(&folder);
}

static off_t
size_of(const struct folder *folder, const char *name)
{
    char path[512];
    struct stat st;
    path_in(folder, name, path);
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void
put_a_megabyte(struct store *store, uint8_t mailbox)
{
    uint8_t wrap[65536];
    tap_need(store_begin(store) == RO_OK);
    tap_need(sample_body_put(store, mailbox) == RO_OK);
    struct sample_body body = sample_body(mailbox);
    for (int i = 0; i < 16; i++) {
        uint64_t key;
        memset(wrap, i, sizeof(wrap));
        struct store_envelope put = {
            .mailbox = sample_mailbox(mailbox),
            .body_hash = body.hash,
            .wrap = {wrap, sizeof(wrap)},
        };
        ro_envelope_id_of(&put.mailbox, &put.body_hash, put.wrap, &put.id);
        tap_need(store_envelope_put(store, &put, &key) == RO_OK);
    }
    tap_need(store_commit(store) == RO_OK);
}

static void
test_tidy_folds_the_log(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    for (uint8_t i = 0; i < 3; i++)
        put_a_megabyte(store, i);
    off_t before = size_of(&folder, "store.db");
    store_tidy(store);
    tap_say(size_of(&folder, "store.db") == before, "a short log is left");
    for (uint8_t i = 3; i < 6; i++)
        put_a_megabyte(store, i);
    store_tidy(store);
    tap_ok(size_of(&folder, "store.db") > before + 5 * 1024 * 1024);
    off_t wal = size_of(&folder, "store.db-wal");
    put_a_megabyte(store, 6);
    tap_say(size_of(&folder, "store.db-wal") == wal,
            "the log begins again from the front");
    for (uint8_t i = 7; i < 26; i++)
        put_a_megabyte(store, i);
    tap_ok(size_of(&folder, "store.db-wal") > 16 * 1024 * 1024);
    store_tidy(store);
    tap_say(size_of(&folder, "store.db-wal") == 0, "a long log is cut off");
    tap_ok(sample_figures(store).envelopes == 26 * 16);
    tap_need(store_begin(store) == RO_OK);
    store_tidy(store); /* not within a turn: nothing happens */
    tap_is(store_commit(store), RO_OK);
    store_free(store);
    folder_remove(&folder);
}

int
main(void)
{
    tap_run(test_the_lock_is_taken_once);
    tap_run(test_another_program_has_it_open);
    tap_run(test_the_folder_must_be_there);
    tap_run(test_a_foreign_file_is_refused);
    tap_run(test_a_later_layout_is_refused);
    tap_run(test_the_first_layout_is_brought_up_to_date);
    tap_run(test_a_damaged_file_is_named);
    tap_run(test_an_empty_file_is_a_new_store);
    tap_run(test_a_turn_is_all_or_nothing);
    tap_run(test_what_was_committed_survives_a_kill);
    tap_run(test_no_room);
    tap_run(test_tidy_folds_the_log);
    return tap_done();
}

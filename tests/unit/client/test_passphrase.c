/* SPDX-License-Identifier: Apache-2.0 */
/* A vault that a passphrase opens: made, opened, given another key, damaged. */
#include "client/core/passphrase.h"
#include "client/core/vault.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include <sqlite3.h>

#include "common/base/file.h"
#include "tests/unit/client/vault_place.h"

/* As little work as there is: what is tested here is not how hard it is. */
static const struct ro_stretch least = {1, 8192};

#define LEAF 13 /* the kind of a page that has rows */

static struct vault_key
by_words(const char *words)
{
    return (struct vault_key){.passphrase = ro_bytes_text(words),
                              .stretch = least};
}

static enum ro_status
create_by(const struct place *place,
          const char *words,
          struct ro_why *why,
          struct vault **vault)
{
    const struct vault_key key = by_words(words);
    return vault_create(place->dir, &key, &entropy, why, vault);
}

static enum ro_status
open_by(const struct place *place,
        const char *words,
        struct ro_why *why,
        struct vault **vault)
{
    const struct vault_key key = by_words(words);
    vault_freep(vault);
    return vault_open(place->dir, &key, &entropy, why, vault);
}

static enum ro_status
open_by_file(const struct place *place,
             const char *path,
             struct ro_why *why,
             struct vault **vault)
{
    const struct vault_key key = {.file = path};
    vault_freep(vault);
    return vault_open(place->dir, &key, &entropy, why, vault);
}

/* --- looked at while somebody writes ------------------------------------- */

/* What the file is at each look: torn, for so many looks. */
static struct {
    const char *path;
    int torn;
    int n; /* looks */
} looks;

/* A page of a database begins with its kind, the first one behind the file's
 * head. */
static void
put_kind(const char *path, uint8_t kind)
{
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    tap_need(fd >= 0 && pwrite(fd, &kind, 1, 100) == 1);
    close(fd);
}

enum ro_status __real_vault_sql_look(struct vault *vault, const char *path);
enum ro_status __wrap_vault_sql_look(struct vault *vault, const char *path);

enum ro_status
__wrap_vault_sql_look(struct vault *vault, const char *path)
{
    looks.n++;
    if (looks.path != NULL)
        put_kind(looks.path, looks.n <= looks.torn ? 0 : LEAF);
    return __real_vault_sql_look(vault, path);
}

static enum ro_status
check_torn(const struct place *place, int torn, const char *words)
{
    struct ro_why why = {""};
    looks.path = place->db;
    looks.torn = torn;
    looks.n = 0;
    enum ro_status s = vault_check(place->dir, ro_bytes_text(words), &why);
    printf("# %d looks: %s\n", looks.n, why.text);
    put_kind(place->db, LEAF);
    looks.path = NULL;
    return s;
}

static void
test_looks(void)
{
    PLACE place = place_new();
    VAULT *vault = NULL;
    tap_is(create_by(&place, "seven brown owls", NULL, &vault), RO_OK);
    tap_is(check_torn(&place, 0, "seven brown owls"), RO_OK);
    tap_is(looks.n, 1);
    tap_is(check_torn(&place, 0, "seven brown owl"), RO_VAULT_LOCKED);
    tap_is(looks.n, 1);
    tap_is(check_torn(&place, 4, "seven brown owls"), RO_OK);
    tap_is(check_torn(&place, 4, "seven brown owl"), RO_VAULT_LOCKED);
    tap_is(check_torn(&place, 5, "seven brown owls"), RO_VAULT_DAMAGED);
    tap_is(looks.n, 5);
}

/* --- opened -------------------------------------------------------------- */

static void
test_create_and_open(void)
{
    PLACE place = place_new();
    VAULT *vault = NULL;
    struct ro_why why = {""};
    tap_is(create_by(&place, "seven brown owls", &why, &vault), RO_OK);
    put_one(vault, "k", "value");
    tap_is(open_again(&place, &why, &vault), RO_NEED_PASSPHRASE);
    tap_ok(strstr(why.text, "passphrase") != NULL);
    tap_is(open_by(&place, "seven brown owl", &why, &vault), RO_VAULT_LOCKED);
    tap_ok(strcmp(why.text, "that is not the passphrase of this profile") == 0);
    tap_is(open_by_file(&place, place.key, &why, &vault), RO_VAULT_LOCKED);
    tap_ok(vault == NULL);
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_OK);
    tap_ok(holds(vault, "k", "value"));
}

/* While somebody has it open, and in the middle of a commit. */
static void
test_check_of_an_open_vault(void)
{
    static const struct ro_bytes none = {0};
    PLACE place = place_new();
    VAULT *vault = NULL;
    struct ro_why why = {""};
    const struct ro_bytes right = ro_bytes_text("seven brown owls");
    const struct ro_bytes wrong = ro_bytes_text("seven brown owl");
    tap_is(vault_check(place.dir, right, &why), RO_NOT_FOUND);
    tap_is(create_by(&place, "seven brown owls", &why, &vault), RO_OK);
    tap_is(vault_check(place.dir, right, &why), RO_OK);
    tap_is(vault_check(place.dir, wrong, &why), RO_VAULT_LOCKED);
    tap_ok(strcmp(why.text, "that is not the passphrase of this profile") == 0);
    tap_is(vault_check(place.dir, none, &why), RO_VAULT_LOCKED);
    tap_is(vault_begin(vault), RO_OK);
    tap_is(vault_check(place.dir, right, &why), RO_OK);
    tap_is(vault_check(place.dir, wrong, &why), RO_VAULT_LOCKED);
    tap_is(vault_commit(vault), RO_OK);
    put_one(vault, "k", "value");
    tap_ok(holds(vault, "k", "value"));

    const struct vault_key file = {.file = place.key};
    tap_is(vault_rekey(vault, &file, &why), RO_OK);
    tap_is(vault_check(place.dir, wrong, &why), RO_OK);
}

/* A passphrase that nobody asked for is not looked at. */
static void
test_beside_a_key_file(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    struct ro_why why = {""};
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_OK);
}

static void
test_weak(void)
{
    static const struct {
        const char *words;
        enum ro_status expected;
    } cases[] = {
        {"",                                         RO_BAD_INPUT},
        {"nine char",                                RO_BAD_INPUT},
        {"ten chars!",                               RO_OK       },
        {"\xc3\xa4\xc3\xb6\xc3\xbc\xc3\x9f\xc3\xa4", RO_BAD_INPUT},
        {"two\nlines of it",                         RO_BAD_INPUT},
        {"not \xff utf-8 at all",                    RO_BAD_INPUT},
    };
    for (size_t i = 0; i < RO_LEN(cases); i++) {
        PLACE place = place_new();
        VAULT *vault = NULL;
        struct ro_why why = {""};
        tap_is(create_by(&place, cases[i].words, &why, &vault),
               cases[i].expected);
        tap_ok(cases[i].expected == RO_OK || why.text[0] != '\0');
        tap_ok((access(place.db, F_OK) == 0) == (cases[i].expected == RO_OK));
    }
}

/* What is shipped: one guess costs 3 passes over 256 MiB. */
static void
test_as_hard_as_it_ships(void)
{
    PLACE place = place_new();
    VAULT *vault = NULL;
    struct ro_why why = {""};
    struct rusage before, after;
    unsetenv("REACHOUT_STRETCH");
    const struct vault_key key = {.passphrase = ro_bytes_text("seven owls!")};
    tap_need(getrusage(RUSAGE_SELF, &before) == 0);
    tap_is(vault_create(place.dir, &key, &entropy, &why, &vault), RO_OK);
    tap_need(getrusage(RUSAGE_SELF, &after) == 0);
    tap_ok(after.ru_maxrss > 256 * 1024);
    printf("# %ld KiB\n", after.ru_maxrss);

    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    vault_freep(&vault);
    tap_need(sqlite3_open(place.db, &db) == SQLITE_OK);
    tap_need(sqlite3_prepare_v2(
                 db, "SELECT value FROM meta WHERE name = 'key_passphrase'", -1,
                 &stmt, NULL) == SQLITE_OK);
    tap_need(sqlite3_step(stmt) == SQLITE_ROW);
    const uint8_t *line = sqlite3_column_blob(stmt, 0);
    tap_ok(ro_get_u64(line + RO_SALT_SIZE) == 3);
    tap_ok(ro_get_u64(line + RO_SALT_SIZE + 8) == 268435456);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* --- another key --------------------------------------------------------- */

/* Whether the vault's file has some bytes anywhere. */
static bool
file_has(const char *path, struct ro_bytes bytes)
{
    RO_AUTOBUF file = {0};
    tap_need(ro_file_read(path, 10000000, NULL, &file) == RO_OK);
    return memmem(file.data, file.size, bytes.data, bytes.size) != NULL;
}

/* The wrapped key as it stands in the file. */
static void
read_wrapped(const struct place *place, struct ro_buf *ret_wrapped)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    tap_need(sqlite3_open(place->db, &db) == SQLITE_OK);
    tap_need(sqlite3_prepare_v2(
                 db, "SELECT value FROM meta WHERE name = 'key_wrapped'", -1,
                 &stmt, NULL) == SQLITE_OK);
    tap_need(sqlite3_step(stmt) == SQLITE_ROW);
    ro_buf_clear(ret_wrapped);
    ro_buf_put(ret_wrapped, sqlite3_column_blob(stmt, 0),
               (size_t)sqlite3_column_bytes(stmt, 0));
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

static void
test_rekey(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    struct ro_why why = {""};
    char other[100];
    RO_AUTOBUF wrapped = {0};
    snprintf(other, sizeof(other), "%s/other.key", place.root);
    const struct vault_key words = by_words("seven brown owls");
    const struct vault_key more = by_words("eight brown owls");
    const struct vault_key weak = by_words("owls");
    const struct vault_key file = {.file = other};
    put_one(vault, "k", "value");
    vault_freep(&vault);
    read_wrapped(&place, &wrapped);
    tap_is(open_again(&place, &why, &vault), RO_OK);

    uint64_t before = vault_generation(vault);
    tap_is(vault_rekey(vault, &weak, &why), RO_BAD_INPUT);
    tap_ok(vault_generation(vault) == before);
    tap_is(vault_rekey(vault, &words, &why), RO_OK);
    tap_ok(vault_generation(vault) == before + 1);
    put_one(vault, "l", "more");
    tap_is(open_again(&place, &why, &vault), RO_NEED_PASSPHRASE);
    tap_is(open_by_file(&place, place.key, &why, &vault), RO_VAULT_LOCKED);
    tap_say(!file_has(place.db, ro_buf_view(&wrapped)),
            "what the key file opened is gone from the file");
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_OK);
    tap_ok(holds(vault, "k", "value") && holds(vault, "l", "more"));

    tap_is(vault_rekey(vault, &more, &why), RO_OK);
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_VAULT_LOCKED);
    tap_is(open_by(&place, "eight brown owls", &why, &vault), RO_OK);

    tap_is(vault_rekey(vault, &file, &why), RO_OK);
    tap_ok(mode_of(other) == 0600);
    tap_is(open_by(&place, "eight brown owls", &why, &vault), RO_OK);
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(holds(vault, "k", "value"));
    tap_is(open_by_file(&place, place.key, &why, &vault), RO_VAULT_LOCKED);
    tap_ok(strstr(why.text, "another vault's key") != NULL);
}

/* --- a crash while it gets another key -------------------------------------
 * What SQLite asks of the disk stands before libc's; the n-th of these calls
 * ends the process. */

static int calls_left = -1;

static void
one_call(void)
{
    if (calls_left > 0 && --calls_left == 0)
        _exit(9);
}

ssize_t
pwrite64(int fd, const void *data, size_t size, off64_t at)
{
    one_call();
    return syscall(SYS_pwrite64, fd, data, size, at);
}

int
fsync(int fd)
{
    one_call();
    return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    one_call();
    return (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate64(int fd, off64_t size)
{
    one_call();
    return (int)syscall(SYS_ftruncate, fd, size);
}

/* Gives the vault a passphrase in a process that dies at its n-th call to the
 * disk. False: it came to its end. */
static bool
rekey_and_die(const struct place *place, int n)
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        struct vault *vault = NULL;
        const struct vault_key words = by_words("seven brown owls");
        if (vault_open(place->dir, NULL, &entropy, NULL, &vault) != RO_OK)
            _exit(2);
        calls_left = n;
        _exit(vault_rekey(vault, &words, NULL) == RO_OK ? 0 : 1);
    }
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    tap_need(WIFEXITED(status) &&
             (WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == 9));
    return WEXITSTATUS(status) == 9;
}

static void
test_a_crash(void)
{
    int by_key = 0;
    int by_passphrase = 0;
    bool whole = true;
    bool died = true;
    for (int n = 1; died && n < 100; n++) {
        PLACE place = place_new();
        VAULT *vault = make(&place);
        put_one(vault, "k", "value");
        vault_freep(&vault);
        died = rekey_and_die(&place, n);
        bool key = open_again(&place, NULL, &vault) == RO_OK;
        if (!key) {
            whole = whole &&
                    open_by(&place, "seven brown owls", NULL, &vault) == RO_OK;
        }
        by_key += key;
        by_passphrase += !key;
        whole = whole && vault != NULL && holds(vault, "k", "value");
    }
    printf("# %d times the key file, %d times the passphrase\n", by_key,
           by_passphrase);
    tap_say(!died && by_key > 3, "it died at every call");
    tap_say(by_passphrase > 0, "and once at none");
    tap_say(whole, "one of both opens it");
}

/* --- a changed file ------------------------------------------------------ */

static void
set_row(const struct place *place, const uint8_t *row, size_t size)
{
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    tap_need(sqlite3_open(place->db, &db) == SQLITE_OK);
    tap_need(sqlite3_prepare_v2(
                 db, "UPDATE meta SET value = ?1 WHERE name = 'key_passphrase'",
                 -1, &stmt, NULL) == SQLITE_OK);
    sqlite3_bind_blob(stmt, 1, row, (int)size, SQLITE_STATIC);
    tap_need(sqlite3_step(stmt) == SQLITE_DONE && sqlite3_changes(db) == 1);
    sqlite3_finalize(stmt);
    sqlite3_close(db);
}

/* Salt, passes, memory, and the hash that fits them. */
static void
make_row(uint64_t passes, uint64_t memory, uint8_t ret_row[static 48])
{
    memset(ret_row, 7, RO_SALT_SIZE);
    ro_set_u64(ret_row + 16, passes);
    ro_set_u64(ret_row + 24, memory);
    const struct ro_bytes line = {ret_row, 32};
    ro_hash_id(RO_LABEL_VAULT_KEY, &line, 1, ret_row + 32);
}

static void
test_numbers_of_anybody(void)
{
    static const struct ro_stretch numbers[] = {
        {3,          UINT64_C(107374182400)}, /* 100 GiB */
        {UINT64_MAX, 8192                  },
        {17,         8192                  },
        {0,          8192                  },
        {1,          8191                  },
    };
    struct rusage before, after;
    PLACE place = place_new();
    VAULT *vault = NULL;
    struct ro_why why = {""};
    uint8_t row[48];
    tap_need(create_by(&place, "seven brown owls", &why, &vault) == RO_OK);
    vault_freep(&vault);
    tap_need(getrusage(RUSAGE_SELF, &before) == 0);
    for (size_t i = 0; i < RO_LEN(numbers); i++) {
        make_row(numbers[i].passes, numbers[i].memory, row);
        set_row(&place, row, sizeof(row));
        tap_is(open_by(&place, "seven brown owls", &why, &vault),
               RO_VAULT_DAMAGED);
        tap_ok(strstr(why.text, "the passphrase's numbers") != NULL &&
               strstr(why.text, place.db) != NULL);
    }
    tap_need(getrusage(RUSAGE_SELF, &after) == 0);
    tap_ok(after.ru_utime.tv_sec - before.ru_utime.tv_sec < 2);

    /* numbers that could be: a wrong key is all that comes of them */
    make_row(1, 8192, row);
    set_row(&place, row, sizeof(row));
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_VAULT_LOCKED);
    row[3]++;
    set_row(&place, row, sizeof(row));
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_VAULT_DAMAGED);
    tap_ok(strstr(why.text, "the passphrase's salt") != NULL);
    set_row(&place, row, 47);
    tap_is(open_by(&place, "seven brown owls", &why, &vault), RO_VAULT_DAMAGED);
}

/* --- read ---------------------------------------------------------------- */

static enum ro_status
read_from(const char *text, size_t size, struct ro_passphrase **ret)
{
    int ends[2];
    struct ro_why why = {""};
    tap_need(pipe(ends) == 0);
    tap_need(write(ends[1], text, size) == (ssize_t)size);
    close(ends[1]);
    ro_passphrase_freep(ret);
    enum ro_status s = ro_passphrase_read(ends[0], &why, ret);
    tap_ok((s == RO_OK) == (why.text[0] == '\0'));
    close(ends[0]);
    return s;
}

static bool
is(const struct ro_passphrase *passphrase, const char *text)
{
    RO_CLEANUP(ro_passphrase_freep)
    struct ro_passphrase *other = ro_passphrase_of(text);
    return other != NULL && ro_passphrase_same(passphrase, other);
}

static void
test_reading(void)
{
    static char long_line[1026];
    RO_CLEANUP(ro_passphrase_freep) struct ro_passphrase *read = NULL;
    memset(long_line, 'x', sizeof(long_line));
    tap_is(read_from("seven owls\nrest", 15, &read), RO_OK);
    tap_ok(is(read, "seven owls") && !is(read, "seven owl"));
    tap_is(read_from("seven owls", 10, &read), RO_OK);
    tap_ok(is(read, "seven owls"));
    tap_is(read_from("seven owls \r\n", 13, &read), RO_OK);
    tap_ok(is(read, "seven owls "));
    tap_is(read_from(long_line, 1024, &read), RO_OK);
    tap_is(read_from(long_line, 1025, &read), RO_BAD_INPUT);
    tap_is(read_from("", 0, &read), RO_BAD_INPUT);
    tap_is(read_from("\nseven owls", 11, &read), RO_BAD_INPUT);
    tap_ok(read == NULL);
}

int
main(void)
{
    begin_tests();
    tap_run(test_looks);
    tap_run(test_create_and_open);
    tap_run(test_check_of_an_open_vault);
    tap_run(test_beside_a_key_file);
    tap_run(test_weak);
    tap_run(test_as_hard_as_it_ships);
    tap_run(test_rekey);
    tap_run(test_a_crash);
    tap_run(test_numbers_of_anybody);
    tap_run(test_reading);
    return tap_done();
}

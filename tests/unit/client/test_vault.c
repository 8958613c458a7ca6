/* SPDX-License-Identifier: Apache-2.0 */
/* The vault on a real disk: contents, order, commits, locks and keys. */
#include "client/core/vault.h"

#include <errno.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "common/base/file.h"
#include "tests/unit/client/vault_place.h"

/* --- contents ------------------------------------------------------------ */

static void
test_create_and_open(void)
{
    PLACE place = place_new();
    struct ro_why why = {""};
    VAULT *vault = NULL;
    tap_is(open_again(&place, &why, &vault), RO_NOT_FOUND);
    tap_ok(access(place.dir, F_OK) != 0);

    vault = make(&place);
    tap_ok(mode_of(place.dir) == 0700);
    tap_ok(mode_of(place.db) == 0600);
    tap_ok(mode_of(place.key) == 0600);
    tap_is(has(vault, "k"), RO_NOT_FOUND);
    put_one(vault, "k", "value");
    put_one(vault, "empty", "");
    tap_ok(holds(vault, "k", "value"));

    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(holds(vault, "k", "value"));
    tap_ok(holds(vault, "empty", ""));
    tap_is(has(vault, "k"), RO_OK);
    RO_AUTOBUF buf = {0};
    tap_is(vault_get(vault, VAULT_STATE, ro_bytes_text("k"), &buf),
           RO_NOT_FOUND);
    size_t n = 9;
    tap_ok(vault_count(vault, VAULT_MESSAGE, &n) == RO_OK && n == 2);
    tap_ok(vault_count(vault, VAULT_STATE, &n) == RO_OK && n == 0);

    vault_freep(&vault);
    tap_is(vault_create(place.dir, &(struct vault_key){.file = place.key},
                        &entropy, &why, &vault),
           RO_TAKEN);
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(holds(vault, "k", "value"));
}

static void
test_order_and_tags(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    tap_need(vault_begin(vault) == RO_OK);
    tap_is(put(vault, "a", "red", "1"), RO_OK);
    tap_is(put(vault, "b", "blue", "2"), RO_OK);
    tap_is(put(vault, "c", "red", "3"), RO_OK);
    tap_is(put(vault, "d", "", "4"), RO_OK);
    tap_ok(walks(vault, "", "1 2 3 4 "));
    tap_is(vault_commit(vault), RO_OK);
    tap_ok(walks(vault, "red", "1 3 "));
    tap_ok(walks(vault, "green", ""));

    /* replaced in its place, and under its new tag */
    tap_need(vault_begin(vault) == RO_OK);
    tap_is(put(vault, "b", "red", "two"), RO_OK);
    tap_is(vault_drop(vault, VAULT_MESSAGE, ro_bytes_text("a")), RO_OK);
    tap_is(vault_drop(vault, VAULT_MESSAGE, ro_bytes_text("z")), RO_OK);
    tap_is(vault_commit(vault), RO_OK);
    tap_ok(walks(vault, "", "two 3 4 "));
    tap_ok(walks(vault, "red", "two 3 "));
    tap_ok(walks(vault, "blue", ""));

    /* one that was dropped comes back as the newest, even if it was last */
    tap_need(vault_begin(vault) == RO_OK);
    tap_is(vault_drop(vault, VAULT_MESSAGE, ro_bytes_text("d")), RO_OK);
    tap_is(put(vault, "a", "", "5"), RO_OK);
    tap_is(put(vault, "d", "", "6"), RO_OK);
    tap_is(vault_commit(vault), RO_OK);
    struct ro_why why = {""};
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(walks(vault, "", "two 3 5 6 "));
}

struct stop {
    struct vault *vault;
    int calls;
};

static enum ro_status
stop_at_second(void *user, struct ro_bytes value)
{
    (void)value;
    struct stop *stop = user;
    return ++stop->calls == 2 ? RO_ILLEGAL : RO_OK;
}

static enum ro_status
walk_inside(void *user, struct ro_bytes value)
{
    (void)value;
    struct stop *stop = user;
    if (!walks(stop->vault, "", "1 2 3 ") || !holds(stop->vault, "b", "2"))
        return RO_ILLEGAL;
    stop->calls++;
    return RO_OK;
}

static void
test_walks(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    put_one(vault, "a", "1");
    put_one(vault, "b", "2");
    put_one(vault, "c", "3");
    struct stop stop = {vault, 0};
    const struct ro_bytes none = {NULL, 0};
    tap_is(vault_walk(vault, VAULT_MESSAGE, none, stop_at_second, &stop),
           RO_ILLEGAL);
    tap_ok(stop.calls == 2);
    stop.calls = 0;
    tap_is(vault_walk(vault, VAULT_MESSAGE, none, walk_inside, &stop), RO_OK);
    tap_ok(stop.calls == 3);
    tap_is(vault_walk(vault, VAULT_SEEN, none, stop_at_second, &stop), RO_OK);
}

static void
test_big_values(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    RO_AUTOBUF big = {0};
    uint8_t *bytes = ro_buf_extend(&big, 3000000);
    tap_need(bytes != NULL);
    ro_entropy_fill(&entropy, bytes, big.size);
    tap_need(vault_begin(vault) == RO_OK);
    const struct vault_place at = {VAULT_OUTBOX, ro_bytes_text("big"),
                                   ro_bytes_text("")};
    tap_is(vault_put(vault, &at, ro_buf_view(&big)), RO_OK);
    tap_is(vault_commit(vault), RO_OK);
    RO_AUTOBUF found = {0};
    ro_buf_put(&found, "x", 1);
    tap_is(vault_get(vault, VAULT_OUTBOX, ro_bytes_text("big"), &found), RO_OK);
    tap_ok(found.size == big.size + 1 &&
           memcmp(found.data + 1, big.data, big.size) == 0);
}

/* --- commits ------------------------------------------------------------- */

static void
test_commits(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    uint64_t first = vault_generation(vault);
    put_one(vault, "a", "1");
    tap_ok(vault_generation(vault) == first + 1);
    tap_need(vault_begin(vault) == RO_OK);
    tap_ok(vault_generation(vault) == first + 2);
    tap_is(vault_commit(vault), RO_OK);
    tap_ok(vault_generation(vault) == first + 2);

    tap_need(vault_begin(vault) == RO_OK);
    tap_is(put(vault, "a", "", "no"), RO_OK);
    tap_is(put(vault, "b", "", "no"), RO_OK);
    tap_ok(holds(vault, "b", "no"));
    vault_rollback(vault);
    tap_ok(vault_generation(vault) == first + 2);
    tap_ok(walks(vault, "", "1 "));

    tap_need(vault_begin(vault) == RO_OK);
    tap_is(put(vault, "b", "", "no"), RO_OK);
    struct ro_why why = {""};
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(vault_generation(vault) == first + 2);
    tap_ok(walks(vault, "", "1 "));
}

/* What SQLite asks of the disk, in its order: these stand before libc's. */
static char disk_log[256];

static void
disk_note(const char *what)
{
    size_t n = strlen(disk_log);
    snprintf(disk_log + n, sizeof(disk_log) - n, "%s", what);
}

int
fsync(int fd)
{
    disk_note("s");
    return (int)syscall(SYS_fsync, fd);
}

int
fdatasync(int fd)
{
    disk_note("s");
    return (int)syscall(SYS_fdatasync, fd);
}

int
ftruncate64(int fd, off64_t size)
{
    disk_note("t");
    return (int)syscall(SYS_ftruncate, fd, size);
}

/* A commit is the cut that empties the journal, and the sync after it. A kill
 * cannot show that a sync is missing; the order of calls can. */
static void
test_durable(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    tap_need(vault_begin(vault) == RO_OK);
    tap_need(put(vault, "a", "", "1") == RO_OK);
    disk_log[0] = '\0';
    tap_is(vault_commit(vault), RO_OK);
    printf("# %s\n", disk_log);
    size_t n = strlen(disk_log);
    tap_ok(n >= 4 && strcmp(disk_log + n - 3, "sts") == 0);
}

/* A disk that is full while a commit is written. */
static void
test_no_room(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    put_one(vault, "a", "1");
    uint64_t generation = vault_generation(vault);
    struct rlimit before, small;
    tap_need(getrlimit(RLIMIT_FSIZE, &before) == 0);
    signal(SIGXFSZ, SIG_IGN);
    small = before;
    small.rlim_cur = 65536;
    static const char big[1000000];
    const struct vault_place at = {VAULT_MESSAGE, ro_bytes_text("big"),
                                   ro_bytes_text("")};

    tap_need(vault_begin(vault) == RO_OK);
    tap_is(put(vault, "a", "", "no"), RO_OK);
    enum ro_status s =
        vault_put(vault, &at, (struct ro_bytes){(const uint8_t *)big, 999999});
    tap_is(s, RO_OK);
    tap_need(setrlimit(RLIMIT_FSIZE, &small) == 0);
    s = vault_commit(vault);
    tap_ok(s == RO_IO_FAILED || s == RO_NO_ROOM);
    tap_need(setrlimit(RLIMIT_FSIZE, &before) == 0);
    tap_ok(vault_generation(vault) == generation);
    tap_ok(walks(vault, "", "1 "));

    put_one(vault, "b", "2");
    struct ro_why why = {""};
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(walks(vault, "", "1 2 "));
}

/* The same while rows are put: what is put after SQLite has rolled back by
 * itself must not become a commit of its own. */
static void
test_no_room_inside(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    put_one(vault, "a", "1");
    struct rlimit before, small;
    tap_need(getrlimit(RLIMIT_FSIZE, &before) == 0);
    signal(SIGXFSZ, SIG_IGN);
    small = before;
    small.rlim_cur = 65536;
    static const uint8_t big[1000000];
    tap_need(vault_begin(vault) == RO_OK);
    tap_need(setrlimit(RLIMIT_FSIZE, &small) == 0);
    enum ro_status s = RO_OK;
    for (uint8_t i = 0; i < 16 && s == RO_OK; i++) {
        const struct vault_place at = {
            VAULT_MESSAGE, {&i,   1},
             {NULL, 0}
        };
        s = vault_put(vault, &at, (struct ro_bytes){big, sizeof(big)});
    }
    tap_ok(s == RO_IO_FAILED || s == RO_NO_ROOM);
    tap_need(setrlimit(RLIMIT_FSIZE, &before) == 0);
    (void)!put(vault, "late", "", "no");
    s = vault_commit(vault);
    tap_ok(s == RO_IO_FAILED);
    tap_ok(walks(vault, "", "1 "));
    struct ro_why why = {""};
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(walks(vault, "", "1 "));
}

/* --- processes ----------------------------------------------------------- */

/* Runs `fn` in a process of its own and gives what it exits with. */
static int
in_child(int (*fn)(const struct place *), const struct place *place)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0)
        _exit(fn(place));
    int status = 0;
    while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
        continue;
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int
child_opens(const struct place *place)
{
    struct vault *vault = NULL;
    return (int)vault_open(place->dir, NULL, &entropy, NULL, &vault);
}

static int
child_creates(const struct place *place)
{
    struct vault *vault = NULL;
    return (int)vault_create(place->dir,
                             &(struct vault_key){.file = place->key}, &entropy,
                             NULL, &vault);
}

static void
test_second_process(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    tap_ok(in_child(child_opens, &place) == RO_TAKEN);
    tap_ok(in_child(child_creates, &place) == RO_TAKEN);
    struct vault *second = NULL;
    tap_is(vault_open(place.dir, NULL, &entropy, NULL, &second), RO_TAKEN);
    vault_freep(&vault);
    tap_ok(in_child(child_opens, &place) == RO_OK);
}

/* Dies between put and commit, after more than SQLite's cache holds, so that
 * pages of it are in the file already. */
static int
child_dies_before_commit(const struct place *place)
{
    static const uint8_t big[1000000];
    struct vault *vault = NULL;
    if (vault_open(place->dir, NULL, &entropy, NULL, &vault) != RO_OK ||
        vault_begin(vault) != RO_OK || put(vault, "a", "", "new") != RO_OK)
        return 1;
    for (uint8_t i = 0; i < 8; i++) {
        const struct vault_place at = {
            VAULT_MESSAGE, {&i,   1},
             {NULL, 0}
        };
        if (vault_put(vault, &at, (struct ro_bytes){big, sizeof(big)}) != RO_OK)
            return 1;
    }
    return 0;
}

static int
child_dies_after_commit(const struct place *place)
{
    struct vault *vault = NULL;
    return vault_open(place->dir, NULL, &entropy, NULL, &vault) == RO_OK &&
                   vault_begin(vault) == RO_OK &&
                   put(vault, "a", "", "new") == RO_OK &&
                   vault_commit(vault) == RO_OK
               ? 0
               : 1;
}

static off_t
size_of(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? st.st_size : -1;
}

static void
test_kill(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    put_one(vault, "a", "old");
    vault_freep(&vault);
    char journal[110];
    snprintf(journal, sizeof(journal), "%s-journal", place.db);
    struct ro_why why = {""};

    tap_ok(in_child(child_dies_before_commit, &place) == 0);
    tap_ok(size_of(place.db) > 1000000 && size_of(journal) > 0);
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(walks(vault, "", "old "));
    vault_freep(&vault);

    tap_ok(in_child(child_dies_after_commit, &place) == 0);
    tap_is(open_again(&place, &why, &vault), RO_OK);
    tap_ok(walks(vault, "", "new "));
}

/* A vault of which only the beginning was made is none. */
static void
test_half_made(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    vault_freep(&vault);
    char fresh[110];
    snprintf(fresh, sizeof(fresh), "%s/vault.new", place.dir);
    tap_need(rename(place.db, fresh) == 0);
    struct ro_why why = {""};
    tap_is(open_again(&place, &why, &vault), RO_NOT_FOUND);
    vault = make(&place);
    put_one(vault, "a", "1");
    tap_ok(access(fresh, F_OK) != 0);
}

/* --- keys ---------------------------------------------------------------- */

static void
test_locked(void)
{
    PLACE place = place_new();
    VAULT *vault = make(&place);
    put_one(vault, "a", "1");
    vault_freep(&vault);
    struct ro_why why = {""};

    char other[100];
    snprintf(other, sizeof(other), "%s/moved", place.root);
    tap_need(rename(place.key, other) == 0);
    tap_is(open_again(&place, &why, &vault), RO_VAULT_LOCKED);
    tap_ok(strstr(why.text, place.key) != NULL);
    tap_is(vault_open(place.dir, &(struct vault_key){.file = other}, &entropy,
                      &why, &vault),
           RO_OK);
    vault_freep(&vault);

    /* somebody else's key */
    PLACE second = place_new();
    vault = make(&second);
    tap_is(vault_open(place.dir, &(struct vault_key){.file = second.key},
                      &entropy, &why, &vault),
           RO_VAULT_LOCKED);
    tap_ok(strstr(why.text, "another vault's key") != NULL);

    /* no key at all */
    tap_need(ro_file_write(other, ro_bytes_text("hello\n"), RO_FILE_SECRET,
                           NULL) == RO_OK);
    struct vault *none = NULL;
    tap_is(vault_open(place.dir, &(struct vault_key){.file = other}, &entropy,
                      &why, &none),
           RO_VAULT_LOCKED);
    snprintf(second.dir, sizeof(second.dir), "%s/c", second.root);
    tap_is(vault_create(second.dir, &(struct vault_key){.file = other},
                        &entropy, &why, &none),
           RO_VAULT_LOCKED);
    tap_ok(none == NULL);

    /* one key file for two vaults */
    tap_is(vault_create(second.dir, &(struct vault_key){.file = second.key},
                        &entropy, &why, &none),
           RO_OK);
    vault_freep(&none);
}

int
main(void)
{
    begin_tests();
    tap_run(test_create_and_open);
    tap_run(test_order_and_tags);
    tap_run(test_walks);
    tap_run(test_big_values);
    tap_run(test_commits);
    tap_run(test_durable);
    tap_run(test_no_room);
    tap_run(test_no_room_inside);
    tap_run(test_second_process);
    tap_run(test_kill);
    tap_run(test_half_made);
    tap_run(test_locked);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The files of a vault: made under another name, opened, held by a lock. */
#include "client/core/vault_internal.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"

#define FILE_NAME "vault.db"
#define FRESH_NAME "vault.new"
#define EPOCH_NAME "epoch"
#define EPOCH_FRESH_NAME "epoch.new"
#define LOCK_NAME "lock"

/* Where another process writes, a page may be seen half written; damage is
 * still there when one looks again. */
#define LOOKS 5
#define LOOK_PAUSE_NS (20 * 1000 * 1000L)

/* --- files --------------------------------------------------------------- */

static enum ro_status
io_failed(struct ro_why *why, const char *path)
{
    int error = errno;
    return ro_why(why, RO_IO_FAILED, "%s: %s", path, strerror(error));
}

/* dir/name, to be freed; NULL without memory. */
static char *
join_path(const char *dir, const char *name)
{
    char *path = NULL;
    return asprintf(&path, "%s/%s", dir, name) < 0 ? NULL : path;
}

/* Makes a folder and those above it. */
static enum ro_status
make_dir(const char *dir, struct ro_why *why)
{
    RO_AUTOFREE char *path = strdup(dir);
    if (path == NULL)
        return RO_NO_MEMORY;
    for (char *p = path + 1; path[0] != '\0' && *p != '\0'; p++) {
        if (*p != '/')
            continue;
        *p = '\0';
        mkdir(path, 0700); /* the last one tells whether it worked */
        *p = '/';
    }
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        return io_failed(why, dir);
    return RO_OK;
}

/* Removes a file of the folder; one that is not there is fine. */
static enum ro_status
remove_file(const char *dir, const char *name, struct ro_why *why)
{
    RO_AUTOFREE char *path = join_path(dir, name);
    if (path == NULL)
        return RO_NO_MEMORY;
    if (unlink(path) != 0 && errno != ENOENT)
        return io_failed(why, path);
    return RO_OK;
}

/* RO_OK or RO_NOT_FOUND: whether the folder has a file. */
static enum ro_status
find_file(const char *dir, const char *name, struct ro_why *why)
{
    RO_AUTOFREE char *path = join_path(dir, name);
    if (path == NULL)
        return RO_NO_MEMORY;
    struct stat st;
    if (lstat(path, &st) == 0)
        return RO_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        return ro_why(why, RO_NOT_FOUND, "%s: no vault here", dir);
    return io_failed(why, path);
}

/* Whether a file of the folder is ours: of an attempt that did not come to a
 * vault, or the key file. */
static bool
is_ours(const char *dir, const char *name, const char *key_file)
{
    static const char *const ours[] = {".",
                                       "..",
                                       LOCK_NAME,
                                       FILE_NAME,
                                       FRESH_NAME,
                                       FILE_NAME "-journal",
                                       FRESH_NAME "-journal",
                                       EPOCH_NAME,
                                       EPOCH_FRESH_NAME,
                                       EPOCH_NAME "-journal",
                                       EPOCH_FRESH_NAME "-journal"};
    struct stat one;
    struct stat key;
    for (size_t i = 0; i < RO_LEN(ours); i++) {
        if (strcmp(name, ours[i]) == 0)
            return true;
    }
    RO_AUTOFREE char *path = join_path(dir, name);
    return path != NULL && key_file != NULL && stat(path, &one) == 0 &&
           stat(key_file, &key) == 0 && one.st_dev == key.st_dev &&
           one.st_ino == key.st_ino;
}

/* A folder with other things in it is somebody's, and no place for a vault.
 * One that is not there is as good as empty. */
static enum ro_status
check_empty(const char *dir, const char *key_file, struct ro_why *why)
{
    DIR *stream = opendir(dir);
    const struct dirent *entry;
    enum ro_status s = RO_OK;
    if (stream == NULL)
        return errno == ENOENT ? RO_OK : io_failed(why, dir);
    while (s == RO_OK && (entry = readdir(stream)) != NULL) {
        if (!is_ours(dir, entry->d_name, key_file)) {
            s = ro_why(why, RO_TAKEN,
                       "%s is not empty (%.60s) and no profile; choose a new "
                       "or empty folder",
                       dir, entry->d_name);
        }
    }
    closedir(stream);
    return s;
}

/* Holds the folder for this process until the vault is closed. */
static enum ro_status
take_lock(struct vault *vault, const char *dir, struct ro_why *why)
{
    RO_AUTOFREE char *path = join_path(dir, LOCK_NAME);
    if (path == NULL)
        return RO_NO_MEMORY;
    vault->lock_fd =
        open(path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (vault->lock_fd < 0)
        return io_failed(why, path);
    if (flock(vault->lock_fd, LOCK_EX | LOCK_NB) == 0)
        return RO_OK;
    if (errno == EWOULDBLOCK) {
        return ro_why(
            why, RO_TAKEN,
            "%s: another process uses this vault; is a sync --watch running?",
            dir);
    }
    return io_failed(why, path);
}

/* --- opening and making -------------------------------------------------- */

static struct vault *
vault_new(const struct ro_entropy *entropy)
{
    struct vault *vault = calloc(1, sizeof(*vault));
    if (vault == NULL)
        return NULL;
    vault->lock_fd = -1;
    vault->entropy = *entropy;
    return vault;
}

/* Damage is told by its place; other outcomes of SQLite by its words. */
static enum ro_status
explain(const struct vault *vault,
        const char *path,
        struct ro_why *why,
        enum ro_status s)
{
    if (s == RO_VAULT_DAMAGED)
        return ro_why(why, s, "%s: %s", path, vault->damage.text);
    if (s == RO_OK || vault->db == NULL ||
        sqlite3_errcode(vault->db) == SQLITE_OK)
        return s;
    return ro_why(why, s, "%s: %s", path, sqlite3_errmsg(vault->db));
}

/* --- the file of epoch secrets ------------------------------------------- */

/* What is to be done about it stands beside the damage: all it costs. */
static enum ro_status
explain_epoch(const struct vault *epoch,
              const char *path,
              struct ro_why *why,
              enum ro_status s)
{
    if (s == RO_VAULT_DAMAGED) {
        return ro_why(why, s,
                      "%s: %s; without this file the profile works on, and "
                      "what was sealed for its days cannot be opened any more",
                      path, epoch->damage.text);
    }
    return explain(epoch, path, why, s);
}

static enum ro_status
load_epoch(struct vault *epoch, const char *path, struct ro_why *why)
{
    RO_TRY(explain_epoch(epoch, path, why, vault_sql_open(epoch, path)));
    RO_TRY(explain_epoch(epoch, path, why, vault_sql_check(epoch)));
    RO_TRY(explain_epoch(epoch, path, why, vault_head_load(epoch)));
    return explain_epoch(epoch, path, why, vault_rows_check(epoch));
}

/* Writes the whole of a new file: its tables, keys and head. */
static enum ro_status
fill(struct vault *vault,
     const char *path,
     const struct vault_key *key,
     struct ro_why *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_failed(why, path);
    close(fd);
    RO_TRY(explain(vault, path, why, vault_sql_open(vault, path)));
    RO_TRY(explain(vault, path, why, vault_sql_create(vault)));
    RO_TRY(explain(vault, path, why, vault_sql_run(vault, VAULT_SQL_BEGIN)));
    if (key != NULL) /* else it has its keys already */
        RO_TRY(vault_key_create(vault, key, why));
    RO_TRY(explain(vault, path, why, vault_head_store(vault, &vault->head)));
    return explain(vault, path, why, vault_sql_run(vault, VAULT_SQL_COMMIT));
}

/* A file of the folder, and what it is called until it is finished. */
struct names {
    const char *dir;
    const char *file;
    const char *fresh;
};

static enum ro_status
remove_with_journal(const char *dir, const char *name, struct ro_why *why)
{
    char journal[32];
    RO_TRY(remove_file(dir, name, why));
    (void)snprintf(journal, sizeof(journal), "%s-journal", name);
    return remove_file(dir, journal, why);
}

/* Gives a finished file its name. */
static enum ro_status
publish(const struct names *names, const char *fresh, struct ro_why *why)
{
    char journal[32];
    RO_AUTOFREE char *path = join_path(names->dir, names->file);
    if (path == NULL)
        return RO_NO_MEMORY;
    /* the journal of one that was deleted would be played into ours */
    (void)snprintf(journal, sizeof(journal), "%s-journal", names->file);
    RO_TRY(remove_file(names->dir, journal, why));
    if (rename(fresh, path) != 0)
        return io_failed(why, path);
    RO_TRY(remove_with_journal(names->dir, names->fresh, why));
    return ro_file_sync_folder(names->dir, why);
}

/* Writes a file under another name, so that a crash leaves none; closed. */
static enum ro_status
create(struct vault *vault,
       const struct names *names,
       const struct vault_key *key,
       struct ro_why *why)
{
    RO_AUTOFREE char *fresh = join_path(names->dir, names->fresh);
    if (fresh == NULL)
        return RO_NO_MEMORY;
    /* what an attempt that crashed has left */
    RO_TRY(remove_with_journal(names->dir, names->fresh, why));
    RO_TRY(fill(vault, fresh, key, why));
    vault_sql_close(vault);
    return publish(names, fresh, why);
}

/* Opens the epoch file, or begins one: a profile that was restored comes
 * without it, since it lies outside every backup. */
static enum ro_status
open_epoch(struct vault *vault, const char *dir, struct ro_why *why)
{
    const struct names names = {dir, EPOCH_NAME, EPOCH_FRESH_NAME};
    RO_CLEANUP(vault_freep) struct vault *epoch = vault_new(&vault->entropy);
    RO_AUTOFREE char *path = join_path(dir, EPOCH_NAME);
    if (epoch == NULL || path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(vault_key_for_epoch(vault, epoch));
    enum ro_status s = find_file(dir, EPOCH_NAME, NULL);
    if (s == RO_NOT_FOUND)
        s = create(epoch, &names, NULL, why);
    RO_TRY(s);
    RO_TRY(load_epoch(epoch, path, why));
    vault->epoch = RO_STEAL(epoch);
    return RO_OK;
}

/* --- the vault ----------------------------------------------------------- */

static enum ro_status
load(struct vault *vault,
     const char *dir,
     const struct vault_key *key,
     struct ro_why *why)
{
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(explain(vault, path, why, vault_sql_open(vault, path)));
    RO_TRY(explain(vault, path, why, vault_sql_check(vault)));
    enum ro_status s = vault_key_open(vault, key, why);
    if (s == RO_VAULT_LOCKED || s == RO_NEED_PASSPHRASE)
        return s; /* `why` has the reason already */
    RO_TRY(explain(vault, path, why, s));
    RO_TRY(explain(vault, path, why, vault_head_load(vault)));
    RO_TRY(explain(vault, path, why, vault_rows_check(vault)));
    return open_epoch(vault, dir, why);
}

enum ro_status
vault_open(const char *dir,
           const struct vault_key *key,
           const struct ro_entropy *entropy,
           struct ro_why *why,
           struct vault **ret_vault)
{
    RO_TRY(find_file(dir, FILE_NAME, why));
    RO_CLEANUP(vault_freep) struct vault *vault = vault_new(entropy);
    if (vault == NULL)
        return RO_NO_MEMORY;
    RO_TRY(take_lock(vault, dir, why));
    RO_TRY(load(vault, dir, key, why));
    *ret_vault = RO_STEAL(vault);
    return RO_OK;
}

enum ro_status
vault_create(const char *dir,
             const struct vault_key *key,
             const struct ro_entropy *entropy,
             struct ro_why *why,
             struct vault **ret_vault)
{
    const struct names names = {dir, FILE_NAME, FRESH_NAME};
    RO_TRY(check_empty(dir, key->file, why));
    RO_TRY(make_dir(dir, why));
    RO_CLEANUP(vault_freep) struct vault *vault = vault_new(entropy);
    if (vault == NULL)
        return RO_NO_MEMORY;
    RO_TRY(take_lock(vault, dir, why));
    enum ro_status s = find_file(dir, FILE_NAME, NULL);
    if (s == RO_OK)
        return ro_why(why, RO_TAKEN, "%s: there is a vault already", dir);
    if (s != RO_NOT_FOUND)
        return s;

    /* of a vault that is gone, whose key nobody has */
    RO_TRY(remove_with_journal(dir, EPOCH_NAME, why));
    RO_TRY(create(vault, &names, key, why));
    vault_key_drop(vault);
    RO_TRY(load(vault, dir, key, why)); /* as every later time */
    *ret_vault = RO_STEAL(vault);
    return RO_OK;
}

/* One look at a file that somebody else may be writing. */
static enum ro_status
check_once(const char *path, struct ro_bytes passphrase, struct ro_why *why)
{
    const struct ro_entropy none = {0};
    RO_CLEANUP(vault_freep) struct vault *vault = vault_new(&none);
    if (vault == NULL)
        return RO_NO_MEMORY;
    RO_TRY(explain(vault, path, why, vault_sql_look(vault, path)));
    enum ro_status s = vault_key_check(vault, passphrase, why);
    return s == RO_VAULT_LOCKED ? s : explain(vault, path, why, s);
}

enum ro_status
vault_check(const char *dir, struct ro_bytes passphrase, struct ro_why *why)
{
    const struct timespec pause = {.tv_nsec = LOOK_PAUSE_NS};
    RO_TRY(find_file(dir, FILE_NAME, why));
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (path == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = check_once(path, passphrase, why);
    for (int i = 1; i < LOOKS && s == RO_VAULT_DAMAGED; i++) {
        (void)nanosleep(&pause, NULL);
        s = check_once(path, passphrase, why);
    }
    return s;
}

enum ro_status
vault_look(const char *dir, struct ro_why *why, enum vault_key_kind *ret_kind)
{
    const struct ro_entropy none = {0};
    RO_TRY(find_file(dir, FILE_NAME, why));
    RO_CLEANUP(vault_freep) struct vault *vault = vault_new(&none);
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (vault == NULL || path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(take_lock(vault, dir, why));
    RO_TRY(explain(vault, path, why, vault_sql_open(vault, path)));
    return explain(vault, path, why, vault_key_kind(vault, ret_kind));
}

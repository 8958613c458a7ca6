/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/vault_internal.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common/crypto/hash.h"

#define FILE_NAME "vault.db"
#define FRESH_NAME "vault.new"
#define LOCK_NAME "lock"

void
vault_wipe_buf(struct ro_buf *buf)
{
    if (buf->data != NULL)
        ro_wipe(buf->data, buf->room);
    ro_buf_fini(buf);
}

enum ro_status
vault_damaged(struct vault *vault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(vault->damage.text, sizeof(vault->damage.text), format, args);
    va_end(args);
    return RO_VAULT_DAMAGED;
}

void
vault_damage(const struct vault *vault, struct ro_why *ret_why)
{
    *ret_why = vault->damage;
}

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

static enum ro_status
sync_dir(const char *dir, struct ro_why *why)
{
    int fd = open(dir, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0)
        return io_failed(why, dir);
    enum ro_status s = fsync(fd) == 0 ? RO_OK : io_failed(why, dir);
    close(fd);
    return s;
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

/* RO_OK or RO_NOT_FOUND: whether the folder has a vault. */
static enum ro_status
find_file(const char *dir, struct ro_why *why)
{
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (path == NULL)
        return RO_NO_MEMORY;
    struct stat st;
    if (lstat(path, &st) == 0)
        return RO_OK;
    if (errno == ENOENT || errno == ENOTDIR)
        return ro_why(why, RO_NOT_FOUND, "%s: no vault here", dir);
    return io_failed(why, path);
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

static enum ro_status
load(struct vault *vault,
     const char *path,
     const char *key_file,
     struct ro_why *why)
{
    RO_TRY(explain(vault, path, why, vault_sql_open(vault, path)));
    RO_TRY(explain(vault, path, why, vault_sql_check(vault)));
    enum ro_status s = vault_key_open(vault, key_file, why);
    if (s == RO_VAULT_LOCKED) /* `why` has the reason already */
        return s;
    RO_TRY(explain(vault, path, why, s));
    RO_TRY(explain(vault, path, why, vault_head_load(vault)));
    return explain(vault, path, why, vault_rows_check(vault));
}

enum ro_status
vault_open(const char *dir,
           const char *key_file,
           const struct ro_entropy *entropy,
           struct ro_why *why,
           struct vault **ret_vault)
{
    RO_TRY(find_file(dir, why));
    RO_CLEANUP(vault_freep) struct vault *vault = vault_new(entropy);
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (vault == NULL || path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(take_lock(vault, dir, why));
    RO_TRY(load(vault, path, key_file, why));
    *ret_vault = RO_STEAL(vault);
    return RO_OK;
}

/* Writes a whole vault under another name, so that a crash leaves none. */
static enum ro_status
fill(struct vault *vault,
     const char *path,
     const char *key_file,
     struct ro_why *why)
{
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
    if (fd < 0)
        return io_failed(why, path);
    close(fd);
    RO_TRY(explain(vault, path, why, vault_sql_open(vault, path)));
    RO_TRY(explain(vault, path, why, vault_sql_create(vault)));
    RO_TRY(explain(vault, path, why, vault_sql_run(vault, VAULT_SQL_BEGIN)));
    enum ro_status s = vault_key_create(vault, key_file, why);
    if (s != RO_OK)
        return s;
    RO_TRY(explain(vault, path, why, vault_head_store(vault, &vault->head)));
    return explain(vault, path, why, vault_sql_run(vault, VAULT_SQL_COMMIT));
}

/* Gives a finished vault its name. */
static enum ro_status
publish(const char *dir, const char *fresh, struct ro_why *why)
{
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (path == NULL)
        return RO_NO_MEMORY;
    /* the journal of a vault that was deleted would be played into ours */
    RO_TRY(remove_file(dir, FILE_NAME "-journal", why));
    if (rename(fresh, path) != 0)
        return io_failed(why, path);
    RO_TRY(remove_file(dir, FRESH_NAME "-journal", why));
    return sync_dir(dir, why);
}

static enum ro_status
create(struct vault *vault,
       const char *dir,
       const char *key_file,
       struct ro_why *why)
{
    RO_AUTOFREE char *fresh = join_path(dir, FRESH_NAME);
    if (fresh == NULL)
        return RO_NO_MEMORY;
    /* what an attempt that crashed has left */
    RO_TRY(remove_file(dir, FRESH_NAME, why));
    RO_TRY(remove_file(dir, FRESH_NAME "-journal", why));
    RO_TRY(fill(vault, fresh, key_file, why));
    vault_sql_close(vault);
    return publish(dir, fresh, why);
}

/* Forgets the keys, so that they can be read again from the file. */
static void
drop_keys(struct vault *vault)
{
    ro_secret_free(RO_STEAL(vault->column_key));
    ro_secret_free(RO_STEAL(vault->lookup_key));
}

enum ro_status
vault_create(const char *dir,
             const char *key_file,
             const struct ro_entropy *entropy,
             struct ro_why *why,
             struct vault **ret_vault)
{
    RO_TRY(make_dir(dir, why));
    RO_CLEANUP(vault_freep) struct vault *vault = vault_new(entropy);
    RO_AUTOFREE char *path = join_path(dir, FILE_NAME);
    if (vault == NULL || path == NULL)
        return RO_NO_MEMORY;
    RO_TRY(take_lock(vault, dir, why));
    enum ro_status s = find_file(dir, NULL);
    if (s == RO_OK)
        return ro_why(why, RO_TAKEN, "%s: there is a vault already", dir);
    if (s != RO_NOT_FOUND)
        return s;

    RO_TRY(create(vault, dir, key_file, why));
    drop_keys(vault);
    RO_TRY(load(vault, path, NULL, why)); /* as every later time */
    *ret_vault = RO_STEAL(vault);
    return RO_OK;
}

void
vault_free(struct vault *vault)
{
    if (vault == NULL)
        return;
    if (vault->state == VAULT_IN_COMMIT)
        vault_rollback(vault);
    vault_sql_close(vault);
    if (vault->lock_fd >= 0)
        close(vault->lock_fd);
    drop_keys(vault);
    free(vault);
}

/* --- commits ------------------------------------------------------------- */

enum ro_status
vault_begin(struct vault *vault)
{
    assert(vault->state != VAULT_IN_COMMIT && vault->walks == 0);
    if (vault->state == VAULT_BROKEN)
        return RO_IO_FAILED;
    RO_TRY(vault_sql_run(vault, VAULT_SQL_BEGIN));
    vault->next = vault->head;
    vault->next.generation++;
    vault->state = VAULT_IN_COMMIT;
    return RO_OK;
}

/* After a failed commit: SQLite may have rolled back by itself, and after an
 * I/O error only the file knows whether it did. */
static void
undo(struct vault *vault)
{
    const struct vault_head before = vault->head;
    vault->state = VAULT_IDLE;
    if (!sqlite3_get_autocommit(vault->db) &&
        vault_sql_run(vault, VAULT_SQL_ROLLBACK) != RO_OK)
        vault->state = VAULT_BROKEN;
    if (vault_head_load(vault) != RO_OK ||
        vault->head.generation != before.generation)
        vault->state = VAULT_BROKEN;
}

static enum ro_status
write_commit(struct vault *vault)
{
    if (sqlite3_get_autocommit(vault->db))
        return RO_IO_FAILED; /* rolled back by SQLite: see may_write */
    RO_TRY(vault_head_store(vault, &vault->next));
    return vault_sql_run(vault, VAULT_SQL_COMMIT);
}

enum ro_status
vault_commit(struct vault *vault)
{
    assert(vault->state == VAULT_IN_COMMIT && vault->walks == 0);
    enum ro_status s = write_commit(vault);
    if (s == RO_OK) {
        vault->head = vault->next;
        vault->state = VAULT_IDLE;
        return RO_OK;
    }
    undo(vault);
    return s == RO_NO_ROOM || s == RO_NO_MEMORY ? s : RO_IO_FAILED;
}

void
vault_rollback(struct vault *vault)
{
    assert(vault->state == VAULT_IN_COMMIT && vault->walks == 0);
    undo(vault);
}

enum ro_status
vault_end(struct vault *vault, enum ro_status s)
{
    if (s == RO_OK)
        return vault_commit(vault);
    vault_rollback(vault);
    return s;
}

uint64_t
vault_generation(const struct vault *vault)
{
    return vault->state == VAULT_IN_COMMIT ? vault->next.generation
                                           : vault->head.generation;
}

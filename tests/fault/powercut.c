/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A power cut for one process tree, as a library to preload.
 *
 * kill -9 proves little about durability: what a process wrote is in the
 * kernel's memory, and that survives the process. Only a machine that loses
 * its power shows whether fsync was called where it had to be. This library
 * lets a test lose power as often as it likes: it keeps a shadow of a folder
 * that holds only what was made durable; after kill -9 the test puts the
 * folder back to that shadow (powercut_tool restore) and starts again.
 *
 *     POWERCUT_ROOT   the folder that loses power; files elsewhere are left
 *                     alone
 *     POWERCUT_DIR    where its shadow is kept, beside it, on the same disk;
 *                     without it the library does nothing
 *     POWERCUT_FAIL_FROM=K  from the K-th fsync on, all of them fail with EIO
 *                     and make nothing durable: the disk has died
 *
 * The model, which is a little harsher than ext4 and kinder than POSIX:
 *
 * - Content. write, pwrite, ftruncate, mmap and whatever else changes a file
 *   change nothing in the shadow. fsync and fdatasync of a file copy into the
 *   shadow what differs, page by page, without looking at who wrote it; this
 *   is why no kind of write needs to be intercepted, and why another thread's
 *   unsynced bytes may become durable too, as on a real disk. A process that is
 *   killed in the middle of an fsync leaves some pages old and some new: it was
 *   not told that they are safe.
 * - Names. A file that has no durable name yet gets one by its own fsync: the
 *   one it has then. (ext4 and XFS do this; POSIX does not promise it.) Every
 *   other change of names, unlink, rename, link and mkdir among them, becomes
 *   durable only by fsync of the folder, which then is durable as it is. So a
 *   file that was renamed into place without an fsync of the folder is back
 *   under its old name, the one it replaced is back too, and a journal that was
 *   unlinked returns. A name that is durable while its file was never synced
 *   leads to an empty file, as delayed allocation does it.
 * - Shared memory of SQLite (-shm) is never synced, so it is empty or gone.
 * - O_SYNC, sync() and msync() make nothing durable here: a program that
 *   relied on them would seem worse than it is. Reachout does not.
 * - Whatever changes the folder must run under this library, one look with
 *   the sqlite3 shell among it (it may empty the log and delete it), or be
 *   followed by "powercut_tool adopt"; else the shadow is of another time.
 * - fsync is not passed on to the disk, so rounds are fast; no power is cut
 *   here in earnest.
 *
 * "powercut_tool restore ROOT DIR SEED" knows a second, nastier outcome: of
 * everything that was not synced, a part chosen by the seed did reach the disk,
 * in any order, page by page (and the names of a folder as a whole). That is
 * what finds a write that had to wait for another.
 *
 * The identity of a file is its inode's number and time of birth. Numbers come
 * back, within one tick of the clock even, so a file that is about to lose its
 * last name hands its shadow over first (shadow_retire()).
 *
 * A descriptor that is opened for writing alone is opened for both instead:
 * content must be read through the very descriptor that is synced (shadow.c
 * says why). fopen() does its own opening inside libc; a stream opened with
 * "w" and then synced by its number ends the process with a message.
 */
/* Both names of a call are defined below: neither may stand for the other. */
#undef _FILE_OFFSET_BITS
#include "tests/fault/shadow.h"

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/* Parameters have our names here, not those of libc's headers. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

/* Not declared by libc: what its fortified headers turn open() into. */
int __open_2(const char *path, int flags);
int __open64_2(const char *path, int flags);
int __openat_2(int at, const char *path, int flags);
int __openat64_2(int at, const char *path, int flags);

/* The one state of the library: it stands in for libc, which has no handle. */
static struct {
    pthread_mutex_t lock;
    pthread_once_t once;
    struct shadow shadow;
    unsigned long syncs;
    unsigned long fail_from; /* 0 = never */
    bool on;
} cut = {.lock = PTHREAD_MUTEX_INITIALIZER, .once = PTHREAD_ONCE_INIT};

static void
start(void)
{
    const char *root = getenv("POWERCUT_ROOT");
    const char *dir = getenv("POWERCUT_DIR");
    const char *fail = getenv("POWERCUT_FAIL_FROM");

    if (dir == NULL)
        return;
    if (root == NULL) {
        errno = EINVAL;
        shadow_die("POWERCUT_DIR is set", "POWERCUT_ROOT is not");
    }
    shadow_init(&cut.shadow, root, dir);
    if (fail != NULL)
        cut.fail_from = strtoul(fail, NULL, 10);
    cut.on = true;
}

static bool
is_on(void)
{
    pthread_once(&cut.once, start);
    return cut.on;
}

/* What of an absolute path is below the root: "." for itself, or NULL. */
static const char *
below_root(const char *path)
{
    size_t size = strlen(cut.shadow.root);

    if (strncmp(path, cut.shadow.root, size) != 0)
        return NULL;
    if (path[size] == '\0')
        return ".";
    return path[size] == '/' ? path + size + 1 : NULL;
}

/* The name under which a descriptor was opened. */
static bool
path_of(int fd, char *ret_path)
{
    char link[64];

    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, ret_path, SHADOW_PATH - 1);
    if (size < 0)
        return false;
    ret_path[size] = '\0';
    return true;
}

/* The absolute path of a name, its folder without links. */
static bool
path_at(int at, const char *name, char *ret_path)
{
    char folder[SHADOW_PATH], rest[SHADOW_PATH];
    const char *slash = strrchr(name, '/');

    shadow_path(rest, "%.*s", slash != NULL ? (int)(slash - name) : 1,
                slash != NULL ? name : ".");
    if (slash == name) {
        shadow_path(folder, "/");
    } else if (name[0] == '/' || at == AT_FDCWD) {
        shadow_path(folder, "%s", rest);
    } else {
        shadow_path(folder, "/proc/self/fd/%d/%s", at, rest);
    }
    char *real = realpath(folder, NULL);
    if (real == NULL)
        return false;
    shadow_path(ret_path, "%s/%s", strcmp(real, "/") == 0 ? "" : real,
                slash != NULL ? slash + 1 : name);
    free(real);
    return true;
}

static void
sync_descriptor(int fd, mode_t mode)
{
    static const char gone[] = " (deleted)";
    char path[SHADOW_PATH];

    if (!path_of(fd, path))
        return;
    const char *below = below_root(path);
    if (below == NULL)
        return;
    if (S_ISDIR(mode)) {
        shadow_sync_folder(&cut.shadow, below);
    } else if (S_ISREG(mode)) {
        size_t size = strlen(path);
        bool named = size < sizeof(gone) ||
                     strcmp(path + size - sizeof(gone) + 1, gone) != 0;
        shadow_sync_file(&cut.shadow, fd, named ? below : NULL);
    }
}

static int
sync_fd(int fd)
{
    struct stat st;

    if (!is_on())
        return (int)syscall(SYS_fsync, fd);
    if (fstat(fd, &st) != 0)
        return -1;
    pthread_mutex_lock(&cut.lock);
    cut.syncs++;
    bool dead = cut.fail_from > 0 && cut.syncs >= cut.fail_from;
    if (!dead)
        sync_descriptor(fd, st.st_mode);
    pthread_mutex_unlock(&cut.lock);
    if (dead)
        errno = EIO;
    return dead ? -1 : 0;
}

int
fsync(int fd)
{
    return sync_fd(fd);
}

int
fdatasync(int fd)
{
    return sync_fd(fd);
}

static int
open_at(int at, const char *path, int flags, mode_t mode)
{
    if (is_on() && (flags & O_ACCMODE) == O_WRONLY) {
        int both = (flags & ~O_ACCMODE) | O_RDWR;
        int fd = (int)syscall(SYS_openat, at, path, both, mode);
        if (fd >= 0 || (errno != EACCES && errno != ENXIO))
            return fd;
    }
    return (int)syscall(SYS_openat, at, path, flags, mode);
}

/* The mode that follows the flags of an open call when it may create. */
static mode_t
mode_of(int flags, va_list *args)
{
    bool makes = (flags & O_CREAT) != 0 || (flags & O_TMPFILE) == O_TMPFILE;

    return makes ? va_arg(*args, mode_t) : 0;
}

#define DEFINE_OPEN(name)                                                      \
    int name(const char *path, int flags, ...)                                 \
    {                                                                          \
        va_list args;                                                          \
        va_start(args, flags);                                                 \
        mode_t mode = mode_of(flags, &args);                                   \
        va_end(args);                                                          \
        return open_at(AT_FDCWD, path, flags, mode);                           \
    }

#define DEFINE_OPENAT(name)                                                    \
    int name(int at, const char *path, int flags, ...)                         \
    {                                                                          \
        va_list args;                                                          \
        va_start(args, flags);                                                 \
        mode_t mode = mode_of(flags, &args);                                   \
        va_end(args);                                                          \
        return open_at(at, path, flags, mode);                                 \
    }

DEFINE_OPEN(open)
DEFINE_OPEN(open64)
DEFINE_OPENAT(openat)
DEFINE_OPENAT(openat64)

int
__open_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int
__open64_2(const char *path, int flags)
{
    return open_at(AT_FDCWD, path, flags, 0);
}

int
__openat_2(int at, const char *path, int flags)
{
    return open_at(at, path, flags, 0);
}

int
__openat64_2(int at, const char *path, int flags)
{
    return open_at(at, path, flags, 0);
}

int
creat(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

int
creat64(const char *path, mode_t mode)
{
    return open_at(AT_FDCWD, path, O_CREAT | O_WRONLY | O_TRUNC, mode);
}

/* What a name loses by a call: the shadow of its inode is handed over first. */
struct loss {
    char id[SHADOW_ID];
    int number; /* -1: nothing was handed over */
};

static struct loss
loss_begin(int at, const char *name)
{
    struct loss loss = {.number = -1};
    char path[SHADOW_PATH];

    if (!is_on())
        return loss;
    pthread_mutex_lock(&cut.lock);
    if (path_at(at, name, path) && below_root(path) != NULL)
        loss.number = shadow_retire(&cut.shadow, path, loss.id);
    return loss;
}

static int
loss_end(struct loss loss, long result)
{
    int error = errno;

    if (!is_on())
        return (int)result;
    if (result != 0 && loss.number >= 0)
        shadow_unretire(&cut.shadow, loss.id, loss.number);
    pthread_mutex_unlock(&cut.lock);
    errno = error;
    return (int)result;
}

int
unlinkat(int at, const char *path, int flags)
{
    struct loss loss = loss_begin(at, path);

    return loss_end(loss, syscall(SYS_unlinkat, at, path, flags));
}

int
unlink(const char *path)
{
    return unlinkat(AT_FDCWD, path, 0);
}

int
renameat2(int from_at,
          const char *from,
          int to_at,
          const char *to,
          unsigned int flags)
{
    /* Two names of one inode: nothing is lost, nothing happens. */
    struct loss loss = loss_begin(to_at, to);

    return loss_end(loss,
                    syscall(SYS_renameat2, from_at, from, to_at, to, flags));
}

int
renameat(int from_at, const char *from, int to_at, const char *to)
{
    return renameat2(from_at, from, to_at, to, 0);
}

int
rename(const char *from, const char *to)
{
    return renameat2(AT_FDCWD, from, AT_FDCWD, to, 0);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

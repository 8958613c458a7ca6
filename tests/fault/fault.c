/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One fault at one place of a process's life, as a library to preload. Nothing
 * of it is in what is shipped: a place is the n-th call of a kind on a file of
 * a name, which is as exact as a line of the source.
 *
 *     FAULT_CALL   sync (fsync, fdatasync), write (write, pwrite), cut
 *                  (ftruncate), rename, send, receive (which brought bytes);
 *                  without it the library does nothing
 *     FAULT_FILE   how the file's name must end: "store.db-wal"; a folder is
 *                  a file too; for rename the new name; any if not given
 *     FAULT_AT     the number of the call, from 1; 0 is never
 *     FAULT_TIMES  how many calls from there on, 1 if not given; 0: all of them
 *     FAULT_DEED   what happens there:
 *                  kill-before, kill-after  SIGKILL around the call
 *                  kill-half    SIGKILL after half of the bytes are written
 *                  EIO, ENOSPC  the call is not made and fails
 *                  short        the first writes half, those after it fail
 *                               with ENOSPC
 *     FAULT_LOG    a file: a "." for each call of the kind, a "!" where the
 *                  deed was done. With FAULT_AT=0 this counts the places.
 *
 * What was not done for real was not done at all: a failing fsync leaves the
 * bytes where a second fsync may find them, as in Linux. It stands in front of
 * powercut.so when both are loaded, so that power can be cut after a fault.
 */
/* Both names of a call are defined below: neither may stand for the other. */
#undef _FILE_OFFSET_BITS
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <unistd.h>

#define PATH_ROOM 4096

/* Parameters have our names here, not those of libc's headers. */
/* NOLINTBEGIN(readability-inconsistent-declaration-parameter-name) */

enum call { SYNC, WRITE, CUT, RENAME, SEND, RECEIVE, N_CALLS };
enum deed { KILL_BEFORE, KILL_HALF, KILL_AFTER, FAIL_EIO, FAIL_ENOSPC, SHORT };

/* What becomes of one call. */
enum fate {
    PASS,      /* it is made, and no more */
    HALF,      /* half of it is made */
    HALF_DIE,  /* ... and then the process dies */
    DIE_AFTER, /* all of it is made, then the process dies */
    REFUSED,   /* it is not made; errno is set */
};

static const char *const call_names[] = {
    [SYNC] = "sync",     [WRITE] = "write", [CUT] = "cut",
    [RENAME] = "rename", [SEND] = "send",   [RECEIVE] = "receive",
};
static const char *const deed_names[] = {
    [KILL_BEFORE] = "kill-before", [KILL_HALF] = "kill-half",
    [KILL_AFTER] = "kill-after",   [FAIL_EIO] = "EIO",
    [FAIL_ENOSPC] = "ENOSPC",      [SHORT] = "short",
};

/* The one state of the library: it stands in for libc, which has no handle. */
static struct {
    pthread_once_t once;
    bool on;
    enum call call;
    enum deed deed;
    char file[256];
    unsigned long at;
    unsigned long times;
    atomic_ulong made;
    int log;
} fault = {.once = PTHREAD_ONCE_INIT, .log = -1};

/* --- what is wanted ------------------------------------------------------ */

static _Noreturn void
misused(const char *what)
{
    fprintf(stderr, "fault: %s is not as it should be\n", what);
    abort();
}

static size_t
one_of(const char *variable, const char *const *names, size_t n)
{
    const char *value = getenv(variable);

    for (size_t i = 0; value != NULL && i < n; i++) {
        if (strcmp(value, names[i]) == 0)
            return i;
    }
    misused(variable);
}

static unsigned long
number_of(const char *variable, unsigned long usual)
{
    const char *value = getenv(variable);

    return value == NULL ? usual : strtoul(value, NULL, 10);
}

static void
start(void)
{
    const char *file = getenv("FAULT_FILE");
    const char *log = getenv("FAULT_LOG");

    if (getenv("FAULT_CALL") == NULL)
        return;
    fault.call = (enum call)one_of("FAULT_CALL", call_names, N_CALLS);
    fault.at = number_of("FAULT_AT", 0);
    fault.times = number_of("FAULT_TIMES", 1);
    if (fault.at > 0)
        fault.deed = (enum deed)one_of("FAULT_DEED", deed_names, SHORT + 1);
    if (file != NULL)
        snprintf(fault.file, sizeof(fault.file), "%s", file);
    if (log != NULL) {
        fault.log =
            (int)syscall(SYS_openat, AT_FDCWD, log,
                         O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
        if (fault.log < 0)
            misused("FAULT_LOG");
    }
    fault.on = true;
}

/* --- whether it is here -------------------------------------------------- */

static void
note(char what)
{
    if (fault.log >= 0)
        syscall(SYS_write, fault.log, &what, 1);
}

static bool
ends_well(const char *path)
{
    size_t size = strlen(path), tail = strlen(fault.file);

    return size >= tail && strcmp(path + size - tail, fault.file) == 0;
}

static bool
is_our_file(int fd)
{
    char link[64], path[PATH_ROOM];

    if (fault.file[0] == '\0' || fault.call == SEND || fault.call == RECEIVE)
        return true;
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t size = readlink(link, path, sizeof(path) - 1);
    if (size < 0)
        return false;
    path[size] = '\0';
    return ends_well(path);
}

static _Noreturn void
die(void)
{
    syscall(SYS_kill, getpid(), SIGKILL);
    for (;;)
        pause();
}

/* The next call of our kind: what becomes of it. */
static enum fate
count_call(void)
{
    unsigned long n = atomic_fetch_add(&fault.made, 1) + 1;
    bool here = fault.at > 0 && n >= fault.at &&
                (fault.times == 0 || n - fault.at < fault.times);

    note('.');
    if (!here)
        return PASS;
    note('!');
    switch (fault.deed) {
    case KILL_BEFORE:
        die();
    case KILL_HALF:
        return HALF_DIE;
    case KILL_AFTER:
        return DIE_AFTER;
    case FAIL_EIO:
        errno = EIO;
        return REFUSED;
    case FAIL_ENOSPC:
        errno = ENOSPC;
        return REFUSED;
    case SHORT:
        if (n == fault.at)
            return HALF;
        errno = ENOSPC;
        return REFUSED;
    }
    misused("FAULT_DEED");
}

static bool
is_on(enum call call)
{
    pthread_once(&fault.once, start);
    return fault.on && fault.call == call;
}

static enum fate
fate_of(enum call call, int fd)
{
    return is_on(call) && is_our_file(fd) ? count_call() : PASS;
}

/* What is left of a number of bytes. */
static size_t
share(enum fate fate, size_t size)
{
    return fate == HALF || fate == HALF_DIE ? size - size / 2 : size;
}

static long
done(enum fate fate, long result)
{
    if (fate == DIE_AFTER || fate == HALF_DIE)
        die();
    return result;
}

/* --- the calls ----------------------------------------------------------- */

/* The definition behind this one: powercut's or libc's. */
static int
next_sync(const char *name, int fd)
{
    int (*next)(int) = NULL;

    *(void **)&next = dlsym(RTLD_NEXT, name);
    if (next == NULL)
        misused(name);
    return next(fd);
}

int
fsync(int fd)
{
    enum fate fate = fate_of(SYNC, fd);

    return fate == REFUSED ? -1 : (int)done(fate, next_sync("fsync", fd));
}

int
fdatasync(int fd)
{
    enum fate fate = fate_of(SYNC, fd);

    return fate == REFUSED ? -1 : (int)done(fate, next_sync("fdatasync", fd));
}

ssize_t
write(int fd, const void *bytes, size_t size)
{
    enum fate fate = fate_of(WRITE, fd);

    if (fate == REFUSED)
        return -1;
    return done(fate, syscall(SYS_write, fd, bytes, share(fate, size)));
}

static ssize_t
write_at(int fd, const void *bytes, size_t size, off64_t at)
{
    enum fate fate = fate_of(WRITE, fd);

    if (fate == REFUSED)
        return -1;
    return done(fate, syscall(SYS_pwrite64, fd, bytes, share(fate, size), at));
}

ssize_t
pwrite(int fd, const void *bytes, size_t size, off_t at)
{
    return write_at(fd, bytes, size, at);
}

ssize_t
pwrite64(int fd, const void *bytes, size_t size, off64_t at)
{
    return write_at(fd, bytes, size, at);
}

static int
cut_to(int fd, off64_t size)
{
    enum fate fate = fate_of(CUT, fd);

    return fate == REFUSED ? -1
                           : (int)done(fate, syscall(SYS_ftruncate, fd, size));
}

int
ftruncate(int fd, off_t size)
{
    return cut_to(fd, size);
}

int
ftruncate64(int fd, off64_t size)
{
    return cut_to(fd, size);
}

int
rename(const char *from, const char *to)
{
    int (*next)(const char *, const char *) = NULL;
    enum fate fate = is_on(RENAME) && ends_well(to) ? count_call() : PASS;

    if (fate == REFUSED)
        return -1;
    *(void **)&next = dlsym(RTLD_NEXT, "rename");
    if (next == NULL)
        misused("rename");
    return (int)done(fate, next(from, to));
}

ssize_t
send(int fd, const void *bytes, size_t size, int flags)
{
    enum fate fate = fate_of(SEND, fd);

    if (fate == REFUSED)
        return -1;
    return done(fate, syscall(SYS_sendto, fd, bytes, share(fate, size), flags,
                              NULL, 0));
}

/* Counted when bytes have come: a look at an empty socket is no place. */
ssize_t
recv(int fd, void *bytes, size_t size, int flags)
{
    ssize_t n = syscall(SYS_recvfrom, fd, bytes, size, flags, NULL, NULL);

    if (n <= 0)
        return n;
    return fate_of(RECEIVE, fd) == PASS ? n : done(DIE_AFTER, n);
}

/* NOLINTEND(readability-inconsistent-declaration-parameter-name) */

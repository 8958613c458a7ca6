/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/fault/shadow.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

/*
 * This code runs inside processes that hold POSIX locks, and closing any
 * descriptor of a file drops all locks the process has on it. So nothing here
 * ever opens a file of the real tree: content is read through the descriptor
 * that is being synced, identities come from statx(). The system calls are
 * made directly, because the names of libc lead back into powercut.c.
 */
static int
raw_open(const char *path, int flags)
{
    return (int)syscall(SYS_openat, AT_FDCWD, path, flags | O_CLOEXEC, 0600);
}

void
shadow_die(const char *what, const char *path)
{
    fprintf(stderr, "powercut: %s: %s: %s\n", what, path, strerror(errno));
    abort();
}

void
shadow_path(char *ret_path, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    int size = vsnprintf(ret_path, SHADOW_PATH, fmt, args);
    va_end(args);
    if (size < 0 || size >= SHADOW_PATH) {
        errno = ENAMETOOLONG;
        shadow_die("path", fmt);
    }
}

static void
make_folder(const char *path)
{
    if (mkdir(path, 0700) != 0 && errno != EEXIST)
        shadow_die("mkdir", path);
}

static void
real_path(const char *path, char *ret_path)
{
    char *found = realpath(path, NULL);

    if (found == NULL)
        shadow_die("realpath", path);
    shadow_path(ret_path, "%s", found);
    free(found);
}

void
shadow_init(struct shadow *s, const char *root, const char *dir)
{
    char part[SHADOW_PATH];

    make_folder(dir);
    real_path(root, s->root);
    real_path(dir, s->dir);
    shadow_path(part, "%s/inodes", s->dir);
    make_folder(part);
    shadow_path(part, "%s/tree", s->dir);
    make_folder(part);
}

mode_t
shadow_identify(int fd, const char *path, char ret_id[SHADOW_ID])
{
    struct statx st;
    int flags = AT_SYMLINK_NOFOLLOW | AT_EMPTY_PATH;

    if (statx(fd, path, flags, STATX_BASIC_STATS | STATX_BTIME, &st) != 0)
        return 0;
    if ((st.stx_mask & STATX_BTIME) == 0) {
        errno = ENOTSUP;
        shadow_die("this file system keeps no time of birth", path);
    }
    snprintf(ret_id, SHADOW_ID, "%llu-%lld.%09u",
             (unsigned long long)st.stx_ino, (long long)st.stx_btime.tv_sec,
             st.stx_btime.tv_nsec);
    return st.stx_mode;
}

/* Reads up to one page; less only at the end of the file. */
static size_t
read_page(int fd, off_t at, unsigned char *page)
{
    size_t have = 0;

    while (have < SHADOW_PAGE) {
        ssize_t n =
            pread(fd, page + have, SHADOW_PAGE - have, at + (off_t)have);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            shadow_die("read", "a file that is being synced");
        if (n == 0)
            break;
        have += (size_t)n;
    }
    return have;
}

void
shadow_copy(int from, int to)
{
    unsigned char want[SHADOW_PAGE], have[SHADOW_PAGE];
    off_t at = 0;

    for (;;) {
        size_t size = read_page(from, at, want);
        if (size == 0)
            break;
        if (read_page(to, at, have) < size || memcmp(want, have, size) != 0) {
            if (pwrite(to, want, size, at) != (ssize_t)size)
                shadow_die("write", "the shadow");
        }
        at += (off_t)size;
    }
    if (ftruncate(to, at) != 0)
        shadow_die("truncate", "the shadow");
}

static void
inode_path(const struct shadow *s, const char *id, char *ret_path)
{
    shadow_path(ret_path, "%s/inodes/%s", s->dir, id);
}

/* Makes the folders above a path of the shadow's tree. */
static void
make_parents(const struct shadow *s, const char *path)
{
    char full[SHADOW_PATH];

    shadow_path(full, "%s/tree/%s", s->dir, path);
    for (char *p = full + strlen(s->dir) + 6; *p != '\0'; p++) {
        if (*p == '/') {
            *p = '\0';
            make_folder(full);
            *p = '/';
        }
    }
}

/* Gives an inode of the shadow a durable name, in one step. */
static void
name_inode(const struct shadow *s, const char *id, const char *path)
{
    char inode[SHADOW_PATH], name[SHADOW_PATH], fresh[SHADOW_PATH];
    struct stat a, b;

    inode_path(s, id, inode);
    shadow_path(name, "%s/tree/%s", s->dir, path);
    if (stat(inode, &a) == 0 && lstat(name, &b) == 0 && a.st_ino == b.st_ino)
        return;

    make_parents(s, path);
    shadow_path(fresh, "%s/naming-%ld", s->dir, syscall(SYS_gettid));
    if (link(inode, fresh) != 0)
        shadow_die("link", fresh);
    if (syscall(SYS_renameat, AT_FDCWD, fresh, AT_FDCWD, name) != 0)
        shadow_die("rename", name);
}

void
shadow_sync_file(const struct shadow *s, int fd, const char *path)
{
    char id[SHADOW_ID], inode[SHADOW_PATH];
    struct stat st, live;

    if (shadow_identify(fd, "", id) == 0 || fstat(fd, &live) != 0)
        shadow_die("statx", path != NULL ? path : "a file without a name");
    inode_path(s, id, inode);
    int to = raw_open(inode, O_RDWR | O_CREAT);
    if (to < 0)
        shadow_die("open", inode);
    shadow_copy(fd, to);
    if (fchmod(to, (live.st_mode & 07777) | S_IRUSR | S_IWUSR) != 0 ||
        fstat(to, &st) != 0)
        shadow_die("stat", inode);
    close(to);
    if (path != NULL && st.st_nlink == 1)
        name_inode(s, id, path);
}

/* Takes from the shadow what a folder no longer has. */
static void
forget_names(const struct shadow *s, const char *path)
{
    char folder[SHADOW_PATH], live[SHADOW_PATH];
    char name[SHADOW_PATH];
    struct stat st;

    shadow_path(folder, "%s/tree/%s", s->dir, path);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        return;
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        shadow_path(live, "%s/%s/%s", s->root, path, e->d_name);
        shadow_path(name, "%s/%s", folder, e->d_name);
        if (lstat(live, &st) != 0) {
            syscall(SYS_unlinkat, AT_FDCWD, name,
                    e->d_type == DT_DIR ? AT_REMOVEDIR : 0);
        }
    }
    closedir(dir);
}

/* One name of a folder becomes durable, its content as far as it was synced. */
static void
learn_name(const struct shadow *s, const char *path)
{
    char id[SHADOW_ID], live[SHADOW_PATH], inode[SHADOW_PATH];

    shadow_path(live, "%s/%s", s->root, path);
    mode_t mode = shadow_identify(AT_FDCWD, live, id);
    if (S_ISDIR(mode)) {
        make_parents(s, path);
        shadow_path(live, "%s/tree/%s", s->dir, path);
        make_folder(live);
    } else if (S_ISREG(mode)) {
        inode_path(s, id, inode);
        int to = raw_open(inode, O_RDWR | O_CREAT);
        if (to < 0)
            shadow_die("open", inode);
        close(to);
        name_inode(s, id, path);
    }
}

void
shadow_sync_folder(const struct shadow *s, const char *path)
{
    char folder[SHADOW_PATH], name[SHADOW_PATH];
    bool top = strcmp(path, ".") == 0;

    shadow_path(folder, "%s/%s", s->root, path);
    DIR *dir = opendir(folder);
    if (dir == NULL)
        shadow_die("opendir", folder);
    for (struct dirent *e; (e = readdir(dir)) != NULL;) {
        if (strcmp(e->d_name, ".") == 0 || strcmp(e->d_name, "..") == 0)
            continue;
        shadow_path(name, "%s%s%s", top ? "" : path, top ? "" : "/", e->d_name);
        learn_name(s, name);
    }
    closedir(dir);
    forget_names(s, path);
}

int
shadow_retire(const struct shadow *s, const char *path, char ret_id[SHADOW_ID])
{
    static atomic_int next;
    char from[SHADOW_PATH], to[SHADOW_PATH];
    struct stat st;

    if (!S_ISREG(shadow_identify(AT_FDCWD, path, ret_id)) ||
        lstat(path, &st) != 0 || st.st_nlink != 1)
        return -1;
    int number = atomic_fetch_add(&next, 1);
    inode_path(s, ret_id, from);
    shadow_path(to, "%s.%ld.%d", from, (long)getpid(), number);
    if (syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to) != 0)
        return -1;
    return number;
}

void
shadow_unretire(const struct shadow *s, const char *id, int number)
{
    char from[SHADOW_PATH], to[SHADOW_PATH];

    inode_path(s, id, to);
    shadow_path(from, "%s.%ld.%d", to, (long)getpid(), number);
    if (syscall(SYS_renameat, AT_FDCWD, from, AT_FDCWD, to) != 0)
        shadow_die("rename", from);
}

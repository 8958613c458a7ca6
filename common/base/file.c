/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/file.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* How much a file may have grown since it was measured, per step. */
#define READ_STEP 16384

static void
close_fd(const int *fd)
{
    if (*fd >= 0)
        close(*fd);
}

#define AUTOFD RO_CLEANUP(close_fd) int

void
ro_folder_close(DIR **folder)
{
    if (*folder != NULL)
        closedir(*folder);
}

static enum ro_status
io_failed(struct ro_why *why, const char *path, const char *doing)
{
    int error = errno;
    return ro_why(why, RO_IO_FAILED, "%s: %s: %s", path, doing,
                  strerror(error));
}

static ssize_t
read_some(int fd, uint8_t *at, size_t size)
{
    ssize_t n;
    do {
        n = read(fd, at, size);
    } while (n < 0 && errno == EINTR);
    return n;
}

/* The size that the system gives for a regular file; 0 for anything else. */
static size_t
size_hint(int fd)
{
    struct stat st;
    if (fstat(fd, &st) != 0 || !S_ISREG(st.st_mode) || st.st_size < 0)
        return 0;
    return (size_t)st.st_size;
}

/* Reads to the end. The first step takes a file of the given size whole, so
 * that the content of a key file is not left behind by a growing buffer. */
static enum ro_status
read_all(int fd, size_t limit, struct ro_buf *buf)
{
    size_t step = size_hint(fd) + 1;
    for (;;) {
        size_t left = limit + 1 - buf->size;
        if (step > left)
            step = left;
        uint8_t *at = ro_buf_extend(buf, step);
        if (at == NULL)
            return RO_NO_MEMORY;
        ssize_t n = read_some(fd, at, step);
        if (n < 0)
            return RO_IO_FAILED;
        buf->size -= step - (size_t)n;
        if (n == 0)
            return RO_OK;
        if (buf->size > limit)
            return RO_TOO_LARGE;
        step = READ_STEP;
    }
}

enum ro_status
ro_file_read(const char *path,
             size_t limit,
             struct ro_why *why,
             struct ro_buf *ret_buf)
{
    assert(limit < SIZE_MAX);
    ro_buf_clear(ret_buf);
    AUTOFD fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
    if (fd < 0 && (errno == ENOENT || errno == ENOTDIR))
        return ro_why(why, RO_NOT_FOUND, "%s: no such file", path);
    if (fd < 0)
        return io_failed(why, path, "open");

    enum ro_status s = read_all(fd, limit, ret_buf);
    if (s == RO_OK)
        return RO_OK;
    ro_buf_clear(ret_buf);
    if (s == RO_TOO_LARGE)
        return ro_why(why, s, "%s: larger than %zu bytes", path, limit);
    if (s == RO_IO_FAILED)
        return io_failed(why, path, "read");
    return ro_why(why, s, "%s: %s", path, ro_status_text(s));
}

static bool
write_all(int fd, struct ro_bytes bytes)
{
    while (bytes.size > 0) {
        ssize_t n = write(fd, bytes.data, bytes.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return false;
        bytes.data += n;
        bytes.size -= (size_t)n;
    }
    return true;
}

/* Writes, syncs and closes the temporary file. */
static enum ro_status
fill_file(const char *path,
          struct ro_bytes bytes,
          enum ro_file_mode mode,
          struct ro_why *why,
          int opened)
{
    AUTOFD fd = opened;
    if (fchmod(fd, (mode_t)mode) != 0)
        return io_failed(why, path, "chmod");
    if (!write_all(fd, bytes))
        return io_failed(why, path, "write");
    if (fsync(fd) != 0)
        return io_failed(why, path, "sync");
    return RO_OK;
}

enum ro_status
ro_file_sync_folder(const char *folder, struct ro_why *why)
{
    AUTOFD fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (fd < 0 || fsync(fd) != 0)
        return io_failed(why, folder, "sync folder");
    return RO_OK;
}

enum ro_status
ro_file_sync_name(const char *path, struct ro_why *why)
{
    const char *slash = strrchr(path, '/');
    if (slash == NULL)
        return ro_file_sync_folder(".", why);
    RO_AUTOFREE char *folder =
        strndup(path, slash == path ? 1 : (size_t)(slash - path));
    if (folder == NULL)
        return ro_why(why, RO_NO_MEMORY, "%s: no memory", path);
    return ro_file_sync_folder(folder, why);
}

enum ro_status
ro_file_write(const char *path,
              struct ro_bytes bytes,
              enum ro_file_mode mode,
              struct ro_why *why)
{
    RO_AUTOFREE char *temporary = NULL;
    if (asprintf(&temporary, "%s.XXXXXX", path) < 0) {
        temporary = NULL;
        return ro_why(why, RO_NO_MEMORY, "%s: no memory", path);
    }
    /* mkostemp gives 0600, so a secret is never readable on the way */
    int fd = mkostemp(temporary, O_CLOEXEC);
    if (fd < 0)
        return io_failed(why, path, "create");
    enum ro_status s = fill_file(path, bytes, mode, why, fd);
    if (s == RO_OK && rename(temporary, path) != 0)
        s = io_failed(why, path, "rename");
    if (s != RO_OK) {
        unlink(temporary);
        return s;
    }
    return ro_file_sync_name(path, why);
}

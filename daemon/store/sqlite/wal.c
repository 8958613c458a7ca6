/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A look at the write-ahead log before SQLite reads it. SQLite takes the first
 * frame that does not verify for the end, which is right after a power cut, and
 * would cost all that was committed later if one bit has turned. The two can be
 * told apart: a turn begins when the one before it is synced, so only the last
 * commit can be incomplete, and two commit marks where the log should be over
 * are damage. The last commit of all is the exception: whether it was torn or
 * damaged nobody can tell.
 */
#include "daemon/store/sqlite/sql.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* https://www.sqlite.org/fileformat2.html, "The Write-Ahead Log" */
#define HEADER_SIZE 32
#define HEADER_SUMMED 24
#define FRAME_HEADER_SIZE 24
#define FRAME_SUMMED 8
#define FRAME_SUM_AT 16
#define MAGIC UINT32_C(0x377f0682) /* | 1: sums over big-endian words */
#define VERSION UINT32_C(3007000)
#define PAGE_MIN UINT32_C(512)
#define PAGE_MAX UINT32_C(65536)
#define MARKS_OF_DAMAGE 2

/* A log that is being read, frame by frame. */
struct log {
    int fd;
    uint8_t header[HEADER_SIZE];
    bool is_big;
    size_t page_size;
    uint8_t *frame; /* with its header */
    /* what the next frame's sum goes on from: what the last one has, and what
     * it should have */
    uint32_t sum[2];
    uint32_t right[2];
    off_t at; /* of the next frame */
};

static void
log_fini(struct log *log)
{
    if (log->fd >= 0)
        close(log->fd);
    free(log->frame);
}

/* RO_NOT_FOUND where the file ends before. */
static enum ro_status
read_at(const struct log *log, uint8_t *bytes, size_t size)
{
    for (size_t n = 0; n < size;) {
        ssize_t got = pread(log->fd, bytes + n, size - n, log->at + (off_t)n);
        if (got == 0)
            return RO_NOT_FOUND;
        if (got < 0 && errno != EINTR)
            return RO_IO_FAILED;
        n += got > 0 ? (size_t)got : 0;
    }
    return RO_OK;
}

static uint32_t
word(const struct log *log, const uint8_t p[static 4])
{
    uint32_t big = ro_get_u32(p);
    return log->is_big ? big : __builtin_bswap32(big);
}

/* Goes on with a sum; whole pairs of words. */
static void
sum_on(const struct log *log,
       const uint8_t *bytes,
       size_t size,
       uint32_t sum[static 2])
{
    for (size_t i = 0; i < size; i += 8) {
        sum[0] += word(log, bytes + i) + sum[1];
        sum[1] += word(log, bytes + i + 4) + sum[0];
    }
}

static bool
is_sum(const uint8_t p[static 8], const uint32_t sum[static 2])
{
    return ro_get_u32(p) == sum[0] && ro_get_u32(p + 4) == sum[1];
}

static bool
header_holds(struct log *log)
{
    const uint8_t *header = log->header;
    uint32_t magic = ro_get_u32(header);
    uint32_t page = ro_get_u32(header + 8);
    uint32_t sum[2] = {0, 0};
    log->is_big = (magic & 1) != 0;
    log->page_size = page;
    sum_on(log, header, HEADER_SUMMED, sum);
    memcpy(log->sum, sum, sizeof(sum));
    memcpy(log->right, sum, sizeof(sum));
    return (magic | 1) == (MAGIC | 1) && ro_get_u32(header + 4) == VERSION &&
           page >= PAGE_MIN && page <= PAGE_MAX && (page & (page - 1)) == 0 &&
           is_sum(header + HEADER_SUMMED, sum);
}

/* What one frame is. */
struct frame {
    bool holds;   /* it verifies from what stands before it, and is ours */
    bool is_near; /* a salt of ours is in it, so it may be ours, damaged */
    bool commits;
};

/* Whether a frame goes on from a sum; that becomes its own. */
static bool
goes_on(const struct log *log, uint32_t sum[static 2])
{
    sum_on(log, log->frame, FRAME_SUMMED, sum);
    sum_on(log, log->frame + FRAME_HEADER_SIZE, log->page_size, sum);
    return is_sum(log->frame + FRAME_SUM_AT, sum);
}

/* RO_NOT_FOUND past the last whole one. */
static enum ro_status
next_frame(struct log *log, struct frame *ret_frame)
{
    const uint8_t *frame = log->frame;
    const uint8_t *salts = log->header + 16;
    RO_TRY(read_at(log, log->frame, FRAME_HEADER_SIZE + log->page_size));
    log->at += (off_t)(FRAME_HEADER_SIZE + log->page_size);
    bool follows = goes_on(log, log->right);
    if (!follows)
        follows = goes_on(log, log->sum);
    log->sum[0] = ro_get_u32(frame + FRAME_SUM_AT);
    log->sum[1] = ro_get_u32(frame + FRAME_SUM_AT + 4);
    bool first = memcmp(frame + 8, salts, 4) == 0;
    bool second = memcmp(frame + 12, salts + 4, 4) == 0;
    *ret_frame = (struct frame){
        .holds = first && second && follows && ro_get_u32(frame) != 0,
        .is_near = first || second,
        .commits = ro_get_u32(frame + 4) != 0,
    };
    return RO_OK;
}

/* Counts the commit marks from the first frame on that does not hold; there,
 * where it is. */
static enum ro_status
marks_beyond(struct log *log, unsigned *ret_marks, off_t *ret_at)
{
    struct frame frame;
    enum ro_status s;
    bool over = false;
    unsigned marks = 0;
    off_t at = log->at;
    while ((s = next_frame(log, &frame)) == RO_OK) {
        if (over) {
            marks += frame.holds && frame.commits;
        } else if (!frame.holds) {
            over = true;
            marks += frame.is_near && frame.commits;
            *ret_at = at;
        }
        at = log->at;
    }
    *ret_marks = marks;
    return s == RO_NOT_FOUND ? RO_OK : s;
}

static enum ro_status
damaged(const struct store *store, struct ro_why *why, off_t at)
{
    return ro_why(why, RO_STORE_BROKEN,
                  "%.120s: damaged at byte %jd: what was committed later "
                  "cannot be read. Restore it, or go on without that: "
                  "--accept-loss, see reachoutd(8)",
                  store->wal_path, (intmax_t)at);
}

static enum ro_status
unread(const struct store *store, struct ro_why *why, int error)
{
    return ro_why(why, RO_STORE_BROKEN, "%s: %s", store->wal_path,
                  strerror(error));
}

enum ro_status
wal_check(const struct store *store, struct ro_why *why)
{
    RO_CLEANUP(log_fini) struct log log = {.fd = -1};
    log.fd = open(store->wal_path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW);
    if (log.fd < 0)
        return errno == ENOENT ? RO_OK : unread(store, why, errno);
    enum ro_status s = read_at(&log, log.header, HEADER_SIZE);
    if (s != RO_OK)
        return s == RO_NOT_FOUND ? RO_OK : unread(store, why, errno);
    log.at = HEADER_SIZE;
    if (!header_holds(&log)) {
        /* it is synced before the first frame comes */
        uint8_t first[FRAME_HEADER_SIZE];
        s = read_at(&log, first, sizeof(first));
        return s == RO_NOT_FOUND ? RO_OK : damaged(store, why, 0);
    }
    log.frame = malloc(FRAME_HEADER_SIZE + log.page_size);
    if (log.frame == NULL)
        return RO_NO_MEMORY;
    unsigned marks = 0;
    off_t at = 0;
    if (marks_beyond(&log, &marks, &at) != RO_OK)
        return unread(store, why, errno);
    return marks < MARKS_OF_DAMAGE ? RO_OK : damaged(store, why, at);
}

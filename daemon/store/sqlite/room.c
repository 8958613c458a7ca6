/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Room on the disk. A delete needs room too, for the log: so a broker whose
 * disk is full could not even get rid of what fills it. Therefore new mail is
 * refused while there is still some left, and a file of nothing stands by for
 * when somebody else has filled the disk.
 */
#include "daemon/store/sqlite/sql.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

/* Free bytes for us; all there could be when the system does not say. */
static uint64_t
free_bytes(const struct store *store)
{
    struct statvfs fs;
    if (statvfs(store->path, &fs) != 0)
        return UINT64_MAX;
    return (uint64_t)fs.f_bavail * fs.f_frsize;
}

static void
make_reserve(struct store *store)
{
    int fd = open(store->reserve_path,
                  O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    if (fd < 0)
        return;
    if (posix_fallocate(fd, 0, (off_t)store->room.margin.reserve) == 0) {
        store->room.reserve = RESERVE_KEPT;
    } else {
        unlink(store->reserve_path);
    }
    close(fd);
}

void
store_keep_room(struct store *store, const struct store_margin *margin)
{
    struct room *room = &store->room;
    room->is_kept = true;
    room->margin = *margin;
    room->reserve = margin->reserve > 0 ? RESERVE_MISSING : RESERVE_NONE;
    if (margin->reserve > 0) {
        make_reserve(store);
    } else {
        unlink(store->reserve_path);
    }
    room_look(store);
}

void
room_look(struct store *store)
{
    struct room *room = &store->room;
    if (!room->is_kept)
        return;
    /* twice as much, or what little came back would go for it at once */
    uint64_t wanted = room->margin.free_min + 2 * room->margin.reserve;
    uint64_t have = free_bytes(store);
    bool lacks =
        room->reserve == RESERVE_MISSING || room->reserve == RESERVE_SPENT;
    if (lacks && have >= wanted) {
        make_reserve(store);
        have = free_bytes(store);
    }
    bool is_short =
        room->reserve == RESERVE_SPENT || have < room->margin.free_min;
    room->space = is_short ? STORE_IS_SHORT : STORE_HAS_ROOM;
}

void
room_was_full(struct store *store)
{
    if (store->room.reserve != RESERVE_KEPT)
        return;
    unlink(store->reserve_path);
    store->room.reserve = RESERVE_SPENT;
    store->room.space = STORE_IS_SHORT;
}

enum store_space
store_space(const struct store *store)
{
    return store->room.space;
}

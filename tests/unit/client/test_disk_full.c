/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A full disk is told as whose it is. Ours: nothing is written and nothing is
 * sent, or acknowledged, and the words name our file. The broker's: what we
 * say is kept here. With room again everything goes on, and once. The disk is
 * full in SQLite's own system calls, which fail as the kernel's would.
 */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/friends.h"

#include "common/wire/codec.h"

#include <errno.h>
#include <sqlite3.h>
#include <stdatomic.h>
#include <unistd.h>

#include "frame.pb-c.h"

/* Whether there is no room for vaults. (The broker is in this process, too.) */
static atomic_bool is_full;
/* Whether the broker's has none. (Linked with --wrap=link_ask.) */
static bool theirs_is_full;

enum ro_status
on_ask(const struct asked *asked)
{
    if (asked->ask->verb == RO_VERB_DEPOSIT && theirs_is_full)
        return ro_why(asked->why, RO_NO_ROOM, "the broker says: no room");
    return asked_go(asked);
}

/* Whether a file is of a client's vault. */
static bool
is_vault(int fd)
{
    char link[64];
    char path[512];
    snprintf(link, sizeof(link), "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof(path) - 1);
    if (n < 0)
        return false;
    path[n] = '\0';
    return strstr(path, "/vault.db") != NULL;
}

static ssize_t
write_if_room(int fd, const void *bytes, size_t size, off_t at)
{
    if (is_full && is_vault(fd)) {
        errno = ENOSPC;
        return -1;
    }
    return pwrite(fd, bytes, size, at);
}

static void
stand_in_the_way(void)
{
    sqlite3_vfs *vfs = sqlite3_vfs_find(NULL);
    static const char *const names[] = {"pwrite", "pwrite64"};
    int n = 0;
    for (size_t i = 0; i < RO_LEN(names); i++) {
        n += vfs->xSetSystemCall(vfs, names[i],
                                 (sqlite3_syscall_ptr)write_if_room) ==
             SQLITE_OK;
    }
    tap_need(n > 0);
}

/* --- ours ---------------------------------------------------------------- */

static void
test_saying(void)
{
    const char *thread = open_thread();
    size_t waits = outbox_size(ann);
    is_full = true;
    tap_is(seat_write(ann, jobs_say, thread, "No room."), RO_DISK_FULL);
    is_full = false;
    const char *why = ann->job->result.why;
    tap_say(strncmp(why, ann->dir, strlen(ann->dir)) == 0 &&
                strstr(why, "/vault.db: cannot grow") != NULL,
            "the words name our own file");
    tap_say(strstr(why, "broker") == NULL, "and not the broker");
    tap_ok(seat_shows(ann, "No room.") == 0 && outbox_size(ann) == waits);
    tap_is(seat_write(ann, jobs_say, thread, "With room."), RO_OK);
    test_must(seat_sync(ben));
    tap_ok(seat_shows(ben, "With room.") == 1 &&
           seat_shows(ben, "No room.") == 0);
    close_circle();
}

static void
test_receiving(void)
{
    const char *thread = open_thread();
    test_must(seat_write(ann, jobs_say, thread, "Are you full?"));
    is_full = true;
    tap_is(seat_sync(ben), RO_DISK_FULL);
    is_full = false;
    tap_ok(seat_shows(ben, "Are you full?") == 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_shows(ben, "Are you full?") == 1,
            "it was not acknowledged, and comes again");
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Are you full?") == 1);
    close_circle();
}

static void
test_reading(void)
{
    const char *thread = open_thread();
    test_must(seat_write(ann, jobs_say, thread, "Read me."));
    test_must(seat_sync(ben));
    is_full = true;
    test_must(seat_show(ben, thread_between(seat_request(ann), ann, ben)));
    is_full = false;
    tap_ok(seat_shows(ben, "Read me.") == 1);
    close_circle();
}

/* --- theirs -------------------------------------------------------------- */

static void
test_the_brokers(void)
{
    const char *thread = open_thread();
    theirs_is_full = true;
    tap_is(seat_write(ann, jobs_say, thread, "Kept."), RO_KEPT);
    theirs_is_full = false;
    tap_say(strstr(ann->job->result.why, "the broker") != NULL &&
                strstr(ann->job->result.why, ann->dir) == NULL,
            "the words name the broker, and no file of ours");
    tap_is(seat_sync(ann), RO_OK);
    test_must(seat_sync(ben));
    tap_ok(seat_shows(ben, "Kept.") == 1);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    stand_in_the_way();
    tap_run(test_saying);
    tap_run(test_receiving);
    tap_run(test_reading);
    tap_run(test_the_brokers);
    return tap_done();
}

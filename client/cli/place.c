/* SPDX-License-Identifier: Apache-2.0 */
#include "client/cli/place.h"

#include "client/cli/handing.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* The path of the socket; by way of the open folder where it is too long for
 * an address. */
static enum ro_status
make_address(const char *dir, struct ro_why *why, struct place *place)
{
    char *path = place->address.sun_path;
    const size_t room = sizeof(place->address.sun_path);
    place->address.sun_family = AF_UNIX;
    int n = snprintf(path, room, "%s/%s", dir, HANDING_SOCKET);
    if (n < 0 || (size_t)n >= room) {
        n = snprintf(path, room, "/proc/self/fd/%d/%s", place->dir_fd,
                     HANDING_SOCKET);
    }
    if (n < 0 || (size_t)n >= room)
        return ro_why(why, RO_IO_FAILED, "%s: no address for a socket", dir);
    return RO_OK;
}

struct place_where
place_of_ours(const char *dir)
{
    return (struct place_where){.dir = dir, .user = geteuid()};
}

enum ro_status
place_open(const struct place_where *where,
           struct ro_why *why,
           struct place *ret_place)
{
    struct place place = {.dir_fd = -1, .user = where->user};
    place.dir_fd = open(where->dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place.dir_fd < 0)
        return ro_why(why, RO_IO_FAILED, "%s: %s", where->dir, strerror(errno));
    enum ro_status s = make_address(where->dir, why, &place);
    if (s != RO_OK) {
        place_close(&place);
        return s;
    }
    *ret_place = place;
    return RO_OK;
}

void
place_close(struct place *place)
{
    if (place->dir_fd >= 0)
        close(place->dir_fd);
    place->dir_fd = -1;
}

/* Where a socket lies until somebody listens to it. */
#define EARLY_SOCKET "watch.new"
_Static_assert(sizeof(EARLY_SOCKET) <= sizeof(HANDING_SOCKET),
               "it has room where the other has");

/* Bound, and for nobody else to connect to, before anybody can. It has its
 * name last: what is there under it can be connected to. */
static bool
bind_and_listen(const struct place *place, int fd, int backlog)
{
    struct sockaddr_un early = place->address;
    size_t folder = strlen(early.sun_path) - strlen(HANDING_SOCKET);
    memcpy(early.sun_path + folder, EARLY_SOCKET, sizeof(EARLY_SOCKET));
    (void)unlinkat(place->dir_fd, EARLY_SOCKET, 0);
    return bind(fd, (const void *)&early, sizeof(early)) == 0 &&
           fchmodat(place->dir_fd, EARLY_SOCKET, 0600, 0) == 0 &&
           listen(fd, backlog) == 0 &&
           renameat(place->dir_fd, EARLY_SOCKET, place->dir_fd,
                    HANDING_SOCKET) == 0;
}

enum ro_status
place_listen(const struct place *place,
             int backlog,
             struct ro_why *why,
             int *ret_fd)
{
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd >= 0 && bind_and_listen(place, fd, backlog)) {
        *ret_fd = fd;
        return RO_OK;
    }
    enum ro_status s =
        ro_why(why, RO_IO_FAILED, "%s: %s", HANDING_SOCKET, strerror(errno));
    if (fd >= 0)
        close(fd);
    return s;
}

void
place_remove(const struct place *place)
{
    (void)unlinkat(place->dir_fd, HANDING_SOCKET, 0);
}

bool
place_is_ours(const struct place *place, int fd, pid_t *ret_pid)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        peer.uid != place->user)
        return false;
    if (ret_pid != NULL)
        *ret_pid = peer.pid;
    return true;
}

enum ro_status
place_connect(const struct place *place, int *ret_fd, pid_t *ret_pid)
{
    const struct sockaddr *address = (const void *)&place->address;
    int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0)
        return RO_NOT_FOUND;
    if (connect(fd, address, sizeof(place->address)) != 0) {
        close(fd);
        return RO_NOT_FOUND;
    }
    if (!place_is_ours(place, fd, ret_pid)) {
        close(fd);
        return RO_FORBIDDEN;
    }
    *ret_fd = fd;
    return RO_OK;
}

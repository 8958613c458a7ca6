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

enum ro_status
place_open(const char *dir, struct ro_why *why, struct place *ret_place)
{
    struct place place = {.dir_fd = -1};
    place.dir_fd = open(dir, O_PATH | O_DIRECTORY | O_CLOEXEC);
    if (place.dir_fd < 0)
        return ro_why(why, RO_IO_FAILED, "%s: %s", dir, strerror(errno));
    enum ro_status s = make_address(dir, why, &place);
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

/* Bound, and for nobody else to connect to, before anybody can. */
static bool
bind_and_listen(const struct place *place, int fd, int backlog)
{
    const struct sockaddr *address = (const void *)&place->address;
    return bind(fd, address, sizeof(place->address)) == 0 &&
           fchmodat(place->dir_fd, HANDING_SOCKET, 0600, 0) == 0 &&
           listen(fd, backlog) == 0;
}

enum ro_status
place_listen(const struct place *place,
             int backlog,
             struct ro_why *why,
             int *ret_fd)
{
    place_remove(place);
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
place_is_ours(int fd, pid_t *ret_pid)
{
    struct ucred peer = {0};
    socklen_t size = sizeof(peer);
    if (getsockopt(fd, SOL_SOCKET, SO_PEERCRED, &peer, &size) != 0 ||
        peer.uid != geteuid())
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
    if (!place_is_ours(fd, ret_pid)) {
        close(fd);
        return RO_FORBIDDEN;
    }
    *ret_fd = fd;
    return RO_OK;
}

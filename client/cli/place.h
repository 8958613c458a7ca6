/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Where a profile's socket lies, however long its path is: a folder, held
 * open, and the socket's address in it.
 */
#ifndef CLIENT_CLI_PLACE_H
#define CLIENT_CLI_PLACE_H

#include "common/base/status.h"

#include <sys/types.h>
#include <sys/un.h>

/* A profile's folder, and the user whose processes may meet there. */
struct place_where {
    const char *dir;
    uid_t user;
};

struct place {
    int dir_fd;
    uid_t user;
    struct sockaddr_un address;
};

/* A folder where processes of this user meet; points to `dir`. */
struct place_where place_of_ours(const char *dir);

/* Opens the folder. RO_IO_FAILED. The caller closes it. */
RO_MUST_USE enum ro_status place_open(const struct place_where *where,
                                      struct ro_why *why,
                                      struct place *ret_place);

/* Closes the folder; accepts one whose folder is -1. */
void place_close(struct place *place);

/* Listens there, for this user only, instead of what lies there; what has the
 * socket's name can be connected to from the start. RO_IO_FAILED. The caller
 * closes the file. */
RO_MUST_USE enum ro_status place_listen(const struct place *place,
                                        int backlog,
                                        struct ro_why *why,
                                        int *ret_fd);

/* Takes the socket away. */
void place_remove(const struct place *place);

/* Connects to who listens there, and gives the process. RO_NOT_FOUND: nobody
 * does. RO_FORBIDDEN: somebody who is not the place's user. The file does not
 * block, and the caller closes it. */
RO_MUST_USE enum ro_status
place_connect(const struct place *place, int *ret_fd, pid_t *ret_pid);

/* Whether the other end of a connection is a process of the place's user;
 * gives its id (NULL: not wanted). */
bool place_is_ours(const struct place *place, int fd, pid_t *ret_pid);

#endif

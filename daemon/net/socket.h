/* SPDX-License-Identifier: Apache-2.0 */
/* The few things that every ZeroMQ socket of ours needs. */
#ifndef DAEMON_NET_SOCKET_H
#define DAEMON_NET_SOCKET_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "daemon/session/session.h"

#include <stdint.h>

/* A socket of this type that never holds up an end (LINGER 0). NULL, with
 * errno, when there is none to be had. */
void *socket_new(void *context, int type);

/* Closes a socket held by a local and clears it; NULL is fine. */
void socket_closep(void **socket);

/* One option and its value; a list of them ends with option 0. */
struct socket_option {
    int option;
    int value;
};

/* Sets them all. RO_IO_FAILED, with the option's number in `why`. */
RO_MUST_USE enum ro_status socket_set(void *socket,
                                      const struct socket_option *options,
                                      struct ro_why *why);

/* What a monitor told: which event, and its number (a descriptor, an errno,
 * a ZAP status, by the event). */
struct socket_event {
    uint16_t event;
    int value;
};

/* A monitor of `socket` on inproc endpoint `name`, for `events`: a socket to
 * read with socket_monitor_next. It never holds back the monitored side.
 * NULL, with errno. The caller stops the monitor before it closes either. */
void *
socket_monitor_new(void *context, void *socket, const char *name, int events);

/* Ends the monitoring of `socket`. */
void socket_monitor_stop(void *socket);

/* The next event without waiting: RO_OK, RO_NOT_FOUND when there is none,
 * RO_IO_FAILED for anything that is no event. */
RO_MUST_USE enum ro_status socket_monitor_next(void *monitor,
                                               struct socket_event *ret_event);

/* Fills `why` with what was being done and errno in words; RO_TAKEN when an
 * address is in use, RO_IO_FAILED otherwise. */
enum ro_status socket_failed(struct ro_why *why, const char *doing);

/* The kernel's own number of the connection behind a descriptor: never used
 * twice while the machine runs, as descriptors are. 0 when there is none. */
uint64_t socket_cookie(int fd);

/* Where the other end of a descriptor is; an IPv6 address counts by its /64
 * network. RO_NOT_FOUND when nobody is there. */
RO_MUST_USE enum ro_status
socket_address_of(int fd, struct session_address *ret_address);

/* Reads an address in the numeric form that libzmq gives, in the same way. */
RO_MUST_USE enum ro_status
socket_address_parse(const char *text, struct session_address *ret_address);

/* Ends the connection behind `fd` if it still is the one with this cookie.
 * The descriptor stays libzmq's, which notices and closes it. */
void socket_cut(int fd, uint64_t cookie);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The authority has named another broker: we follow it. */
#ifndef CLIENT_CORE_MOVED_H
#define CLIENT_CORE_MOVED_H

#include "client/core/engine.h"

/* Holds the broker that we talk to against the directory's; if the directory
 * names another (endpoints, CURVE or signing key), keeps that one and
 * returns RO_STALE over a new link: fetch from there. With another signing key
 * what only the former broker vouched for is forgotten, and our epoch keys are
 * to be published again. Inside the commit of directory_sync. */
RO_MUST_USE enum ro_status moved_follow(struct engine *engine,
                                        struct ro_why *why);

#endif

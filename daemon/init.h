/* SPDX-License-Identifier: Apache-2.0 */
/*
 * `reachoutd init`: a new broker in an empty folder. Its keys, an empty store,
 * copies of what the authority gave, a complete reachoutd.conf, and
 * broker.pub for the authority.
 */
#ifndef DAEMON_INIT_H
#define DAEMON_INIT_H

#include "common/base/status.h"
#include "daemon/options.h"

/* Makes it and prints what was made on stdout. RO_REFUSED when the folder is
 * in use; RO_BAD_INPUT, RO_BAD_CONFIG, RO_NOT_FOUND, RO_TAKEN, RO_IO_FAILED;
 * `why` says what is wrong. Nothing is written before all that was given is
 * checked. */
RO_MUST_USE enum ro_status init_run(const struct options *options,
                                    struct ro_why *why);

#endif

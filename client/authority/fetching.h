/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: what the broker's log has more. */
#ifndef CLIENT_AUTHORITY_FETCHING_H
#define CLIENT_AUTHORITY_FETCHING_H

#include "client/authority/inside.h"

/* Fetches what the broker's log has more, verifies it, and keeps it. An empty
 * log is fine. */
RO_MUST_USE enum ro_status authority_log_sync(struct authority *authority,
                                              struct ro_why *why);

/* The same for what is drafted: a broker that cannot be reached, or is not
 * known, is no failure then, and what was drafted stays. */
RO_MUST_USE enum ro_status authority_log_catch_up(struct authority *authority,
                                                  struct ro_why *why);

/* Holds an answer against what we have seen before: RO_ROLLED_BACK when it is
 * less, RO_FROZEN when the broker keeps records back, RO_BAD_FRAME. */
RO_MUST_USE enum ro_status
authority_log_check_answer(const struct authority *authority,
                           const Reachout__Directory__Answer *answer,
                           struct ro_why *why);

/* Holds a checkpoint against the log, the last one, and the clock. Only with a
 * charter. RO_BAD_RECORD, RO_BAD_SIGNATURE, RO_FORKED, RO_ROLLED_BACK,
 * RO_FROZEN. */
RO_MUST_USE enum ro_status authority_log_check_point(
    const struct authority *authority, struct ro_bytes raw, struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside daemon/verbs: what must hold of every envelope, whoever brings it. */
#ifndef DAEMON_VERBS_MAIL_H
#define DAEMON_VERBS_MAIL_H

#include "common/crypto/seal.h"
#include "daemon/pipeline/broker_state.h"

/* The circle's key that it was sealed with is this one or the one before.
 * RO_STALE; RO_NOT_READY before the charter. */
RO_MUST_USE enum ro_status mail_check_generation(const struct broker *broker,
                                                 uint32_t generation);

/* The day is 0 (a key without a day), or the broker's yesterday to tomorrow.
 * RO_STALE. */
RO_MUST_USE enum ro_status mail_check_day(const struct broker *broker,
                                          uint32_t day);

/* RO_EXPIRED when it is over; RO_BAD_FRAME when it is too far away. */
RO_MUST_USE enum ro_status mail_check_expiry(const struct broker *broker,
                                             uint32_t expiry_hour);

/* A body fills a bucket. RO_BAD_FRAME. */
RO_MUST_USE enum ro_status mail_check_body(struct ro_bytes body);

/* A wrap has its size. RO_BAD_FRAME. */
RO_MUST_USE enum ro_status mail_check_wrap(struct ro_bytes wrap);

/* Keeps body and envelope; `put` has everything but its id. */
RO_MUST_USE enum ro_status mail_keep(struct broker *broker,
                                     struct store_envelope *put,
                                     struct ro_bytes body);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Our own epoch keys: one X25519 pair a UTC day, 98 days ahead. Secrets are
 * durable before their public halves are published, and destroyed once the
 * mailbox was drained 48 hours after their day: that is the forward secrecy.
 * They lie in a file of their own (vault_epoch), outside every backup. Without
 * it a profile begins a new list behind the days of its last one, whose keys
 * nobody may change; until then others use the fallback key.
 */
#ifndef CLIENT_CORE_EPOCH_H
#define CLIENT_CORE_EPOCH_H

#include "client/core/engine.h"

#define EPOCH_DAYS 98     /* of a fresh list */
#define EPOCH_RENEW 70    /* renewed when fewer are ahead */
#define EPOCH_KEEP_DAYS 3 /* a day's secret lives so long after it began */

/* Makes a new list when fewer than EPOCH_RENEW days are ahead, or today is not
 * among its days, or the secrets of its days are gone; keeps its secrets, and
 * publishes what is not published yet. RO_UNREACHABLE and the broker's
 * refusals. */
RO_MUST_USE enum ro_status
epoch_publish(struct engine *engine, int64_t deadline_ms, struct ro_why *why);

/* Our list counts as not published: for another broker. Inside a commit. */
RO_MUST_USE enum ro_status epoch_publish_again(struct engine *engine);

/* The pair of a day; the caller frees it. RO_NOT_FOUND when that day has none
 * or it was destroyed. */
RO_MUST_USE enum ro_status
epoch_pair(struct engine *engine, uint32_t day, struct ro_keypair **ret_pair);

/* Whether a day's secret cannot have been destroyed in good order yet, so that
 * one that is not there was lost. */
bool epoch_was_lost(const struct engine *engine, uint32_t day);

/* The mailbox is empty now: destroys the secrets of days that ended 48 hours
 * ago, by the broker's clock and by ours. */
RO_MUST_USE enum ro_status epoch_destroy(struct engine *engine);

/* Days from today on with published keys. */
uint32_t epoch_days_ahead(struct engine *engine);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What those who come from one address may still deposit, together: a new
 * connection brings no new credit of this kind. Kept in memory, forgotten an
 * hour after it was filled, and never told to anybody. The table is bounded:
 * where it is full, all further addresses share one credit.
 */
#ifndef DAEMON_SESSION_ADDRESSES_H
#define DAEMON_SESSION_ADDRESSES_H

#include "daemon/session/session.h"

/* At most so many addresses; a power of two. */
#define ADDRESSES_MAX 8192

struct addresses;

/* An empty table; `seed` is random, so that nobody knows who shares a place.
 * NULL without memory. */
struct addresses *addresses_new(uint64_t seed);

/* Releases it; accepts NULL. */
void addresses_free(struct addresses *addresses);
RO_DEFINE_AUTO(addresses, addresses_free)

/* The credit of an address, taken for it if it is new; not yet filled. Valid
 * until the next call. */
struct credit *addresses_take(struct addresses *addresses,
                              const struct session_address *address,
                              int64_t now_ms);

/* The credit of an address as it is, or NULL: it has used nothing. */
const struct credit *addresses_find(const struct addresses *addresses,
                                    const struct session_address *address,
                                    int64_t now_ms);

/* As credit_give_back, for all of them. */
void addresses_give_back(struct addresses *addresses, uint64_t turn);

#endif

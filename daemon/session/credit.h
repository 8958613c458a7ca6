/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What a connection, or all of one address, may still deposit. It is charged
 * before anything is stored. Today an hour's allowance fills it; who pays may
 * change, the charge does not.
 */
#ifndef DAEMON_SESSION_CREDIT_H
#define DAEMON_SESSION_CREDIT_H

#include "common/base/auto.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stdint.h>

/* An amount of both kinds. */
struct credit_amount {
    uint32_t envelopes;
    uint64_t bytes;
};

struct credit {
    struct credit_amount left;
    int64_t since_ms;          /* monotonic: when it was last filled */
    struct credit_amount held; /* charged in turn `turn` */
    uint64_t turn;
};

/* Fills it when it was never filled, or when an hour has gone by. */
void credit_fill(struct credit *credit,
                 const struct credit_amount *hourly,
                 int64_t now_ms);

/* Takes an amount in turn number `turn`, all or nothing. RO_NO_CREDIT. */
RO_MUST_USE enum ro_status credit_charge(struct credit *credit,
                                         const struct credit_amount *amount,
                                         uint64_t turn);

/* The same from two, or from neither; the other may be NULL. */
RO_MUST_USE enum ro_status
credit_charge_both(struct credit *one,
                   struct credit *other,
                   const struct credit_amount *amount,
                   uint64_t turn);

/* Whether it was filled within the hour. */
bool credit_is_used(const struct credit *credit, int64_t now_ms);

/* That turn was rolled back: what it charged comes back. */
void credit_give_back(struct credit *credit, uint64_t turn);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/credit.h"

#define HOUR_MS ((int64_t)3600 * 1000)

bool
credit_is_used(const struct credit *credit, int64_t now_ms)
{
    return credit->since_ms != 0 && now_ms - credit->since_ms < HOUR_MS;
}

void
credit_fill(struct credit *credit,
            const struct credit_amount *hourly,
            int64_t now_ms)
{
    if (credit_is_used(credit, now_ms))
        return;
    credit->left = *hourly;
    /* 0 stands for never; a millisecond does not matter */
    credit->since_ms = now_ms != 0 ? now_ms : 1;
}

static bool
covers(const struct credit *credit, const struct credit_amount *amount)
{
    return credit->left.envelopes >= amount->envelopes &&
           credit->left.bytes >= amount->bytes;
}

enum ro_status
credit_charge_both(struct credit *one,
                   struct credit *other,
                   const struct credit_amount *amount,
                   uint64_t turn)
{
    if (other == NULL)
        return credit_charge(one, amount, turn);
    if (!covers(other, amount))
        return RO_NO_CREDIT;
    RO_TRY(credit_charge(one, amount, turn));
    return credit_charge(other, amount, turn);
}

enum ro_status
credit_charge(struct credit *credit,
              const struct credit_amount *amount,
              uint64_t turn)
{
    if (!covers(credit, amount))
        return RO_NO_CREDIT;
    if (credit->turn != turn)
        credit->held = (struct credit_amount){0};
    credit->turn = turn;
    credit->left.envelopes -= amount->envelopes;
    credit->left.bytes -= amount->bytes;
    credit->held.envelopes += amount->envelopes;
    credit->held.bytes += amount->bytes;
    return RO_OK;
}

void
credit_give_back(struct credit *credit, uint64_t turn)
{
    if (credit->turn != turn)
        return;
    credit->left.envelopes += credit->held.envelopes;
    credit->left.bytes += credit->held.bytes;
    credit->held = (struct credit_amount){0};
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb 4: a new notice of the seat itself. One a frame: a second one of the
 * same seat would only replace the first. Replaced ones stay until the next
 * checkpoint, so their number an hour is bounded.
 */
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

#define KEPT_MAX 16 /* of a seat, between two checkpoints */

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    const Reachout__Publish__Ask *ask = (const void *)req->ask;
    (void)broker;
    if (ask->n_notices != 1)
        return ro_why(&req->why, RO_BAD_RECORD, "one notice at a time");
    return RO_OK;
}

/* Whether a list begins where the seat's last one ends, or within it. So does
 * that of a seat that has lost the secrets of all days which it had published:
 * it takes them back, and until then others use its fallback key. */
static bool
goes_on(const struct broker *broker, const struct ro_notice_facts *facts)
{
    struct ro_key key;
    return ro_notices_epoch_key(broker->ledger.notices, &facts->seat,
                                facts->first_day - 1, &key) == RO_OK;
}

/* Whether the seat's last one is here. Where some are missing in between, as
 * after a restore, nothing here tells where it may begin. */
static bool
is_next(const struct broker *broker, const struct ro_notice_facts *facts)
{
    return facts->serial ==
           ro_notices_serial(broker->ledger.notices, &facts->seat) + 1;
}

/* Against the notices as this turn has left them. */
static enum ro_status
check(struct broker *broker,
      struct request *req,
      struct ro_bytes notice,
      struct ro_notice_facts *ret_facts)
{
    uint64_t kept;
    if (notice.size > RO_NOTICE_LIMIT)
        return ro_why(&req->why, RO_BAD_RECORD, "the notice is too large");
    RO_TRY(ro_notices_check(broker->ledger.notices, broker->ledger.directory,
                            notice, &req->why, ret_facts));
    if (!ro_seat_id_equal(&ret_facts->seat, &req->session->seat))
        return ro_why(&req->why, RO_NO_RIGHT, "a notice of another seat");
    /* A list that is void already would be forgotten at the next checkpoint,
     * and one for later only would leave today without a key. */
    uint32_t today = ro_day_of(broker->time.now_s);
    if (ret_facts->expires_day <= today ||
        (ret_facts->first_day > today + 1 && is_next(broker, ret_facts) &&
         !goes_on(broker, ret_facts)))
        return ro_why(&req->why, RO_BAD_RECORD, "days: not of today");
    RO_TRY(store_notice_count(broker->store, &ret_facts->seat, &kept));
    return kept < KEPT_MAX ? RO_OK : RO_OVER_QUOTA;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Publish__Ask *ask = (const void *)req->ask;
    struct ro_notice_facts facts = {0};
    struct ro_bytes notice = ro_field(&ask->notices[0]);
    RO_TRY(check(broker, req, notice, &facts));
    Reachout__Publish__Answer *answer = (void *)req->answer;
    const struct store_notice put = {facts.seat, facts.expires_day, notice};
    broker->ledger_touched = true;
    RO_TRY(store_notice_put(broker->store, &put, &answer->cursor));
    RO_TRY(ro_notices_add(broker->ledger.notices, notice));
    broker->ledger.newest = answer->cursor;
    answer->has_cursor = true;
    return RO_OK;
}

const struct verb verb_publish = {
    .name = "publish",
    .doors = VERB_AT_MEMBER,
    .brings = VERB_BRINGS_NEWS,
    .ask = &reachout__publish__ask__descriptor,
    .answer = &reachout__publish__answer__descriptor,
    .authorise = authorise,
    .store = store,
};

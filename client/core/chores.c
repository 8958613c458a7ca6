/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync writes by itself: kind words to late answers, receipts that are
 * overdue, asks for what is missing. */
#include "client/core/compose.h"

#include "client/core/drafts.h"
#include "client/core/riding.h"
#include "client/core/sequence.h"

#include <string.h>

/* A gap is asked for on the day it is seen, and again after 1, 2, 4, ... days:
 * an ask waits at the broker as long as what it asks for. */
#define RESEND_AGAIN_S ((int64_t)24 * 3600)
#define RESENDS_MAX 7

static enum ro_status
write_receipts(struct engine *engine,
               const struct ro_member_id *member,
               struct ro_why *why)
{
    RO_AUTOCOMPOSED composed = {0};
    struct drafts drafts = {engine, why, &composed};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Receipts receipts = REACHOUT__RECEIPTS__INIT;
    content.receipt_only = &receipts;
    const struct drafts_target target = {
        .to = DRAFTS_TO_MEMBER, .members = member, .n_members = 1};
    RO_TRY(vault_begin(engine->vault));
    return drafts_finish(&drafts, drafts_add(&drafts, &target, &content));
}

static enum ro_status
pay_receipts(struct engine *engine, struct ro_why *why)
{
    RO_AUTOBUF members = {0};
    RO_TRY(riding_overdue(engine, engine_now_s(engine), &members));
    for (size_t at = 0; at < members.size; at += RO_ID_SIZE) {
        struct ro_member_id member;
        memcpy(member.b, members.data + at, RO_ID_SIZE);
        RO_TRY(write_receipts(engine, &member, why));
    }
    return RO_OK;
}

static enum ro_status
ask_again(struct engine *engine,
          const struct sequence_gap *gap,
          struct ro_why *why)
{
    RO_AUTOCOMPOSED composed = {0};
    struct drafts drafts = {engine, why, &composed};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Resend resend = REACHOUT__RESEND__INIT;
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &gap->seat);
    if (seat == NULL)
        return RO_OK;
    resend.has_thread = resend.has_from = resend.has_to = true;
    resend.thread = (ProtobufCBinaryData){RO_ID_SIZE, NULL};
    struct ro_thread_id thread = gap->thread;
    resend.thread.data = thread.b;
    resend.from = gap->from;
    resend.to = gap->to;
    if (resend.to - resend.from >= RO_RESEND_MAX)
        resend.to = resend.from + RO_RESEND_MAX - 1;
    content.resend = &resend;
    const struct drafts_target target = {
        .to = DRAFTS_TO_MEMBER, .members = &seat->member, .n_members = 1};
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = drafts_add(&drafts, &target, &content);
    if (s == RO_OK)
        s = sequence_asked(engine->vault, gap, engine_now_s(engine));
    return drafts_finish(&drafts, s);
}

static bool
is_due(const struct sequence_gap *gap, int64_t now_s)
{
    if (gap->n_asked == 0)
        return true;
    return gap->n_asked < RESENDS_MAX &&
           gap->asked_s + (RESEND_AGAIN_S << (gap->n_asked - 1)) <= now_s;
}

static enum ro_status
ask_for_gaps(struct engine *engine, struct ro_why *why)
{
    RO_AUTOFREE struct sequence_gap *gaps = NULL;
    size_t n = 0;
    int64_t now_s = engine_now_s(engine);
    RO_TRY(sequence_gaps(engine->vault, &gaps, &n));
    for (size_t i = 0; i < n; i++) {
        if (is_due(&gaps[i], now_s))
            RO_TRY(ask_again(engine, &gaps[i], why));
    }
    return RO_OK;
}

/* What is not needed any more: wraps that the broker has forgotten, ids that
 * cannot come again. */
static enum ro_status
tidy(struct engine *engine)
{
    RO_TRY(outbox_expire(engine));
    return messages_forget(engine->vault, ro_hour_of(engine_past_s(engine)));
}

/* Late answers are looked for among our own requests only. */
static enum ro_status
answer_the_late(struct engine *engine, struct ro_why *why)
{
    RO_AUTOREQUESTS requests = {0};
    RO_TRY(request_rows_all(engine->vault, &requests));
    for (size_t i = 0; i < requests.n; i++) {
        if (ro_member_id_equal(&requests.at[i].asker,
                               &engine->keyring->member_id))
            RO_TRY(compose_late(engine, &requests.at[i].id, why));
    }
    return RO_OK;
}

enum ro_status
compose_chores(struct engine *engine, struct ro_why *why)
{
    RO_TRY(answer_the_late(engine, why));
    RO_TRY(pay_receipts(engine, why));
    RO_TRY(tidy(engine));
    return ask_for_gaps(engine, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync writes by itself: kind words to late answers, receipts that are
 * overdue, asks for what is missing. */
#include "client/core/compose.h"

#include "client/core/drafts.h"
#include "client/core/riding.h"
#include "client/core/sequence.h"

#include <string.h>

/* A gap is asked for once a day. */
#define RESEND_AGAIN_S (24 * 3600)

static enum ro_status
write_receipts(struct engine *engine,
               const struct ro_member_id *member,
               struct ro_why *why)
{
    struct composed composed = {0};
    struct drafts drafts = {engine, why, &composed};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Receipts receipts = REACHOUT__RECEIPTS__INIT;
    content.receipt_only = &receipts;
    const struct drafts_target target = {.to = DRAFTS_TO_MEMBER,
                                         .members = member,
                                         .n_members = 1};
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
    struct composed composed = {0};
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
    content.resend = &resend;
    const struct drafts_target target = {.to = DRAFTS_TO_MEMBER,
                                         .members = &seat->member,
                                         .n_members = 1};
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = drafts_add(&drafts, &target, &content);
    if (s == RO_OK)
        s = sequence_asked(engine->vault, gap, engine_now_s(engine));
    return drafts_finish(&drafts, s);
}

static enum ro_status
ask_for_gaps(struct engine *engine, struct ro_why *why)
{
    RO_AUTOFREE struct sequence_gap *gaps = NULL;
    size_t n = 0;
    int64_t now_s = engine_now_s(engine);
    RO_TRY(sequence_gaps(engine->vault, &gaps, &n));
    for (size_t i = 0; i < n; i++)
        if (gaps[i].asked_s + RESEND_AGAIN_S <= now_s)
            RO_TRY(ask_again(engine, &gaps[i], why));
    return RO_OK;
}

enum ro_status
compose_chores(struct engine *engine, struct ro_why *why)
{
    RO_AUTOREQUESTS requests = {0};
    RO_TRY(request_rows_all(engine->vault, &requests));
    for (size_t i = 0; i < requests.n; i++)
        RO_TRY(compose_late(engine, &requests.at[i].id, why));
    RO_TRY(pay_receipts(engine, why));
    return ask_for_gaps(engine, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/chores.h"

#include "client/core/arriving.h"
#include "client/core/deciding.h"
#include "client/core/drafts.h"
#include "client/core/outbox.h"
#include "client/core/riding.h"
#include "client/core/row.h"
#include "client/core/sequence.h"
#include "client/core/told.h"
#include "client/core/verifying.h"

#include <string.h>

/* A gap is asked for on the day it is seen, and again after 1, 2, 4, ... days:
 * an ask waits at the broker as long as what it asks for. */
#define RESEND_AGAIN_S ((int64_t)24 * 3600)
#define RESENDS_MAX 7
/* Its row of the vault's small things. */
#define TIDIED ro_bytes_text("tidied")

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
        enum ro_status s = verifying_may_send(engine, &member, NULL);
        if (s == RO_KEY_CHANGED) /* due until its key was compared */
            continue;
        RO_TRY(s);
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
    enum ro_status may = verifying_may_send(engine, &seat->member, NULL);
    if (may != RO_OK)
        return may == RO_KEY_CHANGED ? RO_OK : may;
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
    enum ro_status s = told_ask_again(engine, &seat->member);
    if (s == RO_OVER_QUOTA) {
        vault_rollback(engine->vault);
        return RO_OK;
    }
    if (s == RO_OK)
        s = drafts_add(&drafts, &target, &content);
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

/* The hour in which it was tidied last; 0: never. */
static enum ro_status
tidied_in(struct engine *engine, uint32_t *ret_hour)
{
    RO_AUTOBUF value = {0};
    enum ro_status s = vault_get(engine->vault, VAULT_STATE, TIDIED, &value);
    *ret_hour = 0;
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    *ret_hour = row_u32(&row);
    return row_end(&row);
}

/* What is not needed any more: wraps that the broker has forgotten, ids that
 * cannot come again. All of that is by the hour. */
static enum ro_status
tidy(struct engine *engine)
{
    uint32_t hour = ro_hour_of(engine_past_s(engine));
    uint32_t last;
    uint8_t value[4];
    RO_TRY(tidied_in(engine, &last));
    if (hour == last)
        return RO_OK;
    RO_TRY(outbox_expire(engine));
    RO_TRY(outbox_renew(engine));
    RO_TRY(told_forget(engine));
    RO_TRY(arriving_give_up(engine));
    RO_TRY(message_forget(engine->vault, hour));
    ro_set_u32(value, hour);
    const struct vault_place place = {VAULT_STATE, TIDIED, {0}};
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault,
                     vault_put(engine->vault, &place,
                               (struct ro_bytes){value, sizeof(value)}));
}

/* Late answers are looked for among those of our own requests that something
 * came for. A seat that may not write leaves them as they are. */
static enum ro_status
answer_the_late(struct engine *engine, struct ro_why *why)
{
    RO_AUTOBUF touched = {0};
    if (compose_may(engine, RO_PURPOSE_NOT_CHOSEN, NULL) != RO_OK)
        return RO_OK;
    RO_TRY(request_row_touched(engine->vault, &touched));
    for (size_t at = 0; at < touched.size; at += RO_ID_SIZE) {
        struct ro_request_id id;
        memcpy(id.b, touched.data + at, RO_ID_SIZE);
        enum ro_status s = deciding_late(engine, &id, why);
        if (story_is_unreadable(s)) /* and it is looked at again */
            continue;
        RO_TRY(s);
        RO_TRY(request_row_looked_at(engine->vault, &id));
    }
    return RO_OK;
}

enum ro_status
chores_make_good(struct engine *engine)
{
    if (!engine->mirror.is_older)
        return RO_OK;
    engine->mirror.is_older = false;
    return outbox_offer_again(engine);
}

enum ro_status
chores_run(struct engine *engine, struct ro_why *why)
{
    RO_TRY(chores_make_good(engine));
    RO_TRY(answer_the_late(engine, why));
    RO_TRY(pay_receipts(engine, why));
    RO_TRY(tidy(engine));
    return ask_for_gaps(engine, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of what was sent: receipts, asks to send it again, the end. */
#include "client/core/outbox.h"

#include "client/core/attach.h"
#include "client/core/progress.h"
#include "client/core/sealing.h"
#include "client/core/verifying.h"

#include <string.h>

/* --- each row in turn ---------------------------------------------------- */

/* What is done with a row; `user` is what the caller of the walk gave. */
typedef enum ro_status
row_step(struct engine *engine, const struct row_id *row, const void *user);

static enum ro_status
step_rows(struct engine *engine,
          const struct ro_buf *rows,
          row_step *step,
          const void *user)
{
    for (size_t at = 0; at < rows->size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows->data + at, RO_ID_SIZE);
        RO_TRY(step(engine, &row, user));
    }
    return RO_OK;
}

/* Inside a commit. */
static enum ro_status
walk_rows(struct engine *engine, row_step *step, const void *user)
{
    RO_AUTOBUF rows = {0};
    RO_TRY(outgoing_rows(engine->vault, &rows));
    return step_rows(engine, &rows, step, user);
}

/* In a commit of its own, if there are any. */
static enum ro_status
commit_rows(struct engine *engine, row_step *step)
{
    RO_AUTOBUF rows = {0};
    RO_TRY(outgoing_rows(engine->vault, &rows));
    if (rows.size == 0)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault, step_rows(engine, &rows, step, NULL));
}

/* --- what others say of it ----------------------------------------------- */

enum ro_status
outbox_arrived(struct engine *engine,
               const struct ro_seat_id *seat,
               const struct ro_message_id *message)
{
    struct row_id row;
    RO_AUTOOUTGOING outgoing = {0};
    enum ro_status s = message_ours(engine->vault, message, &row);
    if (s == RO_OK)
        s = outgoing_get(engine->vault, &row, &outgoing);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    for (size_t i = 0; i < outgoing.n_to; i++) {
        if (ro_seat_id_equal(&outgoing.to[i].seat, seat))
            outgoing.to[i].state = OUTGOING_ARRIVED;
    }
    size_t left;
    return progress_note(engine, &outgoing, MESSAGE_NOBODY, &left);
}

/* The thread that a wrap of this row counts in. */
static bool
is_in_thread(const struct engine *engine,
             const struct outgoing *outgoing,
             const struct outgoing_to *to,
             const struct ro_thread_id *thread)
{
    struct ro_thread_id derived;
    if (!ro_thread_id_is_zero(&outgoing->thread))
        return ro_thread_id_equal(&outgoing->thread, thread);
    ro_thread_id_of(&outgoing->request, &engine->keyring->member_id,
                    &to->member, &derived);
    return ro_thread_id_equal(&derived, thread);
}

/* What one may cost us by asking: a wrap is sent again a few times, and once a
 * day. Whoever has lost it that often asks a person. */
static bool
may_again(const struct outgoing_to *to,
          const struct outgoing_again *again,
          uint32_t today)
{
    return to->state == OUTGOING_STORED && again->n < OUTBOX_RESENT_MAX &&
           (again->n == 0 || again->day != today);
}

static void
note_again(struct outgoing_to *to, struct outgoing_again *again, uint32_t today)
{
    to->state = OUTGOING_WAITING;
    again->n++;
    again->day = today;
}

static enum ro_status
serve_row(struct engine *engine, const struct row_id *row, const void *user)
{
    const struct outbox_resend *resend = user;
    RO_AUTOOUTGOING outgoing = {0};
    size_t served = 0;
    const uint32_t today = engine_day(engine);
    RO_TRY(outgoing_get(engine->vault, row, &outgoing));
    for (size_t i = 0; i < outgoing.n_to; i++) {
        struct outgoing_to *to = &outgoing.to[i];
        if (!may_again(to, &to->asked, today) ||
            !ro_seat_id_equal(&to->seat, &resend->seat) ||
            to->sequence < resend->from || to->sequence > resend->to ||
            !is_in_thread(engine, &outgoing, to, &resend->thread))
            continue;
        if (outgoing_is_piece(&outgoing) && served == 0)
            RO_TRY(attach_load(engine->vault, &outgoing));
        /* a seat that cannot be sealed to must not keep its own ask, and with
         * it our mailbox, from being taken */
        enum ro_status s = sealing_wrap(engine, &outgoing, to);
        if (s == RO_NO_MEMORY)
            return s;
        if (s != RO_OK)
            continue;
        note_again(to, &to->asked, today);
        served++;
    }
    return served == 0 ? RO_OK : outgoing_put(engine->vault, &outgoing);
}

enum ro_status
outbox_resend(struct engine *engine, const struct outbox_resend *resend)
{
    return walk_rows(engine, serve_row, resend);
}

/* --- a broker that was set back ------------------------------------------ */

/* Wraps are not made again here: what waits for a day that is over is, before
 * it is sent. */
static enum ro_status
offer_row(struct engine *engine, const struct row_id *row, const void *user)
{
    (void)user;
    RO_AUTOOUTGOING outgoing = {0};
    const uint32_t today = engine_day(engine);
    size_t n = 0;
    RO_TRY(outgoing_get(engine->vault, row, &outgoing));
    for (size_t i = 0; i < outgoing.n_to; i++) {
        struct outgoing_to *to = &outgoing.to[i];
        if (!may_again(to, &to->offered, today))
            continue;
        note_again(to, &to->offered, today);
        n++;
    }
    return n == 0 ? RO_OK : outgoing_put(engine->vault, &outgoing);
}

enum ro_status
outbox_offer_again(struct engine *engine)
{
    return commit_rows(engine, offer_row);
}

/* --- what nobody has said to have ---------------------------------------- */

static bool
has_arrived_at(const struct outgoing *outgoing,
               const struct ro_member_id *member)
{
    for (size_t i = 0; i < outgoing->n_to; i++) {
        if (outgoing->to[i].state == OUTGOING_ARRIVED &&
            ro_member_id_equal(&outgoing->to[i].member, member))
            return true;
    }
    return false;
}

/* Whether the i-th wrap has waited so long for a receipt that it, or the
 * receipt, is taken to be lost. */
static bool
is_overdue(struct engine *engine, const struct outgoing *outgoing, size_t i)
{
    const struct outgoing_to *to = &outgoing->to[i];
    return to->whose == OUTGOING_THEIRS && to->state == OUTGOING_STORED &&
           to->renewed.n < OUTBOX_RENEWED_MAX &&
           outgoing->accepted_at_s + (OUTBOX_RENEW_S << to->renewed.n) <=
               engine_past_s(engine) &&
           !has_arrived_at(outgoing, &to->member);
}

/* Chunks give no receipts: they are asked for by their number. */
static enum ro_status
renew_row(struct engine *engine, const struct row_id *row, const void *user)
{
    (void)user;
    RO_AUTOOUTGOING outgoing = {0};
    size_t n = 0;
    RO_TRY(outgoing_get(engine->vault, row, &outgoing));
    if (outgoing.standing != OUTGOING_SEALED || outgoing_is_piece(&outgoing) ||
        outgoing.n_pieces > 0 || outgoing.reader == OUTGOING_FOR_US)
        return RO_OK;
    for (size_t i = 0; i < outgoing.n_to; i++) {
        struct outgoing_to *to = &outgoing.to[i];
        if (!is_overdue(engine, &outgoing, i) ||
            verifying_may_send(engine, &to->member, NULL) != RO_OK)
            continue;
        enum ro_status s = sealing_wrap(engine, &outgoing, to);
        if (s == RO_NO_MEMORY)
            return s;
        if (s != RO_OK) /* gone, or not to be sealed to: it expires */
            continue;
        note_again(to, &to->renewed, engine_day(engine));
        n++;
    }
    return n == 0 ? RO_OK : outgoing_put(engine->vault, &outgoing);
}

enum ro_status
outbox_renew(struct engine *engine)
{
    return commit_rows(engine, renew_row);
}

/* --- what comes to nothing ----------------------------------------------- */

static enum ro_status
expire_row(struct engine *engine, const struct row_id *row, const void *user)
{
    const uint32_t hour = *(const uint32_t *)user;
    RO_AUTOOUTGOING outgoing = {0};
    enum ro_status s = outgoing_get(engine->vault, row, &outgoing);
    if (s == RO_NOT_FOUND) /* a chunk that went with its message */
        return RO_OK;
    RO_TRY(s);
    if (outgoing.standing == OUTGOING_DRAFT || outgoing.expiry_hour > hour ||
        outgoing_is_piece(&outgoing))
        return RO_OK;
    for (size_t i = 0; i < outgoing.n_to; i++) {
        if (outgoing.to[i].state != OUTGOING_ARRIVED)
            outgoing.to[i].state = OUTGOING_FAILED;
    }
    return progress_keep(engine, &outgoing, MESSAGE_UNCOLLECTED);
}

enum ro_status
outbox_expire(struct engine *engine)
{
    const uint32_t hour = ro_hour_of(engine_past_s(engine));
    return walk_rows(engine, expire_row, &hour);
}

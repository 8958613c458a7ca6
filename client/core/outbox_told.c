/* SPDX-License-Identifier: Apache-2.0 */
/* What becomes of what was sent: receipts, asks to send it again, the end. */
#include "client/core/outbox.h"

#include "client/core/attach.h"
#include "client/core/progress.h"
#include "client/core/sealing.h"

#include <string.h>

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
may_serve(const struct outgoing_to *to, uint32_t today)
{
    return to->state == OUTGOING_STORED && to->n_resent < OUTBOX_RESENT_MAX &&
           (to->n_resent == 0 || to->resent_day != today);
}

static enum ro_status
serve_row(struct engine *engine,
          const struct row_id *row,
          const struct outbox_resend *resend)
{
    RO_AUTOOUTGOING outgoing = {0};
    size_t served = 0;
    const uint32_t today = engine_day(engine);
    RO_TRY(outgoing_get(engine->vault, row, &outgoing));
    for (size_t i = 0; i < outgoing.n_to; i++) {
        struct outgoing_to *to = &outgoing.to[i];
        if (!may_serve(to, today) ||
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
        to->state = OUTGOING_WAITING;
        to->n_resent++;
        to->resent_day = today;
        served++;
    }
    return served == 0 ? RO_OK : outgoing_put(engine->vault, &outgoing);
}

enum ro_status
outbox_resend(struct engine *engine, const struct outbox_resend *resend)
{
    RO_AUTOBUF rows = {0};
    RO_TRY(outgoing_rows(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(serve_row(engine, &row, resend));
    }
    return RO_OK;
}

/* --- a broker that was set back ------------------------------------------ */

/* Wraps are not made again here: what waits for a day that is over is, before
 * it is sent. */
static enum ro_status
offer_row(struct engine *engine, const struct row_id *row)
{
    RO_AUTOOUTGOING outgoing = {0};
    const uint32_t today = engine_day(engine);
    size_t n = 0;
    RO_TRY(outgoing_get(engine->vault, row, &outgoing));
    for (size_t i = 0; i < outgoing.n_to; i++) {
        struct outgoing_to *to = &outgoing.to[i];
        if (!may_serve(to, today))
            continue;
        to->state = OUTGOING_WAITING;
        to->n_resent++;
        to->resent_day = today;
        n++;
    }
    return n == 0 ? RO_OK : outgoing_put(engine->vault, &outgoing);
}

static enum ro_status
offer_rows(struct engine *engine, const struct ro_buf *rows)
{
    for (size_t at = 0; at < rows->size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows->data + at, RO_ID_SIZE);
        RO_TRY(offer_row(engine, &row));
    }
    return RO_OK;
}

enum ro_status
outbox_offer_again(struct engine *engine)
{
    RO_AUTOBUF rows = {0};
    RO_TRY(outgoing_rows(engine->vault, &rows));
    if (rows.size == 0)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault, offer_rows(engine, &rows));
}

/* --- what comes to nothing ----------------------------------------------- */

static enum ro_status
expire_row(struct engine *engine, const struct row_id *row, uint32_t hour)
{
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
    RO_AUTOBUF rows = {0};
    uint32_t hour = ro_hour_of(engine_past_s(engine));
    RO_TRY(outgoing_rows(engine->vault, &rows));
    for (size_t at = 0; at < rows.size; at += RO_ID_SIZE) {
        struct row_id row;
        memcpy(row.b, rows.data + at, RO_ID_SIZE);
        RO_TRY(expire_row(engine, &row, hour));
    }
    return RO_OK;
}

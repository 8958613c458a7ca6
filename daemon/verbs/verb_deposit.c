/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb 7: bodies and wraps. Each wrap stands for itself and has a status of
 * its own. Every check is made for every wrap, in the same order, whatever an
 * earlier one said: neither the shape nor the time of a refusal tells whose
 * mailbox it was.
 */
#include <string.h>

#include "frame.pb-c.h"

#include "daemon/verbs/mail.h"
#include "daemon/verbs/verbs.h"

/* A body that came in this frame. */
struct piece {
    struct ro_bytes bytes;
    struct ro_hash hash;
    enum ro_status form; /* whether it fills a bucket */
};

struct pieces {
    struct piece *piece;
    size_t n;
};

static enum ro_status
read_bodies(struct request *req,
            const Reachout__Deposit__Ask *ask,
            struct pieces *ret_pieces)
{
    struct piece *piece =
        ro_arena_take(req->arena, (ask->n_bodies + 1) * sizeof(*piece));
    if (piece == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < ask->n_bodies; i++) {
        piece[i].bytes = ro_field(&ask->bodies[i]);
        piece[i].form = mail_check_body(piece[i].bytes);
        ro_body_hash(piece[i].bytes, &piece[i].hash);
    }
    *ret_pieces = (struct pieces){piece, ask->n_bodies};
    return RO_OK;
}

static const struct piece *
find_piece(const struct pieces *pieces, const struct ro_hash *hash)
{
    for (size_t i = 0; i < pieces->n; i++) {
        if (memcmp(pieces->piece[i].hash.b, hash->b, RO_HASH_SIZE) == 0)
            return &pieces->piece[i];
    }
    return NULL;
}

/* A wrap on its way in. */
struct wrap {
    struct store_envelope put;
    const struct piece *piece; /* its body, if that came in this frame */
    enum ro_status kept;       /* whether the store has its body */
};

static enum ro_status
read_wrap(const Reachout__Deposit__Wrap *from, struct wrap *ret_wrap)
{
    struct store_envelope *put = &ret_wrap->put;
    put->wrap = ro_field(&from->wrap);
    put->day = from->day;
    put->generation = from->generation;
    put->expiry_hour = from->expiry_hour;
    enum ro_status mailbox =
        ro_field_copy(&from->mailbox, put->mailbox.b, RO_ID_SIZE);
    enum ro_status body =
        ro_field_copy(&from->body, put->body_hash.b, RO_HASH_SIZE);
    enum ro_status wrap = mail_check_wrap(put->wrap);
    RO_TRY(mailbox);
    RO_TRY(body);
    return wrap;
}

static enum ro_status
body_outcome(const struct wrap *wrap)
{
    if (wrap->piece != NULL)
        return wrap->piece->form;
    return wrap->kept == RO_OK ? RO_OK : RO_NEED_BODY;
}

/* The first of all outcomes that is not RO_OK; RO_STORE_BROKEN and RO_NO_ROOM
 * come out through the return value. */
static enum ro_status
check_wrap(struct broker *broker,
           const struct pieces *pieces,
           struct wrap *wrap,
           enum ro_status *status)
{
    const struct store_envelope *put = &wrap->put;
    bool live = members_is_live(broker, &put->mailbox);
    wrap->piece = find_piece(pieces, &put->body_hash);
    wrap->kept = store_body_find(broker->store, &put->body_hash);
    if (wrap->kept != RO_OK && wrap->kept != RO_NOT_FOUND)
        return wrap->kept;
    const enum ro_status outcomes[] = {
        *status,
        live ? RO_OK : RO_NO_MAILBOX,
        mail_check_day(broker, put->day),
        mail_check_generation(broker, put->generation),
        mail_check_expiry(broker, put->expiry_hour),
        body_outcome(wrap),
    };
    for (size_t i = RO_LEN(outcomes); i > 0; i--) {
        if (outcomes[i - 1] != RO_OK)
            *status = outcomes[i - 1];
    }
    return RO_OK;
}

/* A wrap costs one envelope and its bytes, a body that is new its bytes: with
 * the first wrap that brings it, the store has it for the next ones. */
static enum ro_status
charge(struct broker *broker, struct session *session, const struct wrap *wrap)
{
    struct credit_amount amount = {1, wrap->put.wrap.size};
    if (wrap->kept == RO_NOT_FOUND && wrap->piece != NULL)
        amount.bytes += wrap->piece->bytes.size;
    return credit_charge_both(&session->credit,
                              verbs_address_credit(broker, session), &amount,
                              broker->turn);
}

/* Nobody can bury a mailbox: what is too much stays with its sender. Counting
 * is work, so who is told of a full one has paid as if it were not. */
static enum ro_status
check_room(struct broker *broker,
           const struct ro_seat_id *mailbox,
           enum ro_status *status)
{
    const struct store_span all = {.mailbox = *mailbox,
                                   .upto = UINT64_MAX >> 1,
                                   .limit = broker->limits.mailbox_envelopes};
    uint64_t n;
    if (*status != RO_OK)
        return RO_OK;
    RO_TRY(store_count(broker->store, &all, &n));
    if (n >= all.limit)
        *status = RO_NO_ROOM;
    return RO_OK;
}

/* One wrap: its own status, or what ends the turn. */
static enum ro_status
take_wrap(struct broker *broker,
          struct request *req,
          const struct pieces *pieces,
          const Reachout__Deposit__Wrap *from,
          enum ro_status *ret_status)
{
    struct wrap wrap = {0};
    enum ro_status status = read_wrap(from, &wrap);
    RO_TRY(check_wrap(broker, pieces, &wrap, &status));
    if (status == RO_OK)
        status = charge(broker, req->session, &wrap);
    RO_TRY(check_room(broker, &wrap.put.mailbox, &status));
    *ret_status = status;
    if (status != RO_OK)
        return RO_OK;
    struct ro_bytes body = {0};
    if (wrap.piece != NULL)
        body = wrap.piece->bytes;
    RO_TRY(mail_keep(broker, &wrap.put, body));
    broker->counts.stored++;
    return RO_OK;
}

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    (void)req;
    return ro_directory_charter(broker->ledger.directory) != NULL
               ? RO_OK
               : RO_NOT_READY;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Deposit__Ask *ask = (const void *)req->ask;
    Reachout__Deposit__Answer *answer = (void *)req->answer;
    size_t room = ask->n_wraps + 1;
    answer->statuses =
        ro_arena_take(req->arena, room * sizeof(*answer->statuses));
    if (answer->statuses == NULL)
        return RO_NO_MEMORY;
    struct pieces pieces;
    RO_TRY(read_bodies(req, ask, &pieces));
    verbs_fill_credit(broker, req->session);
    for (size_t i = 0; i < ask->n_wraps; i++) {
        enum ro_status status;
        RO_TRY(take_wrap(broker, req, &pieces, ask->wraps[i], &status));
        answer->statuses[answer->n_statuses++] = ro_status_wire(status);
    }
    struct credit_amount left = verbs_credit_left(broker, req->session);
    answer->has_credit_envelopes = true;
    answer->credit_envelopes = left.envelopes;
    answer->has_credit_bytes = true;
    answer->credit_bytes = left.bytes;
    return RO_OK;
}

/* The mailboxes of the wraps that were kept. */
static enum ro_status
route(struct broker *broker, struct request *req)
{
    const Reachout__Deposit__Ask *ask = (const void *)req->ask;
    const Reachout__Deposit__Answer *answer = (const void *)req->answer;
    (void)broker;
    req->audience =
        ro_arena_take(req->arena, (ask->n_wraps + 1) * sizeof(*req->audience));
    if (req->audience == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < ask->n_wraps; i++) {
        if (answer->statuses[i] != ro_status_wire(RO_OK))
            continue;
        struct ro_seat_id *mailbox = &req->audience[req->n_audience++];
        RO_TRY(ro_field_copy(&ask->wraps[i]->mailbox, mailbox->b, RO_ID_SIZE));
    }
    return RO_OK;
}

const struct verb verb_deposit = {
    .name = "deposit",
    .doors = VERB_AT_OPEN,
    .brings = VERB_BRINGS_MAIL,
    .ask = &reachout__deposit__ask__descriptor,
    .answer = &reachout__deposit__answer__descriptor,
    .authorise = authorise,
    .store = store,
    .route = route,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb 6: a request to be admitted, paid with a ticket, or the authority's
 * answer, paid with its signature. A request opens the mailbox in which its
 * answer is going to lie.
 */
#include <string.h>

#include "common/wire/rules.h"
#include "frame.pb-c.h"

#include "daemon/verbs/mail.h"
#include "daemon/verbs/verbs.h"

/* What authorise found out. */
struct grant {
    struct store_envelope put;
    struct ro_bytes body;
    struct store_ticket ticket; /* a request's; else zero */
    enum { GRANT_REQUEST, GRANT_ANSWER } kind;
    bool is_again; /* store found the same request there */
};

static enum ro_status
check_mail(struct broker *broker,
           const Reachout__Enrol__Ask *ask,
           struct grant *grant)
{
    grant->body = ro_field(&ask->body);
    grant->put.wrap = ro_field(&ask->wrap);
    grant->put.day = RO_DAY_FALLBACK;
    grant->put.generation = ask->generation;
    grant->put.expiry_hour = ask->expiry_hour;
    RO_TRY(mail_check_body(grant->body));
    RO_TRY(mail_check_wrap(grant->put.wrap));
    RO_TRY(mail_check_generation(broker, ask->generation));
    RO_TRY(mail_check_expiry(broker, ask->expiry_hour));
    ro_body_hash(grant->body, &grant->put.body_hash);
    return RO_OK;
}

/* What makes two requests the same: body, wrap and whose mailbox. */
static void
fingerprint(const struct grant *grant,
            const struct ro_key *mailbox_key,
            struct ro_hash *ret_hash)
{
    const struct ro_bytes parts[] = {
        {grant->put.body_hash.b, RO_HASH_SIZE},
        {mailbox_key->b,         RO_KEY_SIZE },
        grant->put.wrap,
    };
    ro_hash_256(RO_LABEL_ENVELOPE_ID, parts, RO_LEN(parts), ret_hash);
}

/* The mailbox stays open for as long as an answer may come and wait there. */
static uint32_t
close_hour(const struct grant *grant, int64_t end)
{
    uint32_t after_request = grant->put.expiry_hour + RO_EXPIRY_HOURS_MAX;
    uint32_t after_ticket = ro_hour_of(end) + 1;
    return after_request > after_ticket ? after_request : after_ticket;
}

static enum ro_status
check_ticket(struct broker *broker,
             const Reachout__Enrol__Ask *ask,
             struct grant *grant)
{
    Reachout__Ticket *ticket = NULL;
    struct ro_key mailbox_key;
    RO_TRY(ro_field_copy(&ask->mailbox_key, mailbox_key.b, RO_KEY_SIZE));
    RO_TRY(ro_ticket_open(ro_field(&ask->ticket), &broker->ledger.root,
                          broker->time.now_s, broker->ticket, &ticket));
    RO_TRY(ro_field_copy(&ticket->id, grant->ticket.id, RO_ID_SIZE));
    ro_seat_id_of(&mailbox_key, &grant->ticket.mailbox);
    fingerprint(grant, &mailbox_key, &grant->ticket.request);
    grant->ticket.expiry_hour = close_hour(grant, (int64_t)ticket->expires);
    grant->kind = GRANT_REQUEST;
    grant->put.mailbox =
        ro_directory_charter(broker->ledger.directory)->enrolment_mailbox;
    return RO_OK;
}

/* Signed by any one key of the authority, over mailbox, body hash and wrap. */
static enum ro_status
check_signature(struct broker *broker,
                const Reachout__Enrol__Ask *ask,
                struct grant *grant)
{
    struct ro_signature signature;
    uint8_t message[RO_ID_SIZE + RO_HASH_SIZE + RO_WRAP_SIZE];
    RO_TRY(ro_field_copy(&ask->answer_to, grant->put.mailbox.b, RO_ID_SIZE));
    RO_TRY(ro_field_copy(&ask->signature, signature.b, RO_SIGNATURE_SIZE));
    memcpy(message, grant->put.mailbox.b, RO_ID_SIZE);
    memcpy(message + RO_ID_SIZE, grant->put.body_hash.b, RO_HASH_SIZE);
    memcpy(message + RO_ID_SIZE + RO_HASH_SIZE, grant->put.wrap.data,
           RO_WRAP_SIZE);
    grant->kind = GRANT_ANSWER;
    const struct ro_root *root = &broker->ledger.root;
    for (size_t i = 0; i < root->n_keys; i++) {
        if (ro_verify(&root->keys[i], RO_LABEL_ENROL_ANSWER,
                      (struct ro_bytes){message, sizeof(message)},
                      &signature) == RO_OK)
            return RO_OK;
    }
    return RO_BAD_SIGNATURE;
}

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    const Reachout__Enrol__Ask *ask = (const void *)req->ask;
    struct grant *grant = req->grant;
    if (ask->has_ticket == ask->has_signature) {
        return ro_why(&req->why, RO_BAD_FRAME,
                      "either a ticket or a signature");
    }
    RO_TRY(check_mail(broker, ask, grant));
    return ask->has_ticket ? check_ticket(broker, ask, grant)
                           : check_signature(broker, ask, grant);
}

/* Whether this ticket may come in now; RO_OK with `*ret_again` for the same
 * request once more, which is answered and not stored. */
static enum ro_status
check_unused(struct broker *broker, const struct grant *grant, bool *ret_again)
{
    struct store_ticket used;
    enum ro_status s = store_ticket_get(broker->store, grant->ticket.id, &used);
    *ret_again = s == RO_OK;
    if (s != RO_OK)
        return s == RO_NOT_FOUND ? RO_OK : s;
    return memcmp(used.request.b, grant->ticket.request.b, RO_HASH_SIZE) == 0
               ? RO_OK
               : RO_TICKET_USED;
}

static enum ro_status
keep_request(struct broker *broker, struct grant *grant)
{
    RO_TRY(check_unused(broker, grant, &grant->is_again));
    if (grant->is_again) {
        ro_envelope_id_of(&grant->put.mailbox, &grant->put.body_hash,
                          grant->put.wrap, &grant->put.id);
        return RO_OK;
    }
    RO_TRY(mail_keep(broker, &grant->put, grant->body));
    RO_TRY(store_ticket_put(broker->store, &grant->ticket));
    broker->counts.stored++;
    return RO_OK;
}

static enum ro_status
keep_answer(struct broker *broker, struct grant *grant)
{
    enum ro_status s = store_enrol_mailbox(broker->store, &grant->put.mailbox);
    if (s != RO_OK)
        return s == RO_NOT_FOUND ? RO_NO_MAILBOX : s;
    RO_TRY(mail_keep(broker, &grant->put, grant->body));
    broker->counts.stored++;
    return RO_OK;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    struct grant *grant = req->grant;
    Reachout__Enrol__Answer *answer = (void *)req->answer;
    RO_TRY(grant->kind == GRANT_REQUEST ? keep_request(broker, grant)
                                        : keep_answer(broker, grant));
    answer->has_envelope = true;
    answer->envelope =
        ro_as_field((struct ro_bytes){grant->put.id.b, RO_ID_SIZE});
    return RO_OK;
}

static enum ro_status
route(struct broker *broker, struct request *req)
{
    const struct grant *grant = req->grant;
    (void)broker;
    return grant->is_again ? RO_OK : verbs_concern(req, &grant->put.mailbox);
}

const struct verb verb_enrol = {
    .name = "enrol",
    .doors = VERB_AT_OPEN,
    .brings = VERB_BRINGS_MAIL,
    .ask = &reachout__enrol__ask__descriptor,
    .answer = &reachout__enrol__answer__descriptor,
    .grant_size = sizeof(struct grant),
    .authorise = authorise,
    .store = store,
    .route = route,
};

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb 8: deliver a mailbox here from now on, beginning with all that waits.
 * At the member door it is the seat's own; at the open door whoever holds the
 * mailbox's key, shown by a signature that is good on this connection only.
 */
#include "common/crypto/door.h"
#include "common/crypto/seal.h"
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

struct grant {
    struct ro_seat_id mailbox;
};

static enum ro_status
check_key(struct broker *broker, struct request *req, struct grant *grant)
{
    const Reachout__Attach__Ask *ask = (const void *)req->ask;
    struct ro_key key;
    struct ro_signature proof;
    uint8_t message[RO_MAILBOX_PROOF_SIZE];
    RO_TRY(ro_field_copy(&ask->mailbox_key, key.b, RO_KEY_SIZE));
    RO_TRY(ro_field_copy(&ask->proof, proof.b, RO_SIGNATURE_SIZE));
    ro_seat_id_of(&key, &grant->mailbox);
    ro_mailbox_proof_message(&broker->curve, &req->session->curve,
                             &grant->mailbox, message);
    return ro_verify(&key, RO_LABEL_MAILBOX,
                     (struct ro_bytes){message, sizeof(message)}, &proof);
}

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    struct grant *grant = req->grant;
    if (req->door == DOOR_OPEN)
        return check_key(broker, req, grant);
    grant->mailbox = req->session->seat;
    return RO_OK;
}

/* Mailboxes are those of live seats, the authority's for enrolment, and those
 * that an enrolment opened for its answer. */
static enum ro_status
check_mailbox(struct broker *broker, const struct ro_seat_id *mailbox)
{
    const struct ro_directory *directory = broker->ledger.directory;
    const struct ro_charter_view *charter = ro_directory_charter(directory);
    if (charter == NULL)
        return RO_NOT_READY;
    const struct ro_seat_view *seat = ro_directory_seat(directory, mailbox);
    enum ro_status s = store_enrol_mailbox(broker->store, mailbox);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    if (seat != NULL)
        return seat->standing == RO_SEAT_LIVE ? RO_OK : RO_NO_MAILBOX;
    if (ro_seat_id_equal(&charter->enrolment_mailbox, mailbox))
        return RO_OK;
    return s == RO_OK ? RO_OK : RO_NO_MAILBOX;
}

static uint32_t
window_of(const struct broker *broker, const Reachout__Attach__Ask *ask)
{
    uint32_t most = broker->limits.window;
    return ask->has_window && ask->window > 0 && ask->window < most
               ? ask->window
               : most;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Attach__Ask *ask = (const void *)req->ask;
    const struct grant *grant = req->grant;
    Reachout__Attach__Answer *answer = (void *)req->answer;
    RO_TRY(check_mailbox(broker, &grant->mailbox));
    RO_TRY(verbs_count_waiting(broker, &grant->mailbox, &answer->waiting));
    RO_TRY(undo_note(&broker->undo, broker->sessions, &grant->mailbox));
    RO_TRY(sessions_attach(broker->sessions, req->id, &grant->mailbox,
                           window_of(broker, ask)));
    answer->has_waiting = true;
    answer->has_mailbox = true;
    answer->mailbox =
        ro_as_field((struct ro_bytes){grant->mailbox.b, RO_ID_SIZE});
    return RO_OK;
}

static enum ro_status
route(struct broker *broker, struct request *req)
{
    const struct grant *grant = req->grant;
    (void)broker;
    return verbs_concern(req, &grant->mailbox);
}

const struct verb verb_attach = {
    .name = "attach",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .ask = &reachout__attach__ask__descriptor,
    .answer = &reachout__attach__answer__descriptor,
    .grant_size = sizeof(struct grant),
    .authorise = authorise,
    .store = store,
    .route = route,
};

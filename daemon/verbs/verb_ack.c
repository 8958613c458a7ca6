/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Verb 9: what the client has committed; the broker forgets it. Keys that are
 * not there any more are fine: an ack may come twice. What is forgotten no
 * longer counts against the window, so the mailbox is looked at again. A seat
 * at the member door may leave a mirror with it, of which we know the size;
 * with no keys that needs no attached mailbox, and nothing is pushed for it.
 */
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

struct grant {
    struct ro_seat_id mailbox;
    bool has_mirror;
    uint8_t mirror[STORE_MIRROR_SIZE];
};

/* Only seats, of which the directory has so many: whoever comes with a key of
 * his own could leave one for each key that he makes. */
static enum ro_status
authorise_mirror(struct request *req,
                 const Reachout__Ack__Ask *ask,
                 struct grant *grant)
{
    if (!ask->has_mirror)
        return RO_OK;
    RO_TRY(ro_field_copy(&ask->mirror, grant->mirror, STORE_MIRROR_SIZE));
    if (req->door != DOOR_MEMBER) {
        return ro_why(&req->why, RO_NOT_ALLOWED,
                      "a mirror is left at the member door");
    }
    grant->has_mirror = true;
    return RO_OK;
}

/* A mirror and nothing else, of the seat that the member door knows. */
static bool
is_mirror_alone(const struct request *req,
                const Reachout__Ack__Ask *ask,
                const struct grant *grant)
{
    return req->door == DOOR_MEMBER && ask->has_mirror && ask->n_keys == 0 &&
           ro_seat_id_equal(&req->session->seat, &grant->mailbox);
}

static enum ro_status
authorise(struct broker *broker, struct request *req)
{
    const Reachout__Ack__Ask *ask = (const void *)req->ask;
    struct grant *grant = req->grant;
    (void)broker;
    RO_TRY(ro_field_copy(&ask->mailbox, grant->mailbox.b, RO_ID_SIZE));
    if (session_attachment(req->session, &grant->mailbox) == NULL &&
        !is_mirror_alone(req, ask, grant)) {
        return ro_why(&req->why, RO_NOT_ALLOWED,
                      "the mailbox is not attached here");
    }
    return authorise_mirror(req, ask, grant);
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Ack__Ask *ask = (const void *)req->ask;
    const struct grant *grant = req->grant;
    Reachout__Ack__Answer *answer = (void *)req->answer;
    for (size_t i = 0; i < ask->n_keys; i++) {
        enum ro_status s =
            store_envelope_drop(broker->store, &grant->mailbox, ask->keys[i]);
        if (s != RO_OK && s != RO_NOT_FOUND)
            return s;
        broker->counts.acked += s == RO_OK;
    }
    if (grant->has_mirror) {
        RO_TRY(store_mirror_put(broker->store, &grant->mailbox, grant->mirror));
    }
    RO_TRY(verbs_count_waiting(broker, &grant->mailbox, &answer->waiting));
    answer->has_waiting = true;
    return RO_OK;
}

static enum ro_status
route(struct broker *broker, struct request *req)
{
    const struct grant *grant = req->grant;
    (void)broker;
    return verbs_concern(req, &grant->mailbox);
}

const struct verb verb_ack = {
    .name = "ack",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .ask = &reachout__ack__ask__descriptor,
    .answer = &reachout__ack__answer__descriptor,
    .grant_size = sizeof(struct grant),
    .authorise = authorise,
    .store = store,
    .route = route,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Caps, the session, and whether it may speak yet. */
#include <assert.h>

#include "daemon/pipeline/broker_state.h"

static enum session_event
event_of(const struct request *req)
{
    const struct verb *verb = verb_find(req->header.verb);
    return verb != NULL && verb->needs == VERB_NEEDS_NOTHING ? SESSION_LOOKED
                                                             : SESSION_ASKED;
}

static enum ro_status
let_in(struct broker *broker, struct request *req)
{
    switch (broker_session_event(broker, req->session, event_of(req))) {
    case SESSION_LET_PASS:
        return RO_OK;
    case SESSION_REFUSE:
        return RO_NEED_HELLO;
    case SESSION_ACT_NONE:
    case SESSION_END:
    case SESSION_IGNORE:
    case SESSION_ACTS:
        break;
    }
    /* broker_take does not let frames of closing sessions in */
    assert(false);
    return RO_NOT_ALLOWED;
}

enum ro_status
ingress_run(struct broker *broker, struct request *req)
{
    RO_TRY(ro_frame_get(req->frame, &req->header, &req->payload));
    if (req->session == NULL) {
        req->door = DOOR_TIMER;
        return RO_OK;
    }
    req->door = req->session->door;
    const struct outbox_ask asked = {
        .from = req->id,
        .door = req->door,
        .verb = req->header.verb,
        .serial = req->header.serial,
    };
    req->asked = asked;
    RO_TRY(outbox_note(&broker->outbox, &asked));
    /* the turn has no room any more: its end answers everybody */
    if (broker->outcome != RO_OK)
        return broker->outcome;
    if (req->header.kind != RO_FRAME_ASK)
        return ro_why(&req->why, RO_BAD_FRAME, "only asks come in here");
    return let_in(broker, req);
}

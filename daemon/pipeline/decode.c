/* SPDX-License-Identifier: Apache-2.0 */
/* From bytes to the verb's message. */
#include "daemon/pipeline/broker_state.h"

enum ro_status
decode_run(struct broker *broker, struct request *req)
{
    const struct verb *verb = verb_find(req->header.verb);
    /* the timers' own verbs are nobody else's business */
    if (verb == NULL ||
        (verb->doors == VERB_AT_TIMER && req->door != DOOR_TIMER))
        return RO_UNKNOWN_VERB;
    req->verb = verb;
    if (verb->ask == NULL)
        return RO_OK;
    ProtobufCMessage *ask = NULL;
    RO_TRY(ro_unpack(verb->ask, req->payload, broker->ask, &ask));
    req->ask = ask;
    return RO_OK;
}

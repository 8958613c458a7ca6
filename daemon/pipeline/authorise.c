/* SPDX-License-Identifier: Apache-2.0 */
/* Yes or no: this verb, at this door, now, by this peer. Nothing is written. */
#include "daemon/pipeline/broker_state.h"

enum ro_status
authorise_run(struct broker *broker, struct request *req)
{
    const struct verb *verb = req->verb;
    if ((verb->doors & (1u << req->door)) == 0) {
        return ro_why(&req->why, RO_NOT_ALLOWED, "%s is for the other door",
                      verb->name);
    }
    if (verb->brings != VERB_BRINGS_NOTHING &&
        broker->service == BROKER_DRAINING)
        return RO_DRAINING;
    if (verb->brings == VERB_BRINGS_MAIL &&
        store_space(broker->store) == STORE_IS_SHORT)
        return RO_NO_ROOM;
    if (verb->grant_size > 0) {
        req->grant = ro_arena_zero(req->arena, verb->grant_size);
        if (req->grant == NULL)
            return RO_NO_MEMORY;
    }
    return verb->authorise != NULL ? verb->authorise(broker, req) : RO_OK;
}

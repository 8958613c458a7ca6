/* SPDX-License-Identifier: Apache-2.0 */
/* The only stage that writes rows, in the one transaction of the turn. */
#include "daemon/pipeline/broker_state.h"

enum ro_status
store_stage_run(struct broker *broker, struct request *req)
{
    const struct verb *verb = req->verb;
    if (verb->answer != NULL)
        RO_TRY(ro_message_new(verb->answer, req->arena, &req->answer));
    return verb->store != NULL ? verb->store(broker, req) : RO_OK;
}

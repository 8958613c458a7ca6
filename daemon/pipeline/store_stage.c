/* SPDX-License-Identifier: Apache-2.0 */
/* The only stage that writes rows, in the one transaction of the turn. */
#include "daemon/pipeline/broker_state.h"

enum ro_status
store_stage_run(struct broker *broker, struct request *req)
{
    return req->verb->store != NULL ? req->verb->store(broker, req) : RO_OK;
}

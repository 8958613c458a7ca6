/* SPDX-License-Identifier: Apache-2.0 */
/* Which mailboxes have something new now. */
#include "daemon/pipeline/broker_state.h"

enum ro_status
route_run(struct broker *broker, struct request *req)
{
    return req->verb->route != NULL ? req->verb->route(broker, req) : RO_OK;
}

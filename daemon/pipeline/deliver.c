/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Keeps the answer for after the commit, and marks mailboxes. It reads no
 * envelope: what an attach would read now, a deposit later in this very turn
 * would make wrong. push.c reads after the commit.
 */
#include "daemon/pipeline/broker_state.h"

enum ro_status
deliver_run(struct broker *broker, struct request *req)
{
    if (req->answer != NULL) {
        const struct outbox_answer answer = {
            .to = &req->asked,
            .status = RO_OK,
            .time_s = broker->time.now_s,
            .message = req->answer,
        };
        RO_TRY(outbox_put(&broker->outbox, &answer));
    }
    for (size_t i = 0; i < req->n_audience; i++)
        push_mark(broker, &req->audience[i]);
    return RO_OK;
}

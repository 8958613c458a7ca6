/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/egress.h"

void
egress_flush(struct broker *broker,
             struct doorway *doors[EGRESS_DOORS],
             int64_t now_ms)
{
    struct broker_send send;
    while (broker_send_next(broker, &send)) {
        enum ro_status s = door_send(doors[send.door], send.to, send.frame);
        if (s == RO_NO_ROOM) {
            broker_send_failed(broker, send.to);
        } else if (s != RO_OK) {
            broker_session_close(broker, send.to);
        }
    }
    struct session_id session;
    while (broker_gone_next(broker, &session)) {
        for (enum door door = DOOR_MEMBER; door <= DOOR_OPEN; door++)
            door_part(doors[door], session, now_ms + EGRESS_PARTING_MS);
    }
}

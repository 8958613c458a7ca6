/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/net/egress.h"

#include "common/wire/codec.h"

static bool
is_push(struct ro_bytes frame)
{
    struct ro_frame_header header;
    struct ro_bytes payload;
    return ro_frame_get(frame, &header, &payload) == RO_OK &&
           header.kind == RO_FRAME_PUSH;
}

void
egress_flush(struct broker *broker, struct doorway *doors[EGRESS_DOORS])
{
    struct broker_send send;
    while (broker_send_next(broker, &send)) {
        struct doorway *door = doors[send.door];
        enum ro_status s = door_send(door, send.to, send.frame);
        if (s == RO_OK)
            continue;
        if (s == RO_NO_ROOM && !is_push(send.frame))
            door_cut_session(door, send.to);
        broker_send_failed(broker, send.to);
    }
}

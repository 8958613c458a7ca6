/* SPDX-License-Identifier: Apache-2.0 */
/* Inside daemon/verbs: every verb, and what several of them need. */
#ifndef DAEMON_VERBS_VERBS_H
#define DAEMON_VERBS_VERBS_H

#include "daemon/pipeline/broker_state.h"

#define X(number, name) extern const struct verb verb_##name;
#include "daemon/verbs/timers.def"
#include "daemon/verbs/verbs.def"
#undef X

/* Room for lists in an answer besides the header and its other fields. */
#define VERBS_LIST_BYTES (RO_FRAME_LIMIT - RO_FRAME_HEADER_SIZE - 1024)

/* The newest checkpoint as a field of an answer. */
struct verbs_checkpoint {
    protobuf_c_boolean has;
    ProtobufCBinaryData bytes;
};
struct verbs_checkpoint verbs_checkpoint(const struct broker *broker);

/* A copy in the request's arena; its data is NULL without memory. */
ProtobufCBinaryData verbs_copy(const struct request *req,
                               struct ro_bytes bytes);

/* The one mailbox that this request concerns, for route. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status verbs_concern(struct request *req,
                                         const struct ro_seat_id *mailbox);

#endif

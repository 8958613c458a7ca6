/* SPDX-License-Identifier: Apache-2.0 */
/* Inside daemon/verbs: every verb, and what several of them need. */
#ifndef DAEMON_VERBS_VERBS_H
#define DAEMON_VERBS_VERBS_H

#include "daemon/pipeline/broker_state.h"

#define X(number, NAME, name) extern const struct verb verb_##name;
#include "common/wire/verbs.def"
#include "daemon/pipeline/timers.def"
#undef X

/* Room for lists in an answer besides the header and its other fields. */
#define VERBS_LIST_BYTES (RO_FRAME_LIMIT - RO_FRAME_HEADER_SIZE - 1024)

/* A checkpoint as a field of an answer. */
struct verbs_checkpoint {
    protobuf_c_boolean has;
    ProtobufCBinaryData bytes;
};

/* The newest checkpoint, for an answer; absent before the first one. The
 * bytes are the ledger's, valid for the turn. */
struct verbs_checkpoint verbs_checkpoint(const struct broker *broker);

/* Fills a connection's credit if it is due, and what it and its address have
 * left, whichever is less. */
void verbs_fill_credit(struct broker *broker, struct session *session);
struct credit_amount verbs_credit_left(const struct broker *broker,
                                       const struct session *session);

/* The filled credit of a session's address; NULL when there is no such limit,
 * or its address is not known. */
struct credit *verbs_address_credit(struct broker *broker,
                                    const struct session *session);

/* A copy in the request's arena; its data is NULL without memory. */
ProtobufCBinaryData verbs_copy(const struct request *req,
                               struct ro_bytes bytes);

/* Makes one mailbox the audience of a request; for route. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status verbs_concern(struct request *req,
                                         const struct ro_seat_id *mailbox);

#endif

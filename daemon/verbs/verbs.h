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

/* Fills a connection's credit if it is due. */
void verbs_fill_credit(struct broker *broker, struct session *session);

/* What a connection and its address have left, whichever is less. */
struct credit_amount verbs_credit_left(const struct broker *broker,
                                       const struct session *session);

/* The filled credit of a session's address; NULL when there is no such limit,
 * or its address is not known. */
struct credit *verbs_address_credit(struct broker *broker,
                                    const struct session *session);

/* A list of an answer, as long as a frame has room for it. */
struct verbs_list {
    struct ro_arena *arena; /* the request's */
    void *answer;
    size_t left; /* bytes; begins with VERBS_LIST_BYTES */
};

/* Copies the bytes of the list's next item, which needs so many beside them.
 * RO_REFUSED: the list has no room. */
RO_MUST_USE enum ro_status verbs_list_take(struct verbs_list *list,
                                           struct ro_bytes bytes,
                                           size_t extra,
                                           ProtobufCBinaryData *ret_copy);

/* How many envelopes wait in a mailbox, at most BROKER_WAITING_MAX. */
RO_MUST_USE enum ro_status verbs_count_waiting(struct broker *broker,
                                               const struct ro_seat_id *mailbox,
                                               uint64_t *ret_waiting);

/* Makes one mailbox the audience of a request; for route. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status verbs_concern(struct request *req,
                                         const struct ro_seat_id *mailbox);

#endif

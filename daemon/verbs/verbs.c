/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/verbs/verbs.h"

#include <string.h>

const struct verb *
verb_find(uint8_t number)
{
    switch (number) {
#define X(number_, name_)                                                      \
    case (number_):                                                            \
        return &verb_##name_;
#include "daemon/verbs/timers.def"
#include "daemon/verbs/verbs.def"
#undef X
    default:
        return NULL;
    }
}

struct verbs_checkpoint
verbs_checkpoint(const struct broker *broker)
{
    struct ro_bytes bytes = ro_buf_view(&broker->ledger.checkpoint);
    return (struct verbs_checkpoint){
        .has = bytes.size > 0,
        .bytes = ro_as_field(bytes),
    };
}

ProtobufCBinaryData
verbs_copy(const struct request *req, struct ro_bytes bytes)
{
    uint8_t *copy = ro_arena_take(req->arena, bytes.size > 0 ? bytes.size : 1);
    if (copy != NULL && bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    return (ProtobufCBinaryData){.len = bytes.size, .data = copy};
}

enum ro_status
verbs_concern(struct request *req, const struct ro_seat_id *mailbox)
{
    req->audience = ro_arena_take(req->arena, sizeof(*req->audience));
    if (req->audience == NULL)
        return RO_NO_MEMORY;
    req->audience[0] = *mailbox;
    req->n_audience = 1;
    return RO_OK;
}

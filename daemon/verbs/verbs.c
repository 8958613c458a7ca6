/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/verbs/verbs.h"

#include <string.h>

const struct verb *
verb_find(uint8_t number)
{
    switch (number) {
#define X(number_, NAME_, name_)                                               \
    case (number_):                                                            \
        return &verb_##name_;
#include "common/wire/verbs.def"
#include "daemon/pipeline/timers.def"
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

/* --- credit -------------------------------------------------------------- */

void
verbs_fill_credit(struct broker *broker, struct session *session)
{
    const struct credit_amount hourly = {broker->limits.open_envelopes,
                                         broker->limits.open_bytes};
    credit_fill(&session->credit, &hourly, broker->time.now_ms);
}

static bool
counts_address(const struct broker *broker, const struct session *session)
{
    static const struct session_address nowhere;
    return broker->limits.address_envelopes != 0 &&
           memcmp(&session->address, &nowhere, sizeof(nowhere)) != 0;
}

struct credit *
verbs_address_credit(struct broker *broker, const struct session *session)
{
    const struct credit_amount hourly = {broker->limits.address_envelopes,
                                         broker->limits.address_bytes};
    if (!counts_address(broker, session))
        return NULL;
    int64_t now_ms = broker->time.now_ms;
    struct credit *credit =
        addresses_take(broker->addresses, &session->address, now_ms);
    credit_fill(credit, &hourly, now_ms);
    return credit;
}

struct credit_amount
verbs_credit_left(const struct broker *broker, const struct session *session)
{
    struct credit_amount left = session->credit.left;
    if (!counts_address(broker, session))
        return left;
    const struct credit *credit = addresses_find(
        broker->addresses, &session->address, broker->time.now_ms);
    struct credit_amount all = {broker->limits.address_envelopes,
                                broker->limits.address_bytes};
    if (credit != NULL)
        all = credit->left;
    if (all.envelopes < left.envelopes)
        left.envelopes = all.envelopes;
    if (all.bytes < left.bytes)
        left.bytes = all.bytes;
    return left;
}

/* --- answers ------------------------------------------------------------- */

enum ro_status
verbs_list_take(struct verbs_list *list,
                struct ro_bytes bytes,
                size_t extra,
                ProtobufCBinaryData *ret_copy)
{
    if (bytes.size + extra > list->left)
        return RO_REFUSED;
    uint8_t *copy = ro_arena_take(list->arena, bytes.size > 0 ? bytes.size : 1);
    if (copy == NULL)
        return RO_NO_MEMORY;
    if (bytes.size > 0)
        memcpy(copy, bytes.data, bytes.size);
    *ret_copy = (ProtobufCBinaryData){.len = bytes.size, .data = copy};
    list->left -= bytes.size + extra;
    return RO_OK;
}

enum ro_status
verbs_count_waiting(struct broker *broker,
                    const struct ro_seat_id *mailbox,
                    uint64_t *ret_waiting)
{
    const struct store_span all = {*mailbox, 0, UINT64_MAX, BROKER_WAITING_MAX};
    return store_count(broker->store, &all, ret_waiting);
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

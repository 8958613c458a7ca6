/* SPDX-License-Identifier: Apache-2.0 */
/* A proposal in memory and as a file; its checks are in proposal_check.c. */
#include "client/authority/proposal.h"

#include <string.h>

#include "common/crypto/seal.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"

#define KIND "proposal"

struct proposal *
proposal_new(const struct ro_circle_id *circle)
{
    struct proposal *proposal = calloc(1, sizeof(*proposal));
    if (proposal != NULL)
        proposal->circle = *circle;
    return proposal;
}

static void
reply_fini(struct proposal_reply *reply)
{
    ro_buf_fini(&reply->body);
    ro_buf_fini(&reply->wrap);
    free(reply->says);
}

void
proposal_free(struct proposal *proposal)
{
    if (proposal == NULL)
        return;
    for (size_t i = 0; i < proposal->n_records; i++)
        ro_buf_fini(&proposal->records[i].raw);
    for (size_t i = 0; i < proposal->n_replies; i++)
        reply_fini(&proposal->replies[i]);
    free(proposal->records);
    free(proposal->replies);
    free(proposal);
}

bool
proposal_is_ours(Reachout__Signed__Kind kind)
{
    return kind == REACHOUT__SIGNED__KIND__CHARTER ||
           kind == REACHOUT__SIGNED__KIND__LISTING ||
           kind == REACHOUT__SIGNED__KIND__MEMBER ||
           kind == REACHOUT__SIGNED__KIND__REVOCATION;
}

enum ro_status
proposal_add(struct proposal *proposal,
             struct ro_bytes record,
             struct ro_why *why)
{
    RO_AUTOBUF raw = {0};
    struct ro_signed sig;
    if (proposal->n_records == PROPOSAL_RECORDS_MAX ||
        record.size > RO_RECORD_LIMIT)
        return ro_why(why, RO_TOO_LARGE, "more than one file takes");
    ro_buf_put(&raw, record.data, record.size);
    RO_TRY(ro_buf_ok(&raw));
    if (ro_signed_open(ro_buf_view(&raw), &sig) != RO_OK)
        return ro_why(why, RO_BAD_RECORD, "not a signed record");
    if (!proposal_is_ours(sig.kind) &&
        sig.kind != REACHOUT__SIGNED__KIND__SEAT) {
        return ro_why(why, RO_BAD_RECORD,
                      "a record of a kind that an authority does not propose");
    }
    struct proposal_record *more =
        reallocarray(proposal->records, proposal->n_records + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    proposal->records = more;
    more[proposal->n_records++] = (struct proposal_record){raw, sig};
    raw = (struct ro_buf){0};
    return RO_OK;
}

enum ro_status
proposal_add_reply(struct proposal *proposal,
                   const struct proposal_reply *reply,
                   struct ro_why *why)
{
    RO_CLEANUP(reply_fini) struct proposal_reply copy = *reply;
    copy.body = copy.wrap = (struct ro_buf){0};
    copy.says = reply->says == NULL ? NULL : strdup(reply->says);
    if (proposal->n_replies == PROPOSAL_REPLIES_MAX)
        return ro_why(why, RO_TOO_LARGE, "more than one file takes");
    ro_buf_put(&copy.body, reply->body.data, reply->body.size);
    ro_buf_put(&copy.wrap, reply->wrap.data, reply->wrap.size);
    if (reply->says != NULL && copy.says == NULL)
        return RO_NO_MEMORY;
    RO_TRY(ro_buf_ok(&copy.body));
    RO_TRY(ro_buf_ok(&copy.wrap));
    struct proposal_reply *more =
        reallocarray(proposal->replies, proposal->n_replies + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    proposal->replies = more;
    more[proposal->n_replies++] = copy;
    copy.body = copy.wrap = (struct ro_buf){0};
    copy.says = NULL;
    return RO_OK;
}

/* --- reading ------------------------------------------------------------- */

static enum ro_status
read_reply(const Reachout__Proposal__Reply *message,
           struct proposal *proposal,
           struct ro_why *why)
{
    struct proposal_reply reply = {.generation = message->generation,
                                   .expiry_hour = message->expiry_hour,
                                   .says = message->says};
    if (ro_field_copy(&message->answer_to, reply.answer_to.b, RO_ID_SIZE) !=
            RO_OK ||
        message->wrap.len != RO_WRAP_SIZE || message->body.len == 0 ||
        !message->has_generation || !message->has_expiry_hour)
        return ro_why(why, RO_BAD_RECORD, "an answer that is none");
    if (message->has_signature) {
        if (ro_field_copy(&message->signature, reply.signature.b,
                          RO_SIGNATURE_SIZE) != RO_OK)
            return ro_why(why, RO_BAD_RECORD, "an answer's signature is none");
        reply.standing = PROPOSAL_SIGNED;
    }
    /* read only: the list gets copies */
    reply.body =
        (struct ro_buf){.data = message->body.data, .size = message->body.len};
    reply.wrap =
        (struct ro_buf){.data = message->wrap.data, .size = message->wrap.len};
    return proposal_add_reply(proposal, &reply, why);
}

static enum ro_status
take_message(const Reachout__Proposal *message,
             struct ro_why *why,
             struct proposal **ret_proposal)
{
    struct ro_circle_id circle;
    if (ro_field_copy(&message->circle, circle.b, RO_ID_SIZE) != RO_OK)
        return ro_why(why, RO_BAD_RECORD, "names no circle");
    if (message->n_records == 0 && message->n_replies == 0)
        return ro_why(why, RO_BAD_RECORD, "proposes nothing");
    RO_CLEANUP(proposal_freep)
    struct proposal *proposal = proposal_new(&circle);
    if (proposal == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < message->n_records; i++)
        RO_TRY(proposal_add(proposal, ro_field(&message->records[i]), why));
    for (size_t i = 0; i < message->n_replies; i++)
        RO_TRY(read_reply(message->replies[i], proposal, why));
    *ret_proposal = RO_STEAL(proposal);
    return RO_OK;
}

enum ro_status
proposal_read(const char *path,
              struct ro_why *why,
              struct proposal **ret_proposal)
{
    RO_AUTOBUF bytes = {0};
    struct ro_why detail = {.text = "no proposal"};
    ProtobufCMessage *message;
    RO_TRY(ro_armour_read(path, KIND, why, &bytes));
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = ro_unpack(&reachout__proposal__descriptor,
                                 ro_buf_view(&bytes), arena, &message);
    if (s == RO_OK)
        s = take_message((const void *)message, &detail, ret_proposal);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(why, RO_BAD_INPUT, "%s: %s", path, detail.text);
}

/* --- writing ------------------------------------------------------------- */

static void
fill_reply(const struct proposal_reply *reply,
           Reachout__Proposal__Reply *ret_message)
{
    reachout__proposal__reply__init(ret_message);
    ret_message->has_answer_to = ret_message->has_body = true;
    ret_message->has_wrap = ret_message->has_generation = true;
    ret_message->has_expiry_hour = true;
    ret_message->answer_to =
        ro_as_field((struct ro_bytes){reply->answer_to.b, RO_ID_SIZE});
    ret_message->body = ro_as_field(ro_buf_view(&reply->body));
    ret_message->wrap = ro_as_field(ro_buf_view(&reply->wrap));
    ret_message->generation = reply->generation;
    ret_message->expiry_hour = reply->expiry_hour;
    ret_message->has_signature = reply->standing == PROPOSAL_SIGNED;
    ret_message->signature =
        ro_as_field((struct ro_bytes){reply->signature.b, RO_SIGNATURE_SIZE});
    ret_message->says = reply->says;
}

/* What a message being packed points to. */
struct packing {
    struct ro_buf *records;
    size_t n_records;
    ProtobufCBinaryData *fields;
    Reachout__Proposal__Reply *replies;
    Reachout__Proposal__Reply **pointers;
};

static void
packing_fini(struct packing *packing)
{
    for (size_t i = 0; i < packing->n_records; i++)
        ro_buf_fini(&packing->records[i]);
    free(packing->records);
    free(packing->fields);
    free(packing->replies);
    free(packing->pointers);
}

static enum ro_status
lay_out(const struct proposal *proposal, struct packing *packing)
{
    size_t n = proposal->n_records;
    size_t n_replies = proposal->n_replies;
    packing->records = calloc(n + 1, sizeof(*packing->records));
    packing->fields = calloc(n + 1, sizeof(*packing->fields));
    packing->replies = calloc(n_replies + 1, sizeof(*packing->replies));
    packing->pointers = calloc(n_replies + 1, sizeof(void *));
    if (packing->records == NULL || packing->fields == NULL ||
        packing->replies == NULL || packing->pointers == NULL)
        return RO_NO_MEMORY;
    packing->n_records = n;
    for (size_t i = 0; i < n; i++) {
        struct ro_buf *record = &packing->records[i];
        RO_TRY(ro_signed_put(&proposal->records[i].sig, record));
        packing->fields[i] = ro_as_field(ro_buf_view(record));
    }
    for (size_t i = 0; i < n_replies; i++) {
        fill_reply(&proposal->replies[i], &packing->replies[i]);
        packing->pointers[i] = &packing->replies[i];
    }
    return RO_OK;
}

enum ro_status
proposal_write(const struct proposal *proposal,
               const char *path,
               struct ro_why *why)
{
    RO_CLEANUP(packing_fini) struct packing packing = {0};
    RO_AUTOBUF bytes = {0};
    Reachout__Proposal message = REACHOUT__PROPOSAL__INIT;
    RO_TRY(lay_out(proposal, &packing));
    message.has_circle = true;
    message.circle =
        ro_as_field((struct ro_bytes){proposal->circle.b, RO_ID_SIZE});
    message.n_records = proposal->n_records;
    message.records = packing.fields;
    message.n_replies = proposal->n_replies;
    message.replies = packing.pointers;
    RO_TRY(ro_pack(&message.base, &bytes));
    return ro_armour_write(path, KIND, ro_buf_view(&bytes), RO_FILE_SECRET,
                           why);
}

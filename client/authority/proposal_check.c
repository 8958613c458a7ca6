/* SPDX-License-Identifier: Apache-2.0 */
/* What must hold of a proposal, and who has signed it. */
#include "client/authority/proposal.h"

#include <string.h>

#include "common/crypto/seal.h"
#include "common/wire/codec.h"

/* --- bodies -------------------------------------------------------------- */

static const ProtobufCMessageDescriptor *
type_of(Reachout__Signed__Kind kind)
{
    static const struct {
        Reachout__Signed__Kind kind;
        const ProtobufCMessageDescriptor *type;
    } types[] = {
        {REACHOUT__SIGNED__KIND__CHARTER,    &reachout__charter__descriptor      },
        {REACHOUT__SIGNED__KIND__LISTING,    &reachout__listing_block__descriptor},
        {REACHOUT__SIGNED__KIND__MEMBER,     &reachout__member__descriptor       },
        {REACHOUT__SIGNED__KIND__SEAT,       &reachout__seat__descriptor         },
        {REACHOUT__SIGNED__KIND__REVOCATION, &reachout__revocation__descriptor   },
    };
    for (size_t i = 0; i < RO_LEN(types); i++) {
        if (types[i].kind == kind)
            return types[i].type;
    }
    return NULL;
}

static struct proposal_body
open_of(Reachout__Signed__Kind kind, const ProtobufCMessage *message)
{
    const void *any = message;
    if (kind == REACHOUT__SIGNED__KIND__CHARTER) {
        const Reachout__Charter *one = any;
        return (struct proposal_body){message, &one->circle, one->serial};
    }
    if (kind == REACHOUT__SIGNED__KIND__LISTING) {
        const Reachout__ListingBlock *one = any;
        return (struct proposal_body){message, &one->circle, one->serial};
    }
    if (kind == REACHOUT__SIGNED__KIND__MEMBER) {
        const Reachout__Member *one = any;
        return (struct proposal_body){message, &one->circle, one->serial};
    }
    if (kind == REACHOUT__SIGNED__KIND__SEAT) {
        const Reachout__Seat *one = any;
        return (struct proposal_body){message, &one->circle, one->serial};
    }
    const Reachout__Revocation *one = any;
    return (struct proposal_body){message, &one->circle, one->serial};
}

enum ro_status
proposal_body(const struct proposal_record *record,
              struct ro_arena *arena,
              struct proposal_body *ret_body)
{
    const ProtobufCMessageDescriptor *type = type_of(record->sig.kind);
    ProtobufCMessage *message;
    if (type == NULL)
        return RO_BAD_RECORD;
    enum ro_status s = ro_unpack(type, record->sig.body, arena, &message);
    if (s != RO_OK)
        return s == RO_NO_MEMORY ? s : RO_BAD_RECORD;
    *ret_body = open_of(record->sig.kind, message);
    return ret_body->serial > 0 ? RO_OK : RO_BAD_RECORD;
}

/* --- checking ------------------------------------------------------------ */

/* An authority key's signatures, each of which must hold, and none of which
 * may be there twice; too few of them are no mistake. The two signatures of a
 * member that hands over are the directory's to check. */
static enum ro_status
check_signatures(const struct ro_signed *sig, const struct ro_root *root)
{
    struct ro_signed own = {.kind = sig->kind, .body = sig->body};
    const struct ro_signers signers = {root->keys, root->n_keys, 1};
    for (size_t i = 0; i < sig->n_signers; i++) {
        if (sig->signers[i].index < RO_AUTHORITY_KEYS_MAX) {
            own.signers[own.n_signers++] = sig->signers[i];
        } else if (sig->kind != REACHOUT__SIGNED__KIND__MEMBER) {
            return RO_BAD_SIGNATURE;
        }
    }
    return own.n_signers == 0 || ro_signed_check(&own, &signers) == RO_OK
               ? RO_OK
               : RO_BAD_SIGNATURE;
}

static enum ro_status
check_record(const struct proposal_record *record,
             const struct ro_root *root,
             const struct ro_circle_id *circle,
             struct ro_arena *arena)
{
    struct proposal_body body;
    RO_TRY(proposal_body(record, arena, &body));
    if (!ro_bytes_equal(ro_field(body.circle),
                        (struct ro_bytes){circle->b, RO_ID_SIZE}))
        return RO_MISBOUND;
    return proposal_is_ours(record->sig.kind)
               ? check_signatures(&record->sig, root)
               : RO_OK;
}

static enum ro_status
put_reply_message(const struct proposal_reply *reply,
                  struct ro_buf *ret_message)
{
    struct ro_hash body;
    ro_body_hash(ro_buf_view(&reply->body), &body);
    ro_buf_put(ret_message, reply->answer_to.b, RO_ID_SIZE);
    ro_buf_put(ret_message, body.b, RO_HASH_SIZE);
    ro_buf_put(ret_message, reply->wrap.data, reply->wrap.size);
    return ro_buf_ok(ret_message);
}

static enum ro_status
check_reply(const struct proposal_reply *reply, const struct ro_root *root)
{
    RO_AUTOBUF message = {0};
    if (reply->standing == PROPOSAL_UNSIGNED)
        return RO_OK;
    RO_TRY(put_reply_message(reply, &message));
    for (size_t i = 0; i < root->n_keys; i++) {
        if (ro_verify(&root->keys[i], RO_LABEL_ENROL_ANSWER,
                      ro_buf_view(&message), &reply->signature) == RO_OK)
            return RO_OK;
    }
    return RO_BAD_SIGNATURE;
}

static enum ro_status
tell_record(enum ro_status s, size_t i, struct ro_why *why)
{
    if (s == RO_MISBOUND)
        return ro_why(why, RO_BAD_INPUT, "it is another circle's");
    if (s == RO_BAD_SIGNATURE) {
        return ro_why(why, s,
                      "record %zu: a signature on it is not one of an "
                      "authority key of this circle, or is there twice",
                      i + 1);
    }
    if (s == RO_BAD_RECORD)
        return ro_why(why, RO_BAD_INPUT, "record %zu: damaged", i + 1);
    return s;
}

enum ro_status
proposal_check(const struct proposal *proposal,
               const struct ro_root *root,
               struct ro_why *why)
{
    struct ro_circle_id circle;
    ro_circle_id_of(root->keys, root->n_keys, (uint8_t)root->threshold,
                    &circle);
    if (!ro_circle_id_equal(&circle, &proposal->circle))
        return tell_record(RO_MISBOUND, 0, why);
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < proposal->n_records; i++) {
        enum ro_status s =
            check_record(&proposal->records[i], root, &circle, arena);
        if (s != RO_OK)
            return tell_record(s, i, why);
    }
    for (size_t i = 0; i < proposal->n_replies; i++) {
        enum ro_status s = check_reply(&proposal->replies[i], root);
        if (s == RO_BAD_SIGNATURE) {
            return ro_why(why, s, "answer %zu: its signature does not hold",
                          i + 1);
        }
        RO_TRY(s);
    }
    return RO_OK;
}

/* --- signatures ---------------------------------------------------------- */

static bool
has_signed(const struct ro_signed *sig, uint32_t index)
{
    for (size_t i = 0; i < sig->n_signers; i++) {
        if (sig->signers[i].index == index)
            return true;
    }
    return false;
}

/* In the order of the keys, so that the same signatures are the same file. */
static bool
put_signer(struct ro_signed *sig, const struct ro_signer *signer)
{
    if (has_signed(sig, signer->index) || sig->n_signers == RO_SIGNATURES_MAX)
        return false;
    size_t at = sig->n_signers++;
    for (; at > 0 && sig->signers[at - 1].index > signer->index; at--)
        sig->signers[at] = sig->signers[at - 1];
    sig->signers[at] = *signer;
    return true;
}

static bool
sign_record(struct ro_signed *sig, const struct keys *keys)
{
    bool added = false;
    for (uint32_t i = 0; i < RO_AUTHORITY_KEYS_MAX; i++) {
        struct ro_signer signer = {.index = i};
        if (keys->pairs[i] == NULL || has_signed(sig, i))
            continue;
        ro_sign(keys->pairs[i], ro_signed_label(sig->kind), sig->body,
                &signer.signature);
        added |= put_signer(sig, &signer);
    }
    return added;
}

static bool
sign_reply(struct proposal_reply *reply, const struct keys *keys)
{
    RO_AUTOBUF message = {0};
    size_t i = 0;
    while (i < RO_AUTHORITY_KEYS_MAX && keys->pairs[i] == NULL)
        i++;
    if (reply->standing == PROPOSAL_SIGNED || i == RO_AUTHORITY_KEYS_MAX ||
        put_reply_message(reply, &message) != RO_OK)
        return false;
    ro_sign(keys->pairs[i], RO_LABEL_ENROL_ANSWER, ro_buf_view(&message),
            &reply->signature);
    reply->standing = PROPOSAL_SIGNED;
    return true;
}

size_t
proposal_sign(struct proposal *proposal, const struct keys *keys)
{
    size_t n = 0;
    for (size_t i = 0; i < proposal->n_records; i++) {
        struct ro_signed *sig = &proposal->records[i].sig;
        n += proposal_is_ours(sig->kind) && sign_record(sig, keys);
    }
    for (size_t i = 0; i < proposal->n_replies; i++)
        n += sign_reply(&proposal->replies[i], keys);
    return n;
}

static bool
same_body(const struct ro_signed *a, const struct ro_signed *b)
{
    return a->kind == b->kind && ro_bytes_equal(a->body, b->body);
}

static bool
same_reply(const struct proposal_reply *a, const struct proposal_reply *b)
{
    return ro_seat_id_equal(&a->answer_to, &b->answer_to) &&
           a->generation == b->generation && a->expiry_hour == b->expiry_hour &&
           ro_bytes_equal(ro_buf_view(&a->body), ro_buf_view(&b->body)) &&
           ro_bytes_equal(ro_buf_view(&a->wrap), ro_buf_view(&b->wrap));
}

static bool
is_copy(const struct proposal *a, const struct proposal *b)
{
    if (!ro_circle_id_equal(&a->circle, &b->circle) ||
        a->n_records != b->n_records || a->n_replies != b->n_replies)
        return false;
    for (size_t i = 0; i < a->n_records; i++) {
        if (!same_body(&a->records[i].sig, &b->records[i].sig))
            return false;
    }
    for (size_t i = 0; i < a->n_replies; i++) {
        if (!same_reply(&a->replies[i], &b->replies[i]))
            return false;
    }
    return true;
}

enum ro_status
proposal_merge(struct proposal *proposal,
               const struct proposal *copy,
               struct ro_why *why)
{
    if (!is_copy(proposal, copy)) {
        return ro_why(why, RO_BAD_INPUT,
                      "these files are not copies of one proposal");
    }
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct ro_signed *from = &copy->records[i].sig;
        for (size_t k = 0; k < from->n_signers; k++)
            (void)put_signer(&proposal->records[i].sig, &from->signers[k]);
    }
    for (size_t i = 0; i < proposal->n_replies; i++) {
        if (copy->replies[i].standing != PROPOSAL_SIGNED)
            continue;
        proposal->replies[i].standing = PROPOSAL_SIGNED;
        proposal->replies[i].signature = copy->replies[i].signature;
    }
    return RO_OK;
}

static size_t
count_signers(const struct ro_signed *sig)
{
    size_t n = 0;
    for (size_t i = 0; i < sig->n_signers; i++)
        n += sig->signers[i].index < RO_AUTHORITY_KEYS_MAX;
    return n;
}

size_t
proposal_signatures(const struct proposal *proposal)
{
    size_t least = SIZE_MAX;
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct ro_signed *sig = &proposal->records[i].sig;
        if (proposal_is_ours(sig->kind) && count_signers(sig) < least)
            least = count_signers(sig);
    }
    if (least != SIZE_MAX)
        return least;
    for (size_t i = 0; i < proposal->n_replies; i++) {
        if (proposal->replies[i].standing == PROPOSAL_UNSIGNED)
            return 0;
    }
    return proposal->n_replies > 0 ? 1 : 0;
}

bool
proposal_is_complete(const struct proposal *proposal, uint32_t threshold)
{
    for (size_t i = 0; i < proposal->n_records; i++) {
        const struct ro_signed *sig = &proposal->records[i].sig;
        if (proposal_is_ours(sig->kind) && count_signers(sig) < threshold)
            return false;
    }
    for (size_t i = 0; i < proposal->n_replies; i++) {
        if (proposal->replies[i].standing == PROPOSAL_UNSIGNED)
            return false;
    }
    return true;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/signed.h"

#include "common/wire/codec.h"
#include "common/wire/reader.h"

/* Field numbers of Signed and Signature in directory.proto. */
enum { FIELD_KIND = 1, FIELD_BODY = 2, FIELD_SIGNATURES = 3 };
enum { FIELD_SIGNER = 1, FIELD_SIGNATURE = 2 };

/* Which fields were there. */
enum { SEEN_KIND = 1U << 0, SEEN_BODY = 1U << 1 };

static const struct {
    Reachout__Signed__Kind kind;
    enum ro_label label;
} kinds[] = {
    {REACHOUT__SIGNED__KIND__CHARTER,    RO_LABEL_CHARTER   },
    {REACHOUT__SIGNED__KIND__LISTING,    RO_LABEL_LISTING   },
    {REACHOUT__SIGNED__KIND__MEMBER,     RO_LABEL_MEMBER    },
    {REACHOUT__SIGNED__KIND__SEAT,       RO_LABEL_SEAT      },
    {REACHOUT__SIGNED__KIND__REVOCATION, RO_LABEL_REVOCATION},
    {REACHOUT__SIGNED__KIND__BROKER_KEY, RO_LABEL_BROKER_KEY},
    {REACHOUT__SIGNED__KIND__CHECKPOINT, RO_LABEL_CHECKPOINT},
    {REACHOUT__SIGNED__KIND__EPOCH_KEYS, RO_LABEL_EPOCH_KEYS},
    {REACHOUT__SIGNED__KIND__TICKET,     RO_LABEL_TICKET    },
};

enum ro_label
ro_signed_label(Reachout__Signed__Kind kind)
{
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        if (kinds[i].kind == kind)
            return kinds[i].label;
    }
    return RO_LABEL_COUNT;
}

static enum ro_status
open_kind(const struct ro_wire_field *field, struct ro_signed *sig)
{
    if (field->type != RO_WIRE_VARINT || field->value > INT32_MAX)
        return RO_BAD_RECORD;
    sig->kind = (Reachout__Signed__Kind)field->value;
    if (ro_signed_label(sig->kind) == RO_LABEL_COUNT)
        return RO_BAD_RECORD;
    return RO_OK;
}

static enum ro_status
open_signature(struct ro_bytes bytes, struct ro_signer *ret_signer)
{
    struct ro_reader reader = ro_reader_of(bytes);
    struct ro_signer signer = {0};
    unsigned seen = 0;
    while (!ro_reader_is_done(&reader)) {
        struct ro_wire_field field = {0};
        if (ro_reader_next(&reader, &field) != RO_OK)
            return RO_BAD_RECORD;
        if (field.number > FIELD_SIGNATURE || (seen & 1U << field.number) != 0)
            return RO_BAD_RECORD;
        seen |= 1U << field.number;
        if (field.number == FIELD_SIGNER) {
            if (field.type != RO_WIRE_VARINT || field.value > UINT32_MAX)
                return RO_BAD_RECORD;
            signer.index = (uint32_t)field.value;
            continue;
        }
        if (field.bytes.size != RO_SIGNATURE_SIZE)
            return RO_BAD_RECORD;
        memcpy(signer.signature.b, field.bytes.data, RO_SIGNATURE_SIZE);
    }
    if ((seen & 1U << FIELD_SIGNATURE) == 0)
        return RO_BAD_RECORD;
    *ret_signer = signer;
    return RO_OK;
}

static enum ro_status
open_field(const struct ro_wire_field *field,
           struct ro_signed *sig,
           unsigned *seen)
{
    if (field->number == FIELD_KIND) {
        if ((*seen & SEEN_KIND) != 0)
            return RO_BAD_RECORD;
        *seen |= SEEN_KIND;
        return open_kind(field, sig);
    }
    if (field->type != RO_WIRE_BYTES)
        return RO_BAD_RECORD;
    if (field->number == FIELD_BODY) {
        if ((*seen & SEEN_BODY) != 0)
            return RO_BAD_RECORD;
        *seen |= SEEN_BODY;
        sig->body = field->bytes;
        return RO_OK;
    }
    if (field->number != FIELD_SIGNATURES ||
        sig->n_signers == RO_SIGNATURES_MAX)
        return RO_BAD_RECORD;
    return open_signature(field->bytes, &sig->signers[sig->n_signers++]);
}

enum ro_status
ro_signed_open(struct ro_bytes raw, struct ro_signed *ret_signed)
{
    struct ro_reader reader = ro_reader_of(raw);
    struct ro_signed sig = {0};
    unsigned seen = 0;
    while (!ro_reader_is_done(&reader)) {
        struct ro_wire_field field = {0};
        if (ro_reader_next(&reader, &field) != RO_OK)
            return RO_BAD_RECORD;
        RO_TRY(open_field(&field, &sig, &seen));
    }
    if (seen != (SEEN_KIND | SEEN_BODY) || sig.body.size == 0)
        return RO_BAD_RECORD;
    *ret_signed = sig;
    return RO_OK;
}

enum ro_status
ro_signed_put(const struct ro_signed *sig, struct ro_buf *out)
{
    Reachout__Signature parts[RO_SIGNATURES_MAX];
    Reachout__Signature *pointers[RO_SIGNATURES_MAX];
    for (size_t i = 0; i < sig->n_signers; i++) {
        reachout__signature__init(&parts[i]);
        parts[i].has_signer = 1;
        parts[i].signer = sig->signers[i].index;
        parts[i].has_signature = 1;
        parts[i].signature = ro_as_field(
            (struct ro_bytes){sig->signers[i].signature.b, RO_SIGNATURE_SIZE});
        pointers[i] = &parts[i];
    }
    Reachout__Signed whole = REACHOUT__SIGNED__INIT;
    whole.has_kind = 1;
    whole.kind = sig->kind;
    whole.has_body = 1;
    whole.body = ro_as_field(sig->body);
    whole.n_signatures = sig->n_signers;
    whole.signatures = pointers;
    return ro_pack(&whole.base, out);
}

enum ro_status
ro_signed_make(Reachout__Signed__Kind kind,
               struct ro_bytes body,
               const struct ro_signing *signings,
               size_t n_signings,
               struct ro_buf *out)
{
    if (n_signings > RO_SIGNATURES_MAX)
        return RO_BAD_INPUT;
    struct ro_signed sig = {
        .kind = kind, .body = body, .n_signers = n_signings};
    for (size_t i = 0; i < n_signings; i++) {
        sig.signers[i].index = signings[i].index;
        ro_sign(signings[i].pair, signings[i].label, body,
                &sig.signers[i].signature);
    }
    return ro_signed_put(&sig, out);
}

enum ro_status
ro_signed_count(const struct ro_signed *sig, const struct ro_signers *signers)
{
    uint64_t seen = 0;
    for (size_t i = 0; i < sig->n_signers; i++) {
        uint32_t index = sig->signers[i].index;
        if (index >= signers->n_keys || index >= RO_SIGNATURES_MAX)
            return RO_NO_RIGHT;
        if ((seen & UINT64_C(1) << index) != 0)
            return RO_NO_RIGHT;
        seen |= UINT64_C(1) << index;
    }
    return sig->n_signers >= signers->threshold && sig->n_signers > 0
               ? RO_OK
               : RO_NO_RIGHT;
}

enum ro_status
ro_signed_check(const struct ro_signed *sig, const struct ro_signers *signers)
{
    RO_TRY(ro_signed_count(sig, signers));
    enum ro_label label = ro_signed_label(sig->kind);
    for (size_t i = 0; i < sig->n_signers; i++) {
        const struct ro_signer *signer = &sig->signers[i];
        RO_TRY(ro_verify(&signers->keys[signer->index], label, sig->body,
                         &signer->signature));
    }
    return RO_OK;
}

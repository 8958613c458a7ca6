/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/admission.h"

#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

#define SEAT_SIGNATURES (1 + RO_SEAT_KEYS)

/* One bit for a role. */
#define BIT(role) (1U << REACHOUT__ROLE__##role)

static const struct {
    Reachout__MemberKind kind;
    unsigned roles;
} fitting[] = {
    {REACHOUT__MEMBER_KIND__SCHOOL,
     BIT(LEAD) | BIT(DELEGATE) | BIT(OFFICE) | BIT(CHAIR) | BIT(AUDITOR)        },
    {REACHOUT__MEMBER_KIND__COORDINATORS, BIT(COORDINATOR) | BIT(AUDITOR)       },
    {REACHOUT__MEMBER_KIND__SOURCE,       BIT(SOURCE_SEAT) | BIT(AUDITOR)       },
    {REACHOUT__MEMBER_KIND__TRUST,        BIT(LEAD) | BIT(OFFICE) | BIT(AUDITOR)},
    {REACHOUT__MEMBER_KIND__LA,           BIT(LEAD) | BIT(OFFICE) | BIT(AUDITOR)},
};

bool
ro_admission_fits(Reachout__MemberKind kind, Reachout__Role role)
{
    if (role < REACHOUT__ROLE__LEAD || role > REACHOUT__ROLE__AUDITOR)
        return false;
    for (size_t i = 0; i < RO_LEN(fitting); i++) {
        if (fitting[i].kind == kind)
            return (fitting[i].roles & 1U << role) != 0;
    }
    return false;
}

static enum ro_status
check_school(const struct ro_admission *admission, struct ro_why *why)
{
    if (admission->urn == NULL || *admission->urn == 0)
        return ro_why(why, RO_BAD_RECORD, "urn: missing");
    if (admission->name != NULL)
        return ro_why(why, RO_BAD_RECORD, "name: a school's is in its listing");
    return RO_OK;
}

static enum ro_status
check_other(const struct ro_admission *admission, struct ro_why *why)
{
    struct ro_why detail = {.text = ""};
    if (admission->urn != NULL)
        return ro_why(why, RO_BAD_RECORD, "urn: only schools have one");
    if (admission->name == NULL || admission->name[0] == '\0')
        return ro_why(why, RO_BAD_RECORD, "name: missing");
    if (ro_text_check(ro_bytes_text(admission->name), RO_TEXT_LINE,
                      RO_NAME_LIMIT, &detail) != RO_OK)
        return ro_why(why, RO_BAD_RECORD, "name: %.200s", detail.text);
    return RO_OK;
}

enum ro_status
ro_admission_check(const struct ro_admission *admission, struct ro_why *why)
{
    if (admission->kind < REACHOUT__MEMBER_KIND__SCHOOL ||
        admission->kind > REACHOUT__MEMBER_KIND__LA)
        return ro_why(why, RO_BAD_RECORD, "kind: missing or unknown");
    if (admission->home_urn != NULL &&
        admission->kind != REACHOUT__MEMBER_KIND__COORDINATORS) {
        return ro_why(why, RO_BAD_RECORD,
                      "home_urn: only coordinators have one");
    }
    return admission->kind == REACHOUT__MEMBER_KIND__SCHOOL
               ? check_school(admission, why)
               : check_other(admission, why);
}

const char *
ro_seat_key_name(size_t i)
{
    static const char *const names[RO_SEAT_KEYS] = {
        "signing_key", "sealing_key", "fallback_key", "transport_key"};
    return names[i];
}

/* The keys from `first` on also in their X25519 form, which is where one that
 * is not sound shows. */
static enum ro_status
read_keys(const Reachout__Seat *seat,
          size_t first,
          struct ro_why *why,
          struct ro_seat_keys *ret_keys)
{
    const ProtobufCBinaryData *fields[RO_SEAT_KEYS] = {
        &seat->signing_key, &seat->sealing_key, &seat->fallback_key,
        &seat->transport_key};
    for (size_t i = 0; i < RO_SEAT_KEYS; i++) {
        struct ro_key *key = &ret_keys->ed25519[i];
        if (ro_field_copy(fields[i], key->b, RO_KEY_SIZE) != RO_OK ||
            (i >= first &&
             ro_key_to_x25519(key, &ret_keys->x25519[i]) != RO_OK)) {
            return ro_why(why, RO_BAD_RECORD, "%s: not a sound key",
                          ro_seat_key_name(i));
        }
    }
    return RO_OK;
}

static enum ro_status
check_signers(const struct ro_signed *sig, struct ro_why *why)
{
    if (sig->kind != REACHOUT__SIGNED__KIND__SEAT)
        return ro_why(why, RO_BAD_RECORD, "kind: not a seat certificate");
    if (sig->n_signers != SEAT_SIGNATURES)
        return ro_why(why, RO_BAD_RECORD, "signatures: not five");
    for (size_t i = 0; i < sig->n_signers; i++) {
        if (sig->signers[i].index != 0)
            return ro_why(why, RO_BAD_RECORD, "signer: not 0");
    }
    return RO_OK;
}

static enum ro_status
check_fields(const Reachout__Seat *seat, struct ro_why *why)
{
    if (seat->circle.len != RO_ID_SIZE)
        return ro_why(why, RO_BAD_RECORD, "circle: missing");
    if (!seat->has_serial || seat->serial == 0)
        return ro_why(why, RO_BAD_RECORD, "serial: missing");
    if (seat->member.len != RO_ID_SIZE)
        return ro_why(why, RO_BAD_RECORD, "member: not 16 bytes");
    if (!seat->has_role || seat->role < REACHOUT__ROLE__LEAD ||
        seat->role > REACHOUT__ROLE__AUDITOR)
        return ro_why(why, RO_BAD_RECORD, "role: missing or unknown");
    if (!seat->has_made_at || seat->made_at % RO_DAY_S != 0)
        return ro_why(why, RO_BAD_RECORD, "made_at: not a whole day");
    return RO_OK;
}

static enum ro_status
read_seat(const struct ro_signed *sig,
          struct ro_arena *arena,
          struct ro_why *why,
          Reachout__Seat **ret_seat)
{
    ProtobufCMessage *base = NULL;
    RO_TRY(check_signers(sig, why));
    enum ro_status s = ro_unpack_as(RO_BAD_RECORD, &reachout__seat__descriptor,
                                    sig->body, arena, &base);
    if (s == RO_BAD_RECORD)
        return ro_why(why, s, "body: not a Seat");
    RO_TRY(s);
    Reachout__Seat *seat = (Reachout__Seat *)base;
    RO_TRY(check_fields(seat, why));
    *ret_seat = seat;
    return RO_OK;
}

enum ro_status
ro_seat_read(const struct ro_signed *sig,
             struct ro_arena *arena,
             struct ro_why *why,
             Reachout__Seat **ret_seat,
             struct ro_seat_keys *ret_keys)
{
    RO_TRY(read_seat(sig, arena, why, ret_seat));
    return read_keys(*ret_seat, 0, why, ret_keys);
}

enum ro_status
ro_seat_read_trusted(const struct ro_signed *sig,
                     struct ro_arena *arena,
                     struct ro_why *why,
                     Reachout__Seat **ret_seat,
                     struct ro_seat_keys *ret_keys)
{
    RO_TRY(read_seat(sig, arena, why, ret_seat));
    return read_keys(*ret_seat, RO_SEAT_KEY_TRANSPORT, why, ret_keys);
}

enum ro_status
ro_seat_prove(const struct ro_signed *sig,
              const struct ro_key *member_key,
              const struct ro_seat_keys *keys,
              struct ro_why *why)
{
    static const enum ro_label labels[RO_SEAT_KEYS] = {
        RO_LABEL_SEAT_COUNTER, RO_LABEL_SEAT_SEALING, RO_LABEL_SEAT_FALLBACK,
        RO_LABEL_SEAT_TRANSPORT};
    if (ro_verify(member_key, RO_LABEL_SEAT, sig->body,
                  &sig->signers[0].signature) != RO_OK) {
        return ro_why(why, RO_BAD_SIGNATURE,
                      "signatures: not the member key's");
    }
    for (size_t i = 0; i < RO_SEAT_KEYS; i++) {
        if (ro_verify(&keys->ed25519[i], labels[i], sig->body,
                      &sig->signers[1 + i].signature) != RO_OK) {
            return ro_why(why, RO_BAD_SIGNATURE, "%s: no proof of possession",
                          ro_seat_key_name(i));
        }
    }
    return RO_OK;
}

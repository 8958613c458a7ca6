/* SPDX-License-Identifier: Apache-2.0 */
/* What is opened before it is in any directory: tickets and certificates. */
#include "common/crypto/seal.h"
#include "common/wire/admission.h"
#include "common/wire/codec.h"
#include "common/wire/directory_inside.h"
#include "common/wire/rules.h"

static enum ro_status
check_ticket(const Reachout__Ticket *ticket, const struct ro_root *root)
{
    struct ro_circle_id circle;
    ro_circle_id_of(root->keys, root->n_keys, (uint8_t)root->threshold,
                    &circle);
    if (!ro_bytes_equal(ro_field(&ticket->circle),
                        (struct ro_bytes){circle.b, RO_ID_SIZE}))
        return RO_BAD_TICKET;
    if (ticket->id.len != RO_ID_SIZE || !ticket->has_expires ||
        ticket->expires > INT64_MAX || !ticket->has_role)
        return RO_BAD_TICKET;
    if (ticket->has_replaces && ticket->replaces.len != RO_ID_SIZE)
        return RO_BAD_TICKET;
    struct ro_admission who = {
        .kind = ticket->has_kind ? ticket->kind
                                 : REACHOUT__MEMBER_KIND__MEMBER_NONE,
        .urn = ticket->has_urn ? &ticket->urn : NULL,
        .name = ticket->name,
        .home_urn = ticket->has_home_urn ? &ticket->home_urn : NULL,
    };
    if (ro_admission_check(&who, NULL) != RO_OK ||
        !ro_admission_fits(who.kind, ticket->role))
        return RO_BAD_TICKET;
    return RO_OK;
}

enum ro_status
ro_ticket_open(struct ro_bytes raw,
               const struct ro_root *root,
               int64_t now_s,
               struct ro_arena *arena,
               Reachout__Ticket **ret_ticket)
{
    struct ro_signed sig = {0};
    if (raw.size > RO_TICKET_LIMIT || ro_signed_open(raw, &sig) != RO_OK)
        return RO_BAD_TICKET;
    if (sig.kind != REACHOUT__SIGNED__KIND__TICKET || sig.n_signers != 1)
        return RO_BAD_TICKET;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_unpack_as(RO_BAD_TICKET, &reachout__ticket__descriptor, sig.body,
                        arena, &base));
    Reachout__Ticket *ticket = (Reachout__Ticket *)base;
    RO_TRY(check_ticket(ticket, root));
    /* One key of the authority is enough to invite, k of n admit. */
    struct ro_signers any = {
        .keys = root->keys, .n_keys = root->n_keys, .threshold = 1};
    if (ro_signed_check(&sig, &any) != RO_OK)
        return RO_BAD_TICKET;
    if (now_s >= (int64_t)ticket->expires)
        return RO_TICKET_EXPIRED;
    *ret_ticket = ticket;
    return RO_OK;
}

/* One key for each purpose, and no key's negative for another, which has the
 * same X25519 form; the log would refuse it later, when the member is in it
 * already. */
static bool
are_distinct(const struct ro_key *member_key, const struct ro_seat_keys *keys)
{
    for (size_t i = 0; i < RO_SEAT_KEYS; i++) {
        if (ro_dir_key_same(&keys->ed25519[i], member_key))
            return false;
        for (size_t k = 0; k < i; k++) {
            if (ro_dir_key_same(&keys->ed25519[i], &keys->ed25519[k]))
                return false;
        }
    }
    return true;
}

enum ro_status
ro_seat_open(struct ro_bytes raw,
             const struct ro_key *member_key,
             struct ro_arena *arena,
             Reachout__Seat **ret_seat)
{
    struct ro_signed sig = {0};
    struct ro_seat_keys keys;
    Reachout__Seat *seat = NULL;
    if (raw.size > RO_MEMBER_RECORD_LIMIT)
        return RO_BAD_RECORD;
    RO_TRY(ro_signed_open(raw, &sig));
    RO_TRY(ro_seat_read(&sig, arena, NULL, &seat, &keys));
    if (!are_distinct(member_key, &keys))
        return RO_BAD_RECORD;
    RO_TRY(ro_seat_prove(&sig, member_key, &keys, NULL));
    *ret_seat = seat;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Revocations: by the authority, of seats and members; or by a member key, of
 * its own seats. The record does not name its signer. The authority's rule is
 * tried first; where one signature could be either's, it alone tells whose it
 * is, so that one is verified even in RO_REPLAY_TRUST.
 */
#include <string.h>

#include "common/wire/directory_inside.h"

/* The seats and members of one record, found and live. */
struct revoked {
    const Reachout__Revocation *message;
    struct ro_dir_member *owner; /* of all the seats, or NULL if several */
};

static struct ro_seat_view *
find_seat(struct ro_directory *directory, const ProtobufCBinaryData *field)
{
    struct ro_seat_id id;
    if (ro_field_copy(field, id.b, RO_ID_SIZE) != RO_OK)
        return NULL;
    uint32_t place = ro_index_find(&directory->seat_of_id, id.b);
    return place != RO_INDEX_NONE ? &directory->seats[place] : NULL;
}

static struct ro_dir_member *
find_member(struct ro_directory *directory, const ProtobufCBinaryData *field)
{
    struct ro_member_id id;
    if (ro_field_copy(field, id.b, RO_ID_SIZE) != RO_OK)
        return NULL;
    return ro_dir_find_member(directory, &id);
}

/* Whether an id of a list is there twice. Both lists are short: a record has
 * room for some 3,400 ids, checked once a record. */
static enum ro_status
check_once(const struct ro_dir_step *step,
           const ProtobufCBinaryData *ids,
           size_t n_ids,
           struct ro_index *seen)
{
    RO_TRY(ro_index_reserve(seen, n_ids));
    for (size_t i = 0; i < n_ids; i++) {
        if (ids[i].len != RO_ID_SIZE)
            return ro_why(step->why, RO_BAD_RECORD, "id: not 16 bytes");
        if (ro_index_find(seen, ids[i].data) != RO_INDEX_NONE)
            return ro_why(step->why, RO_BAD_RECORD, "id: there twice");
        ro_index_put(seen, ids[i].data, 0);
    }
    return RO_OK;
}

static enum ro_status
check_seats(const struct ro_dir_step *step, struct revoked *revoked)
{
    const Reachout__Revocation *message = revoked->message;
    struct ro_directory *directory = step->directory;
    for (size_t i = 0; i < message->n_seats; i++) {
        const struct ro_seat_view *seat =
            find_seat(directory, &message->seats[i]);
        if (seat == NULL || seat->standing != RO_SEAT_LIVE)
            return ro_why(step->why, RO_BAD_RECORD, "seats: not a live seat");
        struct ro_dir_member *owner =
            ro_dir_find_member(directory, &seat->member);
        if (i == 0) {
            revoked->owner = owner;
        } else if (revoked->owner != owner) {
            revoked->owner = NULL;
        }
    }
    return RO_OK;
}

static enum ro_status
check_members(const struct ro_dir_step *step,
              const Reachout__Revocation *message)
{
    for (size_t i = 0; i < message->n_members; i++) {
        const struct ro_dir_member *member =
            find_member(step->directory, &message->members[i]);
        if (member == NULL || member->view.standing != RO_MEMBER_LIVE) {
            return ro_why(step->why, RO_BAD_RECORD,
                          "members: not a live member");
        }
    }
    return RO_OK;
}

static enum ro_status
check_targets(const struct ro_dir_step *step, struct revoked *revoked)
{
    const Reachout__Revocation *message = revoked->message;
    if (message->n_seats == 0 && message->n_members == 0)
        return ro_why(step->why, RO_BAD_RECORD, "seats, members: none");
    RO_CLEANUP(ro_index_fini) struct ro_index seen;
    ro_index_init(&seen, RO_ID_SIZE);
    RO_TRY(check_once(step, message->seats, message->n_seats, &seen));
    RO_TRY(check_once(step, message->members, message->n_members, &seen));
    RO_TRY(check_seats(step, revoked));
    return check_members(step, message);
}

/* Whether the form allows that the owner of the seats signed. */
static bool
may_be_owner(const struct ro_dir_step *step, const struct revoked *revoked)
{
    return revoked->owner != NULL && revoked->message->n_members == 0 &&
           step->sig->n_signers == 1 && step->sig->signers[0].index == 0;
}

/* Who signed: sets `*ret_signer` to the owner, or NULL for the authority. */
static enum ro_status
find_signer(const struct ro_dir_step *step,
            const struct revoked *revoked,
            struct ro_dir_member **ret_signer)
{
    const struct ro_root *root = &step->directory->root;
    struct ro_signers authority = {.keys = root->keys,
                                   .n_keys = root->n_keys,
                                   .threshold = root->threshold};
    *ret_signer = NULL;
    if (step->replaying->how == RO_REPLAY_DRAFT || !may_be_owner(step, revoked))
        return ro_dir_authority(step);
    if (ro_signed_check(step->sig, &authority) == RO_OK)
        return RO_OK;
    if (ro_verify(&revoked->owner->view.key, RO_LABEL_REVOCATION,
                  step->sig->body, &step->sig->signers[0].signature) != RO_OK) {
        return ro_why(step->why, RO_BAD_SIGNATURE,
                      "signatures: neither the authority's nor the member's");
    }
    *ret_signer = revoked->owner;
    return RO_OK;
}

static void
revoke_seat(struct ro_directory *directory, struct ro_seat_view *seat)
{
    if (seat == NULL || seat->standing != RO_SEAT_LIVE)
        return;
    struct ro_dir_member *owner = ro_dir_find_member(directory, &seat->member);
    seat->standing = RO_SEAT_REVOKED;
    if (owner != NULL)
        owner->view.n_live--;
}

static void
remove_member(struct ro_directory *directory, struct ro_dir_member *member)
{
    if (member == NULL)
        return;
    if (member->view.standing == RO_MEMBER_LIVE)
        ro_dir_free_who(directory, member);
    member->view.standing = RO_MEMBER_REMOVED;
    struct ro_seat_view *seat = directory->seats;
    for (size_t i = 0; seat != NULL && i < directory->n_seats; i++, seat++) {
        if (ro_member_id_equal(&seat->member, &member->view.id))
            revoke_seat(directory, seat);
    }
}

/* All of them were found before; this does not fail. */
static void
revoke(struct ro_directory *directory, const Reachout__Revocation *message)
{
    for (size_t i = 0; i < message->n_seats; i++)
        revoke_seat(directory, find_seat(directory, &message->seats[i]));
    for (size_t i = 0; i < message->n_members; i++)
        remove_member(directory, find_member(directory, &message->members[i]));
}

enum ro_status
ro_dir_revocation(const struct ro_dir_step *step)
{
    struct ro_directory *directory = step->directory;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_dir_unpack(step, &reachout__revocation__descriptor, &base));
    struct revoked revoked = {.message = (const Reachout__Revocation *)base};
    struct ro_dir_opening opening = {&revoked.message->circle,
                                     revoked.message->has_serial,
                                     revoked.message->serial};
    RO_TRY(ro_dir_circle(step, &opening));
    RO_TRY(check_targets(step, &revoked));
    struct ro_dir_member *signer = NULL;
    RO_TRY(find_signer(step, &revoked, &signer));
    uint64_t last = signer != NULL ? signer->serial : directory->serial;
    RO_TRY(ro_dir_open(step, &opening, last));
    if (signer != NULL)
        RO_TRY(ro_dir_quota(step, signer));

    revoke(directory, revoked.message);
    if (signer != NULL) {
        ro_dir_charge(step, signer, revoked.message->serial);
    } else {
        directory->serial = revoked.message->serial;
    }
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Seats and members that belong to the circle no longer. */
#include "client/authority/revoke.h"

#include "client/authority/asking.h"
#include "client/authority/complete.h"
#include "client/authority/fetching.h"
#include "client/authority/find.h"
#include "client/authority/log.h"
#include "client/authority/rotation.h"
#include "client/authority/seatless.h"
#include "client/authority/signing.h"
#include "common/wire/codec.h"

enum ro_status
authority_revocation_sign(struct authority *authority,
                          const struct authority_revoked *revoked,
                          struct ro_why *why,
                          struct ro_buf *ret_record)
{
    RO_AUTOBUF body = {0};
    Reachout__Revocation message = REACHOUT__REVOCATION__INIT;
    RO_AUTOFREE ProtobufCBinaryData *ids =
        calloc(revoked->n_seats + revoked->n_members + 1, sizeof(*ids));
    if (ids == NULL)
        return RO_NO_MEMORY;
    message.has_circle = message.has_serial = true;
    message.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    message.serial = revoked->serial;
    message.seats = ids;
    while (message.n_seats < revoked->n_seats) {
        ids[message.n_seats] = ro_as_field(
            (struct ro_bytes){revoked->seats[message.n_seats].b, RO_ID_SIZE});
        message.n_seats++;
    }
    message.members = ids + message.n_seats;
    while (message.n_members < revoked->n_members) {
        message.members[message.n_members] = ro_as_field((struct ro_bytes){
            revoked->members[message.n_members].b, RO_ID_SIZE});
        message.n_members++;
    }
    RO_TRY(ro_pack(&message.base, &body));
    return authority_sign(authority, REACHOUT__SIGNED__KIND__REVOCATION,
                          ro_buf_view(&body), why, ret_record);
}

/* --- by name ------------------------------------------------------------- */

/* A revocation under way. */
struct revoking {
    const struct authority_revoking *names;
    struct authority_revoked *revoked;
};

static bool
is_there(const struct authority_revoked *revoked, const struct ro_member_id *id)
{
    for (size_t i = 0; i < revoked->n_members; i++) {
        if (ro_member_id_equal(&revoked->members[i], id))
            return true;
    }
    return false;
}

static enum ro_status
find_members(const struct authority *authority,
             const struct authority_revoking *names,
             struct ro_why *why,
             struct authority_revoked *revoked)
{
    for (size_t i = 0; i < names->n_members; i++) {
        const struct ro_member_view *member = NULL;
        RO_TRY(
            authority_find_member(authority, &names->members[i], why, &member));
        if (!is_there(revoked, &member->id))
            revoked->members[revoked->n_members++] = member->id;
    }
    return RO_OK;
}

static enum ro_status
find_seats(const struct authority *authority,
           const struct authority_revoking *names,
           struct ro_why *why,
           struct authority_revoked *revoked)
{
    for (size_t i = 0; i < names->n_seats; i++) {
        struct ro_seat_id id;
        bool known = false;
        RO_TRY(authority_find_seat(authority, NULL, names->seats[i], why, &id));
        for (size_t k = 0; k < revoked->n_seats; k++)
            known |= ro_seat_id_equal(&revoked->seats[k], &id);
        if (!known)
            revoked->seats[revoked->n_seats++] = id;
    }
    return RO_OK;
}

/* Whether all of them are revoked by now, by a round before this one. */
static bool
is_revoked(const struct authority *authority,
           const struct authority_revoked *revoked)
{
    for (size_t i = 0; i < revoked->n_seats; i++) {
        const struct ro_seat_view *seat =
            ro_directory_seat(authority->directory, &revoked->seats[i]);
        if (seat == NULL || seat->standing == RO_SEAT_LIVE)
            return false;
    }
    for (size_t i = 0; i < revoked->n_members; i++) {
        const struct ro_member_view *member =
            ro_directory_member(authority->directory, &revoked->members[i]);
        if (member == NULL || member->standing == RO_MEMBER_LIVE)
            return false;
    }
    return true;
}

static enum ro_status
publish_revocation(struct authority *authority, void *user, struct ro_why *why)
{
    struct revoking *revoking = user;
    struct authority_revoked *revoked = revoking->revoked;
    RO_AUTOBUF record = {0};
    RO_TRY(authority_log_ready(authority, why));
    if (revoked->n_seats + revoked->n_members > 0 &&
        is_revoked(authority, revoked))
        return RO_OK;
    revoked->n_seats = revoked->n_members = 0;
    RO_TRY(find_members(authority, revoking->names, why, revoked));
    RO_TRY(find_seats(authority, revoking->names, why, revoked));
    revoked->serial = authority_log_serial(authority);
    RO_TRY(authority_revocation_sign(authority, revoked, why, &record));
    const struct ro_bytes bytes = ro_buf_view(&record);
    return authority_append(authority, &bytes, 1, why);
}

static enum ro_status
take_over(struct authority *authority, struct ro_why *why)
{
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(authority_generation_settle(authority, why));
    return authority_generation_take_over(authority, why);
}

static enum ro_status
note_seatless(struct authority *authority,
              const struct authority_revoked *revoked)
{
    for (size_t i = 0; i < revoked->n_seats; i++) {
        RO_TRY(authority_seatless_note(authority->directory, &revoked->seats[i],
                                       &authority->seatless));
    }
    return RO_OK;
}

enum ro_status
authority_revoke(struct authority *authority,
                 const struct authority_revoking *names,
                 struct ro_why *why)
{
    RO_AUTOFREE struct authority_revoked *revoked = calloc(1, sizeof(*revoked));
    struct revoking revoking = {.names = names, .revoked = revoked};
    if (revoked == NULL)
        return RO_NO_MEMORY;
    if (names->n_members > AUTHORITY_REVOKE_MAX ||
        names->n_seats > AUTHORITY_REVOKE_MAX) {
        return ro_why(why, RO_USAGE, "at most %d at once",
                      AUTHORITY_REVOKE_MAX);
    }
    if (names->whose == AUTHORITY_TAKE_OVER)
        RO_TRY(take_over(authority, why));
    if (names->n_members + names->n_seats > 0) {
        RO_TRY(
            authority_complete(authority, publish_revocation, &revoking, why));
        RO_TRY(note_seatless(authority, revoked));
    } else {
        RO_TRY(authority_log_catch_up(authority, why));
        RO_TRY(authority_log_ready(authority, why));
    }
    return authority_rotation_go_on(authority, ROTATION_FROM_REMOVAL, why);
}

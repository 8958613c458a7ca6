/* SPDX-License-Identifier: Apache-2.0 */
/* Members and their seats. */
#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/text.h"
#include "common/crypto/seal.h"
#include "common/wire/admission.h"
#include "common/wire/directory_inside.h"

/* The places of a seat's keys in struct ro_seat_keys. */
enum { SIGNING, SEALING, FALLBACK, TRANSPORT };

static enum ro_status
check_id(const struct ro_dir_step *step,
         const Reachout__Member *message,
         const struct ro_key *key,
         struct ro_member_id *ret_id)
{
    struct ro_member_id id;
    struct ro_member_id stated;
    ro_member_id_of(&step->directory->circle, key, &id);
    if (ro_field_copy(&message->member, stated.b, RO_ID_SIZE) != RO_OK ||
        !ro_member_id_equal(&id, &stated))
        return ro_why(step->why, RO_BAD_RECORD, "member: not its key's id");
    RO_TRY(ro_dir_key_unused(step, key, "key"));
    *ret_id = id;
    return RO_OK;
}

static enum ro_status
check_urn(const struct ro_dir_step *step, uint32_t urn, const char *name)
{
    if (ro_directory_listing(step->directory, urn) == NULL) {
        return ro_why(step->why, RO_BAD_RECORD, "%s: %u has no listing", name,
                      urn);
    }
    return RO_OK;
}

enum ro_status
ro_dir_check_who(const struct ro_dir_step *step,
                 const Reachout__Member *message,
                 const struct ro_dir_member *self)
{
    struct ro_admission who = {
        .kind = message->has_kind ? message->kind
                                  : REACHOUT__MEMBER_KIND__MEMBER_NONE,
        .urn = message->has_urn ? &message->urn : NULL,
        .name = message->name,
        .home_urn = message->has_home_urn ? &message->home_urn : NULL,
    };
    RO_TRY(ro_admission_check(&who, step->why));
    if (who.home_urn != NULL)
        RO_TRY(check_urn(step, *who.home_urn, "home_urn"));
    if (who.urn == NULL)
        return RO_OK;
    RO_TRY(check_urn(step, *who.urn, "urn"));
    const struct ro_member_view *there =
        ro_directory_member_by_urn(step->directory, *who.urn);
    if (there != NULL && there->standing == RO_MEMBER_LIVE &&
        (self == NULL || there != &self->view)) {
        return ro_why(step->why, RO_BAD_RECORD, "urn: %u is a member already",
                      *who.urn);
    }
    return RO_OK;
}

/* --- members of a school ------------------------------------------------- */

/* A school of which no member is left to name; an index has no removal. */
#define NOBODY (RO_INDEX_NONE - 1)

uint32_t
ro_dir_of_urn(const struct ro_directory *directory, uint32_t urn)
{
    uint32_t place = ro_index_find(&directory->member_of_urn, &urn);
    return place == NOBODY ? RO_INDEX_NONE : place;
}

enum ro_status
ro_dir_reserve_urn(struct ro_directory *directory)
{
    RO_TRY(ro_index_reserve(&directory->freed_of_urn, 1));
    return ro_index_reserve(&directory->member_of_urn, 1);
}

/* A URN that was never free has a place in the index, too, so that freeing it
 * needs no room. */
static uint32_t
freed_at(struct ro_directory *directory, const uint32_t *urn)
{
    uint32_t record = ro_index_find(&directory->freed_of_urn, urn);
    if (record != RO_INDEX_NONE)
        return record;
    ro_index_put(&directory->freed_of_urn, urn, 0);
    return 0;
}

void
ro_dir_free_who(struct ro_directory *directory,
                const struct ro_dir_member *member)
{
    if (member->view.kind == REACHOUT__MEMBER_KIND__SCHOOL) {
        ro_index_put(&directory->freed_of_urn, &member->view.urn,
                     (uint32_t)directory->n_records + 1);
    } else {
        directory->names[member->name].until = directory->n_records + 1;
    }
}

void
ro_dir_link_urn(struct ro_directory *directory, struct ro_dir_member *member)
{
    const uint32_t *urn = &member->view.urn;
    member->view.who_since = directory->n_records + 1;
    member->view.who_freed = freed_at(directory, urn);
    member->older_of_urn = ro_dir_of_urn(directory, *urn);
    ro_index_put(&directory->member_of_urn, urn,
                 (uint32_t)(member - directory->members));
}

void
ro_dir_unlink_urn(struct ro_directory *directory,
                  const struct ro_dir_member *member)
{
    /* it is live, so it is the newest: no other was let in beside it */
    assert(&directory->members[ro_dir_of_urn(directory, member->view.urn)] ==
           member);
    ro_index_put(&directory->member_of_urn, &member->view.urn,
                 member->older_of_urn == RO_INDEX_NONE ? NOBODY
                                                       : member->older_of_urn);
    ro_dir_free_who(directory, member);
}

/* --- names of the others ------------------------------------------------- */

enum ro_status
ro_dir_reserve_name(struct ro_directory *directory)
{
    void *rows =
        ro_dir_grown(directory->names, &directory->names_room,
                     directory->n_names + 1, sizeof(*directory->names));
    if (rows == NULL)
        return RO_NO_MEMORY;
    directory->names = rows;
    return RO_OK;
}

/* The record by which another member of its kind had that name last, or one
 * that looks like it: the one that is being read while it still has it, 0 if
 * none ever had. No rule of validity: it says whom to doubt. */
static uint64_t
borne_until(const struct ro_directory *directory,
            const struct ro_dir_member *member,
            const char *text)
{
    uint64_t last = 0;
    assert(text != NULL);
    const uint32_t self = (uint32_t)(member - directory->members);
    for (size_t i = 0; i < directory->n_names; i++) {
        const struct ro_dir_name *name = &directory->names[i];
        const uint64_t until =
            name->until == 0 ? directory->n_records + 1 : name->until;
        if (name->member != self && until > last &&
            directory->members[name->member].view.kind == member->view.kind &&
            ro_text_alike(name->text, text))
            last = until;
    }
    return last;
}

void
ro_dir_name_take(struct ro_directory *directory,
                 struct ro_dir_member *member,
                 char *text)
{
    if (member->view.name != NULL)
        ro_dir_free_who(directory, member);
    member->name = (uint32_t)directory->n_names++;
    directory->names[member->name] = (struct ro_dir_name){
        .text = text, .member = (uint32_t)(member - directory->members)};
    member->view.name = text;
    member->view.named_at = directory->n_records + 1;
    member->view.who_since = directory->n_records + 1;
    member->view.who_freed = borne_until(directory, member, text);
}

/* --- a member ------------------------------------------------------------ */

static enum ro_status
reserve_member(struct ro_directory *directory)
{
    void *rows =
        ro_dir_grown(directory->members, &directory->members_room,
                     directory->n_members + 1, sizeof(*directory->members));
    if (rows == NULL)
        return RO_NO_MEMORY;
    directory->members = rows;
    RO_TRY(ro_index_reserve(&directory->member_of_id, 1));
    RO_TRY(ro_dir_reserve_urn(directory));
    RO_TRY(ro_dir_reserve_name(directory));
    return ro_index_reserve(&directory->keys, 1);
}

/* `own_name` is that of a member without a school, and taken. */
static void
put_member(struct ro_directory *directory,
           const struct ro_dir_member *row,
           char *own_name)
{
    uint32_t place = (uint32_t)directory->n_members++;
    struct ro_dir_member *there = &directory->members[place];
    *there = *row;
    there->older_of_urn = RO_INDEX_NONE;
    ro_index_put(&directory->member_of_id, row->view.id.b, place);
    ro_dir_key_put(directory, &row->view.key, RO_DIR_OF_MEMBER);
    if (row->view.kind == REACHOUT__MEMBER_KIND__SCHOOL) {
        ro_dir_link_urn(directory, there);
    } else {
        ro_dir_name_take(directory, there, own_name);
    }
}

/* The member that a record names, if the log has it. */
static struct ro_dir_member *
find_stated(const struct ro_directory *directory,
            const Reachout__Member *message)
{
    struct ro_member_id id;
    if (ro_field_copy(&message->member, id.b, RO_ID_SIZE) != RO_OK)
        return NULL;
    return ro_dir_find_member(directory, &id);
}

enum ro_status
ro_dir_member(const struct ro_dir_step *step)
{
    struct ro_directory *directory = step->directory;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_dir_unpack(step, &reachout__member__descriptor, &base));
    const Reachout__Member *message = (const Reachout__Member *)base;
    struct ro_dir_opening opening = {&message->circle, message->has_serial,
                                     message->serial};
    RO_TRY(ro_dir_open(step, &opening, directory->serial));
    struct ro_dir_member *known = find_stated(directory, message);
    if (known != NULL)
        return ro_dir_amend(step, message, known);
    RO_TRY(ro_dir_check_who(step, message, NULL));
    struct ro_dir_member row = {
        .view = {.kind = message->kind,
                 .urn = message->urn,
                 .home_urn = message->home_urn,
                 .since = directory->n_records + 1,
                 .named_at = directory->n_records + 1,
                 .key_since = directory->n_records + 1,
                 .standing = RO_MEMBER_LIVE}
    };
    RO_TRY(ro_dir_key(step, &message->key, "key", &row.view.key));
    RO_TRY(check_id(step, message, &row.view.key, &row.view.id));
    RO_TRY(ro_dir_authority(step));

    RO_TRY(reserve_member(directory));
    char *own_name = NULL;
    if (message->kind == REACHOUT__MEMBER_KIND__SCHOOL) {
        row.view.name = ro_directory_listing(directory, message->urn)->name;
    } else {
        own_name = strdup(message->name);
        if (own_name == NULL)
            return RO_NO_MEMORY;
    }
    put_member(directory, &row, own_name);
    directory->serial = message->serial;
    return RO_OK;
}

/* Whether the i-th key stands under another name before. */
static enum ro_status
check_differs(const struct ro_dir_step *step,
              const struct ro_seat_keys *keys,
              size_t i)
{
    for (size_t k = 0; k < i; k++) {
        if (ro_dir_key_same(&keys->ed25519[i], &keys->ed25519[k])) {
            return ro_why(step->why, RO_KEY_REUSED, "%s: is %s too",
                          ro_seat_key_name(i), ro_seat_key_name(k));
        }
    }
    return RO_OK;
}

/* All four keys new, and none of them twice. */
static enum ro_status
check_seat_keys(const struct ro_dir_step *step, const struct ro_seat_keys *keys)
{
    for (size_t i = 0; i < RO_SEAT_KEYS; i++) {
        RO_TRY(ro_dir_key_unused(step, &keys->ed25519[i], ro_seat_key_name(i)));
        RO_TRY(check_differs(step, keys, i));
    }
    return RO_OK;
}

static enum ro_status
check_right(const struct ro_dir_step *step,
            const struct ro_dir_member *member,
            Reachout__Role role)
{
    if (member == NULL || member->view.standing != RO_MEMBER_LIVE)
        return ro_why(step->why, RO_NO_RIGHT, "member: not one of this circle");
    if (!ro_admission_fits(member->view.kind, role))
        return ro_why(step->why, RO_NO_RIGHT, "role: not for such a member");
    if (member->view.n_live >= RO_SEATS_MAX) {
        return ro_why(step->why, RO_OVER_QUOTA, "member: has %d seats already",
                      RO_SEATS_MAX);
    }
    return RO_OK;
}

static enum ro_status
reserve_seat(struct ro_directory *directory)
{
    void *rows =
        ro_dir_grown(directory->seats, &directory->seats_room,
                     directory->n_seats + 1, sizeof(*directory->seats));
    if (rows == NULL)
        return RO_NO_MEMORY;
    directory->seats = rows;
    RO_TRY(ro_index_reserve(&directory->seat_of_id, 1));
    RO_TRY(ro_index_reserve(&directory->seat_of_curve, 1));
    return ro_index_reserve(&directory->keys, RO_SEAT_KEYS);
}

static void
put_seat(struct ro_directory *directory,
         struct ro_dir_member *member,
         Reachout__Role role,
         const struct ro_seat_keys *keys)
{
    uint32_t place = (uint32_t)directory->n_seats++;
    struct ro_seat_view *seat = &directory->seats[place];
    *seat = (struct ro_seat_view){.member = member->view.id,
                                  .role = role,
                                  .signing = keys->ed25519[SIGNING],
                                  .sealing_ed25519 = keys->ed25519[SEALING],
                                  .fallback_ed25519 = keys->ed25519[FALLBACK],
                                  .transport = keys->x25519[TRANSPORT],
                                  .since = directory->n_records + 1,
                                  .standing = RO_SEAT_LIVE};
    ro_seat_id_of(&seat->signing, &seat->id);
    ro_index_put(&directory->seat_of_id, seat->id.b, place);
    ro_index_put(&directory->seat_of_curve, seat->transport.b, place);
    for (size_t i = 0; i < RO_SEAT_KEYS; i++)
        ro_dir_key_put(directory, &keys->ed25519[i], RO_DIR_OF_MEMBER);
    member->view.n_live++;
}

enum ro_status
ro_dir_seat(const struct ro_dir_step *step)
{
    struct ro_directory *directory = step->directory;
    Reachout__Seat *message = NULL;
    struct ro_seat_keys keys = {0};
    RO_TRY((step->replaying->how == RO_REPLAY_TRUST ? ro_seat_read_trusted
                                                    : ro_seat_read)(
        step->sig, directory->arena, step->why, &message, &keys));
    struct ro_member_id id;
    RO_TRY(ro_field_copy(&message->member, id.b, RO_ID_SIZE));
    struct ro_dir_member *member = ro_dir_find_member(directory, &id);
    struct ro_dir_opening opening = {&message->circle, message->has_serial,
                                     message->serial};
    RO_TRY(ro_dir_open(step, &opening, member != NULL ? member->serial : 0));
    RO_TRY(check_right(step, member, message->role));
    RO_TRY(ro_dir_quota(step, member));
    RO_TRY(check_seat_keys(step, &keys));
    if (step->replaying->how != RO_REPLAY_TRUST)
        RO_TRY(ro_seat_prove(step->sig, &member->view.key, &keys, step->why));

    RO_TRY(reserve_seat(directory));
    put_seat(directory, member, message->role, &keys);
    ro_dir_charge(step, member, message->serial);
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who belongs to the circle, seat by seat: what is named when somebody is to
 * be removed. */
#include "client/authority/inside.h"

#include <stdlib.h>

#include "client/authority/fetching.h"
#include "client/authority/log.h"
#include "client/authority/names.h"
#include "common/wire/codec.h"

/* When the certificates of a log were made. */
struct days {
    int64_t *of_record; /* by number, from 1; 0: it is no certificate */
    size_t room;
    size_t n;
    struct ro_arena *arena;
};

static void
days_fini(struct days *days)
{
    free(days->of_record);
    ro_arena_free(days->arena);
}

static void
note_record(struct ro_bytes record, void *user)
{
    struct days *days = user;
    struct ro_signed sig;
    ProtobufCMessage *message;
    if (++days->n >= days->room || ro_signed_open(record, &sig) != RO_OK ||
        sig.kind != REACHOUT__SIGNED__KIND__SEAT ||
        ro_unpack(&reachout__seat__descriptor, sig.body, days->arena,
                  &message) != RO_OK)
        return;
    const Reachout__Seat *seat = (const void *)message;
    days->of_record[days->n] =
        seat->made_at > INT64_MAX ? INT64_MAX : (int64_t)seat->made_at;
}

static enum ro_status
note_days(const struct authority *authority, struct days *days)
{
    days->room = (size_t)ro_directory_size(authority->directory) + 1;
    days->of_record = calloc(days->room, sizeof(*days->of_record));
    days->arena = ro_arena_new(0, 0);
    if (days->of_record == NULL || days->arena == NULL)
        return RO_NO_MEMORY;
    authority_log_each(authority, note_record, days);
    return RO_OK;
}

void
authority_roster_fini(struct authority_roster *roster)
{
    free(roster->seats);
    free(roster->members);
    *roster = (struct authority_roster){0};
}

static enum ro_status
make_room(const struct ro_directory *directory, struct authority_roster *roster)
{
    size_t seats = 0;
    size_t members = 0;
    while (ro_directory_nth_seat(directory, seats) != NULL)
        seats++;
    while (ro_directory_nth_member(directory, members) != NULL)
        members++;
    roster->seats = calloc(seats + 1, sizeof(*roster->seats));
    roster->members = calloc(members + 1, sizeof(*roster->members));
    return roster->seats == NULL || roster->members == NULL ? RO_NO_MEMORY
                                                            : RO_OK;
}

static void
add_seats(const struct ro_directory *directory,
          const struct days *days,
          struct authority_roster *roster)
{
    const struct ro_seat_view *seat;
    for (size_t i = 0; (seat = ro_directory_nth_seat(directory, i)) != NULL;
         i++) {
        roster->seats[roster->n_seats++] = (struct authority_roster_seat){
            .id = seat->id,
            .member = seat->member,
            .role = authority_role_word(seat->role),
            .made_at_s =
                seat->since < days->room ? days->of_record[seat->since] : 0,
            .standing = seat->standing == RO_SEAT_LIVE ? AUTHORITY_STANDS
                                                       : AUTHORITY_ENDED,
        };
    }
}

static void
add_members(const struct ro_directory *directory,
            struct authority_roster *roster)
{
    const struct ro_member_view *member;
    for (size_t i = 0; (member = ro_directory_nth_member(directory, i)) != NULL;
         i++) {
        roster->members[roster->n_members++] = (struct authority_roster_member){
            .id = member->id,
            .kind = authority_kind_word(member->kind),
            .urn = member->urn,
            .name = member->name,
            .standing = member->standing == RO_MEMBER_LIVE ? AUTHORITY_STANDS
                                                           : AUTHORITY_ENDED,
        };
    }
}

/* A list to look at needs no broker, once it was asked. */
static enum ro_status
catch_up(struct authority *authority,
         struct ro_why *why,
         struct authority_roster *roster)
{
    if (authority_is_apart(authority))
        return RO_OK;
    enum ro_status s = authority_log_sync(authority, why);
    if (s != RO_UNREACHABLE ||
        ro_directory_charter(authority->directory) == NULL)
        return s;
    roster->age = AUTHORITY_AS_IT_WAS;
    return RO_OK;
}

enum ro_status
authority_roster(struct authority *authority,
                 struct ro_why *why,
                 struct authority_roster *ret_roster)
{
    RO_CLEANUP(days_fini) struct days days = {0};
    RO_CLEANUP(authority_roster_fini) struct authority_roster roster = {0};
    RO_TRY(catch_up(authority, why, &roster));
    RO_TRY(authority_log_ready(authority, why));
    RO_TRY(note_days(authority, &days));
    RO_TRY(make_room(authority->directory, &roster));
    add_seats(authority->directory, &days, &roster);
    add_members(authority->directory, &roster);
    *ret_roster = roster;
    roster = (struct authority_roster){0};
    return RO_OK;
}

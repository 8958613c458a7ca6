/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/recipients.h"

#include "common/wire/codec.h"

#include <errno.h>
#include <string.h>

void
recipients_fini(struct recipients *recipients)
{
    free(recipients->members);
    *recipients = (struct recipients){0};
}

enum ro_status
recipients_add(struct recipients *recipients, const struct ro_member_id *member)
{
    for (size_t i = 0; i < recipients->n_members; i++) {
        if (ro_member_id_equal(&recipients->members[i], member))
            return RO_OK;
    }
    if (recipients->n_members == recipients->room) {
        size_t room = recipients->room == 0 ? 16 : recipients->room * 2;
        struct ro_member_id *more =
            reallocarray(recipients->members, room, sizeof(*more));
        if (more == NULL)
            return RO_NO_MEMORY;
        recipients->members = more;
        recipients->room = room;
    }
    recipients->members[recipients->n_members++] = *member;
    return RO_OK;
}

/* --- which members an audience names ------------------------------------- */

static bool
in_group(const struct engine *engine,
         const struct ro_circle_conf *conf,
         const char *group,
         const struct ro_member_view *member)
{
    const struct ro_listing_view *listing =
        ro_directory_listing(engine->directory, member->urn);
    if (member->kind != REACHOUT__MEMBER_KIND__SCHOOL || listing == NULL)
        return false;
    const struct ro_listing_facts facts = {listing->urn, listing->phase,
                                           listing->type, listing->la_code,
                                           listing->trust};
    return ro_circle_conf_in_group(conf, group, &facts);
}

static bool
is_named(const struct engine *engine,
         const struct ro_circle_conf *conf,
         const Reachout__Audience *audience,
         const struct ro_member_view *member)
{
    if (audience->group != NULL)
        return in_group(engine, conf, audience->group, member);
    if (audience->has_coordinators && audience->coordinators)
        return member->kind == REACHOUT__MEMBER_KIND__COORDINATORS;
    return audience->member.len == RO_ID_SIZE &&
           memcmp(audience->member.data, member->id.b, RO_ID_SIZE) == 0;
}

enum ro_status
recipients_resolve(struct engine *engine,
                   const Reachout__Audience *audience,
                   const struct ro_member_id *speaker,
                   struct ro_why *why,
                   struct recipients *recipients)
{
    const struct ro_circle_conf *conf;
    const struct ro_member_view *member;
    RO_TRY(engine_conf(engine, why, &conf));
    if (audience->group != NULL &&
        ro_circle_conf_find_group(conf, audience->group, why) != RO_OK)
        return RO_BAD_INPUT;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL;
         i++) {
        if (member->standing == RO_MEMBER_LIVE && member->n_live > 0 &&
            !ro_member_id_equal(&member->id, speaker) &&
            is_named(engine, conf, audience, member))
            RO_TRY(recipients_add(recipients, &member->id));
    }
    return RO_OK;
}

/* --- reading what people write ------------------------------------------- */

static enum ro_status
name_member(const struct ro_member_view *member,
            struct ro_arena *arena,
            Reachout__Audience *ret_audience)
{
    uint8_t *id = ro_arena_take(arena, RO_ID_SIZE);
    if (id == NULL)
        return RO_NO_MEMORY;
    memcpy(id, member->id.b, RO_ID_SIZE);
    ret_audience->has_member = true;
    ret_audience->member = (ProtobufCBinaryData){RO_ID_SIZE, id};
    return RO_OK;
}

static enum ro_status
parse_urn(const struct engine *engine,
          const char *text,
          struct ro_why *why,
          const struct ro_member_view **ret_member)
{
    char *end;
    errno = 0;
    unsigned long urn = strtoul(text, &end, 10);
    if (errno != 0 || *text < '0' || *text > '9' || *end != '\0' ||
        urn > 999999) {
        return ro_why(why, RO_BAD_INPUT, "'%s' is not a URN of six digits",
                      text);
    }
    *ret_member = ro_directory_member_by_urn(engine->directory, (uint32_t)urn);
    if (*ret_member == NULL) {
        return ro_why(why, RO_NOT_FOUND,
                      "no admitted school has URN %lu; see 'members'", urn);
    }
    return RO_OK;
}

static bool
has_prefix(const struct ro_member_id *id, const char *prefix)
{
    char hex[RO_ID_HEX];
    ro_hex(id->b, RO_ID_SIZE, hex);
    return strncmp(hex, prefix, strlen(prefix)) == 0;
}

static enum ro_status
parse_member(const struct engine *engine,
             const char *prefix,
             struct ro_why *why,
             const struct ro_member_view **ret_member)
{
    const struct ro_member_view *member;
    const struct ro_member_view *found = NULL;
    for (size_t i = 0;
         (member = ro_directory_nth_member(engine->directory, i)) != NULL;
         i++) {
        if (!has_prefix(&member->id, prefix))
            continue;
        if (found != NULL) {
            return ro_why(why, RO_AMBIGUOUS,
                          "more than one member id begins with '%s'", prefix);
        }
        found = member;
    }
    if (found == NULL) {
        return ro_why(why, RO_NOT_FOUND, "no member id begins with '%s'",
                      prefix);
    }
    *ret_member = found;
    return RO_OK;
}

enum ro_status
recipients_member(const struct engine *engine,
                  const char *who,
                  struct ro_why *why,
                  const struct ro_member_view **ret_member)
{
    *ret_member = NULL;
    if (strncmp(who, "urn:", 4) == 0)
        return parse_urn(engine, who + 4, why, ret_member);
    const char *id = strncmp(who, "member:", 7) == 0 ? who + 7 : who;
    if (*id == '\0')
        return ro_why(why, RO_BAD_INPUT, "write urn:URN or the member's id");
    return parse_member(engine, id, why, ret_member);
}

static enum ro_status
parse_group(struct engine *engine,
            const char *group,
            struct ro_arena *arena,
            struct ro_why *why,
            Reachout__Audience *ret_audience)
{
    const struct ro_circle_conf *conf;
    RO_TRY(engine_conf(engine, why, &conf));
    if (ro_circle_conf_find_group(conf, group, why) != RO_OK)
        return RO_BAD_INPUT;
    ret_audience->group = ro_arena_text(arena, group);
    return ret_audience->group == NULL ? RO_NO_MEMORY : RO_OK;
}

enum ro_status
recipients_parse(struct engine *engine,
                 const char *who,
                 struct ro_arena *arena,
                 struct ro_why *why,
                 Reachout__Audience *ret_audience)
{
    const struct ro_member_view *member = NULL;
    reachout__audience__init(ret_audience);
    if (strcmp(who, "coordinators") == 0) {
        ret_audience->has_coordinators = true;
        ret_audience->coordinators = true;
        return RO_OK;
    }
    if (strncmp(who, "group:", 6) == 0)
        return parse_group(engine, who + 6, arena, why, ret_audience);
    if (strncmp(who, "urn:", 4) == 0) {
        RO_TRY(parse_urn(engine, who + 4, why, &member));
    } else if (strncmp(who, "member:", 7) == 0) {
        RO_TRY(parse_member(engine, who + 7, why, &member));
    } else {
        return ro_why(why, RO_BAD_INPUT,
                      "'%s' is no audience; write coordinators, group:NAME, "
                      "urn:URN or member:ID",
                      who);
    }
    return member == NULL ? RO_NOT_FOUND
                          : name_member(member, arena, ret_audience);
}

/* --- seats --------------------------------------------------------------- */

/* Our other seats always read along. */
static bool
gets_a_wrap(const struct engine *engine,
            const struct recipients *recipients,
            const struct ro_seat_view *seat)
{
    const struct keyring *keyring = engine->keyring;
    if (seat->standing != RO_SEAT_LIVE)
        return false;
    if (ro_member_id_equal(&seat->member, &keyring->member_id))
        return !ro_seat_id_equal(&seat->id, &keyring->seat);
    for (size_t i = 0; i < recipients->n_members; i++) {
        if (ro_member_id_equal(&recipients->members[i], &seat->member))
            return true;
    }
    return false;
}

enum ro_status
recipients_seats(const struct engine *engine,
                 const struct recipients *recipients,
                 struct ro_seat_id **ret_seats,
                 size_t *ret_n)
{
    const struct ro_seat_view *seat;
    size_t room = 16;
    size_t n = 0;
    RO_AUTOFREE struct ro_seat_id *seats = calloc(room, sizeof(*seats));
    for (size_t i = 0;
         (seat = ro_directory_nth_seat(engine->directory, i)) != NULL; i++) {
        if (!gets_a_wrap(engine, recipients, seat))
            continue;
        if (n == RECIPIENTS_MAX)
            return RO_TOO_LARGE;
        if (n == room) {
            struct ro_seat_id *more =
                reallocarray(seats, room * 2, sizeof(*more));
            if (more == NULL)
                return RO_NO_MEMORY;
            seats = more;
            room *= 2;
        }
        if (seats != NULL)
            seats[n++] = seat->id;
    }
    if (seats == NULL)
        return RO_NO_MEMORY;
    *ret_seats = RO_STEAL(seats);
    *ret_n = n;
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Members and seats by what people type. */
#include "client/authority/find.h"

#include <string.h>

/* Whether an id in hex begins so. */
static bool
begins(const uint8_t id[static RO_ID_SIZE], const char *prefix)
{
    char hex[RO_ID_HEX];
    ro_hex(id, RO_ID_SIZE, hex);
    return strncmp(hex, prefix, strlen(prefix)) == 0;
}

static enum ro_status
check_prefix(const char *prefix, struct ro_why *why)
{
    size_t size = strlen(prefix);
    if (size > 0 && size < RO_ID_HEX &&
        prefix[strspn(prefix, "0123456789abcdef")] == '\0')
        return RO_OK;
    return ro_why(why, RO_USAGE,
                  "\"%.40s\" is no id: those have the digits 0 to 9 and a to f",
                  prefix);
}

static enum ro_status
find_by_id(const struct authority *authority,
           const char *prefix,
           struct ro_why *why,
           const struct ro_member_view **ret_member)
{
    const struct ro_member_view *member;
    const struct ro_member_view *found = NULL;
    RO_TRY(check_prefix(prefix, why));
    for (size_t i = 0;
         (member = ro_directory_nth_member(authority->directory, i)) != NULL;
         i++) {
        if (member->standing != RO_MEMBER_LIVE || !begins(member->id.b, prefix))
            continue;
        if (found != NULL) {
            return ro_why(why, RO_AMBIGUOUS,
                          "%s and %s both have ids that begin with %s",
                          found->name, member->name, prefix);
        }
        found = member;
    }
    *ret_member = found;
    return found != NULL
               ? RO_OK
               : ro_why(why, RO_NOT_FOUND,
                        "no member of the circle has an id that begins with %s",
                        prefix);
}

enum ro_status
authority_find_member(const struct authority *authority,
                      const struct authority_named *named,
                      struct ro_why *why,
                      const struct ro_member_view **ret_member)
{
    if (named->member != NULL)
        return find_by_id(authority, named->member, why, ret_member);
    *ret_member = ro_directory_member_by_urn(authority->directory, named->urn);
    if (*ret_member != NULL && (*ret_member)->standing == RO_MEMBER_LIVE)
        return RO_OK;
    return ro_why(why, RO_NOT_FOUND, "no member of the circle has the URN %u",
                  named->urn);
}

enum ro_status
authority_find_seat(const struct authority *authority,
                    const struct ro_member_id *member,
                    const char *prefix,
                    struct ro_why *why,
                    struct ro_seat_id *ret_seat)
{
    const struct ro_seat_view *seat;
    size_t n = 0;
    RO_TRY(check_prefix(prefix, why));
    for (size_t i = 0;
         (seat = ro_directory_nth_seat(authority->directory, i)) != NULL; i++) {
        if (seat->standing != RO_SEAT_LIVE || !begins(seat->id.b, prefix) ||
            (member != NULL && !ro_member_id_equal(&seat->member, member)))
            continue;
        *ret_seat = seat->id;
        n++;
    }
    if (n == 1)
        return RO_OK;
    return ro_why(why, n == 0 ? RO_NOT_FOUND : RO_AMBIGUOUS,
                  n == 0 ? "no seat has an id that begins with %s"
                         : "more than one seat has an id that begins with %s",
                  prefix);
}

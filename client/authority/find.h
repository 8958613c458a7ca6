/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: members and seats as people name them. */
#ifndef CLIENT_AUTHORITY_FIND_H
#define CLIENT_AUTHORITY_FIND_H

#include "client/authority/inside.h"

/* A live member by its name. RO_NOT_FOUND, RO_AMBIGUOUS, RO_USAGE (no hex). */
RO_MUST_USE enum ro_status
authority_find_member(const struct authority *authority,
                      const struct authority_named *named,
                      struct ro_why *why,
                      const struct ro_member_view **ret_member);

/* A live seat, of that member or (NULL) of any, by the beginning of its id. */
RO_MUST_USE enum ro_status
authority_find_seat(const struct authority *authority,
                    const struct ro_member_id *member,
                    const char *prefix,
                    struct ro_why *why,
                    struct ro_seat_id *ret_seat);

#endif

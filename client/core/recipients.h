/* SPDX-License-Identifier: Apache-2.0 */
/* From the names of an audience to members, and from members to seats. */
#ifndef CLIENT_CORE_RECIPIENTS_H
#define CLIENT_CORE_RECIPIENTS_H

#include "client/core/engine.h"

#include "content.pb-c.h"

#define RECIPIENTS_MAX 10000

/* Members that an audience names: a growing list without repetition. */
struct recipients {
    struct ro_member_id *members;
    size_t n_members;
    size_t room;
};
/* Releases what it owns; a zeroed one is fine. */
void recipients_fini(struct recipients *recipients);
#define RO_AUTORECIPIENTS RO_CLEANUP(recipients_fini) struct recipients

/* Adds one member; one that is there already is the same. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status recipients_add(struct recipients *recipients,
                                          const struct ro_member_id *member);

/* Adds the members that one audience names now: admitted schools of a group
 * with a live seat, one member, or all coordinator teams; never the member who
 * speaks to it. RO_BAD_INPUT for a group that the charter does not have. */
RO_MUST_USE enum ro_status
recipients_resolve(struct engine *engine,
                   const Reachout__Audience *audience,
                   const struct ro_member_id *speaker,
                   struct ro_why *why,
                   struct recipients *recipients);

/* Reads "coordinators", "group:NAME", "urn:URN" or "member:ID" into an
 * audience whose strings and ids live in `arena`. RO_BAD_INPUT, RO_NOT_FOUND;
 * `why` says what to write instead. */
RO_MUST_USE enum ro_status recipients_parse(struct engine *engine,
                                            const char *who,
                                            struct ro_arena *arena,
                                            struct ro_why *why,
                                            Reachout__Audience *ret_audience);

/* The member that "urn:URN", "member:ID" or the beginning of an id names.
 * RO_BAD_INPUT, RO_NOT_FOUND, RO_AMBIGUOUS. */
RO_MUST_USE enum ro_status
recipients_member(const struct engine *engine,
                  const char *who,
                  struct ro_why *why,
                  const struct ro_member_view **ret_member);

/* The live seats of those members, and of ourselves all but our own: whoever
 * gets a wrap. A malloc'd array for the caller to free. */
RO_MUST_USE enum ro_status recipients_seats(const struct engine *engine,
                                            const struct recipients *recipients,
                                            struct ro_seat_id **ret_seats,
                                            size_t *ret_n);

#endif

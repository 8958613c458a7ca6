/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who joined the circle, who left it, who has another name, and whether its
 * rules are others: noted with the records that say so, by whatever fetched
 * them, and told by the next sync. Before this seat is admitted nothing is
 * noted: all that it finds is new.
 */
#ifndef CLIENT_CORE_ROSTER_H
#define CLIENT_CORE_ROSTER_H

#include "client/core/engine.h"
#include "client/core/news.h"

/* So many members that joined are told by name at once, as many that left, and
 * as many with another name; further ones are counted. */
#define ROSTER_NAMED 20

/* The circle as it is before records are fetched. */
struct roster {
    enum { ROSTER_UNWATCHED, ROSTER_WATCHED } state;
    size_t n;             /* members */
    struct ro_buf people; /* of each its standing, and its name with its end */
    struct ro_buf rules;  /* circle.conf */
};

/* Releases what it owns; a zeroed one is fine. */
void roster_fini(struct roster *roster);
#define RO_AUTOROSTER RO_CLEANUP(roster_fini) struct roster

/* Looks at the circle. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status roster_look(const struct engine *engine,
                                       struct roster *ret_roster);

/* Notes in the vault what is otherwise than it was, for roster_tell; inside the
 * commit that keeps the records. RO_NO_MEMORY, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status roster_note(struct engine *engine,
                                       const struct roster *before);

/* Adds what was noted to `news`, and forgets it. As roster_note. */
RO_MUST_USE enum ro_status roster_tell(struct engine *engine,
                                       struct news_list *news);

#endif

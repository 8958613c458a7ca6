/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: moving members to the links of a register. */
#ifndef CLIENT_AUTHORITY_MOVE_H
#define CLIENT_AUTHORITY_MOVE_H

#include "client/authority/inside.h"

struct register_links;

/* Releases what it owns. */
void authority_moves_fini(struct authority_moves *moves);

/* Finds the members of the directory that the links move. RO_BAD_INPUT. */
RO_MUST_USE enum ro_status
authority_moves_plan(const struct authority *authority,
                     const struct register_links *links,
                     struct ro_why *why,
                     struct authority_moves *ret_moves);

/* Moves them: a step of authority_complete, whose user are the links. */
RO_MUST_USE enum ro_status authority_moves_publish(struct authority *authority,
                                                   void *user,
                                                   struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Whether members' keys were compared by telephone. What is sent to a member
 * stops until somebody here has compared it: after the authority alone has
 * replaced its key, where it has the URN, or among its kind the name, that
 * another member had, and where it was compared under another URN or name. A
 * key that was handed over stops nothing (PROTOCOL.md, "Safety numbers").
 */
#ifndef CLIENT_CORE_VERIFYING_H
#define CLIENT_CORE_VERIFYING_H

#include "client/core/view.h"

/* How a member stands here; with RO_VERIFIED_NO_LONGER also what there is
 * against it. RO_VAULT_DAMAGED, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status verifying_look(const struct engine *engine,
                                          const struct ro_member_view *member,
                                          enum ro_verified *ret_verified,
                                          struct ro_why *ret_doubt);

/* Whether something may be sent to a member: RO_KEY_CHANGED says who is in
 * doubt and why, since when, and what to do. */
RO_MUST_USE enum ro_status verifying_may_send(const struct engine *engine,
                                              const struct ro_member_id *member,
                                              struct ro_why *why);

/* Whether a seat came with a key, or writes under a name, that is in doubt:
 * what it writes may be somebody else's. */
RO_MUST_USE enum ro_status verifying_doubts(const struct engine *engine,
                                            const struct ro_seat_id *seat,
                                            bool *ret_doubts);

/* Adds one news for each member that came into doubt since this was told last,
 * and remembers that it was told. */
RO_MUST_USE enum ro_status verifying_tell(struct engine *engine,
                                          struct news_list *news);

/* The call ro_client_verify. */
RO_MUST_USE enum ro_status view_verify(const struct viewing *viewing,
                                       const struct ro_verify *verify);

#endif

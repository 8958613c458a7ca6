/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: what is about to be signed, in people's words. */
#ifndef CLIENT_AUTHORITY_TELLING_H
#define CLIENT_AUTHORITY_TELLING_H

#include "client/authority/authority.h"
#include "client/authority/proposal.h"

/* Tells a record. The directory (may be NULL) is the one before it, for names
 * and for what changes. RO_BAD_RECORD for one that does not follow the rules.
 * The caller frees the item's text. */
RO_MUST_USE enum ro_status telling_record(const struct proposal_record *record,
                                          const struct ro_directory *directory,
                                          struct ro_why *why,
                                          struct authority_item *ret_item);

/* Tells an answer: to whom, which nobody but that seat can open. */
RO_MUST_USE enum ro_status telling_reply(const struct proposal_reply *reply,
                                         struct authority_item *ret_item);

/* Tells an invitation's ticket. */
RO_MUST_USE enum ro_status telling_ticket(const Reachout__Ticket *ticket,
                                          const struct ro_directory *directory,
                                          struct authority_item *ret_item);

#endif

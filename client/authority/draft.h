/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: what would be published, for others to sign. */
#ifndef CLIENT_AUTHORITY_DRAFT_H
#define CLIENT_AUTHORITY_DRAFT_H

#include "client/authority/authority.h"
#include "client/authority/proposal.h"

/* RO_REFUSED where a file is there already. */
RO_MUST_USE enum ro_status authority_need_absent(const char *path,
                                                 struct ro_why *why);

/* What a proposal comes to. */
void authority_draft_tell(const struct proposal *proposal,
                          uint32_t threshold,
                          struct authority_drafted *ret_drafted);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: the invitations that were written. */
#ifndef CLIENT_AUTHORITY_INVITED_H
#define CLIENT_AUTHORITY_INVITED_H

#include "client/authority/inside.h"

/* Notes an invitation: its ticket, a Signed, and the key's generation. */
RO_MUST_USE enum ro_status
authority_invited_keep(const struct authority *authority,
                       struct ro_bytes ticket,
                       struct ro_why *why);

#endif

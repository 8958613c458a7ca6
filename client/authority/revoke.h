/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: the record of a removal. */
#ifndef CLIENT_AUTHORITY_REVOKE_H
#define CLIENT_AUTHORITY_REVOKE_H

#include "client/authority/inside.h"

/* Seats and members of one revocation. */
#define AUTHORITY_REVOKE_MAX 500
struct authority_revoked {
    struct ro_seat_id seats[AUTHORITY_REVOKE_MAX];
    size_t n_seats;
    struct ro_member_id members[AUTHORITY_REVOKE_MAX];
    size_t n_members;
    uint64_t serial;
};

/* Signs the record that revokes them. */
RO_MUST_USE enum ro_status
authority_revocation_sign(struct authority *authority,
                          const struct authority_revoked *revoked,
                          struct ro_why *why,
                          struct ro_buf *ret_record);

#endif

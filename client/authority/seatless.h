/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: members that a removal leaves without a seat. */
#ifndef CLIENT_AUTHORITY_SEATLESS_H
#define CLIENT_AUTHORITY_SEATLESS_H

#include "client/authority/inside.h"

/* Notes the member of a seat that was ended, if it stays a member and the
 * directory has no live seat of it; once. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
authority_seatless_note(const struct ro_directory *directory,
                        const struct ro_seat_id *seat,
                        struct authority_seatless *seatless);

/* The same for each seat that a proposal ends, once the directory has all its
 * records. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
authority_seatless_proposal(const struct ro_directory *directory,
                            const struct proposal *proposal,
                            struct authority_seatless *seatless);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: opening what came to be admitted. */
#ifndef CLIENT_AUTHORITY_ENVELOPE_H
#define CLIENT_AUTHORITY_ENVELOPE_H

#include "client/authority/petition.h"

/* An envelope of the enrolment mailbox, as the broker delivered it, or out of
 * a file, which no broker has looked at. */
struct authority_envelope {
    enum { ENVELOPE_DELIVERED, ENVELOPE_CARRIED } way;
    struct ro_bytes wrap;
    struct ro_bytes body;
    uint32_t day;
    uint32_t generation;
    uint32_t expiry_hour;
    /* of one that was carried: what stands beside it for the broker */
    struct ro_bytes ticket;
    struct ro_bytes mailbox_key;
};

/* Opens an envelope and holds it against everything that it claims: the seal,
 * the ticket, the certificate, and that all three speak of the same keys and
 * the same seat. RO_BAD_SEAL, RO_MISBOUND, RO_BAD_TICKET, RO_TICKET_EXPIRED,
 * RO_BAD_RECORD, RO_BAD_SIGNATURE, RO_BAD_FRAME, RO_BAD_INPUT. The caller frees
 * what it gets. */
RO_MUST_USE enum ro_status
authority_envelope_open(const struct authority *authority,
                        const struct authority_envelope *envelope,
                        struct ro_why *why,
                        struct authority_petition **ret_petition);

/* Whether an outcome is about one envelope, and not about us. */
bool authority_envelope_is_trouble(enum ro_status status);

/* Opens and keeps one envelope durably; a replay is silent. RO_TICKET_USED
 * when another request came with the same ticket, and the outcomes of
 * authority_envelope_open. `ret_id` may be NULL. */
RO_MUST_USE enum ro_status
authority_envelope_take(struct authority *authority,
                        const struct authority_envelope *envelope,
                        struct ro_why *why,
                        struct ro_message_id *ret_id);

#endif

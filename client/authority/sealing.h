/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: what the authority seals for a seat. */
#ifndef CLIENT_AUTHORITY_SEALING_H
#define CLIENT_AUTHORITY_SEALING_H

#include "client/authority/inside.h"

#include "content.pb-c.h"

/* For whom, and under which key of the circle. */
struct authority_sealing {
    struct ro_seat_id seat;
    struct ro_key key; /* X25519, the seat's of `day` */
    uint32_t day;
    uint32_t generation;
    const uint8_t *psk; /* of that generation */
    uint32_t expiry_hour;
};

/* What came of it, besides the body. */
struct authority_sealed {
    uint8_t wrap[RO_WRAP_SIZE];
    struct ro_hash body_hash;
};

/* The hour at which an envelope of now expires. Seconds since 1970. */
uint32_t authority_expiry_hour(int64_t now_s);

/* Fills in circle, sender, time and recipients of `content`, and seals it for
 * one seat; `body` is written anew. The keys of authority.pub speak for the
 * sender. RO_BAD_FRAME (a content that breaks its rules), RO_NO_MEMORY. */
RO_MUST_USE enum ro_status authority_seal(const struct authority *authority,
                                          const struct authority_sealing *to,
                                          Reachout__Content *content,
                                          struct ro_buf *body,
                                          struct authority_sealed *ret_sealed);

#endif

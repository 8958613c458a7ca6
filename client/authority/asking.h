/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: the broker's open door. */
#ifndef CLIENT_AUTHORITY_ASKING_H
#define CLIENT_AUTHORITY_ASKING_H

#include "client/authority/inside.h"

/* Asks the broker over the open door; the answer lives in the authority's
 * arena until the next ask. RO_REFUSED before a broker is known. */
RO_MUST_USE enum ro_status authority_ask(struct authority *authority,
                                         uint8_t verb,
                                         const ProtobufCMessage *ask,
                                         struct ro_why *why,
                                         const ProtobufCMessage **ret_answer);

/* When an ask that begins now is given up, by the monotonic clock. */
int64_t authority_deadline(const struct authority *authority);

/* The link, made on first use. */
RO_MUST_USE enum ro_status authority_link(struct authority *authority,
                                          struct ro_why *why);

/* Appends signed records to the broker's log in one ask: all of them, or none
 * whatever happens meanwhile. At most AUTHORITY_APPEND_MAX, one frame. In a
 * draft they are added to it. */
#define AUTHORITY_APPEND_MAX 4
RO_MUST_USE enum ro_status authority_append(struct authority *authority,
                                            const struct ro_bytes *records,
                                            size_t n,
                                            struct ro_why *why);

#endif

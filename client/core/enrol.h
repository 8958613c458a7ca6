/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking to be admitted: the request is sealed to the authority's enrolment
 * key with our own keys as reference, kept, and sent with the ticket; sent
 * again it is the same. The answer comes to our future mailbox.
 */
#ifndef CLIENT_CORE_ENROL_H
#define CLIENT_CORE_ENROL_H

#include "client/core/opening.h"

/* Sends the request (again). Moves MADE to REQUESTED. RO_UNREACHABLE, the
 * broker's refusals of the ticket, alarms. */
RO_MUST_USE enum ro_status
enrol_request(struct engine *engine, int64_t deadline_ms, struct ro_why *why);

/* Takes the authority's answer, inside a commit. */
RO_MUST_USE enum ro_status enrol_take(struct engine *engine,
                                      const struct opened *opened);

/* Looks whether the directory has our seat by now, and if so becomes
 * admitted: the link is made anew with the member door. */
RO_MUST_USE enum ro_status enrol_complete(struct engine *engine);

#endif

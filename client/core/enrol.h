/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Asking to be admitted: the request is sealed to the authority's enrolment
 * key with our own keys as reference, kept, and sent with the ticket; sent
 * again it is the same. The answer comes to our future mailbox.
 */
#ifndef CLIENT_CORE_ENROL_H
#define CLIENT_CORE_ENROL_H

#include "client/core/opening.h"

/* Says that the broker does not know our key of the circle any more: an
 * invitation from before two changes of it. RO_REFUSED. */
RO_MUST_USE enum ro_status enrol_outdated(struct ro_why *why);

/* Says that the authority refused, why, and what to do. RO_REFUSED. */
RO_MUST_USE enum ro_status enrol_refused(const struct engine *engine,
                                         struct ro_why *why);

/* Sends the request (again). Moves MADE and WRITTEN to REQUESTED.
 * RO_UNREACHABLE, the broker's refusals of the ticket, enrol_outdated, alarms.
 */
RO_MUST_USE enum ro_status
enrol_request(struct engine *engine, int64_t deadline_ms, struct ro_why *why);

/* Writes the same request to a file (0600, never over one), for an authority
 * that is never online; asks nobody. Moves MADE to WRITTEN. RO_REFUSED
 * (admitted already, or the file is there), RO_IO_FAILED. */
RO_MUST_USE enum ro_status
enrol_write(struct engine *engine, const char *path, struct ro_why *why);

/* Sends a request that was written to a file, which opens the mailbox for the
 * answer. A ticket that the broker does not take (any more) is no failure: the
 * directory says who is admitted. Else as enrol_request. */
RO_MUST_USE enum ro_status
enrol_hand_in(struct engine *engine, int64_t deadline_ms, struct ro_why *why);

/* Takes the authority's answer, inside a commit. */
RO_MUST_USE enum ro_status enrol_take(struct engine *engine,
                                      const struct opened *opened);

/* Looks whether the directory has our seat by now, and if so becomes
 * admitted: the link is made anew with the member door. */
RO_MUST_USE enum ro_status enrol_complete(struct engine *engine);

#endif

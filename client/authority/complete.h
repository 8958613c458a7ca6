/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: a step at the broker, done again where it was cut
 * short. */
#ifndef CLIENT_AUTHORITY_COMPLETE_H
#define CLIENT_AUTHORITY_COMPLETE_H

#include "client/authority/inside.h"

/* A step that fetches the log and appends what is missing. */
typedef enum ro_status
authority_step_fn(struct authority *authority, void *user, struct ro_why *why);

/* Runs the step, after a fetch of the log. Runs both again where an answer
 * was lost or somebody else was faster: what was appended is not missing any
 * more then. In a draft the step runs once. */
RO_MUST_USE enum ro_status authority_complete(struct authority *authority,
                                              authority_step_fn *step,
                                              void *user,
                                              struct ro_why *why);

#endif

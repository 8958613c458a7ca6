/* SPDX-License-Identifier: Apache-2.0 */
/* When the broker was last there and last showed a checkpoint of the hour it
 * was: kept, so that a process that only looks can tell people. */
#ifndef CLIENT_CORE_REACH_H
#define CLIENT_CORE_REACH_H

#include "client/core/engine.h"

/* Reads what was kept into engine->reach; all zero in a new vault. */
RO_MUST_USE enum ro_status reach_load(struct engine *engine);

/* Notes what a call to the broker came to, and keeps it in a commit of its own
 * if it says something new; if that fails, the next one does. Alarms and what
 * is wrong on this machine say nothing about when it was last there. An alarm
 * is kept with its words (`why`, may be NULL) until a call ends with RO_OK. */
void
reach_note(struct engine *engine, enum ro_status s, const struct ro_why *why);

/* Notes that we are out of the circle, until a call ends with RO_OK. */
void reach_removed(struct engine *engine);

/* Notes that the broker has shown its newest checkpoint; kept with the next
 * reach_note. One of an hour that is over was current until its end. */
void reach_saw_checkpoint(struct engine *engine);

/* How old the newest checkpoint is for people: seconds since this seat last
 * saw one of the hour it was; -1 without one. */
int64_t reach_checkpoint_age_s(const struct engine *engine);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Checkpoints that other seats were shown, which came inside their sealed
 * messages: two that the broker signed and that cannot both be true prove
 * that it shows different directories to different schools. What is about
 * records that we do not have yet is kept and compared when we have them.
 */
#ifndef CLIENT_CORE_WITNESS_H
#define CLIENT_CORE_WITNESS_H

#include "client/core/engine.h"

/* Takes what came in a message. RO_FORKED when it contradicts ours: kept then
 * as proof, so that witness_hold says so from now on. One that the broker did
 * not sign says nothing (RO_OK). Not inside a commit. */
RO_MUST_USE enum ro_status witness_take(struct engine *engine,
                                        struct ro_bytes checkpoint,
                                        struct ro_why *why);

/* Holds all that is kept against our directory as it is now, inside a commit;
 * forgets what agrees, and what a former broker has signed. RO_FORKED. */
RO_MUST_USE enum ro_status witness_hold(struct engine *engine,
                                        struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A draft becomes a sealed message: content completed and padded into a body,
 * a sequence number and a wrap for each seat (PROTOCOL.md, "Sealing").
 */
#ifndef CLIENT_CORE_SEALING_H
#define CLIENT_CORE_SEALING_H

#include "client/core/outgoing.h"

/* Seals a draft (a chunk's data is loaded), and keeps body, key, sequences,
 * wraps and message id, all in one commit, before anything may be sent.
 * RO_TOO_LARGE, RO_BAD_INPUT; RO_KEY_CHANGED for a member whose key was
 * replaced: it stays a draft; RO_ILLEGAL for one that could not read it there
 * (newcomer.h). */
RO_MUST_USE enum ro_status sealing_seal(struct engine *engine,
                                        struct outgoing *outgoing,
                                        struct ro_why *why);

/* Makes one wrap again over the same body, for today's key. The caller keeps
 * the row before it sends. */
RO_MUST_USE enum ro_status sealing_wrap(struct engine *engine,
                                        struct outgoing *outgoing,
                                        struct outgoing_to *to);

#endif

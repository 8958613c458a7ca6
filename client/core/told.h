/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much one member has told us in one request. Whoever may write to us may
 * not fill our memory: a story is loaded whole, and what is told is counted.
 */
#ifndef CLIENT_CORE_TOLD_H
#define CLIENT_CORE_TOLD_H

#include "client/core/message.h"

/* At most so many messages, and so many bytes of content, of one counterpart in
 * one request. */
#define TOLD_MESSAGES_MAX 2000
#define TOLD_BYTES_MAX ((uint64_t)8 * 1024 * 1024)

/* Counts a message that came, inside the commit that keeps it; those of our own
 * other seats are not counted. RO_MISBOUND: it is too much. */
RO_MUST_USE enum ro_status told_count(struct engine *engine,
                                      const struct message *message,
                                      struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: the broker pushes, we open, check, commit, and only then
 * acknowledge. What cannot be opened or does not hold is told as an event and
 * acknowledged too, so that it cannot stop what comes after it.
 */
#ifndef CLIENT_CORE_INBOX_H
#define CLIENT_CORE_INBOX_H

#include "client/core/engine.h"
#include "client/core/news.h"

/* When receiving ends. */
enum inbox_until { INBOX_EMPTY, INBOX_LINGER };

/* Attaches our mailbox and receives until it is empty; with INBOX_LINGER it
 * first waits for something to come, until the deadline or the interrupt. Adds
 * to `news`. RO_UNREACHABLE, the alarms, RO_IO_FAILED. */
RO_MUST_USE enum ro_status inbox_receive(struct engine *engine,
                                         enum inbox_until until,
                                         int64_t deadline_ms,
                                         struct ro_why *why,
                                         struct news_list *news);

#endif

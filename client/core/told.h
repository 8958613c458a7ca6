/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How much one member has told us in one request, and on one day. Whoever may
 * write to us may not fill our memory (a story is loaded whole) nor our disk:
 * what is told is counted.
 */
#ifndef CLIENT_CORE_TOLD_H
#define CLIENT_CORE_TOLD_H

#include "client/core/opening.h"

/* At most so many messages, and so many bytes of content, of one counterpart in
 * one request. */
#define TOLD_MESSAGES_MAX 2000
#define TOLD_BYTES_MAX ((uint64_t)8 * 1024 * 1024)

/* The same of one day, in all requests; the day is that of the wrap, so that
 * what has waited for us over a holiday counts for the days on which it was
 * sent. */
#define TOLD_DAY_REQUESTS_MAX 200 /* in which it had told nothing before */
#define TOLD_DAY_BYTES_MAX ((uint64_t)64 * 1024 * 1024)

/* So many letters of any kind but pieces of files, told or not; and so often
 * in a day a member is asked for what is missing of it. */
#define TOLD_DAY_LETTERS_MAX 5000
#define TOLD_DAY_ASKS_MAX 200

/* Counts a letter that came, inside the commit that keeps what it means and
 * before anything else of it is written; those of our own other seats are not
 * counted. RO_OVER_QUOTA: it is too much for its day. */
RO_MUST_USE enum ro_status told_letter(struct engine *engine,
                                       const struct opened *opened,
                                       struct ro_why *why);

/* Counts that a member is asked today for what is missing, inside a commit.
 * RO_OVER_QUOTA: it was asked so often today that the rest waits. */
RO_MUST_USE enum ro_status told_ask_again(struct engine *engine,
                                          const struct ro_member_id *side);

/* Counts a message that came, inside the commit that keeps it; those of our own
 * other seats are not counted. RO_MISBOUND: it is too much for its request.
 * RO_OVER_QUOTA: for its day; sent again later it may be kept. */
RO_MUST_USE enum ro_status told_count(struct engine *engine,
                                      const struct opened *opened,
                                      struct ro_why *why);

/* Whether something of a message's request is told here: its ask, or anything
 * by the side that writes. Our own other seats need not have told anything.
 * RO_NOT_FOUND: nothing is; what comes there leaves no trace but its id. */
RO_MUST_USE enum ro_status told_is_begun(struct engine *engine,
                                         const struct message *message);

/* Drops the counts of days of which nothing can come any more, in a commit of
 * its own. */
RO_MUST_USE enum ro_status told_forget(struct engine *engine);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The inbox: the broker pushes, we open, check, commit, and only then
 * acknowledge. What cannot be opened or does not hold is told as an event and
 * acknowledged too, so that it cannot stop what comes after it.
 */
#ifndef CLIENT_CORE_INBOX_H
#define CLIENT_CORE_INBOX_H

#include "client/core/engine.h"
#include "client/core/request_row.h"

/* What is new: mail (also one that was refused, or a key in doubt), or
 * something of the circle (roster.h). */
enum news_kind { NEWS_MAIL, NEWS_JOINED, NEWS_LEFT, NEWS_RENAMED, NEWS_RULES };

/* Something that came, for the caller to tell. */
struct news {
    enum news_kind kind;
    struct row_id row;        /* a message; zero for trouble */
    enum ro_status trouble;   /* RO_OK, or why it was refused */
    struct ro_why why;        /* NEWS_RENAMED: the former name */
    struct ro_member_id from; /* zero: unknown, or nobody in particular */
    uint32_t n; /* of the circle: how many, where nobody in particular */
    int64_t at_s;
};

/* A growing list of news; released with inbox_news_fini. */
struct news_list {
    struct news *at;
    size_t n;
};
/* Releases what it owns; a zeroed one is fine. */
void inbox_news_fini(struct news_list *list);
#define RO_AUTONEWS RO_CLEANUP(inbox_news_fini) struct news_list

/* Adds a copy of one. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status inbox_news_add(struct news_list *list,
                                          const struct news *one);

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

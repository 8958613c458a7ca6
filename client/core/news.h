/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync has to tell: each part of it adds its own. */
#ifndef CLIENT_CORE_NEWS_H
#define CLIENT_CORE_NEWS_H

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

/* A growing list of news; released with news_fini. */
struct news_list {
    struct news *at;
    size_t n;
};
/* Releases what it owns; a zeroed one is fine. */
void news_fini(struct news_list *list);
#define RO_AUTONEWS RO_CLEANUP(news_fini) struct news_list

/* Adds a copy of one. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status news_add(struct news_list *list,
                                    const struct news *one);

#endif

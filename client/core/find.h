/* SPDX-License-Identifier: Apache-2.0 */
/*
 * From what people type to requests and threads: any unique prefix of an id,
 * and a request where exactly one thread of it is open.
 */
#ifndef CLIENT_CORE_FIND_H
#define CLIENT_CORE_FIND_H

#include "client/core/story.h"

/* Ids that fit an ambiguous prefix, as hex lines for the caller to show; of a
 * conversation with whom it is. */
struct find_choices {
    char hex[16][RO_ID_HEX];
    struct ro_member_id with[16]; /* zero: it says nothing of that */
    size_t n;
};

/* Whether this can begin an id. RO_BAD_INPUT. */
RO_MUST_USE enum ro_status find_check(const char *prefix, struct ro_why *why);

/* The request of a prefix, or of the thread with that prefix. RO_NOT_FOUND,
 * RO_AMBIGUOUS (fills `choices`), RO_BAD_INPUT (no hex). */
RO_MUST_USE enum ro_status find_request(struct engine *engine,
                                        const char *prefix,
                                        struct ro_why *why,
                                        struct find_choices *choices,
                                        struct ro_request_id *ret_request);

/* A thread with its request's story, which the caller releases. */
struct found_thread {
    struct story story;
    const struct story_thread *thread; /* in the story */
};
/* Releases what it owns; a zeroed one is fine. */
void find_thread_fini(struct found_thread *found);
#define RO_AUTOFOUND RO_CLEANUP(find_thread_fini) struct found_thread

/* The thread of a prefix: a thread's own, or a request's with exactly one open
 * thread here. Where a request has none the story is there all the same. */
RO_MUST_USE enum ro_status find_thread(struct engine *engine,
                                       const char *prefix,
                                       struct ro_why *why,
                                       struct find_choices *choices,
                                       struct found_thread *ret_found);

#endif

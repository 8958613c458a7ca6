/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A broker that was restored from an old backup lacks the newest records of
 * the directory, and every client takes that for the rollback that it is. What
 * is signed can be appended again by anybody who kept it, and the log of heads
 * comes out the same.
 */
#include "client/authority/inside.h"

#include <stdlib.h>

#include "client/authority/asking.h"
#include "client/authority/fetching.h"
#include "client/authority/log.h"

/* Our own log, a view of each record. */
struct kept {
    struct ro_bytes *records;
    size_t n;
    size_t room;
};

static void
kept_fini(struct kept *kept)
{
    free(kept->records);
}

static void
keep_one(struct ro_bytes record, void *user)
{
    struct kept *kept = user;
    if (kept->n < kept->room)
        kept->records[kept->n++] = record;
}

static enum ro_status
keep_all(const struct authority *authority, struct kept *kept)
{
    kept->room = (size_t)ro_directory_size(authority->directory);
    kept->records = calloc(kept->room + 1, sizeof(*kept->records));
    if (kept->records == NULL)
        return RO_NO_MEMORY;
    authority_log_each(authority, keep_one, kept);
    return RO_OK;
}

/* Records of the broker from one on; before its first there are none. */
static enum ro_status
look(struct authority *authority,
     uint64_t from,
     struct ro_why *why,
     const Reachout__Directory__Answer **ret_answer)
{
    static const Reachout__Directory__Answer none =
        REACHOUT__DIRECTORY__ANSWER__INIT;
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const ProtobufCMessage *message;
    ask.has_from = true;
    ask.from = from;
    enum ro_status s =
        authority_ask(authority, RO_VERB_DIRECTORY, &ask.base, why, &message);
    if (s == RO_NOT_READY && authority->link != NULL) {
        *ret_answer = &none;
        return RO_OK;
    }
    RO_TRY(s);
    *ret_answer = (const void *)message;
    return RO_OK;
}

/* Holds a page of the broker's records against ours, from the n-th on. */
static enum ro_status
compare_page(const struct kept *kept,
             const Reachout__Directory__Answer *page,
             struct ro_why *why,
             size_t *n)
{
    for (size_t i = 0; i < page->n_records && *n < kept->n; i++, (*n)++) {
        struct ro_bytes theirs = ro_field(&page->records[i]);
        if (!ro_bytes_equal(theirs, kept->records[*n])) {
            return ro_why(why, RO_FORKED,
                          "the broker's record %zu is another than ours",
                          *n + 1);
        }
    }
    return RO_OK;
}

/* Holds what the broker has against ours: it must be its beginning. */
static enum ro_status
compare(struct authority *authority,
        const struct kept *kept,
        struct ro_why *why,
        size_t *ret_size)
{
    const Reachout__Directory__Answer *answer;
    size_t n = 0;
    do {
        RO_TRY(look(authority, n, why, &answer));
        RO_TRY(compare_page(kept, answer, why, &n));
    } while (answer->n_records > 0 && n < kept->n && n < answer->size);
    *ret_size = n;
    return RO_OK;
}

enum ro_status
authority_mend(struct authority *authority,
               struct ro_why *why,
               size_t *ret_sent)
{
    RO_CLEANUP(kept_fini) struct kept kept = {0};
    size_t size = 0;
    RO_TRY(authority_log_ready(authority, why));
    RO_TRY(keep_all(authority, &kept));
    RO_TRY(compare(authority, &kept, why, &size));
    for (size_t i = size; i < kept.n; i++)
        RO_TRY(authority_append(authority, &kept.records[i], 1, why));
    RO_TRY(authority_log_sync(authority, why));
    *ret_sent = kept.n - size;
    return RO_OK;
}

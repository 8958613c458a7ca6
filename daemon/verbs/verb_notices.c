/* SPDX-License-Identifier: Apache-2.0 */
/* Verb 3: notices from a cursor on, as many as fit a frame. */
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

#define ENTRY_EXTRA 24 /* cursor, tags and lengths */
#define ENTRIES_MAX 2048

struct list {
    Reachout__Notices__Answer__Entry *entries[ENTRIES_MAX];
};

struct reading {
    struct request *req;
    Reachout__Notices__Answer *answer;
    size_t left; /* bytes */
};

static enum ro_status
take_notice(void *user, uint64_t cursor, struct ro_bytes notice)
{
    struct reading *reading = user;
    Reachout__Notices__Answer *answer = reading->answer;
    if (notice.size + ENTRY_EXTRA > reading->left ||
        answer->n_entries == ENTRIES_MAX)
        return RO_REFUSED;
    Reachout__Notices__Answer__Entry *entry =
        ro_arena_take(reading->req->arena, sizeof(*entry));
    if (entry == NULL)
        return RO_NO_MEMORY;
    reachout__notices__answer__entry__init(entry);
    entry->has_cursor = true;
    entry->cursor = cursor;
    entry->has_notice = true;
    entry->notice = verbs_copy(reading->req, notice);
    if (entry->notice.data == NULL)
        return RO_NO_MEMORY;
    answer->entries[answer->n_entries++] = entry;
    reading->left -= notice.size + ENTRY_EXTRA;
    return RO_OK;
}

static Reachout__Notices__Answer *
new_answer(struct broker *broker, struct request *req)
{
    Reachout__Notices__Answer *answer =
        ro_arena_take(req->arena, sizeof(*answer));
    struct list *list = ro_arena_take(req->arena, sizeof(*list));
    if (answer == NULL || list == NULL)
        return NULL;
    reachout__notices__answer__init(answer);
    answer->entries = list->entries;
    struct verbs_checkpoint checkpoint = verbs_checkpoint(broker);
    answer->has_checkpoint = checkpoint.has;
    answer->checkpoint = checkpoint.bytes;
    answer->has_newest = true;
    answer->newest = broker->ledger.newest;
    answer->has_covered = true;
    answer->covered = broker->ledger.covered;
    return answer;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Notices__Ask *ask = (const void *)req->ask;
    Reachout__Notices__Answer *answer = new_answer(broker, req);
    if (answer == NULL)
        return RO_NO_MEMORY;
    struct reading reading = {req, answer, VERBS_LIST_BYTES};
    RO_TRY(store_notices(broker->store, ask->has_after ? ask->after : 0,
                         take_notice, &reading));
    req->answer = &answer->base;
    return RO_OK;
}

const struct verb verb_notices = {
    .name = "notices",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .ask = &reachout__notices__ask__descriptor,
    .store = store,
};

/* SPDX-License-Identifier: Apache-2.0 */
/* Verb 3: notices from a cursor on, as many as fit a frame. */
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

#define ENTRY_EXTRA 24 /* cursor, tags and lengths */
#define ENTRIES_MAX 2048

static enum ro_status
take_notice(void *user, uint64_t cursor, struct ro_bytes notice)
{
    struct verbs_list *list = user;
    Reachout__Notices__Answer *answer = list->answer;
    if (answer->n_entries == ENTRIES_MAX)
        return RO_REFUSED;
    ProtobufCBinaryData copy;
    RO_TRY(verbs_list_take(list, notice, ENTRY_EXTRA, &copy));
    Reachout__Notices__Answer__Entry *entry =
        ro_arena_take(list->arena, sizeof(*entry));
    if (entry == NULL)
        return RO_NO_MEMORY;
    reachout__notices__answer__entry__init(entry);
    entry->has_cursor = true;
    entry->cursor = cursor;
    entry->has_notice = true;
    entry->notice = copy;
    answer->entries[answer->n_entries++] = entry;
    return RO_OK;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Notices__Ask *ask = (const void *)req->ask;
    Reachout__Notices__Answer *answer = (void *)req->answer;
    struct verbs_list list = {req->arena, answer, VERBS_LIST_BYTES};
    answer->entries = ro_arena_take(req->arena, ENTRIES_MAX * sizeof(void *));
    if (answer->entries == NULL)
        return RO_NO_MEMORY;
    struct verbs_checkpoint checkpoint = verbs_checkpoint(broker);
    answer->has_checkpoint = checkpoint.has;
    answer->checkpoint = checkpoint.bytes;
    answer->has_newest = true;
    answer->newest = broker->ledger.newest;
    answer->has_covered = true;
    answer->covered = broker->ledger.covered;
    return store_notices(broker->store, ask->has_after ? ask->after : 0,
                         take_notice, &list);
}

const struct verb verb_notices = {
    .name = "notices",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .ask = &reachout__notices__ask__descriptor,
    .answer = &reachout__notices__answer__descriptor,
    .store = store,
};

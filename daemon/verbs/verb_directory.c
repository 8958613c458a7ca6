/* SPDX-License-Identifier: Apache-2.0 */
/* Verb 2: the directory log from a record on, as much as fits a frame. */
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

#define RECORD_EXTRA 5 /* tag and length */
#define RECORDS_MAX 4096

static enum ro_status
take_record(void *user, uint32_t day, struct ro_bytes record)
{
    struct verbs_list *list = user;
    Reachout__Directory__Answer *answer = list->answer;
    (void)day;
    if (answer->n_records == RECORDS_MAX)
        return RO_REFUSED;
    RO_TRY(verbs_list_take(list, record, RECORD_EXTRA,
                           &answer->records[answer->n_records]));
    answer->n_records++;
    return RO_OK;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Directory__Ask *ask = (const void *)req->ask;
    Reachout__Directory__Answer *answer = (void *)req->answer;
    struct verbs_list list = {req->arena, answer, VERBS_LIST_BYTES};
    answer->records =
        ro_arena_take(req->arena, RECORDS_MAX * sizeof(*answer->records));
    if (answer->records == NULL)
        return RO_NO_MEMORY;
    struct verbs_checkpoint checkpoint = verbs_checkpoint(broker);
    answer->has_checkpoint = checkpoint.has;
    answer->checkpoint = checkpoint.bytes;
    answer->has_size = true;
    answer->size = ro_directory_size(broker->ledger.directory);
    answer->has_from = true;
    answer->from = ask->has_from ? ask->from : 0;
    return answer->from < answer->size
               ? store_records(broker->store, answer->from, take_record, &list)
               : RO_OK;
}

const struct verb verb_directory = {
    .name = "directory",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .ask = &reachout__directory__ask__descriptor,
    .answer = &reachout__directory__answer__descriptor,
    .store = store,
};

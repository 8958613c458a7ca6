/* SPDX-License-Identifier: Apache-2.0 */
/* Verb 2: the directory log from a record on, as much as fits a frame. */
#include "frame.pb-c.h"

#include "daemon/verbs/verbs.h"

#define RECORD_EXTRA 5 /* tag and length */
#define RECORDS_MAX 4096

struct reading {
    struct request *req;
    Reachout__Directory__Answer *answer;
    size_t left; /* bytes */
};

static enum ro_status
take_record(void *user, uint32_t day, struct ro_bytes record)
{
    struct reading *reading = user;
    Reachout__Directory__Answer *answer = reading->answer;
    (void)day;
    if (record.size + RECORD_EXTRA > reading->left ||
        answer->n_records == RECORDS_MAX)
        return RO_REFUSED;
    ProtobufCBinaryData copy = verbs_copy(reading->req, record);
    if (copy.data == NULL)
        return RO_NO_MEMORY;
    answer->records[answer->n_records++] = copy;
    reading->left -= record.size + RECORD_EXTRA;
    return RO_OK;
}

static Reachout__Directory__Answer *
new_answer(struct broker *broker, struct request *req)
{
    Reachout__Directory__Answer *answer =
        ro_arena_take(req->arena, sizeof(*answer));
    if (answer == NULL)
        return NULL;
    reachout__directory__answer__init(answer);
    answer->records =
        ro_arena_take(req->arena, RECORDS_MAX * sizeof(*answer->records));
    struct verbs_checkpoint checkpoint = verbs_checkpoint(broker);
    answer->has_checkpoint = checkpoint.has;
    answer->checkpoint = checkpoint.bytes;
    answer->has_size = true;
    answer->size = ro_directory_size(broker->ledger.directory);
    return answer->records != NULL ? answer : NULL;
}

static enum ro_status
store(struct broker *broker, struct request *req)
{
    const Reachout__Directory__Ask *ask = (const void *)req->ask;
    Reachout__Directory__Answer *answer = new_answer(broker, req);
    if (answer == NULL)
        return RO_NO_MEMORY;
    uint64_t from = ask->has_from ? ask->from : 0;
    answer->has_from = true;
    answer->from = from;
    struct reading reading = {req, answer, VERBS_LIST_BYTES};
    if (from < answer->size)
        RO_TRY(store_records(broker->store, from, take_record, &reading));
    req->answer = &answer->base;
    return RO_OK;
}

const struct verb verb_directory = {
    .name = "directory",
    .doors = VERB_AT_MEMBER | VERB_AT_OPEN,
    .ask = &reachout__directory__ask__descriptor,
    .store = store,
};

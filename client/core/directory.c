/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/directory.h"

#include "client/core/bulletin.h"
#include "client/core/row.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <string.h>

#define VERB_DIRECTORY 2
/* how often a log that grows under our feet is fetched again */
#define SYNC_ROUNDS 4

/* --- what the vault holds ------------------------------------------------------ */

struct loading {
    struct engine *engine;
    struct ro_why *why;
};

static enum ro_status
load_record(void *user, struct ro_bytes value)
{
    struct loading *loading = user;
    struct ro_replaying replaying = {RO_REPLAY_TRUST, 0};
    return ro_directory_add(loading->engine->directory, value, &replaying,
                            loading->why);
}

static enum ro_status
load_notice(void *user, struct ro_bytes value)
{
    struct loading *loading = user;
    return ro_notices_add(loading->engine->notices, value);
}

/* The row "checkpoint": the notices' cursor, then the checkpoint. */
static enum ro_status
load_checkpoint(struct engine *engine)
{
    RO_AUTOBUF value = {0};
    enum ro_status s = vault_get(engine->vault, VAULT_STATE,
                                 ro_bytes_text("checkpoint"), &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    engine->notices_cursor = row_u64(&row);
    struct ro_bytes raw = row_piece(&row);
    RO_TRY(row_end(&row));
    if (raw.size == 0)
        return RO_OK;
    ro_buf_put(&engine->checkpoint, raw.data, raw.size);
    RO_TRY(ro_buf_ok(&engine->checkpoint));
    return ro_checkpoint_open(raw, &engine->keyring->circle,
                              &engine->keyring->broker.signing,
                              &engine->point);
}

enum ro_status
directory_load(struct engine *engine, struct ro_why *why)
{
    struct loading loading = {engine, why};
    enum ro_status s = vault_walk(engine->vault, VAULT_RECORD,
                                  (struct ro_bytes){0}, load_record, &loading);
    if (s == RO_OK)
        s = vault_walk(engine->vault, VAULT_NOTICE, (struct ro_bytes){0},
                       load_notice, &loading);
    if (s == RO_OK)
        s = load_checkpoint(engine);
    if (s == RO_NO_MEMORY)
        return s;
    return s == RO_OK ? RO_OK
                      : ro_why(why, RO_VAULT_DAMAGED,
                               "the directory in the vault does not replay");
}

/* --- the log -------------------------------------------------------------------- */

/* Verifies one record and keeps it; the commit is the caller's. */
static enum ro_status
take_record(struct engine *engine, struct ro_bytes raw, struct ro_why *why)
{
    struct ro_replaying replaying = {RO_REPLAY_CHECK, 0};
    uint8_t key[8];
    ro_set_u64(key, ro_directory_size(engine->directory));
    RO_TRY(ro_directory_add(engine->directory, raw, &replaying, why));
    struct vault_place place = {VAULT_RECORD, {key, sizeof(key)}, {0}};
    return vault_put(engine->vault, &place, raw);
}

static enum ro_status
take_records(struct engine *engine,
             const Reachout__Directory__Answer *answer,
             struct ro_why *why)
{
    enum ro_status s = RO_OK;
    RO_TRY(vault_begin(engine->vault));
    for (size_t i = 0; s == RO_OK && i < answer->n_records; i++)
        s = take_record(engine, ro_field(&answer->records[i]), why);
    /* what came before a bad record was good, and is in memory already */
    RO_TRY(vault_commit(engine->vault));
    return s;
}

/* One ask for records. ret_more: whether the log is longer still. */
static enum ro_status
fetch_records(struct engine *engine,
              int64_t deadline_ms,
              struct ro_why *why,
              bool *ret_more)
{
    uint64_t have = ro_directory_size(engine->directory);
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    ask.has_from = true;
    ask.from = have;
    const struct link_ask asked = {LINK_OPEN, VERB_DIRECTORY, &ask.base,
                                   &reachout__directory__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, why, &got));
    const Reachout__Directory__Answer *answer = (const void *)got.message;
    if (answer->size < have)
        return ro_why(why, RO_ROLLED_BACK,
                      "the broker has %llu directory records, we have %llu",
                      (unsigned long long)answer->size,
                      (unsigned long long)have);
    if (answer->size == 0)
        return ro_why(why, RO_NOT_READY, "the circle has no charter yet");
    if (answer->n_records == 0 && answer->size > have)
        return ro_why(why, RO_FROZEN, "the broker withholds records");
    RO_TRY(take_records(engine, answer, why));
    *ret_more = answer->size > ro_directory_size(engine->directory);
    return RO_OK;
}

static enum ro_status
fetch_log(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    bool more = true;
    while (more)
        RO_TRY(fetch_records(engine, deadline_ms, why, &more));
    return RO_OK;
}

enum ro_status
directory_sync(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    RO_TRY(engine_link(engine, why));
    enum ro_status s = RO_STALE;
    for (int round = 0; s == RO_STALE && round < SYNC_ROUNDS; round++) {
        RO_TRY(fetch_log(engine, deadline_ms, why));
        s = bulletin_sync(engine, deadline_ms, why);
    }
    return s;
}

enum ro_status
directory_compare(struct engine *engine,
                  struct ro_bytes checkpoint,
                  struct ro_why *why)
{
    struct ro_checkpoint theirs;
    if (ro_checkpoint_open(checkpoint, &engine->keyring->circle,
                           &engine->keyring->broker.signing,
                           &theirs) != RO_OK)
        return RO_OK;
    enum ro_status s = ro_checkpoint_agrees(&theirs, engine->directory);
    if (s == RO_OK && engine->checkpoint.size > 0)
        s = ro_checkpoint_compare(&theirs, &engine->point);
    if (s != RO_OK)
        return ro_why(why, RO_FORKED,
                      "the broker shows another school a different directory; "
                      "tell the authority");
    return RO_OK;
}

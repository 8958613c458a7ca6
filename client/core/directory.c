/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/directory.h"

#include "client/core/bulletin.h"
#include "client/core/moved.h"
#include "client/core/roster.h"
#include "client/core/witness.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

/* how often a log that grows under our feet is fetched again */
#define SYNC_ROUNDS 4

/* --- the log ------------------------------------------------------------- */

/* Verifies one record and keeps it; the commit is the caller's. A serial that
 * was there before is in no log that continues ours. */
static enum ro_status
take_record(struct engine *engine, struct ro_bytes raw, struct ro_why *why)
{
    struct ro_replaying replaying = {RO_REPLAY_CHECK, 0};
    uint8_t key[8];
    ro_set_u64(key, ro_directory_size(engine->directory));
    enum ro_status s =
        ro_directory_add(engine->directory, raw, &replaying, why);
    if (s == RO_OLD_SERIAL) {
        return ro_why(why, RO_FORKED,
                      "the broker's directory does not continue ours; tell "
                      "the authority");
    }
    RO_TRY(s);
    struct vault_place place = {
        VAULT_RECORD, {key, sizeof(key)},
         {0  }
    };
    return vault_put(engine->vault, &place, raw);
}

/* One ask for records. ret_more: whether the log is longer still. */
static enum ro_status
fetch_records(struct engine *engine,
              int64_t wait_ms,
              struct ro_why *why,
              bool *ret_more)
{
    uint64_t have = ro_directory_size(engine->directory);
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    ask.has_from = true;
    ask.from = have;
    const struct link_ask asked = {engine_reading_door(engine),
                                   RO_VERB_DIRECTORY, &ask.base,
                                   &reachout__directory__answer__descriptor,
                                   engine_deadline(engine, wait_ms)};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, why, &got));
    const Reachout__Directory__Answer *answer = (const void *)got.message;
    if (answer->size < have) {
        return ro_why(why, RO_ROLLED_BACK,
                      "the broker has %llu directory records, we have %llu",
                      (unsigned long long)answer->size,
                      (unsigned long long)have);
    }
    if (answer->size == 0)
        return ro_why(why, RO_NOT_READY, "the circle has no charter yet");
    if (answer->n_records == 0 && answer->size > have)
        return ro_why(why, RO_FROZEN, "the broker withholds records");
    for (size_t i = 0; i < answer->n_records; i++)
        RO_TRY(take_record(engine, ro_field(&answer->records[i]), why));
    *ret_more = answer->size > ro_directory_size(engine->directory);
    return RO_OK;
}

static enum ro_status
fetch_log(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    bool more = true;
    while (more)
        RO_TRY(fetch_records(engine, wait_ms, why, &more));
    return RO_OK;
}

/* --- all of it ----------------------------------------------------------- */

/* One round: RO_STALE asks for another one. */
static enum ro_status
fetch_all(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    RO_TRY(fetch_log(engine, wait_ms, why));
    RO_TRY(engine_check_clocks(engine, why));
    RO_TRY(moved_follow(engine, why));
    enum ro_status s = bulletin_sync(engine, wait_ms, why);
    if (s != RO_OK && s != RO_KEYS_LOST)
        return s;
    RO_TRY(witness_hold(engine, why));
    return s;
}

/* What a sync found, to see whether it changed anything. */
struct found {
    uint64_t size;
    uint64_t cursor;
    uint64_t n_taken;
    uint32_t slot;
};

static struct found
look(const struct engine *engine)
{
    return (struct found){ro_directory_size(engine->directory),
                          engine->notices_cursor, engine->n_notices_taken,
                          engine->checkpoint.size > 0 ? engine->point.slot : 0};
}

static bool
is_changed(const struct engine *engine, const struct found *before)
{
    const struct found now = look(engine);
    return now.size != before->size || now.cursor != before->cursor ||
           now.n_taken != before->n_taken || now.slot != before->slot;
}

/* Ends the commit of a sync that came to `s`. Keys that the broker has lost
 * are told once: that they were is kept. */
static enum ro_status
finish(struct engine *engine,
       const struct found *before,
       const struct roster *roster,
       enum ro_status s)
{
    bool changed = is_changed(engine, before);
    bool kept = s == RO_OK || s == RO_UNREACHABLE || s == RO_KEYS_LOST;
    if (!changed && kept && s != RO_KEYS_LOST) {
        vault_rollback(engine->vault);
        return s;
    }
    if (!kept)
        vault_rollback(engine->vault);
    enum ro_status committed =
        kept ? vault_end(engine->vault, roster_note(engine, roster))
             : RO_REFUSED;
    if (committed == RO_OK)
        return s;
    if (changed)
        RO_TRY(engine_reload(engine, NULL));
    return kept ? committed : s;
}

enum ro_status
directory_sync(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    const struct found before = look(engine);
    enum ro_status s = RO_STALE;
    RO_AUTOROSTER roster = {0};
    RO_TRY(engine_link(engine, why));
    RO_TRY(roster_look(engine, &roster));
    RO_TRY(vault_begin(engine->vault));
    for (int round = 0; s == RO_STALE && round < SYNC_ROUNDS; round++)
        s = fetch_all(engine, wait_ms, why);
    if (s == RO_STALE) {
        s = ro_why(why, RO_FROZEN,
                   "the broker withholds records that its checkpoint or its "
                   "epoch keys speak of; tell the authority");
    }
    return finish(engine, &before, &roster, s);
}

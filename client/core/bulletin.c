/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/bulletin.h"

#include "client/core/directory.h"
#include "client/core/lost.h"
#include "client/core/row.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <string.h>

/* One fetch under way. The digest speaks of the notices up to `covered`.
 * `shown` is what the broker shows: our own set while it goes on from where we
 * were, a fresh one when all of it is read anew. */
struct fetch {
    struct engine *engine;
    struct ro_why *why;
    struct ro_notices *shown;
    uint64_t cursor;
    enum { READ_ON, READ_ANEW } reading;
    enum { COUNT_HOLDS, COUNT_DOUBTED } count; /* notices may be counted anew */
    struct ro_checkpoint point;
    struct ro_buf raw; /* the checkpoint as it came; empty: none yet */
    uint64_t covered;
    enum { DIGEST_NONE, DIGEST_OPEN, DIGEST_HELD } digest; /* of that one */
    enum { PAGE_EMPTY, PAGE_MORE } page;                   /* the last one */
};

static enum ro_status
save_checkpoint(struct engine *engine)
{
    RO_AUTOBUF row = {0};
    ro_buf_put_u64(&row, engine->notices_cursor);
    row_put_piece(&row, ro_buf_view(&engine->checkpoint));
    RO_TRY(ro_buf_ok(&row));
    struct vault_place place = {VAULT_STATE, ro_bytes_text("checkpoint"), {0}};
    return vault_put(engine->vault, &place, ro_buf_view(&row));
}

/* --- the checkpoint ------------------------------------------------------ */

/* A served checkpoint must not be older than the newest we saw, nor than two
 * days. */
static enum ro_status
check_fresh(const struct fetch *fetch)
{
    const struct engine *engine = fetch->engine;
    uint32_t hour = ro_hour_of(ro_clock_wall_s(&engine->clock));
    if (engine->checkpoint.size > 0 && fetch->point.slot < engine->point.slot) {
        return ro_why(fetch->why, RO_ROLLED_BACK,
                      "the broker serves a checkpoint older than one that we "
                      "saw before");
    }
    if (fetch->point.slot < hour &&
        hour - fetch->point.slot > RO_FREEZE_HOURS) {
        return ro_why(fetch->why, RO_FROZEN,
                      "the broker's newest checkpoint is %u hours old",
                      hour - fetch->point.slot);
    }
    return RO_OK;
}

/* Opens the checkpoint of an answer with the charter's key and holds it
 * against our log and against the newest that we saw. RO_STALE: it speaks of
 * records that have come meanwhile, or are kept back. */
static enum ro_status
open_checkpoint(struct fetch *fetch, struct ro_bytes raw)
{
    struct engine *engine = fetch->engine;
    enum ro_status s =
        ro_checkpoint_open(raw, &engine->keyring->circle,
                           directory_broker_signing(engine), &fetch->point);
    if (s != RO_OK) {
        return ro_why(fetch->why, s,
                      "the broker's checkpoint is not signed by it");
    }
    if (fetch->point.size > ro_directory_size(engine->directory))
        return RO_STALE;
    s = ro_checkpoint_agrees(&fetch->point, engine->directory);
    if (s == RO_OK && engine->checkpoint.size > 0)
        s = ro_checkpoint_compare(&fetch->point, &engine->point);
    if (s != RO_OK) {
        return ro_why(fetch->why, s,
                      "the directory differs from the one that the broker "
                      "showed before; tell the authority");
    }
    ro_buf_clear(&fetch->raw);
    ro_buf_put(&fetch->raw, raw.data, raw.size);
    RO_TRY(ro_buf_ok(&fetch->raw));
    return check_fresh(fetch);
}

static enum ro_status
hold_digest(struct fetch *fetch)
{
    struct ro_hash ours;
    ro_notices_digest(fetch->shown, fetch->point.slot / 24, &ours);
    fetch->digest = DIGEST_HELD;
    if (memcmp(ours.b, fetch->point.notices.b, RO_HASH_SIZE) != 0) {
        fetch->count = COUNT_DOUBTED;
        return ro_why(fetch->why, RO_FORKED,
                      "the broker shows us other epoch keys than its "
                      "checkpoint covers; tell the authority");
    }
    return RO_OK;
}

/* Takes the checkpoint of a page. One that is new to us was made after all
 * that we were shown before, so it covers that: whoever says otherwise wants
 * to get by without the comparison. */
static enum ro_status
take_checkpoint(struct fetch *fetch, const Reachout__Notices__Answer *answer)
{
    const struct engine *engine = fetch->engine;
    struct ro_bytes raw = ro_field(&answer->checkpoint);
    if (fetch->raw.size > 0 && answer->covered == fetch->covered &&
        ro_bytes_equal(raw, ro_buf_view(&fetch->raw)))
        return RO_OK;
    RO_TRY(open_checkpoint(fetch, raw));
    fetch->covered = answer->covered;
    fetch->digest = DIGEST_OPEN;
    if (fetch->cursor <= fetch->covered)
        return RO_OK;
    if (engine->checkpoint.size == 0 ||
        fetch->point.slot > engine->point.slot) {
        fetch->count = COUNT_DOUBTED;
        return ro_why(fetch->why, RO_FORKED,
                      "the broker's checkpoint leaves out epoch keys that it "
                      "showed before; tell the authority");
    }
    fetch->digest = DIGEST_HELD;
    return RO_OK;
}

/* --- the notices --------------------------------------------------------- */

/* A list of a seat that was revoked since is covered by the digest and kept
 * for that, but never used. */
static enum ro_status
check_notice(const struct engine *engine,
             const struct ro_notices *among,
             struct ro_bytes raw,
             struct ro_why *why,
             struct ro_notice_facts *ret_facts)
{
    enum ro_status s =
        ro_notices_check(among, engine->directory, raw, why, ret_facts);
    if (s != RO_NO_RIGHT)
        return s;
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &ret_facts->seat);
    if (seat == NULL)
        return RO_STALE;
    return seat->standing == RO_SEAT_REVOKED ? RO_OK : RO_NO_RIGHT;
}

/* Keeps one that was checked. */
static enum ro_status
keep_notice(struct engine *engine,
            struct ro_bytes raw,
            const struct ro_notice_facts *facts)
{
    engine->n_notices_taken++;
    RO_TRY(ro_notices_add(engine->notices, raw));
    struct vault_place place = {
        VAULT_NOTICE, {facts->seat.b, RO_ID_SIZE},
         {0            }
    };
    return vault_put(engine->vault, &place, raw);
}

static enum ro_status
take_notice(struct fetch *fetch, const Reachout__Notices__Answer__Entry *entry)
{
    struct engine *engine = fetch->engine;
    struct ro_bytes raw = ro_field(&entry->notice);
    struct ro_notice_facts facts = {0};
    if (entry->cursor <= fetch->cursor)
        return ro_why(fetch->why, RO_BAD_FRAME, "the notices do not rise");
    enum ro_status s =
        check_notice(engine, fetch->shown, raw, fetch->why, &facts);
    if (s == RO_OLD_SERIAL)
        fetch->count = COUNT_DOUBTED;
    RO_TRY(s);
    RO_TRY(fetch->reading == READ_ON ? keep_notice(engine, raw, &facts)
                                     : ro_notices_add(fetch->shown, raw));
    fetch->cursor = entry->cursor;
    return RO_OK;
}

static enum ro_status
take_notices(struct fetch *fetch, const Reachout__Notices__Answer *answer)
{
    RO_TRY(take_checkpoint(fetch, answer));
    for (size_t i = 0; i < answer->n_entries; i++) {
        if (fetch->digest == DIGEST_OPEN &&
            answer->entries[i]->cursor > fetch->covered)
            RO_TRY(hold_digest(fetch));
        RO_TRY(take_notice(fetch, answer->entries[i]));
    }
    return RO_OK;
}

/* One ask for notices. ret_newest: the broker's newest cursor. */
static enum ro_status
fetch_page(struct fetch *fetch, int64_t wait_ms, uint64_t *ret_newest)
{
    struct engine *engine = fetch->engine;
    uint64_t before = fetch->cursor;
    Reachout__Notices__Ask ask = REACHOUT__NOTICES__ASK__INIT;
    ask.has_after = true;
    ask.after = before;
    const struct link_ask asked = {engine_reading_door(engine), RO_VERB_NOTICES,
                                   &ask.base,
                                   &reachout__notices__answer__descriptor,
                                   engine_deadline(engine, wait_ms)};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, fetch->why, &got));
    const Reachout__Notices__Answer *answer = (const void *)got.message;
    *ret_newest = answer->newest;
    if (answer->newest >= before)
        RO_TRY(take_notices(fetch, answer));
    if (answer->newest < fetch->cursor) {
        fetch->count = COUNT_DOUBTED;
        return ro_why(fetch->why, RO_ROLLED_BACK,
                      "the broker has lost epoch keys that it showed before");
    }
    fetch->page = fetch->cursor > before ? PAGE_MORE : PAGE_EMPTY;
    if (fetch->page == PAGE_EMPTY && answer->newest > before &&
        answer->newest > fetch->covered)
        return ro_why(fetch->why, RO_FROZEN, "the broker withholds notices");
    return RO_OK;
}

static enum ro_status
fetch_pages(struct fetch *fetch, int64_t wait_ms)
{
    uint64_t newest;
    do {
        RO_TRY(fetch_page(fetch, wait_ms, &newest));
    } while (fetch->cursor < newest && fetch->page == PAGE_MORE);
    if (fetch->digest == DIGEST_OPEN)
        RO_TRY(hold_digest(fetch));
    /* What a checkpoint covers and the broker has no more has expired: the
     * digest says so. */
    if (fetch->cursor < fetch->covered)
        fetch->cursor = fetch->covered;
    return RO_OK;
}

/* --- read anew ----------------------------------------------------------- */

/* Takes over one that the broker shows, if it is newer than ours: what was
 * verified is never replaced by an older one. */
static enum ro_status
take_over(struct fetch *fetch, size_t n)
{
    struct engine *engine = fetch->engine;
    struct ro_bytes raw = ro_notices_nth(fetch->shown, n);
    struct ro_notice_facts facts = {0};
    if (!ro_notices_facts_nth(fetch->shown, n, &facts) ||
        facts.serial <= ro_notices_serial(engine->notices, &facts.seat))
        return RO_OK;
    RO_TRY(check_notice(engine, engine->notices, raw, fetch->why, &facts));
    return keep_notice(engine, raw, &facts);
}

static enum ro_status
read_all(struct fetch *fetch, int64_t wait_ms)
{
    RO_TRY(fetch_pages(fetch, wait_ms));
    for (size_t n = 0; ro_notices_nth(fetch->shown, n).size > 0; n++)
        RO_TRY(take_over(fetch, n));
    return lost_compare(fetch->engine, fetch->shown, fetch->point.slot / 24,
                        fetch->why);
}

/* The broker counts its notices anew, or has fewer than it had: everything
 * that it shows is held against its checkpoint, and then against ours. What
 * does not even fit its own checkpoint is the alarm `s` that led here. */
static enum ro_status
fetch_anew(struct fetch *fetch, enum ro_status s, int64_t wait_ms)
{
    struct ro_why *why = fetch->why;
    struct ro_why detail = {""};
    struct ro_notices *fresh = ro_notices_new();
    if (fresh == NULL)
        return RO_NO_MEMORY;
    ro_buf_clear(&fetch->raw);
    fetch->shown = fresh;
    fetch->cursor = 0;
    fetch->covered = 0;
    fetch->digest = DIGEST_NONE;
    fetch->reading = READ_ANEW;
    fetch->count = COUNT_HOLDS;
    fetch->why = &detail;
    enum ro_status anew = read_all(fetch, wait_ms);
    fetch->why = why;
    fetch->shown = fetch->engine->notices;
    ro_notices_free(fresh);
    if (s != RO_OK && fetch->count == COUNT_DOUBTED)
        return s;
    if (anew != RO_OK)
        return ro_why(why, anew, "%s", detail.text);
    if (why != NULL)
        why->text[0] = '\0';
    return RO_OK;
}

/* Goes on from where we were, if the broker counts as it did. */
static enum ro_status
fetch_set(struct fetch *fetch, int64_t wait_ms)
{
    enum ro_status s = RO_OK;
    if (fetch->engine->lacking.size == 0)
        s = fetch_pages(fetch, wait_ms);
    if (fetch->engine->lacking.size == 0 && fetch->count == COUNT_HOLDS)
        return s;
    return fetch_anew(fetch, s, wait_ms);
}

/* The checkpoint becomes the newest that we verified. False: it is already. */
static bool
adopt(struct fetch *fetch)
{
    struct engine *engine = fetch->engine;
    if (ro_bytes_equal(ro_buf_view(&fetch->raw),
                       ro_buf_view(&engine->checkpoint)))
        return false;
    engine->point = fetch->point;
    ro_buf_fini(&engine->checkpoint);
    engine->checkpoint = fetch->raw;
    fetch->raw = (struct ro_buf){0};
    return true;
}

enum ro_status
bulletin_sync(struct engine *engine, int64_t wait_ms, struct ro_why *why)
{
    struct fetch fetch = {.engine = engine,
                          .why = why,
                          .shown = engine->notices,
                          .cursor = engine->notices_cursor};
    uint64_t cursor = engine->notices_cursor;
    bool news = false;
    enum ro_status s = fetch_set(&fetch, wait_ms);
    bool is_whole = s == RO_OK || s == RO_KEYS_LOST;
    bool is_good =
        is_whole || (s == RO_UNREACHABLE && fetch.reading == READ_ON);
    if (is_good && fetch.digest == DIGEST_HELD)
        news = adopt(&fetch);
    if (is_whole || fetch.reading == READ_ON)
        engine->notices_cursor = fetch.cursor;
    ro_buf_fini(&fetch.raw);
    if (news || engine->notices_cursor != cursor)
        RO_TRY(save_checkpoint(engine));
    return s;
}

enum ro_status
bulletin_forget(struct engine *engine)
{
    struct ro_notice_facts facts;
    struct ro_notices *none = ro_notices_new();
    if (none == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = lost_forget(engine);
    for (size_t i = 0;
         s == RO_OK && ro_notices_facts_nth(engine->notices, i, &facts); i++) {
        s = vault_drop(engine->vault, VAULT_NOTICE,
                       (struct ro_bytes){facts.seat.b, RO_ID_SIZE});
    }
    ro_notices_free(engine->notices);
    engine->notices = none;
    engine->notices_cursor = 0;
    ro_buf_fini(&engine->checkpoint);
    RO_TRY(s);
    return save_checkpoint(engine);
}

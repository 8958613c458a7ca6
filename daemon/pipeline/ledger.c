/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/pipeline/ledger.h"

#include <string.h>

#include "common/wire/checkpoint.h"

void
ledger_fini(struct ledger *ledger)
{
    ro_directory_free(ledger->directory);
    ro_notices_free(ledger->notices);
    ro_buf_fini(&ledger->checkpoint);
    ledger->directory = NULL;
    ledger->notices = NULL;
}

/* Since when a PSK generation has been the charter's. */
struct naming {
    uint32_t generation;
    uint32_t day;
};

static void
look(const struct ro_directory *directory, uint32_t day, struct naming *naming)
{
    const struct ro_charter_view *charter = ro_directory_charter(directory);
    if (charter == NULL || charter->psk_generation == naming->generation)
        return;
    naming->generation = charter->psk_generation;
    naming->day = day;
}

void
ledger_look(struct ledger *ledger, uint32_t day)
{
    struct naming naming = {ledger->generation, ledger->generation_day};
    look(ledger->directory, day, &naming);
    ledger->generation = naming.generation;
    ledger->generation_day = naming.day;
}

/* How the log is read: records before `trusted` are vouched for. */
struct reading {
    struct ro_directory *directory;
    struct ro_notices *notices;
    uint64_t trusted;
    struct ro_why *why;
    struct naming naming;
};

static enum ro_status
take_record(void *user, uint32_t day, struct ro_bytes record)
{
    struct reading *reading = user;
    struct ro_why why = {""};
    uint64_t n = ro_directory_size(reading->directory);
    const struct ro_replaying how = {
        .how = n < reading->trusted ? RO_REPLAY_TRUST : RO_REPLAY_CHECK,
        .today = day,
    };
    enum ro_status s = ro_directory_add(reading->directory, record, &how, &why);
    if (s == RO_OK)
        look(reading->directory, day, &reading->naming);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(reading->why, RO_STORE_BROKEN, "record %llu: %s: %s",
                  (unsigned long long)n, ro_status_text(s), why.text);
}

/* In the order of their cursors, so that a seat's newest comes last. */
static enum ro_status
take_notice(void *user, uint64_t cursor, struct ro_bytes notice)
{
    struct reading *reading = user;
    enum ro_status s = ro_notices_add(reading->notices, notice);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(reading->why, RO_STORE_BROKEN, "notice %llu: %s",
                  (unsigned long long)cursor, ro_status_text(s));
}

/* Both walks. A walk that the store itself ended is named here. */
static enum ro_status
walk(const struct ledger *ledger, struct reading *reading)
{
    enum ro_status s = store_records(ledger->store, 0, take_record, reading);
    if (s == RO_OK)
        s = store_notices(ledger->store, 0, take_notice, reading);
    if (s == RO_STORE_BROKEN && reading->why != NULL &&
        reading->why->text[0] == '\0')
        return ro_why(reading->why, s, "the store cannot be read");
    return s;
}

/* Replays both into fresh objects and puts them in place of the old. */
static enum ro_status
replay(struct ledger *ledger,
       uint64_t trusted,
       enum ledger_quota quota,
       struct ro_why *why)
{
    RO_CLEANUP(ro_directory_freep)
    struct ro_directory *directory = ro_directory_new(&ledger->root);
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    if (directory == NULL || notices == NULL)
        return RO_NO_MEMORY;
    struct reading reading = {.directory = directory,
                              .notices = notices,
                              .trusted = trusted,
                              .why = why};
    RO_TRY(walk(ledger, &reading));
    uint64_t newest;
    RO_TRY(store_notice_newest(ledger->store, &newest));
    if (quota == LEDGER_REMEMBERS)
        ro_directory_keep_quota(directory, ledger->directory);
    ro_directory_free(ledger->directory);
    ro_notices_free(ledger->notices);
    ledger->directory = RO_STEAL(directory);
    ledger->notices = RO_STEAL(notices);
    ledger->newest = newest;
    ledger->generation = reading.naming.generation;
    ledger->generation_day = reading.naming.day;
    return RO_OK;
}

static enum ro_status
read_checkpoint(struct ledger *ledger)
{
    RO_AUTOBUF bytes = {0};
    uint32_t slot = 0;
    uint64_t covered = 0;
    enum ro_status s =
        store_checkpoint_get(ledger->store, &slot, &covered, &bytes);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    ro_buf_fini(&ledger->checkpoint);
    ledger->checkpoint = bytes;
    bytes = (struct ro_buf){0};
    ledger->slot = slot;
    ledger->covered = covered;
    return RO_OK;
}

/* What the newest checkpoint vouches for: nothing, if another key signed it
 * (then it is not shown either, but its slot stays taken). */
static enum ro_status
open_checkpoint(struct ledger *ledger,
                const struct ro_key *signing,
                struct ro_checkpoint *ret_point)
{
    RO_CLEANUP(ro_directory_freep)
    struct ro_directory *empty = ro_directory_new(&ledger->root);
    if (empty == NULL)
        return RO_NO_MEMORY;
    enum ro_status s =
        ro_checkpoint_open(ro_buf_view(&ledger->checkpoint),
                           ro_directory_circle(empty), signing, ret_point);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    ro_buf_clear(&ledger->checkpoint);
    *ret_point = (struct ro_checkpoint){0};
    return RO_OK;
}

enum ro_status
ledger_open(struct ledger *ledger,
            const struct ro_key *signing,
            struct ro_why *why)
{
    RO_TRY(read_checkpoint(ledger));
    struct ro_checkpoint point = {0};
    RO_TRY(open_checkpoint(ledger, signing, &point));
    RO_TRY(replay(ledger, point.size, LEDGER_FORGETS, why));
    struct ro_hash head;
    if (point.size > ro_directory_size(ledger->directory)) {
        return ro_why(why, RO_STORE_BROKEN,
                      "the directory log is shorter than its checkpoint");
    }
    RO_TRY(ro_directory_head(ledger->directory, point.size, &head));
    if (point.size > 0 && memcmp(head.b, point.head.b, RO_HASH_SIZE) != 0) {
        return ro_why(why, RO_STORE_BROKEN,
                      "the directory log is not the one of its checkpoint");
    }
    return RO_OK;
}

enum ro_status
ledger_again(struct ledger *ledger, enum ledger_quota quota)
{
    struct ro_why why = {""};
    RO_TRY(replay(ledger, UINT64_MAX, quota, &why));
    return read_checkpoint(ledger);
}

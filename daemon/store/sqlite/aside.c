/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Envelopes that are not what was put: the body does not have its hash, or the
 * envelope not its id. They are set aside, which is: passed over in walks and
 * counts, told once in the log, and otherwise left as they are. One bad row
 * must not stop a circle; and as nothing is written for it, the row expires
 * like every other, a copy of the disk may still have it whole, and the mark is
 * simply found again after a restart. A body that its sender sends once more is
 * mended.
 */
#include "daemon/store/sqlite/sql.h"

#include "common/base/log.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

/* More than this is no bad row, it is a bad disk. */
#define ASIDE_MAX 1000

static struct aside *
find(struct store *store, uint64_t key)
{
    for (size_t i = 0; i < store->n_aside; i++) {
        if (store->aside[i].key == key)
            return &store->aside[i];
    }
    return NULL;
}

static void
drop(struct store *store, struct aside *aside)
{
    *aside = store->aside[--store->n_aside];
}

enum ro_status
aside_note(struct store *store, const struct aside *aside)
{
    if (find(store, aside->key) != NULL)
        return RO_OK;
    if (store->n_aside == ASIDE_MAX) {
        ro_log(RO_LOG_ERROR,
               "store-damaged why=\"more than %d envelopes are "
               "not what was stored: the disk fails\"",
               ASIDE_MAX);
        store->turn = TURN_BROKEN;
        return RO_STORE_BROKEN;
    }
    struct aside *more =
        reallocarray(store->aside, store->n_aside + 1, sizeof(*store->aside));
    if (more == NULL)
        return RO_NO_MEMORY;
    store->aside = more;
    more[store->n_aside++] = *aside;
    ro_log(RO_LOG_ERROR,
           "envelope-damaged key=%" PRIu64 " part=%s why=\"it is not what was "
           "stored: set aside, not delivered\"",
           aside->key, aside->part == PART_BODY ? "body" : "wrap");
    return RO_OK;
}

void
aside_forget(struct store *store, uint64_t key)
{
    struct aside *aside = find(store, key);
    if (aside != NULL)
        drop(store, aside);
}

uint64_t
aside_in(const struct store *store, const struct store_span *span)
{
    uint64_t n = 0;
    for (size_t i = 0; i < store->n_aside; i++) {
        const struct aside *aside = &store->aside[i];
        n += aside->key > span->after && aside->key <= span->upto &&
             ro_seat_id_equal(&aside->mailbox, &span->mailbox);
    }
    return n;
}

bool
aside_has_body(const struct store *store, const struct ro_hash *hash)
{
    for (size_t i = 0; i < store->n_aside; i++) {
        const struct aside *aside = &store->aside[i];
        if (aside->part == PART_BODY &&
            memcmp(aside->body.b, hash->b, RO_HASH_SIZE) == 0)
            return true;
    }
    return false;
}

enum ro_status
aside_mend_body(struct store *store,
                const struct ro_hash *hash,
                struct ro_bytes body)
{
    if (!aside_has_body(store, hash))
        return RO_OK;
    SQL_AUTO *mend = sql_start(store, SQL_BODY_MEND);
    sql_put_hash(mend, 1, hash);
    sql_put_bytes(mend, 2, body);
    RO_TRY(sql_write(store, mend));
    for (size_t i = store->n_aside; i-- > 0;) {
        struct aside *aside = &store->aside[i];
        if (aside->part == PART_BODY &&
            memcmp(aside->body.b, hash->b, RO_HASH_SIZE) == 0)
            drop(store, aside);
    }
    return RO_OK;
}

enum ro_status
aside_expire(struct store *store)
{
    for (size_t i = store->n_aside; i-- > 0;) {
        SQL_AUTO *here = sql_start(store, SQL_ENVELOPE_HERE);
        sql_put_number(here, 1, store->aside[i].key);
        enum ro_status s = sql_row(store, here);
        if (s == RO_NOT_FOUND) {
            drop(store, &store->aside[i]);
        } else if (s != RO_OK) {
            return s;
        }
    }
    return RO_OK;
}

size_t
store_aside(const struct store *store)
{
    return store->n_aside;
}

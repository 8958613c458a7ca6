/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies and envelopes. */
#include "daemon/store/sqlite/sql.h"

#include "common/crypto/seal.h"

#include <stdlib.h>
#include <string.h>

#define FRESH_FIRST 64

/* The row of a body. RO_NOT_FOUND. */
static enum ro_status
find_body(struct store *store, const struct ro_hash *hash, uint64_t *ret_row)
{
    SQL_AUTO *find = sql_start(store, SQL_BODY_FIND);
    sql_put_hash(find, 1, hash);
    RO_TRY(sql_row(store, find));
    *ret_row = sql_number(find, 0);
    return RO_OK;
}

enum ro_status
store_body_find(struct store *store, const struct ro_hash *hash)
{
    uint64_t row;
    if (aside_has_body(store, hash))
        return RO_NOT_FOUND; /* its sender may have it whole */
    return find_body(store, hash, &row);
}

/* Before the body is written: what cannot be noted is not kept either. */
static enum ro_status
room_for_fresh(struct store *store)
{
    if (store->n_fresh < store->fresh_room)
        return RO_OK;
    size_t room = store->fresh_room == 0 ? FRESH_FIRST : 2 * store->fresh_room;
    int64_t *more = realloc(store->fresh, room * sizeof(*more));
    if (more == NULL) {
        store->turn = TURN_SPOILT;
        return RO_NO_ROOM;
    }
    store->fresh = more;
    store->fresh_room = room;
    return RO_OK;
}

enum ro_status
store_body_put(struct store *store,
               const struct ro_hash *hash,
               struct ro_bytes body)
{
    RO_TRY(sql_may_write(store));
    RO_TRY(room_for_fresh(store));
    SQL_AUTO *put = sql_start(store, SQL_BODY_PUT);
    sql_put_hash(put, 1, hash);
    sql_put_bytes(put, 2, body);
    RO_TRY(sql_write(store, put));
    if (sqlite3_changes(store->db) == 0) /* it is here already */
        return aside_mend_body(store, hash, body);
    store->fresh[store->n_fresh++] = sqlite3_last_insert_rowid(store->db);
    return RO_OK;
}

static enum ro_status
find_envelope(struct store *store,
              const struct ro_envelope_id *id,
              uint64_t *ret_key)
{
    SQL_AUTO *find = sql_start(store, SQL_ENVELOPE_FIND);
    sql_put_bytes(find, 1, (struct ro_bytes){id->b, sizeof(id->b)});
    RO_TRY(sql_row(store, find));
    *ret_key = sql_number(find, 0);
    return RO_OK;
}

enum ro_status
store_envelope_put(struct store *store,
                   const struct store_envelope *put,
                   uint64_t *ret_key)
{
    RO_TRY(sql_may_write(store));
    enum ro_status s = find_envelope(store, &put->id, ret_key);
    if (s != RO_NOT_FOUND)
        return s;
    uint64_t body;
    s = find_body(store, &put->body_hash, &body);
    if (s != RO_OK)
        return s == RO_NOT_FOUND ? RO_NEED_BODY : s;
    SQL_AUTO *insert = sql_start(store, SQL_ENVELOPE_PUT);
    sql_put_id(insert, 1, &put->mailbox);
    sql_put_bytes(insert, 2, (struct ro_bytes){put->id.b, sizeof(put->id.b)});
    sql_put_bytes(insert, 3, put->wrap);
    sql_put_number(insert, 4, body);
    sql_put_number(insert, 5, put->day);
    sql_put_number(insert, 6, put->generation);
    sql_put_number(insert, 7, put->expiry_hour);
    RO_TRY(sql_write(store, insert));
    *ret_key = (uint64_t)sqlite3_last_insert_rowid(store->db);
    return RO_OK;
}

/* Reads an envelope, and which part of it is not what was put: a disk that
 * flips a bit must not have us deliver what nobody can open, and take the
 * acknowledgement for it. */
static enum part
read_envelope(sqlite3_stmt *row, struct store_envelope *e)
{
    struct ro_bytes id = sql_bytes(row, 1);
    struct ro_bytes hash = sql_bytes(row, 6);
    struct ro_hash body;
    struct ro_envelope_id envelope;
    e->key = sql_number(row, 0);
    e->wrap = sql_bytes(row, 2);
    e->day = (uint32_t)sql_number(row, 3);
    e->generation = (uint32_t)sql_number(row, 4);
    e->expiry_hour = (uint32_t)sql_number(row, 5);
    e->body = sql_bytes(row, 7);
    if (hash.size != RO_HASH_SIZE)
        return PART_BODY; /* or there is none */
    memcpy(e->body_hash.b, hash.data, RO_HASH_SIZE);
    ro_body_hash(e->body, &body);
    if (memcmp(body.b, e->body_hash.b, RO_HASH_SIZE) != 0)
        return PART_BODY;
    ro_envelope_id_of(&e->mailbox, &e->body_hash, e->wrap, &envelope);
    if (id.size != sizeof(e->id.b) ||
        memcmp(envelope.b, id.data, sizeof(envelope.b)) != 0)
        return PART_WRAP;
    e->id = envelope;
    return PART_NONE;
}

/* Hands a row on, or sets it aside. */
static enum ro_status
walk_row(struct store *store,
         struct store_envelope *envelope,
         enum part damaged,
         store_envelope_fn *fn,
         void *user)
{
    if (damaged != PART_NONE) {
        const struct aside aside = {.key = envelope->key,
                                    .mailbox = envelope->mailbox,
                                    .body = envelope->body_hash,
                                    .part = damaged};
        return aside_note(store, &aside);
    }
    if (store->n_aside > 0)
        aside_forget(store, envelope->key);
    return fn(user, envelope);
}

enum ro_status
store_envelopes(struct store *store,
                const struct store_cursor *cursor,
                store_envelope_fn *fn,
                void *user)
{
    SQL_AUTO *walk = sql_start(store, SQL_ENVELOPES);
    sql_put_id(walk, 1, &cursor->mailbox);
    sql_put_number(walk, 2, cursor->after);
    enum ro_status s = RO_OK;
    for (size_t n = 0; n < cursor->limit;) {
        struct store_envelope envelope = {.mailbox = cursor->mailbox};
        if ((s = sql_row(store, walk)) != RO_OK)
            break;
        enum part damaged = read_envelope(walk, &envelope);
        n += damaged == PART_NONE;
        if ((s = walk_row(store, &envelope, damaged, fn, user)) != RO_OK)
            break;
    }
    return s == RO_NOT_FOUND || s == RO_REFUSED ? RO_OK : s;
}

enum ro_status
store_envelope_drop(struct store *store,
                    const struct ro_seat_id *mailbox,
                    uint64_t key)
{
    SQL_AUTO *drop = sql_start(store, SQL_ENVELOPE_DROP);
    sql_put_number(drop, 1, key);
    sql_put_id(drop, 2, mailbox);
    RO_TRY(sql_write(store, drop));
    if (sqlite3_changes(store->db) == 0)
        return RO_NOT_FOUND;
    aside_forget(store, key);
    return RO_OK;
}

enum ro_status
store_count(struct store *store, const struct store_span *span, uint64_t *ret_n)
{
    uint64_t aside = aside_in(store, span);
    SQL_AUTO *count = sql_start(store, SQL_ENVELOPE_COUNT);
    sql_put_id(count, 1, &span->mailbox);
    sql_put_number(count, 2, span->after);
    sql_put_number(count, 3, span->upto);
    sql_put_number(count, 4, span->limit + aside);
    RO_TRY(sql_row(store, count));
    uint64_t n = sql_number(count, 0);
    *ret_n = n > aside ? n - aside : 0;
    return RO_OK;
}

enum ro_status
store_expire(struct store *store, uint32_t hour, size_t limit, size_t *ret_n)
{
    SQL_AUTO *tickets = sql_start(store, SQL_TICKETS_EXPIRE);
    sql_put_number(tickets, 1, hour);
    RO_TRY(sql_write(store, tickets));
    SQL_AUTO *expire = sql_start(store, SQL_EXPIRE);
    sql_put_number(expire, 1, hour);
    sql_put_number(expire, 2, limit);
    RO_TRY(sql_write(store, expire));
    *ret_n = (size_t)sqlite3_changes(store->db);
    return *ret_n > 0 ? aside_expire(store) : RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Envelopes that are not what was put are set aside, one by one. */
#include <sqlite3.h>

#include "unit/store/sample.h"

static size_t n_handed;

static enum ro_status
see(void *user, const struct store_envelope *envelope)
{
    uint64_t *last = user;
    *last = envelope->key;
    n_handed++;
    return RO_OK;
}

/* How many a walk hands out, and the last key. */
static size_t
walk(struct store *store, uint8_t mailbox, size_t limit, uint64_t *ret_last)
{
    const struct store_cursor cursor = {sample_mailbox(mailbox), 0, limit};
    n_handed = 0;
    *ret_last = 0;
    tap_is(store_envelopes(store, &cursor, see, ret_last), RO_OK);
    return n_handed;
}

static void
run_in(const struct folder *folder, const char *text)
{
    char path[512];
    sqlite3 *db = NULL;
    snprintf(path, sizeof(path), "%s/store.db", folder->path);
    tap_need(sqlite3_open(path, &db) == SQLITE_OK);
    tap_need(sqlite3_exec(db, text, NULL, NULL, NULL) == SQLITE_OK);
    sqlite3_close(db);
}

/* Three messages in mailbox 1, the second damaged so; open. */
static struct store *
damaged(const struct folder *folder, const char *text)
{
    struct store *store = sample_open(folder);
    tap_need(store_begin(store) == RO_OK);
    for (uint8_t i = 1; i <= 3; i++)
        sample_mail(store, 1, i, 500u + i);
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    run_in(folder, text);
    return sample_open(folder);
}

#define SECOND " WHERE id = (SELECT body FROM envelope WHERE key = 2)"
#define FLIPPED(column)                                                        \
    "CAST(substr(" column ", 1, 7) || x'77' || substr(" column ", 9) AS BLOB)"

static const char *const damages[] = {
    "UPDATE body SET bytes = " FLIPPED("bytes") SECOND,
    "UPDATE body SET hash = " FLIPPED("hash") SECOND,
    "UPDATE body SET hash = x'00'" SECOND,
    "UPDATE body SET bytes = x''" SECOND,
    "DELETE FROM body" SECOND,
    "UPDATE envelope SET body = 99 WHERE key = 2",
    "UPDATE envelope SET body = 1 WHERE key = 2",
    "UPDATE envelope SET wrap = " FLIPPED("wrap") " WHERE key = 2",
    "UPDATE envelope SET id = " FLIPPED("id") " WHERE key = 2",
    "UPDATE envelope SET id = x'00' WHERE key = 2",
};

static void
test_each_part_that_can_be_damaged(void)
{
    for (size_t i = 0; i < RO_LEN(damages); i++) {
        struct folder folder = folder_new();
        struct store *store = damaged(&folder, damages[i]);
        uint64_t last;
        printf("# %s\n", damages[i]);
        tap_ok(store_aside(store) == 0);
        tap_ok(walk(store, 1, 100, &last) == 2);
        tap_ok(last == 3);
        tap_ok(store_aside(store) == 1);
        tap_say(sample_waiting(store, 1) == 2, "it is not counted any more");
        tap_say(sample_figures(store).envelopes == 3, "and not deleted");
        tap_ok(walk(store, 1, 2, &last) == 2);
        tap_say(last == 3, "it takes no place in a limit");
        tap_ok(store_aside(store) == 1);
        store_free(store);
        folder_remove(&folder);
    }
}

/* Where it does not belong it is not subtracted. */
static void
test_counts_of_stretches(void)
{
    struct folder folder = folder_new();
    struct store *store = damaged(&folder, damages[0]);
    uint64_t n, last;
    (void)walk(store, 1, 100, &last);
    const struct {
        uint8_t mailbox;
        uint64_t after, upto, limit, expected;
    } rows[] = {
        {1, 0, 1, 9, 1},
        {1, 0, 2, 9, 1},
        {1, 1, 3, 9, 1},
        {1, 2, 9, 9, 1},
        {1, 0, 9, 2, 2},
        {1, 0, 9, 1, 1},
        {2, 0, 9, 9, 0},
    };
    for (size_t i = 0; i < RO_LEN(rows); i++) {
        const struct store_span span = {sample_mailbox(rows[i].mailbox),
                                        rows[i].after, rows[i].upto,
                                        rows[i].limit};
        tap_is(store_count(store, &span, &n), RO_OK);
        tap_ok(n == rows[i].expected);
    }
    store_free(store);
    folder_remove(&folder);
}

/* One body in three mailboxes. */
static void
put_shared(struct store *store)
{
    uint64_t key;
    tap_need(store_begin(store) == RO_OK && sample_body_put(store, 7) == RO_OK);
    for (uint8_t i = 1; i <= 3; i++) {
        const struct sample_envelope one = {i, 7, i, 500};
        tap_is(sample_envelope_put(store, &one, &key), RO_OK);
    }
    sample_mail(store, 2, 9, 500);
    tap_need(store_commit(store) == RO_OK);
}

/* Each of its envelopes is set aside where it is read. */
static void
test_a_shared_body(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    uint64_t last;
    put_shared(store);
    store_free(store);
    run_in(&folder, "UPDATE body SET bytes = x'00' WHERE id = 1");
    store = sample_open(&folder);
    tap_ok(walk(store, 1, 100, &last) == 0);
    tap_ok(walk(store, 2, 100, &last) == 1);
    tap_ok(store_aside(store) == 2);
    store_free(store);
    folder_remove(&folder);
}

/* Its sender is asked for the body again, and has it whole. */
static void
test_a_body_is_mended(void)
{
    struct folder folder = folder_new();
    struct store *store = damaged(&folder, damages[0]);
    const struct sample_body body = sample_body(2);
    uint64_t key, last;
    tap_is(store_body_find(store, &body.hash), RO_OK);
    (void)walk(store, 1, 100, &last);
    tap_is(store_body_find(store, &body.hash), RO_NOT_FOUND);
    tap_need(store_begin(store) == RO_OK);
    tap_is(sample_body_put(store, 2), RO_OK);
    const struct sample_envelope again = {1, 2, 77, 500};
    tap_is(sample_envelope_put(store, &again, &key), RO_OK);
    tap_is(store_commit(store), RO_OK);
    tap_is(store_body_find(store, &body.hash), RO_OK);
    tap_ok(store_aside(store) == 0);
    tap_say(walk(store, 1, 100, &last) == 4, "the old one is whole again, too");
    tap_ok(sample_waiting(store, 1) == 4);
    store_free(store);
    folder_remove(&folder);
}

/* What a turn without room wrote was not written. */
static void
test_mending_that_is_rolled_back(void)
{
    struct folder folder = folder_new();
    struct store *store = damaged(&folder, damages[0]);
    uint64_t last;
    (void)walk(store, 1, 100, &last);
    tap_need(store_begin(store) == RO_OK);
    tap_is(sample_body_put(store, 2), RO_OK);
    store_rollback(store);
    tap_ok(walk(store, 1, 100, &last) == 2);
    tap_ok(store_aside(store) == 1);
    store_free(store);
    folder_remove(&folder);
}

static void
expires(const char *text)
{
    struct folder folder = folder_new();
    struct store *store = damaged(&folder, text);
    uint64_t last;
    size_t n = 0;
    (void)walk(store, 1, 100, &last);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_expire(store, 502, 100, &n), RO_OK);
    tap_ok(n == 2);
    tap_is(store_commit(store), RO_OK);
    tap_ok(store_aside(store) == 0);
    tap_ok(sample_waiting(store, 1) == 1);
    store_free(store);
    folder_remove(&folder);
}

static void
test_it_expires_like_every_other(void)
{
    for (size_t i = 0; i < RO_LEN(damages); i++)
        expires(damages[i]);
}

static void
test_an_ack_of_it(void)
{
    struct folder folder = folder_new();
    struct store *store = damaged(&folder, damages[0]);
    const struct ro_seat_id mailbox = sample_mailbox(1);
    uint64_t last;
    (void)walk(store, 1, 100, &last);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_envelope_drop(store, &mailbox, 2), RO_OK);
    tap_is(store_commit(store), RO_OK);
    tap_ok(store_aside(store) == 0);
    tap_ok(sample_waiting(store, 1) == 2);
    store_free(store);
    folder_remove(&folder);
}

/* More than a thousand bad rows are a bad disk. */
static void
test_too_many(void)
{
    struct folder folder = folder_new();
    struct store *store = damaged(
        &folder, "WITH RECURSIVE n(i) AS (SELECT 10 UNION ALL SELECT i + 1 "
                 "FROM n WHERE i < 1010) INSERT INTO envelope(mailbox, id, "
                 "wrap, body, day, generation, expiry_hour) SELECT mailbox, "
                 "CAST('bad' || i AS BLOB), wrap, body, day, generation, "
                 "expiry_hour FROM n JOIN envelope ON key = 1");
    const struct store_cursor cursor = {sample_mailbox(1), 0, 100};
    uint64_t last;
    tap_is(store_envelopes(store, &cursor, see, &last), RO_STORE_BROKEN);
    tap_is(store_begin(store), RO_STORE_BROKEN);
    store_free(store);
    folder_remove(&folder);
}

/* An index that says something else than its row, as after a flipped bit: the
 * row cannot be deleted until the index is made anew. */
static void
test_an_index_that_differs(void)
{
    struct folder folder = folder_new();
    store_free(damaged(&folder, "SELECT 1"));
    run_in(&folder, "PRAGMA writable_schema = ON;"
                    "CREATE TABLE kept AS SELECT * FROM sqlite_schema"
                    " WHERE name = 'envelope_expiry';"
                    "DELETE FROM sqlite_schema"
                    " WHERE name = 'envelope_expiry';");
    run_in(&folder, "UPDATE envelope SET expiry_hour = expiry_hour + 7"
                    " WHERE key = 2");
    run_in(&folder, "PRAGMA writable_schema = ON;"
                    "INSERT INTO sqlite_schema SELECT * FROM kept;"
                    "DROP TABLE kept;");
    struct store *store = sample_open(&folder);
    struct ro_seat_id mailbox = sample_mailbox(1);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_envelope_drop(store, &mailbox, 2), RO_STORE_BROKEN);
    store_free(store);
    tap_is(store_accept_loss(folder.path, NULL), RO_OK);
    store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    tap_is(store_envelope_drop(store, &mailbox, 2), RO_OK);
    tap_is(store_commit(store), RO_OK);
    tap_say(sample_waiting(store, 1) == 2, "nothing else is lost");
    store_free(store);
    folder_remove(&folder);
}

int
main(void)
{
    tap_run(test_each_part_that_can_be_damaged);
    tap_run(test_an_index_that_differs);
    tap_run(test_counts_of_stretches);
    tap_run(test_a_shared_body);
    tap_run(test_a_body_is_mended);
    tap_run(test_mending_that_is_rolled_back);
    tap_run(test_it_expires_like_every_other);
    tap_run(test_an_ack_of_it);
    tap_run(test_too_many);
    return tap_done();
}

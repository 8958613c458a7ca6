/* SPDX-License-Identifier: Apache-2.0 */
/* Bodies and envelopes. */
#include "unit/store/sample.h"

struct seen {
    uint64_t keys[64];
    size_t n;
    size_t stop_after; /* 0: never */
    struct store *drop_from;
};

static enum ro_status
see(void *user, const struct store_envelope *envelope)
{
    struct seen *seen = user;
    tap_ok(seen->n == 0 || envelope->key > seen->keys[seen->n - 1]);
    tap_ok(envelope->body.size == SAMPLE_BODY);
    tap_ok(envelope->wrap.size == RO_WRAP_SIZE);
    struct ro_hash hash;
    ro_body_hash(envelope->body, &hash);
    tap_ok(memcmp(hash.b, envelope->body_hash.b, RO_HASH_SIZE) == 0);
    struct ro_envelope_id id;
    ro_envelope_id_of(&envelope->mailbox, &hash, envelope->wrap, &id);
    tap_ok(ro_envelope_id_equal(&id, &envelope->id));
    tap_ok(envelope->day == 20000 && envelope->generation == 3);
    seen->keys[seen->n++] = envelope->key;
    return seen->n == seen->stop_after ? RO_REFUSED : RO_OK;
}

static size_t
read_all(struct store *store, uint8_t mailbox, uint64_t after, size_t limit)
{
    struct seen seen = {0};
    const struct store_cursor cursor = {sample_mailbox(mailbox), after, limit};
    tap_is(store_envelopes(store, &cursor, see, &seen), RO_OK);
    return seen.n;
}

static void
test_put_and_read(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    uint64_t a = sample_mail(store, 1, 1, 500);
    uint64_t b = sample_mail(store, 1, 2, 500);
    uint64_t c = sample_mail(store, 2, 3, 500);
    tap_ok(a < b && b < c);
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    store = sample_open(&folder);
    tap_ok(read_all(store, 1, 0, 100) == 2);
    tap_ok(read_all(store, 1, 0, 1) == 1);
    tap_ok(read_all(store, 1, a, 100) == 1);
    tap_ok(read_all(store, 1, b, 100) == 0);
    tap_ok(read_all(store, 1, UINT64_MAX, 100) == 0);
    tap_ok(read_all(store, 3, 0, 100) == 0);
    struct seen seen = {.stop_after = 1};
    const struct store_cursor cursor = {sample_mailbox(1), 0, 100};
    tap_is(store_envelopes(store, &cursor, see, &seen), RO_OK);
    tap_ok(seen.n == 1);
    struct store_figures figures = sample_figures(store);
    tap_ok(figures.envelopes == 3 && figures.bodies == 3);
    tap_ok(figures.mailboxes == 2 && figures.bytes > 0);
    store_free(store);
    folder_remove(&folder);
}

static void
test_count(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    uint64_t keys[5];
    for (uint8_t i = 0; i < 5; i++)
        keys[i] = sample_mail(store, 1, i, 500);
    sample_mail(store, 2, 9, 500);
    static const struct {
        int after; /* index of keys, -1: 0 */
        int upto;  /* index of keys, 9: no end */
        uint64_t limit;
        uint64_t expected;
    } rows[] = {
        {-1, 9, 100, 5},
        {-1, 9, 3,   3},
        {1,  9, 100, 3},
        {-1, 1, 100, 2},
        {1,  3, 100, 2},
        {3,  1, 100, 0},
    };
    for (size_t i = 0; i < RO_LEN(rows); i++) {
        const struct store_span span = {
            .mailbox = sample_mailbox(1),
            .after = rows[i].after < 0 ? 0 : keys[rows[i].after],
            .upto = rows[i].upto == 9 ? UINT64_MAX : keys[rows[i].upto],
            .limit = rows[i].limit,
        };
        uint64_t n = 99;
        tap_is(store_count(store, &span, &n), RO_OK);
        tap_ok(n == rows[i].expected);
    }
    store_free(store);
    folder_remove(&folder);
}

static void
test_an_equal_envelope_is_the_same(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    tap_need(store_begin(store) == RO_OK);
    uint64_t a = sample_mail(store, 1, 1, 500);
    tap_ok(sample_mail(store, 1, 1, 500) == a);
    tap_ok(sample_mail(store, 2, 1, 500) != a);
    tap_need(store_commit(store) == RO_OK);
    tap_need(store_begin(store) == RO_OK);
    tap_ok(sample_mail(store, 1, 1, 500) == a);
    tap_ok(sample_waiting(store, 1) == 1);
    struct ro_seat_id one = sample_mailbox(1);
    tap_is(store_envelope_drop(store, &one, a), RO_OK);
    uint64_t again = sample_mail(store, 1, 1, 500);
    tap_say(again > a, "a key is never used twice");
    store_free(store);
    folder_remove(&folder);
}

static void
test_a_body_is_kept_once_and_goes_with_its_last_envelope(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    struct sample_body body = sample_body(7);
    tap_need(store_begin(store) == RO_OK);
    uint64_t key = 0;
    const struct sample_envelope early = {1, 7, 7, 500};
    tap_is(sample_envelope_put(store, &early, &key), RO_NEED_BODY);
    tap_is(store_body_find(store, &body.hash), RO_NOT_FOUND);
    tap_is(sample_body_put(store, 7), RO_OK);
    tap_is(sample_body_put(store, 7), RO_OK);
    tap_is(store_body_find(store, &body.hash), RO_OK);
    uint64_t keys[3];
    for (uint8_t i = 0; i < 3; i++) {
        const struct sample_envelope one = {i, 7, i, 500};
        tap_is(sample_envelope_put(store, &one, &keys[i]), RO_OK);
    }
    tap_ok(sample_figures(store).bodies == 1);
    tap_need(store_commit(store) == RO_OK);
    tap_need(store_begin(store) == RO_OK);
    struct ro_seat_id mailboxes[] = {sample_mailbox(0), sample_mailbox(1),
                                     sample_mailbox(2)};
    tap_is(store_envelope_drop(store, &mailboxes[1], keys[0]), RO_NOT_FOUND);
    tap_is(store_envelope_drop(store, &mailboxes[0], keys[0]), RO_OK);
    tap_is(store_envelope_drop(store, &mailboxes[0], keys[0]), RO_NOT_FOUND);
    tap_is(store_envelope_drop(store, &mailboxes[0], UINT64_MAX), RO_NOT_FOUND);
    tap_is(store_envelope_drop(store, &mailboxes[1], keys[1]), RO_OK);
    tap_is(store_body_find(store, &body.hash), RO_OK);
    tap_is(store_envelope_drop(store, &mailboxes[2], keys[2]), RO_OK);
    tap_is(store_body_find(store, &body.hash), RO_NOT_FOUND);
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    folder_remove(&folder);
}

static void
test_a_body_without_envelopes_is_gone_after_the_turn(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    struct sample_body body = sample_body(5);
    tap_need(store_begin(store) == RO_OK);
    for (uint8_t i = 0; i < 200; i++)
        tap_need(sample_body_put(store, i) == RO_OK);
    uint64_t key;
    const struct sample_envelope kept = {1, 8, 8, 500};
    tap_is(sample_envelope_put(store, &kept, &key), RO_OK);
    tap_is(store_body_find(store, &body.hash), RO_OK);
    tap_need(store_commit(store) == RO_OK);
    tap_is(store_body_find(store, &body.hash), RO_NOT_FOUND);
    tap_ok(sample_figures(store).bodies == 1);
    tap_need(store_begin(store) == RO_OK);
    const struct sample_envelope more = {2, 8, 8, 500};
    tap_say(sample_envelope_put(store, &more, &key) == RO_OK,
            "a body of an earlier turn can be named by its hash");
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    folder_remove(&folder);
}

static void
test_expiry(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    size_t n = 99;
    tap_need(store_begin(store) == RO_OK);
    for (uint8_t i = 0; i < 10; i++)
        sample_mail(store, 1, i, 500u + i);
    tap_is(store_expire(store, 499, 100, &n), RO_OK);
    tap_ok(n == 0);
    tap_is(store_expire(store, 505, 4, &n), RO_OK);
    tap_ok(n == 4);
    tap_ok(sample_waiting(store, 1) == 6);
    tap_is(store_expire(store, 505, 4, &n), RO_OK);
    tap_ok(n == 2);
    tap_is(store_expire(store, 505, 4, &n), RO_OK);
    tap_ok(n == 0);
    tap_ok(sample_waiting(store, 1) == 4);
    tap_ok(sample_figures(store).bodies == 4);
    tap_need(store_commit(store) == RO_OK);
    store_free(store);
    folder_remove(&folder);
}

static void
test_mirrors(void)
{
    struct folder folder = folder_new();
    struct store *store = sample_open(&folder);
    const struct ro_seat_id mine = sample_mailbox(1);
    const struct ro_seat_id other = sample_mailbox(2);
    uint8_t mirror[STORE_MIRROR_SIZE];
    uint8_t found[STORE_MIRROR_SIZE];
    tap_is(store_mirror_get(store, &mine, found), RO_NOT_FOUND);
    for (uint8_t i = 1; i <= 2; i++) {
        memset(mirror, i, sizeof(mirror));
        tap_need(store_begin(store) == RO_OK);
        tap_is(store_mirror_put(store, &mine, mirror), RO_OK);
        tap_need(store_commit(store) == RO_OK);
        tap_is(store_mirror_get(store, &mine, found), RO_OK);
        tap_ok(memcmp(found, mirror, sizeof(found)) == 0);
    }
    tap_need(store_begin(store) == RO_OK);
    memset(mirror, 3, sizeof(mirror));
    tap_is(store_mirror_put(store, &mine, mirror), RO_OK);
    store_rollback(store);
    tap_is(store_mirror_get(store, &mine, found), RO_OK);
    tap_say(found[0] == 2, "with its turn or not at all");
    tap_is(store_mirror_get(store, &other, found), RO_NOT_FOUND);
    store_free(store);
    folder_remove(&folder);
}

int
main(void)
{
    tap_run(test_put_and_read);
    tap_run(test_count);
    tap_run(test_an_equal_envelope_is_the_same);
    tap_run(test_a_body_is_kept_once_and_goes_with_its_last_envelope);
    tap_run(test_a_body_without_envelopes_is_gone_after_the_turn);
    tap_run(test_expiry);
    tap_run(test_mirrors);
    return tap_done();
}

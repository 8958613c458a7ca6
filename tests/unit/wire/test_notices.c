/* SPDX-License-Identifier: Apache-2.0 */
/* Lists of epoch keys: who may publish which, and what they say. */
#include "common/wire/notices.h"

#include "tests/support/circle.h"
#include "tests/support/tap.h"

#define DAY ((uint32_t)TEST_DAY)

static struct test_circle *circle;
static struct test_seat *lead;
static struct ro_buf raw;

static enum ro_status
check(const struct ro_notices *notices)
{
    struct ro_notice_facts facts;
    return ro_notices_check(notices, circle->directory, ro_buf_view(&raw), NULL,
                            &facts);
}

static void
test_list(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    struct ro_notice_facts facts = {0};
    struct ro_key key;
    lead->notice_serial = 6;
    test_seat_notice(circle, lead, DAY, 98, &raw);
    tap_ok(raw.size <= RO_NOTICE_LIMIT);
    tap_is(ro_notices_check(notices, circle->directory, ro_buf_view(&raw), NULL,
                            &facts),
           RO_OK);
    tap_ok(ro_seat_id_equal(&facts.seat, &lead->id));
    tap_ok(facts.serial == 7 && facts.expires_day == DAY + 98);
    tap_ok(ro_notices_serial(notices, &lead->id) == 0);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY, &key), RO_NOT_FOUND);
    tap_is(ro_notices_add(notices, ro_buf_view(&raw)), RO_OK);
    tap_ok(ro_notices_serial(notices, &lead->id) == 7);
    tap_ok(ro_bytes_equal(ro_notices_nth(notices, 0), ro_buf_view(&raw)));
    tap_ok(ro_notices_nth(notices, 1).size == 0);
    size_t wrong = 0;
    for (uint32_t day = DAY; day < DAY + 98; day++) {
        struct ro_keypair *pair = test_epoch_pair(lead, day);
        wrong += ro_notices_epoch_key(notices, &lead->id, day, &key) != RO_OK;
        wrong += memcmp(key.b, ro_keypair_x25519(pair)->b, RO_KEY_SIZE) != 0;
        ro_keypair_free(pair);
    }
    tap_ok(wrong == 0);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY - 1, &key),
           RO_NOT_FOUND);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY + 98, &key),
           RO_NOT_FOUND);
    tap_is(ro_notices_epoch_key(notices, &lead->id, 0, &key), RO_NOT_FOUND);
}

static void
test_renewal(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    RO_AUTOBUF old = {0};
    struct ro_key key;
    test_seat_notice(circle, lead, DAY, 50, &old);
    test_must(ro_notices_add(notices, ro_buf_view(&old)));
    test_seat_notice(circle, lead, DAY + 28, 98, &raw);
    tap_is(check(notices), RO_OK);
    tap_is(ro_notices_add(notices, ro_buf_view(&raw)), RO_OK);
    tap_ok(ro_notices_nth(notices, 1).size == 0);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY + 125, &key), RO_OK);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY, &key), RO_NOT_FOUND);
    tap_is(check(notices), RO_OLD_SERIAL);
    tap_is(ro_notices_add(notices, ro_buf_view(&raw)), RO_OLD_SERIAL);
    tap_is(ro_notices_add(notices, ro_buf_view(&old)), RO_OLD_SERIAL);
    tap_ok(ro_bytes_equal(ro_notices_nth(notices, 0), ro_buf_view(&raw)));
}

/* A list of n keys that are `first`, `first` + 1, ... as bytes. */
static void
make_list(uint32_t first_day, size_t n, uint8_t first)
{
    struct ro_key keys[RO_EPOCH_DAYS_MAX];
    for (size_t i = 0; i < n; i++)
        memset(keys[i].b, first + (int)i, RO_KEY_SIZE);
    struct ro_epoch_list list = {circle->id, lead->id, ++lead->notice_serial,
                                 first_day,  keys,     n};
    ro_buf_clear(&raw);
    test_must(ro_epoch_list_sign(&list, lead->signing, &raw));
}

static void
test_published_days_stay(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    make_list(DAY, 20, 10);
    test_must(ro_notices_add(notices, ro_buf_view(&raw)));
    make_list(DAY + 5, 20, 15);
    tap_is(check(notices), RO_OK);
    make_list(DAY + 5, 20, 16);
    tap_is(check(notices), RO_KEY_REUSED);
    make_list(DAY + 19, 5, 29);
    tap_is(check(notices), RO_OK);
    make_list(DAY + 19, 5, 30);
    tap_is(check(notices), RO_KEY_REUSED);
    make_list(DAY + 20, 5, 99);
    tap_is(check(notices), RO_OK);
}

/* Three lists of one seat, of which only the first and the last are seen by
 * somebody who was away, must still agree on the days in common. So a list may
 * neither begin nor end before the one that it replaces. */
static void
test_days_never_go_back(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    make_list(DAY, 20, 10);
    test_must(ro_notices_add(notices, ro_buf_view(&raw)));
    make_list(DAY - 5, 25, 5);
    tap_is(check(notices), RO_BAD_RECORD);
    make_list(DAY, 19, 10);
    tap_is(check(notices), RO_BAD_RECORD);
    make_list(1, 5, 99);
    tap_is(check(notices), RO_BAD_RECORD);
    make_list(DAY, 20, 10);
    tap_is(check(notices), RO_OK);
}

/* Signs a list after `change` on its message. */
#define LIST_IS(change, status)                                                \
    do {                                                                       \
        static uint8_t bytes[sizeof(struct ro_key) * 99];                      \
        Reachout__EpochKeys m = REACHOUT__EPOCH_KEYS__INIT;                    \
        m.has_circle = m.has_serial = m.has_seat = m.has_expires_day = 1;      \
        m.has_first_day = m.has_keys = 1;                                      \
        m.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});   \
        m.serial = 1000;                                                       \
        m.seat = ro_as_field((struct ro_bytes){lead->id.b, RO_ID_SIZE});       \
        m.first_day = DAY;                                                     \
        m.expires_day = DAY + 10;                                              \
        memset(bytes, 9, sizeof(bytes));                                       \
        m.keys =                                                               \
            ro_as_field((struct ro_bytes){bytes, sizeof(bytes) / 99 * 10});    \
        change;                                                                \
        sign_list(&m);                                                         \
        tap_say(check(notices) == (status), #change " is " #status);           \
    } while (0)

static void
sign_list(const Reachout__EpochKeys *message)
{
    RO_AUTOBUF body = {0};
    struct ro_signing by = {lead->signing, RO_LABEL_EPOCH_KEYS, 0};
    test_must(ro_pack(&message->base, &body));
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__EPOCH_KEYS,
                             ro_buf_view(&body), &by, 1, &raw));
}

static void
test_form(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    static const uint8_t other[16] = {9};
    LIST_IS((void)0, RO_OK);
    LIST_IS(m.circle = ro_as_field((struct ro_bytes){other, 16}),
            RO_BAD_RECORD);
    LIST_IS(m.circle.len = 15, RO_BAD_RECORD);
    LIST_IS(m.has_serial = 0, RO_BAD_RECORD);
    LIST_IS(m.serial = 0, RO_BAD_RECORD);
    LIST_IS(m.seat.len = 15, RO_BAD_RECORD);
    LIST_IS(m.seat = ro_as_field((struct ro_bytes){other, 16}), RO_NO_RIGHT);
    LIST_IS(m.has_first_day = 0, RO_BAD_RECORD);
    LIST_IS(m.has_expires_day = 0, RO_BAD_RECORD);
    LIST_IS(m.expires_day = DAY, RO_BAD_RECORD);
    LIST_IS(m.expires_day = DAY + 11, RO_BAD_RECORD);
    LIST_IS(m.expires_day = DAY + 9, RO_BAD_RECORD);
    LIST_IS(memset(bytes + 64, 0, 32), RO_BAD_RECORD);
    LIST_IS(memset(bytes + 64, 0, 32); bytes[64] = 1, RO_BAD_RECORD);
    LIST_IS(memset(bytes + 64, 0, 32); bytes[95] = 0x80, RO_BAD_RECORD);
    LIST_IS(m.keys.len = 0, RO_BAD_RECORD);
    LIST_IS(m.has_keys = 0, RO_BAD_RECORD);
    LIST_IS(m.keys.len = 319, RO_BAD_RECORD);
    LIST_IS(m.keys.len = 319; m.expires_day = DAY + 9, RO_BAD_RECORD);
    LIST_IS(m.has_first_day = 0; m.expires_day = 5, RO_BAD_RECORD);
    LIST_IS(m.keys.len = sizeof(struct ro_key) * 98;
            m.expires_day = DAY + 98, RO_OK);
    LIST_IS(m.keys.len = sizeof(struct ro_key) * 99;
            m.expires_day = DAY + 99, RO_BAD_RECORD);
    LIST_IS(m.first_day = UINT32_MAX; m.expires_day = 5, RO_BAD_RECORD);
    ro_buf_clear(&raw);
    tap_is(check(notices), RO_BAD_RECORD);
    tap_is(ro_notices_add(notices, ro_buf_view(&raw)), RO_BAD_RECORD);
    tap_need(ro_buf_extend(&raw, RO_NOTICE_LIMIT + 1));
    tap_is(check(notices), RO_BAD_RECORD);
}

/* A list that is good but for its size, which an unknown field makes. */
static void
test_limit(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    struct ro_signing by = {lead->signing, RO_LABEL_EPOCH_KEYS, 0};
    struct ro_signed sig;
    RO_AUTOBUF body = {0};
    static const uint8_t padding[900];
    test_seat_notice(circle, lead, DAY, 98, &raw);
    test_must(ro_signed_open(ro_buf_view(&raw), &sig));
    ro_buf_put(&body, sig.body.data, sig.body.size);
    ro_buf_put(&body, "\x7a\x84\x07", 3); /* field 15, 900 bytes */
    ro_buf_put(&body, padding, sizeof(padding));
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__EPOCH_KEYS,
                             ro_buf_view(&body), &by, 1, &raw));
    tap_ok(raw.size > RO_NOTICE_LIMIT);
    tap_is(check(notices), RO_BAD_RECORD);
    tap_is(ro_notices_add(notices, ro_buf_view(&raw)), RO_BAD_RECORD);
}

/* A list ends with its last key. */
static void
test_end(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    struct ro_key key;
    LIST_IS((void)0, RO_OK);
    tap_is(ro_notices_add(notices, ro_buf_view(&raw)), RO_OK);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY + 9, &key), RO_OK);
    tap_is(ro_notices_epoch_key(notices, &lead->id, DAY + 10, &key),
           RO_NOT_FOUND);
}

static void
test_signer(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    struct test_seat *office =
        test_circle_seat(circle, lead->member, REACHOUT__ROLE__OFFICE);
    test_seat_notice(circle, office, DAY, 5, &raw);
    tap_is(check(notices), RO_OK);
    struct ro_signed sig;
    RO_AUTOBUF kept = {0};
    ro_buf_put(&kept, raw.data, raw.size);
    test_must(ro_signed_open(ro_buf_view(&kept), &sig));
    sig.signers[0].signature.b[1] ^= 1;
    ro_buf_clear(&raw);
    test_must(ro_signed_put(&sig, &raw));
    tap_is(check(notices), RO_BAD_SIGNATURE);
    sig.signers[0].signature.b[1] ^= 1;
    sig.signers[0].index = 1;
    ro_buf_clear(&raw);
    test_must(ro_signed_put(&sig, &raw));
    tap_is(check(notices), RO_BAD_RECORD);
    sig.signers[0].index = 0;
    sig.signers[1] = sig.signers[0];
    sig.n_signers = 2;
    ro_buf_clear(&raw);
    test_must(ro_signed_put(&sig, &raw));
    tap_is(check(notices), RO_BAD_RECORD);
    test_circle_revoke(circle, office);
    test_seat_notice(circle, office, DAY, 5, &raw);
    tap_is(check(notices), RO_NO_RIGHT);
}

static struct ro_hash
digest(const struct ro_notices *notices, uint32_t day)
{
    struct ro_hash hash;
    ro_notices_digest(notices, day, &hash);
    return hash;
}

static bool
same(struct ro_hash a, struct ro_hash b)
{
    return memcmp(a.b, b.b, RO_HASH_SIZE) == 0;
}

/* The digest does not depend on the order in which they came. */
static void
test_digest_and_expiry(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *one = ro_notices_new();
    RO_CLEANUP(ro_notices_freep) struct ro_notices *other = ro_notices_new();
    struct ro_buf lists[5] = {{0}};
    for (uint32_t i = 0; i < 5; i++) {
        struct test_seat *seat = circle->members[i]->seats[0];
        test_seat_notice(circle, seat, DAY, 10 + i, &lists[i]);
    }
    struct ro_hash none = digest(one, DAY);
    tap_ok(same(none, digest(other, DAY + 1000)));
    for (size_t i = 0; i < 5; i++) {
        test_must(ro_notices_add(one, ro_buf_view(&lists[i])));
        test_must(ro_notices_add(other, ro_buf_view(&lists[4 - i])));
    }
    tap_ok(!same(none, digest(one, DAY)));
    tap_ok(same(digest(one, DAY), digest(other, DAY)));
    tap_ok(same(digest(one, DAY), digest(one, DAY + 9)));
    tap_ok(!same(digest(one, DAY), digest(one, DAY + 10)));
    tap_ok(same(none, digest(one, DAY + 14)));
    /* expired or not looked at is the same */
    ro_notices_expire(other, DAY + 12);
    tap_ok(ro_notices_nth(other, 1).size > 0);
    tap_ok(ro_notices_nth(other, 2).size == 0);
    tap_ok(same(digest(one, DAY + 12), digest(other, DAY + 12)));
    tap_ok(same(digest(one, DAY + 12), digest(other, DAY)));
    struct ro_key key;
    tap_is(ro_notices_epoch_key(other, &circle->members[0]->seats[0]->id, DAY,
                                &key),
           RO_NOT_FOUND);
    tap_is(ro_notices_epoch_key(other, &circle->members[4]->seats[0]->id, DAY,
                                &key),
           RO_OK);
    for (size_t i = 0; i < 5; i++)
        ro_buf_fini(&lists[i]);
}

/* What the digest is, word for word. */
static void
test_digest_bytes(void)
{
    RO_CLEANUP(ro_notices_freep) struct ro_notices *notices = ro_notices_new();
    struct ro_hash all[2];
    struct ro_hash mine;
    struct test_seat *seats[] = {circle->members[1]->seats[0],
                                 circle->members[2]->seats[0]};
    size_t first = memcmp(seats[0]->id.b, seats[1]->id.b, RO_ID_SIZE) < 0;
    for (size_t i = 0; i < 2; i++) {
        test_seat_notice(circle, seats[i], DAY, 3, &raw);
        test_must(ro_notices_add(notices, ro_buf_view(&raw)));
        struct ro_bytes bytes = ro_buf_view(&raw);
        size_t place = first == 1 ? i : 1 - i;
        ro_hash_256(RO_LABEL_NOTICES, &bytes, 1, &all[place]);
    }
    struct ro_bytes both = {all[0].b, sizeof(all)};
    ro_hash_256(RO_LABEL_NOTICES, &both, 1, &mine);
    tap_ok(same(mine, digest(notices, DAY)));
}

static void
test_making(void)
{
    struct ro_key keys[RO_EPOCH_DAYS_MAX + 1] = {{{0}}};
    struct ro_epoch_list list = {circle->id, lead->id, 1, DAY, keys, 0};
    tap_is(ro_epoch_list_sign(&list, lead->signing, &raw), RO_BAD_INPUT);
    list.n_keys = RO_EPOCH_DAYS_MAX + 1;
    tap_is(ro_epoch_list_sign(&list, lead->signing, &raw), RO_BAD_INPUT);
    list.n_keys = 98;
    list.first_day = UINT32_MAX - 20;
    tap_is(ro_epoch_list_sign(&list, lead->signing, &raw), RO_BAD_INPUT);
}

int
main(void)
{
    circle = test_circle_open(40, 5);
    lead = circle->members[1]->seats[0];
    tap_run(test_list);
    tap_run(test_renewal);
    tap_run(test_published_days_stay);
    tap_run(test_days_never_go_back);
    tap_run(test_form);
    tap_run(test_limit);
    tap_run(test_end);
    tap_run(test_signer);
    tap_run(test_digest_and_expiry);
    tap_run(test_digest_bytes);
    tap_run(test_making);
    ro_buf_fini(&raw);
    test_circle_free(circle);
    return tap_done();
}

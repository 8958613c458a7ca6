/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of each day: made, published, renewed, destroyed in time and not
 * before. */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include <sqlite3.h>
#include <unistd.h>

#include "client/core/epoch.h"
#include "common/base/file.h"

#define DAY 86400

/* What happens to an ask to publish. (Linked with --wrap=link_ask.) */
static enum {
    PUBLISH_GOES,
    PUBLISH_IS_NOT_SENT,
    PUBLISH_IS_NOT_HEARD,
} publishing;
static int published;

enum ro_status
on_ask(const struct asked *asked)
{
    if (asked->ask->verb != RO_VERB_PUBLISH || publishing == PUBLISH_GOES) {
        published += asked->ask->verb == RO_VERB_PUBLISH;
        return asked_go(asked);
    }
    if (publishing == PUBLISH_IS_NOT_HEARD)
        test_must(asked_go(asked));
    return RO_UNREACHABLE;
}

static uint32_t
today(void)
{
    return ro_day_of(pair_now_s(pair));
}

/* To `second` of the day with that number. */
static void
pass_to(uint32_t day, int64_t second)
{
    pair_pass(pair, (int64_t)day * DAY + second - pair_now_s(pair));
}

static bool
has_secret(struct seat *seat, uint32_t day)
{
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *secret = NULL;
    enum ro_status s = epoch_pair(seat->engine, day, &secret);
    if (s != RO_NOT_FOUND)
        test_must(s);
    return s == RO_OK;
}

/* ben's key of a day as ann has it; false: none. */
static bool
key_of(uint32_t day, struct ro_key *ret_key)
{
    return ro_notices_epoch_key(ann->engine->notices, &ben->circle_seat->id,
                                day, ret_key) == RO_OK;
}

static bool
same_key(const struct ro_key *a, const struct ro_key *b)
{
    return memcmp(a->b, b->b, RO_KEY_SIZE) == 0;
}

/* --- made and renewed -------------------------------------------------------
 */

static void
test_the_first_list(void)
{
    struct ro_key key;
    struct ro_key secret_key;
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *secret = NULL;
    open_two();
    tap_ok(epoch_days_ahead(ben->engine) == 98);
    tap_ok(key_of(today(), &key) && key_of(today() + 97, &secret_key));
    tap_ok(!key_of(today() + 98, &key) && !key_of(today() - 1, &key));
    tap_ok(!has_secret(ben, today() - 1) && !has_secret(ben, today() + 98));
    test_must(epoch_pair(ben->engine, today() + 97, &secret));
    tap_say(same_key(ro_keypair_x25519(secret), &secret_key),
            "ben has the secret of what ann has");
    close_circle();
}

static void
test_renewed_every_28_days(void)
{
    struct ro_key before[98];
    struct ro_key now;
    open_two();
    uint32_t first = today();
    bool same = true;
    for (uint32_t i = 0; i < 98; i++)
        same = same && key_of(first + i, &before[i]);
    tap_need(same);
    published = 0;
    pass_to(first + 28, 10);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(published == 0, "70 days are enough");
    pass_to(first + 29, 10);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(published == 1, "69 are not");
    tap_is(seat_sync(ann), RO_OK);
    for (uint32_t i = 29; i < 98; i++)
        same = same && key_of(first + i, &now) && same_key(&now, &before[i]);
    tap_say(same, "what was published before is repeated");
    tap_ok(key_of(first + 29 + 97, &now));
    tap_ok(epoch_days_ahead(ben->engine) == 98);
    close_circle();
}

/* Nobody was there for longer than a list lasts. */
static void
test_back_after_a_long_time(void)
{
    struct mail mail[2];
    char to[32];
    open_two();
    pair_pass(pair, 120 * (int64_t)DAY);
    tap_is(seat_sync(ann), RO_OK);
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    tap_is(seat_ask(ann, to, "Still there?"), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_say(mail[0].envelope.day == RO_DAY_FALLBACK,
            "his list is over: the fallback key");
    mail_fini(mail, 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Still there?") == 1);
    tap_ok(epoch_days_ahead(ben->engine) == 98);
    close_circle();
}

/* Secrets are durable before anybody knows the keys; a list that was sent and
 * not heard of is the same list when it is sent again. */
static void
test_a_crash_while_publishing(void)
{
    struct ro_key key;
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    test_must(seat_sync(ann));
    publishing = PUBLISH_IS_NOT_SENT;
    tap_is(seat_sync(ben), RO_UNREACHABLE);
    tap_ok(has_secret(ben, today()));
    tap_ok(epoch_days_ahead(ben->engine) == 0);
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *secret = NULL;
    test_must(epoch_pair(ben->engine, today() + 50, &secret));
    seat_restart(ben);
    publishing = PUBLISH_IS_NOT_HEARD;
    tap_is(seat_sync(ben), RO_UNREACHABLE);
    seat_restart(ben);
    publishing = PUBLISH_GOES;
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(epoch_days_ahead(ben->engine) == 98);
    tap_is(seat_sync(ann), RO_OK);
    tap_need(key_of(today() + 50, &key));
    tap_say(same_key(&key, ro_keypair_x25519(secret)),
            "the keys made first are those published");
    close_circle();
}

/* --- destroyed --------------------------------------------------------------
 */

static void
test_destroyed_48_hours_after_its_day(void)
{
    open_two();
    uint32_t day = today();
    pass_to(day + 2, DAY - 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(has_secret(ben, day), "47:59:59 after its end it is there");
    pass_to(day + 3, 0);
    tap_say(has_secret(ben, day), "and as long as nobody has drained");
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(!has_secret(ben, day));
    tap_ok(has_secret(ben, day + 1));
    seat_restart(ben);
    tap_ok(!has_secret(ben, day));
    close_circle();
}

static void
test_not_destroyed_while_away(void)
{
    open_two();
    uint32_t day = today();
    char to[32];
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    tap_is(seat_ask(ann, to, "Before the holidays."), RO_OK);
    pair_away(pair);
    pair_pass(pair, 40 * (int64_t)DAY);
    tap_ok(has_secret(ben, day));
    pair_back(pair);
    tap_say(seat_sync(ben) == RO_OK && seat_shows(ben, "Before the holidays."),
            "six weeks later it is read");
    tap_say(!has_secret(ben, day), "and then its key is gone");
    close_circle();
}

/* What was held back until the key was gone cannot be read by anybody any
 * more; it is told, and does not stop what comes after it. */
static void
test_an_envelope_that_comes_too_late(void)
{
    struct mail mail[2];
    char to[32];
    open_two();
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    engine_unlink(ben->engine);
    tap_is(seat_ask(ann, to, "Held back."), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    pair_lose(pair, ben, &mail[0]);
    pair_pass(pair, 4 * DAY);
    tap_is(seat_sync(ben), RO_OK);
    pair_put(pair, &mail[0].envelope);
    tap_is(seat_ask(ann, to, "On time."), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_need(seat_trouble(ben, 0) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_BAD_SEAL);
    tap_ok(strstr(seat_trouble(ben, 0)->why.text, "destroyed") != NULL);
    tap_ok(seat_shows(ben, "On time.") == 1);
    tap_ok(seat_shows(ben, "Held back.") == 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0, "it was acked");
    mail_fini(mail, 1);
    close_circle();
}

/* A clock that is ahead, on either side, destroys nothing that is in use. */
static void
test_clocks_that_are_ahead(void)
{
    open_two();
    uint32_t day = today();
    ben->ahead_s = 30 * DAY;
    test_must(epoch_destroy(ben->engine));
    tap_say(has_secret(ben, day), "ours is ahead of the broker's");
    ben->ahead_s = 0;
    pair_pass(pair, 30 * DAY);
    ben->ahead_s = -30 * (int64_t)DAY;
    tap_ok(seat_sync(ben) != RO_OK);
    test_must(epoch_destroy(ben->engine));
    tap_say(has_secret(ben, day), "the broker's is ahead of ours");
    close_circle();
}

/* --- the file of their own --------------------------------------------------
 */

/* The sealed secrets as they stand in ben's epoch file, which is closed. */
static size_t
read_sealed(struct ro_buf *ret_sealed, size_t room)
{
    char path[320];
    sqlite3 *db = NULL;
    sqlite3_stmt *stmt = NULL;
    size_t n = 0;
    snprintf(path, sizeof(path), "%s/epoch", ben->dir);
    tap_need(sqlite3_open(path, &db) == SQLITE_OK);
    tap_need(sqlite3_prepare_v2(db, "SELECT value FROM row ORDER BY seq", -1,
                                &stmt, NULL) == SQLITE_OK);
    while (sqlite3_step(stmt) == SQLITE_ROW && n < room) {
        ro_buf_clear(&ret_sealed[n]);
        ro_buf_put(&ret_sealed[n++], sqlite3_column_blob(stmt, 0),
                   (size_t)sqlite3_column_bytes(stmt, 0));
    }
    sqlite3_finalize(stmt);
    sqlite3_close(db);
    return n;
}

static bool
file_has(const char *name, struct ro_bytes bytes)
{
    char path[320];
    RO_AUTOBUF file = {0};
    snprintf(path, sizeof(path), "%s/%s", ben->dir, name);
    enum ro_status s = ro_file_read(path, 100000000, NULL, &file);
    tap_need(s == RO_OK || s == RO_NOT_FOUND);
    return s == RO_OK &&
           memmem(file.data, file.size, bytes.data, bytes.size) != NULL;
}

static void
test_destroyed_is_gone_from_the_disk(void)
{
    struct ro_buf sealed[98] = {0};
    size_t n_kept = 0;
    size_t n_left = 0;
    size_t n = 0;
    open_two();
    tap_ok(vault_count(ben->engine->vault, VAULT_EPOCH, &n) == RO_OK && n == 0);
    seat_stop(ben);
    tap_ok(read_sealed(sealed, 98) == 98);
    for (size_t i = 0; i < 98; i++)
        n_kept += file_has("epoch", ro_buf_view(&sealed[i]));
    tap_say(n_kept == 98, "all of them are there");
    seat_start(ben);
    pass_to(today() + 20, 10);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(!has_secret(ben, today() - 3) && has_secret(ben, today() - 2));
    seat_stop(ben);
    n_kept = 0;
    for (size_t i = 0; i < 98; i++) {
        bool there = file_has("epoch", ro_buf_view(&sealed[i])) ||
                     file_has("epoch-journal", ro_buf_view(&sealed[i])) ||
                     file_has("vault.db", ro_buf_view(&sealed[i]));
        n_left += there && i < 18;
        n_kept += there && i >= 18;
    }
    tap_say(n_left == 0, "what was destroyed is nowhere");
    tap_say(n_kept == 80, "and nothing else was");
    for (size_t i = 0; i < 98; i++)
        ro_buf_fini(&sealed[i]);
    close_circle();
}

/* A profile comes back from a backup, where the secrets never were. */
static void
test_restored_without_them(void)
{
    struct mail mail[2];
    struct ro_key key;
    char path[320];
    char to[32];
    open_two();
    uint32_t first = today();
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    seat_stop(ben);
    tap_is(seat_ask(ann, to, "Before it broke."), RO_OK);
    snprintf(path, sizeof(path), "%s/epoch", ben->dir);
    tap_need(unlink(path) == 0);
    seat_start(ben);
    tap_say(seat_sync(ben) == RO_OK, "it works on");
    tap_need(seat_trouble(ben, 0) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_BAD_SEAL);
    tap_ok(strstr(seat_trouble(ben, 0)->why.text, "restored") != NULL);
    tap_ok(seat_shows(ben, "Before it broke.") == 0);
    tap_ok(epoch_days_ahead(ben->engine) == 0);

    tap_is(seat_sync(ann), RO_OK);
    tap_say(!key_of(today(), &key) && !key_of(first + 97, &key) &&
                key_of(first + 98, &key) && key_of(first + 195, &key),
            "a new list, behind the days of the old one");
    tap_is(seat_ask(ann, to, "And after it."), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_ok(mail[0].envelope.day == RO_DAY_FALLBACK);
    mail_fini(mail, 1);
    published = 0;
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "And after it.") == 1);
    seat_restart(ben);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(published == 0, "one new list is enough");

    pass_to(first + 110, 10);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(published == 0 && epoch_days_ahead(ben->engine) == 86);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_ask(ann, to, "As it always was."), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_ok(mail[0].envelope.day == today());
    mail_fini(mail, 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "As it always was.") == 1);
    pass_to(first + 98 + 29, 10);
    published = 0;
    tap_is(seat_sync(ben), RO_OK);
    tap_say(published == 1, "and renewed as ever");
    tap_ok(epoch_days_ahead(ben->engine) == 98);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_the_first_list);
    tap_run(test_renewed_every_28_days);
    tap_run(test_back_after_a_long_time);
    tap_run(test_a_crash_while_publishing);
    tap_run(test_destroyed_48_hours_after_its_day);
    tap_run(test_not_destroyed_while_away);
    tap_run(test_an_envelope_that_comes_too_late);
    tap_run(test_clocks_that_are_ahead);
    tap_run(test_destroyed_is_gone_from_the_disk);
    tap_run(test_restored_without_them);
    return tap_done();
}

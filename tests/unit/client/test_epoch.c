/* SPDX-License-Identifier: Apache-2.0 */
/* Keys of each day: made, published, renewed, destroyed in time and not
 * before. */
#include "tests/unit/client/forge.h"

#include "client/core/epoch.h"

#define VERB_PUBLISH 4
#define DAY 86400

static struct pair *pair;
static struct seat *ann;
static struct seat *ben;

static void
open_circle(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    pair_sync_all(pair);
}

static void
close_circle(void)
{
    pair_free(pair);
}

/* What happens to an ask to publish. (Linked with --wrap=link_ask.) */
static enum {
    PUBLISH_GOES,
    PUBLISH_IS_NOT_SENT,
    PUBLISH_IS_NOT_HEARD,
} publishing;
static int published;

enum ro_status __real_link_ask(struct link *link,
                               const struct link_ask *ask,
                               struct ro_arena *arena,
                               struct ro_why *why,
                               struct link_answer *ret_answer);
enum ro_status __wrap_link_ask(struct link *link,
                               const struct link_ask *ask,
                               struct ro_arena *arena,
                               struct ro_why *why,
                               struct link_answer *ret_answer);

enum ro_status
__wrap_link_ask(struct link *link,
                const struct link_ask *ask,
                struct ro_arena *arena,
                struct ro_why *why,
                struct link_answer *ret_answer)
{
    if (ask->verb != VERB_PUBLISH || publishing == PUBLISH_GOES) {
        published += ask->verb == VERB_PUBLISH;
        return __real_link_ask(link, ask, arena, why, ret_answer);
    }
    if (publishing == PUBLISH_IS_NOT_HEARD)
        test_must(__real_link_ask(link, ask, arena, why, ret_answer));
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    return tap_done();
}

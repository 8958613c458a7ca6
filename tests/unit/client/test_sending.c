/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sending when something is in the way: days that go by, no key for the day,
 * a broker without room, seats that are gone, receipts that never come.
 */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/friends.h"

#include "client/core/outbox.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#define HOUR 3600
#define DAY 86400

/* What the broker answers to deposits; RO_OK: what it does answer. (Linked
 * with --wrap=link_ask.) */
static enum ro_status deposits;

enum ro_status
on_ask(const struct asked *asked)
{
    if (asked->ask->verb == RO_VERB_DEPOSIT && deposits != RO_OK)
        return deposits;
    return asked_go(asked);
}

/* Whether keys of days are points of small order, which no broker would take
 * and no client believe. (Linked with --wrap=ro_notices_epoch_key.) */
static bool days_are_unsound;

enum ro_status __real_ro_notices_epoch_key(const struct ro_notices *notices,
                                           const struct ro_seat_id *seat,
                                           uint32_t day,
                                           struct ro_key *ret_x25519);
enum ro_status __wrap_ro_notices_epoch_key(const struct ro_notices *notices,
                                           const struct ro_seat_id *seat,
                                           uint32_t day,
                                           struct ro_key *ret_x25519);

enum ro_status
__wrap_ro_notices_epoch_key(const struct ro_notices *notices,
                            const struct ro_seat_id *seat,
                            uint32_t day,
                            struct ro_key *ret_x25519)
{
    if (!days_are_unsound)
        return __real_ro_notices_epoch_key(notices, seat, day, ret_x25519);
    *ret_x25519 = (struct ro_key){{1}};
    return RO_OK;
}

/* --- looking at the outbox --------------------------------------------------
 */

static void
put_outgoing(struct seat *seat, const struct outgoing *outgoing)
{
    test_must(vault_begin(seat->engine->vault));
    test_must(vault_end(seat->engine->vault,
                        outgoing_put(seat->engine->vault, outgoing)));
}

static bool
same_id(const struct ro_message_id *a, const struct ro_message_id *b)
{
    return memcmp(a->b, b->b, RO_ID_SIZE) == 0;
}

/* --- wrapped again ----------------------------------------------------------
 */

/* Says something that is sealed and does not leave. */
static struct outgoing
keep_sealed(const char *thread, const char *text)
{
    deposits = RO_UNREACHABLE;
    tap_is(seat_write(ann, jobs_say, thread, text), RO_KEPT);
    deposits = RO_OK;
    struct outgoing outgoing = newest(ann);
    tap_need(outgoing.standing == OUTGOING_SEALED && outgoing.n_to > 0);
    return outgoing;
}

/* What ben gets is that body, under that message id. */
static void
is_the_same(const struct outgoing *before, const struct ro_message_id *id)
{
    struct mail mail[2];
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_say(ro_bytes_equal(mail[0].envelope.body, ro_buf_view(&before->body)),
            "the body is the same");
    tap_say(mail[0].envelope.day == ro_day_of(pair_now_s(pair)),
            "the wrap is for today");
    mail_fini(mail, 1);
    struct ro_message_id now = message_id_of(ann, &before->row);
    tap_say(same_id(&now, id), "and the message id");
}

static void
test_days_go_by(void)
{
    open_two();
    const char *thread = quiet_thread();
    RO_AUTOOUTGOING before = keep_sealed(thread, "It can wait.");
    struct ro_message_id id = message_id_of(ann, &before.row);
    pair_pass(pair, 3 * DAY);
    tap_is(seat_sync(ann), RO_OK);
    is_the_same(&before, &id);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "It can wait.") == 1);
    close_circle();
}

/* The broker finds the day wrong, whatever we thought: one more wrap. */
static void
test_the_broker_says_stale(void)
{
    open_two();
    const char *thread = quiet_thread();
    RO_AUTOOUTGOING before = keep_sealed(thread, "Is it Tuesday?");
    struct ro_message_id id = message_id_of(ann, &before.row);
    before.to[0].day += 5;
    put_outgoing(ann, &before);
    tap_is(seat_sync(ann), RO_OK);
    is_the_same(&before, &id);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Is it Tuesday?") == 1);
    close_circle();
}

/* A generation of the circle's key that the broker does not know is stale
 * whenever it is tried: kept, and nothing is lost when it is put right. */
static void
test_stale_for_good(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_sync(ann)); /* the link has said hello */
    uint32_t generation = ann->engine->keyring->generation;
    ann->engine->keyring->generation = 99;
    ann->engine->link_generation = 99; /* and the link stays as it is */
    tap_is(seat_write(ann, jobs_say, thread, "Wrong key."), RO_KEPT);
    RO_AUTOOUTGOING before = newest(ann);
    struct ro_message_id id = message_id_of(ann, &before.row);
    tap_is(seat_sync(ann), RO_KEPT);
    ann->engine->keyring->generation = generation;
    ann->engine->link_generation = generation;
    engine_unlink(ann->engine);
    tap_is(seat_sync(ann), RO_OK);
    is_the_same(&before, &id);
    close_circle();
}

/* A seat that has published nothing yet is reached by its fallback key. */
static void
test_no_key_for_the_day(void)
{
    struct mail mail[2];
    open_two();
    cat = pair_school(pair, 3);
    tap_is(seat_ask(ann, urn_of(cat), "Welcome!"), RO_OK);
    tap_need(pair_mail(pair, cat, mail, 2) == 1);
    tap_ok(mail[0].envelope.day == RO_DAY_FALLBACK);
    mail_fini(mail, 1);
    tap_is(seat_sync(cat), RO_OK);
    tap_ok(seat_shows(cat, "Welcome!") == 1);
    test_must(seat_sync(ann));
    tap_is(seat_ask(ann, urn_of(cat), "Again."), RO_OK);
    tap_need(pair_mail(pair, cat, mail, 2) == 1);
    tap_say(mail[0].envelope.day == ro_day_of(pair_now_s(pair)),
            "once it has, by the key of the day");
    mail_fini(mail, 1);
    close_circle();
}

/* A key of the day that leads nowhere costs its seat the day's key, and nobody
 * the message. */
static void
test_a_key_that_cannot_be_used(void)
{
    struct mail mail[2];
    open_two();
    const char *thread = quiet_thread();
    days_are_unsound = true;
    tap_is(seat_write(ann, jobs_say, thread, "All the same."), RO_OK);
    days_are_unsound = false;
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_say(mail[0].envelope.day == RO_DAY_FALLBACK, "by the fallback key");
    mail_fini(mail, 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "All the same.") == 1);
    close_circle();
}

/* --- what can never go ------------------------------------------------------
 */

/* Who has no seat any more gets nothing, and the writer is told. */
static void
test_a_seat_that_is_gone(void)
{
    open_two();
    cat = pair_school(pair, 3);
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__LEAD);
    pair_sync_all(pair);
    const char *thread = quiet_thread();
    RO_AUTOOUTGOING kept = keep_sealed(thread, "Too late.");
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), ben->circle_seat);
    pair_append(pair);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(place_of(ann, &kept.row) == RO_PLACE_FAILED);
    tap_is(seat_write(ann, jobs_say, thread, "Anybody there?"), RO_NO_MAILBOX);
    tap_ok(ann->job->result.place == RO_PLACE_FAILED);
    tap_say(outbox_size(ann) == 0, "neither waits for ever");
    tap_is(seat_sync(amy), RO_OK);
    tap_say(seat_shows(amy, "Anybody there?") == 1,
            "the colleague has it all the same");
    tap_is(seat_ask(ann, urn_of(cat), "Are you there?"), RO_OK);
    close_circle();
}

/* Receipts that were written down twice: the second has nothing to say, and
 * does not stop what stands behind it. */
static void
test_receipts_with_nothing_to_say(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ann, jobs_say, thread, "A receipt, please."));
    test_must(seat_sync(ben));
    pair_pass(pair, 5 * HOUR);
    deposits = RO_NO_ROOM;
    tap_is(seat_write(ben, jobs_say, thread, "First."), RO_KEPT);
    test_must(seat_sync(ann));
    deposits = RO_OK;
    test_must(seat_write(ann, jobs_say, thread, "And one more."));
    deposits = RO_NO_ROOM;
    tap_is(seat_sync(ben), RO_KEPT);
    pair_pass(pair, 5 * HOUR);
    tap_is(seat_sync(ben), RO_KEPT);
    tap_is(seat_sync(ben), RO_KEPT);
    tap_is(seat_write(ben, jobs_say, thread, "Last."), RO_KEPT);
    tap_ok(outbox_size(ben) >= 4);
    deposits = RO_OK;
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_shows(ann, "First.") == 1);
    tap_ok(seat_shows(ann, "Last.") == 1);
    close_circle();
}

/* The longest text there may be, with receipts riding on it. */
static void
test_the_longest_text(void)
{
    open_two();
    const char *thread = quiet_thread();
    test_must(seat_write(ben, jobs_say, thread, "How is it?"));
    test_must(seat_sync(ann));
    RO_AUTOFREE char *text = calloc(1, RO_TEXT_LIMIT + 2);
    tap_need(text != NULL);
    memset(text, 'x', RO_TEXT_LIMIT);
    tap_is(seat_write(ann, jobs_say, thread, text), RO_OK);
    test_must(seat_sync(ben));
    tap_ok(seat_shows(ben, text) == 1);
    text[RO_TEXT_LIMIT] = 'y';
    tap_is(seat_write(ann, jobs_say, thread, text), RO_BAD_INPUT);
    tap_say(outbox_size(ben) == 0, "its receipt came along");
    close_circle();
}

/* --- how long ---------------------------------------------------------------
 */

static void
test_what_never_arrives_has_failed(void)
{
    open_two();
    const char *thread = quiet_thread();
    tap_is(seat_write(ann, jobs_say, thread, "Nobody reads this."), RO_OK);
    RO_AUTOOUTGOING outgoing = newest(ann);
    tap_ok(outgoing.expiry_hour == ro_hour_of(pair_now_s(pair)) + 90 * 24);
    pair_pass(pair, 89 * (int64_t)DAY);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_BROKER);
    pair_pass(pair, 2 * DAY);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_FAILED);
    tap_ok(outbox_size(ann) == 0);
    close_circle();
}

/* A client whose own clock is wrong gives nothing up. */
static void
test_a_clock_that_is_ahead(void)
{
    open_two();
    const char *thread = quiet_thread();
    tap_is(seat_write(ann, jobs_say, thread, "Patience."), RO_OK);
    RO_AUTOOUTGOING outgoing = newest(ann);
    ann->ahead_s = 200 * (int64_t)DAY;
    tap_ok(seat_sync(ann) != RO_OK);
    test_must(outbox_expire(ann->engine));
    tap_ok(place_of(ann, &outgoing.row) == RO_PLACE_BROKER);
    close_circle();
}

static char *
conf_with_expiry(const char *text, const char *days)
{
    static const char usual[] = "expiry_days = 90";
    const char *at = strstr(text, usual);
    RO_AUTOFREE char *conf = NULL;
    tap_need(at != NULL);
    tap_need(asprintf(&conf, "%.*sexpiry_days = %s%s", (int)(at - text), text,
                      days, at + strlen(usual)) > 0);
    return RO_STEAL(conf);
}

static void
test_the_circle_says_how_long(void)
{
    struct mail mail[2];
    pair = pair_new();
    RO_AUTOFREE char *conf =
        conf_with_expiry((const char *)pair->conf.data, "30");
    pair_free(pair);
    pair = pair_new_at(TEST_NOW_S, conf);
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    pair_sync_all(pair);
    tap_is(seat_ask(ann, urn_of(ben), "A month?"), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 2) == 1);
    tap_ok(mail[0].envelope.expiry_hour ==
           ro_hour_of(pair_now_s(pair)) + 30 * 24);
    mail_fini(mail, 1);
    close_circle();
}

/* Nothing of what passes by stays in the vault. */
static void
test_the_vault_does_not_grow(void)
{
    size_t before[2] = {0};
    size_t after[2] = {0};
    open_two();
    const char *thread = quiet_thread();
    struct vault *vault = ben->engine->vault;
    test_must(vault_count(vault, VAULT_SEEN, &before[0]));
    test_must(vault_count(vault, VAULT_MESSAGE, &before[1]));
    for (int i = 0; i < 10; i++) {
        char text[16];
        snprintf(text, sizeof(text), "Ping %d.", i);
        test_must(seat_write(ann, jobs_say, thread, text));
        test_must(seat_sync(ben));
        pair_pass(pair, 5 * HOUR);
        test_must(seat_sync(ben));
        test_must(seat_sync(ann));
    }
    test_must(vault_count(vault, VAULT_SEEN, &after[0]));
    test_must(vault_count(vault, VAULT_MESSAGE, &after[1]));
    tap_say(after[0] == before[0], "no ids of what is kept, or done");
    tap_say(after[1] == before[1] + 10, "ten messages came, receipts went");
    test_must(vault_count(ann->engine->vault, VAULT_SEEN, &after[0]));
    tap_ok(after[0] >= 10);
    pair_pass(pair, 100 * (int64_t)DAY);
    test_must(seat_sync(ann));
    test_must(vault_count(ann->engine->vault, VAULT_SEEN, &after[0]));
    tap_say(after[0] == 0, "ids of receipts that came go in time");
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_days_go_by);
    tap_run(test_the_broker_says_stale);
    tap_run(test_stale_for_good);
    tap_run(test_no_key_for_the_day);
    tap_run(test_a_key_that_cannot_be_used);
    tap_run(test_a_seat_that_is_gone);
    tap_run(test_receipts_with_nothing_to_say);
    tap_run(test_the_longest_text);
    tap_run(test_what_never_arrives_has_failed);
    tap_run(test_a_clock_that_is_ahead);
    tap_run(test_the_circle_says_how_long);
    tap_run(test_the_vault_does_not_grow);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A member whose key the authority replaced: nothing is sent there until the
 * new key was compared. */
#include "tests/unit/client/compared.h"

#include "common/wire/codec.h"

/* --- the number ---------------------------------------------------------- */

static void
test_both_see_the_same(void)
{
    char number[80];
    char word[16];
    open_compared();
    tap_is(verify(ann, ben, SHOW), RO_OK);
    const struct ro_result *result = &ann->job->result;
    tap_need(result->number != NULL && result->n_words == 10);
    tap_ok(strlen(result->number) == 71 && result->number[5] == ' ');
    snprintf(number, sizeof(number), "%s", result->number);
    snprintf(word, sizeof(word), "%s", result->words[9]);
    tap_is(verify(ben, ann, SHOW), RO_OK);
    tap_ok(strcmp(ben->job->result.number, number) == 0);
    tap_ok(strcmp(ben->job->result.words[9], word) == 0);
    tap_is(verify(cat, ben, SHOW), RO_OK);
    tap_ok(strcmp(cat->job->result.number, number) != 0);
    tap_say(verify(ann, ann, SHOW) == RO_BAD_INPUT, "not with oneself");
    tap_ok(verified(ann, ben) == RO_VERIFIED_NEVER);
    tap_is(compare(ann, ben), RO_OK);
    seat_restart(ann);
    tap_say(verified(ann, ben) == RO_VERIFIED_COMPARED, "it is remembered");
    tap_ok(verified(ann, cat) == RO_VERIFIED_NEVER);
    pair_free(pair);
}

/* An event's words are no number. */
static void
test_never_shown(void)
{
    open_compared();
    tap_is(verify(ann, ben, CONFIRM), RO_REFUSED);
    tap_ok(strstr(ann->job->result.why, "look at it first") != NULL);
    tap_ok(verified(ann, ben) == RO_VERIFIED_NEVER);
    tap_is(verify(ann, ben, CONFIRM), RO_OK);
    pair_free(pair);
}

/* --- writing ------------------------------------------------------------- */

static void
test_nothing_is_written_to_it(void)
{
    open_compared();
    tap_say(say(ann, "Before.") == RO_OK, "never compared, never replaced");
    new_key(TEST_KEY_REPLACED);
    tap_is(say(ann, "To whom?"), RO_KEY_CHANGED);
    tap_ok(strstr(ann->job->result.why, "verify") != NULL);
    tap_ok(seat_shows(ann, "To whom?") == 0);
    tap_ok(kept(ann) == 0);
    tap_is(seat_write(ann, jobs_accept, thread, NULL), RO_KEY_CHANGED);
    tap_ok(kept(ann) == 0);
    char to[48];
    snprintf(to, sizeof(to), "member:%s", id_of(ben));
    tap_is(seat_ask(ann, to, "Who are you?"), RO_KEY_CHANGED);
    tap_ok(kept(ann) == 0);
    tap_is(seat_write(ben, jobs_say, thread, "Its own seats go on."), RO_OK);
    snprintf(to, sizeof(to), "member:%s", id_of(cat));
    tap_is(seat_ask(ben, to, "Does it?"), RO_OK);
    snprintf(to, sizeof(to), "%s", seat_request(ben));
    tap_say(seat_write(ben, jobs_withdraw, to, NULL) == RO_OK,
            "also with what it notes for itself");
    tap_is(compare(ann, ben), RO_OK);
    tap_is(say(ann, "Compared."), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Compared.") == 1);
    new_key(TEST_KEY_REPLACED);
    tap_say(say(ann, "And again?") == RO_KEY_CHANGED, "the next one, too");
    tap_ok(verified(ann, ben) == RO_VERIFIED_NO_LONGER);
    pair_free(pair);
}

/* Closing says how it went to the one that was chosen. */
static void
test_closing(void)
{
    char request[RO_ID_HEX];
    open_two();
    snprintf(request, sizeof(request), "%s", pair_answered(ann, ben));
    keep_thread(thread_between(request, ann, ben));
    tap_is(seat_write(ann, jobs_accept, thread, NULL), RO_OK);
    new_key(TEST_KEY_REPLACED);
    tap_is(seat_close(ann, request), RO_KEY_CHANGED);
    tap_ok(kept(ann) == 0);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(seat_close(ann, request), RO_OK);
    pair_free(pair);
}

static void
test_handed_over(void)
{
    open_compared();
    tap_is(compare(ann, ben), RO_OK);
    new_key(TEST_KEY_HANDED_OVER);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told(ann) == 0);
    tap_ok(verified(ann, ben) == RO_VERIFIED_COMPARED);
    tap_is(say(ann, "Still you."), RO_OK);
    pair_free(pair);
}

/* The number that was shown is the one that is confirmed. */
static void
test_replaced_while_comparing(void)
{
    open_compared();
    tap_is(verify(ann, ben, SHOW), RO_OK);
    new_key(TEST_KEY_REPLACED);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(verify(ann, ben, CONFIRM), RO_KEY_CHANGED);
    tap_is(say(ann, "Not yet."), RO_KEY_CHANGED);
    tap_is(verify(ann, ben, SHOW), RO_OK);
    tap_is(verify(ann, ben, CONFIRM), RO_OK);
    tap_is(say(ann, "Now."), RO_OK);
    pair_free(pair);
}

/* --- sealing ------------------------------------------------------------- */

/* What was kept before it was known is not sealed, and holds up nobody else. */
static void
test_kept_before(void)
{
    open_compared();
    pair_away(pair);
    pair->wait_ms = PAIR_AWAY_MS;
    tap_is(say(ann, "Kept for ben."), RO_KEPT);
    tap_is(seat_ask(ann, "group:primary", "For the rest."), RO_KEPT);
    new_key(TEST_KEY_REPLACED);
    pair_back(pair);
    pair->wait_ms = PAIR_WAIT_MS;
    tap_is(seat_told(ann), RO_KEY_CHANGED);
    tap_say(told(ann) == 1, "it is told");
    tap_say(ann->engine->link != NULL, "and the broker is not to blame");
    tap_is(seat_self(ann), RO_OK);
    tap_ok(ann->job->result.self.outbox > 0 &&
           ann->job->result.self.broker == RO_BROKER_THERE);
    tap_is(seat_told(ann), RO_KEY_CHANGED);
    tap_say(told(ann) == 0, "once");
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Kept for ben.") == 0);
    char to[48];
    snprintf(to, sizeof(to), "member:%s", id_of(cat));
    tap_say(seat_ask(ann, to, "For cat.") == RO_OK, "others go on");
    tap_is(seat_sync(cat), RO_OK);
    tap_ok(seat_shows(cat, "For cat.") == 1);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Kept for ben.") == 1);
    pair_free(pair);
}

/* Whether a result says that something is kept for ben, and for so many. */
static bool
is_held(const struct seat *seat, size_t n)
{
    const struct ro_result *result = &seat->job->result;
    return result->n_left_out == n &&
           strstr(result->left_out[0], "replaced its key") != NULL &&
           strstr(result->left_out[0], "reachout verify") != NULL;
}

/* Of a group the others get it at once, the one when it was compared. */
static void
test_one_of_a_group(void)
{
    open_compared();
    new_key(TEST_KEY_REPLACED);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told(ann) == 1);
    tap_is(seat_ask(ann, "group:primary", "Everybody?"), RO_KEPT);
    tap_ok(is_held(ann, 1));
    tap_say(strcmp(ann->job->result.why,
                   "kept here; the broker does not have it yet for "
                   "everybody") == 0,
            "who it is held for is told once");
    tap_ok(ro_member_id_equal(&ann->job->result.to_compare, &ben->member->id));
    tap_is(seat_self(ann), RO_OK);
    tap_say(is_held(ann, 1), "also in status");
    tap_ok(ro_member_id_equal(&ann->job->result.to_compare, &ben->member->id));
    tap_is(seat_sync(cat), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(cat, "Everybody?") == 1);
    tap_ok(seat_shows(ben, "Everybody?") == 0);
    tap_is(compare(ann, ben), RO_OK);
    tap_say(ann->job->result.waiting == 1, "one waits for him");
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Everybody?") == 1);
    tap_is(seat_self(ann), RO_OK);
    tap_ok(ann->job->result.n_left_out == 0);
    tap_ok(ro_member_id_is_zero(&ann->job->result.to_compare));
    tap_is(compare(ann, ben), RO_OK);
    tap_say(ann->job->result.waiting == 0, "nothing waits any more");
    pair_free(pair);
}

/* Written before the key was replaced, and not sent yet: only he waits. */
static void
test_kept_for_a_group(void)
{
    open_compared();
    pair_away(pair);
    tap_is(seat_ask(ann, "group:primary", "Everybody?"), RO_KEPT);
    pair_back(pair);
    new_key(TEST_KEY_REPLACED);
    tap_is(seat_told(ann), RO_KEY_CHANGED);
    tap_is(seat_sync(cat), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(cat, "Everybody?") == 1);
    tap_ok(seat_shows(ben, "Everybody?") == 0);
    seat_restart(ann);
    tap_is(seat_told(ann), RO_KEY_CHANGED);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_sync(cat), RO_OK);
    tap_ok(seat_shows(ben, "Everybody?") == 1);
    tap_ok(seat_shows(cat, "Everybody?") == 1);
    pair_free(pair);
}

/* --- reading ------------------------------------------------------------- */

static const char *
doubt_of(struct seat *seat, const char *text)
{
    tap_is(seat_read(seat, NULL), RO_OK);
    for (size_t i = 0; i < seat->job->result.n_messages; i++) {
        if (strcmp(seat->job->result.messages[i].text, text) == 0)
            return seat->job->result.messages[i].doubt;
    }
    return "not there";
}

/* Of two messages the first: whoever gets the second asks for it. */
static void
lose_an_ask(struct seat *from, const char *to)
{
    struct mail mail[4];
    char lost[RO_ID_HEX];
    tap_is(seat_ask(from, to, "Lost."), RO_OK);
    snprintf(lost, sizeof(lost), "%s", seat_request(from));
    size_t n = pair_mail(pair, ann, mail, 4);
    tap_need(n == 1);
    pair_lose(pair, ann, &mail[0]);
    mail_fini(mail, n);
    tap_is(seat_write(from, jobs_withdraw, lost, NULL), RO_OK);
}

static void
test_what_comes_is_marked(void)
{
    open_compared();
    tap_is(seat_write(ben, jobs_say, thread, "From before."), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    new_key(TEST_KEY_REPLACED);
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__LEAD);
    tap_is(seat_sync(bob), RO_OK);
    char to[48];
    snprintf(to, sizeof(to), "member:%s", id_of(ann));
    tap_is(seat_ask(bob, to, "From after."), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(doubt_of(ann, "From before.") == NULL);
    const char *doubt = doubt_of(ann, "From after.");
    tap_ok(doubt != NULL && strstr(doubt, "replaced") != NULL);
    lose_an_ask(bob, to);
    pair_pass(pair, 2 * 24 * 3600); /* receipts are due, and wait */
    tap_is(seat_sync(ann), RO_OK);
    tap_is(compare(ann, ben), RO_OK);
    tap_ok(doubt_of(ann, "From after.") == NULL);
    pair_free(pair);
}

/* Who joins after it has never known another key. */
static void
test_before_a_newcomer(void)
{
    char member[32];
    open_compared();
    new_key(TEST_KEY_REPLACED);
    struct seat *dan = pair_newcomer(pair, 5);
    test_must(seat_join(dan));
    pair_admit(dan);
    tap_is(seat_sync(dan), RO_OK);
    tap_say(seat_trouble(dan, 0) == NULL, "he is not alarmed");
    snprintf(member, sizeof(member), "urn:%u", ben->member->urn);
    tap_is(seat_ask(dan, member, "Good morning."), RO_OK);
    new_key(TEST_KEY_REPLACED);
    (void)seat_sync(dan);
    tap_need(seat_trouble(dan, 0) != NULL);
    tap_say(seat_trouble(dan, 0)->trouble == RO_KEY_CHANGED,
            "but by the next one");
    tap_is(seat_ask(dan, member, "Still you?"), RO_KEY_CHANGED);
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_both_see_the_same);
    tap_run(test_never_shown);
    tap_run(test_nothing_is_written_to_it);
    tap_run(test_closing);
    tap_run(test_handed_over);
    tap_run(test_replaced_while_comparing);
    tap_run(test_kept_before);
    tap_run(test_one_of_a_group);
    tap_run(test_kept_for_a_group);
    tap_run(test_what_comes_is_marked);
    tap_run(test_before_a_newcomer);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A member whose key the authority replaced: nothing is sent there until the
 * new key was compared. */
#include "tests/unit/client/friends.h"

#include "client/core/verifying.h"
#include "common/wire/codec.h"

static char thread[RO_ID_HEX];

static void
keep_thread(const char *made)
{
    snprintf(thread, sizeof(thread), "%s", made);
}

static void
open_circle(void)
{
    open_three();
    keep_thread(thread_between(pair_answered(ann, ben), ann, ben));
    pair_sync_all(pair);
}

/* A new key for ben's school; its seats stay as they are. */
static void
new_key(enum test_key_change how)
{
    struct test_circle *circle = pair_circle(pair);
    pair_hold(pair);
    test_circle_new_key(circle, ben->member, ro_keypair_new(&circle->entropy),
                        how);
    pair_append(pair);
}

static const char *
id_of(const struct seat *seat)
{
    static char hex[RO_ID_HEX];
    ro_hex(seat->member->id.b, RO_ID_SIZE, hex);
    return hex;
}

static enum ro_status
verify(struct seat *seat, const struct seat *whom, const char *confirm)
{
    job_free(seat->job);
    seat->job = job_new(jobs_verify, (struct ro_then){0});
    tap_need(seat->job != NULL);
    seat->job->what.verify.member = job_text(seat->job, id_of(whom));
    seat->job->what.verify.how =
        confirm != NULL ? RO_VERIFY_CONFIRM : RO_VERIFY_SHOW;
    seat->job->run(seat->engine, seat->job);
    return seat->job->result.status;
}
#define SHOW NULL
#define CONFIRM "--confirm"

static enum ro_verified
verified(struct seat *seat, const struct seat *whom)
{
    tap_is(verify(seat, whom, SHOW), RO_OK);
    return seat->job->result.members[0].verified;
}

/* Looks at the number, and says that it is the same there. */
static enum ro_status
compare(struct seat *seat, const struct seat *whom)
{
    tap_is(verify(seat, whom, SHOW), RO_OK);
    return verify(seat, whom, CONFIRM);
}

static enum ro_status
say(struct seat *seat, const char *text)
{
    return seat_write(seat, jobs_say, thread, text);
}

static size_t
kept(struct seat *seat)
{
    tap_is(seat_self(seat), RO_OK);
    return seat->job->result.self.outbox;
}

/* How many events of the last told sync are about a key. */
static size_t
told(const struct seat *seat)
{
    size_t n = 0;
    for (size_t i = 0; i < seat->job->result.n_events; i++) {
        n += strcmp(seat->job->result.events[i].type, "key-changed") == 0 ? 1
                                                                          : 0;
    }
    return n;
}

/* --- the number ---------------------------------------------------------- */

static void
test_both_see_the_same(void)
{
    char number[80];
    char word[16];
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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
    open_circle();
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

/* Of a group the others get it at once, the one when it was compared. */
static void
test_one_of_a_group(void)
{
    open_circle();
    new_key(TEST_KEY_REPLACED);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told(ann) == 1);
    tap_is(seat_ask(ann, "group:primary", "Everybody?"), RO_KEPT);
    tap_say(ann->job->result.stored == 1 &&
                strstr(ann->job->result.why, "others get it") != NULL &&
                strstr(ann->job->result.why, "--confirm") != NULL,
            "who waits for what is said");
    tap_is(seat_sync(cat), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(cat, "Everybody?") == 1);
    tap_ok(seat_shows(ben, "Everybody?") == 0);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Everybody?") == 1);
    pair_free(pair);
}

/* Written before the key was replaced, and not sent yet: only he waits. */
static void
test_kept_for_a_group(void)
{
    open_circle();
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
    tap_is(verify(ann, ben, CONFIRM), RO_OK);
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
    open_circle();
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
    open_circle();
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

/* --- who is who ---------------------------------------------------------- */

/* Adds an authority's record about a member. */
static void
amend(const Reachout__Member *message)
{
    RO_AUTOBUF raw = {0};
    struct ro_why why = {""};
    test_sign_authority(pair_circle(pair), REACHOUT__SIGNED__KIND__MEMBER,
                        &message->base, &raw);
    test_must(test_circle_add(pair_circle(pair), ro_buf_view(&raw), &why));
    pair_append(pair);
}

static void
move(struct seat *seat, uint32_t urn)
{
    Reachout__Member message;
    pair_hold(pair);
    test_member_init(pair_circle(pair), seat->member, &message);
    message.urn = urn;
    amend(&message);
    seat->member->urn = urn;
}

static void
remove_member(const struct seat *seat)
{
    pair_hold(pair);
    test_circle_remove(pair_circle(pair), seat->member);
    pair_append(pair);
}

static struct seat *
newcomer(uint32_t i)
{
    struct seat *seat = pair_newcomer(pair, i);
    test_must(seat_join(seat));
    pair_admit(seat);
    tap_is(seat_told(seat), RO_OK);
    return seat;
}

/* How often the last told sync said that of a key. */
static bool
told_that(const struct seat *seat, const char *words)
{
    const struct ro_result *result = &seat->job->result;
    return told(seat) == 1 &&
           strstr(result->events[result->n_events - 1].refused, words) != NULL;
}

/* The authority removes a school and admits somebody else in its place. */
static void
test_another_of_the_school(void)
{
    open_circle();
    tap_is(compare(ann, ben), RO_OK);
    remove_member(ben);
    struct seat *dan = newcomer(5);
    tap_say(told(dan) == 0, "somebody comes who never knew it");
    struct seat *bob = pair_school(pair, 2);
    tap_is(seat_sync(bob), RO_OK);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_that(ann, "another member was this school before"));
    tap_is(seat_told(ann), RO_OK);
    tap_say(told(ann) == 0, "once");
    tap_is(seat_told(cat), RO_OK);
    tap_say(told(cat) == 1, "who has not compared knew it, too");
    tap_is(seat_told(dan), RO_OK);
    tap_say(told(dan) == 0, "but the newcomer did not");
    tap_is(seat_ask(ann, urn_of(bob), "Is it you?"), RO_KEY_CHANGED);
    tap_is(seat_ask(cat, urn_of(bob), "Is it you?"), RO_KEY_CHANGED);
    tap_is(seat_ask(ann, "group:primary", "All but it."), RO_OK);
    tap_is(seat_ask(dan, urn_of(bob), "Good morning."), RO_OK);
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(seat_shows(bob, "All but it.") == 0);
    tap_ok(seat_shows(bob, "Good morning.") == 1);
    tap_ok(verified(ann, bob) == RO_VERIFIED_NO_LONGER);
    tap_is(verify(ann, bob, CONFIRM), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(bob), RO_OK);
    tap_say(seat_shows(bob, "All but it.") == 1, "compared, it gets it");
    pair_free(pair);
}

/* A member that was compared is made another school, which had a member. */
static void
test_in_the_place_of_another(void)
{
    open_circle();
    struct seat *dan = newcomer(5);
    tap_is(compare(ann, cat), RO_OK);
    const uint32_t urn = ben->member->urn;
    remove_member(ben);
    move(cat, urn);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_that(ann, "it was compared as School 100004 (URN 100004)"));
    tap_is(seat_told(dan), RO_OK);
    tap_ok(told_that(dan, "another member was this school before"));
    tap_is(seat_ask(ann, urn_of(cat), "For ben's."), RO_KEY_CHANGED);
    tap_is(seat_ask(dan, urn_of(cat), "For ben's."), RO_KEY_CHANGED);
    tap_ok(verified(ann, cat) == RO_VERIFIED_NO_LONGER);
    pair_free(pair);
}

/* A school that becomes another keeps its member: who compared it says so once
 * more, with the same number. */
static void
test_successor(void)
{
    char number[80];
    open_circle();
    tap_is(compare(ann, ben), RO_OK);
    snprintf(number, sizeof(number), "%s", ann->job->result.number);
    move(ben, TEST_FIRST_URN + 6);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_that(ann, "it was compared as School 100003 (URN 100003)"));
    tap_is(say(ann, "Who are you now?"), RO_KEY_CHANGED);
    tap_is(verify(ann, ben, CONFIRM), RO_KEY_CHANGED);
    tap_say(strstr(ann->job->result.why, "whose it is") != NULL,
            "what was shown bore another name");
    tap_is(verify(ann, ben, SHOW), RO_OK);
    tap_ok(strcmp(ann->job->result.number, number) == 0);
    tap_ok(strstr(ann->job->result.members[0].doubt, "compared as") != NULL);
    tap_is(verify(ann, ben, CONFIRM), RO_OK);
    tap_is(say(ann, "The same people."), RO_OK);
    tap_is(seat_told(cat), RO_OK);
    tap_say(told(cat) == 0, "who never compared it has nothing to say");
    tap_is(seat_ask(cat, urn_of(ben), "Good morning."), RO_OK);
    pair_free(pair);
}

/* The register calls a school something else. */
static void
rename_listing(uint32_t urn, const char *to)
{
    RO_AUTOBUF raw = {0};
    char name[32];
    struct ro_why why = {""};
    struct test_circle *circle = pair_circle(pair);
    Reachout__Listing listing;
    Reachout__Listing *list = &listing;
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    pair_hold(pair);
    test_listing_init(circle, urn, name, &listing);
    snprintf(name, sizeof(name), "%s", to);
    block.has_circle = block.has_serial = true;
    block.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    block.serial = circle->serial + 1;
    block.listings = &list;
    block.n_listings = 1;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &raw);
    test_must(test_circle_add(circle, ro_buf_view(&raw), &why));
    pair_append(pair);
}

static void
test_other_names(void)
{
    static char other[] = "Another desk";
    Reachout__Member message;
    open_circle();
    struct seat *team = pair_team(pair);
    pair_sync_all(pair);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(compare(ann, team), RO_OK);
    rename_listing(ben->member->urn, "St Elsewhere");
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_that(ann, "it was compared as School 100003"));
    tap_ok(verified(ann, team) == RO_VERIFIED_COMPARED);
    pair_hold(pair);
    test_member_init(pair_circle(pair), team->member, &message);
    message.name = other;
    amend(&message);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_that(ann, "it was compared as Support team"));
    tap_ok(verified(ann, team) == RO_VERIFIED_NO_LONGER);
    tap_ok(verified(ann, ben) == RO_VERIFIED_NO_LONGER);
    tap_is(say(ann, "Is it you?"), RO_KEY_CHANGED);
    rename_listing(ben->member->urn, "School 100003");
    tap_is(seat_told(ann), RO_OK);
    tap_say(verified(ann, ben) == RO_VERIFIED_COMPARED,
            "as it was when it was compared");
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
    tap_run(test_another_of_the_school);
    tap_run(test_in_the_place_of_another);
    tap_run(test_successor);
    tap_run(test_other_names);
    return tap_done();
}

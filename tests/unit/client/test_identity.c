/* SPDX-License-Identifier: Apache-2.0 */
/* Members that are somebody else than they were: another one with the URN of a
 * school that was known, one of another URN or name than it was compared as,
 * one that was removed. */
#include "tests/unit/client/compared.h"

#include "common/wire/codec.h"

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
    open_compared();
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
    tap_is(seat_ask(ann, "group:primary", "All but it."), RO_KEPT);
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

/* The same with a member that has no URN: its name is who it is. */
static void
test_another_of_the_name(void)
{
    open_compared();
    struct seat *team = pair_team(pair);
    pair_sync_all(pair);
    tap_is(compare(ann, team), RO_OK);
    tap_is(seat_told(cat), RO_OK);
    tap_say(told(cat) == 0, "the first of that name");
    remove_member(team);
    struct seat *dan = newcomer(5);
    struct seat *bob = pair_team(pair);
    tap_is(seat_sync(bob), RO_OK);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_that(ann, "another member had this name before"));
    tap_is(seat_told(ann), RO_OK);
    tap_say(told(ann) == 0, "once");
    tap_is(seat_told(cat), RO_OK);
    tap_say(told(cat) == 1, "who has not compared knew it, too");
    tap_is(seat_told(dan), RO_OK);
    tap_say(told(dan) == 0, "but the newcomer did not");
    tap_is(seat_ask(ann, "coordinators", "For the old team."), RO_KEY_CHANGED);
    tap_is(seat_ask(dan, "coordinators", "Good morning."), RO_OK);
    tap_is(seat_sync(bob), RO_OK);
    tap_ok(seat_shows(bob, "For the old team.") == 0);
    tap_ok(seat_shows(bob, "Good morning.") == 1);
    tap_ok(verified(ann, bob) == RO_VERIFIED_NO_LONGER);
    tap_is(verify(ann, bob, SHOW), RO_OK);
    tap_is(verify(ann, bob, CONFIRM), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(bob), RO_OK);
    tap_say(seat_shows(bob, "For the old team.") == 1, "compared, it gets it");
    pair_free(pair);
}

/* A member that was compared is made another school, which had a member. */
static void
test_in_the_place_of_another(void)
{
    open_compared();
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
    open_compared();
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

static void
test_other_names(void)
{
    static char other[] = "Another desk";
    Reachout__Member message;
    open_compared();
    struct seat *team = pair_team(pair);
    pair_sync_all(pair);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(compare(ann, team), RO_OK);
    rename_school(ben->member->urn, "St Elsewhere");
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
    rename_school(ben->member->urn, "School 100003");
    tap_is(seat_told(ann), RO_OK);
    tap_say(verified(ann, ben) == RO_VERIFIED_COMPARED,
            "as it was when it was compared");
    pair_free(pair);
}

/* Why a message of ours has failed; "" if it has not. */
static const char *
failure_of(struct seat *seat, const char *text)
{
    tap_is(seat_read(seat, NULL), RO_OK);
    for (size_t i = 0; i < seat->job->result.n_messages; i++) {
        const struct ro_message *message = &seat->job->result.messages[i];
        if (strcmp(message->text, text) == 0 && message->failed != NULL)
            return message->failed;
    }
    return "";
}

/* What waits for a member that is out alarms nobody, and has failed. */
static void
test_removed_meanwhile(void)
{
    open_compared();
    pair_away(pair);
    pair->wait_ms = PAIR_AWAY_MS;
    tap_is(say(ann, "Kept for ben."), RO_KEPT);
    new_key(TEST_KEY_REPLACED);
    pair_back(pair);
    pair->wait_ms = PAIR_WAIT_MS;
    tap_is(seat_told(ann), RO_KEY_CHANGED);
    tap_ok(kept(ann) == 1);
    remove_member(ben);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told(ann) == 0 && kept(ann) == 0);
    tap_ok(strstr(failure_of(ann, "Kept for ben."),
                  "no longer in the circle") != NULL);
    tap_is(verify(ann, ben, SHOW), RO_NOT_FOUND);
    tap_ok(strstr(ann->job->result.why, "was removed") != NULL);
    tap_is(verify(ann, ben, CONFIRM), RO_NOT_FOUND);
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_another_of_the_school);
    tap_run(test_another_of_the_name);
    tap_run(test_in_the_place_of_another);
    tap_run(test_successor);
    tap_run(test_other_names);
    tap_run(test_removed_meanwhile);
    return tap_done();
}

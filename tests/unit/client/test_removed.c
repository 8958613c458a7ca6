/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Somebody is out of the circle, by a revocation of the seat or a removal of
 * the member, and keeps the profile: nothing that is sent later opens with any
 * key in it, no door of the broker and no mailbox is theirs any more, and what
 * they send, or had sent before, is believed by nobody.
 */
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include "client/core/epoch.h"
#include "client/core/generations.h"
#include "client/core/reach.h"
#include "tests/unit/broker/rig.h"

#define MAIL_MAX 16
#define DAYS 100 /* more than keys are made ahead */

enum out { SEAT_REVOKED, MEMBER_REMOVED };

static char request[RO_ID_HEX];

/* ann's thread with another. */
static const char *
thread_with(const struct seat *other)
{
    return thread_between(request, ann, other);
}

/* ann has asked, and both have answered; they are heard. */
static void
open_circle(void)
{
    open_three();
    snprintf(request, sizeof(request), "%s", ask_both());
    test_must(seat_write(ben, jobs_answer, request, "Gladly."));
    test_must(seat_write(cat, jobs_answer, request, "Me too."));
    test_must(seat_sync(ann));
    test_must(seat_write(ann, jobs_say, thread_with(ben), "How, ben?"));
    test_must(seat_write(ann, jobs_say, thread_with(cat), "How, cat?"));
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    test_must(seat_sync(ann));
}

/* cat is out, and ann and ben have heard of it. */
static void
put_out(enum out how)
{
    pair_hold(pair);
    if (how == SEAT_REVOKED) {
        test_circle_revoke(pair_circle(pair), cat->circle_seat);
    } else {
        test_circle_remove(pair_circle(pair), cat->member);
    }
    pair_append(pair);
    test_must(seat_sync(ann));
    test_must(seat_sync(ben));
}

/* How many envelopes lie in a mailbox. */
static size_t
waiting(const struct seat *seat)
{
    struct mail mail[MAIL_MAX];
    size_t n = pair_mail(pair, seat, mail, MAIL_MAX);
    mail_fini(mail, n);
    return n;
}

/* --- what is sent later -------------------------------------------------- */

/* Whether a key pair opens even the outer layer of an envelope, by somebody
 * who has all that is in clear, and the circle's key. */
static bool
opens_with(const struct ro_keypair *keys, const struct envelope *envelope)
{
    struct ro_wrap_outer outer;
    struct ro_wrap_binding binding = {
        .circle = cat->engine->keyring->circle,
        .mailbox = envelope->mailbox,
        .day = envelope->day,
        .generation = envelope->generation,
        .expiry_hour = envelope->expiry_hour,
        .psk = generations_psk(cat->engine->keyring, envelope->generation),
    };
    const struct ro_opening_key key = {ro_keypair_x25519_secret(keys),
                                       ro_keypair_x25519(keys)};
    test_must(binding.psk != NULL ? RO_OK : RO_NOT_FOUND);
    test_must(ro_bucket_of(envelope->body.size, &binding.bucket));
    ro_body_hash(envelope->body, &binding.body_hash);
    return ro_wrap_open_outer(&binding, &key, envelope->wrap, &outer) == RO_OK;
}

/* How many of a profile's keys (all days, and those of its keyring) open an
 * envelope; how many were tried. */
static size_t
openers(struct seat *seat, const struct envelope *envelope, size_t *ret_tried)
{
    const struct keyring *keyring = seat->engine->keyring;
    const struct ro_keypair *others[] = {keyring->fallback, keyring->sealing,
                                         keyring->signing, keyring->transport,
                                         keyring->member};
    uint32_t today = ro_day_of(pair_now_s(pair));
    size_t n = 0;
    for (size_t i = 0; i < RO_LEN(others); i++)
        n += opens_with(others[i], envelope);
    *ret_tried = RO_LEN(others);
    for (uint32_t day = today - DAYS; day < today + DAYS; day++) {
        RO_CLEANUP(ro_keypair_freep) struct ro_keypair *keys = NULL;
        if (epoch_pair(seat->engine, day, &keys) != RO_OK)
            continue;
        n += opens_with(keys, envelope);
        ++*ret_tried;
    }
    return n;
}

static void
nothing_later_opens(enum out how)
{
    struct mail mail[MAIL_MAX];
    size_t tried = 0;
    open_circle();
    test_must(seat_write(ann, jobs_say, thread_with(cat), "Before."));
    size_t n = pair_mail(pair, cat, mail, MAIL_MAX);
    tap_need(n > 0);
    tap_say(openers(cat, &mail[n - 1].envelope, &tried) == 1 && tried > 90,
            "what was sent before opens with one key of the profile");
    mail_fini(mail, n);
    put_out(how);
    size_t left = waiting(cat);
    test_must(seat_write(ann, jobs_say, thread_with(ben), "Later."));
    test_must(seat_ask(ann, urn_of(ben), "Later, too?"));
    n = pair_mail(pair, ben, mail, MAIL_MAX);
    tap_ok(n >= 2);
    size_t bens = 0;
    size_t cats = 0;
    for (size_t i = 0; i < n; i++) {
        bens += openers(ben, &mail[i].envelope, &tried);
        cats += openers(cat, &mail[i].envelope, &tried);
    }
    tap_say(bens == n, "what is sent later opens with one of the recipient's");
    tap_say(cats == 0 && tried > 90, "and with none of who is out");
    mail_fini(mail, n);
    tap_is(seat_write(ann, jobs_say, thread_with(cat), "Are you there?"),
           RO_NO_MAILBOX);
    tap_say(waiting(cat) == left, "nothing more comes into that mailbox");
    close_circle();
}

static void
test_nothing_later_opens(void)
{
    nothing_later_opens(SEAT_REVOKED);
    nothing_later_opens(MEMBER_REMOVED);
}

/* --- at the broker ------------------------------------------------------- */

/* Somebody without a program of ours, who has all keys of the profile. */
static void
no_door_is_open(enum out how)
{
    struct session_id session;
    struct forgery forgery;
    AUTOFORGED forged;
    open_circle();
    pair_hold(pair);
    struct rig *rig = pair->rig;
    const struct test_seat *seat = cat->circle_seat;
    const struct ro_key *transport = ro_keypair_x25519(seat->transport);
    tap_ok(broker_knows(rig->broker, transport));
    pair_go(pair);
    forge_init(&forgery, ann, cat);
    forge(&forgery, &forged);
    put_out(how);
    tap_say(pair_post(pair, &forged.envelope) == RO_NO_MAILBOX,
            "nothing is taken for that mailbox");
    pair_hold(pair);
    tap_say(broker_session_open(rig->broker, DOOR_MEMBER, transport,
                                &session) == RO_NOT_ALLOWED &&
                !broker_knows(rig->broker, transport),
            "the door of members is closed");
    pair_go(pair);
    tap_is(seat_sync(cat), RO_FORBIDDEN);
    seat_restart(cat);
    tap_is(seat_self(cat), RO_OK);
    tap_ok(cat->job->result.self.enrolment == RO_ENROL_REMOVED &&
           cat->job->result.self.removed_at_s != 0);
    tap_is(seat_write(cat, jobs_say, thread_with(cat), "Let me in."),
           RO_FORBIDDEN);
    tap_ok(seat_shows(ann, "Let me in.") == 0);
    close_circle();
}

static void
test_no_door_is_open(void)
{
    no_door_is_open(SEAT_REVOKED);
    no_door_is_open(MEMBER_REMOVED);
}

/* The broker has closed the door, and its directory never came: what is typed
 * then is not kept. A door that opens again says that it was heard wrongly. */
static void
test_nothing_more_is_kept(void)
{
    open_circle();
    reach_removed(cat->engine);
    pair_away(pair);
    tap_is(seat_write(cat, jobs_say, thread_with(cat), "Let me in."),
           RO_FORBIDDEN);
    tap_say(strstr(cat->job->result.why, "nothing was kept") != NULL,
            cat->job->result.why);
    test_must(seat_self(cat));
    tap_ok(cat->job->result.self.outbox == 0);
    pair_back(pair);
    tap_is(seat_write(cat, jobs_say, thread_with(cat), "It was a mistake."),
           RO_OK);
    close_circle();
}

/* --- what they say ------------------------------------------------------- */

/* The newest envelope that waits for ann, taken away from the broker. */
static struct mail
take_newest(void)
{
    struct mail mail[MAIL_MAX];
    size_t n = pair_mail(pair, ann, mail, MAIL_MAX);
    tap_need(n > 0);
    mail_fini(mail, n - 1);
    pair_lose(pair, ann, &mail[n - 1]);
    return mail[n - 1];
}

/* Two real messages of before, each with a receipt for what ann had said last,
 * come after it: one from who stays, one from who is out. */
static void
old_ones_are_refused(enum out how)
{
    open_circle();
    test_must(seat_write(ann, jobs_say, thread_with(ben), "Ping, ben."));
    RO_AUTOOUTGOING to_ben = newest(ann);
    test_must(seat_write(ann, jobs_say, thread_with(cat), "Ping, cat."));
    RO_AUTOOUTGOING to_cat = newest(ann);
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    test_must(seat_write(ben, jobs_say, thread_with(ben), "Pong of ben."));
    struct mail bens = take_newest();
    test_must(seat_write(cat, jobs_say, thread_with(cat), "Pong of cat."));
    struct mail cats = take_newest();
    put_out(how);
    tap_need(seat_shows(ann, "Pong of ben.") == 0);
    test_must(pair_post(pair, &bens.envelope));
    test_must(pair_post(pair, &cats.envelope));
    tap_is(seat_sync(ann), RO_OK);
    tap_say(seat_shows(ann, "Pong of ben.") == 1 &&
                place_of(ann, &to_ben.row) == RO_PLACE_ARRIVED,
            "of who stays it is believed, and so is its receipt");
    tap_say(seat_shows(ann, "Pong of cat.") == 0 &&
                place_of(ann, &to_cat.row) != RO_PLACE_ARRIVED,
            "of who is out it is not, and neither is its receipt");
    tap_need(seat_trouble(ann, 0) != NULL);
    tap_is(seat_trouble(ann, 0)->trouble, RO_FORBIDDEN);
    mail_fini(&bens, 1);
    mail_fini(&cats, 1);
    close_circle();
}

static void
test_old_ones_are_refused(void)
{
    old_ones_are_refused(SEAT_REVOKED);
    old_ones_are_refused(MEMBER_REMOVED);
}

/* One that is made afterwards, with the old certificate's keys. */
static void
new_ones_are_refused(enum out how)
{
    struct forgery forgery;
    open_circle();
    forge_init(&forgery, cat, ann);
    forge_thread(&forgery, request);
    forgery.sequence = 100; /* ahead of all that were counted */
    put_out(how);
    forge_post(&forgery);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_shows(ann, "Hello.") == 0);
    tap_need(seat_trouble(ann, 0) != NULL);
    tap_is(seat_trouble(ann, 0)->trouble, RO_FORBIDDEN);
    close_circle();
}

static void
test_new_ones_are_refused(void)
{
    new_ones_are_refused(SEAT_REVOKED);
    new_ones_are_refused(MEMBER_REMOVED);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_nothing_later_opens);
    tap_run(test_no_door_is_open);
    tap_run(test_nothing_more_is_kept);
    tap_run(test_old_ones_are_refused);
    tap_run(test_new_ones_are_refused);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What an envelope claims, and what is believed: each claim wrong once. */
#include "client/core/compose.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

/* Three seats who know each other, for all tests. */
static struct seat *ruth; /* a coordinator */

static void
open_circle(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    cat = pair_school(pair, 3);
    ruth = pair_team(pair);
    pair_sync_all(pair);
}

/* Opens an envelope as `at`; `ret_opened` may be NULL. */
static enum ro_status
opens(struct seat *at, const struct envelope *envelope, struct opened *ret)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    RO_AUTOOPENED opened = {0};
    struct ro_why why = {""};
    tap_need(arena != NULL);
    enum ro_status s = opening_open(at->engine, envelope, arena, &why, &opened);
    if (s != RO_OK)
        printf("# %s: %s\n", ro_status_name(s), why.text);
    if (ret != NULL && s == RO_OK) {
        *ret = opened;
        ret->content = NULL; /* ends with the arena */
        opened = (struct opened){0};
    }
    return s;
}

/* Forges it and opens it at its recipient. */
static enum ro_status
judged(const struct forgery *forgery)
{
    AUTOFORGED forged;
    forge(forgery, &forged);
    return opens(forgery->to, &forged.envelope, NULL);
}

static void
test_a_good_one_opens(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    RO_AUTOOPENED opened = {0};
    uint8_t reference[RO_REFERENCE_SIZE];
    struct ro_message_id id;
    forge_init(&forgery, ann, ben);
    forgery.sequence = 7;
    forge(&forgery, &forged);
    tap_need(opens(ben, &forged.envelope, &opened) == RO_OK);
    tap_ok(opened.sequence == 7);
    tap_ok(ro_seat_id_equal(&opened.sender.seat, &ann->circle_seat->id));
    tap_ok(ro_member_id_equal(&opened.side, &ann->member->id));
    tap_ok(opened.role == REACHOUT__ROLE__LEAD);
    tap_ok(opened.message.purpose == RO_PURPOSE_SAY);
    tap_ok(ro_thread_id_equal(&opened.sequence_thread, &forgery.thread));
    ro_reference_put(&forgery.reference, reference);
    ro_message_id_of(reference, forged.envelope.body, &id);
    tap_say(memcmp(&id, &opened.message.id, sizeof(id)) == 0,
            "its id is of reference and body");
    forgery.day = ro_day_of(pair_now_s(pair));
    tap_say(judged(&forgery) == RO_OK, "and so it does for the day's key");
    forgery.day++;
    tap_say(judged(&forgery) == RO_OK, "and for tomorrow's");
    forgery.day++;
    tap_say(judged(&forgery) == RO_BAD_SEAL, "which is the last one taken");
}

/* What the client itself seals opens at the other side, in every part. */
static void
test_what_is_sealed_opens(void)
{
    struct mail mail[4];
    RO_AUTOOPENED opened = {0};
    char to[32];
    snprintf(to, sizeof(to), "urn:%u", ben->member->urn);
    tap_is(seat_ask(ann, to, "Do you have a minute?"), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 4) == 1);
    tap_ok(mail[0].envelope.day == ro_day_of(pair_now_s(pair)));
    tap_need(opens(ben, &mail[0].envelope, &opened) == RO_OK);
    tap_ok(opened.message.purpose == RO_PURPOSE_ASK);
    tap_ok(opened.sequence == 1);
    tap_ok(mail[0].body.size == 1024);
    mail_fini(mail, 1);
    tap_is(seat_sync(ben), RO_OK);
}

static void
test_another_circle(void)
{
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.circle.b[0] ^= 1;
    tap_is(judged(&forgery), RO_MISBOUND);
}

static void
test_sender_in_the_content_is_another(void)
{
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.sender = cat->circle_seat->id;
    tap_is(judged(&forgery), RO_MISBOUND);
}

/* The reference says cat, the keys are ann's. */
static void
test_sender_of_the_wrap_is_another(void)
{
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.sender = cat->circle_seat->id;
    forgery.reference.seat = cat->circle_seat->id;
    tap_is(judged(&forgery), RO_BAD_SEAL);
}

static void
test_recipients_differ(void)
{
    struct forgery forgery;
    struct ro_seat_id both[] = {ben->circle_seat->id, cat->circle_seat->id};
    forge_init(&forgery, ann, ben);
    ro_recipients_hash(both, 2, &forgery.recipients);
    tap_is(judged(&forgery), RO_MISBOUND);
    forgery.wrap_recipients = forgery.recipients;
    tap_say(judged(&forgery) == RO_OK, "both say the same: fine");
}

/* ben's own member is not in it; or the request's thread with somebody else. */
static void
test_thread_is_not_ours(void)
{
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    ro_thread_id_of(&forgery.request, &ann->member->id, &cat->member->id,
                    &forgery.thread);
    tap_is(judged(&forgery), RO_MISBOUND);
    ro_thread_id_of(&forgery.request, &cat->member->id, &ben->member->id,
                    &forgery.thread);
    tap_is(judged(&forgery), RO_MISBOUND);
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    tap_say(judged(&forgery) == RO_MISBOUND,
            "what is said to one names the thread");
}

/* What a school may tell its own seats only. */
static void
test_a_pass_of_somebody_else(void)
{
    static Reachout__Pass pass = REACHOUT__PASS__INIT;
    static Reachout__Close close = REACHOUT__CLOSE__INIT;
    static char outcome[] = "helped";
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.content.say = NULL;
    forgery.content.pass = &pass;
    tap_is(judged(&forgery), RO_MISBOUND);
    forge_init(&forgery, ann, ben);
    forgery.content.say = NULL;
    close.outcome = outcome;
    forgery.content.close = &close;
    tap_is(judged(&forgery), RO_OK);
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    tap_is(judged(&forgery), RO_MISBOUND);
}

/* cat received a body of ann's, has its content key, and sends it on to ben
 * as if it were her own: the content names ann. */
static void
test_passing_a_body_on_as_ones_own(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    RO_AUTOBUF content = {0};
    RO_AUTOOPENED opened = {0};
    forge_init(&forgery, ann, cat);
    forge(&forgery, &forged);
    /* the content key as cat finds it */
    struct ro_wrap_binding binding = {
        .circle = forgery.circle,
        .mailbox = cat->circle_seat->id,
        .day = 0,
        .generation = forgery.generation,
        .expiry_hour = forgery.expiry_hour,
        .psk = cat->engine->keyring->psk,
    };
    struct ro_wrap_outer outer;
    struct ro_wrap_inside inside;
    const struct ro_keypair *fallback = cat->engine->keyring->fallback;
    const struct ro_opening_key key = {ro_keypair_x25519_secret(fallback),
                                       ro_keypair_x25519(fallback)};
    test_must(ro_bucket_of(forged.body.size, &binding.bucket));
    ro_body_hash(forged.envelope.body, &binding.body_hash);
    test_must(ro_wrap_open_outer(&binding, &key, forged.envelope.wrap, &outer));
    test_must(ro_wrap_open_inner(
        &binding, &key, &outer,
        ro_keypair_x25519(ann->engine->keyring->sealing), &inside));
    test_must(ro_body_open(forged.envelope.body, inside.content_key, &content));

    struct forgery stolen;
    forge_init(&stolen, cat, ben);
    stolen.wrap_recipients = forgery.recipients;
    forge_wrap(&stolen, forged.envelope.body, inside.content_key, forged.wrap);
    forged.envelope.mailbox = ben->circle_seat->id;
    tap_say(opens(ben, &forged.envelope, &opened) == RO_MISBOUND,
            "as cat's: the content names ann");
    stolen.reference.seat = ann->circle_seat->id;
    forge_wrap(&stolen, forged.envelope.body, inside.content_key, forged.wrap);
    tap_say(opens(ben, &forged.envelope, &opened) == RO_BAD_SEAL,
            "as ann's: cat cannot prove ann's key");
}

static void
test_a_wrap_for_another_seat(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    forge_init(&forgery, ann, cat);
    forge(&forgery, &forged);
    forged.envelope.mailbox = ben->circle_seat->id;
    tap_is(opens(ben, &forged.envelope, NULL), RO_BAD_SEAL);
}

/* Whatever stands in clear beside a wrap is bound into it. */
static void
test_what_is_in_clear_is_bound(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    AUTOFORGED other;
    struct envelope changed;
    forge_init(&forgery, ann, ben);
    forgery.day = ro_day_of(pair_now_s(pair));
    forge(&forgery, &forged);
    forge(&forgery, &other);
    tap_need(opens(ben, &forged.envelope, NULL) == RO_OK);
    changed = forged.envelope;
    changed.expiry_hour++;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
    changed = forged.envelope;
    changed.generation++;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
    changed = forged.envelope;
    changed.day++;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
    changed = forged.envelope;
    changed.day = 0;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
    changed = forged.envelope;
    changed.body = other.envelope.body;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
    changed = forged.envelope;
    changed.wrap.size--;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
    changed = forged.envelope;
    changed.body.size--;
    tap_is(opens(ben, &changed, NULL), RO_BAD_SEAL);
}

static void
test_a_key_that_is_gone(void)
{
    struct forgery forgery;
    AUTOFORGED forged;
    forge_init(&forgery, ann, ben);
    forge(&forgery, &forged);
    forged.envelope.day = 1;
    tap_is(opens(ben, &forged.envelope, NULL), RO_BAD_SEAL);
}

/* A coordinator may talk, and may not ask, choose or end. */
static void
test_a_role_without_the_power(void)
{
    static Reachout__Introduced introduced = REACHOUT__INTRODUCED__INIT;
    struct forgery forgery;
    forge_init(&forgery, ruth, ben);
    tap_is(judged(&forgery), RO_OK);
    forgery.content.say = NULL;
    forgery.content.introduced = &introduced;
    tap_is(judged(&forgery), RO_FORBIDDEN);
}

/* The table of PROTOCOL.md, "Opening", step 9, cell by cell. */
static void
test_powers(void)
{
    static const struct {
        Reachout__Role role;
        const char *may; /* purposes 16 to 26 */
    } table[] = {
        {REACHOUT__ROLE__LEAD,        "yyyyyyyyyyy"},
        {REACHOUT__ROLE__COORDINATOR, "--yy-----yy"},
        {REACHOUT__ROLE__DELEGATE,    "---y-----yy"},
        {REACHOUT__ROLE__OFFICE,      "---y-----yy"},
        {REACHOUT__ROLE__CHAIR,       "---y-----yy"},
        {REACHOUT__ROLE__SOURCE_SEAT, "---------yy"},
        {REACHOUT__ROLE__AUDITOR,     "---------yy"},
        {REACHOUT__ROLE__ROLE_NONE,   "-----------"},
    };
    bool same = true;
    bool enrols = false;
    for (size_t i = 0; i < RO_LEN(table); i++) {
        for (size_t k = 0; k < strlen(table[i].may); k++) {
            same =
                same && opening_may(table[i].role, (enum ro_purpose)(16 + k)) ==
                            (table[i].may[k] == 'y');
        }
        enrols = enrols ||
                 opening_may(table[i].role, RO_PURPOSE_ENROL_REQUEST) ||
                 opening_may(table[i].role, RO_PURPOSE_ENROL_ANSWER);
    }
    tap_say(same, "who may write what");
    struct ro_why why = {""};
    tap_say(compose_may(ruth->engine, RO_PURPOSE_ANSWER, &why) ==
                    RO_FORBIDDEN &&
                strcmp(why.text, "a seat of the kind \"coordinator\" cannot "
                                 "answer; one of the kind lead can") == 0,
            why.text);
    tap_say(!enrols, "no seat says what only keys say");
}

/* Keys that speak for themselves are the authority's, and say one thing. */
static void
test_keys_of_a_stranger(void)
{
    static Reachout__EnrolAnswer answer = REACHOUT__ENROL_ANSWER__INIT;
    struct test_circle *circle = pair_circle(pair);
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.reference.kind = RO_REFERENCE_KEYS;
    forgery.reference.sealing = *ro_keypair_x25519(forgery.sealing);
    forgery.reference.signing =
        *ro_keypair_public(ann->engine->keyring->signing);
    tap_say(judged(&forgery) == RO_MISBOUND, "a stranger's keys");

    forgery.sealing = circle->enrolment;
    forgery.reference.sealing = *ro_keypair_x25519(circle->enrolment);
    forgery.reference.signing = *ro_keypair_public(circle->mailbox);
    ro_seat_id_of(&forgery.reference.signing, &forgery.sender);
    tap_say(judged(&forgery) == RO_MISBOUND,
            "the authority's keys do not chat");
    forgery.content.say = NULL;
    forgery.content.enrol_answer = &answer;
    answer.has_admitted = 1;
    memset(&forgery.request, 0, sizeof(forgery.request));
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    tap_say(judged(&forgery) == RO_OK, "they answer an enrolment");
    struct ro_reference good = forgery.reference;
    forgery.reference.sealing =
        *ro_keypair_x25519(ann->engine->keyring->sealing);
    forgery.sealing = ann->engine->keyring->sealing;
    tap_say(judged(&forgery) == RO_MISBOUND, "not sealed by a stranger");
    forgery.reference = good;
    forgery.sealing = circle->enrolment;
    forgery.reference.signing = *ro_keypair_public(circle->enrolment);
    ro_seat_id_of(&forgery.reference.signing, &forgery.sender);
    tap_say(judged(&forgery) == RO_MISBOUND, "with both keys, or not");
}

/* A seat cannot say what the authority says. */
static void
test_an_enrolment_answer_of_a_seat(void)
{
    static Reachout__EnrolAnswer answer = REACHOUT__ENROL_ANSWER__INIT;
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.content.say = NULL;
    forgery.content.enrol_answer = &answer;
    answer.has_admitted = 1;
    memset(&forgery.request, 0, sizeof(forgery.request));
    memset(&forgery.thread, 0, sizeof(forgery.thread));
    tap_is(judged(&forgery), RO_FORBIDDEN);
}

static void
test_content_that_breaks_a_rule(void)
{
    struct forgery forgery;
    forge_init(&forgery, ann, ben);
    forgery.say.text = NULL;
    tap_is(judged(&forgery), RO_BAD_INPUT);
}

/* Last: it leaves the circle without ann. */
static void
test_a_sender_that_was_revoked(void)
{
    struct forgery forgery;
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), ann->circle_seat);
    pair_append(pair);
    forge_init(&forgery, ann, ben);
    tap_say(judged(&forgery) == RO_OK, "before ben has heard of it");
    tap_is(seat_sync(ben), RO_OK);
    tap_is(judged(&forgery), RO_FORBIDDEN);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    open_circle();
    tap_run(test_a_good_one_opens);
    tap_run(test_what_is_sealed_opens);
    tap_run(test_another_circle);
    tap_run(test_sender_in_the_content_is_another);
    tap_run(test_sender_of_the_wrap_is_another);
    tap_run(test_recipients_differ);
    tap_run(test_thread_is_not_ours);
    tap_run(test_a_pass_of_somebody_else);
    tap_run(test_passing_a_body_on_as_ones_own);
    tap_run(test_a_wrap_for_another_seat);
    tap_run(test_what_is_in_clear_is_bound);
    tap_run(test_a_key_that_is_gone);
    tap_run(test_a_role_without_the_power);
    tap_run(test_powers);
    tap_run(test_keys_of_a_stranger);
    tap_run(test_an_enrolment_answer_of_a_seat);
    tap_run(test_content_that_breaks_a_rule);
    tap_run(test_a_sender_that_was_revoked);
    pair_free(pair);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Who may have which mailbox delivered, and acknowledge what. */
#include "common/crypto/door.h"
#include "unit/broker/rig.h"

static void
test_two_members_exchange(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    for (uint8_t i = 1; i <= 2; i++) {
        struct test_seat *seat = rig->circle->members[i]->seats[0];
        struct peer member = rig_member(rig, seat);
        rig_mail(rig, &guest, seat, i);
        tap_is(rig_attach(rig, &member, 0), RO_OK);
        const Reachout__Attach__Push *push = rig_push(rig, &member, 0);
        tap_need(push != NULL);
        tap_ok(push->n_envelopes == 1 && push->n_bodies == 1);
        tap_ok(push->waiting == 0);
        tap_ok(ro_bytes_equal(ro_field(&push->mailbox),
                              (struct ro_bytes){seat->id.b, RO_ID_SIZE}));
        const Reachout__Attach__Push__Envelope *e = push->envelopes[0];
        struct ro_hash hash;
        ro_body_hash(ro_field(&push->bodies[0]), &hash);
        tap_ok(memcmp(hash.b, e->body.data, RO_HASH_SIZE) == 0);
        tap_ok(push->bodies[0].len == 1024 && push->bodies[0].data[0] == i);
        tap_ok(e->wrap.len == RO_WRAP_SIZE && e->wrap.data[0] == i);
        tap_ok(e->day == TEST_DAY && e->generation == 1);
        tap_ok(e->expiry_hour == ro_hour_of(TEST_NOW_S) + 24);
        uint64_t key = e->key;
        tap_is(rig_ack(rig, &member, &seat->id, &key, 1), RO_OK);
    }
    struct store_figures f;
    test_must(store_measure(rig->store, &f));
    tap_ok(f.envelopes == 0 && f.bodies == 0);
    tap_ok(broker_counters(rig->broker)->acked == 2);
    rig_close(rig);
}

static void
test_the_key_opens_a_mailbox_at_the_open_door(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    const Reachout__Attach__Answer *answer = NULL;
    rig_mail(rig, &guest, seat, 1);
    tap_is(rig_attach_key(rig, &guest, seat->signing, &answer), RO_OK);
    tap_ok(answer->waiting == 1);
    tap_ok(ro_bytes_equal(ro_field(&answer->mailbox),
                          (struct ro_bytes){seat->id.b, RO_ID_SIZE}));
    tap_ok(rig_pushes(rig, &guest) == 1);
    tap_is(rig_attach_key(rig, &guest, rig->circle->mailbox, &answer), RO_OK);
    tap_say(answer->waiting == 0, "the authority's enrolment mailbox");
    rig_close(rig);
}

static enum ro_status
attach_with(struct rig *rig,
            struct peer *peer,
            const struct ro_key *key,
            const struct ro_signature *proof)
{
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    ask.has_mailbox_key = ask.has_proof = true;
    ask.mailbox_key = rig_field(key->b, RO_KEY_SIZE);
    ask.proof = rig_field(proof->b, RO_SIGNATURE_SIZE);
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_ATTACH, &ask.base},
                   NULL);
}

static void
test_proofs_that_open_nothing(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct test_seat *other = rig->circle->members[2]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer thief = rig_guest(rig);
    const struct ro_key *key = ro_keypair_public(seat->signing);
    struct ro_signature proof;
    uint8_t bytes[RO_MAILBOX_PROOF_SIZE];
    const struct ro_bytes message = {bytes, sizeof(bytes)};
    ro_mailbox_proof_message(ro_keypair_x25519(rig->circle->broker_curve),
                             &guest.curve, &seat->id, bytes);
    ro_sign(seat->signing, RO_LABEL_MAILBOX, message, &proof);
    tap_say(attach_with(rig, &thief, key, &proof) == RO_BAD_SIGNATURE,
            "a proof is good on its own connection only");
    tap_is(attach_with(rig, &guest, ro_keypair_public(other->signing), &proof),
           RO_BAD_SIGNATURE);
    proof.b[0] ^= 1;
    tap_is(attach_with(rig, &guest, key, &proof), RO_BAD_SIGNATURE);
    ro_sign(seat->signing, RO_LABEL_ENROL_ANSWER, message, &proof);
    tap_is(attach_with(rig, &guest, key, &proof), RO_BAD_SIGNATURE);
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *nobody = ro_keypair_new(&rig->circle->entropy);
    tap_is(rig_attach_key(rig, &guest, nobody, NULL), RO_NO_MAILBOX);
    struct peer short_one = rig_guest(rig);
    tap_say(rig_attach(rig, &short_one, 0) == RO_BAD_FRAME,
            "at the open door there is no mailbox without a key");
    rig_close(rig);
}

static void
test_not_before_the_charter(void)
{
    struct rig *rig = rig_empty();
    struct peer guest = rig_guest(rig);
    tap_is(rig_attach_key(rig, &guest, rig->circle->mailbox, NULL),
           RO_NOT_READY);
    rig_close(rig);
}

static void
test_the_last_one_has_it(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer old = rig_member(rig, seat);
    struct peer young = rig_member(rig, seat);
    tap_is(rig_attach(rig, &old, 0), RO_OK);
    rig_mail(rig, &guest, seat, 1);
    const Reachout__Attach__Push *push = rig_push(rig, &old, 0);
    tap_need(push != NULL);
    uint64_t key = push->envelopes[0]->key;
    tap_is(rig_attach(rig, &young, 0), RO_OK);
    tap_say(rig_pushes(rig, &young) == 1, "with everything not acknowledged");
    tap_is(rig_ack(rig, &old, &seat->id, &key, 1), RO_NOT_ALLOWED);
    rig_mail(rig, &guest, seat, 2);
    tap_ok(rig_pushes(rig, &old) == 0 && rig_pushes(rig, &young) == 1);
    tap_is(rig_ack(rig, &young, &seat->id, &key, 1), RO_OK);
    rig_close(rig);
}

static void
test_attaching_again_delivers_again(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    uint64_t keys[3];
    for (uint8_t i = 0; i < 3; i++)
        rig_mail(rig, &guest, seat, i);
    for (int round = 0; round < 2; round++) {
        tap_is(rig_attach(rig, &member, 0), RO_OK);
        const Reachout__Attach__Push *push = rig_push(rig, &member, 0);
        tap_need(push != NULL && push->n_envelopes == 3);
        for (size_t i = 0; i < 3; i++)
            keys[i] = push->envelopes[i]->key;
    }
    tap_is(rig_ack(rig, &member, &seat->id, keys, 2), RO_OK);
    broker_session_close(rig->broker, member.id);
    rig_idle(rig);
    rig_restart(rig);
    member = rig_member(rig, seat);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    const Reachout__Attach__Push *push = rig_push(rig, &member, 0);
    tap_need(push != NULL);
    tap_ok(push->n_envelopes == 1 && push->envelopes[0]->key == keys[2]);
    tap_say(rig_ack(rig, &member, &seat->id, keys, 3) == RO_OK,
            "acknowledging twice is fine");
    rig_close(rig);
}

static void
test_an_ack_reaches_no_other_mailbox(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct test_seat *other = rig->circle->members[2]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    struct peer victim = rig_member(rig, other);
    rig_mail(rig, &guest, other, 1);
    tap_is(rig_attach(rig, &victim, 0), RO_OK);
    uint64_t key = rig_push(rig, &victim, 0)->envelopes[0]->key;
    tap_is(rig_ack(rig, &member, &seat->id, &key, 1), RO_NOT_ALLOWED);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    tap_is(rig_ack(rig, &member, &other->id, &key, 1), RO_NOT_ALLOWED);
    tap_is(rig_ack(rig, &member, &seat->id, &key, 1), RO_OK);
    static const uint64_t odd[] = {0, UINT64_MAX, INT64_MAX};
    tap_is(rig_ack(rig, &member, &seat->id, odd, 3), RO_OK);
    struct store_figures f;
    test_must(store_measure(rig->store, &f));
    tap_ok(f.envelopes == 1);
    rig_close(rig);
}

static void
test_a_session_has_four_mailboxes_at_most(void)
{
    struct rig *rig = rig_open(5);
    struct peer guest = rig_guest(rig);
    for (size_t i = 1; i <= 5; i++) {
        struct test_seat *seat = rig->circle->members[i]->seats[0];
        tap_ok(rig_attach_key(rig, &guest, seat->signing, NULL) ==
               (i <= SESSION_MAILBOXES_MAX ? RO_OK : RO_OVER_QUOTA));
    }
    struct test_seat *first = rig->circle->members[1]->seats[0];
    tap_is(rig_attach_key(rig, &guest, first->signing, NULL), RO_OK);
    rig_close(rig);
}

/* --- mirrors ------------------------------------------------------------- */

static enum ro_status
leave_mirror(struct rig *rig,
             struct peer *peer,
             const struct ro_seat_id *mailbox,
             struct ro_bytes mirror)
{
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    ask.has_mailbox = ask.has_mirror = true;
    ask.mailbox = rig_field(mailbox->b, RO_ID_SIZE);
    ask.mirror = rig_field(mirror.data, mirror.size);
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_ACK, &ask.base}, NULL);
}

/* The mirror that a hello brings, 0 for none; else its first byte. */
static int
mirror_at(struct rig *rig, struct peer *peer)
{
    const Reachout__Hello__Answer *answer = NULL;
    test_must(rig_hello(rig, peer, &answer));
    if (!answer->has_mirror)
        return 0;
    return answer->mirror.len == STORE_MIRROR_SIZE ? answer->mirror.data[0]
                                                   : -1;
}

static void
test_a_mirror_is_kept_for_its_seat(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct test_seat *other = rig->circle->members[2]->seats[0];
    struct peer member = rig_member(rig, seat);
    struct peer neighbour = rig_member(rig, other);
    struct peer guest = rig_guest(rig);
    uint8_t bytes[STORE_MIRROR_SIZE + 1] = {5};
    const struct ro_bytes five = {bytes, STORE_MIRROR_SIZE};
    tap_ok(mirror_at(rig, &member) == 0);
    tap_is(leave_mirror(rig, &member, &other->id, five), RO_NOT_ALLOWED);
    tap_is(rig_ack(rig, &member, &seat->id, NULL, 0), RO_NOT_ALLOWED);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    tap_is(leave_mirror(rig, &member, &other->id, five), RO_NOT_ALLOWED);
    tap_ok(mirror_at(rig, &member) == 0);
    tap_is(leave_mirror(rig, &member, &seat->id, five), RO_OK);
    tap_ok(mirror_at(rig, &member) == 5);
    tap_say(mirror_at(rig, &neighbour) == 0, "his own, and nobody else's");
    tap_say(mirror_at(rig, &guest) == 0, "and at the member door only");
    rig_restart(rig);
    member = rig_member(rig, seat);
    tap_say(mirror_at(rig, &member) == 5, "it is durable");

    bytes[0] = 6;
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    tap_is(leave_mirror(rig, &member, &seat->id, five), RO_OK);
    tap_ok(mirror_at(rig, &member) == 6);
    uint64_t key = 1;
    tap_is(rig_ack(rig, &member, &seat->id, &key, 1), RO_OK);
    tap_say(mirror_at(rig, &member) == 6, "an ack without one changes nothing");
    rig_close(rig);
}

/* Who only sends need not be sent anything for it. */
static void
test_a_mirror_without_attaching(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer member = rig_member(rig, seat);
    uint8_t bytes[STORE_MIRROR_SIZE] = {7};
    uint64_t key = 1;
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    tap_is(leave_mirror(rig, &member, &seat->id,
                        (struct ro_bytes){bytes, sizeof(bytes)}),
           RO_OK);
    tap_ok(mirror_at(rig, &member) == 7);
    bytes[0] = 8;
    ask.has_mailbox = ask.has_mirror = true;
    ask.mailbox = rig_field(seat->id.b, RO_ID_SIZE);
    ask.mirror = rig_field(bytes, sizeof(bytes));
    ask.keys = &key;
    ask.n_keys = 1;
    tap_say(rig_ask(rig, &member, &(struct rig_ask){RO_VERB_ACK, &ask.base},
                    NULL) == RO_NOT_ALLOWED,
            "what was not delivered is not forgotten");
    tap_ok(mirror_at(rig, &member) == 7);
    rig_close(rig);
}

static void
test_mirrors_that_are_not_taken(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    uint8_t bytes[STORE_MIRROR_SIZE + 1] = {5};
    const size_t sizes[] = {0, STORE_MIRROR_SIZE - 1, STORE_MIRROR_SIZE + 1};
    tap_is(rig_attach_key(rig, &guest, seat->signing, NULL), RO_OK);
    tap_say(leave_mirror(rig, &guest, &seat->id,
                         (struct ro_bytes){bytes, STORE_MIRROR_SIZE}) ==
                RO_NOT_ALLOWED,
            "the key of a mailbox is not enough");
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        struct peer member = rig_member(rig, seat);
        tap_is(rig_attach(rig, &member, 0), RO_OK);
        tap_is(leave_mirror(rig, &member, &seat->id,
                            (struct ro_bytes){bytes, sizes[i]}),
               RO_BAD_FRAME);
    }
    struct peer member = rig_member(rig, seat);
    tap_ok(mirror_at(rig, &member) == 0);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_two_members_exchange);
    tap_run(test_the_key_opens_a_mailbox_at_the_open_door);
    tap_run(test_proofs_that_open_nothing);
    tap_run(test_not_before_the_charter);
    tap_run(test_the_last_one_has_it);
    tap_run(test_attaching_again_delivers_again);
    tap_run(test_an_ack_reaches_no_other_mailbox);
    tap_run(test_a_session_has_four_mailboxes_at_most);
    tap_run(test_a_mirror_is_kept_for_its_seat);
    tap_run(test_a_mirror_without_attaching);
    tap_run(test_mirrors_that_are_not_taken);
    return tap_done();
}

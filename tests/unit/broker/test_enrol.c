/* SPDX-License-Identifier: Apache-2.0 */
/* Asking to be admitted, and the authority's answer. */
#include "unit/broker/rig.h"

/* A request, right in every field. Pointers go into the draft. */
struct enrolment {
    Reachout__Enrol__Ask ask;
    struct ro_buf ticket;
    uint8_t body[4096];
    uint8_t wrap[RO_WRAP_SIZE];
    struct ro_keypair *signing; /* of the seat to be */
    struct ro_seat_id mailbox;
    struct ro_signature signature; /* of an answer */
};

static void
fill_mail(struct rig *rig, struct enrolment *e, uint8_t n)
{
    reachout__enrol__ask__init(&e->ask);
    memset(e->body, n, sizeof(e->body));
    memset(e->wrap, n, sizeof(e->wrap));
    e->ask.has_body = e->ask.has_wrap = true;
    e->ask.body = rig_field(e->body, sizeof(e->body));
    e->ask.wrap = rig_field(e->wrap, sizeof(e->wrap));
    e->ask.has_generation = e->ask.has_expiry_hour = true;
    e->ask.generation = rig->circle->generation;
    e->ask.expiry_hour = ro_hour_of(rig->clock.wall_s) + 24;
}

static void
make_request(struct rig *rig, struct enrolment *e, uint8_t n)
{
    Reachout__Ticket ticket;
    *e = (struct enrolment){0};
    fill_mail(rig, e, n);
    test_ticket_init(rig->circle, TEST_FIRST_URN + 5, &ticket);
    test_sign_ticket(rig->circle, &ticket, &e->ticket);
    e->signing = ro_keypair_new(&rig->circle->entropy);
    ro_seat_id_of(ro_keypair_public(e->signing), &e->mailbox);
    e->ask.has_ticket = e->ask.has_mailbox_key = true;
    e->ask.ticket = ro_as_field(ro_buf_view(&e->ticket));
    e->ask.mailbox_key =
        rig_field(ro_keypair_public(e->signing)->b, RO_KEY_SIZE);
}

static void
forget(struct enrolment *e)
{
    ro_buf_fini(&e->ticket);
    ro_keypair_free(e->signing);
}

static void
sign_answer(struct enrolment *e,
            const struct ro_keypair *authority,
            enum ro_label label)
{
    uint8_t message[RO_ID_SIZE + RO_HASH_SIZE + RO_WRAP_SIZE];
    struct ro_hash hash;
    ro_body_hash((struct ro_bytes){e->body, sizeof(e->body)}, &hash);
    memcpy(message, e->mailbox.b, RO_ID_SIZE);
    memcpy(message + RO_ID_SIZE, hash.b, RO_HASH_SIZE);
    memcpy(message + RO_ID_SIZE + RO_HASH_SIZE, e->wrap, RO_WRAP_SIZE);
    ro_sign(authority, label, (struct ro_bytes){message, sizeof(message)},
            &e->signature);
}

static void
make_answer(struct rig *rig,
            struct enrolment *e,
            const struct ro_seat_id *mailbox,
            uint8_t n)
{
    *e = (struct enrolment){.mailbox = *mailbox};
    fill_mail(rig, e, n);
    e->ask.has_answer_to = e->ask.has_signature = true;
    e->ask.answer_to = rig_field(e->mailbox.b, RO_ID_SIZE);
    e->ask.signature = rig_field(e->signature.b, RO_SIGNATURE_SIZE);
    sign_answer(e, rig->circle->authority[0], RO_LABEL_ENROL_ANSWER);
}

static enum ro_status
enrol_id(struct rig *rig,
         struct peer *peer,
         const struct enrolment *e,
         uint8_t ret_id[static RO_ID_SIZE])
{
    const ProtobufCMessage *message = NULL;
    enum ro_status s = rig_ask(
        rig, peer, &(struct rig_ask){RO_VERB_ENROL, &e->ask.base}, &message);
    if (s == RO_OK) {
        memcpy(ret_id,
               ((const Reachout__Enrol__Answer *)message)->envelope.data,
               RO_ID_SIZE);
    }
    return s;
}

static enum ro_status
enrol(struct rig *rig, struct peer *peer, const struct enrolment *e)
{
    uint8_t id[RO_ID_SIZE];
    return enrol_id(rig, peer, e, id);
}

static void
test_a_request_and_its_answer(void)
{
    struct rig *rig = rig_open(1);
    struct peer joiner = rig_guest(rig);
    struct peer authority = rig_guest(rig);
    struct enrolment request;
    struct enrolment answer;
    make_request(rig, &request, 1);
    tap_say(rig_attach_key(rig, &joiner, request.signing, NULL) ==
                RO_NO_MAILBOX,
            "before it asks it has no mailbox");
    tap_is(rig_attach_key(rig, &authority, rig->circle->mailbox, NULL), RO_OK);
    tap_is(enrol(rig, &joiner, &request), RO_OK);
    const Reachout__Attach__Push *push = rig_push(rig, &authority, 0);
    tap_need(push != NULL && push->n_envelopes == 1);
    tap_ok(push->envelopes[0]->day == 0 && push->bodies[0].len == 4096);
    tap_ok(push->envelopes[0]->wrap.data[0] == 1);

    tap_is(rig_attach_key(rig, &joiner, request.signing, NULL), RO_OK);
    make_answer(rig, &answer, &request.mailbox, 2);
    tap_is(enrol(rig, &authority, &answer), RO_OK);
    push = rig_push(rig, &joiner, 0);
    tap_need(push != NULL && push->n_envelopes == 1);
    tap_ok(push->envelopes[0]->day == 0);
    tap_ok(push->envelopes[0]->wrap.data[0] == 2);
    uint64_t key = push->envelopes[0]->key;
    tap_is(rig_ack(rig, &joiner, &request.mailbox, &key, 1), RO_OK);
    forget(&request);
    rig_close(rig);
}

static void
test_a_ticket_is_used_once(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct enrolment request;
    uint8_t first[RO_ID_SIZE];
    uint8_t again[RO_ID_SIZE];
    struct store_figures f;
    make_request(rig, &request, 1);
    tap_is(enrol_id(rig, &guest, &request, first), RO_OK);
    rig_restart(rig);
    guest = rig_guest(rig);
    tap_is(enrol_id(rig, &guest, &request, again), RO_OK);
    tap_ok(memcmp(first, again, RO_ID_SIZE) == 0);
    test_must(store_measure(rig->store, &f));
    tap_ok(f.envelopes == 1);

    struct peer authority = rig_guest(rig);
    struct ro_seat_id mailbox;
    ro_seat_id_of(ro_keypair_public(rig->circle->mailbox), &mailbox);
    tap_is(rig_attach_key(rig, &authority, rig->circle->mailbox, NULL), RO_OK);
    uint64_t key = rig_push(rig, &authority, 0)->envelopes[0]->key;
    tap_is(rig_ack(rig, &authority, &mailbox, &key, 1), RO_OK);
    tap_is(enrol_id(rig, &guest, &request, again), RO_OK);
    tap_ok(memcmp(first, again, RO_ID_SIZE) == 0);
    tap_say(rig_pushes(rig, &authority) == 0, "what was read is not repeated");

    request.body[0] ^= 1;
    tap_is(enrol(rig, &guest, &request), RO_TICKET_USED);
    request.body[0] ^= 1;
    request.wrap[0] ^= 1;
    tap_is(enrol(rig, &guest, &request), RO_TICKET_USED);
    request.wrap[0] ^= 1;
    request.ask.mailbox_key =
        rig_field(ro_keypair_public(rig->circle->mailbox)->b, RO_KEY_SIZE);
    tap_is(enrol(rig, &guest, &request), RO_TICKET_USED);
    forget(&request);
    rig_close(rig);
}

static void
test_refused_requests(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct enrolment request;
    struct store_figures f;
    make_request(rig, &request, 1);
    request.ask.generation++;
    tap_is(enrol(rig, &guest, &request), RO_STALE);
    request.ask.generation--;
    request.ask.expiry_hour -= 24;
    tap_is(enrol(rig, &guest, &request), RO_EXPIRED);
    request.ask.expiry_hour += 24;
    request.ticket.data[request.ticket.size - 1] ^= 1;
    tap_is(enrol(rig, &guest, &request), RO_BAD_TICKET);
    request.ticket.data[request.ticket.size - 1] ^= 1;

    struct test_circle *other = test_circle_new(99);
    Reachout__Ticket ticket;
    RO_AUTOBUF foreign = {0};
    test_ticket_init(other, TEST_FIRST_URN, &ticket);
    test_sign_ticket(other, &ticket, &foreign);
    request.ask.ticket = ro_as_field(ro_buf_view(&foreign));
    tap_is(enrol(rig, &guest, &request), RO_BAD_TICKET);
    request.ask.ticket = ro_as_field(ro_buf_view(&request.ticket));
    test_circle_free(other);

    request.ask.body.len--;
    tap_is(enrol(rig, &guest, &request), RO_BAD_FRAME);
    request.ask.body.len++;
    guest = rig_guest(rig);
    request.ask.wrap.len--;
    tap_is(enrol(rig, &guest, &request), RO_BAD_FRAME);
    request.ask.wrap.len++;
    guest = rig_guest(rig);
    request.ask.mailbox_key.len--;
    tap_is(enrol(rig, &guest, &request), RO_BAD_FRAME);
    request.ask.mailbox_key.len++;
    guest = rig_guest(rig);
    request.ask.has_ticket = false;
    tap_is(enrol(rig, &guest, &request), RO_BAD_FRAME);
    request.ask.has_ticket = true;
    guest = rig_guest(rig);
    request.ask.has_signature = true;
    tap_is(enrol(rig, &guest, &request), RO_BAD_FRAME);
    request.ask.has_signature = false;

    test_must(store_measure(rig->store, &f));
    tap_ok(f.envelopes == 0 && f.bodies == 0);
    rig->clock.wall_s += 14 * 86400;
    rig->clock.mono_ms += (int64_t)14 * 86400 * 1000;
    guest = rig_guest(rig);
    request.ask.expiry_hour += 14 * 24;
    tap_is(enrol(rig, &guest, &request), RO_TICKET_EXPIRED);
    forget(&request);
    rig_close(rig);
}

static void
test_refused_answers(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct enrolment request;
    struct enrolment answer;
    make_request(rig, &request, 1);
    make_answer(rig, &answer, &request.mailbox, 2);
    tap_say(enrol(rig, &guest, &answer) == RO_NO_MAILBOX,
            "nothing to answer yet");
    tap_is(enrol(rig, &guest, &request), RO_OK);
    tap_is(enrol(rig, &guest, &answer), RO_OK);
    answer.wrap[5] ^= 1;
    tap_is(enrol(rig, &guest, &answer), RO_BAD_SIGNATURE);
    answer.wrap[5] ^= 1;
    answer.body[5] ^= 1;
    tap_is(enrol(rig, &guest, &answer), RO_BAD_SIGNATURE);
    answer.body[5] ^= 1;
    sign_answer(&answer, rig->circle->authority[0], RO_LABEL_MAILBOX);
    tap_is(enrol(rig, &guest, &answer), RO_BAD_SIGNATURE);
    sign_answer(&answer, rig->circle->mailbox, RO_LABEL_ENROL_ANSWER);
    tap_is(enrol(rig, &guest, &answer), RO_BAD_SIGNATURE);
    make_answer(rig, &answer, &rig->circle->members[1]->seats[0]->id, 3);
    tap_say(enrol(rig, &guest, &answer) == RO_NO_MAILBOX,
            "no short way into a seat's mailbox");
    forget(&request);
    rig_close(rig);
}

static void
test_not_before_the_charter(void)
{
    struct rig *rig = rig_empty();
    struct peer guest = rig_guest(rig);
    struct enrolment request;
    make_request(rig, &request, 1);
    tap_is(enrol(rig, &guest, &request), RO_NOT_READY);
    forget(&request);
    rig_close(rig);
}

/* Any one of three keys answers, though it takes two to admit. */
static void
test_one_key_of_the_authority_answers(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct enrolment request;
    struct enrolment answer;
    make_request(rig, &request, 1);
    tap_is(enrol(rig, &guest, &request), RO_OK);
    make_answer(rig, &answer, &request.mailbox, 2);
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *second = ro_keypair_new(&rig->circle->entropy);
    sign_answer(&answer, second, RO_LABEL_ENROL_ANSWER);
    tap_is(enrol(rig, &guest, &answer), RO_BAD_SIGNATURE);
    struct ro_root *root = &rig->broker->ledger.root;
    root->keys[root->n_keys++] = *ro_keypair_public(second);
    tap_is(enrol(rig, &guest, &answer), RO_OK);
    root->n_keys--;
    forget(&request);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_a_request_and_its_answer);
    tap_run(test_a_ticket_is_used_once);
    tap_run(test_refused_requests);
    tap_run(test_refused_answers);
    tap_run(test_not_before_the_charter);
    tap_run(test_one_key_of_the_authority_answers);
    return tap_done();
}

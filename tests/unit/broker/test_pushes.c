/* SPDX-License-Identifier: Apache-2.0 */
/* Deliveries: windows, packing, order, peers that do not read. */

#include "unit/broker/rig.h"

static void
test_new_mail_is_pushed_at_once(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    tap_ok(rig_pushes(rig, &member) == 0);
    rig_mail(rig, &guest, seat, 1);
    tap_ok(rig_pushes(rig, &member) == 1);
    tap_ok(rig->frames[0].header.kind == RO_FRAME_ANSWER);
    rig_idle(rig);
    tap_say(rig_pushes(rig, &member) == 0, "and once");
    tap_ok(broker_counters(rig->broker)->pushed == 1);
    rig_close(rig);
}

/* An attach in the same turn as the deposit, before and after it. */
static void
test_mail_of_the_same_turn_is_not_missed(void)
{
    for (int order = 0; order < 2; order++) {
        struct rig *rig = rig_open(1);
        struct test_seat *seat = rig->circle->members[1]->seats[0];
        struct peer guest = rig_guest(rig);
        struct peer member = rig_member(rig, seat);
        struct draft draft;
        Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
        rig_draft(rig, &draft, &seat->id, 1);
        const struct rig_ask deposit = {RO_VERB_DEPOSIT, &draft.ask.base};
        const struct rig_ask attached = {RO_VERB_ATTACH, &attach.base};
        rig_begin(rig);
        if (order == 0)
            rig_put(rig, &guest, &deposit);
        rig_put(rig, &member, &attached);
        if (order == 1)
            rig_put(rig, &guest, &deposit);
        rig_end(rig);
        tap_is(rig_answer(rig, &member, NULL), RO_OK);
        tap_ok(rig_pushes(rig, &member) == 1);
        tap_ok(rig_push(rig, &member, 0)->n_envelopes == 1);
        rig_close(rig);
    }
}

/* Collects all keys pushed in the last turn, which must rise. */
static size_t
keys_pushed(struct rig *rig, const struct peer *peer, uint64_t *keys)
{
    size_t n = 0;
    for (size_t i = 0; i < rig_pushes(rig, peer); i++) {
        const Reachout__Attach__Push *push = rig_push(rig, peer, i);
        for (size_t k = 0; k < push->n_envelopes; k++) {
            keys[n] = push->envelopes[k]->key;
            tap_ok(n == 0 || keys[n] > keys[n - 1]);
            n++;
        }
    }
    return n;
}

static void
test_the_window_holds(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    uint64_t keys[64];
    for (uint8_t i = 0; i < 20; i++)
        rig_mail(rig, &guest, seat, i);
    tap_is(rig_attach(rig, &member, 5), RO_OK);
    tap_ok(keys_pushed(rig, &member, keys) == 5);
    tap_ok(rig_push(rig, &member, 0)->waiting == 15);
    rig_mail(rig, &guest, seat, 20);
    tap_ok(rig_pushes(rig, &member) == 0);
    tap_is(rig_ack(rig, &member, &seat->id, keys, 2), RO_OK);
    tap_ok(keys_pushed(rig, &member, keys + 5) == 2);
    tap_ok(keys[5] > keys[4]);
    tap_say(rig_ack(rig, &member, &seat->id, keys, 2) == RO_OK &&
                rig_pushes(rig, &member) == 0,
            "acknowledging the same again opens nothing");
    tap_is(rig_ack(rig, &member, &seat->id, keys + 2, 5), RO_OK);
    tap_ok(keys_pushed(rig, &member, keys) == 5);
    tap_is(rig_attach(rig, &member, 1000), RO_OK);
    tap_say(keys_pushed(rig, &member, keys) == 8, "never above the limit");
    rig_close(rig);
}

/* Mail that expires while it is out no longer counts against the window. */
static void
test_expiry_frees_the_window(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    struct draft draft;
    uint64_t keys[64];
    for (uint8_t i = 0; i < 4; i++) {
        rig_draft(rig, &draft, &seat->id, i);
        draft.wrap.expiry_hour = ro_hour_of(rig->clock.wall_s) + 1;
        test_must(rig_deposit(rig, &guest, &draft));
    }
    tap_is(rig_attach(rig, &member, 4), RO_OK);
    tap_ok(keys_pushed(rig, &member, keys) == 4);
    rig->clock.wall_s += 3600;
    rig->clock.mono_ms += 3600 * 1000;
    rig_idle(rig);
    tap_ok(broker_counters(rig->broker)->expired == 4);
    rig_mail(rig, &guest, seat, 9);
    tap_ok(rig_pushes(rig, &member) == 1);
    rig_close(rig);
}

static void
test_one_body_a_frame(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    struct draft draft;
    for (uint8_t i = 0; i < 6; i++) {
        rig_draft(rig, &draft, &seat->id, i);
        rig_draft_body(&draft, 65536, i / 3);
        test_must(rig_deposit(rig, &guest, &draft));
    }
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    tap_ok(rig_pushes(rig, &member) == 2);
    for (size_t i = 0; i < 2; i++) {
        const Reachout__Attach__Push *push = rig_push(rig, &member, i);
        tap_ok(push->n_bodies == 1 && push->n_envelopes == 3);
        tap_ok(push->bodies[0].len == 65536 && push->bodies[0].data[9] == i);
        tap_ok(push->waiting == (i == 0 ? 3 : 0));
    }
    for (size_t i = 0; i < rig->n_frames; i++)
        tap_ok(rig->frames[i].bytes.size <= RO_FRAME_LIMIT);
    rig_close(rig);
}

static void
test_small_ones_travel_packed(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    rig->limits.window = 500;
    rig_restart(rig);
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    for (unsigned i = 0; i < 150; i++)
        rig_mail(rig, &guest, seat, (uint8_t)i);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    size_t n = 0;
    for (size_t i = 0; i < rig_pushes(rig, &member); i++)
        n += rig_push(rig, &member, i)->n_envelopes;
    tap_ok(n == 150 && rig_pushes(rig, &member) == 3);
    for (size_t i = 0; i < rig->n_frames; i++)
        tap_ok(rig->frames[i].bytes.size <= RO_FRAME_LIMIT);
    rig_close(rig);
}

static void
test_mailboxes_take_turns(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct peer members[2];
    struct draft draft;
    for (uint8_t m = 0; m < 2; m++) {
        struct test_seat *seat = rig->circle->members[m + 1]->seats[0];
        members[m] = rig_member(rig, seat);
        for (uint8_t i = 0; i < 3; i++) {
            rig_draft(rig, &draft, &seat->id, (uint8_t)(10 * m + i));
            rig_draft_body(&draft, 65536, (uint8_t)(10 * m + i));
            test_must(rig_deposit(rig, &guest, &draft));
        }
    }
    Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    const struct rig_ask ask = {RO_VERB_ATTACH, &attach.base};
    rig_begin(rig);
    rig_put(rig, &members[0], &ask);
    rig_put(rig, &members[1], &ask);
    rig_end(rig);
    tap_need(rig->n_frames == 8);
    for (size_t i = 2; i + 1 < 8; i++)
        tap_ok(rig->frames[i].to.slot != rig->frames[i + 1].to.slot);
    rig_close(rig);
}

/* --- a disk that flips bits ------------------------------------------------
 */

/* What is not what was deposited is not delivered, and stops nothing: neither
 * its mailbox, though it fills the window there, nor the circle. */
static void
test_what_is_damaged_is_passed_over(void)
{
    static const char *const damages[] = {
        "UPDATE body SET bytes = x'00' WHERE id <= 5",
        "UPDATE envelope SET wrap = x'00' WHERE key <= 5",
        "DELETE FROM body WHERE id <= 5",
    };
    for (size_t i = 0; i < RO_LEN(damages); i++) {
        struct rig *rig = rig_open(1);
        struct test_seat *seat = rig->circle->members[1]->seats[0];
        struct peer guest = rig_guest(rig);
        uint64_t keys[64];
        for (uint8_t n = 0; n < 8; n++)
            rig_mail(rig, &guest, seat, n);
        rig_damage(rig, damages[i]);
        struct peer member = rig_member(rig, seat);
        tap_is(rig_attach(rig, &member, 5), RO_OK);
        tap_ok(keys_pushed(rig, &member, keys) == 3);
        tap_ok(keys[0] == 6 && rig_push(rig, &member, 0)->waiting == 0);
        tap_ok(store_aside(rig->store) == 5);
        tap_is(rig_ack(rig, &member, &seat->id, keys, 3), RO_OK);
        const ProtobufCMessage *answer = NULL;
        Reachout__Attach__Ask again = REACHOUT__ATTACH__ASK__INIT;
        const struct rig_ask ask = {RO_VERB_ATTACH, &again.base};
        tap_is(rig_ask(rig, &member, &ask, &answer), RO_OK);
        tap_say(((const Reachout__Attach__Answer *)answer)->waiting == 0,
                "nobody waits for it");
        guest = rig_guest(rig);
        rig_mail(rig, &guest, seat, 9);
        tap_ok(keys_pushed(rig, &member, keys) == 1);
        tap_ok(broker_counters(rig->broker)->pushed == 4);
        rig_close(rig);
    }
}

/* --- peers that do not read ---------------------------------------------- */

/* Ends a turn whose pushes cannot be sent; how many were tried. */
static size_t
end_with_full_pipes(struct rig *rig)
{
    struct broker_send send;
    size_t n = 0;
    test_must(broker_turn_end(rig->broker));
    while (broker_send_next(rig->broker, &send)) {
        struct ro_frame_header header;
        struct ro_bytes payload;
        test_must(ro_frame_get(send.frame, &header, &payload));
        if (header.kind != RO_FRAME_PUSH)
            continue;
        n++;
        broker_send_failed(rig->broker, send.to);
    }
    return n;
}

static void
test_what_could_not_be_sent_comes_later(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    for (uint8_t i = 0; i < 3; i++)
        rig_mail(rig, &guest, seat, i);
    Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    rig_begin(rig);
    rig_put(rig, &member, &(struct rig_ask){RO_VERB_ATTACH, &attach.base});
    tap_ok(end_with_full_pipes(rig) == 1);
    tap_ok(broker_counters(rig->broker)->pushed == 0);
    tap_ok(broker_next_timer_ms(rig->broker) ==
           rig->clock.mono_ms + PUSH_STALL_MS);
    rig_mail(rig, &guest, seat, 3);
    tap_say(rig_pushes(rig, &member) == 0, "not at once");
    rig->clock.mono_ms += PUSH_STALL_MS;
    rig_begin(rig);
    tap_ok(end_with_full_pipes(rig) == 1);
    rig->clock.mono_ms += PUSH_STALL_MS - 1;
    rig_idle(rig);
    tap_ok(rig_pushes(rig, &member) == 0);
    rig->clock.mono_ms += 1;
    rig_idle(rig);
    tap_ok(rig_pushes(rig, &member) == 1);
    tap_ok(rig_push(rig, &member, 0)->n_envelopes == 4);
    tap_ok(broker_sessions(rig->broker) == 2);
    rig_close(rig);
}

static void
test_or_when_the_peer_says_something(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    struct draft draft;
    rig_draft(rig, &draft, &seat->id, 1);
    rig_begin(rig);
    rig_put(rig, &guest, &(struct rig_ask){RO_VERB_DEPOSIT, &draft.ask.base});
    tap_ok(end_with_full_pipes(rig) == 1);
    rig_idle(rig);
    tap_ok(rig_pushes(rig, &member) == 0);
    tap_is(rig_hello(rig, &member, NULL), RO_OK);
    tap_ok(rig_pushes(rig, &member) == 1);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_new_mail_is_pushed_at_once);
    tap_run(test_mail_of_the_same_turn_is_not_missed);
    tap_run(test_the_window_holds);
    tap_run(test_expiry_frees_the_window);
    tap_run(test_one_body_a_frame);
    tap_run(test_small_ones_travel_packed);
    tap_run(test_mailboxes_take_turns);
    tap_run(test_what_is_damaged_is_passed_over);
    tap_run(test_what_could_not_be_sent_comes_later);
    tap_run(test_or_when_the_peer_says_something);
    return tap_done();
}

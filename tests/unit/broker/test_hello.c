/* SPDX-License-Identifier: Apache-2.0 */
/* Who may come in, what frames must be, and when connections end. */
#include "common/crypto/door.h"
#include "unit/broker/rig.h"

static void
test_hello_before_the_charter(void)
{
    struct rig *rig = rig_empty();
    struct peer peer = rig_stranger(rig);
    const Reachout__Hello__Answer *answer = NULL;
    tap_is(rig_hello(rig, &peer, &answer), RO_OK);
    tap_ok(answer->protocol == 1 && !answer->has_circle);
    tap_ok(answer->size == 0 && !answer->has_checkpoint);
    tap_ok(answer->credit_envelopes == 1000 && answer->window == 8);
    tap_ok(answer->credit_bytes == 8 * 1024 * 1024);
    rig_close(rig);
}

static void
test_hello(void)
{
    struct rig *rig = rig_open(2);
    struct peer peer = rig_stranger(rig);
    const Reachout__Hello__Answer *answer = NULL;
    tap_is(rig_hello(rig, &peer, &answer), RO_OK);
    tap_ok(ro_bytes_equal(ro_field(&answer->circle),
                          (struct ro_bytes){rig->circle->id.b, RO_ID_SIZE}));
    tap_ok(answer->size == rig->circle->n_records);
    tap_ok(answer->has_checkpoint);
    tap_is(rig_hello(rig, &peer, &answer), RO_OK);
    rig_close(rig);
}

/* One way of saying hello wrongly. */
static enum ro_status
hello_with(struct rig *rig, struct peer *peer, const Reachout__Hello__Ask *ask)
{
    return rig_ask(rig, peer, &(struct rig_ask){RO_VERB_HELLO, &ask->base},
                   NULL);
}

static void
test_a_wrong_proof_opens_nothing(void)
{
    struct rig *rig = rig_open(1);
    struct peer peer = rig_stranger(rig);
    struct peer other = rig_stranger(rig);
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
    ask.has_protocol = true;
    ask.protocol = 1;
    ask.has_generation = true;
    ask.generation = rig->circle->generation;
    tap_is(hello_with(rig, &peer, &ask), RO_NEED_HELLO);

    const struct ro_key *curve = ro_keypair_x25519(rig->circle->broker_curve);
    ask.has_proof = true;
    ask.proof = rig_field(proof, sizeof(proof));
    ro_door_proof(rig->circle->psk, curve, &other.curve, proof);
    tap_say(hello_with(rig, &peer, &ask) == RO_NEED_HELLO,
            "a proof is good on its own connection only");
    ro_door_proof(rig->circle->psk, curve, &peer.curve, proof);
    proof[31] ^= 1;
    tap_is(hello_with(rig, &peer, &ask), RO_NEED_HELLO);
    proof[31] ^= 1;
    ask.generation++;
    tap_is(hello_with(rig, &peer, &ask), RO_NEED_HELLO);
    ask.generation--;
    ask.proof.len--;
    tap_is(hello_with(rig, &peer, &ask), RO_NEED_HELLO);
    ask.proof.len++;
    ask.protocol = 2;
    tap_is(hello_with(rig, &peer, &ask), RO_NOT_ALLOWED);
    Reachout__Directory__Ask directory = REACHOUT__DIRECTORY__ASK__INIT;
    const struct rig_ask verb = {RO_VERB_DIRECTORY, &directory.base};
    tap_is(rig_ask(rig, &peer, &verb, NULL), RO_NEED_HELLO);
    ask.protocol = 1;
    tap_is(hello_with(rig, &peer, &ask), RO_OK);
    tap_is(rig_ask(rig, &peer, &verb, NULL), RO_OK);
    rig_close(rig);
}

/* Which keys with which generation are let in after door.key was changed. */
static void
test_two_generations(void)
{
    struct rig *rig = rig_open(1);
    const struct ro_key *curve = ro_keypair_x25519(rig->circle->broker_curve);
    uint32_t old = rig->circle->generation;
    struct broker_door door = {.psk = {7}, .generation = old + 1};
    const struct {
        const uint8_t *psk;
        uint32_t generation;
        enum ro_status before;
        enum ro_status with_both;
        enum ro_status with_new;
    } cases[] = {
        {rig->circle->psk, old,     RO_OK,         RO_OK,         RO_NEED_HELLO},
        {door.psk,         old + 1, RO_NEED_HELLO, RO_OK,         RO_OK        },
        {rig->circle->psk, old + 1, RO_NEED_HELLO, RO_NEED_HELLO,
         RO_NEED_HELLO                                                         },
        {door.psk,         old,     RO_NEED_HELLO, RO_NEED_HELLO, RO_NEED_HELLO},
        {rig->circle->psk, 0,       RO_NEED_HELLO, RO_NEED_HELLO, RO_NEED_HELLO},
        {door.psk,         0,       RO_NEED_HELLO, RO_NEED_HELLO, RO_NEED_HELLO},
    };
    for (unsigned round = 0; round < 3; round++) {
        for (size_t i = 0; i < RO_LEN(cases); i++) {
            struct peer peer = rig_stranger(rig);
            uint8_t proof[RO_DOOR_PROOF_SIZE];
            Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
            ro_door_proof(cases[i].psk, curve, &peer.curve, proof);
            ask.has_protocol = ask.has_generation = ask.has_proof = true;
            ask.protocol = 1;
            ask.generation = cases[i].generation;
            ask.proof = ro_as_field((struct ro_bytes){proof, sizeof(proof)});
            const enum ro_status expected = round == 0   ? cases[i].before
                                            : round == 1 ? cases[i].with_both
                                                         : cases[i].with_new;
            tap_is(hello_with(rig, &peer, &ask), expected);
        }
        memcpy(door.previous_psk, rig->circle->psk, sizeof(door.previous_psk));
        door.previous_generation = round == 0 ? old : 0;
        test_must(broker_rekey(rig->broker, &door));
    }
    rig_close(rig);
}

static void
test_nothing_before_hello(void)
{
    struct rig *rig = rig_open(1);
    struct peer peer = rig_stranger(rig);
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    for (unsigned verb = 2; verb < 256; verb++) {
        const struct rig_ask any = {(uint8_t)verb, &ask.base};
        tap_is(rig_ask(rig, &peer, &any, NULL), RO_NEED_HELLO);
    }
    tap_is(rig_hello(rig, &peer, NULL), RO_OK);
    for (unsigned verb = 10; verb < 256; verb++) {
        const struct rig_ask any = {(uint8_t)verb, &ask.base};
        tap_is(rig_ask(rig, &peer, &any, NULL), RO_UNKNOWN_VERB);
    }
    rig_close(rig);
}

static void
test_each_door_has_its_verbs(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, rig->circle->members[1]->seats[0]);
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const struct rig_ask publish = {RO_VERB_PUBLISH, &ask.base};
    tap_is(rig_ask(rig, &guest, &publish, NULL), RO_NOT_ALLOWED);
    static const uint8_t verbs[] = {RO_VERB_APPEND, RO_VERB_ENROL,
                                    RO_VERB_DEPOSIT};
    for (size_t i = 0; i < RO_LEN(verbs); i++) {
        const struct rig_ask verb = {verbs[i], &ask.base};
        tap_is(rig_ask(rig, &member, &verb, NULL), RO_NOT_ALLOWED);
    }
    const struct rig_ask directory = {RO_VERB_DIRECTORY, &ask.base};
    tap_say(rig_ask(rig, &member, &directory, NULL) == RO_OK,
            "a seat needs no hello");
    const Reachout__Hello__Answer *answer = NULL;
    tap_is(rig_hello(rig, &member, &answer), RO_OK);
    tap_ok(answer->credit_envelopes == 0 && answer->credit_bytes == 0);
    rig_close(rig);
}

static void
test_the_member_door_knows_live_seats_only(void)
{
    struct rig *rig = rig_open(2);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct ro_key key = *ro_keypair_x25519(seat->transport);
    struct session_id id;
    tap_ok(broker_knows(rig->broker, &key));
    key.b[0] ^= 1;
    tap_ok(!broker_knows(rig->broker, &key));
    tap_is(broker_session_open(rig->broker, DOOR_MEMBER, &key, &id),
           RO_NOT_ALLOWED);
    size_t n = 0;
    bool found = false;
    const struct ro_key *nth;
    while ((nth = broker_nth_member_key(rig->broker, n)) != NULL) {
        n++;
        found = found || memcmp(nth->b, ro_keypair_x25519(seat->transport)->b,
                                RO_KEY_SIZE) == 0;
    }
    tap_ok(n == 3 && found);
    rig_close(rig);
}

static void
test_sessions_are_limited(void)
{
    struct rig *rig = rig_open(1);
    struct ro_key key = {{1}};
    struct session_id id;
    size_t had = broker_sessions(rig->broker);
    for (size_t i = had; i < rig->limits.sessions; i++)
        test_must(broker_session_open(rig->broker, DOOR_OPEN, &key, &id));
    tap_is(broker_session_open(rig->broker, DOOR_OPEN, &key, &id), RO_NO_ROOM);
    broker_session_close(rig->broker, id);
    tap_is(broker_session_open(rig->broker, DOOR_OPEN, &key, &id), RO_NO_ROOM);
    rig_idle(rig);
    tap_is(broker_session_open(rig->broker, DOOR_OPEN, &key, &id), RO_OK);
    rig_close(rig);
}

/* --- frames -------------------------------------------------------------- */

static void
put(struct rig *rig, const struct peer *peer, const void *bytes, size_t size)
{
    rig_begin(rig);
    rig_put_bytes(rig, peer, (struct ro_bytes){bytes, size});
    rig_end(rig);
}

static void
test_a_frame_that_is_none_costs_the_connection(void)
{
    struct rig *rig = rig_open(1);
    static uint8_t large[RO_FRAME_LIMIT + 1];
    static const uint8_t other_version[RO_FRAME_HEADER_SIZE] = {2, 1};
    const struct {
        const void *bytes;
        size_t size;
    } rows[] = {
        {"",            0                    },
        {"hello",       5                    },
        {other_version, sizeof(other_version)},
        {large,         sizeof(large)        },
    };
    for (size_t i = 0; i < RO_LEN(rows); i++) {
        struct peer peer = rig_guest(rig);
        put(rig, &peer, rows[i].bytes, rows[i].size);
        tap_ok(rig->n_frames == 0);
        tap_ok(rig_is_gone(rig, &peer));
        put(rig, &peer, rows[i].bytes, rows[i].size);
        tap_ok(rig->n_frames == 0);
    }
    tap_ok(broker_counters(rig->broker)->dropped == RO_LEN(rows));
    rig_close(rig);
}

static void
test_a_bad_payload_is_answered_first(void)
{
    struct rig *rig = rig_open(1);
    static const uint8_t noise[] = {0xff, 0xff, 0xff, 0xff};
    for (unsigned kind = 0; kind < 3; kind++) {
        struct peer peer = rig_guest(rig);
        RO_AUTOBUF frame = {0};
        const struct ro_frame_header header = {
            .verb = RO_VERB_DIRECTORY,
            .kind = (enum ro_frame_kind)kind,
            .serial = peer.serial = 77,
        };
        ro_frame_put_header(&header, &frame);
        if (kind == RO_FRAME_ASK)
            ro_buf_put(&frame, noise, sizeof(noise));
        put(rig, &peer, frame.data, frame.size);
        tap_is(rig_answer(rig, &peer, NULL), RO_BAD_FRAME);
        tap_ok(rig_is_gone(rig, &peer));
    }
    rig_close(rig);
}

static void
test_two_frames_of_one_turn_and_then_a_drop(void)
{
    struct rig *rig = rig_open(1);
    struct peer peer = rig_guest(rig);
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const struct rig_ask directory = {RO_VERB_DIRECTORY, &ask.base};
    rig_begin(rig);
    rig_put(rig, &peer, &directory);
    rig_put_bytes(rig, &peer, ro_bytes_text("noise"));
    rig_put(rig, &peer, &directory); /* is not heard any more */
    rig_end(rig);
    tap_ok(rig->n_frames == 1);
    peer.serial--;
    tap_is(rig_answer(rig, &peer, NULL), RO_OK);
    rig_close(rig);
}

/* --- how connections end ------------------------------------------------- */

static void
test_who_is_silent_is_forgotten(void)
{
    struct rig *rig = rig_open(1);
    struct peer quiet = rig_guest(rig);
    struct peer awake = rig_guest(rig);
    struct peer waits = rig_member(rig, rig->circle->members[1]->seats[0]);
    tap_is(rig_attach(rig, &waits, 0), RO_OK);
    rig->clock.mono_ms += 3500 * 1000;
    rig->clock.wall_s += 3500;
    tap_is(rig_hello(rig, &awake, NULL), RO_OK);
    tap_ok(broker_sessions(rig->broker) == 3);
    rig->clock.mono_ms += 200 * 1000;
    rig->clock.wall_s += 200;
    rig_idle(rig);
    tap_say(broker_sessions(rig->broker) == 2, "who waits for mail may");
    tap_ok(rig_is_gone(rig, &quiet));
    tap_is(rig_hello(rig, &quiet, NULL), RO_NOT_FOUND);
    tap_is(rig_hello(rig, &awake, NULL), RO_OK);
    rig_close(rig);
}

/* Whatever else it says: a stranger has seconds, who said hello an hour. */
static void
test_who_says_no_hello_goes_soon(void)
{
    struct rig *rig = rig_open(1);
    struct peer stranger = rig_stranger(rig);
    struct peer later = {0};
    const Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const struct rig_ask asked = {RO_VERB_DIRECTORY, &ask.base};
    int64_t began_ms = rig->clock.mono_ms;
    tap_ok(broker_next_timer_ms(rig->broker) == began_ms + SESSION_HELLO_MS);
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, rig->circle->members[1]->seats[0]);
    rig->clock.mono_ms = began_ms + SESSION_HELLO_MS - 1;
    later = rig_stranger(rig);
    tap_is(rig_ask(rig, &stranger, &asked, NULL), RO_NEED_HELLO);
    tap_ok(broker_sessions(rig->broker) == 4);
    rig->clock.mono_ms = began_ms + SESSION_HELLO_MS;
    rig_idle(rig);
    tap_ok(rig_is_gone(rig, &stranger) && broker_sessions(rig->broker) == 3);
    tap_say(broker_next_timer_ms(rig->broker) ==
                rig->clock.mono_ms - 1 + SESSION_HELLO_MS,
            "the next one's turn comes too");
    tap_is(rig_hello(rig, &later, NULL), RO_OK);
    rig->clock.mono_ms += SESSION_HELLO_MS;
    rig_idle(rig);
    tap_ok(broker_sessions(rig->broker) == 3);
    tap_is(rig_ask(rig, &guest, &asked, NULL), RO_OK);
    tap_is(rig_ask(rig, &member, &asked, NULL), RO_OK);
    rig_close(rig);
}

static void
test_draining_refuses_what_is_new(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, rig->circle->members[1]->seats[0]);
    struct draft draft;
    rig_mail(rig, &guest, rig->circle->members[1]->seats[0], 1);
    broker_drain(rig->broker);
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 2);
    tap_is(rig_deposit(rig, &guest, &draft), RO_DRAINING);
    tap_is(rig_append(rig, &guest, test_circle_record(rig->circle, 0)),
           RO_DRAINING);
    Reachout__Enrol__Ask enrol = REACHOUT__ENROL__ASK__INIT;
    const struct rig_ask ask = {RO_VERB_ENROL, &enrol.base};
    tap_is(rig_ask(rig, &guest, &ask, NULL), RO_DRAINING);
    Reachout__Publish__Ask publish = REACHOUT__PUBLISH__ASK__INIT;
    const struct rig_ask news = {RO_VERB_PUBLISH, &publish.base};
    tap_is(rig_ask(rig, &member, &news, NULL), RO_DRAINING);
    tap_is(rig_attach(rig, &member, 0), RO_OK);
    tap_ok(rig_pushes(rig, &member) == 1);
    rig_close(rig);
}

static void
test_the_table_has_no_empty_cell(void)
{
    for (int state = 0; state < SESSION_STATES; state++) {
        for (int event = 0; event < SESSION_EVENTS; event++) {
            const struct session_cell *cell = session_table_cell(
                (enum session_state)state, (enum session_event)event);
            printf("# %s + %s: %s -> %s\n",
                   session_table_state((enum session_state)state),
                   session_table_event((enum session_event)event),
                   session_table_act(cell->act),
                   session_table_state(cell->next));
            tap_ok(cell->act != SESSION_ACT_NONE);
            tap_ok((cell->act == SESSION_END || cell->act == SESSION_IGNORE) ==
                   (cell->next == SESSION_CLOSING));
        }
    }
}

int
main(void)
{
    tap_run(test_hello_before_the_charter);
    tap_run(test_hello);
    tap_run(test_a_wrong_proof_opens_nothing);
    tap_run(test_two_generations);
    tap_run(test_nothing_before_hello);
    tap_run(test_each_door_has_its_verbs);
    tap_run(test_the_member_door_knows_live_seats_only);
    tap_run(test_sessions_are_limited);
    tap_run(test_a_frame_that_is_none_costs_the_connection);
    tap_run(test_a_bad_payload_is_answered_first);
    tap_run(test_two_frames_of_one_turn_and_then_a_drop);
    tap_run(test_who_is_silent_is_forgotten);
    tap_run(test_who_says_no_hello_goes_soon);
    tap_run(test_draining_refuses_what_is_new);
    tap_run(test_the_table_has_no_empty_cell);
    return tap_done();
}

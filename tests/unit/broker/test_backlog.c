/* SPDX-License-Identifier: Apache-2.0 */
/* Answers for peers that do not take them: they wait, in order, within
 * bounds. */
#include "unit/broker/rig.h"

/* What a flush gave to one peer, whose pipe takes `room` frames. */
struct pipe {
    struct session_id to;
    size_t room;
    size_t tried;
    size_t n;
    uint32_t serials[BACKLOG_FRAMES_MAX + 16]; /* of what went through */
    enum ro_frame_kind kinds[BACKLOG_FRAMES_MAX + 16];
};

static void
flush(struct rig *rig, struct pipe *pipe, size_t room)
{
    struct broker_send send;
    pipe->room = room;
    pipe->tried = 0;
    while (broker_send_next(rig->broker, &send)) {
        struct ro_frame_header header;
        struct ro_bytes payload;
        test_must(ro_frame_get(send.frame, &header, &payload));
        if (send.to.slot != pipe->to.slot)
            continue;
        pipe->tried++;
        if (pipe->room == 0) {
            broker_send_failed(rig->broker, send.to);
            continue;
        }
        pipe->room--;
        tap_need(pipe->n < RO_LEN(pipe->serials));
        pipe->kinds[pipe->n] = header.kind;
        pipe->serials[pipe->n++] = header.serial;
    }
}

static void
turn(struct rig *rig, struct pipe *pipe, size_t room)
{
    rig_begin(rig);
    test_must(broker_turn_end(rig->broker));
    flush(rig, pipe, room);
}

/* A turn in which the peer asks so often, with so much room for answers. */
static void
turn_asked(struct rig *rig,
           struct peer *peer,
           struct pipe *pipe,
           size_t n,
           size_t room)
{
    const Reachout__Notices__Ask ask = REACHOUT__NOTICES__ASK__INIT;
    rig_begin(rig);
    for (size_t i = 0; i < n; i++)
        rig_put(rig, peer, &(struct rig_ask){RO_VERB_NOTICES, &ask.base});
    test_must(broker_turn_end(rig->broker));
    flush(rig, pipe, room);
}

static bool
in_order(const struct pipe *pipe, uint32_t first)
{
    for (size_t i = 0; i < pipe->n; i++) {
        if (pipe->serials[i] != first + i ||
            pipe->kinds[i] != RO_FRAME_ANSWER) {
            printf("# %zu: serial %u\n", i, pipe->serials[i]);
            return false;
        }
    }
    return true;
}

static void
test_they_wait_in_order(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct pipe pipe = {.to = guest.id};
    uint32_t first = guest.serial + 1;
    turn_asked(rig, &guest, &pipe, 5, 2);
    tap_ok(pipe.n == 2 && broker_waiting(rig->broker) == 3);
    tap_say(pipe.tried == 3, "nothing is tried behind what found no room");
    tap_ok(broker_next_timer_ms(rig->broker) ==
           rig->clock.mono_ms + BACKLOG_RETRY_MS);
    turn_asked(rig, &guest, &pipe, 2, 9);
    tap_say(pipe.n == 2, "what is asked meanwhile goes behind them");
    tap_ok(broker_waiting(rig->broker) == 5);
    rig->clock.mono_ms += BACKLOG_RETRY_MS;
    turn(rig, &pipe, 2);
    tap_ok(pipe.n == 4 && broker_waiting(rig->broker) == 3);
    rig->clock.mono_ms += BACKLOG_RETRY_MS;
    turn_asked(rig, &guest, &pipe, 1, 9);
    tap_ok(pipe.n == 8 && broker_waiting(rig->broker) == 0);
    tap_ok(in_order(&pipe, first));
    tap_say(broker_next_timer_ms(rig->broker) >
                rig->clock.mono_ms + BACKLOG_RETRY_MS,
            "nothing waits, so there is no timer");
    tap_ok(broker_sessions(rig->broker) == 1);
    rig_close(rig);
}

static void
test_pushes_do_not_overtake(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct peer member = rig_member(rig, seat);
    struct pipe pipe = {.to = member.id};
    Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    rig_mail(rig, &guest, seat, 1);
    rig_begin(rig);
    rig_put(rig, &member, &(struct rig_ask){RO_VERB_ATTACH, &attach.base});
    test_must(broker_turn_end(rig->broker));
    flush(rig, &pipe, 0);
    tap_say(pipe.tried == 1, "the mail is not even tried");
    turn(rig, &pipe, 9);
    tap_ok(pipe.n == 0);
    rig->clock.mono_ms += BACKLOG_RETRY_MS;
    turn(rig, &pipe, 9);
    tap_need(pipe.n == 2);
    tap_ok(pipe.kinds[0] == RO_FRAME_ANSWER && pipe.kinds[1] == RO_FRAME_PUSH);
    rig_close(rig);
}

static void
test_too_many_cost_the_session(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct peer other = rig_guest(rig);
    struct pipe pipe = {.to = guest.id};
    turn_asked(rig, &guest, &pipe, BACKLOG_FRAMES_MAX, 0);
    tap_ok(broker_waiting(rig->broker) == BACKLOG_FRAMES_MAX);
    tap_ok(rig_hello(rig, &other, NULL) == RO_OK);
    tap_ok(broker_sessions(rig->broker) == 2);
    turn_asked(rig, &guest, &pipe, 2, 0);
    tap_ok(broker_waiting(rig->broker) == 0);
    tap_say(broker_next_timer_ms(rig->broker) <= rig->clock.mono_ms,
            "it does not wait for its end");
    rig->clock.mono_ms += BACKLOG_RETRY_MS;
    turn(rig, &pipe, 9);
    tap_say(pipe.n == 0, "nothing is said to it with a gap in it");
    tap_ok(rig_is_gone(rig, &guest) && broker_sessions(rig->broker) == 1);
    tap_ok(rig_hello(rig, &other, NULL) == RO_OK);
    rig_close(rig);
}

static void
test_standing_still_costs_it_too(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct pipe pipe = {.to = guest.id};
    turn_asked(rig, &guest, &pipe, 2, 0);
    rig->clock.mono_ms += BACKLOG_PATIENCE_MS - 1;
    turn(rig, &pipe, 1);
    rig->clock.mono_ms += BACKLOG_PATIENCE_MS - 1;
    turn(rig, &pipe, 0);
    rig_idle(rig);
    tap_say(broker_sessions(rig->broker) == 1, "it moved meanwhile");
    rig->clock.mono_ms += BACKLOG_RETRY_MS;
    turn(rig, &pipe, 0);
    rig_idle(rig);
    tap_ok(rig_is_gone(rig, &guest) && broker_sessions(rig->broker) == 0);
    rig_close(rig);
}

static void
test_who_breaks_off_hears_nothing_more(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct pipe pipe = {.to = guest.id};
    turn_asked(rig, &guest, &pipe, 3, 0);
    uint8_t bytes[RO_FRAME_HEADER_SIZE] = {RO_FRAME_VERSION, RO_VERB_HELLO,
                                           RO_FRAME_PUSH};
    rig->clock.mono_ms += BACKLOG_RETRY_MS;
    rig_begin(rig);
    rig_put_bytes(rig, &guest, (struct ro_bytes){bytes, sizeof(bytes)});
    test_must(broker_turn_end(rig->broker));
    flush(rig, &pipe, 9);
    tap_say(pipe.n == 0, "not its last answer without those before");
    tap_ok(rig_is_gone(rig, &guest) && broker_waiting(rig->broker) == 0);
    broker_send_failed(rig->broker, guest.id); /* gone: nothing happens */
    rig_close(rig);
}

/* Together they may not have more than a total; the longest line goes. */
static void
test_a_total_holds(void)
{
    struct rig *rig = rig_open(60);
    const Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const struct rig_ask asked = {RO_VERB_DIRECTORY, &ask.base};
    size_t greatest = 0;
    struct peer first = rig_guest(rig);
    struct broker_send send;
    bool cut = false;
    for (size_t i = 0; i < 24 && !cut; i++) {
        struct peer guest = i == 0 ? first : rig_guest(rig);
        rig_begin(rig);
        for (size_t n = 0; n < (i == 0 ? 84 : 80); n++)
            rig_put(rig, &guest, &asked);
        test_must(broker_turn_end(rig->broker));
        while (broker_send_next(rig->broker, &send))
            broker_send_failed(rig->broker, send.to);
        if (rig->broker->backlog.bytes > greatest)
            greatest = rig->broker->backlog.bytes;
        cut = sessions_closing(rig->broker->sessions) > 0;
    }
    printf("# at most %zu bytes\n", greatest);
    tap_say(cut && greatest > BACKLOG_TOTAL_MAX / 2 &&
                greatest <= BACKLOG_TOTAL_MAX,
            "there is a limit");
    test_must(broker_turn_begin(rig->broker));
    test_must(broker_turn_end(rig->broker));
    tap_say(rig_is_gone(rig, &first), "the longest line went");
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_they_wait_in_order);
    tap_run(test_pushes_do_not_overtake);
    tap_run(test_too_many_cost_the_session);
    tap_run(test_standing_still_costs_it_too);
    tap_run(test_who_breaks_off_hears_nothing_more);
    tap_run(test_a_total_holds);
    return tap_done();
}

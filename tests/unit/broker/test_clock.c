/* SPDX-License-Identifier: Apache-2.0 */
/* What the clock does: checkpoints, expiry, and steps of the wall clock. */
#include "common/wire/checkpoint.h"
#include "unit/broker/rig.h"

static void
pass(struct rig *rig, int64_t seconds)
{
    rig->clock.wall_s += seconds;
    rig->clock.mono_ms += seconds * 1000;
}

/* The broker's newest checkpoint, its bytes appended to `raw`. */
static struct ro_checkpoint
checkpoint_of(struct rig *rig, struct ro_buf *raw)
{
    struct peer guest = rig_stranger(rig);
    const Reachout__Hello__Answer *hello = NULL;
    struct ro_checkpoint point;
    test_must(rig_hello(rig, &guest, &hello));
    ro_buf_clear(raw);
    ro_buf_put(raw, hello->checkpoint.data, hello->checkpoint.len);
    test_must(ro_checkpoint_open(ro_buf_view(raw), &rig->circle->id,
                                 ro_keypair_public(rig->circle->broker_signing),
                                 &point));
    broker_session_close(rig->broker, guest.id);
    return point;
}

static void
test_one_checkpoint_a_slot(void)
{
    struct rig *rig = rig_open(1);
    RO_AUTOBUF first = {0};
    RO_AUTOBUF second = {0};
    struct ro_checkpoint a = checkpoint_of(rig, &first);
    tap_ok(a.size == 1 && a.slot == ro_hour_of(TEST_NOW_S));
    rig_restart(rig);
    rig_idle(rig);
    struct ro_checkpoint b = checkpoint_of(rig, &second);
    tap_say(ro_bytes_equal(ro_buf_view(&first), ro_buf_view(&second)),
            "the same after a restart, though the log is longer");
    tap_is(ro_checkpoint_compare(&a, &b), RO_OK);
    pass(rig, 3600);
    rig_idle(rig);
    b = checkpoint_of(rig, &second);
    tap_ok(b.slot == a.slot + 1 && b.size == rig->circle->n_records);
    tap_is(ro_checkpoint_agrees(&b, rig->circle->directory), RO_OK);
    pass(rig, 5 * 3600);
    rig_restart(rig);
    rig_idle(rig);
    b = checkpoint_of(rig, &second);
    tap_ok(b.slot == a.slot + 6);
    rig->clock.wall_s -= 3 * 3600;
    rig_restart(rig);
    rig_idle(rig);
    a = checkpoint_of(rig, &first);
    tap_say(ro_bytes_equal(ro_buf_view(&first), ro_buf_view(&second)),
            "a clock that went back makes no second one");
    rig_close(rig);
}

static void
test_no_checkpoint_with_another_key(void)
{
    struct rig *rig = rig_open(1);
    struct ro_keypair *real = rig->circle->broker_signing;
    RO_AUTOBUF first = {0};
    RO_AUTOBUF second = {0};
    (void)checkpoint_of(rig, &first);
    rig->circle->broker_signing = ro_keypair_new(&rig->circle->entropy);
    rig_restart(rig);
    pass(rig, 3600);
    rig_idle(rig);
    struct peer guest = rig_stranger(rig);
    const Reachout__Hello__Answer *hello = NULL;
    tap_is(rig_hello(rig, &guest, &hello), RO_OK);
    tap_say(!hello->has_checkpoint, "nobody is shown one of another key");
    ro_keypair_free(rig->circle->broker_signing);
    rig->circle->broker_signing = real;
    rig_restart(rig);
    (void)checkpoint_of(rig, &second);
    tap_ok(broker_sessions(rig->broker) == 1);
    rig_close(rig);
}

static void
test_mail_expires_a_few_a_turn(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    struct draft draft;
    for (uint8_t i = 0; i < 10; i++) {
        rig_draft(rig, &draft, &seat->id, i);
        draft.wrap.expiry_hour = ro_hour_of(rig->clock.wall_s) + 1;
        test_must(rig_deposit(rig, &guest, &draft));
    }
    rig_mail(rig, &guest, seat, 20);
    const struct broker_counters *counters = broker_counters(rig->broker);
    tap_ok(broker_next_timer_ms(rig->broker) > rig->clock.mono_ms);
    pass(rig, 60);
    rig_idle(rig);
    tap_ok(counters->expired == 0);
    pass(rig, 3600);
    static const uint64_t expected[] = {4, 8, 10, 10};
    for (size_t i = 0; i < RO_LEN(expected); i++) {
        tap_ok((broker_next_timer_ms(rig->broker) <= rig->clock.mono_ms) ==
               (i < 3));
        rig_idle(rig);
        tap_ok(counters->expired == expected[i]);
    }
    struct store_figures f;
    test_must(store_measure(rig->store, &f));
    tap_ok(f.envelopes == 1 && f.bodies == 1);
    rig_close(rig);
}

static void
test_a_step_forward_is_not_believed(void)
{
    struct rig *rig = rig_open(1);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct peer guest = rig_guest(rig);
    const struct broker_counters *counters = broker_counters(rig->broker);
    rig_mail(rig, &guest, seat, 1);
    rig->clock.wall_s += (int64_t)400 * 86400;
    pass(rig, 60);
    rig_idle(rig);
    tap_ok(rig->broker->time.now_s == TEST_NOW_S + 60);
    tap_ok(counters->clock_steps == 1 && counters->expired == 0);
    tap_ok(broker_clock_is_ahead(rig->broker));
    pass(rig, 600);
    rig_idle(rig);
    tap_ok(rig->broker->time.now_s == TEST_NOW_S + 660);
    tap_say(counters->clock_steps == 1, "it is counted once");
    rig->clock.wall_s -= (int64_t)400 * 86400;
    rig_idle(rig);
    tap_ok(rig->broker->time.now_s == TEST_NOW_S + 660);
    rig->clock.wall_s += 300;
    rig_idle(rig);
    tap_say(rig->broker->time.now_s == TEST_NOW_S + 960 &&
                !broker_clock_is_ahead(rig->broker),
            "a small one is");
    rig->clock.wall_s -= 7200;
    rig_idle(rig);
    tap_ok(rig->broker->time.now_s == TEST_NOW_S + 960 - 7200);
    rig->clock.wall_s += 7200;
    rig_idle(rig);
    tap_say(rig->broker->time.now_s == TEST_NOW_S + 960 &&
                counters->clock_steps == 1,
            "back, and forward again to where it was, is no step");
    rig->clock.wall_s += 301;
    rig_idle(rig);
    tap_ok(counters->clock_steps == 2);
    rig_restart(rig);
    rig_idle(rig);
    tap_say(rig->broker->time.now_s == TEST_NOW_S + 1261,
            "until the next start");
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_one_checkpoint_a_slot);
    tap_run(test_no_checkpoint_with_another_key);
    tap_run(test_mail_expires_a_few_a_turn);
    tap_run(test_a_step_forward_is_not_believed);
    return tap_done();
}

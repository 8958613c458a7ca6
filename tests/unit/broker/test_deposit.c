/* SPDX-License-Identifier: Apache-2.0 */
/* Deposits: what is taken, what is refused and how, what it costs. */
#include "unit/broker/rig.h"

static struct store_figures
figures(struct rig *rig)
{
    struct store_figures f;
    test_must(store_measure(rig->store, &f));
    return f;
}

static void
test_a_deposit_is_stored(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct test_seat *seat = rig->circle->members[1]->seats[0];
    struct draft draft;
    rig_draft(rig, &draft, &seat->id, 1);
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    tap_ok(figures(rig).envelopes == 1 && figures(rig).bodies == 1);
    tap_ok(broker_counters(rig->broker)->stored == 1);
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    tap_say(figures(rig).envelopes == 1, "an equal envelope is the same");
    rig_restart(rig);
    tap_ok(figures(rig).envelopes == 1);
    rig_close(rig);
}

/* --- refusals: each draft is right in all but one field ------------------ */

typedef void spoil_fn(struct rig *rig, struct draft *draft);

static void
unknown_mailbox(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->mailbox.b[3] ^= 1;
}

static void
enrolment_mailbox(struct rig *rig, struct draft *draft)
{
    ro_seat_id_of(ro_keypair_public(rig->circle->mailbox), &draft->mailbox);
}

static void
short_mailbox(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.mailbox.len--;
}

static void
short_wrap(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.wrap.len--;
}

static void
short_hash(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.body.len--;
}

static void
day_before_yesterday(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.day -= 2;
}

static void
day_after_tomorrow(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.day += 2;
}

static void
last_day_there_is(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.day = UINT32_MAX;
}

static void
next_generation(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.generation++;
}

static void
no_generation(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.has_generation = false;
    draft->wrap.generation = 0;
}

static void
over_now(struct rig *rig, struct draft *draft)
{
    draft->wrap.expiry_hour = ro_hour_of(rig->clock.wall_s);
}

static void
no_expiry(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->wrap.has_expiry_hour = false;
    draft->wrap.expiry_hour = 0;
}

static void
too_far(struct rig *rig, struct draft *draft)
{
    draft->wrap.expiry_hour =
        ro_hour_of(rig->clock.wall_s) + RO_EXPIRY_HOURS_MAX + 1;
}

static void
no_body(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->ask.n_bodies = 0;
}

static void
another_body(struct rig *rig, struct draft *draft)
{
    (void)rig;
    draft->body[0] ^= 1;
}

static void
body_of_no_bucket(struct rig *rig, struct draft *draft)
{
    (void)rig;
    rig_draft_body(draft, 1023, 1);
}

static void
empty_body(struct rig *rig, struct draft *draft)
{
    (void)rig;
    rig_draft_body(draft, 0, 1);
}

static const struct {
    const char *what;
    spoil_fn *spoil;
    enum ro_status expected;
} refusals[] = {
    {"unknown mailbox",       unknown_mailbox,      RO_NO_MAILBOX},
    {"enrolment mailbox",     enrolment_mailbox,    RO_NO_MAILBOX},
    {"short mailbox",         short_mailbox,        RO_BAD_FRAME },
    {"short wrap",            short_wrap,           RO_BAD_FRAME },
    {"short hash",            short_hash,           RO_BAD_FRAME },
    {"two days ago",          day_before_yesterday, RO_STALE     },
    {"in two days",           day_after_tomorrow,   RO_STALE     },
    {"the last day there is", last_day_there_is,    RO_STALE     },
    {"next generation",       next_generation,      RO_STALE     },
    {"without a generation",  no_generation,        RO_STALE     },
    {"over now",              over_now,             RO_EXPIRED   },
    {"without expiry",        no_expiry,            RO_EXPIRED   },
    {"too far",               too_far,              RO_BAD_FRAME },
    {"without its body",      no_body,              RO_NEED_BODY },
    {"with another body",     another_body,         RO_NEED_BODY },
    {"of no bucket",          body_of_no_bucket,    RO_BAD_FRAME },
    {"with an empty body",    empty_body,           RO_BAD_FRAME },
};

static void
test_refusals(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct draft draft;
    uint32_t before = rig_credit(rig, &guest);
    for (size_t i = 0; i < RO_LEN(refusals); i++) {
        rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
        refusals[i].spoil(rig, &draft);
        tap_say(rig_deposit(rig, &guest, &draft) == refusals[i].expected,
                refusals[i].what);
    }
    tap_ok(figures(rig).envelopes == 0 && figures(rig).bodies == 0);
    tap_say(rig_credit(rig, &guest) == before, "refusals cost nothing");
    rig_close(rig);
}

static void
test_edges_that_are_fine(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    const struct ro_seat_id *mailbox = &rig->circle->members[1]->seats[0]->id;
    struct draft draft;
    uint32_t hour = ro_hour_of(rig->clock.wall_s);
    for (uint8_t i = 0; i < 3; i++) {
        rig_draft(rig, &draft, mailbox, i);
        draft.wrap.day = draft.wrap.day - 1 + i;
        tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    }
    rig_draft(rig, &draft, mailbox, 10);
    draft.wrap.day = 0;
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    rig_draft(rig, &draft, mailbox, 12);
    draft.wrap.expiry_hour = hour + 1;
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    rig_draft(rig, &draft, mailbox, 13);
    draft.wrap.expiry_hour = hour + RO_EXPIRY_HOURS_MAX;
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    static const size_t buckets[] = {1024, 4096, 16384, 65536};
    for (uint8_t i = 0; i < RO_LEN(buckets); i++) {
        rig_draft(rig, &draft, mailbox, (uint8_t)(20 + i));
        rig_draft_body(&draft, buckets[i], (uint8_t)(20 + i));
        tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    }
    rig_close(rig);
}

/* After a new charter the key before is good still, the one before that not. */
static void
test_generations(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    const struct ro_seat_id *mailbox = &rig->circle->members[1]->seats[0]->id;
    struct draft draft;
    for (uint32_t generation = 2; generation < 4; generation++) {
        struct test_charter charter;
        RO_AUTOBUF record = {0};
        rig->circle->generation = generation;
        test_charter_init(rig->circle, &charter);
        test_sign_authority(rig->circle, REACHOUT__SIGNED__KIND__CHARTER,
                            &charter.message.base, &record);
        test_must(test_circle_add(rig->circle, ro_buf_view(&record), NULL));
        tap_is(rig_append(rig, &guest, ro_buf_view(&record)), RO_OK);
    }
    rig_restart(rig); /* the operator has put the new door.key there */
    guest = rig_guest(rig);
    static const enum ro_status expected[] = {RO_STALE, RO_STALE, RO_OK, RO_OK,
                                              RO_STALE};
    for (uint8_t i = 0; i < RO_LEN(expected); i++) {
        rig_draft(rig, &draft, mailbox, i);
        draft.wrap.generation = i;
        tap_ok(rig_deposit(rig, &guest, &draft) == expected[i]);
    }
    rig_close(rig);
}

/* --- many wraps ---------------------------------------------------------- */

struct fan {
    Reachout__Deposit__Ask ask;
    Reachout__Deposit__Wrap wraps[256];
    Reachout__Deposit__Wrap *pointers[256];
    uint8_t bytes[256][RO_WRAP_SIZE];
};

/* n wraps over the draft's body, told apart by their bytes. */
static void
fan_out(const struct draft *draft, struct fan *fan, size_t n)
{
    fan->ask = draft->ask;
    fan->ask.n_wraps = n;
    fan->ask.wraps = fan->pointers;
    for (size_t i = 0; i < n; i++) {
        fan->wraps[i] = draft->wrap;
        memset(fan->bytes[i], (int)i, RO_WRAP_SIZE);
        fan->wraps[i].wrap = rig_field(fan->bytes[i], RO_WRAP_SIZE);
        fan->pointers[i] = &fan->wraps[i];
    }
}

static const Reachout__Deposit__Answer *
deposit_fan(struct rig *rig, struct peer *peer, const struct fan *fan)
{
    const ProtobufCMessage *message = NULL;
    test_must(rig_ask(rig, peer,
                      &(struct rig_ask){RO_VERB_DEPOSIT, &fan->ask.base},
                      &message));
    return (const void *)message;
}

static void
test_each_wrap_stands_for_itself(void)
{
    static struct fan fan;
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct draft draft;
    struct ro_seat_id unknown = {{9}};
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    fan_out(&draft, &fan, 4);
    fan.wraps[1].mailbox = rig_field(unknown.b, RO_ID_SIZE);
    fan.wraps[2].day += 9;
    fan.wraps[3].mailbox =
        rig_field(rig->circle->members[2]->seats[0]->id.b, RO_ID_SIZE);
    const Reachout__Deposit__Answer *answer = deposit_fan(rig, &guest, &fan);
    tap_ok(answer->n_statuses == 4);
    tap_ok(answer->statuses[0] == 0 && answer->statuses[3] == 0);
    tap_ok(answer->statuses[1] == ro_status_wire(RO_NO_MAILBOX));
    tap_ok(answer->statuses[2] == ro_status_wire(RO_STALE));
    tap_ok(answer->credit_envelopes == 998);
    tap_ok(figures(rig).envelopes == 2 && figures(rig).bodies == 1);
    fan_out(&draft, &fan, 0);
    answer = deposit_fan(rig, &guest, &fan);
    tap_ok(answer->n_statuses == 0);
    tap_say(answer->credit_bytes ==
                rig->limits.open_bytes - 2 * RO_WRAP_SIZE - 1024,
            "a body is paid once");
    tap_say(figures(rig).bodies == 1, "a body that nobody names is not kept");
    rig_close(rig);
}

/* Whose mailbox it was shows in nothing but the one number. */
static void
test_an_unknown_mailbox_is_answered_in_the_same_shape(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct draft draft;
    const struct ro_seat_id unknown = {{9}};
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    draft.wrap.day += 9;
    tap_is(rig_deposit(rig, &guest, &draft), RO_STALE);
    size_t stale = rig->frames[0].bytes.size;
    rig_draft(rig, &draft, &unknown, 1);
    tap_is(rig_deposit(rig, &guest, &draft), RO_NO_MAILBOX);
    tap_ok(rig->frames[0].bytes.size == stale);
    draft.wrap.day += 9;
    tap_say(rig_deposit(rig, &guest, &draft) == RO_NO_MAILBOX,
            "the first of several reasons is always the same");
    rig_close(rig);
}

static void
test_later_frames_name_the_hash(void)
{
    struct rig *rig = rig_open(2);
    struct peer guest = rig_guest(rig);
    struct peer other = rig_guest(rig);
    struct draft draft;
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    draft.ask.n_bodies = 0;
    draft.mailbox = rig->circle->members[2]->seats[0]->id;
    tap_is(rig_deposit(rig, &other, &draft), RO_OK);
    tap_ok(figures(rig).envelopes == 2 && figures(rig).bodies == 1);
    rig_close(rig);
}

/* --- credit -------------------------------------------------------------- */

static void
test_credit_runs_out_and_comes_back(void)
{
    static struct fan fan;
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct draft draft;
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    for (uint8_t i = 0; i < 5; i++) {
        rig_draft_body(&draft, 1024, i);
        fan_out(&draft, &fan, 200);
        const Reachout__Deposit__Answer *answer =
            deposit_fan(rig, &guest, &fan);
        tap_ok(answer->credit_envelopes == 1000u - 200u * (i + 1u));
    }
    rig_draft_body(&draft, 1024, 99);
    tap_is(rig_deposit(rig, &guest, &draft), RO_NO_CREDIT);
    tap_ok(figures(rig).envelopes == 1000 && figures(rig).bodies == 5);
    struct peer another = rig_guest(rig);
    tap_say(rig_deposit(rig, &another, &draft) == RO_OK,
            "credit is the connection's");
    rig->clock.mono_ms += 3600 * 1000;
    rig->clock.wall_s += 3600;
    draft.wrap.expiry_hour += 24;
    tap_is(rig_deposit(rig, &guest, &draft), RO_OK);
    tap_ok(rig_credit(rig, &guest) == 999);
    rig_close(rig);
}

static void
test_bytes_are_credit_too(void)
{
    struct rig *rig = rig_open(1);
    struct peer guest = rig_guest(rig);
    struct draft draft;
    size_t n = 0;
    enum ro_status s = RO_OK;
    while (s == RO_OK && n < 1000) {
        rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id,
                  (uint8_t)n);
        rig_draft_body(&draft, 65536, (uint8_t)n);
        s = rig_deposit(rig, &guest, &draft);
        n += s == RO_OK;
    }
    tap_is(s, RO_NO_CREDIT);
    tap_ok(n == 8 * 1024 * 1024 / (65536 + RO_WRAP_SIZE));
    rig_draft(rig, &draft, &rig->circle->members[1]->seats[0]->id, 1);
    tap_say(rig_deposit(rig, &guest, &draft) == RO_OK,
            "what is left is enough for a small one");
    rig_close(rig);
}

static void
test_nothing_before_the_charter(void)
{
    struct rig *rig = rig_empty();
    struct peer guest = rig_guest(rig);
    struct draft draft;
    const struct ro_seat_id any = {{1}};
    rig_draft(rig, &draft, &any, 1);
    tap_is(rig_deposit(rig, &guest, &draft), RO_NOT_READY);
    rig_close(rig);
}

int
main(void)
{
    tap_run(test_a_deposit_is_stored);
    tap_run(test_refusals);
    tap_run(test_edges_that_are_fine);
    tap_run(test_generations);
    tap_run(test_each_wrap_stands_for_itself);
    tap_run(test_an_unknown_mailbox_is_answered_in_the_same_shape);
    tap_run(test_later_frames_name_the_hash);
    tap_run(test_credit_runs_out_and_comes_back);
    tap_run(test_bytes_are_credit_too);
    tap_run(test_nothing_before_the_charter);
    return tap_done();
}

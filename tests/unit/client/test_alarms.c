/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Brokers that do not play fair, or were restored badly: each has its own
 * outcome, nothing is sent after it, nothing of theirs is kept, and when they
 * are put right it goes on. What the store hands out is doctored by --wrap of
 * store_records and store_notices (doctor.c).
 */
#include "tests/unit/client/doctor.h"
#include "tests/unit/client/friends.h"

#include "client/core/witness.h"
#include "tests/unit/broker/rig.h"

#define HOUR 3600
#define FIRST_FREE_URN 300000

/* --- the stage --------------------------------------------------------------
 */

/* Two schools with a thread in which nothing waits. */
static const char *thread;

static void
open_circle(void)
{
    thread = open_thread();
}

/* The authority publishes one more listing. */
static void
publish(uint32_t i)
{
    pair_hold(pair);
    test_circle_list(pair_circle(pair), FIRST_FREE_URN + i, 1);
    pair_append(pair);
}

static size_t
log_size(void)
{
    pair_hold(pair);
    size_t n = pair_circle(pair)->n_records;
    pair_go(pair);
    return n;
}

static size_t
waiting_for(struct seat *seat)
{
    struct mail mail[8];
    size_t n = pair_mail(pair, seat, mail, 8);
    mail_fini(mail, n);
    return n;
}

/* ann's next sync ends so, and so do the ones after it and every command; not
 * a byte is deposited; nothing that she has changed. */
static void
is_alarmed(enum ro_status alarm)
{
    uint64_t size = ro_directory_size(ann->engine->directory);
    struct ro_hash head;
    struct ro_hash head_now;
    test_must(ro_directory_head(ann->engine->directory, size, &head));
    size_t waited = waiting_for(ben);
    tap_say(seat_sync(ann) == alarm, ro_status_name(alarm));
    tap_say(ro_status_exit(alarm) == 9, "which is exit 9");
    struct ro_checkpoint kept;
    test_must(ro_checkpoint_open(ro_buf_view(&ann->engine->checkpoint),
                                 &ann->engine->keyring->circle,
                                 &ann->engine->keyring->broker.signing, &kept));
    tap_ok(memcmp(kept.head.b, ann->engine->point.head.b, RO_HASH_SIZE) == 0 &&
           kept.slot == ann->engine->point.slot);
    tap_say(seat_write(ann, jobs_say, thread, "Not to be sent.") == alarm,
            "a command ends so, too");
    tap_say(strncmp(ann->job->result.why, "nothing was kept", 16) == 0,
            "and says what became of the words");
    seat_restart(ann);
    tap_is(seat_self(ann), RO_OK);
    tap_say(ann->job->result.self.alarm != NULL, "status says that it stands");
    tap_say(seat_sync(ann) == alarm, "also after a restart");
    tap_say(waiting_for(ben) == waited, "nothing was sent");
    tap_ok(ro_directory_size(ann->engine->directory) == size);
    test_must(ro_directory_head(ann->engine->directory, size, &head_now));
    tap_say(memcmp(head.b, head_now.b, RO_HASH_SIZE) == 0,
            "nothing was kept of it");
}

/* It goes on as if nothing had been. */
static void
is_well_again(void)
{
    tap_say(seat_sync(ann) == RO_OK, "put right, it goes on");
    tap_is(seat_self(ann), RO_OK);
    tap_ok(ann->job->result.self.alarm == NULL);
    tap_is(seat_write(ann, jobs_say, thread, "There you are."), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "There you are.") > 0);
    tap_ok(seat_shows(ben, "Not to be sent.") == 0);
}

/* --- the log ----------------------------------------------------------------
 */

static void
test_a_shorter_log(void)
{
    open_circle();
    pair_keep_store(pair, "before");
    publish(0);
    test_must(seat_sync(ann));
    pair_set_back(pair, "before", SIZE_MAX);
    is_alarmed(RO_ROLLED_BACK);
    pair_append(pair); /* the authority publishes it again, the same */
    is_well_again();
    close_circle();
}

/* Another record where ann has one, and more behind it: what is behind fits
 * ours, and only the checkpoint tells. */
static void
test_another_log(void)
{
    open_circle();
    pair_keep_store(pair, "before");
    size_t n = log_size();
    publish(0);
    test_must(seat_sync(ann));
    pair_keep_store(pair, "good");
    struct test_circle *good = pair->rig->circle;
    pair_set_back(pair, "before", n);
    publish(1);
    publish(2);
    pair_pass(pair, HOUR);
    is_alarmed(RO_FORKED);
    struct test_circle *bad = pair->rig->circle;
    pair_away(pair);
    pair->rig->circle = good;
    pair_back(pair);
    test_circle_free(bad);
    pair_set_back(pair, "good", SIZE_MAX);
    is_well_again();
    close_circle();
}

/* As long as ours, and another one. */
static void
test_another_record_at_the_end(void)
{
    open_circle();
    pair_keep_store(pair, "before");
    size_t n = log_size();
    publish(0);
    test_must(seat_sync(ann));
    struct test_circle *good = pair->rig->circle;
    pair_set_back(pair, "before", n);
    publish(1);
    pair_pass(pair, HOUR);
    is_alarmed(RO_FORKED);
    test_circle_free(good);
    close_circle();
}

/* A record that was ours already comes again. */
static void
test_an_old_record_again(void)
{
    open_circle();
    size_t n = log_size();
    publish(0);
    pair_hold(pair);
    struct ro_bytes old = test_circle_record(pair_circle(pair), 1);
    ro_buf_put(&doctored_record.instead, old.data, old.size);
    doctored_record.at = n;
    doctored_record.on = true;
    pair_go(pair);
    is_alarmed(RO_FORKED);
    doctor_nothing(pair);
    is_well_again();
    close_circle();
}

static void
doctor_record(struct ro_bytes record, size_t n)
{
    pair_hold(pair);
    ro_buf_clear(&doctored_record.instead);
    ro_buf_put(&doctored_record.instead, record.data, record.size);
    doctored_record.at = n;
    doctored_record.on = true;
    pair_go(pair);
}

/* One bit of a signature; and a signer who is not the authority. */
static void
test_a_signer_without_the_right(void)
{
    RO_AUTOBUF record = {0};
    open_circle();
    size_t n = log_size();
    publish(0);
    pair_hold(pair);
    struct ro_bytes good = test_circle_record(pair_circle(pair), n);
    ro_buf_put(&record, good.data, good.size);
    record.data[record.size - 1] ^= 1;
    doctor_record(ro_buf_view(&record), n);
    is_alarmed(RO_BAD_SIGNATURE);
    /* signed twice with the same key counts once: too few, or twice */
    pair_hold(pair);
    struct test_circle *other = test_circle_of(77, 1, 1);
    test_circle_charter(other);
    struct ro_bytes foreign = test_circle_record(other, 0);
    doctor_record(foreign, n);
    tap_is(seat_sync(ann), RO_BAD_RECORD);
    tap_say(seat_write(ann, jobs_say, thread, "Not to be sent.") == RO_KEPT,
            "a record that is none is no alarm, and nothing is sent");
    tap_ok(waiting_for(ben) == 0);
    test_circle_free(other);
    doctor_nothing(pair);
    tap_is(seat_sync(ann), RO_OK);
    close_circle();
}

/* A seat with keys that another seat has. */
static void
test_a_key_that_returns(void)
{
    RO_AUTOBUF record = {0};
    Reachout__Seat message;
    open_circle();
    size_t n = log_size();
    publish(0);
    pair_hold(pair);
    test_seat_init(pair_circle(pair), ben->circle_seat, &message);
    test_sign_seat(ben->circle_seat, &message, &record);
    doctor_record(ro_buf_view(&record), n);
    is_alarmed(RO_KEY_REUSED);
    doctor_nothing(pair);
    is_well_again();
    close_circle();
}

static void
test_records_that_are_withheld(void)
{
    open_circle();
    size_t n = log_size();
    publish(0);
    pair_hold(pair);
    doctored_record.at = n;
    doctored_record.on = true;
    pair_go(pair);
    is_alarmed(RO_FROZEN);
    doctor_nothing(pair);
    is_well_again();
    close_circle();
}

/* --- checkpoints ------------------------------------------------------------
 */

/* The broker makes no new checkpoint; its clock is right. */
static void
stop_checkpoints(void)
{
    pair_hold(pair);
    pair->rig->broker->ledger.slot += 100000;
    pair_go(pair);
}

static void
test_a_checkpoint_of_days_ago(void)
{
    open_circle();
    stop_checkpoints();
    pair_pass(pair, 48 * HOUR);
    tap_is(seat_sync(ann), RO_OK);
    pair_pass(pair, 1 * HOUR);
    is_alarmed(RO_FROZEN);
    pair_away(pair); /* restarted, it knows what hour it is */
    pair_back(pair);
    pair_pass(pair, HOUR);
    is_well_again();
    close_circle();
}

/* An older one than she saw, over the same log. */
static void
test_an_older_checkpoint(void)
{
    open_circle();
    stop_checkpoints();
    pair_hold(pair);
    RO_AUTOBUF old = {0};
    struct ro_buf *newest = &pair->rig->broker->ledger.checkpoint;
    ro_buf_put(&old, newest->data, newest->size);
    pair->rig->broker->ledger.slot -= 100000;
    pair_go(pair);
    pair_pass(pair, HOUR);
    tap_is(seat_sync(ann), RO_OK);
    pair_hold(pair);
    RO_AUTOBUF kept = *newest;
    *newest = old;
    old = (struct ro_buf){0};
    pair_go(pair);
    is_alarmed(RO_ROLLED_BACK);
    pair_hold(pair);
    ro_buf_fini(newest);
    *newest = kept;
    kept = (struct ro_buf){0};
    pair_go(pair);
    is_well_again();
    close_circle();
}

/* One that another key has signed. */
static void
test_a_checkpoint_of_somebody_else(void)
{
    RO_AUTOBUF forged = {0};
    struct ro_checkpoint point;
    open_circle();
    pair_hold(pair);
    struct test_circle *circle = pair_circle(pair);
    struct ro_buf *newest = &pair->rig->broker->ledger.checkpoint;
    test_must(ro_checkpoint_open(ro_buf_view(newest), &circle->id,
                                 ro_keypair_public(circle->broker_signing),
                                 &point));
    point.slot++;
    test_must(ro_checkpoint_sign(&point, circle->mailbox, &forged));
    struct ro_buf kept = *newest;
    *newest = forged;
    pair_go(pair);
    is_alarmed(RO_BAD_SIGNATURE);
    pair_hold(pair);
    *newest = kept;
    pair_go(pair);
    is_well_again();
    close_circle();
}

/* --- notices ----------------------------------------------------------------
 */

/* The list that came so many before the newest is not shown any more. */
static void
hide_notice(uint64_t before)
{
    pair_hold(pair);
    doctored_notice.at = pair->rig->broker->ledger.newest - before;
    doctored_notice.on = true;
    pair_go(pair);
}

/* Two schools come, and the keys of one of them are not shown to ann. */
static void
test_epoch_keys_that_are_hidden(void)
{
    open_circle();
    cat = pair_school(pair, 3);
    struct seat *dan = pair_school(pair, 4);
    test_must(seat_sync(ann));
    test_must(seat_sync(cat));
    test_must(seat_sync(dan));
    pair_pass(pair, HOUR);
    hide_notice(1);
    is_alarmed(RO_FORKED);
    doctor_nothing(pair);
    is_well_again();
    close_circle();
}

/* The same, and the broker claims that its checkpoint does not cover them:
 * once a checkpoint was made, that cannot be. */
static void
test_a_checkpoint_that_covers_nothing(void)
{
    open_circle();
    cat = pair_school(pair, 3);
    struct seat *dan = pair_school(pair, 4);
    test_must(seat_sync(cat));
    test_must(seat_sync(dan));
    hide_notice(1);
    tap_say(seat_sync(ann) == RO_OK, "not covered yet: nothing to see");
    pair_pass(pair, HOUR);
    pair_hold(pair);
    uint64_t covered = pair->rig->broker->ledger.covered;
    pair->rig->broker->ledger.covered = 0;
    pair_go(pair);
    is_alarmed(RO_FORKED);
    pair_hold(pair);
    pair->rig->broker->ledger.covered = covered;
    pair_go(pair);
    is_alarmed(RO_FORKED); /* and by the digest */
    doctor_nothing(pair);
    close_circle();
}

static void
test_the_newest_epoch_keys_are_withheld(void)
{
    open_circle();
    cat = pair_school(pair, 3);
    test_must(seat_sync(ann));
    test_must(seat_sync(cat));
    hide_notice(0);
    is_alarmed(RO_FROZEN);
    doctor_nothing(pair);
    is_well_again();
    pair_hold(pair);
    uint64_t newest = pair->rig->broker->ledger.newest;
    pair->rig->broker->ledger.newest = 1;
    pair_go(pair);
    is_alarmed(RO_ROLLED_BACK);
    pair_hold(pair);
    pair->rig->broker->ledger.newest = newest;
    pair_go(pair);
    is_well_again();
    close_circle();
}

/* A seat's new list has another key for a day that was published: somebody
 * wants to read along from that day on. */
static void
test_a_published_day_with_another_key(void)
{
    open_circle();
    cat = pair_school(pair, 3);
    test_must(seat_sync(ann));
    test_must(seat_sync(cat)); /* any notice, to be replaced on its way */
    pair_hold(pair);
    ben->circle_seat->notice_serial = 1;
    test_seat_notice(pair_circle(pair), ben->circle_seat,
                     ro_day_of(pair_now_s(pair)), 98, &doctored_notice.instead);
    doctored_notice.at = pair->rig->broker->ledger.newest;
    doctored_notice.on = true;
    pair_go(pair);
    is_alarmed(RO_KEY_REUSED);
    doctor_nothing(pair);
    is_well_again();
    close_circle();
}

/* --- what another school was shown ------------------------------------------
 */

/* ann's message, made where the log went on with X; delivered by the broker
 * to ben, for whom it went on with Y. */
static void
test_a_message_proves_a_fork(void)
{
    struct mail mail[4];
    open_circle();
    pair_keep_store(pair, "before");
    size_t n = log_size();
    publish(0);
    pair_pass(pair, HOUR);
    test_must(seat_write(ann, jobs_say, thread, "What do you see?"));
    tap_need(pair_mail(pair, ben, mail, 4) == 1);
    struct test_circle *good = pair->rig->circle;
    pair_set_back(pair, "before", n);
    publish(1);
    pair_pass(pair, 0);
    tap_is(seat_sync(ben), RO_OK);
    test_must(pair_post(pair, &mail[0].envelope));
    struct seat *first = ann;
    ann = ben; /* who is alarmed this time */
    ben = first;
    is_alarmed(RO_FORKED);
    tap_say(seat_shows(ann, "What do you see?") == 0, "it is not acked");
    tap_ok(waiting_for(ann) == 1);
    /* it was proven: taking the message away does not help the broker */
    pair_lose(pair, ann, &mail[0]);
    pair_pass(pair, HOUR);
    is_alarmed(RO_FORKED);
    mail_fini(mail, 1);
    test_circle_free(good);
    close_circle();
}

/* ben's broker serves no new checkpoint for a while, so that his log cannot be
 * compared yet. What ann's message said is remembered until it can. */
static void
test_a_message_is_compared_later(void)
{
    struct mail mail[4];
    open_circle();
    pair_keep_store(pair, "before");
    size_t n = log_size();
    publish(0);
    pair_pass(pair, HOUR);
    test_must(seat_write(ann, jobs_say, thread, "Later, then."));
    tap_need(pair_mail(pair, ben, mail, 4) == 1);
    struct test_circle *good = pair->rig->circle;
    pair_hold(pair);
    pair->rig->clock.wall_s -= HOUR; /* none when it starts, either */
    pair_set_back(pair, "before", n);
    stop_checkpoints();
    test_must(pair_post(pair, &mail[0].envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Later, then.") == 1);
    publish(1);
    struct seat *first = ann;
    ann = ben;
    ben = first;
    is_alarmed(RO_FORKED);
    mail_fini(mail, 1);
    test_circle_free(good);
    close_circle();
}

/* What ben makes of a checkpoint that came in a message, signed by a key. */
static enum ro_status
claimed(const struct ro_checkpoint *point, const struct ro_keypair *by)
{
    RO_AUTOBUF raw = {0};
    struct ro_why why = {""};
    test_must(ro_checkpoint_sign(point, by, &raw));
    return witness_take(ben->engine, ro_buf_view(&raw), &why);
}

/* What the broker has not signed anybody can have made up; what it has signed
 * must be able to be true beside what ben has. */
static void
test_what_a_claim_proves(void)
{
    open_circle();
    pair_hold(pair);
    const struct ro_checkpoint ours = ben->engine->point;
    const struct ro_keypair *broker = pair_circle(pair)->broker_signing;
    struct ro_checkpoint point = ours;
    tap_say(claimed(&point, broker) == RO_OK, "the same as ours");
    point.head.b[0] ^= 1;
    tap_say(claimed(&point, pair_circle(pair)->mailbox) == RO_OK,
            "another head, signed by somebody else");
    tap_say(claimed(&point, broker) == RO_FORKED, "another head");
    point = ours;
    point.notices.b[0] ^= 1;
    tap_say(claimed(&point, broker) == RO_FORKED,
            "other epoch keys in the same hour");
    point = ours;
    point.size += 1000;
    point.slot++;
    tap_say(claimed(&point, broker) == RO_OK, "more records, later");
    point.slot = ours.slot;
    tap_say(claimed(&point, broker) == RO_FORKED, "in the same hour");
    point.slot--;
    tap_say(claimed(&point, broker) == RO_FORKED, "before ours");
    pair_go(pair);
    close_circle();
}

/* --- clocks -----------------------------------------------------------------
 */

static void
test_clocks_that_are_days_apart(void)
{
    open_circle();
    ann->ahead_s = -25 * HOUR;
    tap_is(seat_sync(ann), RO_CLOCKS_APART);
    tap_is(seat_write(ann, jobs_say, thread, "When is it?"), RO_KEPT);
    tap_ok(waiting_for(ben) == 0);
    ann->ahead_s = 23 * HOUR;
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(waiting_for(ben) == 1);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_shorter_log);
    tap_run(test_another_log);
    tap_run(test_another_record_at_the_end);
    tap_run(test_an_old_record_again);
    tap_run(test_a_signer_without_the_right);
    tap_run(test_a_key_that_returns);
    tap_run(test_records_that_are_withheld);
    tap_run(test_a_checkpoint_of_days_ago);
    tap_run(test_an_older_checkpoint);
    tap_run(test_a_checkpoint_of_somebody_else);
    tap_run(test_epoch_keys_that_are_hidden);
    tap_run(test_a_checkpoint_that_covers_nothing);
    tap_run(test_the_newest_epoch_keys_are_withheld);
    tap_run(test_a_published_day_with_another_key);
    tap_run(test_a_message_proves_a_fork);
    tap_run(test_a_message_is_compared_later);
    tap_run(test_what_a_claim_proves);
    tap_run(test_clocks_that_are_days_apart);
    return tap_done();
}

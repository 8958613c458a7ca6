/* SPDX-License-Identifier: Apache-2.0 */
/* A profile that was restored from an old copy notices, and sends nothing. */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include "client/core/mirror.h"
#include "client/core/sync.h"
#include "unit/broker/rig.h"

/* Whether deposits get to the broker. (Linked with --wrap=link_ask.) */
static enum { DEPOSIT_GOES, DEPOSIT_IS_NOT_SENT } depositing;
/* The same of mirrors. */
static enum { MIRROR_GOES, MIRROR_IS_NOT_SENT } leaving;

enum ro_status
on_ask(const struct asked *asked)
{
    if (asked->ask->verb == RO_VERB_DEPOSIT &&
        depositing == DEPOSIT_IS_NOT_SENT)
        return RO_UNREACHABLE;
    if (asked->ask->verb == RO_VERB_ACK && leaving == MIRROR_IS_NOT_SENT &&
        ((const Reachout__Ack__Ask *)(const void *)asked->ask->ask)->has_mirror)
        return RO_UNREACHABLE;
    return asked_go(asked);
}

/* ben as he was at the last seat_save. */
static void
set_ben_back(void)
{
    seat_stop(ben);
    seat_restore(ben);
    seat_start(ben);
}

static void
save_ben(void)
{
    seat_stop(ben);
    seat_save(ben);
    seat_start(ben);
}

static void
commit_often(int n)
{
    while (n-- > 0) {
        test_must(vault_begin(ben->engine->vault));
        test_must(vault_commit(ben->engine->vault));
    }
}

static size_t
waiting_for(const struct seat *seat)
{
    struct mail mail[8];
    size_t n = pair_mail(pair, seat, mail, RO_LEN(mail));
    mail_fini(mail, n);
    return n;
}

/* The mirror that the broker has of ben. */
static void
read_mirror(uint8_t ret_mirror[static STORE_MIRROR_SIZE])
{
    pair_hold(pair);
    test_must(
        store_mirror_get(pair->rig->store, &ben->circle_seat->id, ret_mirror));
    pair_go(pair);
}

static void
write_mirror(const uint8_t mirror[static STORE_MIRROR_SIZE])
{
    pair_hold(pair);
    test_must(store_begin(pair->rig->store));
    test_must(
        store_mirror_put(pair->rig->store, &ben->circle_seat->id, mirror));
    test_must(store_commit(pair->rig->store));
    pair_go(pair);
}

/* --- set back ------------------------------------------------------------ */

static void
test_an_older_copy(void)
{
    open_two();
    test_must(seat_ask(ann, urn_of(ben), "The first."));
    test_must(seat_sync(ben));
    save_ben();
    test_must(seat_ask(ben, urn_of(ann), "From the later self."));
    tap_is(seat_sync(ben), RO_OK);
    test_must(seat_sync(ann));
    test_must(seat_ask(ann, urn_of(ben), "The second."));
    set_ben_back();

    tap_is(seat_ask(ben, urn_of(ann), "From the older copy."),
           RO_VAULT_SET_BACK);
    tap_ok(strstr(ben->job->result.why, "older copy of itself") != NULL);
    tap_say(waiting_for(ann) == 0, "nothing left");
    tap_ok(seat_shows(ben, "The first.") == 1);
    tap_say(seat_shows(ben, "From the older copy.") == 0, "nothing was kept");
    tap_is(seat_sync(ben), RO_VAULT_SET_BACK);
    tap_say(waiting_for(ben) == 1, "nothing was fetched");
    tap_ok(seat_shows(ben, "The second.") == 0);
    tap_is(seat_self(ben), RO_OK);

    /* it stays so, also where nobody can be asked */
    pair_away(pair);
    seat_restart(ben);
    tap_is(seat_ask(ben, urn_of(ann), "Later."), RO_VAULT_SET_BACK);
    tap_ok(seat_shows(ben, "The first.") == 1);
    close_circle();
}

/* The later self was never at a sync: it only asked. */
static void
test_an_older_copy_and_single_commands(void)
{
    open_two();
    test_must(seat_sync(ben));
    save_ben();
    tap_is(seat_ask(ben, urn_of(ann), "From the later self."), RO_OK);
    set_ben_back();
    test_must(seat_sync(ann));
    tap_is(seat_ask(ben, urn_of(ann), "From the older copy."),
           RO_VAULT_SET_BACK);
    tap_say(waiting_for(ann) == 0, "nothing left");
    seat_restart(ben);
    tap_is(seat_sync(ben), RO_VAULT_SET_BACK);
    close_circle();
}

/* It was cut short after the mirror was left, and before anything was sent. */
static void
test_a_command_that_was_cut_short(void)
{
    open_two();
    test_must(seat_sync(ben));
    depositing = DEPOSIT_IS_NOT_SENT;
    tap_is(seat_ask(ben, urn_of(ann), "One."), RO_KEPT);
    depositing = DEPOSIT_GOES;
    seat_restart(ben);
    tap_say(seat_ask(ben, urn_of(ann), "Two.") == RO_OK, "it is no older copy");
    test_must(seat_sync(ann));
    tap_ok(seat_shows(ann, "One.") == 1 && seat_shows(ann, "Two.") == 1);
    close_circle();
}

/* Once in a process, and not for what sends nothing. */
static void
test_one_mirror_a_process(void)
{
    uint8_t one[STORE_MIRROR_SIZE];
    uint8_t two[STORE_MIRROR_SIZE];
    open_two();
    test_must(seat_sync(ben));
    seat_restart(ben);
    read_mirror(one);
    tap_is(seat_self(ben), RO_OK);
    read_mirror(two);
    tap_ok(memcmp(one, two, sizeof(one)) == 0);
    test_must(seat_ask(ben, urn_of(ann), "One."));
    read_mirror(two);
    tap_say(memcmp(one, two, sizeof(one)) != 0, "before the first message");
    test_must(seat_ask(ben, urn_of(ann), "Two."));
    read_mirror(one);
    tap_say(memcmp(one, two, sizeof(one)) == 0, "and not before the second");
    close_circle();
}

/* An old copy that was at work for long, alone, before it met the broker: it
 * has made more commits by then than its later self had. */
static void
test_an_older_copy_that_caught_up(void)
{
    open_two();
    test_must(seat_sync(ben));
    save_ben();
    test_must(seat_ask(ben, urn_of(ann), "From the later self."));
    test_must(seat_sync(ben));
    uint64_t later = vault_generation(ben->engine->vault);
    test_must(seat_sync(ann));
    set_ben_back();
    commit_often(100);
    tap_need(vault_generation(ben->engine->vault) > later + 10);
    seat_restart(ben);
    tap_is(seat_sync(ben), RO_VAULT_SET_BACK);
    tap_is(seat_self(ben), RO_OK);
    tap_say(ben->job->result.self.alarm != NULL, "status says it, too");
    tap_ok(waiting_for(ann) == 0);
    close_circle();
}

/* While a process is at work the mirror is looked at with each attach: another
 * copy may be at work elsewhere. */
static void
test_at_each_attach(void)
{
    uint8_t before[STORE_MIRROR_SIZE];
    uint8_t later[STORE_MIRROR_SIZE];
    open_two();
    save_ben();
    read_mirror(before);
    test_must(seat_ask(ben, urn_of(ann), "More."));
    commit_often(30);
    test_must(seat_sync(ben));
    read_mirror(later);
    set_ben_back();
    write_mirror(before);
    tap_is(seat_sync(ben), RO_OK);
    test_must(seat_ask(ann, urn_of(ben), "Who gets it?"));
    write_mirror(later);
    tap_is(seat_sync(ben), RO_VAULT_SET_BACK);
    tap_ok(seat_shows(ben, "Who gets it?") == 0);
    tap_say(waiting_for(ben) == 1, "it waits for the other copy");
    close_circle();
}

/* --- in order ------------------------------------------------------------ */

static void
test_a_mirror_that_got_lost(void)
{
    uint8_t before[STORE_MIRROR_SIZE];
    open_two();
    read_mirror(before);
    test_must(seat_ask(ben, urn_of(ann), "A."));
    test_must(seat_sync(ben));
    write_mirror(before);
    seat_restart(ben);
    tap_say(seat_sync(ben) == RO_OK, "an older mirror is no reason to stop");
    seat_restart(ben);
    tap_is(seat_ask(ben, urn_of(ann), "B."), RO_OK);
    close_circle();
}

/* Only what changed is worth a mirror, and when the broker was there is not. */
static void
test_left_when_something_changed(void)
{
    uint8_t one[STORE_MIRROR_SIZE];
    uint8_t two[STORE_MIRROR_SIZE];
    open_two();
    test_must(seat_sync(ben));
    read_mirror(one);
    pair_pass(pair, 5);
    test_must(seat_sync(ben));
    read_mirror(two);
    tap_say(memcmp(one, two, sizeof(one)) == 0, "nothing changed");
    test_must(seat_ask(ann, urn_of(ben), "Something."));
    test_must(seat_sync(ben));
    read_mirror(two);
    tap_say(memcmp(one, two, sizeof(one)) != 0, "something came");
    close_circle();
}

static void
test_one_that_is_not_ours(void)
{
    uint8_t odd[STORE_MIRROR_SIZE];
    uint8_t now[STORE_MIRROR_SIZE];
    open_two();
    read_mirror(odd);
    odd[40] ^= 1;
    write_mirror(odd);
    seat_restart(ben);
    tap_is(seat_sync(ben), RO_OK);
    tap_need(seat_trouble(ben, 0) != NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_BAD_SEAL);
    tap_ok(strstr(seat_trouble(ben, 0)->why.text, "mirror") != NULL);
    tap_say(seat_trouble(ben, 1) == NULL, "told once");
    test_must(seat_ask(ann, urn_of(ben), "On."));
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "On.") == 1);
    read_mirror(now);
    tap_ok(memcmp(now, odd, sizeof(odd)) != 0);
    tap_ok(seat_trouble(ben, 0) == NULL);
    close_circle();
}

/* The broker's disk was lost, and its backup is of yesterday: it shows an older
 * mirror than ann has left, and she makes good what it has forgotten. */
static void
test_a_broker_that_was_set_back(void)
{
    open_two();
    const char *request = pair_answered(ann, ben);
    const char *thread = thread_between(request, ann, ben);
    pair_sync_all(pair);
    pair_keep_store(pair, "yesterday");
    test_must(seat_write(ann, jobs_say, thread, "Gone with the disk."));
    test_must(seat_sync(ann));
    pair_set_back(pair, "yesterday", SIZE_MAX);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Gone with the disk.") == 0);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_shows(ben, "Gone with the disk.") == 1,
            "nobody had to write anything for that");
    struct mail mail[2];
    tap_is(seat_sync(ann), RO_OK);
    tap_say(pair_mail(pair, ben, mail, 2) == 0, "once");
    close_circle();
}

/* The same with a backup from before ann's first mirror. */
static void
test_a_broker_from_before_the_first_mirror(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    leaving = MIRROR_IS_NOT_SENT;
    test_must(seat_sync(ann)); /* cannot leave it */
    test_must(seat_sync(ben));
    leaving = MIRROR_GOES;
    pair_keep_store(pair, "first day");
    pair_sync_all(pair);
    test_must(seat_ask(ann, urn_of(ben), "Gone with the disk."));
    pair_set_back(pair, "first day", SIZE_MAX);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Gone with the disk.") == 0);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Gone with the disk.") == 1);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_an_older_copy);
    tap_run(test_an_older_copy_and_single_commands);
    tap_run(test_a_command_that_was_cut_short);
    tap_run(test_one_mirror_a_process);
    tap_run(test_an_older_copy_that_caught_up);
    tap_run(test_at_each_attach);
    tap_run(test_a_mirror_that_got_lost);
    tap_run(test_left_when_something_changed);
    tap_run(test_one_that_is_not_ours);
    tap_run(test_a_broker_that_was_set_back);
    tap_run(test_a_broker_from_before_the_first_mirror);
    return tap_done();
}

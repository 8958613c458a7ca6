/* SPDX-License-Identifier: Apache-2.0 */
/* A command is composed with the directory that is here, before the broker is
 * asked for a newer one: what that one says counts all the same. */
#include "tests/unit/client/compared.h"
#include "tests/unit/client/files.h"

/* How many requests a seat has. */
static size_t
requests(struct seat *seat)
{
    seat_job(seat, jobs_requests);
    tap_is(seat_run(seat), RO_OK);
    return seat->job->result.n_requests;
}

/* Whom a group has is seen to once more; there is one request then. */
static void
test_a_group_that_grew(void)
{
    open_two();
    struct seat *dan = pair_school(pair, 3);
    tap_is(seat_sync(dan), RO_OK);
    tap_is(seat_ask(ann, "group:primary", "All of you?"), RO_OK);
    tap_say(ann->job->result.stored == 2, "the newcomer gets it, too");
    tap_ok(requests(ann) == 1);
    tap_is(seat_sync(dan), RO_OK);
    tap_ok(requests(dan) == 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(requests(ben) == 1);
    close_circle();
}

/* Nobody is left in the audience: nothing of it is. */
static void
test_nobody_left(void)
{
    open_two();
    pair_hold(pair);
    test_circle_remove(pair_circle(pair), ben->member);
    pair_append(pair);
    tap_is(seat_ask(ann, "group:primary", "Anybody?"), RO_BAD_INPUT);
    tap_ok(kept(ann) == 0);
    tap_ok(requests(ann) == 0);
    close_circle();
}

/* Who is out of the circle meanwhile is told so, and writes nothing. */
static void
test_out_meanwhile(void)
{
    keep_thread(open_thread());
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), ann->circle_seat);
    pair_append(pair);
    tap_is(say(ann, "Am I still there?"), RO_FORBIDDEN);
    tap_ok(kept(ann) == 0);
    tap_ok(seat_shows(ann, "Am I still there?") == 0);
    close_circle();
}

/* What is taken back leaves no part of a file behind. */
static void
test_with_files(void)
{
    keep_thread(open_thread());
    const char *paths[] = {files_make(pair, "plan.pdf", 200000)};
    new_key(TEST_KEY_REPLACED);
    tap_is(files_say(ann, thread, paths, 1), RO_KEY_CHANGED);
    tap_ok(files_outbox(ann) == 0);
    tap_ok(files_chunks(ann) == 0);
    tap_is(compare(ann, ben), RO_OK);
    tap_is(files_say(ann, thread, paths, 1), RO_OK);
    close_circle();
}

/* With the broker away it is kept, as it was composed. */
static void
test_away(void)
{
    keep_thread(open_thread());
    pair_away(pair);
    tap_is(say(ann, "Later, then."), RO_KEPT);
    tap_is(seat_ask(ann, urn_of(ben), "And this?"), RO_KEPT);
    tap_ok(kept(ann) == 2);
    pair_back(pair);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Later, then.") == 1);
    tap_ok(requests(ben) == 2);
    close_circle();
}

/* Who has not synced since being admitted has nothing to compose with: that
 * comes with the command. */
static void
test_nothing_at_hand(void)
{
    open_two();
    struct seat *dan = pair_newcomer(pair, 6);
    tap_is(seat_join(dan), RO_OK);
    pair_admit(dan);
    tap_is(seat_ask(dan, urn_of(ben), "Hello?"), RO_OK);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(requests(ben) == 1);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_group_that_grew);
    tap_run(test_nobody_left);
    tap_run(test_out_meanwhile);
    tap_run(test_with_files);
    tap_run(test_away);
    tap_run(test_nothing_at_hand);
    return tap_done();
}

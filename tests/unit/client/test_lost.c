/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that was restored from a backup, in which somebody's keys are not.
 */
#include "tests/unit/client/friends.h"

#include <stdio.h>
#include <unistd.h>

static size_t
serial_of_cat(void)
{
    return ro_notices_serial(ann->engine->notices, &cat->engine->keyring->seat);
}

static void
test_keys_that_were_lost(void)
{
    (void)open_thread();
    cat = pair_school(pair, 3);
    pair_keep_store(pair, "none");
    tap_is(seat_sync(cat), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(serial_of_cat() == 1);
    pair_set_back(pair, "none", SIZE_MAX);
    tap_say(seat_sync(ann) == RO_KEYS_LOST, "it is told");
    tap_say(ro_status_exit(RO_KEYS_LOST) == 9, "which is exit 9");
    tap_say(serial_of_cat() == 1, "and kept here");
    seat_restart(ann);
    tap_say(seat_sync(ann) == RO_OK, "once");
    tap_say(ann->engine->lacking.size > 0, "and remembered");
    tap_ok(serial_of_cat() == 1);
    tap_is(seat_sync(cat), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(ann->engine->lacking.size == 0, "its owner brings it again");
    tap_is(seat_sync(ann), RO_OK);
    close_circle();
}

/* A seat that has no secrets any more begins behind the days that it had
 * published: its second list, while the broker's hour is the same. */
static void
publish_another(struct seat *seat)
{
    char path[320];
    seat_stop(seat);
    snprintf(path, sizeof(path), "%s/epoch", seat->dir);
    tap_need(unlink(path) == 0);
    seat_start(seat);
    tap_is(seat_sync(seat), RO_OK);
}

/* What the broker lacks is told once for each loss, however many there are
 * under one checkpoint. */
static void
test_lost_twice_within_an_hour(void)
{
    (void)open_thread();
    cat = pair_school(pair, 3);
    pair_keep_store(pair, "none");
    tap_is(seat_sync(cat), RO_OK);
    pair_keep_store(pair, "first");
    publish_another(cat);
    tap_is(seat_sync(ann), RO_OK);
    tap_need(serial_of_cat() == 2);
    uint32_t slot = ann->engine->point.slot;

    pair_set_back(pair, "first", SIZE_MAX);
    tap_say(seat_sync(ann) == RO_KEYS_LOST, "the second list is lost");
    tap_is(seat_sync(ann), RO_OK);
    pair_set_back(pair, "none", SIZE_MAX);
    tap_say(seat_sync(ann) == RO_KEYS_LOST, "then the first: that is more");
    tap_is(seat_sync(ann), RO_OK);
    pair_set_back(pair, "first", SIZE_MAX);
    tap_say(seat_sync(ann) == RO_OK, "what comes back is no loss");
    pair_set_back(pair, "none", SIZE_MAX);
    tap_say(seat_sync(ann) == RO_KEYS_LOST, "until it is lost again");
    tap_ok(serial_of_cat() == 2 && ann->engine->lacking.size > 0);
    tap_ok(ann->engine->point.slot == slot);

    tap_is(seat_told(cat), RO_KEYS_LOST);
    tap_say(seat_sync(cat) == RO_OK, "its owner brings the second again");
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(serial_of_cat() == 2 && ann->engine->lacking.size == 0);
    close_circle();
}

/* One seat's list is lost, and then another's as well. */
static void
test_lost_one_after_the_other(void)
{
    (void)open_thread();
    cat = pair_school(pair, 3);
    struct seat *eve = pair_school(pair, 4);
    pair_keep_store(pair, "none");
    tap_is(seat_sync(cat), RO_OK);
    pair_keep_store(pair, "one");
    tap_is(seat_sync(eve), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    pair_set_back(pair, "one", SIZE_MAX);
    tap_is(seat_sync(ann), RO_KEYS_LOST);
    tap_is(seat_sync(ann), RO_OK);
    pair_set_back(pair, "none", SIZE_MAX);
    tap_is(seat_sync(ann), RO_KEYS_LOST);
    tap_say(strstr(ann->why.text, "of 1 computer;") != NULL,
            "only the one that was not told");
    tap_is(seat_sync(ann), RO_OK);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_keys_that_were_lost);
    tap_run(test_lost_twice_within_an_hour);
    tap_run(test_lost_one_after_the_other);
    return tap_done();
}

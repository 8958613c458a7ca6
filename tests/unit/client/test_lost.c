/* SPDX-License-Identifier: Apache-2.0 */
/* A broker that was restored from a backup, in which somebody's keys are not.
 */
#include "tests/unit/client/friends.h"

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

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_keys_that_were_lost);
    return tap_done();
}

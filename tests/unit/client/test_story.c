/* SPDX-License-Identifier: Apache-2.0 */
/* What commands mean on both sides: the first story, late answers, second
 * seats, powers. */
#include "tests/unit/client/pair.h"

static void
test_a_story_from_ask_to_close(void)
{
    struct pair *pair = pair_new();
    struct seat *asker = pair_school(pair, 0);
    struct seat *helper = pair_school(pair, 2);
    pair_sync_all(pair);
    const char *request = pair_answered(asker, helper);
    const char *thread = thread_between(request, asker, helper);
    tap_is(seat_write(asker, jobs_accept, thread, NULL), RO_OK);
    tap_ok(strcmp(asker->job->result.state, "introduced") == 0);
    tap_is(seat_sync(helper), RO_OK);
    tap_is(seat_write(helper, jobs_say, request, "Thursday?"), RO_OK);
    tap_is(seat_sync(asker), RO_OK);
    tap_ok(seat_shows(asker, "Thursday?") == 1);
    tap_is(seat_close(asker, request), RO_OK);
    tap_is(seat_sync(helper), RO_OK);
    tap_is(seat_show(helper, request), RO_OK);
    tap_ok(strcmp(helper->job->result.state, "closed") == 0);
    tap_ok(strcmp(helper->job->result.request.outcome, "helped") == 0);
    pair_free(pair);
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_story_from_ask_to_close);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What a sync tells of the circle: who joined, who left, who has another name,
 * and that the rules are others; each once, and in a bounded number of lines.
 */
#include "tests/unit/client/friends.h"

#include "client/core/roster.h"

#define MANY 30

/* The i-th event of the last sync of that type, or NULL. */
static const struct ro_event *
event(const struct seat *seat, const char *type, size_t i)
{
    const struct ro_result *result = &seat->job->result;
    for (size_t n = 0; n < result->n_events; n++) {
        if (strcmp(result->events[n].type, type) == 0 && i-- == 0)
            return &result->events[n];
    }
    return NULL;
}

/* Whether the last sync had exactly one event, of that type and sentence. */
static bool
told_only(const struct seat *seat, const char *type, const char *what)
{
    const struct ro_event *only = event(seat, type, 0);
    if (seat->job->result.n_events != 1 || only == NULL || only->what == NULL)
        return false;
    printf("# %s\n", only->what);
    return strcmp(only->what, what) == 0;
}

static bool
told_nothing(struct seat *seat)
{
    tap_is(seat_told(seat), RO_OK);
    return seat->job->result.n_events == 0;
}

static void
test_each_is_told_once(void)
{
    open_two();
    struct seat *dan = pair_school(pair, 5);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_only(ann, "joined", "School 100006 joined the circle"));
    tap_ok(
        ro_member_id_equal(&event(ann, "joined", 0)->member, &dan->member->id));
    tap_say(told_nothing(ann), "it is told once");
    rename_school(dan->member->urn, "St Elsewhere");
    tap_is(seat_told(ann), RO_OK);
    tap_ok(
        told_only(ann, "renamed", "School 100006 is now called St Elsewhere"));
    tap_say(strcmp(event(ann, "renamed", 0)->from, "St Elsewhere") == 0,
            "from is the name it has now");
    tap_ok(told_nothing(ann));
    pair_hold(pair);
    test_circle_remove(pair_circle(pair), dan->member);
    pair_append(pair);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_only(ann, "left", "St Elsewhere left the circle"));
    tap_ok(told_nothing(ann));
    close_circle();
}

/* Another charter with the same rules is no news; with others it is. */
static void
test_rules(void)
{
    RO_AUTOBUF conf = {0};
    open_two();
    pair_hold(pair);
    test_circle_charter(pair_circle(pair));
    pair_append(pair);
    tap_say(told_nothing(ann), "the rules are what they were");
    pair_hold(pair);
    ro_buf_put(&conf, pair->conf.data, pair->conf.size - 1);
    ro_buf_printf(&conf, "\n# one more line\n");
    ro_buf_put_u8(&conf, 0);
    pair_circle(pair)->circle_conf = (const char *)conf.data;
    test_circle_charter(pair_circle(pair));
    pair_append(pair);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_only(ann, "rules", "the circle's rules (circle.conf) changed"));
    tap_ok(told_nothing(ann));
    close_circle();
}

/* Whatever fetched it, and whether it was killed then. */
static void
test_fetched_by_another_command(void)
{
    open_two();
    (void)pair_school(pair, 5);
    tap_is(seat_ask(ann, urn_of(ben), "Anybody?"), RO_OK);
    seat_restart(ann);
    rename_school(ben->member->urn, "St Elsewhere");
    tap_is(seat_ask(ann, urn_of(ben), "Anybody else?"), RO_OK);
    seat_restart(ann);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(ann->job->result.n_events == 2);
    tap_ok(event(ann, "joined", 0) != NULL);
    tap_ok(event(ann, "renamed", 0) != NULL);
    tap_ok(told_nothing(ann));
    close_circle();
}

/* Whose name is again what it was has no other. */
static void
test_back_again(void)
{
    open_two();
    rename_school(ben->member->urn, "St Elsewhere");
    tap_is(seat_ask(ann, urn_of(ben), "Anybody?"), RO_OK);
    rename_school(ben->member->urn, "School 100003");
    tap_ok(told_nothing(ann));
    close_circle();
}

/* Who is new finds everybody new, and is told of the circle's size only. */
static void
test_a_newcomer(void)
{
    open_two();
    struct seat *dan = pair_newcomer(pair, 6);
    tap_is(seat_join(dan), RO_OK);
    pair_admit(dan);
    tap_is(seat_told(dan), RO_OK);
    tap_ok(dan->job->result.admitted_among == 3);
    tap_ok(dan->job->result.n_events == 0);
    tap_ok(told_nothing(dan));
    tap_is(seat_told(ann), RO_OK);
    tap_ok(told_only(ann, "joined", "School 100007 joined the circle"));
    close_circle();
}

static void
test_many_at_once(void)
{
    const struct ro_event *rest;
    open_two();
    pair_hold(pair);
    test_circle_list(pair_circle(pair), TEST_FIRST_URN + 50, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        (void)test_circle_school(pair_circle(pair), TEST_FIRST_URN + 50 + i);
    pair_append(pair);
    tap_is(seat_told(ann), RO_OK);
    tap_ok(ann->job->result.n_events == ROSTER_NAMED + 1);
    rest = event(ann, "joined", ROSTER_NAMED);
    tap_need(rest != NULL);
    tap_ok(strcmp(rest->what, "10 more members joined the circle") == 0);
    tap_ok(ro_member_id_is_zero(&rest->member) && rest->from[0] == '\0');
    tap_ok(told_nothing(ann));
    close_circle();
}

/* Many new names, as each September, hide nobody who joined. */
static void
test_many_names(void)
{
    open_two();
    pair_hold(pair);
    test_circle_list(pair_circle(pair), TEST_FIRST_URN + 50, MANY);
    for (uint32_t i = 0; i < MANY; i++)
        (void)test_circle_school(pair_circle(pair), TEST_FIRST_URN + 50 + i);
    pair_append(pair);
    tap_is(seat_told(ann), RO_OK);
    for (uint32_t i = 0; i < ROSTER_NAMED + 2; i++)
        rename_school(TEST_FIRST_URN + 50 + i, "St Elsewhere");
    (void)pair_school(pair, 5);
    tap_is(seat_told(ann), RO_OK);
    const struct ro_event *joined = event(ann, "joined", 0);
    tap_need(joined != NULL);
    tap_ok(strcmp(joined->what, "School 100006 joined the circle") == 0);
    tap_ok(event(ann, "renamed", ROSTER_NAMED) != NULL);
    tap_ok(event(ann, "renamed", ROSTER_NAMED + 1) == NULL);
    tap_ok(told_nothing(ann));
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_each_is_told_once);
    tap_run(test_rules);
    tap_run(test_fetched_by_another_command);
    tap_run(test_back_again);
    tap_run(test_a_newcomer);
    tap_run(test_many_at_once);
    tap_run(test_many_names);
    return tap_done();
}

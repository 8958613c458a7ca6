/* SPDX-License-Identifier: Apache-2.0 */
/* Who may revoke what. */
#include "tests/unit/wire/refuse.h"

/* 1 of 1, so that a member's one signature looks like the authority's; and
 * 2 of 3. */
static struct test_circle *circle;
static struct ro_buf raw;

struct targets {
    const struct test_seat *seats[3];
    const struct test_member *members[2];
};

struct draft {
    Reachout__Revocation message;
    ProtobufCBinaryData seats[3];
    ProtobufCBinaryData members[2];
};

static void
init(const struct targets *targets, uint64_t serial, struct draft *draft)
{
    Reachout__Revocation *m = &draft->message;
    reachout__revocation__init(m);
    m->has_circle = m->has_serial = 1;
    m->circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    m->serial = serial;
    m->seats = draft->seats;
    m->members = draft->members;
    for (size_t i = 0; i < 3 && targets->seats[i] != NULL; i++) {
        draft->seats[m->n_seats++] =
            ro_as_field((struct ro_bytes){targets->seats[i]->id.b, RO_ID_SIZE});
    }
    for (size_t i = 0; i < 2 && targets->members[i] != NULL; i++) {
        draft->members[m->n_members++] = ro_as_field(
            (struct ro_bytes){targets->members[i]->id.b, RO_ID_SIZE});
    }
}

static void
by_authority(const struct targets *targets)
{
    struct draft draft;
    init(targets, circle->serial + 1, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
}

static void
by_member(const struct test_member *member, const struct targets *targets)
{
    struct draft draft;
    init(targets, member->serial + 1, &draft);
    test_sign_member(member, REACHOUT__SIGNED__KIND__REVOCATION,
                     &draft.message.base, &raw);
}

static void
test_form(void)
{
    struct test_seat *seat = circle->members[1]->seats[0];
    static const uint8_t other[16] = {9};
    struct targets none = {{NULL}, {NULL}};
    struct targets twice = {
        {seat, seat},
        {NULL   }
    };
    struct targets members_twice = {
        {NULL         },
        { seat->member, seat->member}
    };
    struct targets one = {{seat}, {NULL}};
    struct draft draft;
    by_authority(&none);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "seats"));
    by_authority(&twice);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "id"));
    by_authority(&members_twice);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "id"));
    init(&one, circle->serial + 1, &draft);
    draft.seats[0].len = 15;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "id"));
    init(&one, circle->serial + 1, &draft);
    draft.seats[0] = ro_as_field((struct ro_bytes){other, 16});
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "seats"));
    init(&members_twice, circle->serial + 1, &draft);
    draft.members[0] = ro_as_field((struct ro_bytes){other, 16});
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "members"));
    init(&one, circle->serial + 1, &draft);
    draft.message.circle = ro_as_field((struct ro_bytes){other, 16});
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "circle"));
    init(&one, circle->serial, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_OLD_SERIAL, "serial"));
    init(&one, circle->serial + RO_SERIAL_STEP_MAX + 1, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "serial"));
    init(&one, 0, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "serial"));
}

static void
test_rights(void)
{
    struct test_member *one = circle->members[1];
    struct test_member *other = circle->members[2];
    struct targets theirs = {{other->seats[0]}, {NULL}};
    struct targets both = {
        {one->seats[0], other->seats[0]},
        {NULL            }
    };
    struct targets self = {{NULL}, {one}};
    struct targets seat_and_self = {{one->seats[0]}, {one}};
    by_member(one, &theirs);
    tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"));
    by_member(one, &both);
    tap_ok(test_circle_add(circle, ro_buf_view(&raw), NULL) != RO_OK);
    by_member(one, &self);
    tap_ok(test_circle_add(circle, ro_buf_view(&raw), NULL) != RO_OK);
    by_member(one, &seat_and_self);
    tap_ok(test_circle_add(circle, ro_buf_view(&raw), NULL) != RO_OK);
    tap_ok(ro_directory_member(circle->directory, &one->id)->standing ==
           RO_MEMBER_LIVE);
    tap_ok(
        ro_directory_seat(circle->directory, &other->seats[0]->id)->standing ==
        RO_SEAT_LIVE);
}

/* A member's revocations count in its own row of serials. */
static void
test_own_seat(void)
{
    struct test_member *school = circle->members[1];
    struct test_seat *office =
        test_circle_seat(circle, school, REACHOUT__ROLE__OFFICE);
    struct targets own = {{office}, {NULL}};
    uint64_t authority = circle->serial;
    struct draft draft;
    init(&own, school->serial, &draft);
    test_sign_member(school, REACHOUT__SIGNED__KIND__REVOCATION,
                     &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_OLD_SERIAL, "serial"));
    by_member(school, &own);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    tap_ok(circle->serial == authority);
    tap_ok(ro_directory_seat(circle->directory, &office->id)->standing ==
           RO_SEAT_REVOKED);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "seats")); /* only once */
}

static void
test_by_authority(void)
{
    struct test_member *school = circle->members[3];
    struct targets all = {{circle->members[2]->seats[0]}, {school}};
    uint64_t serial = circle->serial;
    by_authority(&all);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    tap_ok(circle->serial == serial + 1);
    tap_ok(ro_directory_member(circle->directory, &school->id)->standing ==
           RO_MEMBER_REMOVED);
    tap_ok(ro_directory_member(circle->directory, &circle->members[2]->id)
               ->n_live == 0);
    /* a seat that is named beside its own member goes once */
    struct test_member *team = circle->members[0];
    struct targets both = {{team->seats[0]}, {team}};
    by_authority(&both);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    tap_ok(ro_directory_member(circle->directory, &team->id)->n_live == 0);
    struct targets removed = {{NULL}, {school}};
    by_authority(&removed);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "members"));
}

static void
run_all(uint64_t seed, size_t n, uint32_t k)
{
    circle = test_circle_of(seed, n, k);
    test_circle_charter(circle);
    test_circle_list(circle, TEST_FIRST_URN, 5);
    test_circle_team(circle, "Team");
    for (uint32_t i = 0; i < 3; i++)
        test_circle_school(circle, TEST_FIRST_URN + i);
    tap_run(test_form);
    tap_run(test_rights);
    tap_run(test_own_seat);
    tap_run(test_by_authority);
    struct ro_directory *trusted =
        test_circle_replay(circle, circle->n_records, RO_REPLAY_TRUST);
    struct state_of here = state_of(circle->directory);
    struct state_of there = state_of(trusted);
    tap_ok(same_state(&here, &there));
    ro_directory_free(trusted);
    test_circle_free(circle);
}

int
main(void)
{
    run_all(20, 1, 1);
    run_all(21, 3, 2);
    ro_buf_fini(&raw);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature, one purpose: every signed thing, under every kind that its
 * container may claim, before every verifier. Only the right one opens.
 */
#include "common/wire/checkpoint.h"
#include "common/wire/notices.h"
#include "common/wire/rules.h"
#include "tests/support/circle.h"
#include "tests/support/tap.h"

static const Reachout__Signed__Kind kinds[] = {
    REACHOUT__SIGNED__KIND__CHARTER,    REACHOUT__SIGNED__KIND__LISTING,
    REACHOUT__SIGNED__KIND__MEMBER,     REACHOUT__SIGNED__KIND__SEAT,
    REACHOUT__SIGNED__KIND__REVOCATION, REACHOUT__SIGNED__KIND__BROKER_KEY,
    REACHOUT__SIGNED__KIND__CHECKPOINT, REACHOUT__SIGNED__KIND__EPOCH_KEYS,
    REACHOUT__SIGNED__KIND__TICKET,
};
#define N_KINDS RO_LEN(kinds)

static struct test_circle *circle;
static struct ro_arena *arena;

/* One good thing of each kind, next in line: it would be accepted now. */
static struct ro_buf things[N_KINDS];

/* Circle, serial and keys stand under the same numbers in many of ours, so
 * that one body may be read as another: the label is what tells them apart. */
static void
make_all(void)
{
    struct test_charter charter;
    struct test_broker_key broker;
    struct test_member *school = circle->members[1];
    test_charter_init(circle, &charter);
    test_sign_authority(circle, kinds[0], &charter.message.base, &things[0]);

    Reachout__Listing row;
    Reachout__Listing *rows[] = {&row};
    char name[32];
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    test_listing_init(circle, 200001, name, &row);
    block.has_circle = block.has_serial = 1;
    block.circle = charter.message.circle;
    block.serial = circle->serial + 1;
    block.n_listings = 1;
    block.listings = rows;
    test_sign_authority(circle, kinds[1], &block.base, &things[1]);

    Reachout__Member member;
    struct test_member *joiner = test_member_new(
        circle, REACHOUT__MEMBER_KIND__SCHOOL, TEST_FIRST_URN + 5, NULL);
    test_member_init(circle, joiner, &member);
    test_sign_authority(circle, kinds[2], &member.base, &things[2]);

    Reachout__Seat seat;
    struct test_seat *chair =
        test_seat_new(circle, school, REACHOUT__ROLE__CHAIR);
    test_seat_init(circle, chair, &seat);
    test_sign_seat(chair, &seat, &things[3]);

    ProtobufCBinaryData id = ro_as_field(
        (struct ro_bytes){circle->members[2]->seats[0]->id.b, RO_ID_SIZE});
    Reachout__Revocation revocation = REACHOUT__REVOCATION__INIT;
    revocation.has_circle = revocation.has_serial = 1;
    revocation.circle = charter.message.circle;
    revocation.serial = circle->serial + 1;
    revocation.n_seats = 1;
    revocation.seats = &id;
    test_sign_authority(circle, kinds[4], &revocation.base, &things[4]);

    test_broker_key_init(circle, &broker);
    test_sign_authority(circle, kinds[5], &broker.message.base, &things[5]);
    test_circle_checkpoint(circle, 500000, &things[6]);
    test_seat_notice(circle, school->seats[0], TEST_DAY, 5, &things[7]);
    Reachout__Ticket ticket;
    test_ticket_init(circle, TEST_FIRST_URN + 5, &ticket);
    test_sign_ticket(circle, &ticket, &things[8]);
}

/* Whether the log takes it; in a copy, so that all are tried alike. */
static bool
log_takes(struct ro_bytes raw)
{
    struct ro_replaying check = {.how = RO_REPLAY_CHECK};
    struct ro_directory *copy =
        test_circle_replay(circle, circle->n_records, RO_REPLAY_TRUST);
    bool taken = ro_directory_add(copy, raw, &check, NULL) == RO_OK;
    ro_directory_free(copy);
    return taken;
}

static bool
checkpoint_opens(struct ro_bytes raw, const struct ro_key *key)
{
    struct ro_checkpoint point;
    return ro_checkpoint_open(raw, &circle->id, key, &point) == RO_OK;
}

static bool
notice_checks(struct ro_bytes raw)
{
    struct ro_notices *notices = ro_notices_new();
    struct ro_notice_facts facts;
    bool good = ro_notices_check(notices, circle->directory, raw, NULL,
                                 &facts) == RO_OK;
    ro_notices_free(notices);
    return good;
}

static bool
ticket_opens(struct ro_bytes raw)
{
    Reachout__Ticket *ticket = NULL;
    return ro_ticket_open(raw, &circle->root, TEST_NOW_S, arena, &ticket) ==
           RO_OK;
}

static bool
seat_opens(struct ro_bytes raw)
{
    Reachout__Seat *seat = NULL;
    return ro_seat_open(raw, ro_keypair_public(circle->members[1]->key), arena,
                        &seat) == RO_OK;
}

/* How many verifiers take it. */
static int
takers(struct ro_bytes raw)
{
    int n = log_takes(raw);
    n += checkpoint_opens(raw, ro_keypair_public(circle->broker_signing));
    n += checkpoint_opens(raw, &circle->root.keys[0]);
    n += notice_checks(raw);
    n += ticket_opens(raw);
    return n + seat_opens(raw);
}

static void
test_right_ones(void)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        struct ro_bytes raw = ro_buf_view(&things[i]);
        /* a seat certificate opens before its record, and as its record */
        int expected = kinds[i] == REACHOUT__SIGNED__KIND__SEAT ? 2 : 1;
        tap_ok(takers(raw) == expected);
        tap_ok(log_takes(raw) == (i < 6));
    }
    tap_ok(checkpoint_opens(ro_buf_view(&things[6]),
                            ro_keypair_public(circle->broker_signing)));
    tap_ok(notice_checks(ro_buf_view(&things[7])));
    tap_ok(ticket_opens(ro_buf_view(&things[8])));
}

static void
test_every_other(void)
{
    for (size_t i = 0; i < N_KINDS; i++) {
        for (size_t k = 0; k < N_KINDS; k++) {
            struct ro_signed sig;
            RO_AUTOBUF other = {0};
            if (i == k)
                continue;
            test_must(ro_signed_open(ro_buf_view(&things[i]), &sig));
            sig.kind = kinds[k];
            test_must(ro_signed_put(&sig, &other));
            tap_ok(takers(ro_buf_view(&other)) == 0);
        }
    }
}

/* The same, one layer below: the signature under every other label. */
static void
test_every_label(void)
{
    size_t held = 0;
    for (size_t i = 0; i < N_KINDS; i++) {
        struct ro_signed sig;
        test_must(ro_signed_open(ro_buf_view(&things[i]), &sig));
        const struct ro_key *key = &circle->root.keys[0];
        if (kinds[i] == REACHOUT__SIGNED__KIND__SEAT)
            key = ro_keypair_public(circle->members[1]->key);
        if (kinds[i] == REACHOUT__SIGNED__KIND__CHECKPOINT)
            key = ro_keypair_public(circle->broker_signing);
        if (kinds[i] == REACHOUT__SIGNED__KIND__EPOCH_KEYS)
            key = ro_keypair_public(circle->members[1]->seats[0]->signing);
        for (int label = 0; label < RO_LABEL_COUNT; label++) {
            bool holds = ro_verify(key, (enum ro_label)label, sig.body,
                                   &sig.signers[0].signature) == RO_OK;
            held += holds;
            if (holds)
                tap_ok((enum ro_label)label == ro_signed_label(kinds[i]));
        }
    }
    tap_ok(held == N_KINDS);
    tap_ok(ro_signed_label(REACHOUT__SIGNED__KIND__NONE) == RO_LABEL_COUNT);
}

int
main(void)
{
    circle = test_circle_open(30, 2);
    arena = ro_arena_new(65536, RO_UNPACK_PIECES);
    tap_need(arena != NULL);
    make_all();
    tap_run(test_right_ones);
    tap_run(test_every_other);
    tap_run(test_every_label);
    for (size_t i = 0; i < N_KINDS; i++)
        ro_buf_fini(&things[i]);
    ro_arena_free(arena);
    test_circle_free(circle);
    return tap_done();
}

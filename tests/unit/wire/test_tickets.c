/* SPDX-License-Identifier: Apache-2.0 */
/* Tickets, and certificates that are in no directory yet. */
#include "common/wire/rules.h"
#include "tests/support/circle.h"
#include "tests/support/tap.h"

static struct test_circle *circle; /* 2 of 3: one key invites */
static struct ro_arena *arena;
static struct ro_buf raw;

static enum ro_status
open_at(int64_t now_s)
{
    Reachout__Ticket *ticket = NULL;
    return ro_ticket_open(ro_buf_view(&raw), &circle->root, now_s, arena,
                          &ticket);
}

static void
test_good(void)
{
    Reachout__Ticket m;
    Reachout__Ticket *back = NULL;
    test_ticket_init(circle, 100005, &m);
    test_sign_ticket(circle, &m, &raw);
    tap_is(ro_ticket_open(ro_buf_view(&raw), &circle->root, TEST_NOW_S, arena,
                          &back),
           RO_OK);
    tap_need(back != NULL);
    tap_ok(back->urn == 100005 && back->role == REACHOUT__ROLE__LEAD);
    tap_ok(ro_bytes_equal(ro_field(&back->id),
                          (struct ro_bytes){circle->ticket_id, 16}));
}

static void
test_expiry(void)
{
    Reachout__Ticket m;
    test_ticket_init(circle, 100005, &m);
    int64_t expires = (int64_t)m.expires;
    test_sign_ticket(circle, &m, &raw);
    tap_is(open_at(expires - 1), RO_OK);
    tap_is(open_at(expires), RO_TICKET_EXPIRED);
    tap_is(open_at(INT64_MAX), RO_TICKET_EXPIRED);
}

#define TICKET_IS(change, status)                                              \
    do {                                                                       \
        Reachout__Ticket m;                                                    \
        test_ticket_init(circle, 100005, &m);                                  \
        change;                                                                \
        test_sign_ticket(circle, &m, &raw);                                    \
        tap_say(open_at(TEST_NOW_S) == (status), #change " is " #status);      \
    } while (0)

static void
test_fields(void)
{
    static const uint8_t other[16] = {9};
    char name[] = "Team North";
    char control[] = "Team\tNorth";
    TICKET_IS(m.circle = ro_as_field((struct ro_bytes){other, 16}),
              RO_BAD_TICKET);
    TICKET_IS(m.has_circle = 0, RO_BAD_TICKET);
    TICKET_IS(m.id.len = 15, RO_BAD_TICKET);
    TICKET_IS(m.has_id = 0, RO_BAD_TICKET);
    TICKET_IS(m.has_kind = 0, RO_BAD_TICKET);
    TICKET_IS(m.kind = (Reachout__MemberKind)9, RO_BAD_TICKET);
    TICKET_IS(m.has_urn = 0, RO_BAD_TICKET);
    TICKET_IS(m.has_role = 0, RO_BAD_TICKET);
    TICKET_IS(m.role = REACHOUT__ROLE__COORDINATOR, RO_BAD_TICKET);
    TICKET_IS(m.role = (Reachout__Role)40, RO_BAD_TICKET);
    /* numbers that are 1, a Lead, in the low five bits */
    TICKET_IS(m.role = (Reachout__Role)33, RO_BAD_TICKET);
    TICKET_IS(m.role = (Reachout__Role)-31, RO_BAD_TICKET);
    TICKET_IS(m.role = REACHOUT__ROLE__ROLE_NONE, RO_BAD_TICKET);
    TICKET_IS(m.urn = 0, RO_BAD_TICKET);
    TICKET_IS(m.has_replaces = 1;
              m.replaces = ro_as_field((struct ro_bytes){other, 15}),
              RO_BAD_TICKET);
    TICKET_IS(m.has_replaces = 1;
              m.replaces = ro_as_field((struct ro_bytes){other, 16}), RO_OK);
    TICKET_IS(m.role = REACHOUT__ROLE__OFFICE, RO_OK);
    TICKET_IS(m.name = name, RO_BAD_TICKET);
    TICKET_IS(m.has_expires = 0, RO_BAD_TICKET);
    TICKET_IS(m.expires = UINT64_MAX, RO_BAD_TICKET);
    TICKET_IS(m.expires = 5, RO_TICKET_EXPIRED);
    TICKET_IS(m.kind = REACHOUT__MEMBER_KIND__COORDINATORS; m.has_urn = 0;
              m.role = REACHOUT__ROLE__COORDINATOR; m.name = name, RO_OK);
    TICKET_IS(m.kind = REACHOUT__MEMBER_KIND__COORDINATORS; m.has_urn = 0;
              m.role = REACHOUT__ROLE__COORDINATOR;
              m.name = control, RO_BAD_TICKET);
    char empty[] = "";
    TICKET_IS(m.kind = REACHOUT__MEMBER_KIND__COORDINATORS; m.has_urn = 0;
              m.role = REACHOUT__ROLE__COORDINATOR;
              m.name = empty, RO_BAD_TICKET);
    TICKET_IS(m.kind = REACHOUT__MEMBER_KIND__COORDINATORS; m.has_urn = 0;
              m.role = REACHOUT__ROLE__COORDINATOR, RO_BAD_TICKET);
    TICKET_IS(m.has_home_urn = 1; m.home_urn = 1, RO_BAD_TICKET);
}

static void
test_signature(void)
{
    Reachout__Ticket m;
    RO_AUTOBUF body = {0};
    test_ticket_init(circle, 100005, &m);
    test_must(ro_pack(&m.base, &body));
    /* any authority key will do, under its own index */
    struct ro_signing by = {circle->authority[2], RO_LABEL_TICKET, 2};
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                             &by, 1, &raw));
    tap_is(open_at(TEST_NOW_S), RO_OK);
    by.index = 1;
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                             &by, 1, &raw));
    tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
    by.index = 3;
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                             &by, 1, &raw));
    tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                             &by, 0, &raw));
    tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
    ro_buf_clear(&raw);
    tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
    tap_need(ro_buf_extend(&raw, RO_TICKET_LIMIT + 1));
    tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
}

/* The authority's good signature, under the label of what it is; but that is
 * no ticket, whatever its body looks like. */
static void
test_other_kinds(void)
{
    static const Reachout__Signed__Kind kinds[] = {
        REACHOUT__SIGNED__KIND__CHARTER,    REACHOUT__SIGNED__KIND__LISTING,
        REACHOUT__SIGNED__KIND__MEMBER,     REACHOUT__SIGNED__KIND__REVOCATION,
        REACHOUT__SIGNED__KIND__BROKER_KEY,
    };
    Reachout__Ticket m;
    RO_AUTOBUF body = {0};
    test_ticket_init(circle, 100005, &m);
    test_must(ro_pack(&m.base, &body));
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        struct ro_signing by = {circle->authority[0], ro_signed_label(kinds[i]),
                                0};
        ro_buf_clear(&raw);
        test_must(ro_signed_make(kinds[i], ro_buf_view(&body), &by, 1, &raw));
        tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
    }
    /* one signature, not two */
    const struct ro_signing both[] = {
        {circle->authority[0], RO_LABEL_TICKET, 0},
        {circle->authority[1], RO_LABEL_TICKET, 1},
    };
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                             both, 2, &raw));
    tap_is(open_at(TEST_NOW_S), RO_BAD_TICKET);
}

/* Appends an unknown field of so many bytes (128 at least). */
static void
pad(struct ro_buf *body, size_t size)
{
    static const uint8_t zeros[4096];
    ro_buf_put(body, "\xba\x02", 2); /* field 39 */
    ro_buf_put_u8(body, (uint8_t)(size | 0x80));
    ro_buf_put_u8(body, (uint8_t)(size >> 7));
    ro_buf_put(body, zeros, size);
}

/* Good in all but size: just inside the limit, and beyond it. */
static void
test_ticket_size(void)
{
    static const size_t sizes[] = {700, 1000};
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        Reachout__Ticket m;
        RO_AUTOBUF body = {0};
        struct ro_signing by = {circle->authority[0], RO_LABEL_TICKET, 0};
        test_ticket_init(circle, 100005, &m);
        test_must(ro_pack(&m.base, &body));
        pad(&body, sizes[i]);
        ro_buf_clear(&raw);
        test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET,
                                 ro_buf_view(&body), &by, 1, &raw));
        tap_ok((raw.size > RO_TICKET_LIMIT) == (i == 1));
        tap_is(open_at(TEST_NOW_S), i == 0 ? RO_OK : RO_BAD_TICKET);
    }
}

static void
test_certificate_size(void)
{
    static const size_t sizes[] = {3000, 3900};
    struct test_member *joiner =
        test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL, 100006, NULL);
    struct test_seat *seat = test_seat_new(circle, joiner, 1);
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        Reachout__Seat m;
        Reachout__Seat *back = NULL;
        RO_AUTOBUF body = {0};
        const struct ro_signing by[] = {
            {joiner->key,     RO_LABEL_SEAT,           0},
            {seat->signing,   RO_LABEL_SEAT_COUNTER,   0},
            {seat->sealing,   RO_LABEL_SEAT_SEALING,   0},
            {seat->fallback,  RO_LABEL_SEAT_FALLBACK,  0},
            {seat->transport, RO_LABEL_SEAT_TRANSPORT, 0},
        };
        test_seat_init(circle, seat, &m);
        test_must(ro_pack(&m.base, &body));
        pad(&body, sizes[i]);
        ro_buf_clear(&raw);
        test_must(ro_signed_make(REACHOUT__SIGNED__KIND__SEAT,
                                 ro_buf_view(&body), by, RO_LEN(by), &raw));
        tap_ok((raw.size > RO_MEMBER_RECORD_LIMIT) == (i == 1));
        tap_is(ro_seat_open(ro_buf_view(&raw), ro_keypair_public(joiner->key),
                            arena, &back),
               i == 0 ? RO_OK : RO_BAD_RECORD);
    }
}

/* One key for two purposes, or the member's own for one. */
static void
test_certificate_keys(void)
{
    struct test_member *joiner =
        test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL, 100007, NULL);
    struct test_seat *seat = test_seat_new(circle, joiner, 1);
    const struct ro_key *key = ro_keypair_public(joiner->key);
    struct test_seat twice = *seat;
    struct test_seat own = *seat;
    Reachout__Seat m;
    Reachout__Seat *back = NULL;
    /* all five signatures hold; the copies own nothing */
    twice.transport = seat->sealing;
    test_seat_init(circle, &twice, &m);
    test_sign_seat(&twice, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
    own.fallback = joiner->key;
    test_seat_init(circle, &own, &m);
    test_sign_seat(&own, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
}

static void
test_certificate(void)
{
    Reachout__Seat m;
    Reachout__Seat *back = NULL;
    struct test_member *joiner =
        test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL, 100005, NULL);
    struct test_seat *seat = test_seat_new(circle, joiner, 1);
    const struct ro_key *key = ro_keypair_public(joiner->key);
    test_seat_init(circle, seat, &m);
    test_sign_seat(seat, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_OK);
    tap_ok(back != NULL && back->role == REACHOUT__ROLE__LEAD);
    tap_is(ro_seat_open(ro_buf_view(&raw), ro_keypair_public(circle->mailbox),
                        arena, &back),
           RO_BAD_SIGNATURE);
    m.has_role = 0;
    test_sign_seat(seat, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
    /* no directory looks at these for us */
    test_seat_init(circle, seat, &m);
    m.circle.len = 15;
    test_sign_seat(seat, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
    test_seat_init(circle, seat, &m);
    m.serial = 0;
    test_sign_seat(seat, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
    test_seat_init(circle, seat, &m);
    m.member.len = 17;
    test_sign_seat(seat, &m, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
    test_seat_init(circle, seat, &m);
    test_sign_member(joiner, REACHOUT__SIGNED__KIND__SEAT, &m.base, &raw);
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
    ro_buf_clear(&raw);
    tap_need(ro_buf_extend(&raw, RO_MEMBER_RECORD_LIMIT + 1));
    tap_is(ro_seat_open(ro_buf_view(&raw), key, arena, &back), RO_BAD_RECORD);
}

int
main(void)
{
    circle = test_circle_of(60, 3, 2);
    arena = ro_arena_new(65536, RO_UNPACK_PIECES);
    tap_need(arena != NULL);
    tap_run(test_good);
    tap_run(test_expiry);
    tap_run(test_fields);
    tap_run(test_signature);
    tap_run(test_other_kinds);
    tap_run(test_ticket_size);
    tap_run(test_certificate_size);
    tap_run(test_certificate_keys);
    tap_run(test_certificate);
    ro_buf_fini(&raw);
    ro_arena_free(arena);
    test_circle_free(circle);
    return tap_done();
}

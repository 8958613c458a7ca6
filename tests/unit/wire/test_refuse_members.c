/* SPDX-License-Identifier: Apache-2.0 */
/* Every reason to refuse a member or a seat. */
#include "common/crypto/seal.h"
#include "tests/unit/wire/refuse.h"

static struct test_circle *circle; /* members: team, school, school */
static struct ro_buf raw;

/* The member that each test tries to admit; never admitted. */
static struct test_member *joiner;

#define MEMBER_REFUSED(change, status, word)                                   \
    do {                                                                       \
        Reachout__Member m;                                                    \
        test_member_init(circle, joiner, &m);                                  \
        change;                                                                \
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &m.base,   \
                            &raw);                                             \
        tap_say(refuses(circle, &raw, status, word), #change);                 \
    } while (0)

static void
test_member(void)
{
    static const uint8_t other[16] = {9};
    char name[] = "Somebody";
    char control[] = "Some\nbody";
    joiner = test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL,
                             TEST_FIRST_URN + 5, NULL);
    MEMBER_REFUSED(m.circle = ro_as_field((struct ro_bytes){other, 16}),
                   RO_BAD_RECORD, "circle");
    MEMBER_REFUSED(m.serial = circle->serial, RO_OLD_SERIAL, "serial");
    MEMBER_REFUSED(m.serial += RO_SERIAL_STEP_MAX, RO_BAD_RECORD, "serial");
    MEMBER_REFUSED(m.has_kind = 0, RO_BAD_RECORD, "kind");
    MEMBER_REFUSED(m.kind = (Reachout__MemberKind)6, RO_BAD_RECORD, "kind");
    MEMBER_REFUSED(m.kind = (Reachout__MemberKind)-1, RO_BAD_RECORD, "kind");
    MEMBER_REFUSED(m.has_urn = 0, RO_BAD_RECORD, "urn");
    MEMBER_REFUSED(m.urn = 999999, RO_BAD_RECORD, "urn");
    MEMBER_REFUSED(m.urn = TEST_FIRST_URN, RO_BAD_RECORD, "urn");
    MEMBER_REFUSED(m.name = name, RO_BAD_RECORD, "name");
    MEMBER_REFUSED(m.has_home_urn = 1;
                   m.home_urn = TEST_FIRST_URN, RO_BAD_RECORD, "home_urn");
    MEMBER_REFUSED(m.member.len = 15, RO_BAD_RECORD, "member");
    MEMBER_REFUSED(m.member = ro_as_field((struct ro_bytes){other, 16}),
                   RO_BAD_RECORD, "member");
    MEMBER_REFUSED(m.key = test_key_field(circle->members[1]->key),
                   RO_BAD_RECORD, "member");
    MEMBER_REFUSED(m.has_key = 0; m.key.len = 0, RO_BAD_RECORD, "key");
    MEMBER_REFUSED(m.kind = REACHOUT__MEMBER_KIND__SOURCE, RO_BAD_RECORD,
                   "urn");
    MEMBER_REFUSED(m.kind = REACHOUT__MEMBER_KIND__LA;
                   m.has_urn = 0, RO_BAD_RECORD, "name");
    MEMBER_REFUSED(m.kind = REACHOUT__MEMBER_KIND__TRUST; m.has_urn = 0;
                   m.name = control, RO_BAD_RECORD, "name");
    MEMBER_REFUSED(m.kind = REACHOUT__MEMBER_KIND__COORDINATORS; m.has_urn = 0;
                   m.name = name; m.has_home_urn = 1;
                   m.home_urn = 999999, RO_BAD_RECORD, "home_urn");
}

/* Keys that were anywhere in the log, and the sign that makes no other. */
static void
test_member_keys(void)
{
    const struct test_member *school = circle->members[1];
    const struct ro_keypair *const used[] = {
        school->seats[0]->sealing, school->seats[0]->signing,
        circle->authority[0],      school->seats[0]->fallback,
        circle->mailbox,           circle->broker_signing,
    };
    Reachout__Member m;
    for (size_t i = 0; i < RO_LEN(used); i++) {
        struct ro_member_id id;
        ro_member_id_of(&circle->id, ro_keypair_public(used[i]), &id);
        test_member_init(circle, joiner, &m);
        m.key = test_key_field(used[i]);
        m.member = ro_as_field((struct ro_bytes){id.b, RO_ID_SIZE});
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &m.base,
                            &raw);
        tap_ok(refuses(circle, &raw, RO_KEY_REUSED, "key"));
    }
    struct ro_key negative = *ro_keypair_public(school->key);
    struct ro_member_id id;
    negative.b[31] ^= 0x80;
    ro_member_id_of(&circle->id, &negative, &id);
    test_member_init(circle, joiner, &m);
    m.key = ro_as_field((struct ro_bytes){negative.b, RO_KEY_SIZE});
    m.member = ro_as_field((struct ro_bytes){id.b, RO_ID_SIZE});
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &m.base, &raw);
    tap_ok(refuses(circle, &raw, RO_KEY_REUSED, "key"));
}

/* Nobody but the authority admits. */
static void
test_member_signer(void)
{
    Reachout__Member m;
    test_member_init(circle, joiner, &m);
    test_sign_member(joiner, REACHOUT__SIGNED__KIND__MEMBER, &m.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"));
}

/* The seat that each test tries to add; never added. */
static struct test_seat *chair;

#define SEAT_REFUSED(change, status, word)                                     \
    do {                                                                       \
        Reachout__Seat m;                                                      \
        test_seat_init(circle, chair, &m);                                     \
        change;                                                                \
        test_sign_seat(chair, &m, &raw);                                       \
        tap_say(refuses(circle, &raw, status, word), #change);                 \
    } while (0)

static void
test_seat(void)
{
    static const uint8_t other[32] = {9};
    chair = test_seat_new(circle, circle->members[1], REACHOUT__ROLE__CHAIR);
    SEAT_REFUSED(m.circle = ro_as_field((struct ro_bytes){other, 16}),
                 RO_BAD_RECORD, "circle");
    SEAT_REFUSED(m.has_circle = 0; m.circle.len = 0, RO_BAD_RECORD, "circle");
    SEAT_REFUSED(m.has_serial = 0, RO_BAD_RECORD, "serial");
    SEAT_REFUSED(m.serial = chair->member->serial, RO_OLD_SERIAL, "serial");
    SEAT_REFUSED(m.serial += RO_SERIAL_STEP_MAX, RO_BAD_RECORD, "serial");
    SEAT_REFUSED(m.member.len = 15, RO_BAD_RECORD, "member");
    SEAT_REFUSED(m.member = ro_as_field((struct ro_bytes){other, 16}),
                 RO_NO_RIGHT, "member");
    SEAT_REFUSED(m.member = ro_as_field(
                     (struct ro_bytes){circle->members[2]->id.b, RO_ID_SIZE}),
                 RO_BAD_SIGNATURE, "signatures");
    SEAT_REFUSED(m.has_role = 0, RO_BAD_RECORD, "role");
    SEAT_REFUSED(m.role = REACHOUT__ROLE__ROLE_NONE, RO_BAD_RECORD, "role");
    SEAT_REFUSED(m.role = (Reachout__Role)8, RO_BAD_RECORD, "role");
    SEAT_REFUSED(m.role = (Reachout__Role)-1, RO_BAD_RECORD, "role");
    SEAT_REFUSED(m.has_made_at = 0, RO_BAD_RECORD, "made_at");
    SEAT_REFUSED(m.made_at += 1, RO_BAD_RECORD, "made_at");
    SEAT_REFUSED(m.signing_key.len = 31, RO_BAD_RECORD, "signing_key");
    SEAT_REFUSED(m.has_sealing_key = 0;
                 m.sealing_key.len = 0, RO_BAD_RECORD, "sealing_key");
    SEAT_REFUSED(m.fallback_key = ro_as_field((struct ro_bytes){other, 32}),
                 RO_BAD_RECORD, "fallback_key");
    SEAT_REFUSED(m.has_transport_key = 0;
                 m.transport_key.len = 0, RO_BAD_RECORD, "transport_key");
}

static void
test_seat_keys(void)
{
    const struct test_seat *lead = circle->members[1]->seats[0];
    const struct test_seat *other = circle->members[2]->seats[0];
    SEAT_REFUSED(m.sealing_key = m.signing_key, RO_KEY_REUSED, "sealing_key");
    SEAT_REFUSED(m.fallback_key = m.sealing_key, RO_KEY_REUSED, "fallback_key");
    SEAT_REFUSED(m.transport_key = m.signing_key, RO_KEY_REUSED,
                 "transport_key");
    SEAT_REFUSED(m.signing_key = test_key_field(lead->signing), RO_KEY_REUSED,
                 "signing_key");
    SEAT_REFUSED(m.sealing_key = test_key_field(other->fallback), RO_KEY_REUSED,
                 "sealing_key");
    SEAT_REFUSED(m.fallback_key = test_key_field(lead->member->key),
                 RO_KEY_REUSED, "fallback_key");
    SEAT_REFUSED(m.transport_key = test_key_field(circle->authority[0]),
                 RO_KEY_REUSED, "transport_key");
    SEAT_REFUSED(m.transport_key = test_key_field(circle->broker_signing),
                 RO_KEY_REUSED, "transport_key");
}

/* Each of the five signatures by the wrong key, and by none. */
static void
test_seat_proofs(void)
{
    static const char *const words[] = {"signatures", "signing_key",
                                        "sealing_key", "fallback_key",
                                        "transport_key"};
    RO_AUTOBUF good = {0};
    Reachout__Seat m;
    test_seat_init(circle, chair, &m);
    test_sign_seat(chair, &m, &good);
    for (size_t i = 0; i < 5; i++) {
        struct ro_signed sig;
        test_must(ro_signed_open(ro_buf_view(&good), &sig));
        sig.signers[i].signature.b[0] ^= 1;
        ro_buf_clear(&raw);
        test_must(ro_signed_put(&sig, &raw));
        tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, words[i]));
        sig.signers[i].signature = sig.signers[(i + 1) % 5].signature;
        ro_buf_clear(&raw);
        test_must(ro_signed_put(&sig, &raw));
        tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, words[i]));
        sig.signers[i].index = 1;
        ro_buf_clear(&raw);
        test_must(ro_signed_put(&sig, &raw));
        tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "signer"));
        test_must(ro_signed_open(ro_buf_view(&good), &sig));
        sig.n_signers = i;
        ro_buf_clear(&raw);
        test_must(ro_signed_put(&sig, &raw));
        tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "signatures"));
    }
}

/* Tries one seat of a member, which fits or does not. */
static void
try_role(struct test_member *member, Reachout__Role role, bool fits)
{
    Reachout__Seat m;
    struct test_seat *seat = test_seat_new(circle, member, role);
    test_seat_init(circle, seat, &m);
    test_sign_seat(seat, &m, &raw);
    if (fits) {
        tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    } else {
        tap_ok(refuses(circle, &raw, RO_NO_RIGHT, "role"));
    }
}

/* Which seats which members have: the table of DESIGN section 4. */
static void
test_roles(void)
{
    static const struct {
        Reachout__MemberKind kind;
        const char *roles; /* by number */
    } table[] = {
        {REACHOUT__MEMBER_KIND__SCHOOL,       "12347"},
        {REACHOUT__MEMBER_KIND__COORDINATORS, "57"   },
        {REACHOUT__MEMBER_KIND__SOURCE,       "67"   },
        {REACHOUT__MEMBER_KIND__TRUST,        "137"  },
        {REACHOUT__MEMBER_KIND__LA,           "137"  },
    };
    for (size_t i = 0; i < RO_LEN(table); i++) {
        bool school = table[i].kind == REACHOUT__MEMBER_KIND__SCHOOL;
        struct test_member *member = test_circle_member(
            circle, table[i].kind, school ? TEST_FIRST_URN + 7 : 0,
            school ? NULL : "Somebody");
        for (int role = 1; role <= 7; role++) {
            try_role(member, (Reachout__Role)role,
                     strchr(table[i].roles, '0' + role) != NULL);
        }
    }
}

static void
test_sixteen_seats(void)
{
    struct test_member *team = test_circle_team(circle, "Many");
    for (size_t i = 1; i < RO_SEATS_MAX; i++)
        test_circle_seat(circle, team, REACHOUT__ROLE__COORDINATOR);
    Reachout__Seat m;
    struct test_seat *seat =
        test_seat_new(circle, team, REACHOUT__ROLE__COORDINATOR);
    test_seat_init(circle, seat, &m);
    test_sign_seat(seat, &m, &raw);
    tap_ok(refuses(circle, &raw, RO_OVER_QUOTA, "member"));
    /* a revoked one makes room, and its keys do not come back */
    test_circle_revoke(circle, team->seats[3]);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    test_circle_revoke(circle, team->seats[4]);
    struct test_seat *old = team->seats[3];
    test_seat_init(circle, old, &m);
    test_sign_seat(old, &m, &raw);
    tap_ok(refuses(circle, &raw, RO_KEY_REUSED, "signing_key"));
}

static void
test_removed_member(void)
{
    struct test_member *school = test_circle_school(circle, TEST_FIRST_URN + 8);
    struct test_seat *office =
        test_seat_new(circle, school, REACHOUT__ROLE__OFFICE);
    test_circle_remove(circle, school);
    Reachout__Seat m;
    test_seat_init(circle, office, &m);
    test_sign_seat(office, &m, &raw);
    tap_ok(refuses(circle, &raw, RO_NO_RIGHT, "member"));
    /* nor does the member come back with its key */
    Reachout__Member again;
    test_member_init(circle, school, &again);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &again.base,
                        &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "member"));
}

/* An unknown field makes the record as large as we like. */
static void
test_size(void)
{
    RO_AUTOBUF body = {0};
    Reachout__Seat m;
    static const uint8_t padding[8192];
    static const struct {
        size_t size;
        enum ro_status status;
    } sizes[] = {
        {3200, RO_OK        },
        {3900, RO_BAD_RECORD}
    };
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        struct test_seat *seat =
            test_seat_new(circle, circle->members[2], REACHOUT__ROLE__DELEGATE);
        test_seat_init(circle, seat, &m);
        ro_buf_clear(&body);
        test_must(ro_pack(&m.base, &body));
        ro_buf_put_u8(&body, 0xba); /* field 39 of a seat, kept free */
        ro_buf_put_u8(&body, 0x02);
        ro_buf_put_u8(&body, (uint8_t)(sizes[i].size | 0x80));
        ro_buf_put_u8(&body, (uint8_t)(sizes[i].size >> 7));
        ro_buf_put(&body, padding, sizes[i].size);
        const struct ro_signing by[] = {
            {seat->member->key, RO_LABEL_SEAT,           0},
            {seat->signing,     RO_LABEL_SEAT_COUNTER,   0},
            {seat->sealing,     RO_LABEL_SEAT_SEALING,   0},
            {seat->fallback,    RO_LABEL_SEAT_FALLBACK,  0},
            {seat->transport,   RO_LABEL_SEAT_TRANSPORT, 0},
        };
        ro_buf_clear(&raw);
        test_must(ro_signed_make(REACHOUT__SIGNED__KIND__SEAT,
                                 ro_buf_view(&body), by, 5, &raw));
        if (sizes[i].status == RO_OK) {
            tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
        } else {
            tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "size"));
        }
    }
}

/* One more record of the team: a seat that comes, or the one before goes. */
static void
next_record(struct test_circle *busy, size_t i)
{
    struct test_member *team = busy->members[0];
    if (i % 2 == 0) {
        Reachout__Seat m;
        struct test_seat *seat =
            test_seat_new(busy, team, REACHOUT__ROLE__COORDINATOR);
        test_seat_init(busy, seat, &m);
        m.serial = i + 2; /* its first seat was 1 */
        test_sign_seat(seat, &m, &raw);
        return;
    }
    Reachout__Revocation m = REACHOUT__REVOCATION__INIT;
    ProtobufCBinaryData id = ro_as_field(
        (struct ro_bytes){team->seats[team->n_seats - 1]->id.b, RO_ID_SIZE});
    m.has_circle = m.has_serial = 1;
    m.circle = ro_as_field((struct ro_bytes){busy->id.b, RO_ID_SIZE});
    m.serial = i + 2;
    m.n_seats = 1;
    m.seats = &id;
    test_sign_member(team, REACHOUT__SIGNED__KIND__REVOCATION, &m.base, &raw);
}

/* 32 records a day at the broker; a client does not count. */
static void
check_quota(enum ro_replay how, enum ro_status expected)
{
    struct test_circle *busy = test_circle_new(77);
    test_circle_charter(busy);
    test_circle_team(busy, "Team");
    struct ro_directory *directory = ro_directory_new(&busy->root);
    struct ro_replaying today = {.how = how, .today = 20000};
    struct ro_replaying tomorrow = {.how = how, .today = 20001};
    for (size_t i = 0; i < busy->n_records; i++) {
        test_must(ro_directory_add(directory, test_circle_record(busy, i),
                                   &today, NULL));
    }
    size_t n = 1;
    for (; n < RO_MEMBER_RECORDS_A_DAY; n++) {
        next_record(busy, n - 1);
        test_must(ro_directory_add(directory, ro_buf_view(&raw), &today, NULL));
    }
    next_record(busy, n - 1);
    tap_is(ro_directory_add(directory, ro_buf_view(&raw), &today, NULL),
           expected);
    if (expected != RO_OK) {
        tap_is(ro_directory_add(directory, ro_buf_view(&raw), &tomorrow, NULL),
               RO_OK);
    }
    ro_directory_free(directory);
    test_circle_free(busy);
}

static void
test_quota(void)
{
    check_quota(RO_REPLAY_APPEND, RO_OVER_QUOTA);
    check_quota(RO_REPLAY_CHECK, RO_OK);
    check_quota(RO_REPLAY_TRUST, RO_OK);
}

/* A broker that reads its own log again has counted what came today. */
static void
test_quota_after_restart(void)
{
    struct test_circle *busy = test_circle_new(78);
    test_circle_charter(busy);
    test_circle_team(busy, "Team");
    struct ro_directory *directory = ro_directory_new(&busy->root);
    struct ro_replaying again = {.how = RO_REPLAY_TRUST, .today = 20000};
    struct ro_replaying append = {.how = RO_REPLAY_APPEND, .today = 20000};
    for (size_t i = 0; i < busy->n_records; i++) {
        test_must(ro_directory_add(directory, test_circle_record(busy, i),
                                   &again, NULL));
    }
    for (size_t n = 1; n < RO_MEMBER_RECORDS_A_DAY; n++) {
        next_record(busy, n - 1);
        test_must(ro_directory_add(directory, ro_buf_view(&raw), &again, NULL));
    }
    next_record(busy, RO_MEMBER_RECORDS_A_DAY - 1);
    tap_is(ro_directory_add(directory, ro_buf_view(&raw), &append, NULL),
           RO_OVER_QUOTA);
    ro_directory_free(directory);
    test_circle_free(busy);
}

int
main(void)
{
    circle = test_circle_open(6, 2);
    tap_run(test_member);
    tap_run(test_member_keys);
    tap_run(test_member_signer);
    tap_run(test_seat);
    tap_run(test_seat_keys);
    tap_run(test_seat_proofs);
    tap_run(test_roles);
    tap_run(test_sixteen_seats);
    tap_run(test_removed_member);
    tap_run(test_size);
    tap_run(test_quota);
    tap_run(test_quota_after_restart);
    ro_buf_fini(&raw);
    test_circle_free(circle);
    return tap_done();
}

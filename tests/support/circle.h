/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A circle for tests: real keys from a seed, real records in order, and a
 * directory that has replayed them. The shortest use:
 *
 *     struct test_circle *circle = test_circle_open(1, 3);
 *     struct test_member *school = circle->members[1];
 *     struct test_seat *lead = school->seats[0];
 *     ...
 *     test_circle_free(circle);
 *
 * Whatever goes wrong in here is a broken test: it says so and aborts.
 * Everything belongs to the circle and lives until it is freed.
 */
#ifndef TESTS_SUPPORT_CIRCLE_H
#define TESTS_SUPPORT_CIRCLE_H

#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "common/crypto/sign.h"
#include "common/wire/codec.h"
#include "common/wire/directory.h"
#include "common/wire/signed.h"

#include "content.pb-c.h"
#include "directory.pb-c.h"

#define TEST_AUTHORITY_MAX 3
#define TEST_SEATS_MAX 20     /* more than RO_SEATS_MAX, to be refused */
#define TEST_FIRST_URN 100001 /* of test_circle_open */
#define TEST_NOW_S 1793000000 /* 2026-10-26, a school day */
#define TEST_DAY (TEST_NOW_S / 86400)

struct test_seat {
    struct test_member *member;
    Reachout__Role role;
    struct ro_seat_id id;
    struct ro_keypair *signing;
    struct ro_keypair *sealing;
    struct ro_keypair *fallback;
    struct ro_keypair *transport; /* its X25519 form is the CURVE key */
    size_t record;                /* of its certificate in the log */
    uint64_t notice_serial;       /* of its newest list */
};

struct test_member {
    Reachout__MemberKind kind;
    uint32_t urn; /* schools */
    char name[64];
    struct ro_member_id id;
    struct ro_keypair *key;
    uint64_t serial; /* of its newest record */
    struct test_seat *seats[TEST_SEATS_MAX];
    size_t n_seats;
    size_t record; /* of its admission in the log */
};

struct test_circle {
    struct ro_entropy_seeded seeded;
    struct ro_entropy entropy; /* reads `seeded` */
    struct ro_keypair *authority[TEST_AUTHORITY_MAX];
    size_t n_authority;
    uint32_t threshold;
    struct ro_keypair *enrolment;
    struct ro_keypair *mailbox; /* of enrolment */
    struct ro_keypair *broker_signing;
    struct ro_keypair *broker_curve; /* its X25519 form is the CURVE key */
    uint8_t psk[32];
    uint32_t generation;
    uint8_t ticket_id[RO_ID_SIZE]; /* of test_ticket_init */
    const char *circle_conf;       /* may be set before test_circle_charter */
    const char *member_endpoint;   /* the same */
    const char *open_endpoint;
    struct ro_root root;
    struct ro_circle_id id;
    uint64_t serial; /* of the authority's newest record */
    struct test_member **members;
    size_t n_members;
    struct ro_buf *records; /* the log, as it came */
    size_t n_records;
    struct ro_directory *directory; /* all records so far, checked */
};

/* A circle with keys and an empty log: 1 of 1, or k of n (n at most 3). */
struct test_circle *test_circle_new(uint64_t seed);
struct test_circle *test_circle_of(uint64_t seed, size_t n, uint32_t k);
void test_circle_free(struct test_circle *circle);

/* A circle that works: charter, n_schools + 10 listings from TEST_FIRST_URN
 * on, members[0] a coordinator team with one seat, members[1] to
 * members[n_schools] schools with one Lead seat each. */
struct test_circle *test_circle_open(uint64_t seed, size_t n_schools);

/* A text as a field (protobuf-c's are not const, and only read); the public
 * part of a pair as one. */
char *test_text(const char *text);
ProtobufCBinaryData test_key_field(const struct ro_keypair *pair);

/* --- records that are made and added; each must be accepted -------------- */

/* Charter; n listings, one URN after the other, in as many blocks as needed,
 * 1 km from each other. */
void test_circle_charter(struct test_circle *circle);
void test_circle_list(struct test_circle *circle, uint32_t first_urn, size_t n);

/* A member without seats (urn 0 and a name, or a urn and NULL), and a seat. */
struct test_member *test_circle_member(struct test_circle *circle,
                                       Reachout__MemberKind kind,
                                       uint32_t urn,
                                       const char *name);
struct test_seat *test_circle_seat(struct test_circle *circle,
                                   struct test_member *member,
                                   Reachout__Role role);

/* A member with its first seat. */
struct test_member *test_circle_school(struct test_circle *circle,
                                       uint32_t urn);
struct test_member *test_circle_team(struct test_circle *circle,
                                     const char *name);

/* The authority revokes a seat; removes a member. */
void test_circle_revoke(struct test_circle *circle,
                        const struct test_seat *seat);
void test_circle_remove(struct test_circle *circle,
                        const struct test_member *member);

/* Another key for a member, which it hands over or the authority replaces
 * alone; the old one is freed, and its seats stay as they are. */
enum test_key_change { TEST_KEY_REPLACED, TEST_KEY_HANDED_OVER };
void test_circle_new_key(struct test_circle *circle,
                         struct test_member *member,
                         struct ro_keypair *fresh,
                         enum test_key_change how);

/* --- records that are only made: change a field, then sign --------------- */

/* Each init fills a message that is right and has the next serial. Pointers
 * go into the draft, the circle, the member and the seat. */
struct test_charter {
    Reachout__Charter message;
    Reachout__Broker broker;
    ProtobufCBinaryData keys[TEST_AUTHORITY_MAX];
};
void test_charter_init(struct test_circle *circle, struct test_charter *draft);
struct test_broker_key {
    Reachout__BrokerKey message;
    Reachout__Broker broker;
};
void test_broker_key_init(struct test_circle *circle,
                          struct test_broker_key *draft);
void test_listing_init(struct test_circle *circle,
                       uint32_t urn,
                       char name[static 32],
                       Reachout__Listing *message);
void test_member_init(struct test_circle *circle,
                      struct test_member *member,
                      Reachout__Member *message);
void test_seat_init(struct test_circle *circle,
                    struct test_seat *seat,
                    Reachout__Seat *message);

/* Keys that are in no record yet: member, and one more seat of a member (whose
 * n_seats rises). */
struct test_member *test_member_new(struct test_circle *circle,
                                    Reachout__MemberKind kind,
                                    uint32_t urn,
                                    const char *name);
struct test_seat *test_seat_new(struct test_circle *circle,
                                struct test_member *member,
                                Reachout__Role role);

/* Signs a message: with the first k authority keys; with those, the member's
 * key and a new one, as an amendment that hands over; with a member key alone;
 * as a seat certificate with all five. Replaces what is in `out`. */
void test_sign_authority(const struct test_circle *circle,
                         Reachout__Signed__Kind kind,
                         const ProtobufCMessage *message,
                         struct ro_buf *out);
void test_sign_handover(const struct test_circle *circle,
                        const struct test_member *member,
                        const struct ro_keypair *fresh,
                        const Reachout__Member *message,
                        struct ro_buf *out);
void test_sign_member(const struct test_member *member,
                      Reachout__Signed__Kind kind,
                      const ProtobufCMessage *message,
                      struct ro_buf *out);
void test_sign_seat(const struct test_seat *seat,
                    const Reachout__Seat *message,
                    struct ro_buf *out);

/* Adds a record to the directory and, if that took it, to the log. */
enum ro_status test_circle_add(struct test_circle *circle,
                               struct ro_bytes raw,
                               struct ro_why *why);

/* The i-th record; a new directory that has replayed the first n. */
struct ro_bytes test_circle_record(const struct test_circle *circle, size_t i);
struct ro_directory *test_circle_replay(const struct test_circle *circle,
                                        size_t n,
                                        enum ro_replay how);

/* --- beside the log (circle_files.c) ------------------------------------- */

/* A checkpoint of the log as it is, with the digest of no notices. */
void test_circle_checkpoint(const struct test_circle *circle,
                            uint32_t slot,
                            struct ro_buf *out);

/* The key pair of a seat for a day, the same in every call; the caller frees
 * it. A list of them for n days, with the seat's next serial. */
struct ro_keypair *test_epoch_pair(const struct test_seat *seat, uint32_t day);
void test_seat_notice(const struct test_circle *circle,
                      struct test_seat *seat,
                      uint32_t first_day,
                      size_t n_days,
                      struct ro_buf *out);

/* A ticket by the first authority key for a school's Lead, 14 days; its id is
 * circle->ticket_id, which is fresh after each init. */
void test_ticket_init(struct test_circle *circle,
                      uint32_t urn,
                      Reachout__Ticket *message);
void test_sign_ticket(const struct test_circle *circle,
                      const Reachout__Ticket *message,
                      struct ro_buf *out);

/* The packed content of authority.pub, broker.pub, door.key and of an
 * invitation with that ticket. */
void test_circle_public(const struct test_circle *circle, struct ro_buf *out);
void test_circle_broker(const struct test_circle *circle, struct ro_buf *out);
void test_circle_door(const struct test_circle *circle, struct ro_buf *out);
void test_circle_invitation(const struct test_circle *circle,
                            struct ro_bytes ticket,
                            struct ro_buf *out);

/* Aborts with file and line unless it is RO_OK. */
#define test_must(expr) test_must_((expr), #expr, __FILE__, __LINE__)
void
test_must_(enum ro_status status, const char *what, const char *file, int line);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/support/circle.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/seal.h"

#define LISTINGS_A_BLOCK 250

void
test_must_(enum ro_status status, const char *what, const char *file, int line)
{
    if (status == RO_OK)
        return;
    fprintf(stderr, "%s:%d: %s: %s\n", file, line, what,
            ro_status_name(status));
    abort();
}

static void *
must_have(void *p)
{
    if (p == NULL)
        abort();
    return p;
}

static struct ro_keypair *
new_pair(const struct test_circle *circle)
{
    return must_have(ro_keypair_new(&circle->entropy));
}

ProtobufCBinaryData
test_key_field(const struct ro_keypair *pair)
{
    return ro_as_field(
        (struct ro_bytes){ro_keypair_public(pair)->b, RO_KEY_SIZE});
}

static ProtobufCBinaryData
id_field(const uint8_t *id)
{
    return ro_as_field((struct ro_bytes){id, RO_ID_SIZE});
}

char *
test_text(const char *text)
{
    union {
        const char *from;
        char *to;
    } cast = {.from = text};
    return cast.to;
}

struct test_circle *
test_circle_of(uint64_t seed, size_t n, uint32_t k)
{
    test_must(ro_crypto_init());
    if (n == 0 || n > TEST_AUTHORITY_MAX)
        abort();
    struct test_circle *circle = must_have(calloc(1, sizeof(*circle)));
    circle->seeded.state = seed;
    circle->entropy = ro_entropy_of(&circle->seeded);
    circle->n_authority = n;
    circle->threshold = k;
    circle->generation = 1;
    circle->circle_conf = "# a circle for tests\n";
    circle->member_endpoint = "tcp://127.0.0.1:7501";
    circle->open_endpoint = "tcp://127.0.0.1:7502";
    circle->root.n_keys = n;
    circle->root.threshold = k;
    for (size_t i = 0; i < n; i++) {
        circle->authority[i] = new_pair(circle);
        circle->root.keys[i] = *ro_keypair_public(circle->authority[i]);
    }
    circle->enrolment = new_pair(circle);
    circle->mailbox = new_pair(circle);
    circle->broker_signing = new_pair(circle);
    circle->broker_curve = new_pair(circle);
    ro_entropy_fill(&circle->entropy, circle->psk, sizeof(circle->psk));
    ro_circle_id_of(circle->root.keys, n, (uint8_t)k, &circle->id);
    circle->directory = must_have(ro_directory_new(&circle->root));
    return circle;
}

struct test_circle *
test_circle_new(uint64_t seed)
{
    return test_circle_of(seed, 1, 1);
}

static void
free_member(struct test_member *member)
{
    for (size_t i = 0; i < member->n_seats; i++) {
        struct test_seat *seat = member->seats[i];
        ro_keypair_free(seat->signing);
        ro_keypair_free(seat->sealing);
        ro_keypair_free(seat->fallback);
        ro_keypair_free(seat->transport);
        free(seat);
    }
    ro_keypair_free(member->key);
    free(member);
}

void
test_circle_free(struct test_circle *circle)
{
    if (circle == NULL)
        return;
    for (size_t i = 0; i < circle->n_authority; i++)
        ro_keypair_free(circle->authority[i]);
    ro_keypair_free(circle->enrolment);
    ro_keypair_free(circle->mailbox);
    ro_keypair_free(circle->broker_signing);
    ro_keypair_free(circle->broker_curve);
    for (size_t i = 0; i < circle->n_members; i++)
        free_member(circle->members[i]);
    free(circle->members);
    for (size_t i = 0; i < circle->n_records; i++)
        ro_buf_fini(&circle->records[i]);
    free(circle->records);
    ro_directory_free(circle->directory);
    free(circle);
}

static void
broker_init(const struct test_circle *circle, Reachout__Broker *broker)
{
    reachout__broker__init(broker);
    broker->member_endpoint = test_text(circle->member_endpoint);
    broker->open_endpoint = test_text(circle->open_endpoint);
    broker->has_curve_key = 1;
    broker->curve_key = ro_as_field((struct ro_bytes){
        ro_keypair_x25519(circle->broker_curve)->b, RO_KEY_SIZE});
    broker->has_signing_key = 1;
    broker->signing_key = test_key_field(circle->broker_signing);
}

void
test_charter_init(struct test_circle *circle, struct test_charter *draft)
{
    Reachout__Charter *message = &draft->message;
    reachout__charter__init(message);
    broker_init(circle, &draft->broker);
    for (size_t i = 0; i < circle->n_authority; i++)
        draft->keys[i] = test_key_field(circle->authority[i]);
    message->has_circle = 1;
    message->circle = id_field(circle->id.b);
    message->has_serial = 1;
    message->serial = circle->serial + 1;
    message->name = test_text("Test circle");
    message->n_authority_keys = circle->n_authority;
    message->authority_keys = draft->keys;
    message->has_threshold = 1;
    message->threshold = circle->threshold;
    message->has_enrolment_key = 1;
    message->enrolment_key = test_key_field(circle->enrolment);
    message->has_mailbox_key = 1;
    message->mailbox_key = test_key_field(circle->mailbox);
    message->circle_conf = test_text(circle->circle_conf);
    message->broker = &draft->broker;
    message->has_psk_generation = 1;
    message->psk_generation = circle->generation;
}

void
test_broker_key_init(struct test_circle *circle, struct test_broker_key *draft)
{
    reachout__broker_key__init(&draft->message);
    broker_init(circle, &draft->broker);
    draft->message.has_circle = 1;
    draft->message.circle = id_field(circle->id.b);
    draft->message.has_serial = 1;
    draft->message.serial = circle->serial + 1;
    draft->message.broker = &draft->broker;
}

void
test_listing_init(struct test_circle *circle,
                  uint32_t urn,
                  char name[static 32],
                  Reachout__Listing *message)
{
    (void)circle;
    reachout__listing__init(message);
    snprintf(name, 32, "School %u", urn);
    message->has_urn = 1;
    message->urn = urn;
    message->name = name;
    message->phase = test_text(urn % 3 == 0 ? "Secondary" : "Primary");
    message->type = test_text("Community school");
    message->la_code = test_text("887");
    message->la_name = test_text("Medway");
    message->trust = test_text(urn % 5 == 0 ? "River Trust" : "");
    message->has_easting = 1;
    message->easting = 500000 + (int32_t)(urn % 100) * 1000;
    message->has_northing = 1;
    message->northing = 160000 + (int32_t)(urn / 100 % 100) * 1000;
    message->has_roll = 1;
    message->roll = 100 + urn % 900;
}

void
test_member_init(struct test_circle *circle,
                 struct test_member *member,
                 Reachout__Member *message)
{
    reachout__member__init(message);
    message->has_circle = 1;
    message->circle = id_field(circle->id.b);
    message->has_serial = 1;
    message->serial = circle->serial + 1;
    message->has_member = 1;
    message->member = id_field(member->id.b);
    message->has_kind = 1;
    message->kind = member->kind;
    message->has_urn = member->urn != 0;
    message->urn = member->urn;
    message->name = member->name[0] != '\0' ? member->name : NULL;
    message->has_key = 1;
    message->key = test_key_field(member->key);
}

void
test_seat_init(struct test_circle *circle,
               struct test_seat *seat,
               Reachout__Seat *message)
{
    reachout__seat__init(message);
    message->has_circle = 1;
    message->circle = id_field(circle->id.b);
    message->has_serial = 1;
    message->serial = seat->member->serial + 1;
    message->has_member = 1;
    message->member = id_field(seat->member->id.b);
    message->has_role = 1;
    message->role = seat->role;
    message->has_signing_key = 1;
    message->signing_key = test_key_field(seat->signing);
    message->has_sealing_key = 1;
    message->sealing_key = test_key_field(seat->sealing);
    message->has_fallback_key = 1;
    message->fallback_key = test_key_field(seat->fallback);
    message->has_transport_key = 1;
    message->transport_key = test_key_field(seat->transport);
    message->has_made_at = 1;
    message->made_at = (uint64_t)TEST_DAY * 86400;
}

struct test_member *
test_member_new(struct test_circle *circle,
                Reachout__MemberKind kind,
                uint32_t urn,
                const char *name)
{
    struct test_member *member = must_have(calloc(1, sizeof(*member)));
    member->kind = kind;
    member->urn = urn;
    snprintf(member->name, sizeof(member->name), "%s",
             name != NULL ? name : "");
    member->key = new_pair(circle);
    ro_member_id_of(&circle->id, ro_keypair_public(member->key), &member->id);
    circle->members = must_have(reallocarray(
        circle->members, circle->n_members + 1, sizeof(struct test_member *)));
    circle->members[circle->n_members++] = member;
    return member;
}

struct test_seat *
test_seat_new(struct test_circle *circle,
              struct test_member *member,
              Reachout__Role role)
{
    if (member->n_seats == TEST_SEATS_MAX)
        abort();
    struct test_seat *seat = must_have(calloc(1, sizeof(*seat)));
    seat->member = member;
    seat->role = role;
    seat->signing = new_pair(circle);
    seat->sealing = new_pair(circle);
    seat->fallback = new_pair(circle);
    seat->transport = new_pair(circle);
    ro_seat_id_of(ro_keypair_public(seat->signing), &seat->id);
    member->seats[member->n_seats++] = seat;
    return seat;
}

/* The first k authority keys: how many. */
static size_t
by_authority(const struct test_circle *circle,
             Reachout__Signed__Kind kind,
             struct ro_signing ret_by[static TEST_AUTHORITY_MAX])
{
    for (uint32_t i = 0; i < circle->threshold; i++) {
        ret_by[i] = (struct ro_signing){.pair = circle->authority[i],
                                        .label = ro_signed_label(kind),
                                        .index = i};
    }
    return circle->threshold;
}

void
test_sign_authority(const struct test_circle *circle,
                    Reachout__Signed__Kind kind,
                    const ProtobufCMessage *message,
                    struct ro_buf *out)
{
    RO_AUTOBUF body = {0};
    struct ro_signing by[TEST_AUTHORITY_MAX];
    size_t n = by_authority(circle, kind, by);
    ro_buf_clear(out);
    test_must(ro_pack(message, &body));
    test_must(ro_signed_make(kind, ro_buf_view(&body), by, n, out));
}

void
test_sign_handover(const struct test_circle *circle,
                   const struct test_member *member,
                   const struct ro_keypair *fresh,
                   const Reachout__Member *message,
                   struct ro_buf *out)
{
    const Reachout__Signed__Kind kind = REACHOUT__SIGNED__KIND__MEMBER;
    RO_AUTOBUF body = {0};
    struct ro_signing by[TEST_AUTHORITY_MAX + 2];
    size_t n = by_authority(circle, kind, by);
    by[n++] = (struct ro_signing){member->key, RO_LABEL_MEMBER_HANDOVER,
                                  RO_SIGNER_OLD_KEY};
    by[n++] =
        (struct ro_signing){fresh, RO_LABEL_MEMBER_HANDOVER, RO_SIGNER_NEW_KEY};
    ro_buf_clear(out);
    test_must(ro_pack(&message->base, &body));
    test_must(ro_signed_make(kind, ro_buf_view(&body), by, n, out));
}

void
test_sign_member(const struct test_member *member,
                 Reachout__Signed__Kind kind,
                 const ProtobufCMessage *message,
                 struct ro_buf *out)
{
    RO_AUTOBUF body = {0};
    struct ro_signing by = {.pair = member->key,
                            .label = ro_signed_label(kind)};
    ro_buf_clear(out);
    test_must(ro_pack(message, &body));
    test_must(ro_signed_make(kind, ro_buf_view(&body), &by, 1, out));
}

void
test_sign_seat(const struct test_seat *seat,
               const Reachout__Seat *message,
               struct ro_buf *out)
{
    RO_AUTOBUF body = {0};
    const struct ro_signing by[] = {
        {.pair = seat->member->key, .label = RO_LABEL_SEAT          },
        {.pair = seat->signing,     .label = RO_LABEL_SEAT_COUNTER  },
        {.pair = seat->sealing,     .label = RO_LABEL_SEAT_SEALING  },
        {.pair = seat->fallback,    .label = RO_LABEL_SEAT_FALLBACK },
        {.pair = seat->transport,   .label = RO_LABEL_SEAT_TRANSPORT},
    };
    ro_buf_clear(out);
    test_must(ro_pack(&message->base, &body));
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__SEAT, ro_buf_view(&body),
                             by, RO_LEN(by), out));
}

enum ro_status
test_circle_add(struct test_circle *circle,
                struct ro_bytes raw,
                struct ro_why *why)
{
    struct ro_replaying checking = {.how = RO_REPLAY_CHECK};
    enum ro_status status =
        ro_directory_add(circle->directory, raw, &checking, why);
    if (status != RO_OK)
        return status;
    circle->records = must_have(reallocarray(
        circle->records, circle->n_records + 1, sizeof(struct ro_buf)));
    struct ro_buf *record = &circle->records[circle->n_records++];
    *record = (struct ro_buf){0};
    ro_buf_put(record, raw.data, raw.size);
    test_must(ro_buf_ok(record));
    circle->serial = ro_directory_serial(circle->directory, NULL);
    for (size_t i = 0; i < circle->n_members; i++) {
        circle->members[i]->serial =
            ro_directory_serial(circle->directory, &circle->members[i]->id);
    }
    return RO_OK;
}

static void
must_add(struct test_circle *circle, const struct ro_buf *raw)
{
    struct ro_why why = {.text = ""};
    enum ro_status status = test_circle_add(circle, ro_buf_view(raw), &why);
    if (status == RO_OK)
        return;
    fprintf(stderr, "test_circle: %s: %s\n", ro_status_name(status), why.text);
    abort();
}

void
test_circle_charter(struct test_circle *circle)
{
    RO_AUTOBUF raw = {0};
    struct test_charter draft;
    test_charter_init(circle, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__CHARTER,
                        &draft.message.base, &raw);
    must_add(circle, &raw);
}

static void
list_block(struct test_circle *circle, uint32_t first_urn, size_t n)
{
    RO_AUTOBUF raw = {0};
    Reachout__Listing listings[LISTINGS_A_BLOCK];
    Reachout__Listing *pointers[LISTINGS_A_BLOCK];
    char names[LISTINGS_A_BLOCK][32];
    for (size_t i = 0; i < n; i++) {
        test_listing_init(circle, first_urn + (uint32_t)i, names[i],
                          &listings[i]);
        pointers[i] = &listings[i];
    }
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    block.has_circle = 1;
    block.circle = id_field(circle->id.b);
    block.has_serial = 1;
    block.serial = circle->serial + 1;
    block.n_listings = n;
    block.listings = pointers;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &raw);
    must_add(circle, &raw);
}

void
test_circle_list(struct test_circle *circle, uint32_t first_urn, size_t n)
{
    while (n > 0) {
        size_t now = n < LISTINGS_A_BLOCK ? n : LISTINGS_A_BLOCK;
        list_block(circle, first_urn, now);
        first_urn += (uint32_t)now;
        n -= now;
    }
}

struct test_member *
test_circle_member(struct test_circle *circle,
                   Reachout__MemberKind kind,
                   uint32_t urn,
                   const char *name)
{
    RO_AUTOBUF raw = {0};
    Reachout__Member message;
    struct test_member *member = test_member_new(circle, kind, urn, name);
    test_member_init(circle, member, &message);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &message.base,
                        &raw);
    member->record = circle->n_records;
    must_add(circle, &raw);
    return member;
}

struct test_seat *
test_circle_seat(struct test_circle *circle,
                 struct test_member *member,
                 Reachout__Role role)
{
    RO_AUTOBUF raw = {0};
    Reachout__Seat message;
    struct test_seat *seat = test_seat_new(circle, member, role);
    test_seat_init(circle, seat, &message);
    test_sign_seat(seat, &message, &raw);
    seat->record = circle->n_records;
    must_add(circle, &raw);
    return seat;
}

struct test_member *
test_circle_school(struct test_circle *circle, uint32_t urn)
{
    struct test_member *school =
        test_circle_member(circle, REACHOUT__MEMBER_KIND__SCHOOL, urn, NULL);
    test_circle_seat(circle, school, REACHOUT__ROLE__LEAD);
    return school;
}

struct test_member *
test_circle_team(struct test_circle *circle, const char *name)
{
    struct test_member *team = test_circle_member(
        circle, REACHOUT__MEMBER_KIND__COORDINATORS, 0, name);
    test_circle_seat(circle, team, REACHOUT__ROLE__COORDINATOR);
    return team;
}

static void
revoke(struct test_circle *circle,
       const struct test_seat *seat,
       const struct test_member *member)
{
    RO_AUTOBUF raw = {0};
    ProtobufCBinaryData id;
    Reachout__Revocation message = REACHOUT__REVOCATION__INIT;
    message.has_circle = 1;
    message.circle = id_field(circle->id.b);
    message.has_serial = 1;
    message.serial = circle->serial + 1;
    if (seat != NULL) {
        id = id_field(seat->id.b);
        message.n_seats = 1;
        message.seats = &id;
    } else {
        id = id_field(member->id.b);
        message.n_members = 1;
        message.members = &id;
    }
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__REVOCATION,
                        &message.base, &raw);
    must_add(circle, &raw);
}

void
test_circle_revoke(struct test_circle *circle, const struct test_seat *seat)
{
    revoke(circle, seat, NULL);
}

void
test_circle_remove(struct test_circle *circle, const struct test_member *member)
{
    revoke(circle, NULL, member);
}

void
test_circle_new_key(struct test_circle *circle,
                    struct test_member *member,
                    struct ro_keypair *fresh,
                    enum test_key_change how)
{
    RO_AUTOBUF raw = {0};
    Reachout__Member message;
    test_member_init(circle, member, &message);
    message.key = test_key_field(fresh);
    if (how == TEST_KEY_HANDED_OVER) {
        test_sign_handover(circle, member, fresh, &message, &raw);
    } else {
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER,
                            &message.base, &raw);
    }
    must_add(circle, &raw);
    ro_keypair_free(member->key);
    member->key = fresh;
    member->serial = 0;
}

struct test_circle *
test_circle_open(uint64_t seed, size_t n_schools)
{
    struct test_circle *circle = test_circle_new(seed);
    test_circle_charter(circle);
    test_circle_list(circle, TEST_FIRST_URN, n_schools + 10);
    test_circle_team(circle, "Support team");
    for (size_t i = 0; i < n_schools; i++)
        test_circle_school(circle, TEST_FIRST_URN + (uint32_t)i);
    return circle;
}

struct ro_bytes
test_circle_record(const struct test_circle *circle, size_t i)
{
    if (i >= circle->n_records)
        abort();
    return ro_buf_view(&circle->records[i]);
}

struct ro_directory *
test_circle_replay(const struct test_circle *circle,
                   size_t n,
                   enum ro_replay how)
{
    struct ro_replaying replaying = {.how = how};
    struct ro_directory *directory = must_have(ro_directory_new(&circle->root));
    for (size_t i = 0; i < n; i++) {
        test_must(ro_directory_add(directory, test_circle_record(circle, i),
                                   &replaying, NULL));
    }
    return directory;
}

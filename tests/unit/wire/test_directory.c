/* SPDX-License-Identifier: Apache-2.0 */
/* What a directory says after good records, and that every replay agrees. */
#include "common/wire/directory.h"

#include "common/crypto/seal.h"
#include "tests/support/circle.h"
#include "tests/support/tap.h"

static bool
same_key(const struct ro_key *a, const struct ro_key *b)
{
    return memcmp(a->b, b->b, RO_KEY_SIZE) == 0;
}

static void
test_empty(void)
{
    struct test_circle *circle = test_circle_new(1);
    const struct ro_directory *directory = circle->directory;
    struct ro_member_id id = {{0}};
    struct ro_hash head;
    tap_ok(ro_directory_size(directory) == 0);
    tap_ok(ro_directory_charter(directory) == NULL);
    tap_ok(ro_circle_id_equal(ro_directory_circle(directory), &circle->id));
    tap_is(ro_directory_head(directory, 0, &head), RO_OK);
    tap_is(ro_directory_head(directory, 1, &head), RO_NOT_FOUND);
    tap_is(ro_directory_head(directory, UINT64_MAX, &head), RO_NOT_FOUND);
    tap_ok(ro_directory_serial(directory, NULL) == 0);
    tap_ok(ro_directory_serial(directory, &id) == 0);
    tap_ok(ro_directory_nth_listing(directory, 0) == NULL);
    tap_ok(ro_directory_nth_member(directory, 0) == NULL);
    tap_ok(ro_directory_nth_seat(directory, 0) == NULL);
    tap_ok(ro_directory_listing(directory, 100001) == NULL);
    test_circle_free(circle);
}

static void
test_charter(void)
{
    struct test_circle *circle = test_circle_of(2, 3, 2);
    test_circle_charter(circle);
    const struct ro_charter_view *charter =
        ro_directory_charter(circle->directory);
    struct ro_seat_id mailbox;
    tap_need(charter != NULL);
    tap_ok(strcmp(charter->name, "Test circle") == 0);
    tap_ok(strcmp(charter->circle_conf, circle->circle_conf) == 0);
    tap_ok(strcmp(charter->member_endpoint, circle->member_endpoint) == 0);
    tap_ok(strcmp(charter->open_endpoint, circle->open_endpoint) == 0);
    tap_ok(same_key(&charter->enrolment_ed25519,
                    ro_keypair_public(circle->enrolment)));
    tap_ok(same_key(&charter->enrolment_x25519,
                    ro_keypair_x25519(circle->enrolment)));
    tap_ok(same_key(&charter->mailbox_key, ro_keypair_public(circle->mailbox)));
    ro_seat_id_of(ro_keypair_public(circle->mailbox), &mailbox);
    tap_ok(ro_seat_id_equal(&charter->enrolment_mailbox, &mailbox));
    tap_ok(same_key(&charter->broker_curve,
                    ro_keypair_x25519(circle->broker_curve)));
    tap_ok(same_key(&charter->broker_signing,
                    ro_keypair_public(circle->broker_signing)));
    tap_ok(charter->psk_generation == 1);
    tap_ok(ro_directory_serial(circle->directory, NULL) == 1);
    test_circle_free(circle);
}

static void
test_later_charter(void)
{
    struct test_circle *circle = test_circle_open(3, 1);
    struct test_member *school = circle->members[1];
    circle->circle_conf = "# another\n";
    circle->generation = 2;
    test_circle_charter(circle);
    const struct ro_charter_view *charter =
        ro_directory_charter(circle->directory);
    tap_ok(strcmp(charter->circle_conf, "# another\n") == 0);
    tap_ok(charter->psk_generation == 2);
    tap_ok(ro_directory_member(circle->directory, &school->id) != NULL);
    test_circle_free(circle);
}

static void
test_broker_key(void)
{
    struct test_circle *circle = test_circle_open(4, 0);
    struct test_broker_key draft;
    RO_AUTOBUF raw = {0};
    struct ro_keypair *old = circle->broker_signing;
    circle->broker_signing = ro_keypair_new(&circle->entropy);
    circle->open_endpoint = "tcp://127.0.0.2:7602";
    test_broker_key_init(circle, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__BROKER_KEY,
                        &draft.message.base, &raw);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    const struct ro_charter_view *charter =
        ro_directory_charter(circle->directory);
    tap_ok(same_key(&charter->broker_signing,
                    ro_keypair_public(circle->broker_signing)));
    tap_ok(strcmp(charter->open_endpoint, "tcp://127.0.0.2:7602") == 0);
    tap_ok(strcmp(charter->name, "Test circle") == 0);
    ro_keypair_free(old);
    test_circle_free(circle);
}

static void
test_listings(void)
{
    struct test_circle *circle = test_circle_open(5, 2);
    const struct ro_listing_view *listing =
        ro_directory_listing(circle->directory, TEST_FIRST_URN);
    tap_need(listing != NULL);
    tap_ok(listing->urn == TEST_FIRST_URN);
    tap_ok(strcmp(listing->name, "School 100001") == 0);
    tap_ok(strcmp(listing->la_name, "Medway") == 0);
    tap_ok(strcmp(listing->trust, "") == 0);
    tap_ok(listing->position == RO_POSITION_KNOWN);
    tap_ok(listing->easting == 501000 && listing->northing == 160000);
    tap_ok(listing->roll == 100 + TEST_FIRST_URN % 900);
    tap_ok(ro_directory_nth_listing(circle->directory, 0) == listing);
    tap_ok(ro_directory_nth_listing(circle->directory, 11)->urn ==
           TEST_FIRST_URN + 11);
    tap_ok(ro_directory_nth_listing(circle->directory, 12) == NULL);
    test_circle_free(circle);
}

/* A later row replaces the first one where it stands, and the member with it
 * has the new name. */
static void
test_listing_again(void)
{
    struct test_circle *circle = test_circle_open(6, 2);
    Reachout__Listing row;
    Reachout__Listing *rows[] = {&row};
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    RO_AUTOBUF raw = {0};
    char name[32];
    test_listing_init(circle, TEST_FIRST_URN + 1, name, &row);
    snprintf(name, sizeof(name), "New Name");
    row.trust = NULL;
    row.has_easting = row.has_northing = row.has_roll = 0;
    row.easting = row.northing = 0;
    row.roll = 0;
    block.has_circle = block.has_serial = 1;
    block.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    block.serial = circle->serial + 1;
    block.n_listings = 1;
    block.listings = rows;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &raw);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    const struct ro_listing_view *listing =
        ro_directory_nth_listing(circle->directory, 1);
    tap_ok(listing->urn == TEST_FIRST_URN + 1);
    tap_ok(strcmp(listing->name, "New Name") == 0);
    tap_ok(listing->position == RO_POSITION_UNKNOWN && listing->roll == 0);
    tap_ok(strcmp(listing->trust, "") == 0);
    tap_ok(ro_directory_nth_listing(circle->directory, 12) == NULL);
    tap_ok(
        strcmp(ro_directory_member_by_urn(circle->directory, TEST_FIRST_URN + 1)
                   ->name,
               "New Name") == 0);
    test_circle_free(circle);
}

static void
test_members(void)
{
    struct test_circle *circle = test_circle_open(7, 2);
    const struct ro_directory *directory = circle->directory;
    const struct test_member *school = circle->members[2];
    const struct ro_member_view *member =
        ro_directory_member(directory, &school->id);
    tap_need(member != NULL);
    tap_ok(ro_member_id_equal(&member->id, &school->id));
    tap_ok(member->kind == REACHOUT__MEMBER_KIND__SCHOOL);
    tap_ok(member->urn == TEST_FIRST_URN + 1 && member->home_urn == 0);
    tap_ok(strcmp(member->name, "School 100002") == 0);
    tap_ok(same_key(&member->key, ro_keypair_public(school->key)));
    tap_ok(member->n_live == 1 && member->standing == RO_MEMBER_LIVE);
    tap_ok(ro_directory_member_by_urn(directory, member->urn) == member);
    tap_ok(ro_directory_nth_member(directory, 2) == member);
    tap_ok(ro_directory_serial(directory, &school->id) == 1);
    const struct ro_member_view *team = ro_directory_nth_member(directory, 0);
    tap_ok(team->kind == REACHOUT__MEMBER_KIND__COORDINATORS);
    tap_ok(strcmp(team->name, "Support team") == 0 && team->urn == 0);
    tap_ok(ro_directory_member_by_urn(directory, 0) == NULL);
    tap_ok(ro_directory_nth_member(directory, 3) == NULL);
    test_circle_free(circle);
}

static void
test_seats(void)
{
    struct test_circle *circle = test_circle_open(8, 2);
    const struct ro_directory *directory = circle->directory;
    const struct test_seat *lead = circle->members[2]->seats[0];
    const struct ro_seat_view *seat = ro_directory_seat(directory, &lead->id);
    tap_need(seat != NULL);
    tap_ok(ro_seat_id_equal(&seat->id, &lead->id));
    tap_ok(ro_member_id_equal(&seat->member, &lead->member->id));
    tap_ok(seat->role == REACHOUT__ROLE__LEAD);
    tap_ok(same_key(&seat->signing, ro_keypair_public(lead->signing)));
    struct ro_key key = {0};
    tap_is(ro_seat_sealing(seat, &key), RO_OK);
    tap_ok(same_key(&key, ro_keypair_x25519(lead->sealing)));
    tap_is(ro_seat_fallback(seat, &key), RO_OK);
    tap_ok(same_key(&key, ro_keypair_x25519(lead->fallback)));
    tap_ok(same_key(&seat->transport, ro_keypair_x25519(lead->transport)));
    tap_ok(seat->standing == RO_SEAT_LIVE);
    tap_ok(ro_directory_seat_by_transport(
               directory, ro_keypair_x25519(lead->transport)) == seat);
    tap_ok(ro_directory_seat_by_transport(
               directory, ro_keypair_public(lead->transport)) == NULL);
    tap_ok(ro_directory_nth_seat(directory, 2) == seat);
    tap_ok(ro_directory_nth_seat(directory, 3) == NULL);
    test_circle_free(circle);
}

static void
test_removal(void)
{
    struct test_circle *circle = test_circle_open(9, 2);
    const struct ro_directory *directory = circle->directory;
    struct test_member *school = circle->members[1];
    test_circle_seat(circle, school, REACHOUT__ROLE__OFFICE);
    test_circle_revoke(circle, school->seats[0]);
    tap_ok(ro_directory_seat(directory, &school->seats[0]->id)->standing ==
           RO_SEAT_REVOKED);
    tap_ok(ro_directory_member(directory, &school->id)->n_live == 1);
    test_circle_remove(circle, school);
    tap_ok(ro_directory_member(directory, &school->id)->standing ==
           RO_MEMBER_REMOVED);
    tap_ok(ro_directory_member(directory, &school->id)->n_live == 0);
    tap_ok(ro_directory_seat(directory, &school->seats[1]->id)->standing ==
           RO_SEAT_REVOKED);
    tap_ok(ro_directory_seat(directory, &circle->members[2]->seats[0]->id)
               ->standing == RO_SEAT_LIVE);
    /* The school may come again, with another key: another member. */
    struct test_member *again = test_circle_school(circle, TEST_FIRST_URN);
    tap_ok(ro_member_id_equal(
        &ro_directory_member_by_urn(directory, TEST_FIRST_URN)->id,
        &again->id));
    tap_ok(strcmp(ro_directory_member(directory, &school->id)->name,
                  "School 100001") == 0);
    test_circle_free(circle);
}

/* A member's revocation of its own seats, to be told from the authority's. */
static void
revoke_own(struct test_circle *circle, struct test_seat *seat)
{
    Reachout__Revocation message = REACHOUT__REVOCATION__INIT;
    ProtobufCBinaryData id =
        ro_as_field((struct ro_bytes){seat->id.b, RO_ID_SIZE});
    RO_AUTOBUF raw = {0};
    message.has_circle = message.has_serial = 1;
    message.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    message.serial = seat->member->serial + 1;
    message.n_seats = 1;
    message.seats = &id;
    test_sign_member(seat->member, REACHOUT__SIGNED__KIND__REVOCATION,
                     &message.base, &raw);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
}

static bool
same_heads(const struct ro_directory *a, const struct ro_directory *b)
{
    struct ro_hash one;
    struct ro_hash other;
    if (ro_directory_size(a) != ro_directory_size(b))
        return false;
    for (uint64_t n = 0; n <= ro_directory_size(a); n++) {
        test_must(ro_directory_head(a, n, &one));
        test_must(ro_directory_head(b, n, &other));
        if (memcmp(one.b, other.b, RO_HASH_SIZE) != 0)
            return false;
    }
    return true;
}

static bool
same_seats(const struct ro_directory *a, const struct ro_directory *b)
{
    const struct ro_seat_view *one = NULL;
    for (size_t i = 0; (one = ro_directory_nth_seat(a, i)) != NULL; i++) {
        const struct ro_seat_view *other = ro_directory_nth_seat(b, i);
        if (other == NULL || !ro_seat_id_equal(&one->id, &other->id) ||
            one->standing != other->standing ||
            !same_key(&one->sealing_ed25519, &other->sealing_ed25519) ||
            !same_key(&one->transport, &other->transport) ||
            ro_directory_serial(a, &one->member) !=
                ro_directory_serial(b, &one->member))
            return false;
    }
    return ro_directory_serial(a, NULL) == ro_directory_serial(b, NULL);
}

static void
check_replays(struct test_circle *circle)
{
    size_t n = circle->n_records;
    struct ro_directory *trusted =
        test_circle_replay(circle, n, RO_REPLAY_TRUST);
    struct ro_directory *checked =
        test_circle_replay(circle, n, RO_REPLAY_CHECK);
    struct ro_directory *appended =
        test_circle_replay(circle, n, RO_REPLAY_APPEND);
    tap_ok(same_heads(circle->directory, trusted));
    tap_ok(same_heads(circle->directory, checked));
    tap_ok(same_heads(circle->directory, appended));
    tap_ok(same_seats(circle->directory, trusted));
    tap_ok(same_seats(circle->directory, checked));
    ro_directory_free(trusted);
    ro_directory_free(checked);
    ro_directory_free(appended);
}

/* Revocations by both kinds of signer, with one authority key: what looks the
 * same but for the signature must end the same without checking others. */
static void
test_replays(void)
{
    struct test_circle *circle = test_circle_open(10, 3);
    struct test_member *school = circle->members[1];
    test_circle_seat(circle, school, REACHOUT__ROLE__OFFICE);
    revoke_own(circle, school->seats[1]);
    test_circle_revoke(circle, circle->members[2]->seats[0]);
    tap_ok(ro_directory_serial(circle->directory, &school->id) == 3);
    test_circle_remove(circle, circle->members[3]);
    check_replays(circle);
    test_circle_free(circle);
}

static void
test_head_chain(void)
{
    struct test_circle *circle = test_circle_open(11, 1);
    struct ro_hash zero;
    struct ro_hash one;
    struct ro_hash mine;
    test_must(ro_directory_head(circle->directory, 0, &zero));
    test_must(ro_directory_head(circle->directory, 1, &one));
    struct ro_bytes root[] = {
        {circle->id.b,           RO_ID_SIZE },
        {circle->root.keys[0].b, RO_KEY_SIZE}
    };
    ro_hash_256(RO_LABEL_HEAD_ZERO, root, 2, &mine);
    tap_ok(memcmp(mine.b, zero.b, RO_HASH_SIZE) == 0);
    struct ro_bytes link[] = {
        {zero.b, RO_HASH_SIZE},
        test_circle_record(circle, 0)
    };
    ro_hash_256(RO_LABEL_HEAD, link, 2, &mine);
    tap_ok(memcmp(mine.b, one.b, RO_HASH_SIZE) == 0);
    test_circle_free(circle);
}

static void
test_root(void)
{
    struct test_circle *circle = test_circle_of(12, 3, 2);
    RO_AUTOBUF bytes = {0};
    struct ro_arena *arena = ro_arena_new(65536, 100);
    ProtobufCMessage *base = NULL;
    struct ro_root root;
    test_circle_public(circle, &bytes);
    test_must(ro_unpack(&reachout__authority_public__descriptor,
                        ro_buf_view(&bytes), arena, &base));
    Reachout__AuthorityPublic *keys = (Reachout__AuthorityPublic *)base;
    tap_is(ro_root_of(keys, &root), RO_OK);
    tap_ok(root.n_keys == 3 && root.threshold == 2);
    tap_ok(same_key(&root.keys[2], &circle->root.keys[2]));
    keys->threshold = 4;
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    keys->threshold = 0;
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    keys->threshold = 2;
    keys->has_threshold = 0;
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    keys->has_threshold = 1;
    keys->authority_keys[1] = keys->authority_keys[0];
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    keys->authority_keys[1] = keys->authority_keys[2];
    keys->n_authority_keys = 2;
    tap_is(ro_root_of(keys, &root), RO_OK);
    keys->authority_keys[1].len = 31;
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    keys->authority_keys[1].len = 32;
    memset(keys->authority_keys[1].data, 0, 32);
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    keys->n_authority_keys = 0;
    tap_is(ro_root_of(keys, &root), RO_BAD_INPUT);
    ro_arena_free(arena);
    test_circle_free(circle);
}

/* One key more than a root has room for. */
static void
test_root_room(void)
{
    struct ro_entropy_seeded seeded = {.state = 13};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    struct ro_keypair *pairs[RO_AUTHORITY_KEYS_MAX + 1];
    ProtobufCBinaryData fields[RO_AUTHORITY_KEYS_MAX + 1];
    Reachout__AuthorityPublic keys = REACHOUT__AUTHORITY_PUBLIC__INIT;
    struct ro_root root;
    for (size_t i = 0; i < RO_LEN(pairs); i++) {
        pairs[i] = ro_keypair_new(&entropy);
        fields[i] = ro_as_field(
            (struct ro_bytes){ro_keypair_public(pairs[i])->b, RO_KEY_SIZE});
    }
    keys.authority_keys = fields;
    keys.has_threshold = 1;
    keys.threshold = 2;
    keys.n_authority_keys = RO_AUTHORITY_KEYS_MAX;
    tap_is(ro_root_of(&keys, &root), RO_OK);
    keys.n_authority_keys = RO_AUTHORITY_KEYS_MAX + 1;
    tap_is(ro_root_of(&keys, &root), RO_BAD_INPUT);
    for (size_t i = 0; i < RO_LEN(pairs); i++)
        ro_keypair_free(pairs[i]);
}

int
main(void)
{
    tap_run(test_empty);
    tap_run(test_charter);
    tap_run(test_later_charter);
    tap_run(test_broker_key);
    tap_run(test_listings);
    tap_run(test_listing_again);
    tap_run(test_members);
    tap_run(test_seats);
    tap_run(test_removal);
    tap_run(test_replays);
    tap_run(test_head_chain);
    tap_run(test_root);
    tap_run(test_root_room);
    return tap_done();
}

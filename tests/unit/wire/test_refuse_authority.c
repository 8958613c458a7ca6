/* SPDX-License-Identifier: Apache-2.0 */
/* Every reason to refuse a charter, a broker key or a block of listings. */
#include "tests/unit/wire/refuse.h"

static struct test_circle *circle; /* 2 of 3, with one school */
static struct ro_buf raw;

static char long_name[RO_RECORD_LIMIT];

/* Initialises `draft`, runs `change`, signs, and expects a refusal. */
#define CHARTER_REFUSED(change, status, word)                                  \
    do {                                                                       \
        struct test_charter draft;                                             \
        test_charter_init(circle, &draft);                                     \
        Reachout__Charter *m = &draft.message;                                 \
        (void)m;                                                               \
        change;                                                                \
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__CHARTER,           \
                            &draft.message.base, &raw);                        \
        tap_say(refuses(circle, &raw, status, word), #change);                 \
    } while (0)

#define BROKER_REFUSED(change, status, word)                                   \
    do {                                                                       \
        struct test_broker_key draft;                                          \
        test_broker_key_init(circle, &draft);                                  \
        Reachout__BrokerKey *m = &draft.message;                               \
        (void)m;                                                               \
        change;                                                                \
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__BROKER_KEY,        \
                            &draft.message.base, &raw);                        \
        tap_say(refuses(circle, &raw, status, word), #change);                 \
    } while (0)

static void
test_begins(void)
{
    struct test_circle *fresh = test_circle_new(99);
    RO_AUTOBUF listing = {0};
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    block.has_serial = 1;
    block.serial = 1;
    test_sign_authority(fresh, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &listing);
    tap_ok(refuses(fresh, &listing, RO_NOT_READY, "kind"));
    test_circle_charter(fresh);
    tap_ok(refuses(fresh, &listing, RO_BAD_RECORD, "circle"));
    test_circle_free(fresh);
}

static void
test_container(void)
{
    struct test_charter draft;
    test_charter_init(circle, &draft);
    ro_buf_clear(&raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "form"));
    ro_buf_put(&raw, "nothing of ours", 15);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "form"));
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__CHARTER,
                        &draft.message.base, &raw);
    raw.size--;
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "form"));
    /* kinds that are not of the log */
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__TICKET,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "kind"));
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__CHECKPOINT,
                        &draft.message.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "kind"));
    ro_buf_clear(&raw);
    tap_need(ro_buf_extend(&raw, RO_RECORD_LIMIT + 1));
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "size"));
}

static void
test_charter(void)
{
    static const uint8_t other[32] = {9};
    uint32_t again = 1;
    CHARTER_REFUSED(m->circle = ro_as_field((struct ro_bytes){other, 16}),
                    RO_BAD_RECORD, "circle");
    CHARTER_REFUSED(m->has_circle = 0, RO_BAD_RECORD, "circle");
    CHARTER_REFUSED(m->has_serial = 0, RO_BAD_RECORD, "serial");
    CHARTER_REFUSED(m->serial = 0, RO_BAD_RECORD, "serial");
    CHARTER_REFUSED(m->serial = circle->serial, RO_OLD_SERIAL, "serial");
    CHARTER_REFUSED(m->serial = again, RO_OLD_SERIAL, "serial");
    CHARTER_REFUSED(m->serial += RO_SERIAL_STEP_MAX, RO_BAD_RECORD, "serial");
    CHARTER_REFUSED(m->serial = UINT64_MAX, RO_BAD_RECORD, "serial");
    CHARTER_REFUSED(m->name = NULL, RO_BAD_RECORD, "name");
    CHARTER_REFUSED(m->name = long_name, RO_BAD_RECORD, "name");
    CHARTER_REFUSED(m->circle_conf = NULL, RO_BAD_RECORD, "circle_conf");
    char bell[] = "a\abell";
    CHARTER_REFUSED(m->circle_conf = bell, RO_BAD_RECORD, "circle_conf");
    CHARTER_REFUSED(m->name = bell, RO_BAD_RECORD, "name");
    CHARTER_REFUSED(m->n_authority_keys = 2, RO_BAD_RECORD, "authority_keys");
    CHARTER_REFUSED(m->authority_keys[2] = m->authority_keys[1], RO_BAD_RECORD,
                    "authority_keys");
    CHARTER_REFUSED(m->authority_keys[2].len = 31, RO_BAD_RECORD,
                    "authority_keys");
    CHARTER_REFUSED(m->threshold = 1, RO_BAD_RECORD, "threshold");
    CHARTER_REFUSED(m->has_threshold = 0, RO_BAD_RECORD, "threshold");
    CHARTER_REFUSED(m->psk_generation = 0, RO_BAD_RECORD, "psk_generation");
    CHARTER_REFUSED(m->has_psk_generation = 0, RO_BAD_RECORD, "psk_generation");
    CHARTER_REFUSED(m->broker = NULL, RO_BAD_RECORD, "broker");
}

/* A record may skip serials, but not so many that the last one comes near. */
static void
test_skipped_serials(void)
{
    struct test_charter draft;
    struct test_circle *fresh = test_circle_new(7);
    test_circle_charter(fresh);
    uint64_t before = fresh->serial;
    test_charter_init(fresh, &draft);
    draft.message.serial = before + RO_SERIAL_STEP_MAX;
    test_sign_authority(fresh, REACHOUT__SIGNED__KIND__CHARTER,
                        &draft.message.base, &raw);
    tap_is(test_circle_add(fresh, ro_buf_view(&raw), NULL), RO_OK);
    tap_ok(ro_directory_serial(fresh->directory, NULL) ==
           before + RO_SERIAL_STEP_MAX);
    test_circle_free(fresh);
}

static void
test_charter_keys(void)
{
    const struct test_member *school = circle->members[1];
    static const uint8_t zero[32];
    ProtobufCBinaryData low = ro_as_field((struct ro_bytes){zero, 32});
    CHARTER_REFUSED(m->has_enrolment_key = 0;
                    m->enrolment_key.len = 0, RO_BAD_RECORD, "enrolment_key");
    CHARTER_REFUSED(m->enrolment_key = low, RO_BAD_RECORD, "enrolment_key");
    CHARTER_REFUSED(m->mailbox_key.len = 31, RO_BAD_RECORD, "mailbox_key");
    CHARTER_REFUSED(m->mailbox_key = m->enrolment_key, RO_KEY_REUSED,
                    "mailbox_key");
    CHARTER_REFUSED(m->mailbox_key = test_key_field(school->key), RO_KEY_REUSED,
                    "mailbox_key");
    CHARTER_REFUSED(m->enrolment_key =
                        test_key_field(school->seats[0]->sealing),
                    RO_KEY_REUSED, "enrolment_key");
    CHARTER_REFUSED(m->enrolment_key = test_key_field(circle->authority[0]),
                    RO_KEY_REUSED, "enrolment_key");
    CHARTER_REFUSED(draft.broker.signing_key = m->mailbox_key, RO_KEY_REUSED,
                    "signing_key");
    CHARTER_REFUSED(draft.broker.signing_key = low, RO_BAD_RECORD,
                    "signing_key");
    CHARTER_REFUSED(draft.broker.curve_key = low, RO_BAD_RECORD, "curve_key");
    CHARTER_REFUSED(draft.broker.has_curve_key = 0;
                    draft.broker.curve_key.len = 0, RO_BAD_RECORD, "curve_key");
    CHARTER_REFUSED(draft.broker.member_endpoint = NULL, RO_BAD_RECORD,
                    "member_endpoint");
    CHARTER_REFUSED(draft.broker.open_endpoint = long_name, RO_BAD_RECORD,
                    "open_endpoint");
}

static void
test_broker_key(void)
{
    static const uint8_t other[16] = {9};
    const struct test_member *school = circle->members[1];
    BROKER_REFUSED(m->circle = ro_as_field((struct ro_bytes){other, 16}),
                   RO_BAD_RECORD, "circle");
    BROKER_REFUSED(m->serial = 1, RO_OLD_SERIAL, "serial");
    BROKER_REFUSED(m->serial += RO_SERIAL_STEP_MAX, RO_BAD_RECORD, "serial");
    BROKER_REFUSED(m->broker = NULL, RO_BAD_RECORD, "broker");
    BROKER_REFUSED(draft.broker.open_endpoint = NULL, RO_BAD_RECORD,
                   "open_endpoint");
    BROKER_REFUSED(draft.broker.signing_key =
                       test_key_field(school->seats[0]->transport),
                   RO_KEY_REUSED, "signing_key");
    BROKER_REFUSED(draft.broker.signing_key = test_key_field(circle->mailbox),
                   RO_KEY_REUSED, "signing_key");
}

/* A broker key that was replaced does not come back. */
static void
test_old_broker_key(void)
{
    struct test_circle *fresh = test_circle_open(8, 0);
    struct test_broker_key draft;
    struct ro_keypair *old = fresh->broker_signing;
    fresh->broker_signing = ro_keypair_new(&fresh->entropy);
    test_broker_key_init(fresh, &draft);
    test_sign_authority(fresh, REACHOUT__SIGNED__KIND__BROKER_KEY,
                        &draft.message.base, &raw);
    tap_is(test_circle_add(fresh, ro_buf_view(&raw), NULL), RO_OK);
    ro_keypair_free(fresh->broker_signing);
    fresh->broker_signing = old;
    test_broker_key_init(fresh, &draft);
    test_sign_authority(fresh, REACHOUT__SIGNED__KIND__BROKER_KEY,
                        &draft.message.base, &raw);
    tap_ok(refuses(fresh, &raw, RO_KEY_REUSED, "signing_key"));
    test_circle_free(fresh);
}

/* What stands in `raw` with the last of its signatures left out or changed. */
static void
alter_signatures(size_t n, uint8_t flip)
{
    struct ro_signed sig;
    RO_AUTOBUF kept = {0};
    ro_buf_put(&kept, raw.data, raw.size);
    test_must(ro_signed_open(ro_buf_view(&kept), &sig));
    sig.n_signers = n;
    sig.signers[n > 0 ? n - 1 : 0].signature.b[7] ^= flip;
    ro_buf_clear(&raw);
    test_must(ro_signed_put(&sig, &raw));
}

static void
sign_next_charter(void)
{
    struct test_charter draft;
    test_charter_init(circle, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__CHARTER,
                        &draft.message.base, &raw);
}

static void
test_signatures(void)
{
    sign_next_charter();
    alter_signatures(1, 0);
    tap_ok(refuses(circle, &raw, RO_NO_RIGHT, "signatures"));
    alter_signatures(0, 0);
    tap_ok(refuses(circle, &raw, RO_NO_RIGHT, "signatures"));
    sign_next_charter();
    alter_signatures(2, 1);
    tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"));
    /* one bit of the body, in the name */
    sign_next_charter();
    uint8_t *name = memmem(raw.data, raw.size, "Test circle", 11);
    tap_need(name != NULL);
    name[0] ^= 1;
    tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"));
    /* trust skips the mathematics, never the number of signatures */
    struct ro_replaying trust = {.how = RO_REPLAY_TRUST};
    sign_next_charter();
    alter_signatures(1, 0);
    tap_is(ro_directory_add(circle->directory, ro_buf_view(&raw), &trust, NULL),
           RO_NO_RIGHT);
}

/* Every kind that the authority signs: one signature too few, one that does not
 * hold, and the very same record with both. */
static void
check_guarded(Reachout__Signed__Kind kind, const ProtobufCMessage *message)
{
    test_sign_authority(circle, kind, message, &raw);
    alter_signatures(1, 0);
    tap_ok(refuses(circle, &raw, RO_NO_RIGHT, "signatures"));
    test_sign_authority(circle, kind, message, &raw);
    alter_signatures(2, 1);
    tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"));
    test_sign_authority(circle, kind, message, &raw);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
}

static void
test_every_kind_is_signed(void)
{
    struct test_charter charter;
    struct test_broker_key broker;
    Reachout__Member member;
    Reachout__Listing row;
    Reachout__Listing *rows[] = {&row};
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    char name[32];
    test_charter_init(circle, &charter);
    check_guarded(REACHOUT__SIGNED__KIND__CHARTER, &charter.message.base);
    test_broker_key_init(circle, &broker);
    check_guarded(REACHOUT__SIGNED__KIND__BROKER_KEY, &broker.message.base);
    test_listing_init(circle, 300001, name, &row);
    block.has_circle = block.has_serial = 1;
    block.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    block.serial = circle->serial + 1;
    block.n_listings = 1;
    block.listings = rows;
    check_guarded(REACHOUT__SIGNED__KIND__LISTING, &block.base);
    struct test_member *joiner =
        test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL, 300001, NULL);
    test_member_init(circle, joiner, &member);
    check_guarded(REACHOUT__SIGNED__KIND__MEMBER, &member.base);
    Reachout__Revocation gone = REACHOUT__REVOCATION__INIT;
    ProtobufCBinaryData id =
        ro_as_field((struct ro_bytes){joiner->id.b, RO_ID_SIZE});
    gone.has_circle = gone.has_serial = 1;
    gone.circle = block.circle;
    gone.serial = circle->serial + 1;
    gone.n_members = 1;
    gone.members = &id;
    check_guarded(REACHOUT__SIGNED__KIND__REVOCATION, &gone.base);
}

/* In the first charter nothing is known yet, and its keys still differ. */
static void
test_first_charter(void)
{
    struct test_circle *here = circle;
    circle = test_circle_new(98);
    CHARTER_REFUSED(m->mailbox_key = m->enrolment_key, RO_KEY_REUSED,
                    "mailbox_key");
    CHARTER_REFUSED(draft.broker.signing_key = m->mailbox_key, RO_KEY_REUSED,
                    "signing_key");
    CHARTER_REFUSED(m->has_psk_generation = 0, RO_BAD_RECORD, "psk_generation");
    CHARTER_REFUSED(m->enrolment_key = test_key_field(circle->authority[0]),
                    RO_KEY_REUSED, "enrolment_key");
    test_circle_charter(circle);
    tap_ok(ro_directory_size(circle->directory) == 1);
    test_circle_free(circle);
    circle = here;
}

/* Signs a block of `n` rows after `change` on the first. */
#define LISTING_REFUSED(n, change, status, word)                               \
    do {                                                                       \
        Reachout__Listing rows[2];                                             \
        Reachout__Listing *pointers[] = {&rows[0], &rows[1]};                  \
        char names[2][32];                                                     \
        Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;          \
        Reachout__Listing *m = &rows[0];                                       \
        test_listing_init(circle, 200001, names[0], &rows[0]);                 \
        test_listing_init(circle, 200002, names[1], &rows[1]);                 \
        block.has_circle = block.has_serial = 1;                               \
        block.circle =                                                         \
            ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});          \
        block.serial = circle->serial + 1;                                     \
        block.n_listings = (n);                                                \
        block.listings = pointers;                                             \
        (void)m;                                                               \
        change;                                                                \
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING,           \
                            &block.base, &raw);                                \
        tap_say(refuses(circle, &raw, status, word), #change);                 \
    } while (0)

static void
test_listings(void)
{
    char escape[] = "a\x1b[2Jb";
    char not_utf8[] = "caf\xe9";
    LISTING_REFUSED(0, (void)0, RO_BAD_RECORD, "listings");
    LISTING_REFUSED(2, block.serial = 2, RO_OLD_SERIAL, "serial");
    LISTING_REFUSED(2, block.has_circle = 0, RO_BAD_RECORD, "circle");
    LISTING_REFUSED(2, rows[1].urn = rows[0].urn, RO_BAD_RECORD, "urn");
    LISTING_REFUSED(2, m->has_urn = 0, RO_BAD_RECORD, "urn");
    LISTING_REFUSED(2, m->urn = 0, RO_BAD_RECORD, "urn");
    LISTING_REFUSED(2, m->urn = UINT32_MAX, RO_BAD_RECORD, "urn");
    LISTING_REFUSED(2, m->name = NULL, RO_BAD_RECORD, "name");
    LISTING_REFUSED(2, m->name = escape, RO_BAD_RECORD, "name");
    LISTING_REFUSED(2, m->phase = long_name, RO_BAD_RECORD, "phase");
    LISTING_REFUSED(2, m->type = escape, RO_BAD_RECORD, "type");
    LISTING_REFUSED(2, m->la_code = escape, RO_BAD_RECORD, "la_code");
    LISTING_REFUSED(2, m->la_name = not_utf8, RO_BAD_RECORD, "la_name");
    LISTING_REFUSED(2, m->trust = escape, RO_BAD_RECORD, "trust");
    LISTING_REFUSED(2, m->has_easting = 0, RO_BAD_RECORD, "easting");
    LISTING_REFUSED(2, m->has_northing = 0, RO_BAD_RECORD, "easting");
    LISTING_REFUSED(2, m->northing = INT32_MIN, RO_BAD_RECORD, "easting");
    LISTING_REFUSED(2, m->easting = INT32_MAX, RO_BAD_RECORD, "easting");
    LISTING_REFUSED(2, m->roll = UINT32_MAX, RO_BAD_RECORD, "roll");
}

int
main(void)
{
    circle = test_circle_of(5, 3, 2);
    memset(long_name, 'n', 300);
    test_circle_charter(circle);
    test_circle_list(circle, TEST_FIRST_URN, 3);
    test_circle_team(circle, "Team");
    test_circle_school(circle, TEST_FIRST_URN);
    tap_run(test_begins);
    tap_run(test_container);
    tap_run(test_charter);
    tap_run(test_skipped_serials);
    tap_run(test_charter_keys);
    tap_run(test_broker_key);
    tap_run(test_old_broker_key);
    tap_run(test_signatures);
    tap_run(test_every_kind_is_signed);
    tap_run(test_first_charter);
    tap_run(test_listings);
    /* and what is right still comes in */
    sign_next_charter();
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    ro_buf_fini(&raw);
    test_circle_free(circle);
    return tap_done();
}

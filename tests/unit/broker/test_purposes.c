/* SPDX-License-Identifier: Apache-2.0 */
/*
 * One signature, one purpose. Every label that anything is signed under
 * (labels.def tells which; each needs a row here) has one good signature and
 * the code that believes it: log, certificate, checkpoint, epoch keys, ticket,
 * the broker's verbs. Each verifier is shown
 *   every other signed thing with its signature, and
 *   its own thing, signed by the right key under every other label there is,
 * and takes its own alone.
 */
#include "common/crypto/door.h"
#include "common/wire/checkpoint.h"
#include "common/wire/notices.h"
#include "common/wire/rules.h"
#include "unit/broker/rig.h"

static const enum ro_label purposes[] = {
#define X(name, text)
#define S(name, text) RO_LABEL_##name,
#include "common/crypto/labels.def"
#undef X
};
#define N_PURPOSES RO_LEN(purposes)

static struct rig *rig;
static struct test_circle *circle;
static struct ro_arena *arena;
static struct peer guest;

/* What is signed, and where the signature goes. */
struct row {
    const struct ro_keypair *signer;
    struct ro_buf message;
    struct ro_signature signature;
    struct ro_signed sig; /* the container, if it has one */
    size_t slot;
    bool (*takes)(const struct row *row);
};
static struct row rows[RO_LABEL_COUNT];
static struct ro_buf containers[RO_LABEL_COUNT];

/* --- verifiers -----------------------------------------------------------
 */

static void
put_container(const struct row *row, struct ro_buf *ret_raw)
{
    struct ro_signed sig = row->sig;
    sig.body = ro_buf_view(&row->message);
    sig.signers[row->slot].signature = row->signature;
    test_must(ro_signed_put(&sig, ret_raw));
}

/* In a copy of the log, so that all are tried alike. */
static bool
log_takes(const struct row *row)
{
    RO_AUTOBUF raw = {0};
    struct ro_replaying check = {.how = RO_REPLAY_CHECK};
    put_container(row, &raw);
    struct ro_directory *copy =
        test_circle_replay(circle, circle->n_records, RO_REPLAY_TRUST);
    enum ro_status s = ro_directory_add(copy, ro_buf_view(&raw), &check, NULL);
    ro_directory_free(copy);
    return s == RO_OK;
}

/* A seat certificate is believed in the log, and before, in an enrolment. */
static bool
seat_opens(const struct row *row)
{
    RO_AUTOBUF raw = {0};
    Reachout__Seat *seat = NULL;
    put_container(row, &raw);
    bool opens = ro_seat_open(ro_buf_view(&raw),
                              ro_keypair_public(circle->members[1]->key), arena,
                              &seat) == RO_OK;
    if (opens != log_takes(row))
        abort(); /* two that should be one */
    return opens;
}

static bool
checkpoint_opens(const struct row *row)
{
    RO_AUTOBUF raw = {0};
    struct ro_checkpoint point;
    put_container(row, &raw);
    return ro_checkpoint_open(ro_buf_view(&raw), &circle->id,
                              ro_keypair_public(circle->broker_signing),
                              &point) == RO_OK;
}

static bool
notice_checks(const struct row *row)
{
    RO_AUTOBUF raw = {0};
    struct ro_notice_facts facts;
    struct ro_notices *notices = ro_notices_new();
    put_container(row, &raw);
    enum ro_status s = ro_notices_check(notices, circle->directory,
                                        ro_buf_view(&raw), NULL, &facts);
    ro_notices_free(notices);
    return s == RO_OK;
}

static bool
ticket_opens(const struct row *row)
{
    RO_AUTOBUF raw = {0};
    Reachout__Ticket *ticket = NULL;
    put_container(row, &raw);
    return ro_ticket_open(ro_buf_view(&raw), &circle->root, TEST_NOW_S, arena,
                          &ticket) == RO_OK;
}

static bool
attach_takes(const struct row *row)
{
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    const ProtobufCMessage *message = NULL;
    ask.has_mailbox_key = ask.has_proof = true;
    ask.mailbox_key = rig_field(ro_keypair_public(row->signer)->b, RO_KEY_SIZE);
    ask.proof = rig_field(row->signature.b, RO_SIGNATURE_SIZE);
    return rig_ask(rig, &guest, &(struct rig_ask){RO_VERB_ATTACH, &ask.base},
                   &message) == RO_OK;
}

/* --- enrolment at the broker ---------------------------------------------
 */

/* An answer: its bytes, and the mailbox that the request opened for it. */
static uint8_t body[1024];
static uint8_t wrap[RO_WRAP_SIZE];
static struct ro_seat_id joiner;

static void
fill_mail(Reachout__Enrol__Ask *ask)
{
    ask->has_body = ask->has_wrap = true;
    ask->body = rig_field(body, sizeof(body));
    ask->wrap = rig_field(wrap, sizeof(wrap));
    ask->has_generation = ask->has_expiry_hour = true;
    ask->generation = circle->generation;
    ask->expiry_hour = ro_hour_of(rig->clock.wall_s) + 24;
}

static enum ro_status
enrol(const Reachout__Enrol__Ask *ask)
{
    const ProtobufCMessage *message = NULL;
    return rig_ask(rig, &guest, &(struct rig_ask){RO_VERB_ENROL, &ask->base},
                   &message);
}

static bool
answer_is_taken(const struct row *row)
{
    Reachout__Enrol__Ask ask = REACHOUT__ENROL__ASK__INIT;
    fill_mail(&ask);
    ask.has_answer_to = ask.has_signature = true;
    ask.answer_to = rig_field(joiner.b, RO_ID_SIZE);
    ask.signature = rig_field(row->signature.b, RO_SIGNATURE_SIZE);
    return enrol(&ask) == RO_OK;
}

static void
open_mailbox(void)
{
    Reachout__Enrol__Ask ask = REACHOUT__ENROL__ASK__INIT;
    Reachout__Ticket ticket;
    RO_AUTOBUF raw = {0};
    struct ro_keypair *pair = ro_keypair_new(&circle->entropy);
    test_ticket_init(circle, TEST_FIRST_URN + 5, &ticket);
    test_sign_ticket(circle, &ticket, &raw);
    ro_seat_id_of(ro_keypair_public(pair), &joiner);
    fill_mail(&ask);
    ask.has_ticket = ask.has_mailbox_key = true;
    ask.ticket = ro_as_field(ro_buf_view(&raw));
    ask.mailbox_key = rig_field(ro_keypair_public(pair)->b, RO_KEY_SIZE);
    test_must(enrol(&ask));
    ro_keypair_free(pair);
}

/* --- the rows ------------------------------------------------------------
 */

/* The container's i-th signature is that row's. */
static void
set_row(enum ro_label label,
        const struct ro_keypair *signer,
        bool (*takes)(const struct row *row),
        size_t slot)
{
    struct row *row = &rows[label];
    row->signer = signer;
    row->slot = slot;
    row->takes = takes;
    test_must(ro_signed_open(ro_buf_view(&containers[label]), &row->sig));
    ro_buf_put(&row->message, row->sig.body.data, row->sig.body.size);
    row->signature = row->sig.signers[slot].signature;
}

static void
set_record(enum ro_label label,
           Reachout__Signed__Kind kind,
           const ProtobufCMessage *message)
{
    test_sign_authority(circle, kind, message, &containers[label]);
    set_row(label, circle->authority[0], log_takes, 0);
}

static void
make_records(void)
{
    struct test_charter charter;
    struct test_broker_key broker;
    Reachout__Listing listing;
    Reachout__Listing *listings[] = {&listing};
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    Reachout__Member member;
    Reachout__Revocation revocation = REACHOUT__REVOCATION__INIT;
    char name[32];
    ProtobufCBinaryData seat =
        rig_field(circle->members[2]->seats[0]->id.b, RO_ID_SIZE);
    test_charter_init(circle, &charter);
    set_record(RO_LABEL_CHARTER, REACHOUT__SIGNED__KIND__CHARTER,
               &charter.message.base);
    test_listing_init(circle, 200001, name, &listing);
    block.has_circle = block.has_serial = 1;
    block.circle = charter.message.circle;
    block.serial = circle->serial + 1;
    block.n_listings = 1;
    block.listings = listings;
    set_record(RO_LABEL_LISTING, REACHOUT__SIGNED__KIND__LISTING, &block.base);
    test_member_init(circle,
                     test_member_new(circle, REACHOUT__MEMBER_KIND__SCHOOL,
                                     TEST_FIRST_URN + 5, NULL),
                     &member);
    set_record(RO_LABEL_MEMBER, REACHOUT__SIGNED__KIND__MEMBER, &member.base);
    revocation.has_circle = revocation.has_serial = 1;
    revocation.circle = charter.message.circle;
    revocation.serial = circle->serial + 1;
    revocation.n_seats = 1;
    revocation.seats = &seat;
    set_record(RO_LABEL_REVOCATION, REACHOUT__SIGNED__KIND__REVOCATION,
               &revocation.base);
    test_broker_key_init(circle, &broker);
    set_record(RO_LABEL_BROKER_KEY, REACHOUT__SIGNED__KIND__BROKER_KEY,
               &broker.message.base);
}

static void
make_handover(void)
{
    struct test_member *team = circle->members[0];
    struct ro_keypair *fresh = ro_keypair_new(&circle->entropy);
    const struct ro_signing signings[] = {
        {circle->authority[0], RO_LABEL_MEMBER,          0                },
        {team->key,            RO_LABEL_MEMBER_HANDOVER, RO_SIGNER_OLD_KEY},
        {fresh,                RO_LABEL_MEMBER_HANDOVER, RO_SIGNER_NEW_KEY},
    };
    RO_AUTOBUF packed = {0};
    Reachout__Member message;
    test_member_init(circle, team, &message);
    message.has_home_urn = 1;
    message.home_urn = TEST_FIRST_URN + 1;
    message.key = rig_field(ro_keypair_public(fresh)->b, RO_KEY_SIZE);
    test_must(ro_pack(&message.base, &packed));
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__MEMBER,
                             ro_buf_view(&packed), signings, RO_LEN(signings),
                             &containers[RO_LABEL_MEMBER_HANDOVER]));
    set_row(RO_LABEL_MEMBER_HANDOVER, team->key, log_takes, 1);
    ro_keypair_free(fresh);
}

static void
make_seat(void)
{
    struct test_member *school = circle->members[1];
    struct test_seat *chair =
        test_seat_new(circle, school, REACHOUT__ROLE__CHAIR);
    const struct {
        enum ro_label label;
        const struct ro_keypair *signer;
    } five[] = {
        {RO_LABEL_SEAT,           school->key     },
        {RO_LABEL_SEAT_COUNTER,   chair->signing  },
        {RO_LABEL_SEAT_SEALING,   chair->sealing  },
        {RO_LABEL_SEAT_FALLBACK,  chair->fallback },
        {RO_LABEL_SEAT_TRANSPORT, chair->transport},
    };
    Reachout__Seat message;
    test_seat_init(circle, chair, &message);
    for (size_t i = 0; i < RO_LEN(five); i++) {
        test_sign_seat(chair, &message, &containers[five[i].label]);
        set_row(five[i].label, five[i].signer, seat_opens, i);
    }
}

static void
make_others(void)
{
    struct test_seat *lead = circle->members[1]->seats[0];
    Reachout__Ticket ticket;
    test_circle_checkpoint(circle, 500000, &containers[RO_LABEL_CHECKPOINT]);
    set_row(RO_LABEL_CHECKPOINT, circle->broker_signing, checkpoint_opens, 0);
    test_seat_notice(circle, lead, TEST_DAY, 5,
                     &containers[RO_LABEL_EPOCH_KEYS]);
    set_row(RO_LABEL_EPOCH_KEYS, lead->signing, notice_checks, 0);
    test_ticket_init(circle, TEST_FIRST_URN + 5, &ticket);
    test_sign_ticket(circle, &ticket, &containers[RO_LABEL_TICKET]);
    set_row(RO_LABEL_TICKET, circle->authority[0], ticket_opens, 0);
}

/* What is signed without a container. */
static void
make_proofs(void)
{
    struct row *row = &rows[RO_LABEL_MAILBOX];
    const struct test_seat *lead = circle->members[1]->seats[0];
    uint8_t proof[RO_MAILBOX_PROOF_SIZE];
    ro_mailbox_proof_message(ro_keypair_x25519(circle->broker_curve),
                             &guest.curve, &lead->id, proof);
    ro_buf_put(&row->message, proof, sizeof(proof));
    row->signer = lead->signing;
    row->takes = attach_takes;
    ro_sign(row->signer, RO_LABEL_MAILBOX, ro_buf_view(&row->message),
            &row->signature);

    struct ro_hash hash;
    row = &rows[RO_LABEL_ENROL_ANSWER];
    open_mailbox();
    ro_body_hash((struct ro_bytes){body, sizeof(body)}, &hash);
    ro_buf_put(&row->message, joiner.b, RO_ID_SIZE);
    ro_buf_put(&row->message, hash.b, RO_HASH_SIZE);
    ro_buf_put(&row->message, wrap, sizeof(wrap));
    row->signer = circle->authority[0];
    row->takes = answer_is_taken;
    ro_sign(row->signer, RO_LABEL_ENROL_ANSWER, ro_buf_view(&row->message),
            &row->signature);
}

/* --- the matrix ----------------------------------------------------------
 */

static const char *
name_of(enum ro_label label)
{
    return (const char *)ro_label_bytes(label).data;
}

static void
test_every_purpose_has_its_row(void)
{
    size_t taken = 0;
    for (size_t i = 0; i < N_PURPOSES; i++) {
        const struct row *row = &rows[purposes[i]];
        bool is_taken = row->takes != NULL && row->takes(row);
        tap_say(is_taken, name_of(purposes[i]));
        taken += is_taken;
    }
    tap_need(taken == N_PURPOSES); /* the others look at each */
}

/* Thing i with its signature, before the verifier of k. */
static bool
is_taken_as(const struct row *thing, const struct row *verifier)
{
    struct row shown = *verifier;
    shown.message = thing->message;
    shown.signature = thing->signature;
    return verifier->takes(&shown);
}

static void
test_no_other_thing(void)
{
    for (size_t k = 0; k < N_PURPOSES; k++) {
        size_t taken = 0;
        for (size_t i = 0; i < N_PURPOSES; i++) {
            taken +=
                i != k && is_taken_as(&rows[purposes[i]], &rows[purposes[k]]);
        }
        tap_say(taken == 0, name_of(purposes[k]));
    }
}

/* The right words by the right key, meant as something else. */
static void
test_no_other_label(void)
{
    for (size_t k = 0; k < N_PURPOSES; k++) {
        size_t taken = 0;
        for (int label = 0; label < RO_LABEL_COUNT; label++) {
            struct row shown = rows[purposes[k]];
            ro_sign(shown.signer, (enum ro_label)label,
                    ro_buf_view(&shown.message), &shown.signature);
            bool is_own = (enum ro_label)label == purposes[k];
            taken += shown.takes(&shown) != is_own;
        }
        tap_say(taken == 0, name_of(purposes[k]));
    }
}

int
main(void)
{
    rig = rig_open(3);
    circle = rig->circle;
    guest = rig_guest(rig);
    arena = ro_arena_new(65536, RO_UNPACK_PIECES);
    tap_need(arena != NULL);
    make_proofs();
    make_records();
    make_handover();
    make_seat();
    make_others();
    tap_run(test_every_purpose_has_its_row);
    tap_run(test_no_other_thing);
    tap_run(test_no_other_label);
    for (size_t i = 0; i < RO_LABEL_COUNT; i++) {
        ro_buf_fini(&rows[i].message);
        ro_buf_fini(&containers[i]);
    }
    ro_arena_free(arena);
    rig_close(rig);
    return tap_done();
}

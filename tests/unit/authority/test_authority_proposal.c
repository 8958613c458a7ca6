/* SPDX-License-Identifier: Apache-2.0 */
/* Proposals: what is forged in them, who has signed, and whose keys are here.
 */
#include "tests/unit/authority/test_authority_support.h"

#include <unistd.h>

#include "client/authority/envelope.h"
#include "client/authority/log.h"
#include "client/authority/petition.h"
#include "client/authority/proposal.h"
#include "client/authority/revoke.h"
#include "client/authority/rotation.h"
#include "client/authority/signing.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

/* A circle whose 2 of 3 keys sign, beside the one of the support. */
struct two {
    struct circle circle;
    char dir[200];
    struct authority *authority;
    struct keys keys;     /* all three */
    struct ro_buf record; /* a revocation with no signature */
};

static void
two_make(struct two *two)
{
    struct ro_why why = {""};
    struct authority_founded founded = {0};
    const struct ro_seat_id seat = {{7}};
    struct authority_revoked *revoked = calloc(1, sizeof(*revoked));
    const struct keys *keys = NULL;
    *two = (struct two){0};
    circle_make(&two->circle);
    (void)snprintf(two->dir, sizeof(two->dir), "%s",
                   circle_path(&two->circle, "two"));
    const struct authority_founding founding = {
        .dir = two->dir, .circle = "Two", .keys = 3, .threshold = 2};
    NEED(revoked != NULL);
    NEED(authority_found(&founding, &two->circle.world, &why, &founded) ==
         RO_OK);
    authority_founded_fini(&founded);
    NEED(authority_open(two->dir, &two->circle.world, &why, &two->authority) ==
         RO_OK);
    NEED(authority_keys(two->authority, &why, &keys) == RO_OK);
    NEED(keys_gather(circle_path(&two->circle, "two/keys"),
                     &two->authority->root, &why, &two->keys) == RO_OK);
    NEED(keys->n == 3 && two->keys.n == 3);
    RO_AUTOBUF full = {0};
    struct ro_signed sig;
    revoked->seats[revoked->n_seats++] = seat;
    revoked->serial = 5;
    NEED(authority_revocation_sign(two->authority, revoked, &why, &full) ==
         RO_OK);
    NEED(ro_signed_open(ro_buf_view(&full), &sig) == RO_OK);
    NEED(sig.n_signers == 2);
    sig.n_signers = 0;
    NEED(ro_signed_put(&sig, &two->record) == RO_OK);
    free(revoked);
}

static void
two_fini(struct two *two)
{
    keys_fini(&two->keys);
    ro_buf_fini(&two->record);
    authority_free(two->authority);
    circle_fini(&two->circle);
}

/* A proposal of that record, signed by the keys of a mask. */
static struct proposal *
propose(const struct two *two, unsigned mask)
{
    struct proposal *proposal = proposal_new(&two->authority->circle);
    struct keys some = {0};
    NEED(proposal != NULL);
    NEED(proposal_add(proposal, ro_buf_view(&two->record), NULL) == RO_OK);
    for (unsigned i = 0; i < 3; i++) {
        if ((mask & 1U << i) != 0)
            some.pairs[i] = two->keys.pairs[i];
    }
    (void)proposal_sign(proposal, &some);
    return proposal;
}

static enum ro_status
check(const struct two *two, const struct proposal *proposal)
{
    struct ro_why why = {""};
    enum ro_status s = proposal_check(proposal, &two->authority->root, &why);
    printf("# %s: %s\n", ro_status_name(s), why.text);
    return s;
}

/* --- what is forged ------------------------------------------------------ */

static void
test_signatures(void)
{
    struct two two;
    two_make(&two);
    struct proposal *proposal = propose(&two, 5);
    struct ro_signed *sig = &proposal->records[0].sig;
    tap_is(check(&two, proposal), RO_OK);
    tap_ok(proposal_signatures(proposal) == 2);
    tap_ok(proposal_is_complete(proposal, 2));
    tap_ok(!proposal_is_complete(proposal, 3));

    sig->signers[1].index = 0;
    tap_say(check(&two, proposal) == RO_BAD_SIGNATURE, "one key twice");
    sig->signers[1].index = 1;
    tap_say(check(&two, proposal) == RO_BAD_SIGNATURE, "another key's");
    sig->signers[1].index = 3;
    tap_say(check(&two, proposal) == RO_BAD_SIGNATURE, "a key of nobody");
    sig->signers[1].index = RO_SIGNER_OLD_KEY;
    tap_say(check(&two, proposal) == RO_BAD_SIGNATURE, "no member hands over");
    sig->signers[1].index = 2;
    sig->signers[1].signature.b[0] ^= 1;
    tap_is(check(&two, proposal), RO_BAD_SIGNATURE);
    proposal_free(proposal);
    two_fini(&two);
}

static void
test_bodies(void)
{
    struct two two;
    two_make(&two);
    struct proposal *proposal = propose(&two, 3);
    struct proposal_record *record = &proposal->records[0];
    size_t last = record->raw.size - 1;
    proposal->circle.b[0] ^= 1;
    tap_say(check(&two, proposal) == RO_BAD_INPUT, "another circle");
    proposal->circle.b[0] ^= 1;
    record->raw.data[last] ^=
        1; /* of the seat's id, which the body ends with */
    tap_say(check(&two, proposal) == RO_BAD_SIGNATURE, "a changed body");
    record->raw.data[last] ^= 1;
    tap_is(check(&two, proposal), RO_OK);
    proposal_free(proposal);

    /* of another circle in its body only, rightly signed */
    struct authority_revoked *revoked = calloc(1, sizeof(*revoked));
    RO_AUTOBUF foreign = {0};
    NEED(revoked != NULL);
    revoked->n_seats = 1;
    revoked->serial = 5;
    two.authority->circle.b[0] ^= 1;
    NEED(authority_revocation_sign(two.authority, revoked, NULL, &foreign) ==
         RO_OK);
    two.authority->circle.b[0] ^= 1;
    proposal = proposal_new(&two.authority->circle);
    NEED(proposal_add(proposal, ro_buf_view(&foreign), NULL) == RO_OK);
    tap_say(check(&two, proposal) == RO_BAD_INPUT, "another circle's record");
    proposal_free(proposal);

    revoked->serial = 0;
    ro_buf_clear(&foreign);
    NEED(authority_revocation_sign(two.authority, revoked, NULL, &foreign) ==
         RO_OK);
    proposal = proposal_new(&two.authority->circle);
    NEED(proposal_add(proposal, ro_buf_view(&foreign), NULL) == RO_OK);
    tap_say(check(&two, proposal) == RO_BAD_INPUT, "no serial");
    proposal_free(proposal);
    free(revoked);
    two_fini(&two);
}

/* Kinds that an authority proposes, and those that do not belong. */
static void
test_kinds(void)
{
    static const struct {
        Reachout__Signed__Kind kind;
        enum ro_status status;
    } kinds[] = {
        {REACHOUT__SIGNED__KIND__CHARTER,    RO_OK        },
        {REACHOUT__SIGNED__KIND__LISTING,    RO_OK        },
        {REACHOUT__SIGNED__KIND__MEMBER,     RO_OK        },
        {REACHOUT__SIGNED__KIND__SEAT,       RO_OK        },
        {REACHOUT__SIGNED__KIND__REVOCATION, RO_OK        },
        {REACHOUT__SIGNED__KIND__BROKER_KEY, RO_BAD_RECORD},
        {REACHOUT__SIGNED__KIND__CHECKPOINT, RO_BAD_RECORD},
        {REACHOUT__SIGNED__KIND__EPOCH_KEYS, RO_BAD_RECORD},
        {REACHOUT__SIGNED__KIND__TICKET,     RO_BAD_RECORD},
    };
    struct two two;
    two_make(&two);
    struct proposal *proposal = proposal_new(&two.authority->circle);
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        RO_AUTOBUF record = {0};
        const struct ro_signing by = {two.keys.pairs[0],
                                      ro_signed_label(kinds[i].kind), 0};
        NEED(ro_signed_make(kinds[i].kind, ro_bytes_text("body"), &by, 1,
                            &record) == RO_OK);
        tap_is(proposal_add(proposal, ro_buf_view(&record), NULL),
               kinds[i].status);
    }
    tap_is(proposal_add(proposal, ro_bytes_text("nothing"), NULL),
           RO_BAD_RECORD);
    proposal_free(proposal);
    two_fini(&two);
}

/* A file says what it is, and holds what it says. */
static void
test_files(void)
{
    struct two two;
    struct ro_why why = {""};
    two_make(&two);
    const char *path = circle_path(&two.circle, "p1");
    struct proposal *proposal = propose(&two, 2);
    struct proposal *read = NULL;
    NEED(proposal_write(proposal, path, NULL) == RO_OK);
    tap_is(proposal_read(path, &why, &read), RO_OK);
    tap_ok(read->n_records == 1 && proposal_signatures(read) == 1);
    tap_is(check(&two, read), RO_OK);
    proposal_free(RO_STEAL(read));
    Reachout__Proposal message = REACHOUT__PROPOSAL__INIT;
    RO_AUTOBUF bytes = {0};
    NEED(ro_pack(&message.base, &bytes) == RO_OK);
    NEED(ro_armour_write(path, "proposal", ro_buf_view(&bytes), RO_FILE_SECRET,
                         NULL) == RO_OK);
    tap_say(proposal_read(path, &why, &read) == RO_BAD_INPUT, "no circle");
    message.has_circle = true;
    message.circle =
        ro_as_field((struct ro_bytes){two.authority->circle.b, RO_ID_SIZE});
    ro_buf_clear(&bytes);
    NEED(ro_pack(&message.base, &bytes) == RO_OK);
    NEED(ro_armour_write(path, "proposal", ro_buf_view(&bytes), RO_FILE_SECRET,
                         NULL) == RO_OK);
    tap_say(proposal_read(path, &why, &read) == RO_BAD_INPUT, "nothing in it");
    NEED(ro_armour_write(path, "key", ro_buf_view(&bytes), RO_FILE_SECRET,
                         NULL) == RO_OK);
    tap_say(proposal_read(path, &why, &read) == RO_BAD_INPUT, "another kind");
    proposal_free(proposal);
    two_fini(&two);
}

/* --- signing ------------------------------------------------------------- */

static void
test_merging(void)
{
    struct two two;
    struct ro_why why = {""};
    two_make(&two);
    struct proposal *one = propose(&two, 4);
    struct proposal *other = propose(&two, 1);
    tap_ok(proposal_signatures(one) == 1);
    tap_is(proposal_merge(one, other, &why), RO_OK);
    tap_ok(proposal_signatures(one) == 2);
    tap_ok(one->records[0].sig.signers[0].index == 0 &&
           one->records[0].sig.signers[1].index == 2);
    tap_is(proposal_merge(one, other, &why), RO_OK);
    tap_say(proposal_signatures(one) == 2, "the same copy counts once");
    tap_is(check(&two, one), RO_OK);
    const struct keys mine = {.pairs = {two.keys.pairs[0]}, .n = 1};
    tap_say(proposal_sign(one, &mine) == 0, "a key signs once");
    other->records[0].raw.data[other->records[0].raw.size - 1] ^= 1;
    tap_say(proposal_merge(one, other, &why) == RO_BAD_INPUT, "no copy");
    proposal_free(other);
    other = propose(&two, 1);
    NEED(proposal_add(other, ro_buf_view(&two.record), NULL) == RO_OK);
    tap_say(proposal_merge(one, other, &why) == RO_BAD_INPUT, "longer");
    proposal_free(other);
    proposal_free(one);
    two_fini(&two);
}

static enum ro_status
cosign(const char *dir, const char *path, const char *out)
{
    struct ro_why why = {""};
    struct authority_cosigned cosigned = {0};
    const struct authority_cosigning cosigning = {
        .dir = dir, .path = path, .out_path = out};
    enum ro_status s = authority_cosign(&cosigning, &why, &cosigned);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    authority_cosigned_fini(&cosigned);
    return s;
}

static void
test_cosigning(void)
{
    struct two two;
    char path[200];
    char out[200];
    two_make(&two);
    (void)snprintf(path, sizeof(path), "%s", circle_path(&two.circle, "p1"));
    (void)snprintf(out, sizeof(out), "%s", circle_path(&two.circle, "p2"));
    struct proposal *proposal = propose(&two, 0);
    NEED(proposal_write(proposal, path, NULL) == RO_OK);
    tap_is(cosign(two.circle.dir, path, out), RO_BAD_INPUT);
    tap_is(cosign(two.circle.root, path, out), RO_NOT_FOUND);
    tap_ok(access(out, F_OK) != 0);
    tap_is(cosign(two.dir, path, NULL), RO_OK);
    tap_ok(access(out, F_OK) != 0);
    tap_is(cosign(two.dir, path, path), RO_REFUSED);
    tap_is(cosign(two.dir, path, out), RO_OK);
    tap_is(cosign(two.dir, out, circle_path(&two.circle, "p3")), RO_REFUSED);
    NEED(rename(circle_path(&two.circle, "two/keys"),
                circle_path(&two.circle, "elsewhere")) == 0);
    tap_say(cosign(two.dir, path, circle_path(&two.circle, "p4")) == RO_REFUSED,
            "no key is here");
    tap_is(cosign(two.dir, path, NULL), RO_OK);
    proposal_free(proposal);
    two_fini(&two);
}

/* --- keys ---------------------------------------------------------------- */

static void
test_keys(void)
{
    struct two two;
    struct ro_why why = {""};
    struct keys keys = {0};
    const struct ro_root *root = NULL;
    two_make(&two);
    root = &two.authority->root;
    tap_is(keys_gather(circle_path(&two.circle, "none"), root, &why, &keys),
           RO_OK);
    tap_is(keys_gather(two.circle.root, root, &why, &keys), RO_OK);
    tap_say(keys.n == 0, "none in another folder");
    tap_is(keys_gather(two.dir, root, &why, &keys), RO_OK);
    tap_say(keys.n == 0, "door.key is no signing key");
    tap_is(
        keys_gather(circle_path(&two.circle, "auth/keys"), root, &why, &keys),
        RO_OK);
    tap_say(keys.n == 0, "another circle's are left alone");
    tap_is(keys_add_file(circle_path(&two.circle, "auth/keys/1.key"), root,
                         &why, &keys),
           RO_BAD_INPUT);
    tap_is(keys_add_file(circle_path(&two.circle, "two/keys/2.key"), root, &why,
                         &keys),
           RO_OK);
    tap_is(keys_add_file(circle_path(&two.circle, "two/keys/2.key"), root, &why,
                         &keys),
           RO_OK);
    tap_ok(keys.n == 1 && keys.pairs[1] != NULL);
    NEED(ro_armour_write(circle_path(&two.circle, "two/keys/x.key"), "key",
                         ro_bytes_text("too short"), RO_FILE_SECRET,
                         NULL) == RO_OK);
    tap_say(keys_gather(circle_path(&two.circle, "two/keys"), root, &why,
                        &keys) == RO_BAD_INPUT,
            "a damaged key is told");
    keys_fini(&keys);
    two_fini(&two);
}

/* Below the threshold nothing is signed unless it is drafted. */
static void
test_too_few(void)
{
    struct two two;
    struct ro_why why = {""};
    RO_AUTOBUF record = {0};
    struct ro_signed sig;
    two_make(&two);
    NEED(unlink(circle_path(&two.circle, "two/keys/1.key")) == 0);
    NEED(unlink(circle_path(&two.circle, "two/keys/3.key")) == 0);
    keys_fini(&two.authority->keys);
    tap_is(authority_sign(two.authority, REACHOUT__SIGNED__KIND__LISTING,
                          ro_bytes_text("body"), &why, &record),
           RO_REFUSED);
    tap_ok(strstr(why.text, "2 of 3 keys must sign and 1 is here") != NULL);
    tap_is(authority_draft(two.authority, circle_path(&two.circle, "d"), &why),
           RO_OK);
    tap_is(authority_sign(two.authority, REACHOUT__SIGNED__KIND__LISTING,
                          ro_bytes_text("body"), &why, &record),
           RO_OK);
    NEED(ro_signed_open(ro_buf_view(&record), &sig) == RO_OK);
    tap_ok(sig.n_signers == 1 && sig.signers[0].index == 1);
    two_fini(&two);
}

/* Records beyond the pin came from elsewhere, and are verified. */
static void
test_brought(void)
{
    static const uint32_t urns[] = {900001};
    struct circle circle;
    RO_AUTOBUF log = {0};
    circle_make(&circle);
    circle_charter(&circle);
    circle_keep(&circle);
    uint64_t pin_size = circle.authority->state.pin_size;
    struct ro_hash pin_head = circle.authority->state.pin_head;
    circle_list(&circle, urns, 1);
    circle_keep(&circle);
    circle.authority->state.pin_size = pin_size;
    circle.authority->state.pin_head = pin_head;
    NEED(authority_state_save(circle.authority->dir, &circle.authority->state,
                              NULL) == RO_OK);
    circle_reopen(&circle);
    tap_say(ro_directory_size(circle.authority->directory) == 2,
            "a record that was brought is taken");
    const char *path = circle_path(&circle, "auth/directory.log");
    NEED(ro_file_read(path, AUTHORITY_LOG_LIMIT, NULL, &log) == RO_OK);
    log.data[log.size - 1] ^= 1; /* the last byte of a signature */
    NEED(ro_file_write(path, ro_buf_view(&log), RO_FILE_SECRET, NULL) == RO_OK);
    circle_reopen(&circle);
    tap_say(ro_directory_size(circle.authority->directory) == 0,
            "not one whose signature does not hold");
    circle_fini(&circle);
}

/* A draft with the admission of one, written to a file and read again. */
static struct proposal *
draft_admission(struct circle *circle, struct joiner *joiner, const char *name)
{
    const struct joining joining = {.urn = 900001};
    struct ro_why why = {""};
    struct authority_drafted drafted;
    struct proposal *proposal = NULL;
    joiner_make(circle, &joining, joiner);
    NEED(authority_envelope_take(circle->authority, &joiner->envelope, &why,
                                 NULL) == RO_OK);
    NEED(authority_draft(circle->authority, circle_path(circle, name), &why) ==
         RO_OK);
    size_t n = circle->authority->n_petitions;
    for (size_t i = 0; i < n; i++) {
        const struct authority_petition *one = circle->authority->petitions[i];
        if (memcmp(one->member_key.b, ro_keypair_public(joiner->member)->b,
                   RO_KEY_SIZE) == 0)
            NEED(circle_admit(circle->authority, &one->id, &why) == RO_OK);
    }
    NEED(authority_draft_write(circle->authority, &why, &drafted) == RO_OK);
    NEED(proposal_read(circle_path(circle, name), &why, &proposal) == RO_OK);
    NEED(proposal->n_records == 2 && proposal->n_replies == 1);
    return proposal;
}

/* Adds a member record with the key of one and the id of another. */
static void
put_member(struct proposal *proposal,
           const struct proposal_record *key,
           const struct proposal_record *id)
{
    struct proposal_body bodies[2];
    struct ro_arena *arenas[] = {ro_arena_new(0, 0), ro_arena_new(0, 0)};
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    NEED(proposal_body(key, arenas[0], &bodies[0]) == RO_OK);
    NEED(proposal_body(id, arenas[1], &bodies[1]) == RO_OK);
    Reachout__Member member =
        *(const Reachout__Member *)(const void *)bodies[0].message;
    member.member =
        ((const Reachout__Member *)(const void *)bodies[1].message)->member;
    NEED(ro_pack(&member.base, &body) == RO_OK);
    NEED(ro_signed_make(REACHOUT__SIGNED__KIND__MEMBER, ro_buf_view(&body),
                        NULL, 0, &record) == RO_OK);
    NEED(proposal_add(proposal, ro_buf_view(&record), NULL) == RO_OK);
    ro_arena_free(arenas[0]);
    ro_arena_free(arenas[1]);
}

/* The key of a member and the words of its seat belong together: nobody signs
 * one and compares the other. */
static void
test_member_keys(void)
{
    static const uint32_t urns[] = {900001};
    struct circle circle;
    struct joiner joiners[2];
    struct ro_why why = {""};
    circle_make(&circle);
    circle_charter(&circle);
    circle_list(&circle, urns, 1);
    circle_keep(&circle);
    struct proposal *honest = draft_admission(&circle, &joiners[0], "p1");
    circle_reopen(&circle);
    struct proposal *other = draft_admission(&circle, &joiners[1], "p2");
    NEED(unlink(circle_path(&circle, "auth/directory.log")) == 0);
    tap_is(cosign(circle.dir, circle_path(&circle, "p1"), NULL), RO_OK);

    struct proposal *mixed = proposal_new(&circle.authority->circle);
    NEED(proposal_add(mixed, ro_buf_view(&other->records[0].raw), &why) ==
         RO_OK);
    NEED(proposal_write(mixed, circle_path(&circle, "p3"), &why) == RO_OK);
    tap_say(cosign(circle.dir, circle_path(&circle, "p3"), NULL) == RO_REFUSED,
            "a key without words");
    NEED(proposal_add(mixed, ro_buf_view(&honest->records[1].raw), &why) ==
         RO_OK);
    NEED(proposal_write(mixed, circle_path(&circle, "p4"), &why) == RO_OK);
    tap_say(cosign(circle.dir, circle_path(&circle, "p4"), NULL) == RO_REFUSED,
            "one's key with the words of another");
    proposal_free(mixed);
    mixed = proposal_new(&circle.authority->circle);
    put_member(mixed, &other->records[0], &honest->records[0]);
    NEED(proposal_add(mixed, ro_buf_view(&honest->records[1].raw), &why) ==
         RO_OK);
    NEED(proposal_write(mixed, circle_path(&circle, "p5"), &why) == RO_OK);
    tap_say(cosign(circle.dir, circle_path(&circle, "p5"), NULL) == RO_REFUSED,
            "another's key under the same member");
    proposal_free(honest);
    proposal_free(other);
    proposal_free(mixed);
    for (size_t i = 0; i < RO_LEN(joiners); i++)
        joiner_fini(&joiners[i]);
    circle_fini(&circle);
}

/* Who is removed is not among those who get the circle's next key. */
static void
test_live_seats(void)
{
    static const uint32_t urns[] = {900001, 900012};
    struct circle circle;
    struct joiner joiners[2];
    struct ro_why why = {""};
    const struct ro_seat_view *seats[AUTHORITY_BATCH];
    size_t n = 0;
    circle_make(&circle);
    circle_charter(&circle);
    circle_list(&circle, urns, RO_LEN(urns));
    NEED(authority_draft(circle.authority, circle_path(&circle, "d"), &why) ==
         RO_OK);
    for (size_t i = 0; i < RO_LEN(urns); i++) {
        const struct joining joining = {.urn = urns[i]};
        joiner_make(&circle, &joining, &joiners[i]);
        NEED(authority_envelope_take(circle.authority, &joiners[i].envelope,
                                     &why, NULL) == RO_OK);
    }
    for (size_t i = 0; i < RO_LEN(urns); i++) {
        NEED(circle_admit(circle.authority, &circle.authority->petitions[i]->id,
                          &why) == RO_OK);
    }
    tap_ok(authority_live_seats(circle.authority, 0, seats, &n) == 2 && n == 2);
    const struct authority_named gone = {.urn = urns[1]};
    const struct authority_revoking names = {.members = &gone, .n_members = 1};
    tap_is(authority_revoke(circle.authority, &names, &why), RO_OK);
    tap_ok(authority_live_seats(circle.authority, 0, seats, &n) == 2 && n == 1);
    tap_ok(ro_member_id_equal(
        &seats[0]->member,
        &ro_directory_member_by_urn(circle.authority->directory, urns[0])->id));
    tap_ok(authority_live_seats(circle.authority, 2, seats, &n) == 2 && n == 0);
    tap_say(circle.authority->state.next.generation == 0,
            "a draft makes no key");
    for (size_t i = 0; i < RO_LEN(urns); i++)
        joiner_fini(&joiners[i]);
    circle_fini(&circle);
}

int
main(void)
{
    NEED(ro_crypto_init() == RO_OK);
    tap_run(test_signatures);
    tap_run(test_bodies);
    tap_run(test_kinds);
    tap_run(test_files);
    tap_run(test_merging);
    tap_run(test_cosigning);
    tap_run(test_keys);
    tap_run(test_too_few);
    tap_run(test_brought);
    tap_run(test_member_keys);
    tap_run(test_live_seats);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Member records that amend: what they may change, and what becomes of a key
 * that is replaced. */
#include "common/crypto/seal.h"
#include "tests/unit/wire/refuse.h"

static struct test_circle *circle; /* members: team, school, school */
static struct ro_buf raw;

static const struct ro_member_view *
view_of(const struct test_member *member)
{
    return ro_directory_member(circle->directory, &member->id);
}

/* Signs and adds an amendment; whether it was taken. */
static bool
takes(const Reachout__Member *message)
{
    struct ro_why why = {.text = ""};
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &message->base,
                        &raw);
    if (test_circle_add(circle, ro_buf_view(&raw), &why) == RO_OK) {
        circle->serial = message->serial;
        return true;
    }
    printf("# %s\n", why.text);
    return false;
}

#define REFUSED(member, change, status, word)                                  \
    do {                                                                       \
        Reachout__Member m;                                                    \
        test_member_init(circle, (member), &m);                                \
        change;                                                                \
        test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &m.base,   \
                            &raw);                                             \
        tap_say(refuses(circle, &raw, status, word), #change);                 \
    } while (0)

static void
test_refusals(void)
{
    struct test_member *school = circle->members[1];
    const struct test_member *other = circle->members[2];
    char name[] = "Another team";
    uint8_t odd[32] = {9};
    REFUSED(school, (void)0, RO_BAD_RECORD, "member");
    REFUSED(school, m.urn = other->urn, RO_BAD_RECORD, "urn");
    REFUSED(school, m.urn = 999999, RO_BAD_RECORD, "urn");
    REFUSED(school, m.has_urn = 0, RO_BAD_RECORD, "urn");
    REFUSED(school, m.name = name, RO_BAD_RECORD, "name");
    REFUSED(school, m.kind = REACHOUT__MEMBER_KIND__LA; m.has_urn = 0;
            m.urn = 0; m.name = name, RO_BAD_RECORD, "kind");
    REFUSED(school, m.has_kind = 0, RO_BAD_RECORD, "kind");
    REFUSED(school, m.key = test_key_field(other->key), RO_KEY_REUSED, "key");
    REFUSED(school, m.key = test_key_field(school->seats[0]->signing),
            RO_KEY_REUSED, "key");
    REFUSED(school, m.key = test_key_field(circle->authority[0]), RO_KEY_REUSED,
            "key");
    REFUSED(school, m.key = ro_as_field((struct ro_bytes){odd, 31}),
            RO_BAD_RECORD, "key");
    REFUSED(school, m.serial = circle->serial;
            m.urn = TEST_FIRST_URN + 7, RO_OLD_SERIAL, "serial");
    REFUSED(circle->members[0], m.has_home_urn = 1;
            m.home_urn = 999999, RO_BAD_RECORD, "home_urn");
    Reachout__Member own;
    test_member_init(circle, school, &own);
    own.urn = TEST_FIRST_URN + 7;
    test_sign_member(school, REACHOUT__SIGNED__KIND__MEMBER, &own.base, &raw);
    tap_say(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"),
            "not by the member itself");
}

/* Another URN: the old one is free again, also for a new member. */
static void
test_urn(void)
{
    struct test_member *school = circle->members[1];
    uint32_t old = school->urn;
    Reachout__Member change;
    test_member_init(circle, school, &change);
    change.urn = TEST_FIRST_URN + 6;
    tap_ok(takes(&change));
    school->urn = change.urn;
    tap_ok(view_of(school)->urn == change.urn && view_of(school)->n_live == 1);
    tap_ok(strcmp(view_of(school)->name,
                  ro_directory_listing(circle->directory, change.urn)->name) ==
           0);
    tap_ok(view_of(school)->replaced_at == 0);
    tap_ok(ro_directory_member_by_urn(circle->directory, change.urn) ==
           view_of(school));
    tap_ok(ro_directory_member_by_urn(circle->directory, old) == NULL);
    const struct test_member *next = test_circle_school(circle, old);
    tap_ok(ro_directory_member_by_urn(circle->directory, old) == view_of(next));
    const uint64_t moved = view_of(school)->who_since;
    tap_ok(view_of(school)->since < moved &&
           view_of(school)->named_at == moved);
    tap_say(view_of(school)->who_freed == 0, "nobody was that school before");
    tap_say(view_of(next)->who_freed == moved &&
                view_of(next)->who_since > moved,
            "somebody was this one until then");
    REFUSED(school, m.urn = old, RO_BAD_RECORD, "urn");
    test_circle_remove(circle, next);
    const uint64_t removed = ro_directory_size(circle->directory);
    next = test_circle_school(circle, old);
    tap_say(view_of(next)->who_freed == removed,
            "nor after the removal of that one");
    const uint64_t named = view_of(next)->named_at;
    /* listed anew, each school's members bear its name */
    test_circle_list(circle, TEST_FIRST_URN, 8);
    tap_ok(strcmp(view_of(school)->name,
                  ro_directory_listing(circle->directory, school->urn)->name) ==
           0);
    tap_ok(strcmp(view_of(next)->name,
                  ro_directory_listing(circle->directory, old)->name) == 0);
    tap_say(view_of(next)->named_at == named, "which is the same name");
}

static void
test_name(void)
{
    struct test_member *team = circle->members[0];
    char name[] = "Another team";
    Reachout__Member m;
    test_member_init(circle, team, &m);
    m.name = name;
    m.has_home_urn = 1;
    m.home_urn = TEST_FIRST_URN;
    tap_ok(takes(&m));
    tap_ok(strcmp(view_of(team)->name, name) == 0);
    const uint64_t named = ro_directory_size(circle->directory);
    tap_ok(view_of(team)->named_at == named);
    tap_ok(view_of(team)->home_urn == TEST_FIRST_URN);
    m.serial = circle->serial + 1;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &m.base, &raw);
    tap_ok(refuses(circle, &raw, RO_BAD_RECORD, "member"));
}

static bool
rename_to(struct test_member *member, const char *name)
{
    Reachout__Member change;
    test_member_init(circle, member, &change);
    change.name = test_text(name);
    return takes(&change);
}

/* Who bore a name before is noted as with a URN. */
static void
test_names_of_others(void)
{
    struct test_member *first = test_circle_team(circle, "North desk");
    const struct ro_member_view *view = view_of(first);
    tap_ok(view->who_freed == 0 && view->who_since == view->since);
    const struct test_member *trust = test_circle_member(
        circle, REACHOUT__MEMBER_KIND__TRUST, 0, "North desk");
    tap_say(view_of(trust)->who_freed == 0, "of another kind");
    const struct test_member *twin = test_circle_team(circle, "North desk");
    view = view_of(twin);
    tap_say(view->who_freed == view->since, "beside one that bears it");
    tap_ok(rename_to(first, "West desk"));
    const uint64_t given_up = ro_directory_size(circle->directory);
    tap_ok(view_of(first)->who_freed == 0 &&
           view_of(first)->who_since == given_up);
    tap_ok(rename_to(first, "North desk"));
    tap_say(view_of(first)->who_freed == ro_directory_size(circle->directory),
            "its own again, which another bears now");
    test_circle_remove(circle, first);
    const uint64_t removed = ro_directory_size(circle->directory);
    test_circle_remove(circle, twin);
    const uint64_t newest = removed + 1;
    tap_ok(ro_directory_size(circle->directory) == newest);
    const struct test_member *next = test_circle_team(circle, "North desk");
    tap_ok(view_of(next)->who_freed == newest &&
           view_of(next)->who_since == newest + 1);
    tap_ok(strcmp(view_of(next)->name, "North desk") == 0);
    next = test_circle_team(circle, "West desk");
    tap_say(view_of(next)->who_freed > given_up &&
                view_of(next)->who_freed < removed,
            "given up by another name");
    const uint64_t born = ro_directory_size(circle->directory);
    next = test_circle_team(circle, " west\xc2\xa0 Desk");
    tap_say(view_of(next)->who_freed > born, "and one that looks like it");
}

/* The old key signs nothing any more; the new one begins with serial 1. */
static void
test_replaced(void)
{
    struct test_member *school = circle->members[2];
    struct ro_keypair *old = school->key;
    struct test_seat *late =
        test_seat_new(circle, school, REACHOUT__ROLE__OFFICE);
    RO_AUTOBUF by_old = {0};
    Reachout__Seat seat;
    Reachout__Member change;
    test_seat_init(circle, late, &seat);
    test_sign_seat(late, &seat, &by_old);
    struct ro_keypair *fresh = ro_keypair_new(&circle->entropy);
    test_member_init(circle, school, &change);
    change.key = test_key_field(fresh);
    tap_ok(takes(&change));
    uint64_t size = ro_directory_size(circle->directory);
    tap_ok(memcmp(view_of(school)->key.b, ro_keypair_public(fresh)->b, 32) ==
           0);
    tap_ok(view_of(school)->key_since == size &&
           view_of(school)->replaced_at == size);
    tap_ok(ro_member_id_equal(&view_of(school)->id, &school->id));
    tap_ok(ro_directory_serial(circle->directory, &school->id) == 0);
    tap_say(refuses(circle, &by_old, RO_BAD_SIGNATURE, "signatures"),
            "what the old key signed is refused");
    school->key = fresh;
    school->serial = 0;
    test_seat_init(circle, late, &seat);
    seat.serial = 1;
    test_sign_seat(late, &seat, &raw);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    REFUSED(school, m.key = test_key_field(old), RO_KEY_REUSED, "key");
    ro_keypair_free(old);
}

/* --- handing over -------------------------------------------------------- */

/* Who signs an amendment. */
enum {
    BY_OLD = 1,
    BY_NEW = 2,
    BY_OLD_TWICE = 4,
    OLD_FORGED = 8,
    NEW_FORGED = 16
};

static void
sign_handover(const struct test_member *member,
              const struct ro_keypair *fresh,
              Reachout__Member *message,
              unsigned by)
{
    RO_AUTOBUF body = {0};
    struct ro_signing signings[4] = {
        {circle->authority[0], RO_LABEL_MEMBER, 0}
    };
    size_t n = 1;
    const struct ro_signing old = {(by & OLD_FORGED) != 0 ? fresh : member->key,
                                   RO_LABEL_MEMBER_HANDOVER, RO_SIGNER_OLD_KEY};
    if ((by & BY_OLD) != 0)
        signings[n++] = old;
    if ((by & BY_OLD_TWICE) != 0)
        signings[n++] = old;
    if ((by & BY_NEW) != 0) {
        signings[n++] =
            (struct ro_signing){(by & NEW_FORGED) != 0 ? member->key : fresh,
                                RO_LABEL_MEMBER_HANDOVER, RO_SIGNER_NEW_KEY};
    }
    test_must(ro_pack(&message->base, &body));
    ro_buf_clear(&raw);
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__MEMBER, ro_buf_view(&body),
                             signings, n, &raw));
}

static void
test_handover(void)
{
    struct test_member *team = circle->members[0];
    struct ro_keypair *fresh = ro_keypair_new(&circle->entropy);
    char name[] = "Another team";
    Reachout__Member m;
    test_member_init(circle, team, &m);
    m.name = name;
    m.has_home_urn = 1;
    m.home_urn = TEST_FIRST_URN + 1;
    sign_handover(team, team->key, &m, BY_OLD | BY_NEW);
    tap_say(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"),
            "no key changes hands");
    m.key = test_key_field(fresh);
    static const unsigned wrong[] = {BY_OLD,
                                     BY_NEW,
                                     BY_OLD | BY_OLD_TWICE,
                                     BY_OLD | BY_OLD_TWICE | BY_NEW,
                                     BY_OLD | BY_NEW | OLD_FORGED,
                                     BY_OLD | BY_NEW | NEW_FORGED};
    for (size_t i = 0; i < RO_LEN(wrong); i++) {
        sign_handover(team, fresh, &m, wrong[i]);
        tap_ok(refuses(circle, &raw, RO_BAD_SIGNATURE, "signatures"));
    }
    sign_handover(team, fresh, &m, BY_OLD | BY_NEW);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    circle->serial = m.serial;
    tap_ok(view_of(team)->replaced_at == 0);
    tap_ok(view_of(team)->key_since == ro_directory_size(circle->directory));
    ro_keypair_free(team->key);
    team->key = fresh;
}

/* Removed is removed. */
static void
test_removed(void)
{
    struct test_member *school = circle->members[1];
    test_circle_remove(circle, school);
    REFUSED(school, m.urn = TEST_FIRST_URN + 7, RO_BAD_RECORD, "member");
}

/* What is drafted needs no signature, and nothing else is let through. */
static void
test_draft(void)
{
    static const struct ro_replaying draft = {RO_REPLAY_DRAFT, TEST_DAY};
    static const struct ro_replaying check = {RO_REPLAY_CHECK, TEST_DAY};
    struct test_circle *two = test_circle_of(7, 3, 2);
    struct ro_directory *directory = ro_directory_new(&two->root);
    RO_AUTOBUF bare = {0};
    struct ro_signed sig;
    test_circle_charter(two);
    test_must(ro_signed_open(ro_buf_view(&two->records[0]), &sig));
    sig.n_signers = 0;
    test_must(ro_signed_put(&sig, &bare));
    tap_is(ro_directory_add(directory, ro_buf_view(&bare), &check, NULL),
           RO_NO_RIGHT);
    tap_is(ro_directory_add(directory, ro_buf_view(&bare), &draft, NULL),
           RO_OK);
    tap_is(ro_directory_add(directory, ro_buf_view(&bare), &draft, NULL),
           RO_OLD_SERIAL);
    ro_directory_free(directory);
    test_circle_free(two);
}

int
main(void)
{
    circle = test_circle_open(1, 2);
    tap_run(test_refusals);
    tap_run(test_urn);
    tap_run(test_name);
    tap_run(test_names_of_others);
    tap_run(test_replaced);
    tap_run(test_handover);
    tap_run(test_removed);
    tap_run(test_draft);
    ro_buf_fini(&raw);
    test_circle_free(circle);
    return tap_done();
}

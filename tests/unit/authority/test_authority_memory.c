/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The authority's files with every allocation failing once: short memory has
 * its own outcome. It is no damage of a file, which somebody would be asked to
 * send again, and nothing is forgotten for it.
 */
#include "tests/support/scarce.h"
#include "tests/unit/authority/test_authority_support.h"

#include "client/authority/petition.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

/* A walk of a work that reads a file. */
struct walk {
    const char *name;
    long n;
    long short_of;
    bool is_fine;
};

static void
note(struct walk *walk, enum ro_status status)
{
    bool has_failed = scarce_end();
    walk->short_of += status == RO_NO_MEMORY;
    if (status == RO_OK || (has_failed && status == RO_NO_MEMORY))
        return;
    printf("# %s: allocation %ld: %s\n", walk->name, walk->n,
           ro_status_name(status));
    walk->is_fine = false;
}

static void
told(const struct walk *walk)
{
    printf("# %s: %ld allocations, %ld of them needed\n", walk->name, walk->n,
           walk->short_of);
    tap_ok(walk->is_fine);
    tap_say(walk->short_of > 5, "it was short in several places");
}

/* --- a request that comes as a file -------------------------------------- */

static void
write_request(const struct joiner *joiner, const char *path)
{
    Reachout__Enrol__Ask ask = REACHOUT__ENROL__ASK__INIT;
    RO_AUTOBUF bytes = {0};
    ask.has_ticket = ask.has_body = ask.has_wrap = true;
    ask.has_mailbox_key = ask.has_generation = ask.has_expiry_hour = true;
    ask.ticket = ro_as_field(ro_buf_view(&joiner->ticket));
    ask.body = ro_as_field(ro_buf_view(&joiner->body));
    ask.wrap = ro_as_field(ro_buf_view(&joiner->wrap));
    ask.mailbox_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(joiner->signing)->b, RO_KEY_SIZE});
    ask.generation = joiner->envelope.generation;
    ask.expiry_hour = joiner->envelope.expiry_hour;
    NEED(ro_pack(&ask.base, &bytes) == RO_OK);
    NEED(ro_armour_write(path, RO_ENROL_FILE, ro_buf_view(&bytes),
                         RO_FILE_SECRET, NULL) == RO_OK);
}

static void
test_request(void)
{
    struct circle circle;
    struct joiner joiner;
    const struct joining joining = {.urn = 900001};
    struct walk walk = {.name = "a request", .is_fine = true};
    circle_make(&circle);
    joiner_make(&circle, &joining, &joiner);
    const char *path = circle_path(&circle, "lead.ask");
    write_request(&joiner, path);
    for (; scarce_begin(walk.n); walk.n++) {
        struct authority_taken taken;
        note(&walk, authority_take_file(circle.authority, path, NULL, &taken));
    }
    told(&walk);
    tap_ok(circle.authority->n_petitions == 1);
    joiner_fini(&joiner);
    circle_fini(&circle);
}

/* A request that is read from its file is whole, or there is no memory; it is
 * not damaged. */
static void
test_requests_are_read(void)
{
    struct circle circle;
    struct joiner joiner;
    const struct joining joining = {.urn = 900001};
    struct walk walk = {.name = "reading a request", .is_fine = true};
    struct authority_taken taken;
    circle_make(&circle);
    joiner_make(&circle, &joining, &joiner);
    const char *path = circle_path(&circle, "lead.ask");
    write_request(&joiner, path);
    NEED(authority_take_file(circle.authority, path, NULL, &taken) == RO_OK);
    for (; scarce_begin(walk.n); walk.n++) {
        struct authority reader = {.dir = circle.authority->dir};
        enum ro_status s = authority_petitions_load(&reader, NULL);
        note(&walk, s);
        walk.is_fine &= reader.n_petitions == (s == RO_OK ? 1 : 0);
        for (size_t i = 0; i < reader.n_petitions; i++) {
            walk.is_fine &= reader.petitions[i]->certificate.size > 0;
            authority_petition_free(reader.petitions[i]);
        }
        free(reader.petitions);
    }
    told(&walk);
    joiner_fini(&joiner);
    circle_fini(&circle);
}

/* --- an invitation that is looked at before it is signed ------------------ */

static void
invite(struct circle *circle, uint32_t urn, const char *name)
{
    struct ro_why why = {""};
    int64_t expires_s = 0;
    const struct authority_inviting inviting = {
        .kind = "school",
        .seat = "lead",
        .urn = urn,
        .valid_s = 60,
        .out_path = circle_path(circle, name),
    };
    enum ro_status s =
        authority_invite(circle->authority, &inviting, &why, &expires_s);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    NEED(s == RO_OK);
}

static void
make_listed(struct circle *circle)
{
    static const uint32_t urns[] = {900001, 900012, 900013};
    circle_make(circle);
    circle_charter(circle);
    circle_list(circle, urns, RO_LEN(urns));
    circle_keep(circle);
    circle_reopen(circle);
}

static void
test_invitation(void)
{
    struct circle circle;
    struct walk walk = {.name = "an invitation", .is_fine = true};
    make_listed(&circle);
    invite(&circle, 900001, "lead.inv");
    const struct authority_cosigning cosigning = {
        .dir = circle.dir,
        .path = circle_path(&circle, "lead.inv"),
        .now_s = NOW_S,
    };
    for (; scarce_begin(walk.n); walk.n++) {
        struct authority_cosigned cosigned = {0};
        note(&walk, authority_cosign(&cosigning, NULL, &cosigned));
        authority_cosigned_fini(&cosigned);
    }
    told(&walk);
    circle_fini(&circle);
}

/* The list of those that are out is whole, or it is not there: with each new
 * one it is read and written anew. */
static void
test_invitations_are_kept(void)
{
    struct circle circle;
    struct walk walk = {.name = "the list", .is_fine = true};
    make_listed(&circle);
    invite(&circle, 900001, "one.inv");
    invite(&circle, 900012, "two.inv");
    circle.authority->state.last.generation =
        circle.authority->state.generation;
    circle.authority->state.generation++;
    for (; scarce_begin(walk.n); walk.n++) {
        struct authority_invited invited = {0};
        enum ro_status s = authority_invited(circle.authority, &invited);
        note(&walk, s);
        walk.is_fine &= invited.n == (s == RO_OK ? 2 : 0);
        authority_invited_fini(&invited);
    }
    told(&walk);
    circle_fini(&circle);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_request);
    tap_run(test_requests_are_read);
    tap_run(test_invitation);
    tap_run(test_invitations_are_kept);
    return tap_done();
}

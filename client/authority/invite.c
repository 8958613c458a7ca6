/* SPDX-License-Identifier: Apache-2.0 */
/* Invitations: everything that a newcomer needs, and a ticket for one use. */
#include "client/authority/inside.h"

#include <string.h>

#include "client/authority/draft.h"
#include "client/authority/fetching.h"
#include "client/authority/find.h"
#include "client/authority/invited.h"
#include "client/authority/log.h"
#include "client/authority/names.h"
#include "client/authority/rotation.h"
#include "client/authority/signing.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/wire/admission.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

#define MINUTE_S 60
#define HOUR_S 3600
#define VALID_MAX_S ((int64_t)366 * RO_DAY_S)

enum ro_status
authority_span(const char *text, struct ro_why *why, int64_t *ret_s)
{
    static const struct {
        char letter;
        int64_t unit_s;
    } units[] = {
        {'m', MINUTE_S             },
        {'h', HOUR_S               },
        {'d', RO_DAY_S             },
        {'w', (int64_t)7 * RO_DAY_S}
    };
    int64_t amount = 0;
    size_t digits = strspn(text, "0123456789");
    for (size_t i = 0; i < digits && amount < VALID_MAX_S; i++)
        amount = amount * 10 + (text[i] - '0');
    for (size_t i = 0; i < RO_LEN(units) && amount > 0; i++) {
        if (text[digits] != units[i].letter || text[digits + 1] != '\0' ||
            amount > VALID_MAX_S / units[i].unit_s)
            continue;
        *ret_s = amount * units[i].unit_s;
        return RO_OK;
    }
    return ro_why(why, RO_USAGE,
                  "a time is a number with m, h, d or w, such as 14d, and at "
                  "most a year");
}

/* --- who is invited ------------------------------------------------------ */

/* The guest in the words of records. */
struct guest {
    Reachout__MemberKind kind;
    Reachout__Role role;
    uint32_t urn;
    uint32_t home_urn;
    const char *name;
    const struct ro_member_id *replaces; /* NULL: a new member */
};

static enum ro_status
check_words(const struct authority_inviting *inviting,
            struct ro_why *why,
            struct guest *ret_guest)
{
    struct guest *guest = ret_guest;
    RO_TRY(authority_kind_of(inviting->kind, why, &guest->kind));
    RO_TRY(authority_role_of(inviting->seat, why, &guest->role));
    guest->urn = inviting->urn;
    guest->home_urn = inviting->home_urn;
    guest->name = inviting->name;
    if (!ro_admission_fits(guest->kind, guest->role)) {
        return ro_why(why, RO_USAGE, "a member of kind %s has no seat %s",
                      inviting->kind, inviting->seat);
    }
    struct ro_admission who = {
        .kind = guest->kind,
        .urn = guest->urn != 0 ? &guest->urn : NULL,
        .name = guest->name,
        .home_urn = guest->home_urn != 0 ? &guest->home_urn : NULL,
    };
    struct ro_why detail = {.text = ""};
    enum ro_status s = ro_admission_check(&who, &detail);
    if (s == RO_BAD_RECORD) {
        return ro_why(why, RO_USAGE,
                      "%s (schools are named by --urn, everybody "
                      "else by --name)",
                      detail.text);
    }
    RO_TRY(s);
    if (inviting->valid_s <= 0 || inviting->valid_s > VALID_MAX_S)
        return ro_why(why, RO_USAGE, "an invitation is valid for up to a year");
    return RO_OK;
}

static bool
is_listed(const struct authority *authority, uint32_t urn)
{
    return urn == 0 || ro_directory_listing(authority->directory, urn) != NULL;
}

/* The directory as we have it is ours to know, unless something is missing. */
static enum ro_status
need_directory(struct authority *authority,
               const struct guest *guest,
               struct ro_why *why)
{
    if (ro_directory_charter(authority->directory) != NULL &&
        is_listed(authority, guest->urn) &&
        is_listed(authority, guest->home_urn))
        return RO_OK;
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(authority_generation_settle(authority, why));
    RO_TRY(authority_log_ready(authority, why));
    uint32_t missing =
        is_listed(authority, guest->urn) ? guest->home_urn : guest->urn;
    if (!is_listed(authority, missing)) {
        return ro_why(why, RO_NOT_FOUND,
                      "there is no school with URN %u in the register; import "
                      "it with `reachout authority register`",
                      missing);
    }
    return RO_OK;
}

static enum ro_status
refuse_twin(const struct ro_member_view *member,
            const struct guest *guest,
            struct ro_why *why)
{
    if (guest->urn == 0 && strcmp(member->name, guest->name) != 0) {
        return ro_why(why, RO_REFUSED,
                      "that name looks like the one of the member %s: another "
                      "one is needed, so that nobody takes them for each other",
                      member->name);
    }
    return ro_why(why, RO_REFUSED,
                  "%s is a member already, and has one seat in this release; "
                  "new keys for it: reachout authority replace",
                  member->name);
}

static enum ro_status
check_newcomer(const struct authority *authority,
               const struct guest *guest,
               struct ro_why *why)
{
    const struct ro_member_view *member;
    for (size_t i = 0;
         (member = ro_directory_nth_member(authority->directory, i)) != NULL;
         i++) {
        if (member->standing != RO_MEMBER_LIVE || member->kind != guest->kind)
            continue;
        if (guest->urn != 0 ? member->urn == guest->urn
                            : ro_text_alike(member->name, guest->name))
            return refuse_twin(member, guest, why);
    }
    return RO_OK;
}

/* --- the paper ----------------------------------------------------------- */

static enum ro_status
sign_ticket(struct authority *authority,
            struct ro_bytes body,
            struct ro_why *why,
            struct ro_buf *ret_ticket)
{
    const struct keys *keys = NULL;
    struct ro_signing signing = {.label = RO_LABEL_TICKET};
    RO_TRY(authority_keys(authority, why, &keys));
    if (keys->n > 0) {
        RO_TRY(
            authority_one_key(authority, why, &signing.pair, &signing.index));
    }
    return ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, body, &signing,
                          keys->n > 0 ? 1 : 0, ret_ticket);
}

static enum ro_status
make_ticket(struct authority *authority,
            const struct guest *guest,
            int64_t expires_s,
            struct ro_why *why,
            struct ro_buf *ret_ticket)
{
    Reachout__Ticket ticket = REACHOUT__TICKET__INIT;
    RO_AUTOBUF body = {0};
    uint8_t id[RO_ID_SIZE];
    ro_entropy_fill(&authority->world.entropy, id, sizeof(id));
    ticket.has_circle = ticket.has_id = ticket.has_kind = true;
    ticket.has_role = ticket.has_expires = true;
    ticket.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    ticket.id = ro_as_field((struct ro_bytes){id, sizeof(id)});
    ticket.kind = guest->kind;
    ticket.role = guest->role;
    ticket.has_urn = guest->urn != 0;
    ticket.urn = guest->urn;
    ticket.has_home_urn = guest->home_urn != 0;
    ticket.home_urn = guest->home_urn;
    ticket.name = authority_borrow(guest->name);
    ticket.expires = (uint64_t)expires_s;
    ticket.has_replaces = guest->replaces != NULL;
    if (guest->replaces != NULL) {
        ticket.replaces =
            ro_as_field((struct ro_bytes){guest->replaces->b, RO_ID_SIZE});
    }
    RO_TRY(ro_pack(&ticket.base, &body));
    return sign_ticket(authority, ro_buf_view(&body), why, ret_ticket);
}

/* The broker as the charter names it now. */
static void
fill_broker(const struct ro_charter_view *charter, Reachout__Broker *ret_broker)
{
    reachout__broker__init(ret_broker);
    ret_broker->member_endpoint = authority_borrow(charter->member_endpoint);
    ret_broker->open_endpoint = authority_borrow(charter->open_endpoint);
    ret_broker->has_curve_key = ret_broker->has_signing_key = true;
    ret_broker->curve_key =
        ro_as_field((struct ro_bytes){charter->broker_curve.b, RO_KEY_SIZE});
    ret_broker->signing_key =
        ro_as_field((struct ro_bytes){charter->broker_signing.b, RO_KEY_SIZE});
}

static enum ro_status
write_paper(const struct authority *authority,
            struct ro_bytes ticket,
            const char *path,
            struct ro_why *why)
{
    ProtobufCBinaryData keys[RO_AUTHORITY_KEYS_MAX];
    Reachout__AuthorityPublic own;
    Reachout__Broker broker;
    Reachout__Invitation paper = REACHOUT__INVITATION__INIT;
    const struct authority_state *state = &authority->state;
    RO_SECRET_BUF bytes = {0};
    authority_state_public(state, keys, &own);
    fill_broker(ro_directory_charter(authority->directory), &broker);
    paper.authority = &own;
    paper.broker = &broker;
    paper.has_generation = paper.has_psk = paper.has_ticket = true;
    paper.generation = state->generation;
    paper.psk = ro_as_field((struct ro_bytes){state->psk, sizeof(state->psk)});
    paper.ticket = ro_as_field(ticket);
    RO_TRY(ro_pack(&paper.base, &bytes));
    return ro_armour_write(path, "invitation", ro_buf_view(&bytes),
                           RO_FILE_SECRET, why);
}

/* Makes the ticket, and the invitation around it. */
static enum ro_status
invite(struct authority *authority,
       const struct guest *guest,
       const struct authority_inviting *inviting,
       struct ro_why *why,
       int64_t *ret_expires_s)
{
    RO_AUTOBUF ticket = {0};
    int64_t expires_s =
        ro_clock_wall_s(&authority->world.clock) + inviting->valid_s;
    RO_TRY(make_ticket(authority, guest, expires_s, why, &ticket));
    RO_TRY(
        write_paper(authority, ro_buf_view(&ticket), inviting->out_path, why));
    *ret_expires_s = expires_s;
    return authority_invited_keep(authority, ro_buf_view(&ticket), why);
}

enum ro_status
authority_invite(struct authority *authority,
                 const struct authority_inviting *inviting,
                 struct ro_why *why,
                 int64_t *ret_expires_s)
{
    struct guest guest = {0};
    RO_TRY(check_words(inviting, why, &guest));
    RO_TRY(authority_need_absent(inviting->out_path, why));
    RO_TRY(need_directory(authority, &guest, why));
    RO_TRY(check_newcomer(authority, &guest, why));
    return invite(authority, &guest, inviting, why, ret_expires_s);
}

/* --- new keys ------------------------------------------------------------ */

/* The seat with which a member of that kind begins. */
static const char *
first_seat(Reachout__MemberKind kind)
{
    for (int i = REACHOUT__ROLE__LEAD; i <= REACHOUT__ROLE__AUDITOR; i++) {
        if (ro_admission_fits(kind, (Reachout__Role)i))
            return authority_role_word((Reachout__Role)i);
    }
    return "";
}

enum ro_status
authority_replace(struct authority *authority,
                  const struct authority_replacing *replacing,
                  struct ro_why *why,
                  int64_t *ret_expires_s)
{
    struct guest guest = {0};
    const struct ro_member_view *member = NULL;
    RO_TRY(authority_need_absent(replacing->out_path, why));
    if (!authority_is_apart(authority)) {
        RO_TRY(authority_log_sync(authority, why));
        RO_TRY(authority_generation_settle(authority, why));
    }
    RO_TRY(authority_log_ready(authority, why));
    RO_TRY(authority_find_member(authority, &replacing->member, why, &member));
    const struct authority_inviting inviting = {
        .kind = authority_kind_word(member->kind),
        .seat = replacing->seat != NULL ? replacing->seat
                                        : first_seat(member->kind),
        .urn = member->urn,
        .home_urn = member->home_urn,
        .name = member->urn == 0 ? member->name : NULL,
        .valid_s = replacing->valid_s,
        .out_path = replacing->out_path,
    };
    RO_TRY(check_words(&inviting, why, &guest));
    guest.replaces = &member->id;
    return invite(authority, &guest, &inviting, why, ret_expires_s);
}

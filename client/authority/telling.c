/* SPDX-License-Identifier: Apache-2.0 */
/* Records in words. What a record says is shown as it is; names of schools are
 * the directory's, which the signer has verified. */
#include "client/authority/telling.h"

#include <string.h>

#include "client/authority/names.h"
#include "client/authority/proposal.h"
#include "common/base/clock.h"
#include "common/base/text.h"
#include "common/crypto/seal.h"
#include "common/crypto/words.h"
#include "common/wire/admission.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

#define SHOWN_DIGITS 8

static enum ro_status
finish(struct ro_buf *text, struct authority_item *item)
{
    ro_buf_put_u8(text, 0);
    RO_TRY(ro_buf_ok(text));
    item->text = (char *)text->data;
    *text = (struct ro_buf){0};
    return RO_OK;
}

enum ro_status
telling_line(const struct telling *telling, const char *what, const char *text)
{
    struct ro_why detail = {.text = ""};
    if (ro_text_check(ro_bytes_text(text), RO_TEXT_LINE, RO_NAME_LIMIT,
                      &detail) == RO_OK)
        return RO_OK;
    return ro_why(telling->why, RO_BAD_RECORD, "%s: %.200s", what, detail.text);
}

static void
put_id(struct ro_buf *text, const ProtobufCBinaryData *id)
{
    char hex[RO_ID_HEX] = "";
    if (id->len == RO_ID_SIZE)
        ro_hex(id->data, RO_ID_SIZE, hex);
    ro_buf_printf(text, "%.*s", SHOWN_DIGITS, hex);
}

static void
put_urn(const struct telling *telling, uint32_t urn)
{
    const struct ro_listing_view *listing =
        telling->directory == NULL
            ? NULL
            : ro_directory_listing(telling->directory, urn);
    ro_buf_printf(telling->text, "URN %u", urn);
    if (listing != NULL)
        ro_buf_printf(telling->text, " (%s)", listing->name);
}

static const struct ro_member_view *
find_member(const struct telling *telling, const ProtobufCBinaryData *field)
{
    struct ro_member_id id;
    if (telling->directory == NULL ||
        ro_field_copy(field, id.b, RO_ID_SIZE) != RO_OK)
        return NULL;
    return ro_directory_member(telling->directory, &id);
}

/* --- members ------------------------------------------------------------- */

static enum ro_status
check_member(const struct telling *telling, const Reachout__Member *member)
{
    const struct ro_admission who = {
        .kind = member->has_kind ? member->kind
                                 : REACHOUT__MEMBER_KIND__MEMBER_NONE,
        .urn = member->has_urn ? &member->urn : NULL,
        .name = member->name,
        .home_urn = member->has_home_urn ? &member->home_urn : NULL,
    };
    if (member->member.len != RO_ID_SIZE || member->key.len != RO_KEY_SIZE)
        return ro_why(telling->why, RO_BAD_RECORD, "a member without a key");
    if (member->name != NULL)
        RO_TRY(telling_line(telling, "a member's name", member->name));
    return ro_admission_check(&who, telling->why);
}

/* Whether the record begins a member: its id is its key's then. */
static bool
is_new(const Reachout__Member *member)
{
    struct ro_circle_id circle;
    struct ro_key key;
    struct ro_member_id id;
    if (ro_field_copy(&member->circle, circle.b, RO_ID_SIZE) != RO_OK ||
        ro_field_copy(&member->key, key.b, RO_KEY_SIZE) != RO_OK)
        return false;
    ro_member_id_of(&circle, &key, &id);
    return ro_bytes_equal(ro_field(&member->member),
                          (struct ro_bytes){id.b, RO_ID_SIZE});
}

static void
put_amendment(const struct telling *telling, const Reachout__Member *member)
{
    const struct ro_member_view *now = find_member(telling, &member->member);
    struct ro_buf *text = telling->text;
    if (now == NULL) {
        ro_buf_printf(text, "what it was is not known here: it may get a new "
                            "key, URN or name\n");
        return;
    }
    ro_buf_printf(text, "so far: %s\n", now->name);
    if (member->kind != now->kind) {
        ro_buf_printf(text, "CHANGES its kind, was %s\n",
                      authority_kind_word(now->kind));
    }
    if (member->urn != now->urn) {
        ro_buf_printf(text, "CHANGES its school: URN %u, was %u\n", member->urn,
                      now->urn);
    }
    if (member->name != NULL && strcmp(member->name, now->name) != 0) {
        ro_buf_printf(text, "CHANGES its name: %s, was %s\n", member->name,
                      now->name);
    }
    if (member->home_urn != now->home_urn) {
        ro_buf_printf(text, "CHANGES the school it is of: URN %u, was %u\n",
                      member->home_urn, now->home_urn);
    }
    if (!ro_bytes_equal(ro_field(&member->key),
                        (struct ro_bytes){now->key.b, RO_KEY_SIZE})) {
        ro_buf_printf(text, "REPLACES ITS KEY: who had the old one is not the "
                            "member any more\n");
    }
}

static enum ro_status
tell_member(const struct telling *telling, const ProtobufCMessage *message)
{
    const Reachout__Member *member = (const void *)message;
    struct ro_buf *text = telling->text;
    RO_TRY(check_member(telling, member));
    bool fresh =
        is_new(member) && find_member(telling, &member->member) == NULL;
    ro_buf_printf(text, "%s of kind %s, ",
                  fresh ? "a new member" : "a change to a member",
                  authority_kind_word(member->kind));
    if (member->has_urn) {
        put_urn(telling, member->urn);
    } else {
        ro_buf_printf(text, "\"%s\"", member->name);
    }
    ro_buf_printf(text, ", id ");
    put_id(text, &member->member);
    ro_buf_put_u8(text, '\n');
    if (member->has_home_urn) {
        ro_buf_printf(text, "of the school ");
        put_urn(telling, member->home_urn);
        ro_buf_put_u8(text, '\n');
    }
    if (!fresh)
        put_amendment(telling, member);
    return RO_OK;
}

/* --- seats --------------------------------------------------------------- */

static enum ro_status
tell_seat(const struct telling *telling,
          const struct proposal_record *record,
          struct authority_item *item)
{
    Reachout__Seat *seat = NULL;
    struct ro_seat_keys keys;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(ro_seat_read(&record->sig, arena, telling->why, &seat, &keys));
    ro_buf_printf(telling->text, "a seat for it, %s, of member ",
                  authority_role_word(seat->role));
    put_id(telling->text, &seat->member);
    ro_buf_printf(telling->text,
                  ", signed by the member itself\nwhoever asked reads these "
                  "words to you by telephone:");
    ro_words_of(ro_buf_view(&record->raw), item->words);
    for (size_t i = 0; i < AUTHORITY_WORDS; i++)
        ro_buf_printf(telling->text, " %s", item->words[i]);
    ro_buf_put_u8(telling->text, '\n');
    return RO_OK;
}

/* --- revocations --------------------------------------------------------- */

static void
put_seat_owner(const struct telling *telling, const ProtobufCBinaryData *field)
{
    struct ro_seat_id id;
    if (telling->directory == NULL ||
        ro_field_copy(field, id.b, RO_ID_SIZE) != RO_OK)
        return;
    const struct ro_seat_view *seat =
        ro_directory_seat(telling->directory, &id);
    const struct ro_member_view *member =
        seat == NULL ? NULL
                     : ro_directory_member(telling->directory, &seat->member);
    if (member != NULL) {
        ro_buf_printf(telling->text, ", %s of %s",
                      authority_role_word(seat->role), member->name);
    }
}

static enum ro_status
tell_revocation(const struct telling *telling, const ProtobufCMessage *message)
{
    const Reachout__Revocation *revocation = (const void *)message;
    struct ro_buf *text = telling->text;
    if (revocation->n_seats == 0 && revocation->n_members == 0)
        return ro_why(telling->why, RO_BAD_RECORD, "removes nobody");
    for (size_t i = 0; i < revocation->n_members; i++) {
        const struct ro_member_view *member =
            find_member(telling, &revocation->members[i]);
        ro_buf_printf(text, "REMOVES the member ");
        put_id(text, &revocation->members[i]);
        if (member != NULL)
            ro_buf_printf(text, ", %s", member->name);
        ro_buf_printf(text, ", with all its seats\n");
    }
    for (size_t i = 0; i < revocation->n_seats; i++) {
        ro_buf_printf(text, "removes the seat ");
        put_id(text, &revocation->seats[i]);
        put_seat_owner(telling, &revocation->seats[i]);
        ro_buf_put_u8(text, '\n');
    }
    return RO_OK;
}

/* --- one of them --------------------------------------------------------- */

static const struct {
    Reachout__Signed__Kind kind;
    const char *word;
    enum ro_status (*tell)(const struct telling *telling,
                           const ProtobufCMessage *message);
} kinds[] = {
    {REACHOUT__SIGNED__KIND__CHARTER,    "charter",    telling_charter },
    {REACHOUT__SIGNED__KIND__LISTING,    "listing",    telling_listings},
    {REACHOUT__SIGNED__KIND__MEMBER,     "member",     tell_member     },
    {REACHOUT__SIGNED__KIND__REVOCATION, "revocation", tell_revocation },
};

static enum ro_status
tell(const struct telling *telling,
     const struct proposal_record *record,
     const ProtobufCMessage *message,
     struct authority_item *item)
{
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        if (kinds[i].kind != record->sig.kind)
            continue;
        item->kind = kinds[i].word;
        return kinds[i].tell(telling, message);
    }
    item->kind = "seat";
    return tell_seat(telling, record, item);
}

enum ro_status
telling_record(const struct proposal_record *record,
               const struct ro_directory *directory,
               const struct telling_agreed *agreed,
               struct ro_why *why,
               struct authority_item *ret_item)
{
    RO_AUTOBUF text = {0};
    struct proposal_body body;
    const struct telling telling = {directory, agreed, why, &text};
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(proposal_body(record, arena, &body));
    *ret_item = (struct authority_item){.serial = body.serial,
                                        .signatures = record->sig.n_signers};
    if (!proposal_is_ours(record->sig.kind))
        ret_item->signatures = 0;
    RO_TRY(tell(&telling, record, body.message, ret_item));
    return finish(&text, ret_item);
}

/* --- answers ------------------------------------------------------------- */

/* Whether the proposal has the certificate of that seat. */
static bool
is_certified(const struct proposal *proposal, const struct ro_seat_id *seat)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    for (size_t i = 0; arena != NULL && i < proposal->n_records; i++) {
        const struct ro_signed *sig = &proposal->records[i].sig;
        Reachout__Seat *message = NULL;
        struct ro_seat_keys keys;
        struct ro_seat_id id;
        if (sig->kind != REACHOUT__SIGNED__KIND__SEAT ||
            ro_seat_read(sig, arena, NULL, &message, &keys) != RO_OK)
            continue;
        ro_seat_id_of(&keys.ed25519[0], &id);
        if (ro_seat_id_equal(&id, seat))
            return true;
    }
    return false;
}

enum ro_status
telling_reply(const struct proposal *proposal,
              size_t i,
              const struct ro_directory *directory,
              struct authority_item *item)
{
    RO_AUTOBUF text = {0};
    const struct proposal_reply *reply = &proposal->replies[i];
    const ProtobufCBinaryData id =
        ro_as_field((struct ro_bytes){reply->answer_to.b, RO_ID_SIZE});
    const struct telling telling = {directory, NULL, NULL, &text};
    *item = (struct authority_item){
        .kind = "answer", .signatures = reply->standing == PROPOSAL_SIGNED};
    ro_buf_printf(&text, "an answer to the seat ");
    put_id(&text, &id);
    if (is_certified(proposal, &reply->answer_to)) {
        ro_buf_printf(&text, ", which is admitted here");
    } else if (directory != NULL &&
               ro_directory_seat(directory, &reply->answer_to) != NULL) {
        ro_buf_printf(&text, ", which is in the directory");
        put_seat_owner(&telling, &id);
    } else {
        ro_buf_printf(&text, ", WHICH NOTHING HERE ADMITS: a refusal");
    }
    ro_buf_printf(&text, "\nit is sealed: only that seat can read it\n");
    if (reply->says != NULL) {
        ro_buf_printf(&text, "whoever made this file says: ");
        ro_text_show(ro_bytes_text(reply->says), RO_TEXT_LINE, &text);
        ro_buf_put_u8(&text, '\n');
    }
    return finish(&text, item);
}

/* --- invitations --------------------------------------------------------- */

static void
put_expiry(const struct telling *telling,
           const Reachout__Ticket *ticket,
           int64_t now_s)
{
    char until[RO_RFC3339_SIZE] = "no time";
    int64_t expires_s =
        ticket->expires > INT64_MAX ? INT64_MAX : (int64_t)ticket->expires;
    ro_time_format(expires_s, until);
    ro_buf_printf(telling->text,
                  expires_s > now_s
                      ? "valid until %s\n"
                      : "EXPIRED on %s: nobody can join with it any more\n",
                  until);
}

enum ro_status
telling_ticket(const Reachout__Ticket *ticket,
               const struct ro_directory *directory,
               int64_t now_s,
               struct ro_why *why,
               struct authority_item *ret_item)
{
    RO_AUTOBUF text = {0};
    const struct telling telling = {directory, NULL, why, &text};
    *ret_item = (struct authority_item){.kind = "invitation"};
    ro_buf_printf(&text, "an invitation to a seat %s of kind %s, ",
                  authority_role_word(ticket->role),
                  authority_kind_word(ticket->kind));
    if (ticket->has_urn) {
        put_urn(&telling, ticket->urn);
    } else {
        RO_TRY(telling_line(&telling, "the invited name", ticket->name));
        ro_buf_printf(&text, "\"%s\"", ticket->name);
    }
    ro_buf_put_u8(&text, '\n');
    if (ticket->has_home_urn) {
        ro_buf_printf(&text, "of the school ");
        put_urn(&telling, ticket->home_urn);
        ro_buf_put_u8(&text, '\n');
    }
    put_expiry(&telling, ticket, now_s);
    if (ticket->has_replaces) {
        const struct ro_member_view *member =
            find_member(&telling, &ticket->replaces);
        ro_buf_printf(&text, "IT GIVES NEW KEYS to the member ");
        put_id(&text, &ticket->replaces);
        if (member != NULL)
            ro_buf_printf(&text, ", %s", member->name);
        ro_buf_put_u8(&text, '\n');
    }
    return finish(&text, ret_item);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Opening a request to be admitted. Nobody vouches for its sender yet, so all
 * that speaks for it is the ticket, which we signed, and the certificate,
 * whose keys prove themselves; here they are held against each other and
 * against the seal.
 */
#include "client/authority/envelope.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/names.h"
#include "client/authority/petition.h"
#include "client/authority/rotation.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

/* An envelope under way: what is opened and what it was opened with. */
struct opening {
    const struct authority *authority;
    struct ro_why *why;
    struct ro_wrap_outer outer;
    struct ro_buf content_bytes;
    struct ro_arena *arenas[3]; /* content, ticket, certificate */
    Reachout__Content *content;
    Reachout__Ticket *ticket;
    Reachout__Seat *seat;
    struct ro_key member_key;
};

static void
opening_fini(struct opening *opening)
{
    ro_buf_fini(&opening->content_bytes);
    for (size_t i = 0; i < RO_LEN(opening->arenas); i++)
        ro_arena_free(opening->arenas[i]);
}

/* --- the layers ---------------------------------------------------------- */

static enum ro_status
bind(struct opening *opening,
     const struct authority_envelope *envelope,
     struct ro_wrap_binding *ret_binding)
{
    *ret_binding = (struct ro_wrap_binding){
        .circle = opening->authority->circle,
        .mailbox = opening->authority->mailbox,
        .day = RO_DAY_FALLBACK,
        .generation = envelope->generation,
        .expiry_hour = envelope->expiry_hour,
        .psk = authority_psk(opening->authority, envelope->generation),
    };
    if (envelope->day != RO_DAY_FALLBACK) {
        return ro_why(opening->why, RO_BAD_SEAL,
                      "it is sealed for a day, not for enrolment");
    }
    if (ret_binding->psk == NULL) {
        return ro_why(opening->why, RO_BAD_SEAL,
                      "its invitation is from before the circle's key changed");
    }
    if (ro_bucket_of(envelope->body.size, &ret_binding->bucket) != RO_OK)
        return ro_why(opening->why, RO_BAD_SEAL, "it has not the right size");
    ro_body_hash(envelope->body, &ret_binding->body_hash);
    return RO_OK;
}

/* Both layers of the wrap with the enrolment key, then the body. */
static enum ro_status
open_layers(struct opening *opening, const struct authority_envelope *envelope)
{
    struct ro_wrap_binding binding;
    struct ro_wrap_inside inside;
    const struct ro_keypair *pair = opening->authority->state.enrolment;
    const struct ro_opening_key key = {ro_keypair_x25519_secret(pair),
                                       ro_keypair_x25519(pair)};
    RO_TRY(bind(opening, envelope, &binding));
    (void)ro_why(opening->why, RO_BAD_SEAL,
                 "our enrolment key does not open it");
    RO_TRY(ro_wrap_open_outer(&binding, &key, envelope->wrap, &opening->outer));
    const struct ro_reference *sender = &opening->outer.sender;
    if (sender->kind != RO_REFERENCE_KEYS) {
        return ro_why(opening->why, RO_MISBOUND,
                      "it comes from a seat, which need not ask");
    }
    RO_TRY(ro_wrap_open_inner(&binding, &key, &opening->outer, &sender->sealing,
                              &inside));
    enum ro_status s = ro_body_open(envelope->body, inside.content_key,
                                    &opening->content_bytes);
    ro_wipe(&inside, sizeof(inside));
    return s;
}

/* --- what it claims ------------------------------------------------------ */

static bool
is_field(const ProtobufCBinaryData *field, const void *bytes, size_t size)
{
    return field->len == size && memcmp(field->data, bytes, size) == 0;
}

static enum ro_status
check_content(struct opening *opening)
{
    const struct authority *authority = opening->authority;
    const struct ro_wrap_outer *outer = &opening->outer;
    struct ro_seat_id mailbox = authority->mailbox;
    struct ro_hash recipients;
    RO_TRY(ro_content_get(ro_buf_view(&opening->content_bytes),
                          opening->arenas[0], opening->why, &opening->content));
    const Reachout__Content *content = opening->content;
    ro_recipients_hash(&mailbox, 1, &recipients);
    if (!is_field(&content->circle, authority->circle.b, RO_ID_SIZE) ||
        !is_field(&content->sender, outer->sender.seat.b, RO_ID_SIZE) ||
        !is_field(&content->recipients, recipients.b, RO_HASH_SIZE) ||
        memcmp(outer->recipients.b, recipients.b, RO_HASH_SIZE) != 0) {
        return ro_why(opening->why, RO_MISBOUND,
                      "it names another circle, sender or recipient than the "
                      "wrap that brought it");
    }
    if (ro_content_purpose(content) != RO_PURPOSE_ENROL_REQUEST) {
        return ro_why(opening->why, RO_MISBOUND,
                      "it does not ask to be admitted");
    }
    return RO_OK;
}

/* A file is one thing: what the broker would have looked at is what is sealed.
 */
static enum ro_status
check_carried(const struct opening *opening,
              const struct authority_envelope *envelope)
{
    const Reachout__EnrolRequest *request = opening->content->enrol_request;
    const struct ro_key *signing = &opening->outer.sender.signing;
    if (envelope->way == ENVELOPE_DELIVERED ||
        (ro_bytes_equal(envelope->ticket, ro_field(&request->ticket)) &&
         ro_bytes_equal(envelope->mailbox_key,
                        (struct ro_bytes){signing->b, RO_KEY_SIZE})))
        return RO_OK;
    return ro_why(opening->why, RO_MISBOUND,
                  "the ticket or key beside it is not the one in it");
}

/* A ticket that was good when it was used stays good while the request waits
 * for us; the broker looked at its clock when it took it. Of a file nobody
 * knows when it was made. */
static enum ro_status
check_ticket(struct opening *opening, const struct authority_envelope *envelope)
{
    const struct authority *authority = opening->authority;
    const Reachout__Content *content = opening->content;
    int64_t used_s = ro_clock_wall_s(&authority->world.clock);
    if (envelope->way == ENVELOPE_DELIVERED &&
        (int64_t)content->sent_at < used_s)
        used_s = (int64_t)content->sent_at;
    enum ro_status s = ro_ticket_open(ro_field(&content->enrol_request->ticket),
                                      &authority->root, used_s,
                                      opening->arenas[1], &opening->ticket);
    if (s == RO_BAD_TICKET)
        return ro_why(opening->why, s, "its ticket is not one of ours");
    if (s == RO_TICKET_EXPIRED)
        return ro_why(opening->why, s, "its ticket had expired");
    return s;
}

/* The keys that speak for themselves must be the keys that sealed it. */
static enum ro_status
check_keys(struct opening *opening)
{
    const Reachout__Seat *seat = opening->seat;
    const struct ro_reference *sender = &opening->outer.sender;
    struct ro_key sealing;
    struct ro_key x25519;
    RO_TRY(ro_field_copy(&seat->sealing_key, sealing.b, RO_KEY_SIZE));
    RO_TRY(ro_key_to_x25519(&sealing, &x25519));
    if (!is_field(&seat->signing_key, sender->signing.b, RO_KEY_SIZE) ||
        memcmp(x25519.b, sender->sealing.b, RO_KEY_SIZE) != 0) {
        return ro_why(opening->why, RO_MISBOUND,
                      "its certificate is for other keys than sealed it");
    }
    return RO_OK;
}

/* The member: that of the ticket where it gets new keys, else the key's own. */
static void
find_member_id(const struct opening *opening, struct ro_member_id *ret_member)
{
    const Reachout__Ticket *ticket = opening->ticket;
    if (ticket->has_replaces &&
        ro_field_copy(&ticket->replaces, ret_member->b, RO_ID_SIZE) == RO_OK)
        return;
    ro_member_id_of(&opening->authority->circle, &opening->member_key,
                    ret_member);
}

static enum ro_status
check_certificate(struct opening *opening)
{
    const struct authority *authority = opening->authority;
    const Reachout__EnrolRequest *request = opening->content->enrol_request;
    struct ro_member_id member;
    RO_TRY(ro_field_copy(&request->member_key, opening->member_key.b,
                         RO_KEY_SIZE));
    enum ro_status s =
        ro_seat_open(ro_field(&request->seat), &opening->member_key,
                     opening->arenas[2], &opening->seat);
    if (s == RO_BAD_RECORD || s == RO_BAD_SIGNATURE) {
        return ro_why(opening->why, s, "its certificate does not hold: %s",
                      ro_status_text(s));
    }
    RO_TRY(s);
    const Reachout__Seat *seat = opening->seat;
    find_member_id(opening, &member);
    if (!is_field(&seat->circle, authority->circle.b, RO_ID_SIZE) ||
        !is_field(&seat->member, member.b, RO_ID_SIZE)) {
        return ro_why(opening->why, RO_MISBOUND,
                      "its certificate is for another circle or member");
    }
    if (seat->role != opening->ticket->role) {
        return ro_why(opening->why, RO_MISBOUND,
                      "it was invited as %s and asks to be %s",
                      authority_role_word(opening->ticket->role),
                      authority_role_word(seat->role));
    }
    return check_keys(opening);
}

/* --- what is kept -------------------------------------------------------- */

static enum ro_status
copy_keys(const struct opening *opening, struct authority_petition *petition)
{
    const Reachout__EnrolRequest *request = opening->content->enrol_request;
    struct ro_key fallback;
    petition->member_key = opening->member_key;
    petition->seat = opening->outer.sender.seat;
    find_member_id(opening, &petition->member);
    RO_TRY(
        ro_field_copy(&opening->seat->fallback_key, fallback.b, RO_KEY_SIZE));
    RO_TRY(ro_key_to_x25519(&fallback, &petition->fallback));
    ro_buf_put(&petition->certificate, request->seat.data, request->seat.len);
    return ro_buf_ok(&petition->certificate);
}

static enum ro_status
make_petition(const struct opening *opening,
              const struct authority_envelope *envelope,
              struct authority_petition **ret_petition)
{
    RO_CLEANUP(authority_petition_freep)
    struct authority_petition *petition = calloc(1, sizeof(*petition));
    if (petition == NULL)
        return RO_NO_MEMORY;
    const Reachout__Ticket *ticket = opening->ticket;
    const char *holder = opening->content->enrol_request->holder;
    ro_message_id_of(opening->outer.reference, envelope->body, &petition->id);
    petition->generation = envelope->generation;
    petition->standing = AUTHORITY_WAITING;
    RO_TRY(ro_field_copy(&ticket->id, petition->ticket, RO_ID_SIZE));
    RO_TRY(copy_keys(opening, petition));
    petition->kind = ticket->kind;
    petition->role = ticket->role;
    petition->wish = ticket->has_replaces ? PETITION_REPLACES : PETITION_JOINS;
    petition->urn = ticket->urn;
    petition->home_urn = ticket->home_urn;
    petition->sent_at_s = (int64_t)opening->content->sent_at;
    (void)snprintf(petition->name, sizeof(petition->name), "%s",
                   ticket->name != NULL ? ticket->name : "");
    (void)snprintf(petition->holder, sizeof(petition->holder), "%s",
                   holder != NULL ? holder : "");
    *ret_petition = RO_STEAL(petition);
    return RO_OK;
}

enum ro_status
authority_envelope_open(const struct authority *authority,
                        const struct authority_envelope *envelope,
                        struct ro_why *why,
                        struct authority_petition **ret_petition)
{
    RO_CLEANUP(opening_fini)
    struct opening opening = {.authority = authority, .why = why};
    for (size_t i = 0; i < RO_LEN(opening.arenas); i++) {
        opening.arenas[i] = ro_arena_new(0, 0);
        if (opening.arenas[i] == NULL)
            return RO_NO_MEMORY;
    }
    RO_TRY(open_layers(&opening, envelope));
    RO_TRY(check_content(&opening));
    RO_TRY(check_carried(&opening, envelope));
    RO_TRY(check_ticket(&opening, envelope));
    RO_TRY(check_certificate(&opening));
    return make_petition(&opening, envelope, ret_petition);
}

bool
authority_envelope_is_trouble(enum ro_status status)
{
    static const enum ro_status troubles[] = {
        RO_BAD_SEAL,       RO_MISBOUND,    RO_BAD_TICKET,
        RO_TICKET_EXPIRED, RO_TICKET_USED, RO_BAD_RECORD,
        RO_BAD_SIGNATURE,  RO_BAD_FRAME,   RO_BAD_INPUT,
    };
    for (size_t i = 0; i < RO_LEN(troubles); i++) {
        if (troubles[i] == status)
            return true;
    }
    return false;
}

/* --- taking it ----------------------------------------------------------- */

static bool
is_ticket_used(const struct authority *authority, const uint8_t *ticket)
{
    for (size_t i = 0; i < authority->n_petitions; i++) {
        if (memcmp(authority->petitions[i]->ticket, ticket, RO_ID_SIZE) == 0)
            return true;
    }
    return false;
}

enum ro_status
authority_envelope_take(struct authority *authority,
                        const struct authority_envelope *envelope,
                        struct ro_why *why,
                        struct ro_message_id *ret_id)
{
    RO_CLEANUP(authority_petition_freep)
    struct authority_petition *petition = NULL;
    RO_TRY(authority_envelope_open(authority, envelope, why, &petition));
    if (ret_id != NULL)
        *ret_id = petition->id;
    if (authority_petition_find(authority, &petition->id) != NULL)
        return RO_OK;
    if (is_ticket_used(authority, petition->ticket)) {
        return ro_why(why, RO_TICKET_USED,
                      "another request came with the same ticket");
    }
    RO_TRY(authority_petition_save(authority, petition, why));
    return authority_petition_add_take(authority, RO_STEAL(petition));
}

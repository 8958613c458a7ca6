/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that wait, and the yes or no that they get. */
#include "client/authority/inside.h"

#include <stdio.h>
#include <string.h>

#include "client/authority/asking.h"
#include "client/authority/complete.h"
#include "client/authority/fetching.h"
#include "client/authority/find.h"
#include "client/authority/log.h"
#include "client/authority/names.h"
#include "client/authority/petition.h"
#include "client/authority/revoke.h"
#include "client/authority/rotation.h"
#include "client/authority/signing.h"
#include "common/base/text.h"
#include "common/crypto/words.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

static_assert(AUTHORITY_WORDS == RO_WORDS, "the same words on both sides");

/* --- the list ------------------------------------------------------------ */

void
authority_requests_fini(struct authority_requests *requests)
{
    free(requests->list);
    free(requests->troubles);
    *requests = (struct authority_requests){0};
}

static enum authority_decision
decision_of(const struct authority_petition *petition)
{
    switch (petition->standing) {
    case AUTHORITY_ADMITTING:
        return AUTHORITY_TO_ADMIT;
    case AUTHORITY_REFUSING:
        return AUTHORITY_TO_REFUSE;
    case AUTHORITY_UNHEARD:
        return AUTHORITY_TO_HEAR_NO;
    case AUTHORITY_WAITING:
    case AUTHORITY_ADMITTED: /* not listed */
    case AUTHORITY_REFUSED:
    default:
        return AUTHORITY_UNDECIDED;
    }
}

static void
fill_request(const struct authority *authority,
             const struct authority_petition *petition,
             struct authority_request *ret_request)
{
    *ret_request = (struct authority_request){
        .id = petition->id,
        .member = petition->member,
        .seat = petition->seat,
        .kind = authority_kind_word(petition->kind),
        .role = authority_role_word(petition->role),
        .urn = petition->urn,
        .name = authority_petition_name(authority, petition),
        .holder = petition->holder,
        .wish = petition->wish == PETITION_REPLACES ? AUTHORITY_NEW_KEYS
                                                    : AUTHORITY_NEW_MEMBER,
        .decision = decision_of(petition),
        .sent_at_s = petition->sent_at_s,
    };
    ro_words_of(ro_buf_view(&petition->certificate), ret_request->words);
}

static enum ro_status
list_requests(const struct authority *authority,
              struct authority_requests *requests)
{
    requests->list =
        calloc(authority->n_petitions + 1, sizeof(*requests->list));
    if (requests->list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < authority->n_petitions; i++) {
        if (authority_petition_is_open(authority->petitions[i])) {
            fill_request(authority, authority->petitions[i],
                         &requests->list[requests->n++]);
        }
    }
    return RO_OK;
}

enum ro_status
authority_list(const struct authority *authority,
               struct authority_requests *ret_requests)
{
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    RO_TRY(list_requests(authority, &requests));
    *ret_requests = requests;
    requests = (struct authority_requests){0};
    return RO_OK;
}

enum ro_status
authority_petitions_settle(struct authority *authority, struct ro_why *why)
{
    if (!authority_is_apart(authority))
        return RO_OK; /* what a folder publishes it also answers */
    for (size_t i = 0; i < authority->n_petitions; i++) {
        struct authority_petition *one = authority->petitions[i];
        if (one->standing == AUTHORITY_ADMITTING &&
            ro_directory_seat(authority->directory, &one->seat) != NULL)
            RO_TRY(authority_petition_close(authority, one, why));
    }
    return RO_OK;
}

enum ro_status
authority_receive(struct authority *authority,
                  struct ro_why *why,
                  struct authority_requests *ret_requests)
{
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    if (authority_is_apart(authority))
        return authority_list(authority, ret_requests);
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(authority_rotation_go_on(authority, ROTATION_FROM_CHARTER, why));
    RO_TRY(authority_mailbox_receive(authority, why, &requests));
    RO_TRY(authority_answer_unheard(authority, why, &requests));
    RO_TRY(list_requests(authority, &requests));
    *ret_requests = requests;
    requests = (struct authority_requests){0};
    return RO_OK;
}

/* --- finding one --------------------------------------------------------- */

enum ro_status
authority_find(const struct authority *authority,
               const char *prefix,
               struct ro_why *why,
               struct ro_message_id *ret_id)
{
    size_t size = strlen(prefix);
    const struct authority_petition *found = NULL;
    if (size == 0 || size >= RO_ID_HEX ||
        prefix[strspn(prefix, "0123456789abcdef")] != '\0') {
        return ro_why(why, RO_USAGE,
                      "\"%.40s\" is no id: requests are named by what stands "
                      "before them in the list, 0 to 9 and a to f",
                      prefix);
    }
    for (size_t i = 0; i < authority->n_petitions; i++) {
        const struct authority_petition *one = authority->petitions[i];
        char hex[RO_ID_HEX];
        ro_hex(one->id.b, RO_ID_SIZE, hex);
        if (!authority_petition_is_open(one) || strncmp(hex, prefix, size) != 0)
            continue;
        if (found != NULL) {
            return ro_why(why, RO_AMBIGUOUS,
                          "more than one request begins with %s", prefix);
        }
        found = one;
    }
    if (found == NULL) {
        return ro_why(why, RO_NOT_FOUND,
                      "no request %s waits here; reachout authority requests "
                      "lists those that do",
                      prefix);
    }
    *ret_id = found->id;
    return RO_OK;
}

/* --- yes ----------------------------------------------------------------- */

static enum ro_status
pack_member(const struct authority *authority,
            struct authority_petition *petition,
            struct ro_buf *ret_body)
{
    Reachout__Member member = REACHOUT__MEMBER__INIT;
    member.has_circle = member.has_serial = member.has_member = true;
    member.has_kind = member.has_key = true;
    member.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    member.serial = authority_log_serial(authority);
    member.member =
        ro_as_field((struct ro_bytes){petition->member.b, RO_ID_SIZE});
    member.kind = petition->kind;
    member.has_urn = petition->urn != 0;
    member.urn = petition->urn;
    member.name = petition->name[0] != '\0' ? petition->name : NULL;
    member.key =
        ro_as_field((struct ro_bytes){petition->member_key.b, RO_KEY_SIZE});
    member.has_home_urn = petition->home_urn != 0;
    member.home_urn = petition->home_urn;
    return ro_pack(&member.base, ret_body);
}

static enum ro_status
check_joining(const struct authority *authority,
              const struct authority_petition *petition,
              struct ro_why *why)
{
    const struct ro_member_view *other =
        petition->urn == 0
            ? NULL
            : ro_directory_member_by_urn(authority->directory, petition->urn);
    if (other == NULL || other->standing != RO_MEMBER_LIVE)
        return RO_OK;
    return ro_why(why, RO_REFUSED,
                  "%s is a member with another key already; refuse this "
                  "request, or remove that member first",
                  other->name);
}

/* What the member is stays as it is in the directory now. */
static enum ro_status
check_replacing(const struct authority *authority,
                struct authority_petition *petition,
                struct ro_why *why)
{
    const struct ro_member_view *member =
        ro_directory_member(authority->directory, &petition->member);
    if (member == NULL || member->standing != RO_MEMBER_LIVE) {
        return ro_why(why, RO_REFUSED,
                      "the member whose keys it would replace is not one of "
                      "the circle; refuse this request");
    }
    petition->kind = member->kind;
    petition->urn = member->urn;
    petition->home_urn = member->home_urn;
    petition->name[0] = '\0';
    if (member->urn == 0) {
        (void)snprintf(petition->name, sizeof(petition->name), "%s",
                       member->name);
    }
    return RO_OK;
}

static enum ro_status
sign_member(struct authority *authority,
            struct authority_petition *petition,
            struct ro_why *why,
            struct ro_buf *ret_record)
{
    RO_AUTOBUF body = {0};
    RO_TRY(petition->wish == PETITION_REPLACES
               ? check_replacing(authority, petition, why)
               : check_joining(authority, petition, why));
    RO_TRY(pack_member(authority, petition, &body));
    return authority_sign(authority, REACHOUT__SIGNED__KIND__MEMBER,
                          ro_buf_view(&body), why, ret_record);
}

/* Whether the directory lacks the member record of a request. */
static bool
lacks_member(const struct authority *authority,
             const struct authority_petition *petition)
{
    const struct ro_member_view *member =
        ro_directory_member(authority->directory, &petition->member);
    if (petition->wish == PETITION_JOINS || member == NULL)
        return member == NULL;
    return memcmp(member->key.b, petition->member_key.b, RO_KEY_SIZE) != 0;
}

/* --- the old seats ------------------------------------------------------- */

/* A request being admitted. */
struct admitting {
    struct authority_petition *petition;
    const struct authority_admission *admission;
};

static enum ro_status
list_all_seats(const struct authority *authority,
               const struct ro_member_id *member,
               struct authority_revoked *revoked)
{
    const struct ro_seat_view *seat;
    for (size_t i = 0;
         (seat = ro_directory_nth_seat(authority->directory, i)) != NULL; i++) {
        if (seat->standing == RO_SEAT_LIVE &&
            ro_member_id_equal(&seat->member, member))
            revoked->seats[revoked->n_seats++] = seat->id;
    }
    return RO_OK;
}

static enum ro_status
list_named_seats(const struct authority *authority,
                 const struct admitting *admitting,
                 struct ro_why *why,
                 struct authority_revoked *revoked)
{
    const struct authority_admission *admission = admitting->admission;
    for (size_t i = 0; i < admission->n_revoke; i++) {
        if (revoked->n_seats == RO_SEATS_MAX)
            return ro_why(why, RO_USAGE, "no member has so many seats");
        RO_TRY(authority_find_seat(authority, &admitting->petition->member,
                                   admission->revoke[i], why,
                                   &revoked->seats[revoked->n_seats]));
        revoked->n_seats++;
    }
    return RO_OK;
}

/* Signs the revocation of the seats that the old key certified; an empty
 * buffer where there are none. */
static enum ro_status
sign_revocation(struct authority *authority,
                const struct admitting *admitting,
                struct ro_why *why,
                struct ro_buf *ret_record)
{
    RO_AUTOFREE struct authority_revoked *revoked = calloc(1, sizeof(*revoked));
    if (revoked == NULL)
        return RO_NO_MEMORY;
    if (admitting->petition->wish != PETITION_REPLACES)
        return RO_OK;
    RO_TRY(
        admitting->admission->n_revoke == 0
            ? list_all_seats(authority, &admitting->petition->member, revoked)
            : list_named_seats(authority, admitting, why, revoked));
    if (revoked->n_seats == 0)
        return RO_OK;
    revoked->serial = authority_log_serial(authority) + 1; /* the member's */
    return authority_revocation_sign(authority, revoked, why, ret_record);
}

/* Appends what the log lacks of the records, all at once: a member without a
 * seat would be nobody, and one with new keys must not keep the old seats. */
static enum ro_status
publish_seat(struct authority *authority, void *user, struct ro_why *why)
{
    const struct admitting *admitting = user;
    struct authority_petition *petition = admitting->petition;
    RO_AUTOBUF member = {0};
    RO_AUTOBUF revocation = {0};
    struct ro_bytes records[AUTHORITY_APPEND_MAX];
    size_t n = 0;
    RO_TRY(authority_log_ready(authority, why));
    if (ro_directory_seat(authority->directory, &petition->seat) != NULL)
        return RO_OK;
    if (lacks_member(authority, petition)) {
        RO_TRY(sign_member(authority, petition, why, &member));
        records[n++] = ro_buf_view(&member);
        RO_TRY(sign_revocation(authority, admitting, why, &revocation));
        if (revocation.size > 0)
            records[n++] = ro_buf_view(&revocation);
    }
    records[n++] = ro_buf_view(&petition->certificate);
    return authority_append(authority, records, n, why);
}

static enum ro_status
find_open(const struct authority *authority,
          const struct ro_message_id *id,
          struct ro_why *why,
          struct authority_petition **ret_petition)
{
    *ret_petition = authority_petition_find(authority, id);
    if (*ret_petition != NULL && authority_petition_is_open(*ret_petition))
        return RO_OK;
    return ro_why(why, RO_NOT_FOUND, "no such request waits here");
}

/* Where no key is here, what is in the directory already was published by
 * those who have them, and its answer with it. */
enum ro_status
authority_admit(struct authority *authority,
                const struct authority_admission *admission,
                struct ro_why *why)
{
    struct authority_petition *petition;
    const struct keys *keys = NULL;
    RO_TRY(find_open(authority, &admission->id, why, &petition));
    struct admitting admitting = {petition, admission};
    if (petition->standing == AUTHORITY_REFUSING ||
        petition->standing == AUTHORITY_UNHEARD) {
        return ro_why(why, RO_REFUSED,
                      "it was refused; the answer is on its way");
    }
    RO_TRY(authority_complete(authority, publish_seat, &admitting, why));
    if (petition->wish == PETITION_REPLACES)
        RO_TRY(authority_rotation_go_on(authority, ROTATION_FROM_REMOVAL, why));
    RO_TRY(authority_keys(authority, why, &keys));
    if (keys->n == 0 && authority->draft == NULL) {
        petition->standing = AUTHORITY_ADMITTING;
        return authority_petition_close(authority, petition, why);
    }
    RO_TRY(authority_answer_seal(authority, petition, AUTHORITY_ADMITTING, NULL,
                                 why));
    return authority_answer_send(authority, petition, NULL, why);
}

/* --- no ------------------------------------------------------------------ */

enum ro_status
authority_refuse(struct authority *authority,
                 const struct ro_message_id *id,
                 const char *text,
                 struct ro_why *why,
                 enum authority_decision *ret_left)
{
    struct authority_petition *petition;
    const struct ro_keypair *pair = NULL;
    uint32_t index = 0;
    struct ro_why detail = {.text = ""};
    RO_TRY(find_open(authority, id, why, &petition));
    if (text[0] == '\0' || ro_text_check(ro_bytes_text(text), RO_TEXT_BODY,
                                         RO_WHY_LIMIT, &detail) != RO_OK) {
        return ro_why(why, RO_BAD_INPUT, "the reason: %s",
                      detail.text[0] != '\0' ? detail.text : "there is none");
    }
    if (authority->draft == NULL)
        RO_TRY(authority_one_key(authority, why, &pair, &index));
    RO_TRY(authority_log_catch_up(authority, why));
    if (petition->standing == AUTHORITY_ADMITTING ||
        ro_directory_seat(authority->directory, &petition->seat) != NULL) {
        return ro_why(why, RO_ILLEGAL,
                      "it is admitted already; `authority admit` completes it");
    }
    /* what was sealed before stays as it was */
    const char *says = petition->standing == AUTHORITY_WAITING ? text : NULL;
    if (says != NULL) {
        RO_TRY(authority_answer_seal(authority, petition, AUTHORITY_REFUSING,
                                     text, why));
    }
    RO_TRY(authority_answer_send(authority, petition, says, why));
    *ret_left = decision_of(petition);
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The requests that wait, and the yes or no that they get. */
#include "client/authority/inside.h"

#include <string.h>

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

static void
fill_request(const struct authority *authority,
             const struct authority_petition *petition,
             struct authority_request *ret_request)
{
    const struct ro_listing_view *listing =
        petition->urn == 0
            ? NULL
            : ro_directory_listing(authority->directory, petition->urn);
    *ret_request = (struct authority_request){
        .id = petition->id,
        .member = petition->member,
        .seat = petition->seat,
        .kind = authority_kind_word(petition->kind),
        .role = authority_role_word(petition->role),
        .urn = petition->urn,
        .name = listing != NULL ? listing->name : petition->name,
        .holder = petition->holder,
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
authority_receive(struct authority *authority,
                  struct ro_why *why,
                  struct authority_requests *ret_requests)
{
    RO_CLEANUP(authority_requests_fini)
    struct authority_requests requests = {0};
    RO_TRY(authority_log_sync(authority, why));
    RO_TRY(authority_mailbox_receive(authority, why, &requests));
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
        prefix[strspn(prefix, "0123456789abcdef")] != '\0')
        return ro_why(why, RO_USAGE, "a request is named by its id in hex");
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
    if (found == NULL)
        return ro_why(why, RO_NOT_FOUND, "no request %s waits here", prefix);
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
append_member(struct authority *authority,
              struct authority_petition *petition,
              struct ro_why *why)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    const struct ro_member_view *other =
        petition->urn == 0
            ? NULL
            : ro_directory_member_by_urn(authority->directory, petition->urn);
    if (other != NULL && other->standing == RO_MEMBER_LIVE) {
        return ro_why(why, RO_REFUSED,
                      "%s is a member with another key already; refuse this "
                      "request, or remove that member first",
                      other->name);
    }
    RO_TRY(pack_member(authority, petition, &body));
    RO_TRY(authority_sign(authority, REACHOUT__SIGNED__KIND__MEMBER,
                          ro_buf_view(&body), why, &record));
    return authority_append(authority, ro_buf_view(&record), why);
}

/* Appends what the log lacks of the two records. */
static enum ro_status
publish_seat(struct authority *authority, void *user, struct ro_why *why)
{
    struct authority_petition *petition = user;
    RO_TRY(authority_log_ready(authority, why));
    if (ro_directory_seat(authority->directory, &petition->seat) != NULL)
        return RO_OK;
    if (ro_directory_member(authority->directory, &petition->member) == NULL)
        RO_TRY(append_member(authority, petition, why));
    return authority_append(authority, ro_buf_view(&petition->certificate),
                            why);
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

enum ro_status
authority_admit(struct authority *authority,
                const struct ro_message_id *id,
                struct ro_why *why)
{
    struct authority_petition *petition;
    RO_TRY(find_open(authority, id, why, &petition));
    if (petition->standing == AUTHORITY_REFUSING) {
        return ro_why(why, RO_REFUSED,
                      "it was refused; the answer is on its way");
    }
    RO_TRY(authority_complete(authority, publish_seat, petition, why));
    RO_TRY(authority_answer_seal(authority, petition, AUTHORITY_ADMITTING, NULL,
                                 why));
    return authority_answer_send(authority, petition, why);
}

/* --- no ------------------------------------------------------------------ */

enum ro_status
authority_refuse(struct authority *authority,
                 const struct ro_message_id *id,
                 const char *text,
                 struct ro_why *why)
{
    struct authority_petition *petition;
    struct ro_why detail = {.text = ""};
    RO_TRY(find_open(authority, id, why, &petition));
    if (text[0] == '\0' || ro_text_check(ro_bytes_text(text), RO_TEXT_BODY,
                                         RO_WHY_LIMIT, &detail) != RO_OK) {
        return ro_why(why, RO_BAD_INPUT, "the reason: %s",
                      detail.text[0] != '\0' ? detail.text : "there is none");
    }
    RO_TRY(authority_log_sync(authority, why));
    if (petition->standing == AUTHORITY_ADMITTING ||
        ro_directory_seat(authority->directory, &petition->seat) != NULL) {
        return ro_why(why, RO_ILLEGAL,
                      "it is admitted already; `authority admit` completes it");
    }
    RO_TRY(authority_answer_seal(authority, petition, AUTHORITY_REFUSING, text,
                                 why));
    return authority_answer_send(authority, petition, why);
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The answer to one who asked to be admitted. It is sealed once and kept, so
 * that sending it again is the same envelope.
 */
#include "client/authority/petition.h"

#include "client/authority/asking.h"
#include "client/authority/names.h"
#include "client/authority/proposal.h"
#include "client/authority/rotation.h"
#include "client/authority/sealing.h"
#include "client/authority/signing.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

/* --- sealing ------------------------------------------------------------- */

static enum ro_status
seal_answer(const struct authority *authority,
            struct authority_petition *petition,
            Reachout__EnrolAnswer *answer)
{
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    struct authority_sealed sealed;
    content.enrol_answer = answer;
    petition->answer_expiry_hour =
        authority_expiry_hour(ro_clock_wall_s(&authority->world.clock));
    const struct authority_sealing to = {
        .seat = petition->seat,
        .key = petition->fallback,
        .day = RO_DAY_FALLBACK,
        .generation = petition->generation,
        .psk = authority_psk(authority, petition->generation),
        .expiry_hour = petition->answer_expiry_hour,
    };
    RO_TRY(authority_seal(authority, &to, &content, &petition->answer_body,
                          &sealed));
    ro_buf_clear(&petition->answer_wrap);
    ro_buf_put(&petition->answer_wrap, sealed.wrap, sizeof(sealed.wrap));
    return ro_buf_ok(&petition->answer_wrap);
}

/* Who has an older invitation gets the newest key with its admission. */
static void
fill_psk(const struct authority *authority,
         const struct authority_petition *petition,
         Reachout__EnrolAnswer *answer)
{
    uint32_t newest = authority_newest_generation(authority);
    if (!answer->admitted || newest == petition->generation)
        return;
    answer->has_generation = answer->has_psk = true;
    answer->generation = newest;
    answer->psk = ro_as_field(
        (struct ro_bytes){authority_psk(authority, newest), RO_PSK_SIZE});
}

enum ro_status
authority_answer_seal(struct authority *authority,
                      struct authority_petition *petition,
                      enum authority_standing standing,
                      const char *text,
                      struct ro_why *why)
{
    Reachout__EnrolAnswer answer = REACHOUT__ENROL_ANSWER__INIT;
    if (petition->standing == standing)
        return RO_OK;
    answer.has_admitted = true;
    answer.admitted = standing == AUTHORITY_ADMITTING;
    answer.why = authority_borrow(text);
    answer.has_member = answer.admitted;
    answer.member =
        ro_as_field((struct ro_bytes){petition->member.b, RO_ID_SIZE});
    if (authority_psk(authority, petition->generation) == NULL) {
        /* under a key that is gone: what the directory says must do */
        petition->standing = standing;
        return authority_petition_save(authority, petition, why);
    }
    fill_psk(authority, petition, &answer);
    RO_TRY(seal_answer(authority, petition, &answer));
    petition->standing = standing;
    return authority_petition_save(authority, petition, why);
}

/* --- sending ------------------------------------------------------------- */

/* The authority's signature lets an answer into a mailbox that deposit would
 * not open: over the mailbox, the body's hash and the wrap. */
static enum ro_status
sign_reply(struct authority *authority,
           struct ro_why *why,
           struct proposal_reply *reply)
{
    const struct ro_keypair *pair = NULL;
    uint32_t index = 0;
    RO_AUTOBUF message = {0};
    struct ro_hash body;
    ro_body_hash(ro_buf_view(&reply->body), &body);
    ro_buf_put(&message, reply->answer_to.b, RO_ID_SIZE);
    ro_buf_put(&message, body.b, RO_HASH_SIZE);
    ro_buf_put(&message, reply->wrap.data, reply->wrap.size);
    RO_TRY(ro_buf_ok(&message));
    RO_TRY(authority_one_key(authority, why, &pair, &index));
    ro_sign(pair, RO_LABEL_ENROL_ANSWER, ro_buf_view(&message),
            &reply->signature);
    reply->standing = PROPOSAL_SIGNED;
    return RO_OK;
}

enum ro_status
authority_reply_send(struct authority *authority,
                     const struct proposal_reply *reply,
                     struct ro_why *why)
{
    Reachout__Enrol__Ask ask = REACHOUT__ENROL__ASK__INIT;
    const ProtobufCMessage *answer;
    ask.has_answer_to = ask.has_signature = ask.has_body = ask.has_wrap = true;
    ask.has_generation = ask.has_expiry_hour = true;
    ask.answer_to =
        ro_as_field((struct ro_bytes){reply->answer_to.b, RO_ID_SIZE});
    ask.signature =
        ro_as_field((struct ro_bytes){reply->signature.b, RO_SIGNATURE_SIZE});
    ask.body = ro_as_field(ro_buf_view(&reply->body));
    ask.wrap = ro_as_field(ro_buf_view(&reply->wrap));
    ask.generation = reply->generation;
    ask.expiry_hour = reply->expiry_hour;
    enum ro_status s =
        authority_ask(authority, RO_VERB_ENROL, &ask.base, why, &answer);
    return s == RO_EXPIRED ? RO_OK : s;
}

enum ro_status
authority_answer_settle(const struct authority *authority,
                        struct authority_petition *petition,
                        enum ro_status sent,
                        struct ro_why *why)
{
    bool is_no = petition->standing == AUTHORITY_REFUSING ||
                 petition->standing == AUTHORITY_UNHEARD;
    if (sent == RO_NO_MAILBOX && is_no) {
        petition->standing = AUTHORITY_UNHEARD;
        return authority_petition_save(authority, petition, why);
    }
    /* under a key that the broker takes no more: nobody is going to hear it */
    bool is_over = sent == RO_STALE && petition->standing == AUTHORITY_UNHEARD;
    if (sent != RO_OK && sent != RO_NO_MAILBOX && !is_over)
        return sent;
    return authority_petition_close(authority, petition, why);
}

/* Whether a draft may go without this signature: it is given later. */
static bool
may_wait(const struct authority *authority, enum ro_status status)
{
    return status == RO_REFUSED && authority->draft != NULL;
}

/* What a draft tells those who sign: the answer itself only its seat can
 * read. `text` is the reason, or NULL where it was sealed before. */
static enum ro_status
put_says(const struct authority *authority,
         const struct authority_petition *petition,
         const char *text,
         struct ro_buf *ret_says)
{
    ro_buf_printf(ret_says, "%s %s, %s",
                  petition->standing == AUTHORITY_REFUSING ? "refuses"
                                                           : "admits",
                  authority_petition_name(authority, petition),
                  authority_role_word(petition->role));
    if (text != NULL)
        ro_buf_printf(ret_says, ": %s", text);
    ro_buf_put_u8(ret_says, 0);
    return ro_buf_ok(ret_says);
}

enum ro_status
authority_answer_send(struct authority *authority,
                      struct authority_petition *petition,
                      const char *text,
                      struct ro_why *why)
{
    RO_AUTOBUF says = {0};
    struct proposal_reply reply = {
        .answer_to = petition->seat,
        .body = petition->answer_body, /* lent */
        .wrap = petition->answer_wrap,
        .generation = petition->generation,
        .expiry_hour = petition->answer_expiry_hour,
    };
    if (petition->answer_body.size == 0) {
        return authority->draft != NULL
                   ? RO_OK
                   : authority_petition_close(authority, petition, why);
    }
    enum ro_status s = sign_reply(authority, why, &reply);
    if (s != RO_OK && !may_wait(authority, s))
        return s;
    if (authority->draft != NULL) {
        RO_TRY(put_says(authority, petition, text, &says));
        reply.says = (char *)says.data; /* lent */
        return proposal_add_reply(authority->draft, &reply, why);
    }
    s = authority_reply_send(authority, &reply, why);
    return authority_answer_settle(authority, petition, s, why);
}

/* An answer that cannot be sent now is no reason to show no requests. */
static enum ro_status
send_unheard(struct authority *authority,
             struct authority_petition *petition,
             struct ro_why *why,
             struct authority_requests *requests)
{
    struct ro_why detail = {.text = ""};
    enum ro_status s =
        authority_answer_send(authority, petition, NULL, &detail);
    if (s == RO_OK)
        return RO_OK;
    if (detail.text[0] == '\0')
        (void)ro_why(&detail, s, "%s", ro_status_text(s));
    if (ro_status_is_alarm(s) || ro_status_is_local(s)) {
        *why = detail;
        return s;
    }
    if (requests->n_unsent++ == 0)
        requests->unsent = detail;
    return RO_OK;
}

enum ro_status
authority_answer_unheard(struct authority *authority,
                         struct ro_why *why,
                         struct authority_requests *requests)
{
    const struct keys *keys = NULL;
    RO_TRY(authority_keys(authority, why, &keys));
    for (size_t i = 0; keys->n > 0 && i < authority->n_petitions; i++) {
        struct authority_petition *one = authority->petitions[i];
        if (one->standing == AUTHORITY_UNHEARD)
            RO_TRY(send_unheard(authority, one, why, requests));
    }
    return RO_OK;
}

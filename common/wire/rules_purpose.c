/* SPDX-License-Identifier: Apache-2.0 */
/* One function a purpose; PROTOCOL.md, "Limits", has the same list. */
#include "common/wire/rules_purpose.h"

#include <string.h>

static const struct ro_text_rule text_rule = {"text", RO_TEXT_BODY,
                                              RO_TEXT_LIMIT, RO_RULE_OPTIONAL};
static const struct ro_text_rule say_rule = {"text", RO_TEXT_BODY,
                                             RO_TEXT_LIMIT, RO_RULE_REQUIRED};
static const struct ro_text_rule holder_rule = {
    "holder", RO_TEXT_LINE, RO_NAME_LIMIT, RO_RULE_OPTIONAL};

/* Whether a text is one of those in `words`, which ends with NULL. */
static bool
is_one_of(const char *text, const char *const *words)
{
    for (; text != NULL && *words != NULL; words++) {
        if (strcmp(text, *words) == 0)
            return true;
    }
    return false;
}

static enum ro_status
check_half_days(uint32_t half_days, struct ro_why *why)
{
    if (half_days > RO_HALF_DAYS_MAX) {
        return ro_why(why, RO_BAD_INPUT, "half_days: more than %d",
                      RO_HALF_DAYS_MAX);
    }
    return RO_OK;
}

static enum ro_status
check_ask(const Reachout__Content *content, struct ro_why *why)
{
    static const char *const urgencies[] = {"U1", "U2", "U3", "U4", NULL};
    static const char *const modes[] = {"in-person", "remote", NULL};
    static const struct ro_text_rule topic_rule = {
        "topic", RO_TEXT_LINE, RO_TOPIC_LIMIT, RO_RULE_REQUIRED};
    const Reachout__Ask *ask = content->ask;
    RO_TRY(ro_rule_text(ask->topic, &topic_rule, why));
    if (!is_one_of(ask->urgency, urgencies))
        return ro_why(why, RO_BAD_INPUT, "urgency: not one of U1 to U4");
    RO_TRY(ro_rule_text(ask->text, &text_rule, why));
    RO_TRY(check_half_days(ask->half_days, why));
    if (ask->mode != NULL && !is_one_of(ask->mode, modes))
        return ro_why(why, RO_BAD_INPUT, "mode: neither in-person nor remote");
    if (ask->within_km > RO_WITHIN_KM_MAX) {
        return ro_why(why, RO_BAD_INPUT, "within_km: more than %d",
                      RO_WITHIN_KM_MAX);
    }
    return ro_rule_text(ask->holder, &holder_rule, why);
}

static enum ro_status
check_answer(const Reachout__Content *content, struct ro_why *why)
{
    const Reachout__Answer *answer = content->answer;
    RO_TRY(ro_rule_text(answer->text, &text_rule, why));
    RO_TRY(check_half_days(answer->half_days, why));
    return ro_rule_text(answer->holder, &holder_rule, why);
}

static enum ro_status
check_say(const Reachout__Content *content, struct ro_why *why)
{
    RO_TRY(ro_rule_text(content->say->text, &say_rule, why));
    RO_TRY(ro_rule_attachments(content->say, why));
    return ro_rule_text(content->say->holder, &holder_rule, why);
}

static enum ro_status
check_introduced(const Reachout__Content *content, struct ro_why *why)
{
    RO_TRY(ro_rule_text(content->introduced->text, &text_rule, why));
    return ro_rule_text(content->introduced->holder, &holder_rule, why);
}

static enum ro_status
check_not_chosen(const Reachout__Content *content, struct ro_why *why)
{
    return ro_rule_text(content->not_chosen->text, &text_rule, why);
}

static enum ro_status
check_state_note(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_text_rule state_rule = {"state", RO_TEXT_LINE, 40,
                                                   RO_RULE_REQUIRED};
    const char *state = content->state_note->state;
    RO_TRY(ro_rule_text(state, &state_rule, why));
    if (state[strspn(state, "abcdefghijklmnopqrstuvwxyz-")] != '\0') {
        return ro_why(why, RO_BAD_INPUT,
                      "state: not lower-case words with hyphens");
    }
    return RO_OK;
}

static enum ro_status
check_close(const Reachout__Content *content, struct ro_why *why)
{
    static const char *const outcomes[] = {"helped", "partly", "not-helped",
                                           NULL};
    if (!is_one_of(content->close->outcome, outcomes)) {
        return ro_why(why, RO_BAD_INPUT,
                      "outcome: not helped, partly or not-helped");
    }
    return ro_rule_text(content->close->text, &text_rule, why);
}

static enum ro_status
check_resend(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_bytes_rule thread_rule = {"thread", RO_ID_SIZE,
                                                     RO_RULE_REQUIRED};
    const Reachout__Resend *resend = content->resend;
    RO_TRY(
        ro_rule_bytes(resend->has_thread, &resend->thread, &thread_rule, why));
    if (!resend->has_from || !resend->has_to || resend->from > resend->to ||
        resend->to - resend->from >= RO_RESEND_MAX) {
        return ro_why(why, RO_BAD_INPUT, "from, to: not 1 to %d messages",
                      RO_RESEND_MAX);
    }
    return RO_OK;
}

static enum ro_status
check_receipts(const Reachout__Content *content, struct ro_why *why)
{
    if (content->n_receipts == 0)
        return ro_why(why, RO_BAD_INPUT, "receipts: none");
    return RO_OK;
}

static enum ro_status
check_size(size_t size, size_t limit, const char *name, struct ro_why *why)
{
    if (size == 0 || size > limit)
        return ro_why(why, RO_BAD_INPUT, "%s: not 1 to %zu bytes", name, limit);
    return RO_OK;
}

static enum ro_status
check_enrol_request(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_bytes_rule key_rule = {"member_key", RO_KEY_SIZE,
                                                  RO_RULE_REQUIRED};
    const Reachout__EnrolRequest *request = content->enrol_request;
    RO_TRY(ro_rule_bytes(request->has_member_key, &request->member_key,
                         &key_rule, why));
    RO_TRY(check_size(request->seat.len, RO_MEMBER_RECORD_LIMIT, "seat", why));
    RO_TRY(check_size(request->ticket.len, RO_TICKET_LIMIT, "ticket", why));
    return ro_rule_text(request->holder, &holder_rule, why);
}

static const struct ro_bytes_rule psk_rule = {"psk", RO_PSK_SIZE,
                                              RO_RULE_REQUIRED};

static enum ro_status
check_generation(protobuf_c_boolean has,
                 uint32_t generation,
                 struct ro_why *why)
{
    return has && generation > 0
               ? RO_OK
               : ro_why(why, RO_BAD_INPUT, "generation: missing");
}

static enum ro_status
check_psk(const Reachout__Content *content, struct ro_why *why)
{
    const Reachout__Psk *psk = content->psk;
    RO_TRY(check_generation(psk->has_generation, psk->generation, why));
    return ro_rule_bytes(psk->has_psk, &psk->psk, &psk_rule, why);
}

static enum ro_status
check_enrol_answer(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_text_rule why_rule = {
        "why", RO_TEXT_BODY, RO_WHY_LIMIT, RO_RULE_OPTIONAL};
    struct ro_bytes_rule member_rule = {"member", RO_ID_SIZE, RO_RULE_OPTIONAL};
    const Reachout__EnrolAnswer *answer = content->enrol_answer;
    if (!answer->has_admitted)
        return ro_why(why, RO_BAD_INPUT, "admitted: missing");
    if (answer->admitted)
        member_rule.presence = RO_RULE_REQUIRED;
    RO_TRY(
        ro_rule_bytes(answer->has_member, &answer->member, &member_rule, why));
    if (answer->has_generation || answer->has_psk) {
        RO_TRY(
            check_generation(answer->has_generation, answer->generation, why));
        RO_TRY(ro_rule_bytes(answer->has_psk, &answer->psk, &psk_rule, why));
    }
    return ro_rule_text(answer->why, &why_rule, why);
}

enum ro_status
ro_rule_purpose(const Reachout__Content *content,
                enum ro_purpose purpose,
                struct ro_why *why)
{
    switch (purpose) {
    case RO_PURPOSE_ASK:
        return check_ask(content, why);
    case RO_PURPOSE_ANSWER:
        return check_answer(content, why);
    case RO_PURPOSE_SAY:
        return check_say(content, why);
    case RO_PURPOSE_INTRODUCED:
        return check_introduced(content, why);
    case RO_PURPOSE_NOT_CHOSEN:
        return check_not_chosen(content, why);
    case RO_PURPOSE_STATE_NOTE:
        return check_state_note(content, why);
    case RO_PURPOSE_CLOSE:
        return check_close(content, why);
    case RO_PURPOSE_RESEND:
        return check_resend(content, why);
    case RO_PURPOSE_RECEIPTS:
        return check_receipts(content, why);
    case RO_PURPOSE_CHUNK:
        return ro_rule_chunk(content, why);
    case RO_PURPOSE_ENROL_REQUEST:
        return check_enrol_request(content, why);
    case RO_PURPOSE_ENROL_ANSWER:
        return check_enrol_answer(content, why);
    case RO_PURPOSE_PSK:
        return check_psk(content, why);
    case RO_PURPOSE_PASS:
    case RO_PURPOSE_CLOSED:
        return RO_OK; /* their names say it all */
    }
    return ro_why(why, RO_BAD_INPUT, "purpose: unknown");
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What every content has, whatever it is for. */
#include "common/wire/rules.h"

#include <string.h>

#include "common/wire/checkpoint.h"
#include "common/wire/codec.h"
#include "common/wire/rules_purpose.h"

enum ro_status
ro_rule_text(const char *text,
             const struct ro_text_rule *rule,
             struct ro_why *why)
{
    if (text == NULL || text[0] == '\0') {
        if (rule->presence == RO_RULE_REQUIRED)
            return ro_why(why, RO_BAD_INPUT, "%s: missing", rule->name);
        return RO_OK;
    }
    struct ro_why detail = {.text = ""};
    if (ro_text_check(ro_bytes_text(text), rule->kind, rule->limit, &detail) !=
        RO_OK)
        return ro_why(why, RO_BAD_INPUT, "%s: %.200s", rule->name, detail.text);
    return RO_OK;
}

enum ro_status
ro_rule_bytes(protobuf_c_boolean has,
              const ProtobufCBinaryData *field,
              const struct ro_bytes_rule *rule,
              struct ro_why *why)
{
    static const uint8_t zero[RO_SIGNATURE_SIZE];
    if (!has) {
        if (rule->presence == RO_RULE_REQUIRED)
            return ro_why(why, RO_BAD_INPUT, "%s: missing", rule->name);
        return RO_OK;
    }
    if (field->len != rule->size) {
        return ro_why(why, RO_BAD_INPUT, "%s: not %zu bytes", rule->name,
                      rule->size);
    }
    if (memcmp(field->data, zero, rule->size) == 0)
        return ro_why(why, RO_BAD_INPUT, "%s: all zero", rule->name);
    return RO_OK;
}

/* The purposes that are set. */
struct purposes {
    enum ro_purpose last;
    size_t n;
};

static struct purposes
find_purposes(const Reachout__Content *content)
{
    const struct {
        enum ro_purpose purpose;
        const void *message;
    } all[] = {
        {RO_PURPOSE_ASK,           content->ask          },
        {RO_PURPOSE_ANSWER,        content->answer       },
        {RO_PURPOSE_PASS,          content->pass         },
        {RO_PURPOSE_SAY,           content->say          },
        {RO_PURPOSE_INTRODUCED,    content->introduced   },
        {RO_PURPOSE_NOT_CHOSEN,    content->not_chosen   },
        {RO_PURPOSE_STATE_NOTE,    content->state_note   },
        {RO_PURPOSE_CLOSE,         content->close        },
        {RO_PURPOSE_CLOSED,        content->closed       },
        {RO_PURPOSE_RESEND,        content->resend       },
        {RO_PURPOSE_RECEIPTS,      content->receipt_only },
        {RO_PURPOSE_CHUNK,         content->chunk        },
        {RO_PURPOSE_ENROL_REQUEST, content->enrol_request},
        {RO_PURPOSE_ENROL_ANSWER,  content->enrol_answer },
        {RO_PURPOSE_PSK,           content->psk          },
    };
    struct purposes found = {0};
    for (size_t i = 0; i < RO_LEN(all); i++) {
        if (all[i].message == NULL)
            continue;
        found.last = all[i].purpose;
        found.n++;
    }
    return found;
}

/* Between the authority and one seat. */
static bool
is_enrolment(enum ro_purpose purpose)
{
    return purpose == RO_PURPOSE_ENROL_REQUEST ||
           purpose == RO_PURPOSE_ENROL_ANSWER || purpose == RO_PURPOSE_PSK;
}

static enum ro_status
check_audience(const Reachout__Audience *audience, struct ro_why *why)
{
    static const struct ro_text_rule group_rule = {
        "group", RO_TEXT_LINE, RO_NAME_LIMIT, RO_RULE_REQUIRED};
    static const struct ro_bytes_rule member_rule = {"member", RO_ID_SIZE,
                                                     RO_RULE_REQUIRED};
    unsigned set = (audience->group != NULL ? 1U : 0U) +
                   (audience->has_member ? 1U : 0U) +
                   (audience->has_coordinators ? 1U : 0U);
    if (set != 1)
        return ro_why(why, RO_BAD_INPUT, "audience: not exactly one of them");
    if (audience->group != NULL)
        return ro_rule_text(audience->group, &group_rule, why);
    if (audience->has_member) {
        return ro_rule_bytes(audience->has_member, &audience->member,
                             &member_rule, why);
    }
    if (!audience->coordinators)
        return ro_why(why, RO_BAD_INPUT, "coordinators: set to no");
    return RO_OK;
}

/* Enrolment is between keys that no directory knows yet. */
static enum ro_status
check_audiences(const Reachout__Content *content,
                enum ro_purpose purpose,
                struct ro_why *why)
{
    if (content->n_audience > RO_AUDIENCES_MAX ||
        (content->n_audience == 0 && !is_enrolment(purpose))) {
        return ro_why(why, RO_BAD_INPUT, "audience: not 1 to %d",
                      RO_AUDIENCES_MAX);
    }
    for (size_t i = 0; i < content->n_audience; i++)
        RO_TRY(check_audience(content->audience[i], why));
    if (!content->has_log_size && !is_enrolment(purpose))
        return ro_why(why, RO_BAD_INPUT, "log_size: missing");
    return RO_OK;
}

static enum ro_status
check_sender(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_bytes_rule circle_rule = {"circle", RO_ID_SIZE,
                                                     RO_RULE_REQUIRED};
    static const struct ro_bytes_rule sender_rule = {"sender", RO_ID_SIZE,
                                                     RO_RULE_REQUIRED};
    static const struct ro_bytes_rule hash_rule = {"recipients", RO_HASH_SIZE,
                                                   RO_RULE_REQUIRED};
    RO_TRY(ro_rule_bytes(content->has_circle, &content->circle, &circle_rule,
                         why));
    RO_TRY(ro_rule_bytes(content->has_sender, &content->sender, &sender_rule,
                         why));
    RO_TRY(ro_rule_bytes(content->has_recipients, &content->recipients,
                         &hash_rule, why));
    if (!content->has_sent_at || content->sent_at > INT64_MAX)
        return ro_why(why, RO_BAD_INPUT, "sent_at: missing or out of range");
    if (content->has_checkpoint &&
        (content->checkpoint.len == 0 ||
         content->checkpoint.len > RO_CHECKPOINT_LIMIT)) {
        return ro_why(why, RO_BAD_INPUT, "checkpoint: not 1 to %d bytes",
                      RO_CHECKPOINT_LIMIT);
    }
    return RO_OK;
}

/* A purpose of a request names it; enrolment has none. */
static enum ro_status
check_thread(const Reachout__Content *content,
             enum ro_purpose purpose,
             struct ro_why *why)
{
    struct ro_bytes_rule request_rule = {"request", RO_ID_SIZE,
                                         RO_RULE_REQUIRED};
    static const struct ro_bytes_rule thread_rule = {"thread", RO_ID_SIZE,
                                                     RO_RULE_OPTIONAL};
    if (is_enrolment(purpose) && (content->has_request || content->has_thread))
        return ro_why(why, RO_BAD_INPUT, "request: none in an enrolment");
    if (purpose >= RO_PURPOSE_RESEND && purpose != RO_PURPOSE_CHUNK)
        request_rule.presence = RO_RULE_OPTIONAL;
    RO_TRY(ro_rule_bytes(content->has_request, &content->request, &request_rule,
                         why));
    return ro_rule_bytes(content->has_thread, &content->thread, &thread_rule,
                         why);
}

static enum ro_status
check_seen(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_bytes_rule seat_rule = {"seat", RO_ID_SIZE,
                                                   RO_RULE_REQUIRED};
    static const struct ro_bytes_rule body_rule = {"body", RO_HASH_SIZE,
                                                   RO_RULE_REQUIRED};
    if (content->n_seen > RO_SEEN_MAX)
        return ro_why(why, RO_BAD_INPUT, "seen: more than %d", RO_SEEN_MAX);
    for (size_t i = 0; i < content->n_seen; i++) {
        const Reachout__Seen *seen = content->seen[i];
        RO_TRY(ro_rule_bytes(seen->has_seat, &seen->seat, &seat_rule, why));
        RO_TRY(ro_rule_bytes(seen->has_body, &seen->body, &body_rule, why));
    }
    return RO_OK;
}

static enum ro_status
check_receipts(const Reachout__Content *content, struct ro_why *why)
{
    static const struct ro_bytes_rule receipt_rule = {"receipts", RO_ID_SIZE,
                                                      RO_RULE_REQUIRED};
    if (content->n_receipts > RO_RECEIPTS_MAX) {
        return ro_why(why, RO_BAD_INPUT, "receipts: more than %d",
                      RO_RECEIPTS_MAX);
    }
    for (size_t i = 0; i < content->n_receipts; i++)
        RO_TRY(ro_rule_bytes(1, &content->receipts[i], &receipt_rule, why));
    return RO_OK;
}

enum ro_status
ro_content_check(const Reachout__Content *content, struct ro_why *why)
{
    struct purposes found = find_purposes(content);
    if (found.n != 1)
        return ro_why(why, RO_BAD_INPUT, "purpose: not exactly one");
    RO_TRY(check_sender(content, why));
    RO_TRY(check_audiences(content, found.last, why));
    RO_TRY(check_thread(content, found.last, why));
    RO_TRY(check_seen(content, why));
    RO_TRY(check_receipts(content, why));
    return ro_rule_purpose(content, found.last, why);
}

enum ro_purpose
ro_content_purpose(const Reachout__Content *content)
{
    return find_purposes(content).last;
}

enum ro_status
ro_content_get(struct ro_bytes bytes,
               struct ro_arena *arena,
               struct ro_why *why,
               Reachout__Content **ret_content)
{
    ProtobufCMessage *base = NULL;
    enum ro_status s =
        ro_unpack(&reachout__content__descriptor, bytes, arena, &base);
    if (s == RO_BAD_FRAME)
        return ro_why(why, s, "form: not a content");
    RO_TRY(s);
    Reachout__Content *content = (Reachout__Content *)base;
    RO_TRY(ro_content_check(content, why));
    *ret_content = content;
    return RO_OK;
}

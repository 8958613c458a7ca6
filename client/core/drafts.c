/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/drafts.h"

#include "client/core/opening.h"
#include "client/core/recipients.h"
#include "client/core/verifying.h"
#include "common/base/text.h"
#include "common/wire/codec.h"

#include <string.h>

static enum ro_status
add_one(struct drafts *drafts,
        const struct drafts_target *target,
        Reachout__Content *content)
{
    struct engine *engine = drafts->engine;
    struct composed *composed = drafts->composed;
    Reachout__Audience one = REACHOUT__AUDIENCE__INIT;
    Reachout__Audience *list = &one;
    struct row_id row;
    const struct ro_member_id *self = &engine->keyring->member_id;
    struct draft draft = {.content = content,
                          .request = target->request,
                          .thread = target->thread,
                          .members = target->members,
                          .n_members = target->n_members};
    if (target->to == DRAFTS_TO_SELF) {
        draft.members = self;
        draft.n_members = 1;
    }
    content->audience = target->audience;
    content->n_audience = target->n_audience;
    if (target->to != DRAFTS_TO_MANY) {
        one.has_member = true;
        one.member =
            ro_as_field((struct ro_bytes){draft.members[0].b, RO_ID_SIZE});
        content->audience = &list;
        content->n_audience = 1;
    }
    content->has_request = !ro_request_id_is_zero(&target->request);
    content->request =
        ro_as_field((struct ro_bytes){target->request.b, RO_ID_SIZE});
    content->has_thread = !ro_thread_id_is_zero(&target->thread);
    content->thread =
        ro_as_field((struct ro_bytes){target->thread.b, RO_ID_SIZE});
    RO_TRY(outbox_add(engine, &draft, drafts->why, &row));
    ro_buf_put(&composed->rows, row.b, RO_ID_SIZE);
    return ro_buf_ok(&composed->rows);
}

static enum ro_status
add_some(struct drafts *drafts,
         const struct drafts_target *target,
         const struct recipients *some,
         Reachout__Content *content)
{
    struct drafts_target part = *target;
    part.members = some->members;
    part.n_members = some->n_members;
    return some->n_members == 0 ? RO_OK : add_one(drafts, &part, content);
}

/* Those of many whose key was replaced get a message of their own, which waits
 * until it was compared: the others need not. */
static enum ro_status
add_to_many(struct drafts *drafts,
            const struct drafts_target *target,
            Reachout__Content *content)
{
    RO_AUTORECIPIENTS now = {0};
    RO_AUTORECIPIENTS later = {0};
    for (size_t i = 0; i < target->n_members; i++) {
        enum ro_status s =
            verifying_may_send(drafts->engine, &target->members[i], NULL);
        if (s != RO_KEY_CHANGED)
            RO_TRY(s);
        RO_TRY(recipients_add(s == RO_OK ? &now : &later, &target->members[i]));
    }
    RO_TRY(add_some(drafts, target, &now, content));
    return add_some(drafts, target, &later, content);
}

enum ro_status
drafts_add(struct drafts *drafts,
           const struct drafts_target *target,
           Reachout__Content *content)
{
    return target->to == DRAFTS_TO_MANY ? add_to_many(drafts, target, content)
                                        : add_one(drafts, target, content);
}

enum ro_status
drafts_finish(struct drafts *drafts, enum ro_status s)
{
    s = vault_end(drafts->engine->vault, s);
    if (s != RO_OK)
        ro_buf_clear(&drafts->composed->rows);
    return s;
}

enum ro_status
drafts_text(const char *text, struct ro_why *why, char **ret_text)
{
    *ret_text = NULL;
    if (text == NULL)
        return RO_OK;
    struct ro_bytes bytes = ro_bytes_text(text);
    if (bytes.size > RO_TEXT_LIMIT) {
        return ro_why(why, RO_BAD_INPUT,
                      "the text has %zu bytes, at most %d fit; shorten it or "
                      "send it in parts",
                      bytes.size, RO_TEXT_LIMIT);
    }
    RO_TRY(ro_text_check(bytes, RO_TEXT_BODY, RO_TEXT_LIMIT, why));
    memcpy(ret_text, &text, sizeof(text)); /* protobuf-c's fields lack const */
    return RO_OK;
}

enum ro_status
drafts_half_days(double days,
                 struct ro_why *why,
                 uint32_t *ret_half_days,
                 protobuf_c_boolean *ret_has)
{
    *ret_has = days >= 0;
    *ret_half_days = 0;
    if (days > 200) {
        return ro_why(why, RO_BAD_INPUT, "%g days are more than a school year",
                      days);
    }
    if (days >= 0)
        *ret_half_days = (uint32_t)(days * 2 + 0.5);
    return RO_OK;
}

static enum flow_actor
actor_of(const struct story *story)
{
    switch (story->side) {
    case RO_SIDE_ASKER:
        return FLOW_ASKER;
    case RO_SIDE_COORDINATOR:
        return FLOW_COORDINATOR;
    case RO_SIDE_HELPER:
    default:
        return FLOW_HELPER;
    }
}

/* Whom the person at this seat takes the other side to be. */
static const char *
other_name(const struct drafts *drafts,
           const struct story *story,
           const struct story_thread *thread)
{
    const struct ro_member_id *id = &story->request.asker;
    if (story->side == RO_SIDE_ASKER && thread == NULL)
        return NULL;
    if (thread != NULL)
        id = &thread->with;
    const struct ro_member_view *member =
        ro_directory_member(drafts->engine->directory, id);
    return member == NULL ? NULL : member->name;
}

/* A pass tells nobody, and the school that asks goes by the offer. */
static enum ro_status
tell_offered(const struct drafts *drafts)
{
    return ro_why(drafts->why, RO_ILLEGAL,
                  "You cannot step back in silence now: your school has "
                  "offered already. Next: write so with 'say'");
}

enum ro_status
drafts_may(const struct drafts *drafts,
           const struct story *story,
           const struct story_thread *thread,
           enum flow_event event)
{
    enum request_state request;
    enum intro_state intro;
    struct flow_refusal refusal = {
        .machine = FLOW_REQUEST,
        .request = story->state,
        .event = event,
        .actor = actor_of(story),
        .other = other_name(drafts, story, thread),
    };
    refusal.status = request_next(story->state, event, refusal.actor, &request);
    if (refusal.status == RO_OK && thread != NULL) {
        refusal.machine = FLOW_INTRO;
        refusal.intro = thread->state;
        refusal.status =
            intro_next(thread->state, event, refusal.actor, &intro);
    }
    if (refusal.status == RO_OK && event == FLOW_PASS &&
        refusal.intro == INTRO_HELPER_WILLING)
        return tell_offered(drafts);
    return refusal.status == RO_OK ? RO_OK : flow_refuse(&refusal, drafts->why);
}

enum ro_status
drafts_find(const struct drafts *drafts,
            const char *to,
            enum flow_event event,
            struct found_thread *ret_found)
{
    const struct story *story = &ret_found->story;
    enum ro_status s = find_thread(drafts->engine, to, drafts->why,
                                   &drafts->composed->choices, ret_found);
    if (s == RO_NOT_FOUND && story->n_flow > 0)
        RO_TRY(drafts_may(drafts, story, NULL, event));
    RO_TRY(s);
    return drafts_may(drafts, story, ret_found->thread, event);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/compose.h"

#include <assert.h>

#include "client/core/attach.h"
#include "client/core/drafts.h"
#include "client/core/opening.h"
#include "client/core/progress.h"
#include "client/core/recipients.h"
#include "client/core/verifying.h"
#include "common/base/text.h"
#include "common/wire/codec.h"

#include <stdio.h>
#include <string.h>

/* --- may this seat ------------------------------------------------------- */

/* What a seat that may not is told of. */
static const char *
deed_name(enum ro_purpose purpose)
{
    static const char *const names[] = {
        [RO_PURPOSE_ASK] = "ask",
        [RO_PURPOSE_ANSWER] = "answer",
        [RO_PURPOSE_PASS] = "pass",
        [RO_PURPOSE_SAY] = "say anything",
        [RO_PURPOSE_INTRODUCED] = "accept an answer",
        [RO_PURPOSE_NOT_CHOSEN] = "decline an answer",
        [RO_PURPOSE_CLOSE] = "close a request",
        [RO_PURPOSE_CLOSED] = "withdraw a request",
    };
    const char *name = (size_t)purpose < RO_LEN(names) ? names[purpose] : NULL;
    return name == NULL ? "do that" : name;
}

/* This seat's kind cannot do it; those that can are named. */
static enum ro_status
tell_powers(Reachout__Role role, enum ro_purpose purpose, struct ro_why *why)
{
    char able[80] = "";
    for (int i = REACHOUT__ROLE__LEAD; i <= REACHOUT__ROLE__AUDITOR; i++) {
        size_t used = strlen(able);
        if (!opening_may((Reachout__Role)i, purpose))
            continue;
        (void)snprintf(able + used, sizeof(able) - used, "%s%s",
                       used == 0 ? "" : " or ",
                       opening_role_name((Reachout__Role)i));
    }
    return ro_why(why, RO_FORBIDDEN,
                  "a seat of the kind \"%s\" cannot %s; one of the kind %s can",
                  opening_role_name(role), deed_name(purpose), able);
}

/* Whether this seat is one of the circle's. */
static enum ro_status
check_seat(const struct engine *engine,
           struct ro_why *why,
           const struct ro_seat_view **ret_seat)
{
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &engine->keyring->seat);
    if (engine->keyring->enrolment != RO_ENROL_ADMITTED || seat == NULL) {
        return ro_why(why, RO_FORBIDDEN,
                      "this seat is not admitted yet; run sync, or ask the "
                      "authority");
    }
    if (seat->standing != RO_SEAT_LIVE) {
        return ro_why(why, RO_FORBIDDEN,
                      "this seat was revoked; ask the authority");
    }
    if (engine->reach.removed_at_s != 0) { /* the directory may not say so */
        return ro_why(why, RO_FORBIDDEN,
                      "nothing was kept: this seat was removed from the "
                      "circle; ask the authority");
    }
    *ret_seat = seat;
    return RO_OK;
}

enum ro_status
compose_may(const struct engine *engine,
            enum ro_purpose purpose,
            struct ro_why *why)
{
    const struct ro_seat_view *seat = NULL;
    RO_TRY(check_seat(engine, why, &seat));
    assert(seat != NULL);
    if (!opening_may(seat->role, purpose))
        return tell_powers(seat->role, purpose, why);
    return RO_OK;
}

/* --- what was written ---------------------------------------------------- */

void
compose_fini(struct composed *composed)
{
    ro_buf_fini(&composed->rows);
}

size_t
compose_count(const struct composed *composed)
{
    return composed->rows.size / RO_ID_SIZE;
}

struct row_id
compose_row(const struct composed *composed, size_t i)
{
    struct row_id row = {0};
    if (i < compose_count(composed))
        memcpy(row.b, composed->rows.data + i * RO_ID_SIZE, RO_ID_SIZE);
    return row;
}

/* Field text of protobuf-c lacks const; nothing writes to it. */
static char *
as_field(const char *text)
{
    char *field = NULL;
    if (text != NULL && *text != '\0')
        memcpy(&field, &text, sizeof(field));
    return field;
}

static void
begin(struct drafts *drafts,
      struct engine *engine,
      struct ro_why *why,
      struct composed *composed)
{
    *drafts = (struct drafts){engine, why, composed};
}

/* Takes back the rows of what was composed; inside a commit. */
static enum ro_status
take_back(struct engine *engine, const struct composed *composed)
{
    struct ro_bytes request = {composed->request.b, RO_ID_SIZE};
    enum ro_purpose purpose = RO_PURPOSE_SAY;
    for (size_t i = compose_count(composed); i-- > 0;) {
        RO_AUTOMESSAGE message = {0};
        const struct row_id row = compose_row(composed, i);
        RO_TRY(message_get(engine->vault, &row, &message));
        RO_TRY(progress_drop(engine, &message));
        RO_TRY(message_drop(engine->vault, &row));
        purpose = message.purpose;
    }
    return purpose == RO_PURPOSE_ASK
               ? vault_drop(engine->vault, VAULT_REQUEST, request)
               : RO_OK;
}

enum ro_status
compose_drop(struct engine *engine, struct composed *composed)
{
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault, take_back(engine, composed)));
    ro_buf_clear(&composed->rows);
    return RO_OK;
}

enum ro_status
compose_stands(const struct engine *engine,
               const struct composed *composed,
               struct ro_why *why)
{
    const struct ro_seat_view *seat;
    RO_AUTOOUTGOING own = {0};
    struct ro_member_id member;
    const struct row_id row = compose_row(composed, 0);
    RO_TRY(check_seat(engine, why, &seat));
    RO_TRY(outgoing_get(engine->vault, &row, &own));
    if (own.reader == OUTGOING_FOR_US || own.members.size != RO_ID_SIZE)
        return RO_OK;
    memcpy(member.b, own.members.data, RO_ID_SIZE);
    return verifying_may_send(engine, &member, why);
}

/* --- asking -------------------------------------------------------------- */

static enum ro_status
check_codes(struct engine *engine, const struct ro_ask *ask, struct ro_why *why)
{
    const struct ro_circle_conf *conf;
    const struct ro_topic *topic;
    const struct ro_urgency *urgency;
    RO_TRY(engine_conf(engine, why, &conf));
    if (ro_circle_conf_find_topic(conf, ask->topic, why, &topic) != RO_OK ||
        ro_circle_conf_find_urgency(conf, ask->urgency, why, &urgency) != RO_OK)
        return RO_BAD_INPUT;
    if (ask->mode != NULL && strcmp(ask->mode, "in-person") != 0 &&
        strcmp(ask->mode, "remote") != 0) {
        return ro_why(why, RO_BAD_INPUT,
                      "'%.40s' is no mode; write in-person or remote",
                      ask->mode);
    }
    if (ask->how == RO_ASK_SEND && (ask->text == NULL || *ask->text == '\0')) {
        return ro_why(why, RO_BAD_INPUT,
                      "the request says nothing; a line or two are enough");
    }
    return RO_OK;
}

/* Who is named must be who it was; of a group the others get it at once. */
static enum ro_status
check_named(const struct engine *engine,
            const Reachout__Audience *audience,
            struct ro_why *why)
{
    struct ro_member_id id;
    if (!audience->has_member)
        return RO_OK;
    RO_TRY(ro_field_copy(&audience->member, id.b, RO_ID_SIZE));
    return verifying_may_send(engine, &id, why);
}

enum ro_status
compose_check_ask(struct engine *engine,
                  const struct ro_ask *ask,
                  struct ro_arena *arena,
                  struct ro_why *why,
                  struct compose_audience *ret_to)
{
    char *text;
    RO_TRY(compose_may(engine, RO_PURPOSE_ASK, why));
    RO_TRY(check_codes(engine, ask, why));
    RO_TRY(drafts_text(ask->text, why, &text));
    if (ask->n_to == 0 || ask->n_to > RO_AUDIENCES_MAX) {
        return ro_why(why, RO_BAD_INPUT,
                      "say who may read it: --to coordinators, --to "
                      "group:NAME or --to urn:URN");
    }
    ret_to->n = ask->n_to;
    ret_to->audience =
        ro_arena_zero(arena, ask->n_to * sizeof(*ret_to->audience));
    ret_to->list =
        ro_arena_zero(arena, ask->n_to * sizeof(Reachout__Audience *));
    if (ret_to->audience == NULL || ret_to->list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < ask->n_to; i++) {
        ret_to->list[i] = &ret_to->audience[i];
        RO_TRY(recipients_parse(engine, ask->to[i], arena, why,
                                &ret_to->audience[i]));
        RO_TRY(check_named(engine, &ret_to->audience[i], why));
    }
    return RO_OK;
}

/* The request's own row, with the members that it goes to now. */
static enum ro_status
put_request(struct engine *engine,
            const struct composed *composed,
            const struct recipients *reached)
{
    RO_AUTOREQUEST row = {.id = composed->request,
                          .asker = engine->keyring->member_id,
                          .ask = compose_row(composed, 0),
                          .first_seen_s = engine_now_s(engine)};
    ro_buf_put(&row.asked, reached->members,
               reached->n_members * sizeof(*reached->members));
    RO_TRY(ro_buf_ok(&row.asked));
    return request_row_put(engine->vault, &row);
}

/* What the request says, the same in each body. */
static enum ro_status
fill_ask(struct drafts *drafts,
         const struct ro_ask *ask,
         Reachout__Ask *ret_asked)
{
    reachout__ask__init(ret_asked);
    RO_TRY(drafts_text(ask->text, drafts->why, &ret_asked->text));
    RO_TRY(drafts_half_days(ask->days, drafts->why, &ret_asked->half_days,
                            &ret_asked->has_half_days));
    ret_asked->topic = as_field(ask->topic);
    ret_asked->urgency = as_field(ask->urgency);
    ret_asked->mode = as_field(ask->mode);
    ret_asked->has_within_km = ask->within_km > 0;
    ret_asked->within_km = ask->within_km;
    ret_asked->holder = as_field(drafts->engine->keyring->holder);
    return RO_OK;
}

/* One body for each audience: all of them say by name who else reads it, and
 * each is sealed to the members of its own audience only. Who is named twice
 * gets the first. */
static enum ro_status
write_body(struct drafts *drafts,
           const struct compose_audience *to,
           size_t i,
           Reachout__Ask *asked,
           struct recipients *reached)
{
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    size_t before = reached->n_members;
    RO_TRY(recipients_resolve(drafts->engine, to->list[i],
                              &drafts->engine->keyring->member_id, drafts->why,
                              reached));
    if (reached->n_members == before)
        return RO_OK;
    content.ask = asked;
    const struct drafts_target target = {
        .to = DRAFTS_TO_MANY,
        .request = drafts->composed->request,
        .members = reached->members + before,
        .n_members = reached->n_members - before,
        .audience = to->list,
        .n_audience = to->n,
    };
    return drafts_add(drafts, &target, &content);
}

static bool
is_ourselves(const struct engine *engine, const Reachout__Audience *audience)
{
    return audience->has_member && audience->member.len == RO_ID_SIZE &&
           memcmp(audience->member.data, engine->keyring->member_id.b,
                  RO_ID_SIZE) == 0;
}

/* Who is named alone may have lost its last seat, and waiting does not help. */
static enum ro_status
tell_nobody(const struct drafts *drafts, const struct compose_audience *to)
{
    struct ro_member_id id;
    const struct ro_member_view *member = NULL;
    if (to->n == 1 && to->list[0]->has_member &&
        ro_field_copy(&to->list[0]->member, id.b, RO_ID_SIZE) == RO_OK)
        member = ro_directory_member(drafts->engine->directory, &id);
    if (member != NULL && member->n_live == 0) {
        return ro_why(drafts->why, RO_BAD_INPUT,
                      "%s has no seat any more, and cannot be reached; ask the "
                      "authority",
                      member->name);
    }
    return ro_why(drafts->why, RO_BAD_INPUT,
                  "nobody in that audience can be reached yet; see 'members'");
}

static enum ro_status
write_ask(struct drafts *drafts,
          const struct ro_ask *ask,
          const struct compose_audience *to)
{
    struct engine *engine = drafts->engine;
    Reachout__Ask asked;
    RO_AUTORECIPIENTS reached = {0};
    RO_TRY(fill_ask(drafts, ask, &asked));
    ro_entropy_fill(&engine->entropy, drafts->composed->request.b, RO_ID_SIZE);
    for (size_t i = 0; i < to->n; i++)
        RO_TRY(write_body(drafts, to, i, &asked, &reached));
    if (reached.n_members == 0 && to->n == 1 &&
        is_ourselves(engine, to->list[0]))
        return ro_why(drafts->why, RO_BAD_INPUT, "that is this member itself");
    if (reached.n_members == 0)
        return tell_nobody(drafts, to);
    return put_request(engine, drafts->composed, &reached);
}

/* In the place of `former`, which may be empty. */
static enum ro_status
compose_over(struct engine *engine,
             const struct ro_ask *ask,
             const struct composed *former,
             struct ro_why *why,
             struct composed *ret_composed)
{
    struct drafts drafts;
    struct compose_audience to = {0};
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(256 * 1024, RO_UNPACK_PIECES);
    if (arena == NULL)
        return RO_NO_MEMORY;
    begin(&drafts, engine, why, ret_composed);
    RO_TRY(compose_check_ask(engine, ask, arena, why, &to));
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = take_back(engine, former);
    if (s == RO_OK)
        s = write_ask(&drafts, ask, &to);
    return drafts_finish(&drafts, s);
}

enum ro_status
compose_ask(struct engine *engine,
            const struct ro_ask *ask,
            struct ro_why *why,
            struct composed *ret_composed)
{
    const struct composed none = {0};
    return compose_over(engine, ask, &none, why, ret_composed);
}

enum ro_status
compose_ask_again(struct engine *engine,
                  const struct ro_ask *ask,
                  struct ro_why *why,
                  struct composed *composed)
{
    RO_AUTOCOMPOSED next = {0};
    RO_TRY(compose_over(engine, ask, composed, why, &next));
    compose_fini(composed);
    *composed = next;
    next.rows = (struct ro_buf){0};
    return RO_OK;
}

/* --- into one thread ----------------------------------------------------- */

/* A message into one thread: found, allowed, and written. */
struct into {
    enum flow_event event;
    enum ro_purpose purpose;
    enum drafts_to to;
};

/* What a message says of its files. */
#define FILES_BUDGET (64 * 1024)
#define FILES_PIECES 64

/* With its files, all in one commit: they are there as soon as it is. */
static enum ro_status
write_message(struct drafts *drafts,
              const struct drafts_target *target,
              const struct attach_paths *files,
              Reachout__Content *content)
{
    struct engine *engine = drafts->engine;
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(FILES_BUDGET, FILES_PIECES);
    if (files->n == 0)
        return drafts_add(drafts, target, content);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(attach_read(engine, files, arena, drafts->why, content->say));
    RO_TRY(drafts_add(drafts, target, content));
    const struct row_id row = compose_row(drafts->composed, 0);
    RO_TRY(attach_send(engine, &row, content->say));
    content->say->n_attachments = 0; /* the arena ends here */
    return RO_OK;
}

static enum ro_status
write_into(struct drafts *drafts,
           const struct ro_write *write,
           const struct into *into,
           Reachout__Content *content)
{
    struct engine *engine = drafts->engine;
    struct composed *composed = drafts->composed;
    RO_AUTOFOUND found = {0};
    RO_TRY(compose_may(engine, into->purpose, drafts->why));
    RO_TRY(drafts_find(drafts, write->to, into->event, &found));
    if (into->to == DRAFTS_TO_MEMBER)
        RO_TRY(verifying_may_send(engine, &found.thread->with, drafts->why));
    composed->request = found.story.request.id;
    composed->thread = found.thread->id;
    const struct drafts_target target = {.to = into->to,
                                         .request = found.story.request.id,
                                         .thread = found.thread->id,
                                         .members = &found.thread->with,
                                         .n_members = 1};
    const struct attach_paths files = {write->attach, write->n_attach};
    RO_TRY(vault_begin(engine->vault));
    return drafts_finish(drafts,
                         write_message(drafts, &target, &files, content));
}

enum ro_status
compose_answer(struct engine *engine,
               const struct ro_write *write,
               struct ro_why *why,
               struct composed *ret_composed)
{
    static const struct into into = {FLOW_ANSWER, RO_PURPOSE_ANSWER,
                                     DRAFTS_TO_MEMBER};
    struct drafts drafts;
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Answer answer = REACHOUT__ANSWER__INIT;
    begin(&drafts, engine, why, ret_composed);
    RO_TRY(drafts_text(write->text, why, &answer.text));
    RO_TRY(drafts_half_days(write->days, why, &answer.half_days,
                            &answer.has_half_days));
    answer.holder = as_field(engine->keyring->holder);
    content.answer = &answer;
    return write_into(&drafts, write, &into, &content);
}

enum ro_status
compose_pass(struct engine *engine,
             const struct ro_write *write,
             struct ro_why *why,
             struct composed *ret_composed)
{
    static const struct into into = {FLOW_PASS, RO_PURPOSE_PASS,
                                     DRAFTS_TO_SELF};
    struct drafts drafts;
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Pass pass = REACHOUT__PASS__INIT;
    begin(&drafts, engine, why, ret_composed);
    content.pass = &pass;
    return write_into(&drafts, write, &into, &content);
}

enum ro_status
compose_say(struct engine *engine,
            const struct ro_write *write,
            struct ro_why *why,
            struct composed *ret_composed)
{
    static const struct into into = {FLOW_SAY, RO_PURPOSE_SAY,
                                     DRAFTS_TO_MEMBER};
    struct drafts drafts;
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Say say = REACHOUT__SAY__INIT;
    begin(&drafts, engine, why, ret_composed);
    RO_TRY(drafts_text(write->text, why, &say.text));
    if (say.text == NULL || *say.text == '\0')
        return ro_why(why, RO_BAD_INPUT, "the message says nothing");
    say.holder = as_field(engine->keyring->holder);
    content.say = &say;
    return write_into(&drafts, write, &into, &content);
}

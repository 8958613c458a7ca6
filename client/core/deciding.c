/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/deciding.h"

#include "client/core/drafts.h"
#include "client/core/recipients.h"
#include "client/core/verifying.h"

#include <string.h>

#define KIND_WORD                                                              \
    "Not needed this time. Thank you for saying yes: it was good to know "     \
    "that "                                                                    \
    "you would have come."

/* One decision under way. */
struct deciding {
    struct drafts drafts;
    struct found_thread found; /* its thread only where there is one */
    char *text;
};

static struct drafts_target
into_thread(const struct deciding *deciding, const struct story_thread *thread)
{
    return (struct drafts_target){.to = DRAFTS_TO_MEMBER,
                                  .request = deciding->found.story.request.id,
                                  .thread = thread->id,
                                  .members = &thread->with,
                                  .n_members = 1};
}

static enum ro_status
write_not_chosen(struct deciding *deciding, const struct story_thread *thread)
{
    static char kind_word[] = KIND_WORD;
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__NotChosen not_chosen = REACHOUT__NOT_CHOSEN__INIT;
    not_chosen.text = deciding->text != NULL ? deciding->text : kind_word;
    content.not_chosen = &not_chosen;
    const struct drafts_target target = into_thread(deciding, thread);
    return drafts_add(&deciding->drafts, &target, &content);
}

/* The members that the request went to, without one of them. */
static enum ro_status
others(const struct deciding *deciding,
       const struct ro_member_id *but,
       struct recipients *ret_others)
{
    const struct ro_buf *asked = &deciding->found.story.request.asked;
    for (size_t at = 0; at < asked->size; at += RO_ID_SIZE) {
        struct ro_member_id id;
        memcpy(id.b, asked->data + at, RO_ID_SIZE);
        if (but == NULL || !ro_member_id_equal(&id, but))
            RO_TRY(recipients_add(ret_others, &id));
    }
    return RO_OK;
}

/* The names that the request was asked by, as the ask itself has them. */
static enum ro_status
names_of_ask(struct deciding *deciding,
             struct ro_arena *arena,
             Reachout__Content **ret_ask)
{
    struct engine *engine = deciding->drafts.engine;
    RO_AUTOMESSAGE ask = {0};
    RO_TRY(
        message_get(engine->vault, &deciding->found.story.request.ask, &ask));
    return story_content(&ask, arena, ret_ask);
}

/* Writes one content to many of those who were asked. */
static enum ro_status
write_to_many(struct deciding *deciding,
              const struct recipients *to,
              Reachout__Content *content)
{
    Reachout__Content *ask;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    if (to->n_members == 0)
        return RO_OK;
    RO_TRY(names_of_ask(deciding, arena, &ask));
    const struct drafts_target target = {.to = DRAFTS_TO_MANY,
                                         .request =
                                             deciding->found.story.request.id,
                                         .members = to->members,
                                         .n_members = to->n_members,
                                         .audience = ask->audience,
                                         .n_audience = ask->n_audience};
    return drafts_add(&deciding->drafts, &target, content);
}

/* Coordinators are told the state only. */
static enum ro_status
write_state_note(struct deciding *deciding, const char *state)
{
    struct engine *engine = deciding->drafts.engine;
    RO_AUTORECIPIENTS asked = {0};
    RO_AUTORECIPIENTS teams = {0};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__StateNote note = REACHOUT__STATE_NOTE__INIT;
    memcpy(&note.state, &state, sizeof(state));
    content.state_note = &note;
    RO_TRY(others(deciding, NULL, &asked));
    for (size_t i = 0; i < asked.n_members; i++) {
        const struct ro_member_view *member =
            ro_directory_member(engine->directory, &asked.members[i]);
        if (member != NULL &&
            member->kind == REACHOUT__MEMBER_KIND__COORDINATORS)
            RO_TRY(recipients_add(&teams, &member->id));
    }
    return write_to_many(deciding, &teams, &content);
}

static void
deciding_fini(struct deciding *deciding)
{
    find_thread_fini(&deciding->found);
}
#define RO_AUTODECIDING RO_CLEANUP(deciding_fini) struct deciding

static enum ro_status
begin(struct deciding *deciding,
      const struct ro_write *write,
      enum ro_purpose purpose)
{
    struct drafts *drafts = &deciding->drafts;
    RO_TRY(compose_may(drafts->engine, purpose, drafts->why));
    return drafts_text(write->text, drafts->why, &deciding->text);
}

/* --- an answer ----------------------------------------------------------- */

static enum ro_status
write_accept(struct deciding *deciding, const struct story_thread *chosen)
{
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Introduced introduced = REACHOUT__INTRODUCED__INIT;
    char *holder = deciding->drafts.engine->keyring->holder;
    introduced.holder = *holder == '\0' ? NULL : holder;
    content.introduced = &introduced;
    const struct drafts_target target = into_thread(deciding, chosen);
    RO_TRY(drafts_add(&deciding->drafts, &target, &content));
    for (size_t i = 0; i < deciding->found.story.n_threads; i++) {
        const struct story_thread *other = &deciding->found.story.threads[i];
        if (other != chosen && other->state == INTRO_HELPER_WILLING)
            RO_TRY(write_not_chosen(deciding, other));
    }
    return write_state_note(deciding, "introduced");
}

/* Finds the answer and checks that the event is possible. */
static enum ro_status
find_answer(struct deciding *deciding,
            const char *answer,
            enum flow_event event)
{
    struct drafts *drafts = &deciding->drafts;
    RO_TRY(drafts_find(drafts, answer, event, &deciding->found));
    const struct story_thread *thread = deciding->found.thread;
    RO_TRY(verifying_may_send(drafts->engine, &thread->with, drafts->why));
    drafts->composed->request = deciding->found.story.request.id;
    drafts->composed->thread = thread->id;
    return RO_OK;
}

enum ro_status
deciding_accept(struct engine *engine,
                const struct ro_write *write,
                struct ro_why *why,
                struct composed *ret_composed)
{
    RO_AUTODECIDING deciding = {
        .drafts = {engine, why, ret_composed}
    };
    RO_TRY(begin(&deciding, write, RO_PURPOSE_INTRODUCED));
    RO_TRY(find_answer(&deciding, write->to, FLOW_INTRODUCED));
    RO_TRY(vault_begin(engine->vault));
    return drafts_finish(&deciding.drafts,
                         write_accept(&deciding, deciding.found.thread));
}

enum ro_status
deciding_decline(struct engine *engine,
                 const struct ro_write *write,
                 struct ro_why *why,
                 struct composed *ret_composed)
{
    RO_AUTODECIDING deciding = {
        .drafts = {engine, why, ret_composed}
    };
    RO_TRY(begin(&deciding, write, RO_PURPOSE_NOT_CHOSEN));
    RO_TRY(find_answer(&deciding, write->to, FLOW_NOT_CHOSEN));
    RO_TRY(vault_begin(engine->vault));
    return drafts_finish(&deciding.drafts,
                         write_not_chosen(&deciding, deciding.found.thread));
}

/* --- the end ------------------------------------------------------------- */

static enum ro_status
write_closed(struct deciding *deciding, const struct ro_member_id *but)
{
    RO_AUTORECIPIENTS to = {0};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Closed closed = REACHOUT__CLOSED__INIT;
    content.closed = &closed;
    RO_TRY(others(deciding, but, &to));
    return write_to_many(deciding, &to, &content);
}

/* Outcome and text go to the chosen helper, everybody else hears "closed". */
static enum ro_status
write_close(struct deciding *deciding, const char *outcome)
{
    const struct story_thread *chosen = story_chosen(&deciding->found.story);
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Close close = REACHOUT__CLOSE__INIT;
    if (chosen == NULL) /* the table refuses that before */
        return RO_ILLEGAL;
    RO_TRY(verifying_may_send(deciding->drafts.engine, &chosen->with,
                              deciding->drafts.why));
    memcpy(&close.outcome, &outcome, sizeof(outcome));
    close.text = deciding->text;
    content.close = &close;
    const struct drafts_target target = into_thread(deciding, chosen);
    RO_TRY(drafts_add(&deciding->drafts, &target, &content));
    return write_closed(deciding, &chosen->with);
}

static enum ro_status
find_own(struct deciding *deciding, const char *request, enum flow_event event)
{
    struct drafts *drafts = &deciding->drafts;
    struct ro_request_id id;
    RO_TRY(find_request(drafts->engine, request, drafts->why,
                        &drafts->composed->choices, &id));
    RO_TRY(story_load(drafts->engine, &id, &deciding->found.story));
    RO_TRY(drafts_may(drafts, &deciding->found.story, NULL, event));
    drafts->composed->request = id;
    return RO_OK;
}

enum ro_status
deciding_close(struct engine *engine,
               const struct ro_write *write,
               struct ro_why *why,
               struct composed *ret_composed)
{
    RO_AUTODECIDING deciding = {
        .drafts = {engine, why, ret_composed}
    };
    RO_TRY(begin(&deciding, write, RO_PURPOSE_CLOSE));
    if (write->outcome == NULL || (strcmp(write->outcome, "helped") != 0 &&
                                   strcmp(write->outcome, "partly") != 0 &&
                                   strcmp(write->outcome, "not-helped") != 0)) {
        return ro_why(why, RO_BAD_INPUT,
                      "say how it went: helped, partly or not-helped");
    }
    RO_TRY(find_own(&deciding, write->to, FLOW_CLOSE));
    RO_TRY(vault_begin(engine->vault));
    return drafts_finish(&deciding.drafts,
                         write_close(&deciding, write->outcome));
}

static enum ro_status
write_withdraw(struct deciding *deciding)
{
    static char withdrawn[] = "withdrawn";
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__StateNote note = REACHOUT__STATE_NOTE__INIT;
    note.state = withdrawn;
    content.state_note = &note;
    const struct drafts_target self = {
        .to = DRAFTS_TO_SELF, .request = deciding->found.story.request.id};
    RO_TRY(drafts_add(&deciding->drafts, &self, &content));
    return write_closed(deciding, NULL);
}

enum ro_status
deciding_withdraw(struct engine *engine,
                  const struct ro_write *write,
                  struct ro_why *why,
                  struct composed *ret_composed)
{
    RO_AUTODECIDING deciding = {
        .drafts = {engine, why, ret_composed}
    };
    RO_TRY(begin(&deciding, write, RO_PURPOSE_CLOSED));
    RO_TRY(find_own(&deciding, write->to, FLOW_WITHDRAW));
    RO_TRY(vault_begin(engine->vault));
    return drafts_finish(&deciding.drafts, write_withdraw(&deciding));
}

/* Answers that came after the choice: nobody waits in silence. */
enum ro_status
deciding_late(struct engine *engine,
              const struct ro_request_id *request,
              struct ro_why *why)
{
    RO_AUTOCOMPOSED composed = {0};
    RO_AUTODECIDING deciding = {
        .drafts = {engine, why, &composed}
    };
    RO_TRY(story_load(engine, request, &deciding.found.story));
    if (deciding.found.story.side != RO_SIDE_ASKER ||
        deciding.found.story.state != REQUEST_INTRODUCED)
        return RO_OK;
    for (size_t i = 0; i < deciding.found.story.n_threads; i++) {
        if (deciding.found.story.threads[i].state != INTRO_HELPER_WILLING)
            continue;
        RO_TRY(vault_begin(engine->vault));
        RO_TRY(drafts_finish(
            &deciding.drafts,
            write_not_chosen(&deciding, &deciding.found.story.threads[i])));
    }
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Both tables, whole: every state x event x actor is one named point. What is
 * possible stands below in words; everything else must be refused, and as
 * RO_FORBIDDEN exactly where no line lets that actor do that at all.
 */
#include "client/workflow/workflow.h"
#include "support/tap.h"

#define ACTORS 3

static const char *const actor_names[ACTORS] = {"asker", "helper", "team"};

/* Names of events that tell the two asks apart. */
static const char *
event_word(enum flow_event event)
{
    if (event == FLOW_ASK_SCHOOLS)
        return "ask-schools";
    if (event == FLOW_ASK_COORDINATORS)
        return "ask-coordinators";
    return flow_event_name(event);
}

/* "state event actor next" */
static const char *const request_lines[] = {
    "none ask-schools asker open",
    "none ask-coordinators asker submitted",

    "submitted ask-schools asker open",
    "submitted ask-coordinators asker submitted",
    "submitted say asker submitted",
    "submitted say team submitted",
    "submitted state-note asker submitted",
    "submitted closed asker closed",
    "submitted withdraw asker withdrawn",

    "open ask-schools asker open",
    "open ask-coordinators asker open",
    "open answer helper open",
    "open pass helper open",
    "open say asker open",
    "open say helper open",
    "open say team open",
    "open introduced asker introduced",
    "open not-chosen asker open",
    "open state-note asker open",
    "open closed asker closed",
    "open withdraw asker withdrawn",

    "introduced answer helper introduced",
    "introduced pass helper introduced",
    "introduced say asker introduced",
    "introduced say helper introduced",
    "introduced say team introduced",
    "introduced not-chosen asker introduced",
    "introduced state-note asker introduced",
    "introduced close asker closed",
    "introduced closed asker closed",
    "introduced withdraw asker withdrawn",

    "closed state-note asker closed",
    "closed closed asker closed",

    "withdrawn state-note asker withdrawn",
    "withdrawn closed asker withdrawn",
};

static const char *const intro_lines[] = {
    "none ask-schools asker helper-asked",
    "none ask-coordinators asker none",
    "none say asker none",
    "none say team none",
    "none state-note asker none",
    "none closed asker ended",
    "none withdraw asker ended",

    "helper-asked ask-schools asker helper-asked",
    "helper-asked ask-coordinators asker helper-asked",
    "helper-asked answer helper helper-willing",
    "helper-asked pass helper helper-declined",
    "helper-asked say asker helper-asked",
    "helper-asked say helper helper-asked",
    "helper-asked say team helper-asked",
    "helper-asked state-note asker helper-asked",
    "helper-asked closed asker ended",
    "helper-asked withdraw asker ended",

    "helper-willing ask-schools asker helper-willing",
    "helper-willing ask-coordinators asker helper-willing",
    "helper-willing pass helper helper-declined",
    "helper-willing say asker helper-willing",
    "helper-willing say helper helper-willing",
    "helper-willing introduced asker revealed",
    "helper-willing not-chosen asker not-chosen",
    "helper-willing closed asker ended",
    "helper-willing withdraw asker ended",

    "helper-declined ask-schools asker helper-declined",
    "helper-declined ask-coordinators asker helper-declined",
    "helper-declined say asker helper-declined",
    "helper-declined say helper helper-declined",
    "helper-declined introduced asker revealed",
    "helper-declined not-chosen asker not-chosen",
    "helper-declined closed asker ended",
    "helper-declined withdraw asker ended",

    "not-chosen closed asker not-chosen",
    "not-chosen withdraw asker not-chosen",

    "revealed say asker revealed",
    "revealed say helper first-contact",
    "revealed close asker ended",
    "revealed closed asker ended",
    "revealed withdraw asker ended",

    "first-contact say asker first-contact",
    "first-contact say helper first-contact",
    "first-contact close asker ended",
    "first-contact closed asker ended",
    "first-contact withdraw asker ended",

    "ended state-note asker ended",
    "ended closed asker ended",
};

struct lines {
    const char *const *at;
    size_t n;
    size_t used;
};

/* What follows "state event actor " in a line, or NULL. */
static const char *
expected_next(const struct lines *lines, const char *step)
{
    for (size_t i = 0; i < lines->n; i++) {
        if (strncmp(lines->at[i], step, strlen(step)) == 0)
            return lines->at[i] + strlen(step);
    }
    return NULL;
}

/* Whether any line has " event actor ". */
static bool
is_known(const struct lines *lines, const char *event_actor)
{
    for (size_t i = 0; i < lines->n; i++) {
        if (strstr(lines->at[i], event_actor) != NULL)
            return true;
    }
    return false;
}

/* One cell: what came out against what the lines say. */
static void
check_cell(struct lines *lines,
           const char *const words[3],
           enum ro_status status,
           const char *next)
{
    char step[80];
    char event_actor[80];
    char what[400];
    snprintf(step, sizeof(step), "%s %s %s ", words[0], words[1], words[2]);
    snprintf(event_actor, sizeof(event_actor), " %s %s ", words[1], words[2]);
    const char *expected = expected_next(lines, step);
    if (expected != NULL) {
        lines->used++;
        snprintf(what, sizeof(what), "%s-> %s", step, expected);
        tap_say(status == RO_OK && strcmp(next, expected) == 0, what);
        return;
    }
    enum ro_status refusal =
        is_known(lines, event_actor) ? RO_ILLEGAL : RO_FORBIDDEN;
    snprintf(what, sizeof(what), "%s-> %s", step, ro_status_name(refusal));
    tap_say(status == refusal, what);
}

static void
check_request(struct lines *lines, int s, int e, int a)
{
    enum request_state next = REQUEST_STATE_COUNT;
    enum ro_status status = request_next(
        (enum request_state)s, (enum flow_event)e, (enum flow_actor)a, &next);
    const char *const words[] = {request_state_name((enum request_state)s),
                                 event_word((enum flow_event)e),
                                 actor_names[a]};
    check_cell(lines, words, status,
               status == RO_OK ? request_state_name(next) : "");
    if (status != RO_OK && next != REQUEST_STATE_COUNT)
        tap_say(false, "a refusal writes no state");
}

static void
test_request(void)
{
    struct lines lines = {request_lines, RO_LEN(request_lines), 0};
    for (int s = 0; s < REQUEST_STATE_COUNT; s++) {
        for (int e = 0; e < FLOW_EVENT_COUNT; e++) {
            for (int a = 0; a < ACTORS; a++)
                check_request(&lines, s, e, a);
        }
    }
    tap_say(lines.used == lines.n, "every line of the request is in use");
}

static void
check_intro(struct lines *lines, int s, int e, int a)
{
    enum intro_state next = INTRO_STATE_COUNT;
    enum ro_status status = intro_next((enum intro_state)s, (enum flow_event)e,
                                       (enum flow_actor)a, &next);
    const char *const words[] = {intro_state_name((enum intro_state)s),
                                 event_word((enum flow_event)e),
                                 actor_names[a]};
    check_cell(lines, words, status,
               status == RO_OK ? intro_state_name(next) : "");
    if (status != RO_OK && next != INTRO_STATE_COUNT)
        tap_say(false, "a refusal writes no state");
}

static void
test_intro(void)
{
    struct lines lines = {intro_lines, RO_LEN(intro_lines), 0};
    for (int s = 0; s < INTRO_STATE_COUNT; s++) {
        for (int e = 0; e < FLOW_EVENT_COUNT; e++) {
            for (int a = 0; a < ACTORS; a++)
                check_intro(&lines, s, e, a);
        }
    }
    tap_say(lines.used == lines.n, "every line of the introduction is in use");
}

static bool
request_is_left(enum request_state state)
{
    bool left = false;
    for (int e = 0; e < FLOW_EVENT_COUNT; e++) {
        for (int a = 0; a < ACTORS; a++) {
            enum request_state next = state;
            left |= request_next(state, (enum flow_event)e, (enum flow_actor)a,
                                 &next) == RO_OK &&
                    next != state;
        }
    }
    return left;
}

static bool
intro_is_left(enum intro_state state)
{
    bool left = false;
    for (int e = 0; e < FLOW_EVENT_COUNT; e++) {
        for (int a = 0; a < ACTORS; a++) {
            enum intro_state next = state;
            left |= intro_next(state, (enum flow_event)e, (enum flow_actor)a,
                               &next) == RO_OK &&
                    next != state;
        }
    }
    return left;
}

/* An end is left by nothing, and every state that is none can be ended. */
static void
test_ends(void)
{
    for (int s = 0; s < REQUEST_STATE_COUNT; s++) {
        enum request_state state = (enum request_state)s;
        tap_say(request_is_left(state) == !request_state_is_end(state),
                request_state_name(state));
    }
    for (int s = 0; s < INTRO_STATE_COUNT; s++) {
        enum intro_state state = (enum intro_state)s;
        enum intro_state next = state;
        tap_say(intro_is_left(state) == !intro_state_is_end(state),
                intro_state_name(state));
        if (intro_state_is_end(state))
            continue;
        tap_is(intro_next(state, FLOW_CLOSED, FLOW_ASKER, &next), RO_OK);
        tap_say(next == INTRO_ENDED, "\"closed\" ends it");
    }
}

/* --- words --------------------------------------------------------------- */

/* Whether a sentence is one that people can do something with. */
static bool
is_for_people(const char *text)
{
    static const char *const jargon[] = {"introduced", "not-chosen", "helper-",
                                         "state-note", "submitted",  "none",
                                         "$",          "(null)"};
    for (size_t i = 0; i < RO_LEN(jargon); i++) {
        if (strstr(text, jargon[i]) != NULL)
            return false;
    }
    const char *next = strstr(text, ". Next: ");
    return strncmp(text, "You cannot ", 11) == 0 && next != NULL &&
           next[8] != '\0';
}

static void
check_words(const struct flow_refusal *refusal)
{
    struct ro_why why = {""};
    tap_is(flow_refuse(refusal, &why), refusal->status);
    tap_say(is_for_people(why.text), why.text);
    tap_ok(strlen(why.text) + 1 < sizeof(why.text));
}

/* Every refusal that there is, with the longest name there may be. */
static void
test_words(void)
{
    char name[201];
    memset(name, 'N', sizeof(name) - 1);
    name[sizeof(name) - 1] = '\0';
    for (int e = 0; e < FLOW_EVENT_COUNT; e++) {
        for (int a = 0; a < ACTORS; a++) {
            struct flow_refusal refusal = {
                .event = (enum flow_event)e,
                .actor = (enum flow_actor)a,
                .other = (e + a) % 2 == 0 ? name : NULL,
            };
            for (int s = 0; s < REQUEST_STATE_COUNT; s++) {
                enum request_state to;
                refusal.machine = FLOW_REQUEST;
                refusal.request = (enum request_state)s;
                refusal.status = request_next(refusal.request, refusal.event,
                                              refusal.actor, &to);
                if (refusal.status != RO_OK)
                    check_words(&refusal);
            }
            for (int s = 0; s < INTRO_STATE_COUNT; s++) {
                enum intro_state to;
                refusal.machine = FLOW_INTRO;
                refusal.intro = (enum intro_state)s;
                refusal.status = intro_next(refusal.intro, refusal.event,
                                            refusal.actor, &to);
                if (refusal.status != RO_OK)
                    check_words(&refusal);
            }
        }
    }
}

/* Some of them as they stand. */
static void
test_words_in_full(void)
{
    struct ro_why why = {""};
    struct flow_refusal refusal = {.machine = FLOW_REQUEST,
                                   .status = RO_ILLEGAL,
                                   .request = REQUEST_OPEN,
                                   .event = FLOW_CLOSE};
    (void)flow_refuse(&refusal, &why);
    tap_say(strcmp(why.text,
                   "You cannot close this request now: no school has been "
                   "chosen for it yet. Next: choose an answer with 'accept', "
                   "or take it back with 'withdraw'") == 0,
            why.text);
    refusal = (struct flow_refusal){.machine = FLOW_INTRO,
                                    .status = RO_ILLEGAL,
                                    .intro = INTRO_HELPER_ASKED,
                                    .event = FLOW_INTRODUCED,
                                    .other = "Bens School"};
    (void)flow_refuse(&refusal, &why);
    tap_say(strcmp(why.text,
                   "You cannot choose Bens School now: Bens School has not "
                   "answered yet. Next: see who has with 'answers'") == 0,
            why.text);
    refusal = (struct flow_refusal){.machine = FLOW_REQUEST,
                                    .status = RO_FORBIDDEN,
                                    .event = FLOW_INTRODUCED,
                                    .actor = FLOW_HELPER,
                                    .other = "\xc3\x89"
                                             "cole"};
    (void)flow_refuse(&refusal, &why);
    tap_say(strstr(why.text, "choose \xc3\x89"
                             "cole: only the school that "
                             "asked can do that") != NULL,
            why.text);
    tap_is(flow_refuse(&refusal, NULL), RO_FORBIDDEN);
}

int
main(void)
{
    tap_run(test_words);
    tap_run(test_words_in_full);
    tap_run(test_request);
    tap_run(test_intro);
    tap_run(test_ends);
    return tap_done();
}

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
    "submitted close asker closed",
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
    "open close asker closed",
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
    "none close asker ended",
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
    "helper-asked close asker ended",
    "helper-asked closed asker ended",
    "helper-asked withdraw asker ended",

    "helper-willing ask-schools asker helper-willing",
    "helper-willing ask-coordinators asker helper-willing",
    "helper-willing pass helper helper-declined",
    "helper-willing say asker helper-willing",
    "helper-willing say helper helper-willing",
    "helper-willing introduced asker revealed",
    "helper-willing not-chosen asker not-chosen",
    "helper-willing close asker ended",
    "helper-willing closed asker ended",
    "helper-willing withdraw asker ended",

    "helper-declined ask-schools asker helper-declined",
    "helper-declined ask-coordinators asker helper-declined",
    "helper-declined say asker helper-declined",
    "helper-declined say helper helper-declined",
    "helper-declined introduced asker revealed",
    "helper-declined not-chosen asker not-chosen",
    "helper-declined close asker ended",
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
           const char *next,
           const struct ro_why *why)
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
    snprintf(what, sizeof(what), "%s-> %s: %s", step, ro_status_name(refusal),
             why->text);
    tap_say(status == refusal && why->text[0] != '\0', what);
}

static void
check_request(struct lines *lines, int s, int e, int a)
{
    struct ro_why why = {""};
    enum request_state next = REQUEST_STATE_COUNT;
    enum ro_status status =
        request_next((enum request_state)s, (enum flow_event)e,
                     (enum flow_actor)a, &why, &next);
    const char *const words[] = {request_state_name((enum request_state)s),
                                 event_word((enum flow_event)e),
                                 actor_names[a]};
    check_cell(lines, words, status,
               status == RO_OK ? request_state_name(next) : "", &why);
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
    struct ro_why why = {""};
    enum intro_state next = INTRO_STATE_COUNT;
    enum ro_status status = intro_next((enum intro_state)s, (enum flow_event)e,
                                       (enum flow_actor)a, &why, &next);
    const char *const words[] = {intro_state_name((enum intro_state)s),
                                 event_word((enum flow_event)e),
                                 actor_names[a]};
    check_cell(lines, words, status,
               status == RO_OK ? intro_state_name(next) : "", &why);
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
                                 NULL, &next) == RO_OK &&
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
                               NULL, &next) == RO_OK &&
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
        tap_is(intro_next(state, FLOW_CLOSED, FLOW_ASKER, NULL, &next), RO_OK);
        tap_say(next == INTRO_ENDED, "\"closed\" ends it");
    }
}

int
main(void)
{
    tap_run(test_request);
    tap_run(test_intro);
    tap_run(test_ends);
    return tap_done();
}

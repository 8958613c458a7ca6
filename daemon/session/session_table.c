/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/session/session_table.h"

/* A seat at the member door begins READY: ZAP has its key. */
static const struct session_cell table[SESSION_STATES][SESSION_EVENTS] = {
    [SESSION_NEW] =
        {
                       [SESSION_GREETED] = {SESSION_LET_PASS, SESSION_READY},
                       [SESSION_ASKED] = {SESSION_REFUSE, SESSION_NEW},
                       [SESSION_LOOKED] = {SESSION_LET_PASS, SESSION_NEW},
                       [SESSION_BROKE] = {SESSION_END, SESSION_CLOSING},
                       [SESSION_IDLED] = {SESSION_END, SESSION_CLOSING},
                       [SESSION_LEFT] = {SESSION_END, SESSION_CLOSING},
                       },
    [SESSION_READY] =
        {
                       [SESSION_GREETED] = {SESSION_LET_PASS, SESSION_READY},
                       [SESSION_ASKED] = {SESSION_LET_PASS, SESSION_READY},
                       [SESSION_LOOKED] = {SESSION_LET_PASS, SESSION_READY},
                       [SESSION_BROKE] = {SESSION_END, SESSION_CLOSING},
                       [SESSION_IDLED] = {SESSION_END, SESSION_CLOSING},
                       [SESSION_LEFT] = {SESSION_END, SESSION_CLOSING},
                       },
    [SESSION_CLOSING] =
        {
                       [SESSION_GREETED] = {SESSION_IGNORE, SESSION_CLOSING},
                       [SESSION_ASKED] = {SESSION_IGNORE, SESSION_CLOSING},
                       [SESSION_LOOKED] = {SESSION_IGNORE, SESSION_CLOSING},
                       [SESSION_BROKE] = {SESSION_IGNORE, SESSION_CLOSING},
                       [SESSION_IDLED] = {SESSION_IGNORE, SESSION_CLOSING},
                       [SESSION_LEFT] = {SESSION_IGNORE, SESSION_CLOSING},
                       },
};

static const char *const states[] = {
    [SESSION_NEW] = "new",
    [SESSION_READY] = "ready",
    [SESSION_CLOSING] = "closing",
};
_Static_assert(RO_LEN(states) == SESSION_STATES, "a name for each state");

static const char *const events[] = {
    [SESSION_GREETED] = "greeted", [SESSION_ASKED] = "asked",
    [SESSION_LOOKED] = "looked",   [SESSION_BROKE] = "broke",
    [SESSION_IDLED] = "idled",     [SESSION_LEFT] = "left",
};
_Static_assert(RO_LEN(events) == SESSION_EVENTS, "a name for each event");

static const char *const acts[] = {
    [SESSION_ACT_NONE] = "none", [SESSION_LET_PASS] = "let pass",
    [SESSION_REFUSE] = "refuse", [SESSION_END] = "end",
    [SESSION_IGNORE] = "ignore",
};
_Static_assert(RO_LEN(acts) == SESSION_ACTS, "a name for each act");

const struct session_cell *
session_table_cell(enum session_state state, enum session_event event)
{
    return &table[state][event];
}

enum session_act
session_table_step(struct session *session, enum session_event event)
{
    const struct session_cell *cell = session_table_cell(session->state, event);
    if (cell->act != SESSION_END)
        session->state = cell->next;
    return cell->act;
}

const char *
session_table_state(enum session_state state)
{
    return states[state];
}

const char *
session_table_event(enum session_event event)
{
    return events[event];
}

const char *
session_table_act(enum session_act act)
{
    return acts[act];
}

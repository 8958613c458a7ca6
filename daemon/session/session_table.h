/* SPDX-License-Identifier: Apache-2.0 */
/* The whole behaviour of a peer as one table: state x event. */
#ifndef DAEMON_SESSION_SESSION_TABLE_H
#define DAEMON_SESSION_SESSION_TABLE_H

#include "daemon/session/session.h"

enum session_event {
    SESSION_GREETED, /* a hello that holds */
    SESSION_ASKED,   /* a verb that needs a hello before it */
    SESSION_LOOKED,  /* a verb that needs none */
    SESSION_BROKE,   /* an outcome that costs the connection */
    SESSION_IDLED,   /* nothing heard for too long */
    SESSION_LEFT,    /* the peer is gone */
    SESSION_EVENTS
};

enum session_act {
    SESSION_ACT_NONE, /* an empty cell; there is none in the table */
    SESSION_LET_PASS,
    SESSION_REFUSE, /* RO_NEED_HELLO */
    SESSION_END,    /* sessions_close */
    SESSION_IGNORE, /* over already: not a word */
    SESSION_ACTS
};

struct session_cell {
    enum session_act act;
    enum session_state next;
};

/* The cell of a state and an event. Static. */
const struct session_cell *session_table_cell(enum session_state state,
                                              enum session_event event);

/* Lets an event happen to a session: its act, and the next state unless that is
 * SESSION_END, which is for the caller (sessions_close). */
enum session_act session_table_step(struct session *session,
                                    enum session_event event);

/* The name of a state, for the trace and the drawing. */
const char *session_table_state(enum session_state state);

/* The name of an event. */
const char *session_table_event(enum session_event event);

/* The name of an act. */
const char *session_table_act(enum session_act act);

#endif

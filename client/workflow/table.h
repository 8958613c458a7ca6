/* SPDX-License-Identifier: Apache-2.0 */
/*
 * How the two tables of this folder are laid out. A cell holds, for each
 * actor, where an event leads from a state. An empty cell is a refusal, so
 * what is not written down cannot happen.
 */
#ifndef CLIENT_WORKFLOW_TABLE_H
#define CLIENT_WORKFLOW_TABLE_H

#include "client/workflow/workflow.h"

#include <stddef.h>

#define TABLE_ACTORS 3

/* The next state plus one for each actor; 0: refused. */
struct table_cell {
    uint8_t next[TABLE_ACTORS];
};

/* Cells by who may: BY_ASKER(REQUEST_OPEN). */
#define TABLE_TO(state) ((uint8_t)((state) + 1))
#define BY_ASKER(state)                                                        \
    {                                                                          \
        {                                                                      \
            [FLOW_ASKER] = TABLE_TO(state)                                     \
        }                                                                      \
    }
#define BY_HELPER(state)                                                       \
    {                                                                          \
        {                                                                      \
            [FLOW_HELPER] = TABLE_TO(state)                                    \
        }                                                                      \
    }
#define BY_ASKER_OR_TEAM(state)                                                \
    {                                                                          \
        {                                                                      \
            [FLOW_ASKER] = TABLE_TO(state), [FLOW_COORDINATOR] =               \
                                                TABLE_TO(state)                \
        }                                                                      \
    }
#define BY_BOTH_SCHOOLS(state)                                                 \
    {                                                                          \
        {                                                                      \
            [FLOW_ASKER] = TABLE_TO(state), [FLOW_HELPER] = TABLE_TO(state)    \
        }                                                                      \
    }
#define BY_ANYONE(state)                                                       \
    {                                                                          \
        {                                                                      \
            [FLOW_ASKER] = TABLE_TO(state), [FLOW_HELPER] = TABLE_TO(state),   \
            [FLOW_COORDINATOR] = TABLE_TO(state)                               \
        }                                                                      \
    }

/* One state machine: its cells, row after row. */
struct table {
    const struct table_cell *cells; /* n_states rows of FLOW_EVENT_COUNT */
    size_t n_states;
};

/* Who does what in which state. */
struct table_step {
    size_t state;
    enum flow_event event;
    enum flow_actor actor;
};

/* One step of a machine: RO_FORBIDDEN where no state would let this actor do
 * that, RO_ILLEGAL where only this state does not. */
RO_MUST_USE enum ro_status table_next(const struct table *table,
                                      const struct table_step *step,
                                      size_t *ret_next);

#endif

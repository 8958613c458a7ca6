/* SPDX-License-Identifier: Apache-2.0 */
/* The request, written by the asker (domain.md 6.1). */
#include "client/workflow/table.h"

#include <assert.h>

static const char *const names[REQUEST_STATE_COUNT] = {
    [REQUEST_NONE] = "none",     [REQUEST_SUBMITTED] = "submitted",
    [REQUEST_OPEN] = "open",     [REQUEST_INTRODUCED] = "introduced",
    [REQUEST_CLOSED] = "closed", [REQUEST_WITHDRAWN] = "withdrawn",
};

/* A second ask is the same request's body for another audience. What a helper
 * or a coordinator writes changes nothing here, but is possible or not. An
 * outcome is of somebody's help, so "close" is there once a school is chosen;
 * before that a request is taken back. The last "closed" stands after the end
 * that it tells of. */
static const struct table_cell cells[REQUEST_STATE_COUNT][FLOW_EVENT_COUNT] = {
    [REQUEST_NONE] =
        {
                        [FLOW_ASK_SCHOOLS] = BY_ASKER(REQUEST_OPEN),
                        [FLOW_ASK_COORDINATORS] = BY_ASKER(REQUEST_SUBMITTED),
                        },
    [REQUEST_SUBMITTED] =
        {
                        [FLOW_ASK_SCHOOLS] = BY_ASKER(REQUEST_OPEN),
                        [FLOW_ASK_COORDINATORS] = BY_ASKER(REQUEST_SUBMITTED),
                        [FLOW_SAY] = BY_ASKER_OR_TEAM(REQUEST_SUBMITTED),
                        [FLOW_STATE_NOTE] = BY_ASKER(REQUEST_SUBMITTED),
                        [FLOW_CLOSED] = BY_ASKER(REQUEST_CLOSED),
                        [FLOW_WITHDRAW] = BY_ASKER(REQUEST_WITHDRAWN),
                        },
    [REQUEST_OPEN] =
        {
                        [FLOW_ASK_SCHOOLS] = BY_ASKER(REQUEST_OPEN),
                        [FLOW_ASK_COORDINATORS] = BY_ASKER(REQUEST_OPEN),
                        [FLOW_ANSWER] = BY_HELPER(REQUEST_OPEN),
                        [FLOW_PASS] = BY_HELPER(REQUEST_OPEN),
                        [FLOW_SAY] = BY_ANYONE(REQUEST_OPEN),
                        [FLOW_INTRODUCED] = BY_ASKER(REQUEST_INTRODUCED),
                        [FLOW_NOT_CHOSEN] = BY_ASKER(REQUEST_OPEN),
                        [FLOW_STATE_NOTE] = BY_ASKER(REQUEST_OPEN),
                        [FLOW_CLOSED] = BY_ASKER(REQUEST_CLOSED),
                        [FLOW_WITHDRAW] = BY_ASKER(REQUEST_WITHDRAWN),
                        },
    [REQUEST_INTRODUCED] =
        {
                        [FLOW_ANSWER] = BY_HELPER(REQUEST_INTRODUCED),
                        [FLOW_PASS] = BY_HELPER(REQUEST_INTRODUCED),
                        [FLOW_SAY] = BY_ANYONE(REQUEST_INTRODUCED),
                        [FLOW_NOT_CHOSEN] = BY_ASKER(REQUEST_INTRODUCED),
                        [FLOW_STATE_NOTE] = BY_ASKER(REQUEST_INTRODUCED),
                        [FLOW_CLOSE] = BY_ASKER(REQUEST_CLOSED),
                        [FLOW_CLOSED] = BY_ASKER(REQUEST_CLOSED),
                        [FLOW_WITHDRAW] = BY_ASKER(REQUEST_WITHDRAWN),
                        },
    [REQUEST_CLOSED] =
        {
                        [FLOW_STATE_NOTE] = BY_ASKER(REQUEST_CLOSED),
                        [FLOW_CLOSED] = BY_ASKER(REQUEST_CLOSED),
                        },
    [REQUEST_WITHDRAWN] =
        {
                        [FLOW_STATE_NOTE] = BY_ASKER(REQUEST_WITHDRAWN),
                        [FLOW_CLOSED] = BY_ASKER(REQUEST_WITHDRAWN),
                        },
};

static const struct table table = {
    .cells = cells[0],
    .n_states = REQUEST_STATE_COUNT,
};

const char *
request_state_name(enum request_state state)
{
    assert((size_t)state < REQUEST_STATE_COUNT);
    return names[state];
}

bool
request_state_is_end(enum request_state state)
{
    return state == REQUEST_CLOSED || state == REQUEST_WITHDRAWN;
}

enum ro_status
request_next(enum request_state state,
             enum flow_event event,
             enum flow_actor actor,
             enum request_state *ret_next)
{
    struct table_step step = {state, event, actor};
    size_t next = 0;
    RO_TRY(table_next(&table, &step, &next));
    *ret_next = (enum request_state)next;
    return RO_OK;
}

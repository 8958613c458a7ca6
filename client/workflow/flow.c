/* SPDX-License-Identifier: Apache-2.0 */
#include "client/workflow/workflow.h"

#include <assert.h>

static const char *const names[FLOW_EVENT_COUNT] = {
    [FLOW_ASK_SCHOOLS] = "ask",
    [FLOW_ASK_COORDINATORS] = "ask",
    [FLOW_ANSWER] = "answer",
    [FLOW_PASS] = "pass",
    [FLOW_SAY] = "say",
    [FLOW_INTRODUCED] = "introduced",
    [FLOW_NOT_CHOSEN] = "not-chosen",
    [FLOW_STATE_NOTE] = "state-note",
    [FLOW_CLOSE] = "close",
    [FLOW_CLOSED] = "closed",
    [FLOW_WITHDRAW] = "withdraw",
};

const char *
flow_event_name(enum flow_event event)
{
    assert((size_t)event < FLOW_EVENT_COUNT);
    return names[event];
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The introduction of one thread, asker and one helper (domain.md 6.3). */
#include "client/workflow/table.h"

#include <assert.h>

static const char *const names[INTRO_STATE_COUNT] = {
    [INTRO_NONE] = "none",
    [INTRO_HELPER_ASKED] = "helper-asked",
    [INTRO_HELPER_WILLING] = "helper-willing",
    [INTRO_HELPER_DECLINED] = "helper-declined",
    [INTRO_NOT_CHOSEN] = "not-chosen",
    [INTRO_REVEALED] = "revealed",
    [INTRO_FIRST_CONTACT] = "first-contact",
    [INTRO_ENDED] = "ended",
};

/* A coordinators' thread has no introduction: it stays in the first row, where
 * asker and team may talk, until it ends. "helper-asked" lets a team talk too,
 * for its copy of an ask that went to schools and coordinators alike.
 *
 * The asker does not know of a pass, so what the asker may write to a helper
 * that is willing arrives as well at one that stepped back; a choice that
 * crosses it is shown, since names have been told by then.
 *
 * Who was not chosen stays so when the request ends: the reason says more. */
static const struct table_cell cells[INTRO_STATE_COUNT][FLOW_EVENT_COUNT] =
    {
        [INTRO_NONE] =
            {
                          [FLOW_ASK_SCHOOLS] = BY_ASKER(INTRO_HELPER_ASKED),
                          [FLOW_ASK_COORDINATORS] = BY_ASKER(INTRO_NONE),
                          [FLOW_SAY] = BY_ASKER_OR_TEAM(INTRO_NONE),
                          [FLOW_STATE_NOTE] = BY_ASKER(INTRO_NONE),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_ENDED),
                          },
        [INTRO_HELPER_ASKED] =
            {
                          [FLOW_ASK_SCHOOLS] = BY_ASKER(INTRO_HELPER_ASKED),
                          [FLOW_ASK_COORDINATORS] = BY_ASKER(INTRO_HELPER_ASKED),
                          [FLOW_ANSWER] = BY_HELPER(INTRO_HELPER_WILLING),
                          [FLOW_PASS] = BY_HELPER(INTRO_HELPER_DECLINED),
                          [FLOW_SAY] = BY_ANYONE(INTRO_HELPER_ASKED),
                          [FLOW_STATE_NOTE] = BY_ASKER(INTRO_HELPER_ASKED),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_ENDED),
                          },
        [INTRO_HELPER_WILLING] =
            {
                          [FLOW_ASK_SCHOOLS] = BY_ASKER(INTRO_HELPER_WILLING),
                          [FLOW_ASK_COORDINATORS] = BY_ASKER(INTRO_HELPER_WILLING),
                          [FLOW_PASS] = BY_HELPER(INTRO_HELPER_DECLINED),
                          [FLOW_SAY] = BY_BOTH_SCHOOLS(INTRO_HELPER_WILLING),
                          [FLOW_INTRODUCED] = BY_ASKER(INTRO_REVEALED),
                          [FLOW_NOT_CHOSEN] = BY_ASKER(INTRO_NOT_CHOSEN),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_ENDED),
                          },
        [INTRO_HELPER_DECLINED] =
            {
                          [FLOW_ASK_SCHOOLS] = BY_ASKER(INTRO_HELPER_DECLINED),
                          [FLOW_ASK_COORDINATORS] = BY_ASKER(INTRO_HELPER_DECLINED),
                          [FLOW_SAY] = BY_BOTH_SCHOOLS(INTRO_HELPER_DECLINED),
                          [FLOW_INTRODUCED] = BY_ASKER(INTRO_REVEALED),
                          [FLOW_NOT_CHOSEN] = BY_ASKER(INTRO_NOT_CHOSEN),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_ENDED),
                          },
        [INTRO_NOT_CHOSEN] =
            {
                          [FLOW_CLOSED] = BY_ASKER(INTRO_NOT_CHOSEN),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_NOT_CHOSEN),
                          },
        [INTRO_REVEALED] =
            {
                          [FLOW_SAY] = {{[FLOW_ASKER] = TABLE_TO(INTRO_REVEALED),
                               [FLOW_HELPER] = TABLE_TO(INTRO_FIRST_CONTACT)}},
                          [FLOW_CLOSE] = BY_ASKER(INTRO_ENDED),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_ENDED),
                          },
        [INTRO_FIRST_CONTACT] =
            {
                          [FLOW_SAY] = BY_BOTH_SCHOOLS(INTRO_FIRST_CONTACT),
                          [FLOW_CLOSE] = BY_ASKER(INTRO_ENDED),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          [FLOW_WITHDRAW] = BY_ASKER(INTRO_ENDED),
                          },
        [INTRO_ENDED] =
            {
                          [FLOW_STATE_NOTE] = BY_ASKER(INTRO_ENDED),
                          [FLOW_CLOSED] = BY_ASKER(INTRO_ENDED),
                          },
};

static const struct table table = {
    .cells = cells[0],
    .n_states = INTRO_STATE_COUNT,
};

const char *
intro_state_name(enum intro_state state)
{
    assert((size_t)state < INTRO_STATE_COUNT);
    return names[state];
}

bool
intro_state_is_end(enum intro_state state)
{
    return state == INTRO_NOT_CHOSEN || state == INTRO_ENDED;
}

enum ro_status
intro_next(enum intro_state state,
           enum flow_event event,
           enum flow_actor actor,
           enum intro_state *ret_next)
{
    struct table_step step = {state, event, actor};
    size_t next = 0;
    RO_TRY(table_next(&table, &step, &next));
    *ret_next = (enum intro_state)next;
    return RO_OK;
}

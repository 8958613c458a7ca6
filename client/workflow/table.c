/* SPDX-License-Identifier: Apache-2.0 */
#include "client/workflow/table.h"

#include <assert.h>

static uint8_t
step_to(const struct table *table, const struct table_step *step)
{
    size_t row = step->state * FLOW_EVENT_COUNT;
    return table->cells[row + step->event].next[step->actor];
}

/* Whether any state at all lets this actor do that. */
static bool
is_ever_allowed(const struct table *table, const struct table_step *step)
{
    struct table_step other = *step;
    for (other.state = 0; other.state < table->n_states; other.state++) {
        if (step_to(table, &other) != 0)
            return true;
    }
    return false;
}

enum ro_status
table_next(const struct table *table,
           const struct table_step *step,
           size_t *ret_next)
{
    assert(step->state < table->n_states);
    assert((size_t)step->event < FLOW_EVENT_COUNT);
    assert((size_t)step->actor < TABLE_ACTORS);

    uint8_t to = step_to(table, step);
    if (to != 0) {
        *ret_next = (size_t)to - 1;
        return RO_OK;
    }
    return is_ever_allowed(table, step) ? RO_ILLEGAL : RO_FORBIDDEN;
}

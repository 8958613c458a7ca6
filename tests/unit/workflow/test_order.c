/* SPDX-License-Identifier: Apache-2.0 */
/* What one second holds: what has left stands before what is only kept here,
 * whatever their ids are. */
#include "client/workflow/order.h"
#include "tests/support/tap.h"

static struct flow_message
say(uint8_t id, uint8_t body)
{
    struct flow_message message = {.event = FLOW_SAY, .sent_at_s = 1};
    message.id.b[0] = id;
    message.body.b[0] = body;
    return message;
}

static void
test_kept_is_last(void)
{
    struct flow_message left = say(9, 9);
    struct flow_message kept = say(1, 0);
    struct flow_message later = say(2, 0);
    struct flow_message *all[] = {&later, &kept, &left};
    struct order order = {0};
    tap_is(order_init(&order, all, 3), RO_OK);
    tap_ok(order_at(&order, 0) == &left);
    tap_ok(order_at(&order, 1) == &kept);
    tap_ok(order_at(&order, 2) == &later);
    order_fini(&order);
}

int
main(void)
{
    tap_run(test_kept_is_last);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Connections to the open door must not be seen to be one person's. */
#include "tests/unit/client/link_world.h"

/* How many of the keys that came to the open door came once only. */
static unsigned
keys_that_came_once(struct broker *b)
{
    unsigned once = 0, n = atomic_load(&b->n_guests);
    for (unsigned i = 0; i < n; i++) {
        unsigned times = 0;
        for (unsigned j = 0; j < n; j++)
            times += memcmp(b->guests[i].b, b->guests[j].b, RO_KEY_SIZE) == 0;
        once += times == 1;
    }
    return once;
}

/* Two connections to the open door with one key would be one person's. */
static void
test_a_key_for_each_connection(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    unsigned expected = 0;
    enum ro_status last;
    for (int lost = 0; lost < 4; lost++) {
        tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
        tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
        tap_ok(atomic_load(&w.broker.n_guests) == ++expected);
        switch (lost) {
        case 0: /* we hang up */
            link_rest(w.link, LINK_OPEN);
            break;
        case 1: /* the broker breaks the rules */
            tap_is(ask(&w, LINK_OPEN, GARBAGE), RO_BAD_FRAME);
            break;
        case 2: /* it goes away while we wait */
            tap_is(ask(&w, LINK_OPEN, DIE), RO_UNREACHABLE);
            broker_stop(&w.broker);
            broker_start(&w.broker);
            break;
        case 3: /* or while we do not look: who asks may be the one to hear */
            broker_stop(&w.broker);
            broker_start(&w.broker);
            last = ask(&w, LINK_OPEN, PLAIN);
            tap_ok(last == RO_OK || last == RO_UNREACHABLE);
            break;
        }
    }
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(atomic_load(&w.broker.n_guests) >= expected + 1);
    tap_ok(keys_that_came_once(&w.broker) == atomic_load(&w.broker.n_guests));
}

/* What is lost while pushes are waited for is not made anew behind our back. */
static void
test_a_lost_connection_stays_lost(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    broker_stop(&w.broker);
    tap_is(push_within(&w, LINK_OPEN, LONG_MS), RO_UNREACHABLE);
    broker_start(&w.broker);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_OK);
    tap_is(push_within(&w, LINK_MEMBER, 1000), RO_NOT_FOUND);
    tap_say(atomic_load(&w.broker.n_guests) == 1,
            "nobody comes to the open door who has nothing to say there");
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(keys_that_came_once(&w.broker) == 2);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_a_key_for_each_connection);
    tap_run(test_a_lost_connection_stays_lost);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The broker finds out that its member door is open to everybody. */
#include <sys/wait.h>
#include <sysexits.h>
#include <unistd.h>

#include <zmq.h>

#include "common/crypto/hash.h"
#include "daemon/net/selftest.h"
#include "daemon/net/socket.h"
#include "tests/support/tap.h"
#include "tests/unit/net/world.h"

static struct selftest_door
door_at(const struct world *world, const char *endpoint)
{
    struct selftest_door door = {.curve = *ro_keypair_x25519(world->server),
                                 .every_ms = 1};
    snprintf(door.endpoint, sizeof(door.endpoint), "%s", endpoint);
    return door;
}

static void
test_a_good_door(void)
{
    struct world world;
    world_init(&world, WORLD_ZAP);
    struct selftest_door door = door_at(&world, door_endpoint(world.member));
    tap_is(selftest_once(world.context, &door, WORLD_MS), SELFTEST_REFUSED);
    tap_is(selftest_once(world.context, &door, WORLD_MS), SELFTEST_REFUSED);
    world_fini(&world);
}

static void
test_a_door_for_everybody(void)
{
    struct world world;
    world_init(&world, WORLD_ZAP);
    struct selftest_door door = door_at(&world, door_endpoint(world.open));
    tap_is(selftest_once(world.context, &door, WORLD_MS), SELFTEST_ADMITTED);
    world_fini(&world);
}

static void
test_nobody_answers(void)
{
    struct world world;
    world_init(&world, WORLD_NO_ZAP);
    struct selftest_door door = door_at(&world, door_endpoint(world.member));
    tap_say(selftest_once(world.context, &door, 100) == SELFTEST_UNCLEAR,
            "a dead ZAP is no refusal, and no admission");
    world_fini(&world);
}

/* Ends as the thread ends it; the parent waits for that. */
static void
live_with(bool good)
{
    struct world world;
    struct selftest *selftest = NULL;
    world_init(&world, WORLD_ZAP);
    struct selftest_door door =
        door_at(&world, door_endpoint(good ? world.member : world.open));
    if (selftest_start(world.context, &door, &selftest) != RO_OK)
        _exit(1);
    struct guard_gone gone;
    /* each knock is a connection that comes and goes */
    for (int i = 0; i < 5; i++) {
        if (!world_gone(&world, &gone))
            _exit(2);
    }
    selftest_free(selftest);
    world_fini(&world);
    _exit(0);
}

static int
exit_of(bool good)
{
    int status = 0;
    pid_t child = fork();
    if (child == 0)
        live_with(good);
    waitpid(child, &status, 0);
    return WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static void
test_the_thread_ends_the_process(void)
{
    tap_say(exit_of(false) == EX_SOFTWARE, "an open member door: exit 70");
    tap_say(exit_of(true) == 0, "a good one: life goes on");
}

int
main(void)
{
    if (ro_crypto_init() != RO_OK)
        return 1;
    tap_run(test_the_thread_ends_the_process); /* forks: before any context */
    tap_run(test_a_good_door);
    tap_run(test_a_door_for_everybody);
    tap_run(test_nobody_answers);
    return tap_done();
}

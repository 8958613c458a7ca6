/* SPDX-License-Identifier: Apache-2.0 */
/* Peers that push what they were not asked for, on real connections. */
#include <errno.h>
#include <stdio.h>
#include <sys/socket.h>
#include <unistd.h>

#include <zmq.h>

#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/crypto/hash.h"
#include "tests/support/tap.h"
#include "tests/unit/net/raw_peer.h"
#include "tests/unit/net/world.h"

#define MIB ((size_t)1 << 20)
#define PART (90 * 1024)

static struct ro_keypair *
new_pair(void)
{
    struct ro_entropy entropy = ro_entropy_system();
    return ro_keypair_new(&entropy);
}

/* A door with an honest client that is known as session 1. */
struct scene {
    struct world world;
    struct ro_keypair *pair;
    struct client honest;
    struct session_id session;
};

static void
scene_init(struct scene *scene, const struct guard_limits *limits)
{
    world_init_limits(&scene->world, WORLD_ZAP, limits);
    scene->pair = new_pair();
    struct knock knock = {.endpoint = door_endpoint(scene->world.open),
                          .pair = scene->pair,
                          .server = ro_keypair_x25519(scene->world.server)};
    client_init(&scene->honest, &knock);
    client_send(&scene->honest, "here", 4);
    struct door_frame frame = {0};
    tap_need(world_take(scene->world.open, &frame) == RO_OK);
    scene->session = (struct session_id){.slot = 1, .generation = 1};
    tap_need(door_bind(scene->world.open, frame.peer, scene->session) == RO_OK);
}

static void
scene_fini(struct scene *scene)
{
    client_fini(&scene->honest);
    ro_keypair_free(scene->pair);
    world_fini(&scene->world);
}

/* Whether the honest client still is served. */
static bool
honest_is_served(struct scene *scene)
{
    struct door_frame frame = {0};
    client_send(&scene->honest, "ask", 3);
    enum ro_status s = world_take(scene->world.open, &frame);
    while (s == RO_REFUSED)
        s = world_take(scene->world.open, &frame);
    return s == RO_OK && frame_is(&frame, "ask") &&
           door_send(scene->world.open, scene->session,
                     ro_bytes_text("answer")) == RO_OK &&
           client_gets(&scene->honest, "answer");
}

static void
attack(struct scene *scene, struct raw_peer *peer)
{
    raw_connect(peer, door_endpoint(scene->world.open));
    tap_need(raw_shake_hands(peer, scene->pair,
                             ro_keypair_x25519(scene->world.server)));
}

static size_t
resident_mib(void)
{
    char line[128] = "";
    FILE *file = fopen("/proc/self/statm", "re");
    tap_need(file != NULL && fgets(line, sizeof(line), file) != NULL);
    fclose(file);
    size_t pages = strtoul(strchr(line, ' '), NULL, 10);
    return pages * (size_t)sysconf(_SC_PAGESIZE) / MIB;
}

/* Pushes frames until it is cut; returns how many MiB went out. */
static size_t
push(struct raw_peer *peer, enum raw_flags flags, const void *data, size_t size)
{
    size_t pushed = 0;
    while (pushed < 800 * MIB && raw_send(peer, flags, data, size))
        pushed += size;
    return pushed / MIB;
}

static void
test_raw_peer_is_a_peer(void)
{
    struct scene scene;
    scene_init(&scene, &world_limits);
    struct raw_peer peer;
    attack(&scene, &peer);
    tap_ok(raw_send(&peer, RAW_LAST, "by hand", 7));
    struct door_frame frame = {0};
    tap_is(world_take(scene.world.open, &frame), RO_OK);
    tap_ok(frame_is(&frame, "by hand"));
    raw_close(&peer);
    scene_fini(&scene);
}

static void
test_message_without_an_end(void)
{
    struct scene scene;
    scene_init(&scene, &world_limits);
    static const uint8_t part[PART];
    size_t before = resident_mib();
    struct raw_peer peer;
    attack(&scene, &peer);
    size_t pushed = push(&peer, RAW_MORE, part, sizeof(part));
    size_t grown = resident_mib() - before;
    printf("# cut after %zu MiB, memory grew by %zu MiB\n", pushed, grown);
    tap_say(pushed <= 64, "an endless message is cut early");
    tap_say(grown <= 64, "and costs little memory");
    tap_ok(honest_is_served(&scene));
    raw_close(&peer);
    scene_fini(&scene);
}

static void
test_flood_of_commands(void)
{
    struct scene scene;
    scene_init(&scene, &world_limits);
    /* a PING with a context of 16 bytes, the most that it may have */
    static const uint8_t ping[] = "\x04PING\x00\x00"
                                  "0123456789abcdef";
    struct raw_peer peer;
    attack(&scene, &peer);
    size_t pushed = push(&peer, RAW_COMMAND, ping, sizeof(ping) - 1);
    printf("# cut after %zu MiB\n", pushed);
    tap_say(pushed < 64, "a flood of commands is cut");
    tap_ok(honest_is_served(&scene));
    raw_close(&peer);
    scene_fini(&scene);
}

static void
test_big_honest_traffic_is_not_cut(void)
{
    struct scene scene;
    scene_init(&scene, &world_limits);
    struct door_frame frame = {0};
    size_t whole = 0;
    for (int i = 0; i < 400; i++) {
        client_send(&scene.honest, "x", (size_t)96 << 10);
        if (i >= 100)
            whole += world_take(scene.world.open, &frame) == RO_OK;
    }
    for (int i = 0; i < 100; i++)
        whole += world_take(scene.world.open, &frame) == RO_OK;
    tap_say(whole == 400, "37 MiB as frames are fine");
    tap_ok(honest_is_served(&scene));
    scene_fini(&scene);
}

static void
test_unfinished_frame(void)
{
    struct scene scene;
    struct guard_limits limits = world_limits;
    limits.patience_ms = 100;
    scene_init(&scene, &limits);
    struct raw_peer peer;
    attack(&scene, &peer);
    static const uint8_t body[PART];
    tap_ok(raw_send(&peer, RAW_LAST, "a frame", 7));
    struct door_frame frame = {0};
    tap_is(world_take(scene.world.open, &frame), RO_OK);
    tap_ok(raw_send_part(&peer, body, sizeof(body), sizeof(body) / 2));
    tap_say(raw_await_end(&peer, WORLD_MS), "half a frame is not for ever");
    tap_ok(honest_is_served(&scene));
    raw_close(&peer);
    scene_fini(&scene);
}

static void
test_silent_peers(void)
{
    struct scene scene;
    struct guard_limits limits = world_limits;
    limits.silence_ms = 100;
    scene_init(&scene, &limits);
    struct raw_peer peer;
    attack(&scene, &peer);
    tap_say(raw_await_end(&peer, WORLD_MS), "who says nothing has to go");
    raw_close(&peer);
    raw_connect(&peer, door_endpoint(scene.world.open));
    tap_say(raw_await_end(&peer, WORLD_MS), "also before the handshake");
    tap_ok(honest_is_served(&scene));
    raw_close(&peer);
    scene_fini(&scene);
}

static void
speak(struct doorway *door, struct raw_peer *peer)
{
    struct door_frame frame = {0};
    tap_ok(raw_send(peer, RAW_LAST, "in", 2));
    tap_is(world_take(door, &frame), RO_OK);
    tap_ok(frame_is(&frame, "in"));
}

static void
test_too_many_of_one_address(void)
{
    struct scene scene;
    struct guard_limits limits = world_limits;
    limits.per_address = 3;
    scene_init(&scene, &limits);
    world_members(&scene.world, &scene.pair, 1);
    struct raw_peer peers[3];
    struct guard_gone gone = {0};
    const struct ro_key *server = ro_keypair_x25519(scene.world.server);
    attack(&scene, &peers[0]);
    raw_connect(&peers[1], door_endpoint(scene.world.member));
    tap_ok(raw_shake_hands(&peers[1], scene.pair, server));
    attack(&scene, &peers[2]);
    tap_say(raw_await_end(&peers[0], WORLD_MS),
            "both doors count as one for an address, the silent one goes");
    tap_ok(world_gone(&scene.world, &gone));
    speak(scene.world.member, &peers[1]);
    speak(scene.world.open, &peers[2]);
    raw_close(&peers[0]);
    raw_connect(&peers[0], door_endpoint(scene.world.open));
    tap_say(!raw_shake_hands(&peers[0], scene.pair, server) ||
                raw_await_end(&peers[0], WORLD_MS),
            "and the new one when all have spoken");
    tap_ok(world_gone(&scene.world, &gone));
    tap_ok(honest_is_served(&scene));
    for (size_t i = 0; i < 3; i++)
        raw_close(&peers[i]);
    scene_fini(&scene);
}

static void
test_a_cut_is_a_reset(void)
{
    struct scene scene;
    struct guard_limits limits = world_limits;
    limits.per_address = 1;
    scene_init(&scene, &limits);
    struct raw_peer peer;
    raw_connect(&peer, door_endpoint(scene.world.open));
    uint8_t greeting[256];
    ssize_t n = 1;
    while (n > 0)
        n = recv(peer.fd, greeting, sizeof(greeting), 0);
    tap_say(n < 0 && errno == ECONNRESET, "not like a wrong key");
    raw_close(&peer);
    scene_fini(&scene);
}

static void
test_counts(void)
{
    struct scene scene;
    scene_init(&scene, &world_limits);
    struct guard_counters open = {0};
    struct guard_counters member = {0};
    struct raw_peer peer;
    attack(&scene, &peer);
    raw_close(&peer);
    struct guard_gone gone = {0};
    tap_ok(world_gone(&scene.world, &gone));
    guard_count(scene.world.guard, DOOR_OPEN, &open);
    guard_count(scene.world.guard, DOOR_MEMBER, &member);
    tap_ok(open.accepted == 2 && open.admitted == 2 && open.failed == 0);
    tap_ok(open.open == 1 && open.cut == 0);
    tap_ok(member.accepted == 0 && member.open == 0);
    scene_fini(&scene);
}

int
main(void)
{
    if (ro_crypto_init() != RO_OK)
        return 1;
    tap_run(test_raw_peer_is_a_peer);
    tap_run(test_message_without_an_end);
    tap_run(test_flood_of_commands);
    tap_run(test_big_honest_traffic_is_not_cut);
    tap_run(test_unfinished_frame);
    tap_run(test_silent_peers);
    tap_run(test_too_many_of_one_address);
    tap_run(test_a_cut_is_a_reset);
    tap_run(test_counts);
    return tap_done();
}

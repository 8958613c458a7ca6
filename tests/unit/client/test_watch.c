/* SPDX-License-Identifier: Apache-2.0 */
/* Which connections a watch holds, and which it must not. */
#include "tests/unit/client/calls.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include "tests/unit/broker/rig.h"

struct connections {
    size_t open;     /* at the open door */
    size_t attached; /* at the member door, with a mailbox */
};

static struct connections
connections(void)
{
    struct connections found = {0};
    size_t slot = 0;
    struct session *session;
    pair_hold(pair);
    while ((session = sessions_next(pair->rig->broker->sessions, &slot)) !=
           NULL) {
        found.open += session->door == DOOR_OPEN;
        found.attached +=
            session->door == DOOR_MEMBER && session->n_attachments > 0;
    }
    pair_go(pair);
    return found;
}

/* Dispatches until a watch lingers: nothing is said at the open door then, and
 * a connection that stands there says for how long somebody is online. */
static bool
lingers(struct ro_client *client)
{
    static const struct got none;
    int64_t until_ms = now_ms() + PATIENCE_MS;
    while (now_ms() < until_ms) {
        const struct connections now = connections();
        if (now.attached == 1 && now.open == 0)
            return true;
        (void)await_ms(client, &none, 100);
    }
    return false;
}

static void
test_a_watch_that_lingers_leaves_the_open_door(void)
{
    struct got got = {0};
    static const struct ro_sync watch = {.wait_ms = PAIR_WAIT_MS, .for_ms = -1};
    open_circle();
    seat_stop(ben);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    ro_client_sync(client, &watch, into(&got));
    tap_ok(lingers(client));
    tap_ok(!await_ms(client, &got, 1000));
    tap_say(connections().open == 0, "and does not come back by itself");
    seat_start(ben);
    ask_ann();
    tap_say(await(client, &got, 1), "what comes is received");
    seat_stop(ben);
    tap_ok(lingers(client));
    close_circle();
}

/* Somebody who takes connections in the broker's place, and says nothing. */
static int
listen_at(const char *endpoint)
{
    int yes = 1;
    char host[16] = "";
    const char *begin = endpoint + strlen("tcp://");
    const char *colon = strrchr(begin, ':');
    struct sockaddr_in address = {.sin_family = AF_INET};
    tap_need(colon != NULL && (size_t)(colon - begin) < sizeof(host));
    memcpy(host, begin, (size_t)(colon - begin));
    tap_need(inet_aton(host, &address.sin_addr) != 0);
    address.sin_port = htons((uint16_t)strtoul(colon + 1, NULL, 10));
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    tap_need(setsockopt(fd, SOL_SOCKET, SO_REUSEADDR, &yes, sizeof(yes)) == 0 &&
             bind(fd, (struct sockaddr *)&address, sizeof(address)) == 0 &&
             listen(fd, 16) == 0);
    return fd;
}

/* Milliseconds until the other side hangs up; it is heard until then. */
static int64_t
hangs_up_after(int fd)
{
    uint8_t heard[256];
    int64_t start_ms = now_ms();
    struct pollfd item = {.fd = fd, .events = POLLIN};
    while (poll(&item, 1, PATIENCE_MS) > 0) {
        if (read(fd, heard, sizeof(heard)) <= 0)
            break;
    }
    return now_ms() - start_ms;
}

/* A slice that gives way to a call has failed: what it tried is over with it,
 * and not tried further by libzmq. */
static void
test_a_slice_that_failed_connects_no_more(void)
{
    struct got got = {0};
    struct got other = {0};
    static const struct ro_sync watch = {.wait_ms = PATIENCE_MS, .for_ms = -1};
    open_circle();
    seat_stop(ben);
    RO_CLEANUP(ro_client_freep) struct ro_client *client = open_client(ann);
    ro_client_sync(client, &watch, into(&got));
    tap_need(lingers(client));
    pair_away(pair);
    int listener = listen_at(pair->member_endpoint);
    struct pollfd item = {.fd = listener, .events = POLLIN};
    tap_need(poll(&item, 1, PATIENCE_MS) > 0);
    int came = accept(listener, NULL, NULL);
    tap_need(came >= 0);
    ro_client_self(client, into(&other));
    int64_t after_ms = hangs_up_after(came);
    printf("# after %d ms\n", (int)after_ms);
    tap_ok(after_ms < 3500); /* libzmq alone gives up after five seconds */
    tap_ok(await(client, &other, 1));
    tap_ok(got.n == 0);
    close(came);
    close(listener);
    pair_back(pair);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_a_watch_that_lingers_leaves_the_open_door);
    tap_run(test_a_slice_that_failed_connects_no_more);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The link against a broker that follows a script. What reachoutd really
 * answers is for the e2e tests. */
#include "tests/unit/client/link_world.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <sys/eventfd.h>
#include <sys/socket.h>
#include <unistd.h>

/* --- tests --------------------------------------------------------------- */

static void
test_setup(void)
{
    WORLD w;
    world_init(&w);
    static const char *const bad[] = {
        "tcp://",         "tcp://host",       "tcp://:1",
        "tcp://host:0",   "tcp://host:65536", "tcp://host:123456",
        "tcp://host:1x",  "tcp://*:1",        "tcp://1.2.3.4:0;host:1",
        "ipc:///tmp/x:1",
    };
    for (size_t i = 0; i < RO_LEN(bad); i++) {
        struct link_setup setup = setup_of(&w);
        struct link *link = NULL;
        setup.open_endpoint = bad[i];
        tap_say(link_new(&setup, &w.why, &link) == RO_BAD_INPUT, bad[i]);
    }
    struct link_setup setup = setup_of(&w);
    setup.transport = NULL;
    connect_with(&w, &setup);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_NOT_ALLOWED);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
}

static void
test_asks(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    int64_t time_s = 0;
    tap_is(link_broker_time(w.link, &time_s), RO_NOT_FOUND);
    uint64_t size = 0;
    tap_is(ask_for(&w, LINK_MEMBER, PLAIN, LONG_MS, &size), RO_OK);
    tap_ok(size == PLAIN);
    tap_is(link_broker_time(w.link, &time_s), RO_OK);
    tap_ok(time_s == TIME_S);
    tap_ok(w.broker.hellos == 0);
    tap_is(ask_for(&w, LINK_MEMBER, OTHERS_FIRST, LONG_MS, &size), RO_OK);
    tap_ok(size == 77);

    /* hello is said once a connection, and not for the other door */
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(w.broker.hellos == 1);
    tap_is(ask(&w, LINK_OPEN, FORGET_HELLO), RO_OK);
    tap_ok(w.broker.hellos == 2);
    tap_is(link_broker_time(w.link, &time_s), RO_OK);
    tap_ok(time_s > TIME_S);
}

static void
test_hello(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    struct link_ask hello = {
        .door = LINK_OPEN,
        .verb = 1,
        .answer = &reachout__hello__answer__descriptor,
        .deadline_ms = now_ms() + LONG_MS,
    };
    struct link_answer answer;
    tap_is(link_ask(w.link, &hello, w.arena, &w.why, &answer), RO_OK);
    tap_ok(((const Reachout__Hello__Answer *)answer.message)->size == 5);
    tap_ok(answer.broker_time_s == TIME_S);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(w.broker.hellos == 1);
    hello.door = LINK_MEMBER;
    tap_is(link_ask(w.link, &hello, w.arena, &w.why, &answer), RO_OK);

    struct link_setup setup = setup_of(&w);
    setup.psk[0] ^= 1;
    connect_with(&w, &setup);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_NEED_HELLO);
    tap_ok(strstr(w.why.text, "a good proof") != NULL);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_OK);
}

static void
test_refusals(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    tap_is(ask(&w, LINK_MEMBER, REFUSE), RO_OVER_QUOTA);
    tap_ok(strcmp(w.why.text, "the broker says: tomorrow \\u{1b}[31m") == 0);
    tap_is(ask(&w, LINK_MEMBER, REFUSE_MUTELY), RO_NO_ROOM);
    tap_ok(strstr(w.why.text, ro_status_text(RO_NO_ROOM)) != NULL);
    tap_is(ask(&w, LINK_MEMBER, REFUSE_STRANGELY), RO_BROKER_REFUSED);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_OK);
}

/* What breaks the rules costs the broker the connection, and nothing else. */
static void
test_bad_frames(void)
{
    static const enum script bad[] = {TWO_PARTS, GARBAGE, BAD_PAYLOAD};
    WORLD w;
    world_init(&w);
    connect_link(&w);
    for (size_t i = 0; i < RO_LEN(bad); i++) {
        tap_is(ask(&w, LINK_MEMBER, bad[i]), RO_BAD_FRAME);
        tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_OK);
    }
    tap_is(ask(&w, LINK_OPEN, GARBAGE), RO_BAD_FRAME);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(w.broker.hellos == 2);

    static uint8_t large[RO_FRAME_LIMIT];
    Reachout__Enrol__Ask enrol = REACHOUT__ENROL__ASK__INIT;
    enrol.has_body = 1;
    enrol.body = ro_as_field((struct ro_bytes){large, sizeof(large)});
    const struct link_ask ask_large = {
        .door = LINK_OPEN,
        .verb = 6,
        .ask = &enrol.base,
        .answer = &reachout__enrol__answer__descriptor,
        .deadline_ms = now_ms() + LONG_MS,
    };
    struct link_answer answer;
    tap_is(link_ask(w.link, &ask_large, w.arena, &w.why, &answer),
           RO_TOO_LARGE);
}

static void
test_pushes(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    tap_is(push_within(&w, LINK_MEMBER, 0), RO_NOT_FOUND);
    tap_is(ask(&w, LINK_MEMBER, PUSHES_FIRST), RO_OK);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(pushed(&w, LINK_MEMBER, 0));
    tap_ok(pushed(&w, LINK_MEMBER, 1));
    tap_is(push_within(&w, LINK_OPEN, SHORT_MS), RO_NOT_FOUND);
    tap_ok(pushed(&w, LINK_MEMBER, 2));
    tap_is(push_within(&w, LINK_MEMBER, SHORT_MS), RO_NOT_FOUND);

    /* pushes that come while nobody asks: those before a silence */
    uint64_t size = 0;
    tap_is(ask(&w, LINK_MEMBER, PUSHES_FIRST), RO_OK);
    tap_is(ask_for(&w, LINK_MEMBER, SILENCE, SHORT_MS, &size), RO_UNREACHABLE);
    tap_ok(pushed(&w, LINK_MEMBER, 0));

    /* more than can be kept: as if the connection was lost */
    tap_is(ask(&w, LINK_MEMBER, FLOOD), RO_OK);
    tap_is(push_within(&w, LINK_MEMBER, LONG_MS), RO_UNREACHABLE);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_OK);
}

static void
test_interrupt(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    int fd = eventfd(1, EFD_CLOEXEC);
    tap_need(fd >= 0);
    link_interrupt(w.link, fd);
    int64_t before = now_ms();
    tap_is(push_within(&w, LINK_MEMBER, LONG_MS), RO_NOT_FOUND);
    tap_ok(now_ms() - before < LONG_MS / 2);
    tap_is(ask(&w, LINK_MEMBER, PUSHES_FIRST), RO_OK);
    tap_ok(pushed(&w, LINK_MEMBER, 0));
    broker_stop(&w.broker);
    before = now_ms();
    connect_link(&w);
    link_interrupt(w.link, fd);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_UNREACHABLE);
    tap_ok(now_ms() - before < LONG_MS / 2);
    tap_ok(now_ms() - before >= 1000);
    close(fd);
}

static void
test_wrong_broker(void)
{
    WORLD w;
    world_init(&w);
    struct link_setup setup = setup_of(&w);
    struct ro_keypair *other = ro_keypair_new(&w.entropy);
    setup.broker_curve = *ro_keypair_x25519(other);
    connect_with(&w, &setup);
    int64_t before = now_ms();
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_WRONG_BROKER);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_WRONG_BROKER);
    tap_ok(now_ms() - before < LONG_MS / 4);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_WRONG_BROKER);
    tap_is(push_within(&w, LINK_OPEN, LONG_MS), RO_WRONG_BROKER);
    before = now_ms();
    link_free(w.link);
    w.link = NULL;
    tap_ok(now_ms() - before < 1000);
    ro_keypair_free(other);
}

static void
test_refused_seat(void)
{
    WORLD w;
    world_init(&w);
    broker_stop(&w.broker);
    struct ro_keypair *banned = ro_keypair_new(&w.entropy);
    w.broker.banned = *ro_keypair_x25519(banned);
    broker_start(&w.broker);
    struct link_setup setup = setup_of(&w);
    setup.transport = banned;
    connect_with(&w, &setup);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_NOT_ALLOWED);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_NOT_ALLOWED);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    link_free(w.link);
    w.link = NULL;
    ro_keypair_free(banned);
}

static void
test_unreachable(void)
{
    WORLD w;
    world_init(&w);
    broker_stop(&w.broker);
    connect_link(&w);
    uint64_t size = 0;
    int64_t before = now_ms();
    tap_is(ask_for(&w, LINK_OPEN, PLAIN, 1500, &size), RO_UNREACHABLE);
    tap_ok(now_ms() - before >= 1500);
    tap_ok(strstr(w.why.text, "nobody answers") != NULL);
    /* it is there again: the same link finds it */
    broker_start(&w.broker);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_is(ask_for(&w, LINK_OPEN, SILENCE, SHORT_MS, &size), RO_UNREACHABLE);
    tap_ok(strstr(w.why.text, "no answer") != NULL);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
}

/* A door that has been trying for long starts afresh; the clock is the test's,
 * so nothing is waited for. */
static void
test_patience(void)
{
    struct ro_clock_virtual time = {0, 1000}; /* outlives the link */
    WORLD w;
    world_init(&w);
    broker_stop(&w.broker);
    struct link_setup setup = setup_of(&w);
    setup.clock = ro_clock_of(&time);
    connect_with(&w, &setup);
    Reachout__Directory__Ask directory = REACHOUT__DIRECTORY__ASK__INIT;
    struct link_ask plain = {LINK_OPEN, 2, &directory.base,
                             &reachout__directory__answer__descriptor, 1050};
    struct link_answer answer;
    tap_is(link_ask(w.link, &plain, w.arena, &w.why, &answer), RO_UNREACHABLE);
    broker_start(&w.broker);
    time.mono_ms += 6000;
    plain.deadline_ms = time.mono_ms + LONG_MS;
    tap_is(link_ask(w.link, &plain, w.arena, &w.why, &answer), RO_OK);
}

/* A TCP peer of another kind: says its piece to all who come. */
struct stranger {
    int listener;
    char endpoint[64];
    struct ro_bytes says;
    pthread_t thread;
};

static void
stranger_init(struct stranger *stranger, struct ro_bytes says)
{
    int fd = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    struct sockaddr_in address = {.sin_family = AF_INET};
    address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
    socklen_t size = sizeof(address);
    tap_need(bind(fd, (struct sockaddr *)&address, size) == 0 &&
             listen(fd, 8) == 0 &&
             getsockname(fd, (struct sockaddr *)&address, &size) == 0);
    stranger->listener = fd;
    stranger->says = says;
    snprintf(stranger->endpoint, sizeof(stranger->endpoint),
             "tcp://127.0.0.1:%u", ntohs(address.sin_port));
}

/* A peer that takes connections and says nothing is slow, not wrong. */
static void
test_mute_peer(void)
{
    WORLD w;
    world_init(&w);
    struct stranger mute;
    stranger_init(&mute, (struct ro_bytes){NULL, 0});
    struct link_setup setup = setup_of(&w);
    setup.open_endpoint = mute.endpoint;
    connect_with(&w, &setup);
    uint64_t n = 0;
    tap_is(ask_for(&w, LINK_OPEN, PLAIN, 800, &n), RO_UNREACHABLE);
    close(mute.listener);
}

static void *
speak(void *user)
{
    struct stranger *stranger = user;
    int fd;
    while ((fd = accept(stranger->listener, NULL, NULL)) >= 0) {
        uint8_t heard[1024];
        (void)!write(fd, stranger->says.data, stranger->says.size);
        while (read(fd, heard, sizeof(heard)) > 0)
            continue;
        close(fd);
    }
    return NULL;
}

static void *
reset_all(void *user)
{
    static const struct linger at_once = {.l_onoff = 1, .l_linger = 0};
    struct stranger *stranger = user;
    uint8_t heard[8];
    int fd;
    while ((fd = accept(stranger->listener, NULL, NULL)) >= 0) {
        (void)!read(fd, heard, sizeof(heard));
        setsockopt(fd, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
        close(fd);
    }
    return NULL;
}

/* Neither is one that resets them: so does a broker with too many. */
static void
test_a_reset_is_no_verdict(void)
{
    WORLD w;
    world_init(&w);
    struct stranger stranger;
    stranger_init(&stranger, (struct ro_bytes){NULL, 0});
    tap_need(pthread_create(&stranger.thread, NULL, reset_all, &stranger) == 0);
    struct link_setup setup = setup_of(&w);
    setup.open_endpoint = stranger.endpoint;
    connect_with(&w, &setup);
    uint64_t n = 0;
    tap_is(ask_for(&w, LINK_OPEN, PLAIN, 2500, &n), RO_UNREACHABLE);
    shutdown(stranger.listener, SHUT_RDWR);
    pthread_join(stranger.thread, NULL);
    close(stranger.listener);
}

/* Speaks, but not our protocol: nothing may be told to it in clear, and it is
 * not the broker. */
static void
test_other_protocols(void)
{
    static const char http[] =
        "HTTP/1.1 400 Bad Request\r\nConnection: close\r\n\r\n"
        "this is quite another service, and it says so at length";
    static const char zmtp_2[] = "\xff\0\0\0\0\0\0\0\x01\x7f\x01\x06\0\0";
    /* 3.0, mechanism NULL */
    static const char zmtp_3[64] = "\xff\0\0\0\0\0\0\0\x01\x7f\x03\0NULL";
    const struct ro_bytes strange[] = {
        {(const uint8_t *)http,   sizeof(http) - 1  },
        {(const uint8_t *)zmtp_2, sizeof(zmtp_2) - 1},
        {(const uint8_t *)zmtp_3, sizeof(zmtp_3)    },
    };
    WORLD w;
    world_init(&w);
    for (size_t i = 0; i < RO_LEN(strange); i++) {
        struct stranger stranger;
        stranger_init(&stranger, strange[i]);
        tap_need(pthread_create(&stranger.thread, NULL, speak, &stranger) == 0);
        struct link_setup setup = setup_of(&w);
        setup.open_endpoint = stranger.endpoint;
        connect_with(&w, &setup);
        tap_is(ask(&w, LINK_OPEN, PLAIN), RO_WRONG_BROKER);
        link_free(w.link);
        w.link = NULL;
        shutdown(stranger.listener, SHUT_RDWR);
        pthread_join(stranger.thread, NULL);
        close(stranger.listener);
    }
}

static void
test_reconnect(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_is(ask(&w, LINK_MEMBER, PUSHES_FIRST), RO_OK);
    tap_ok(w.broker.hellos == 1);

    /* lost while an ask waits: told at once */
    int64_t before = now_ms();
    tap_is(ask(&w, LINK_OPEN, DIE), RO_UNREACHABLE);
    tap_ok(now_ms() - before < LONG_MS / 2);
    tap_ok(strstr(w.why.text, "lost") != NULL);
    broker_stop(&w.broker);
    broker_start(&w.broker);

    /* hello again on the new connection; each door tells of its loss once,
     * and what it had kept is gone, for the broker sends it again */
    tap_is(ask(&w, LINK_OPEN, PLAIN), RO_OK);
    tap_ok(w.broker.hellos == 2 && w.broker.strangers == 0);
    tap_is(push_within(&w, LINK_OPEN, LONG_MS), RO_UNREACHABLE);
    tap_is(push_within(&w, LINK_OPEN, SHORT_MS), RO_NOT_FOUND);
    tap_is(ask(&w, LINK_MEMBER, PLAIN), RO_OK);
    tap_is(push_within(&w, LINK_MEMBER, LONG_MS), RO_UNREACHABLE);
    tap_is(push_within(&w, LINK_MEMBER, SHORT_MS), RO_NOT_FOUND);

    /* lost while pushes are waited for */
    broker_stop(&w.broker);
    tap_is(push_within(&w, LINK_MEMBER, LONG_MS), RO_UNREACHABLE);
    broker_start(&w.broker);
    tap_is(ask(&w, LINK_MEMBER, PUSHES_FIRST), RO_OK);
    tap_ok(pushed(&w, LINK_MEMBER, 0));
}

static void
test_mailbox_proof(void)
{
    WORLD w;
    world_init(&w);
    connect_link(&w);
    struct ro_keypair *mailbox = ro_keypair_new(&w.entropy);
    struct ro_signature first, second;
    tap_is(link_mailbox_proof(w.link, mailbox, &first), RO_OK);
    tap_is(link_mailbox_proof(w.link, mailbox, &second), RO_OK);
    tap_ok(memcmp(&first, &second, sizeof(first)) == 0);
    /* it names the connection's key, which is another for each link */
    connect_link(&w);
    tap_is(link_mailbox_proof(w.link, mailbox, &second), RO_OK);
    tap_ok(memcmp(&first, &second, sizeof(first)) != 0);
    ro_keypair_free(mailbox);
}

int
main(void)
{
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_setup);
    tap_run(test_asks);
    tap_run(test_hello);
    tap_run(test_refusals);
    tap_run(test_bad_frames);
    tap_run(test_pushes);
    tap_run(test_interrupt);
    tap_run(test_wrong_broker);
    tap_run(test_refused_seat);
    tap_run(test_unreachable);
    tap_run(test_patience);
    tap_run(test_mute_peer);
    tap_run(test_a_reset_is_no_verdict);
    tap_run(test_other_protocols);
    tap_run(test_reconnect);
    tap_run(test_mailbox_proof);
    return tap_done();
}

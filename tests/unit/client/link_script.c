/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/link_script.h"

#include <stdio.h>
#include <string.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include <zmq.h>

#include "common/crypto/door.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

/* This is no test: what fails here makes the tests meaningless. */
static void
need(bool ok)
{
    if (ok)
        return;
    printf("Bail out! the script's broker: %s\n", zmq_strerror(zmq_errno()));
    exit(1);
}

/* --- the broker's thread ------------------------------------------------- */

static void
serve_zap(struct broker *b)
{
    char parts[8][64];
    size_t sizes[8] = {0};
    for (size_t i = 0; i < 8; i++) {
        int n = zmq_recv(b->zap, parts[i], sizeof(parts[i]), 0);
        sizes[i] = n < 0 ? 0 : (size_t)n;
        int more = 0;
        size_t size = sizeof(more);
        zmq_getsockopt(b->zap, ZMQ_RCVMORE, &more, &size);
        if (!more)
            break;
    }
    /* version, request id, domain, address, identity, mechanism, key */
    const char *code = memcmp(parts[6], b->banned.b, 32) == 0 ? "400" : "200";
    char user[65];
    ro_hex((const uint8_t *)parts[6], 32, user);
    unsigned n = atomic_load(&b->n_guests);
    if (memcmp(parts[6], b->admitted.b, 32) != 0 && n < PEERS_MAX) {
        memcpy(b->guests[n].b, parts[6], 32);
        atomic_store(&b->n_guests, n + 1);
    }
    zmq_send(b->zap, "1.0", 3, ZMQ_SNDMORE);
    zmq_send(b->zap, parts[1], sizes[1], ZMQ_SNDMORE);
    zmq_send(b->zap, code, 3, ZMQ_SNDMORE);
    zmq_send(b->zap, "", 0, ZMQ_SNDMORE);
    zmq_send(b->zap, user, 64, ZMQ_SNDMORE);
    zmq_send(b->zap, "", 0, 0);
}

/* One frame that came, and from whom. */
struct came {
    uint8_t peer[5];
    struct ro_key curve;
    struct ro_frame_header header;
    struct ro_bytes payload;
};

static void
send_bytes(struct broker *b, const struct came *to, struct ro_bytes bytes)
{
    zmq_send(b->router, to->peer, sizeof(to->peer), ZMQ_SNDMORE);
    zmq_send(b->router, bytes.data, bytes.size, 0);
}

static void
send_message(struct broker *b,
             const struct came *to,
             const struct ro_frame_header *header,
             const ProtobufCMessage *message)
{
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(header, &frame);
    if (ro_pack(message, &frame) == RO_OK)
        send_bytes(b, to, ro_buf_view(&frame));
}

static struct ro_frame_header
answer_to(struct broker *b, const struct came *came, enum ro_status status)
{
    return (struct ro_frame_header){
        .verb = came->header.verb,
        .kind = RO_FRAME_ANSWER,
        .serial = came->header.serial,
        .status = ro_status_wire(status),
        .time_s = TIME_S + atomic_fetch_add(&b->answered, 1),
    };
}

static void
refuse(struct broker *b,
       const struct came *to,
       enum ro_status status,
       const char *why)
{
    char words[80];
    snprintf(words, sizeof(words), "%s", why);
    Reachout__Refusal refusal = REACHOUT__REFUSAL__INIT;
    if (*why != '\0')
        refusal.why = words;
    const struct ro_frame_header header = answer_to(b, to, status);
    send_message(b, to, &header, &refusal.base);
}

static void
send_size(struct broker *b,
          const struct came *to,
          const struct ro_frame_header *header,
          uint64_t size)
{
    Reachout__Directory__Answer answer = REACHOUT__DIRECTORY__ANSWER__INIT;
    answer.has_size = 1;
    answer.size = size;
    send_message(b, to, header, &answer.base);
}

static void
send_push(struct broker *b, const struct came *to, uint64_t waiting)
{
    Reachout__Attach__Push push = REACHOUT__ATTACH__PUSH__INIT;
    push.has_waiting = 1;
    push.waiting = waiting;
    const struct ro_frame_header header = {.verb = 8, .kind = RO_FRAME_PUSH};
    send_message(b, to, &header, &push.base);
}

static size_t
find_greeted(const struct broker *b, const struct came *came)
{
    size_t i = 0;
    while (i < b->n_greeted && memcmp(b->greeted[i], came->peer, 5) != 0)
        i++;
    return i;
}

static void
serve_hello(struct broker *b, const struct came *came)
{
    struct ro_arena *arena = ro_arena_new(0, 0);
    ProtobufCMessage *message = NULL;
    uint8_t proof[32], expected[32];
    ro_door_proof(b->psk, ro_keypair_x25519(b->curve), &came->curve, expected);
    bool member = memcmp(&came->curve, &b->admitted, 32) == 0;
    bool good = ro_unpack(&reachout__hello__ask__descriptor, came->payload,
                          arena, &message) == RO_OK;
    if (good && !member) {
        const Reachout__Hello__Ask *ask = (Reachout__Hello__Ask *)message;
        good = ro_field_copy(&ask->proof, proof, 32) == RO_OK &&
               memcmp(proof, expected, 32) == 0 && ask->generation == 3;
    }
    ro_arena_free(arena);
    if (!good) {
        refuse(b, came, RO_NEED_HELLO, "a good proof");
        return;
    }
    if (find_greeted(b, came) == b->n_greeted && b->n_greeted < PEERS_MAX)
        memcpy(b->greeted[b->n_greeted++], came->peer, 5);
    atomic_fetch_add(&b->hellos, 1);
    Reachout__Hello__Answer answer = REACHOUT__HELLO__ANSWER__INIT;
    answer.has_size = 1;
    answer.size = 5;
    const struct ro_frame_header header = answer_to(b, came, RO_OK);
    send_message(b, came, &header, &answer.base);
}

static void
serve_others_first(struct broker *b, const struct came *came)
{
    struct ro_frame_header header = answer_to(b, came, RO_OK);
    header.serial--;
    send_size(b, came, &header, 1);
    header.serial++;
    header.verb = 3;
    send_size(b, came, &header, 2);
    header.verb = 2;
    send_size(b, came, &header, 77);
}

/* A good answer, and something after it. */
static void
serve_two_parts(struct broker *b, const struct came *came)
{
    const struct ro_frame_header header = answer_to(b, came, RO_OK);
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&header, &frame);
    zmq_send(b->router, came->peer, 5, ZMQ_SNDMORE);
    zmq_send(b->router, frame.data, frame.size, ZMQ_SNDMORE);
    zmq_send(b->router, "two", 3, 0);
}

static void
serve_strangely(struct broker *b, const struct came *came, uint16_t status)
{
    struct ro_frame_header header = answer_to(b, came, RO_OK);
    header.status = status;
    RO_AUTOBUF frame = {0};
    ro_frame_put_header(&header, &frame);
    ro_buf_put(&frame, "\xff\xff\xff", 3);
    send_bytes(b, came, ro_buf_view(&frame));
}

/* Answers a directory ask as it wishes; false: the broker dies. */
static bool
serve_script(struct broker *b, const struct came *came, uint64_t script)
{
    switch ((enum script)script) {
    case PUSHES_FIRST:
        for (uint64_t i = 0; i < 3; i++)
            send_push(b, came, i);
        break;
    case OTHERS_FIRST:
        serve_others_first(b, came);
        return true;
    case REFUSE:
        refuse(b, came, RO_OVER_QUOTA, "tomorrow \x1b[31m");
        return true;
    case REFUSE_MUTELY:
        refuse(b, came, RO_NO_ROOM, "");
        return true;
    case REFUSE_STRANGELY:
        serve_strangely(b, came, 4242);
        return true;
    case TWO_PARTS:
        serve_two_parts(b, came);
        return true;
    case GARBAGE:
        send_bytes(b, came, ro_bytes_text("garbage"));
        return true;
    case BAD_PAYLOAD:
        serve_strangely(b, came, 0);
        return true;
    case SILENCE:
        return true;
    case FORGET_HELLO:
        if (find_greeted(b, came) == b->n_greeted - 1 && b->hellos == 1) {
            b->n_greeted--;
            refuse(b, came, RO_NEED_HELLO, "");
            return true;
        }
        break;
    case FLOOD:
        for (uint64_t i = 0; i < 600; i++)
            send_push(b, came, i);
        break;
    case DIE:
        return false;
    case PLAIN:
    default:
        break;
    }
    const struct ro_frame_header header = answer_to(b, came, RO_OK);
    send_size(b, came, &header, script);
    return true;
}

static bool
serve_directory(struct broker *b, const struct came *came)
{
    bool member = memcmp(&came->curve, &b->admitted, 32) == 0;
    if (!member && find_greeted(b, came) == b->n_greeted) {
        atomic_fetch_add(&b->strangers, 1);
        refuse(b, came, RO_NEED_HELLO, "hello first");
        return true;
    }
    struct ro_arena *arena = ro_arena_new(0, 0);
    ProtobufCMessage *message = NULL;
    uint64_t script = 0;
    if (ro_unpack(&reachout__directory__ask__descriptor, came->payload, arena,
                  &message) == RO_OK)
        script = ((Reachout__Directory__Ask *)message)->from;
    ro_arena_free(arena);
    return serve_script(b, came, script);
}

/* Takes one frame; false: the broker dies. */
static bool
serve_frame(struct broker *b)
{
    struct came came;
    zmq_msg_t message;
    zmq_msg_init(&message);
    zmq_recv(b->router, came.peer, sizeof(came.peer), 0);
    zmq_msg_recv(&message, b->router, 0);
    bool lives = true;
    const struct ro_bytes bytes = {zmq_msg_data(&message),
                                   zmq_msg_size(&message)};
    const char *user = zmq_msg_gets(&message, "User-Id");
    if (!zmq_msg_more(&message) && user != NULL &&
        ro_unhex(user, came.curve.b, 32) == RO_OK &&
        ro_frame_get(bytes, &came.header, &came.payload) == RO_OK) {
        if (came.header.verb == 1) {
            serve_hello(b, &came);
        } else {
            lives = serve_directory(b, &came);
        }
    }
    zmq_msg_close(&message);
    return lives;
}

static void *
serve(void *user)
{
    struct broker *b = user;
    zmq_pollitem_t items[] = {
        {b->zap,    0,          ZMQ_POLLIN, 0},
        {b->router, 0,          ZMQ_POLLIN, 0},
        {NULL,      b->stop_fd, ZMQ_POLLIN, 0}
    };
    bool lives = true;
    while (lives && zmq_poll(items, 3, -1) > 0) {
        if (items[0].revents)
            serve_zap(b);
        if (items[1].revents)
            lives = serve_frame(b);
        if (items[2].revents)
            lives = false;
    }
    zmq_close(b->router);
    zmq_close(b->zap);
    return NULL;
}

/* --- starting and ending it ---------------------------------------------- */

static void
set(void *socket, int option, const void *value, size_t size)
{
    need(zmq_setsockopt(socket, option, value, size) == 0);
}

void
broker_start(struct broker *b)
{
    int yes = 1, none = 0;
    b->context = zmq_ctx_new();
    b->zap = zmq_socket(b->context, ZMQ_REP);
    need(zmq_bind(b->zap, "inproc://zeromq.zap.01") == 0);
    b->stop_fd = eventfd(0, EFD_CLOEXEC);
    need(b->stop_fd >= 0);
    b->router = zmq_socket(b->context, ZMQ_ROUTER);
    set(b->router, ZMQ_CURVE_SERVER, &yes, sizeof(yes));
    set(b->router, ZMQ_CURVE_SECRETKEY, ro_keypair_x25519_secret(b->curve), 32);
    set(b->router, ZMQ_ZAP_DOMAIN, "test", 4);
    set(b->router, ZMQ_LINGER, &none, sizeof(none));
    set(b->zap, ZMQ_LINGER, &none, sizeof(none));
    snprintf(b->endpoint, sizeof(b->endpoint), "tcp://127.0.0.1:%u", b->port);
    if (b->port == 0)
        snprintf(b->endpoint, sizeof(b->endpoint), "tcp://127.0.0.1:*");
    need(zmq_bind(b->router, b->endpoint) == 0);
    size_t size = sizeof(b->endpoint);
    need(zmq_getsockopt(b->router, ZMQ_LAST_ENDPOINT, b->endpoint, &size) == 0);
    b->port = (uint16_t)strtoul(strrchr(b->endpoint, ':') + 1, NULL, 10);
    b->n_greeted = 0;
    need(pthread_create(&b->thread, NULL, serve, b) == 0);
    b->runs = true;
}

void
broker_stop(struct broker *b)
{
    if (!b->runs)
        return;
    eventfd_write(b->stop_fd, 1);
    pthread_join(b->thread, NULL);
    close(b->stop_fd);
    zmq_ctx_term(b->context);
    b->runs = false;
}

void
broker_fini(struct broker *b)
{
    broker_stop(b);
    ro_keypair_free(b->curve);
}

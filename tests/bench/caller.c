/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/caller.h"

#include <errno.h>
#include <string.h>

#include "common/crypto/door.h"

#define WAIT_MS 60000
#define SOCKETS_MAX 8000
#define ITEMS_MAX 512
#define Z85_SIZE 41

void *
callers_context(void)
{
    void *context = must_have(zmq_ctx_new());
    zmq_ctx_set(context, ZMQ_MAX_SOCKETS, SOCKETS_MAX);
    return context;
}

/* --- connecting ---------------------------------------------------------- */

static void
set_key(void *socket, int option, const uint8_t *key)
{
    if (zmq_setsockopt(socket, option, key, RO_KEY_SIZE) != 0)
        die("CURVE: %s", zmq_strerror(errno));
}

static void
set_own_keys(struct caller *caller, const struct test_seat *seat)
{
    char public_text[Z85_SIZE];
    char secret_text[Z85_SIZE];
    uint8_t secret[RO_KEY_SIZE];
    const uint8_t *own = secret;
    if (seat != NULL) {
        caller->curve = *ro_keypair_x25519(seat->transport);
        own = ro_keypair_x25519_secret(seat->transport);
    } else if (zmq_curve_keypair(public_text, secret_text) != 0 ||
               zmq_z85_decode(caller->curve.b, public_text) == NULL ||
               zmq_z85_decode(secret, secret_text) == NULL) {
        die("CURVE: no key");
    }
    set_key(caller->socket, ZMQ_CURVE_PUBLICKEY, caller->curve.b);
    set_key(caller->socket, ZMQ_CURVE_SECRETKEY, own);
}

void
caller_open(const struct caller_place *place, struct caller *ret_caller)
{
    const struct house *house = place->house;
    int linger = 0;
    struct caller *caller = ret_caller;
    *caller = (struct caller){
        .socket = zmq_socket(place->context, ZMQ_DEALER),
        .arena = must_have(ro_arena_new(0, 0)),
    };
    if (caller->socket == NULL)
        die("socket: %s", zmq_strerror(errno));
    zmq_msg_init(&caller->message);
    zmq_setsockopt(caller->socket, ZMQ_LINGER, &linger, sizeof(linger));
    set_key(caller->socket, ZMQ_CURVE_SERVERKEY,
            ro_keypair_x25519(house->circle->broker_curve)->b);
    set_own_keys(caller, place->seat);
    if (zmq_connect(caller->socket,
                    place->seat != NULL ? house->member : house->open) != 0)
        die("connect: %s", zmq_strerror(errno));
}

void
caller_close(struct caller *caller)
{
    zmq_msg_close(&caller->message);
    zmq_close(caller->socket);
    ro_arena_free(caller->arena);
    ro_buf_fini(&caller->out);
}

/* --- frames -------------------------------------------------------------- */

void
caller_send(struct caller *caller, struct ro_bytes frame)
{
    zmq_msg_t message;
    if (zmq_msg_init_size(&message, frame.size) != 0)
        die("no memory");
    uint8_t *bytes = zmq_msg_data(&message);
    memcpy(bytes, frame.data, frame.size);
    ro_set_u32(bytes + 4, ++caller->serial);
    if (zmq_msg_send(&message, caller->socket, 0) < 0)
        die("send: %s", zmq_strerror(errno));
}

void
caller_say(struct caller *caller,
           enum ro_verb verb,
           const ProtobufCMessage *ask)
{
    const struct ro_frame_header header = {.verb = (uint8_t)verb,
                                           .kind = RO_FRAME_ASK};
    ro_buf_clear(&caller->out);
    ro_frame_put_header(&header, &caller->out);
    test_must(ro_pack(ask, &caller->out));
    caller_send(caller, ro_buf_view(&caller->out));
}

bool
caller_take(struct caller *caller)
{
    if (zmq_msg_recv(&caller->message, caller->socket, ZMQ_DONTWAIT) < 0)
        return false;
    const struct ro_bytes frame = {zmq_msg_data(&caller->message),
                                   zmq_msg_size(&caller->message)};
    test_must(ro_frame_get(frame, &caller->header, &caller->payload));
    enum ro_status s = ro_status_from_wire(caller->header.status);
    if (s != RO_OK)
        die("verb %u was refused: %s", caller->header.verb, ro_status_name(s));
    return true;
}

void
caller_wait(struct caller *caller)
{
    while (!caller_take(caller))
        callers_wait(caller, 1, -1);
}

const ProtobufCMessage *
caller_read(struct caller *caller, const ProtobufCMessageDescriptor *type)
{
    ProtobufCMessage *message = NULL;
    test_must(ro_unpack(type, caller->payload, caller->arena, &message));
    return message;
}

const ProtobufCMessage *
caller_ask(struct caller *caller,
           enum ro_verb verb,
           const ProtobufCMessage *ask,
           const ProtobufCMessageDescriptor *answer)
{
    caller_say(caller, verb, ask);
    caller_wait(caller);
    if (caller->header.kind != RO_FRAME_ANSWER)
        die("verb %u: something else came than its answer", (unsigned)verb);
    return caller_read(caller, answer);
}

void
callers_wait(struct caller *callers, size_t n, int fd)
{
    zmq_pollitem_t items[ITEMS_MAX] = {0};
    if (n >= ITEMS_MAX)
        die("too many connections to wait for");
    for (size_t i = 0; i < n; i++) {
        items[i].socket = callers[i].socket;
        items[i].events = ZMQ_POLLIN;
    }
    items[n].fd = fd;
    items[n].events = ZMQ_POLLIN;
    int ready = zmq_poll(items, (int)(fd >= 0 ? n + 1 : n), WAIT_MS);
    if (ready == 0)
        die("the broker says nothing");
    if (ready < 0 && errno != EINTR)
        die("poll: %s", zmq_strerror(errno));
}

/* --- verbs --------------------------------------------------------------- */

void
caller_say_hello(struct caller *caller, const struct house *house)
{
    const struct test_circle *circle = house->circle;
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    Reachout__Hello__Ask ask = REACHOUT__HELLO__ASK__INIT;
    ro_door_proof(circle->psk, ro_keypair_x25519(circle->broker_curve),
                  &caller->curve, proof);
    ask.has_protocol = true;
    ask.protocol = 1;
    ask.has_proof = true;
    ask.proof = ro_as_field((struct ro_bytes){proof, sizeof(proof)});
    ask.has_generation = true;
    ask.generation = circle->generation;
    caller_say(caller, RO_VERB_HELLO, &ask.base);
}

void
caller_greet(struct caller *caller, const struct house *house)
{
    caller_say_hello(caller, house);
    caller_wait(caller);
}

void
caller_attach(struct caller *caller)
{
    const Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    caller_ask(caller, RO_VERB_ATTACH, &ask.base,
               &reachout__attach__answer__descriptor);
}

void
caller_ack(struct caller *caller, const Reachout__Attach__Push *push)
{
    uint64_t keys[CALLER_PUSH_MAX];
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    if (push->n_envelopes > CALLER_PUSH_MAX)
        die("a push of %zu envelopes", push->n_envelopes);
    for (size_t i = 0; i < push->n_envelopes; i++)
        keys[i] = push->envelopes[i]->key;
    ask.has_mailbox = true;
    ask.mailbox = push->mailbox;
    ask.n_keys = push->n_envelopes;
    ask.keys = keys;
    caller_say(caller, RO_VERB_ACK, &ask.base);
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A connection to one of a broker's doors: a DEALER socket with CURVE that
 * speaks frames. Refusals end the program. */
#ifndef TESTS_BENCH_CALLER_H
#define TESTS_BENCH_CALLER_H

#include <stdbool.h>

#include <zmq.h>

#include "common/wire/codec.h"
#include "daemon/session/session.h"
#include "tests/bench/house.h"

#include "frame.pb-c.h"

/* The broker puts no more envelopes into one push. */
#define CALLER_PUSH_MAX 256

struct caller {
    void *socket;
    struct ro_key curve; /* its own, public */
    uint32_t serial;     /* of the last ask */
    struct ro_arena *arena;
    struct ro_buf out;
    zmq_msg_t message;
    struct ro_frame_header header; /* of the frame that came last */
    struct ro_bytes payload;
};

/* A ZeroMQ context for many sockets. */
void *callers_context(void);

/* Connects to a door: to the member door as a seat, to the open door (`seat`
 * NULL) with a new key. */
struct caller_place {
    void *context;
    const struct house *house;
    const struct test_seat *seat;
};
void caller_open(const struct caller_place *place, struct caller *ret_caller);
void caller_close(struct caller *caller);

/* Sends an ask; a frame that is packed already. */
void caller_say(struct caller *caller,
                enum ro_verb verb,
                const ProtobufCMessage *ask);
void caller_send(struct caller *caller, struct ro_bytes frame);

/* Takes a frame if one is there. */
bool caller_take(struct caller *caller);

/* Waits for a frame, and ends the program if none comes. */
void caller_wait(struct caller *caller);

/* The frame that came last as a message, until the next is unpacked. */
const ProtobufCMessage *caller_read(struct caller *caller,
                                    const ProtobufCMessageDescriptor *type);

/* Asks and waits; the answer must be good. For a connection to which nothing
 * is pushed meanwhile. */
const ProtobufCMessage *caller_ask(struct caller *caller,
                                   enum ro_verb verb,
                                   const ProtobufCMessage *ask,
                                   const ProtobufCMessageDescriptor *answer);

/* Says hello with the proof, without waiting. */
void caller_say_hello(struct caller *caller, const struct house *house);

/* At the open door: hello. At the member door: attaches the seat's mailbox. */
void caller_greet(struct caller *caller, const struct house *house);
void caller_attach(struct caller *caller);

/* Acknowledges all envelopes of a push, without waiting. */
void caller_ack(struct caller *caller, const Reachout__Attach__Push *push);

/* Waits until one of the callers (in a row of `n`) has a frame or `fd` (or -1)
 * is readable, at most a minute. */
void callers_wait(struct caller *callers, size_t n, int fd);

#endif

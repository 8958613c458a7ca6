/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside the link: a door is one DEALER socket with its monitor.
 *
 *     CLOSED --use--> CONNECTING --handshake--> UP --lost--> CONNECTING
 *        ^                |                      |
 *        +---- verdict ---+------ bad frame -----+
 *
 * Nothing is given to libzmq unless the handshake is done, and what it holds
 * for a connection dies with that connection (ZMQ_IMMEDIATE), so an ask is
 * sent on the connection on which hello was said, or not at all. (Where it was
 * lost and made anew in between, the broker answers NEED_HELLO.)
 */
#ifndef CLIENT_CORE_LINK_INTERNAL_H
#define CLIENT_CORE_LINK_INTERNAL_H

#include "client/core/link.h"

#include <zmq.h>

/* Pushes that are kept while an ask waits. */
#define LINK_PUSHES_MAX 512
#define LINK_PUSH_BYTES_MAX ((size_t)32 * 1024 * 1024)

enum door_state { DOOR_CLOSED, DOOR_CONNECTING, DOOR_UP };

struct push {
    struct push *next; /* in the queue of its door */
    size_t size;
    uint8_t data[];
};

struct link_end {
    enum link_door which;
    char *endpoint;
    const struct ro_keypair *curve; /* borrowed; NULL: no such door */
    void *socket;
    void *monitor;
    enum door_state state;
    enum ro_status verdict; /* why it cannot be used; RO_OK: it can */
    unsigned failures;      /* handshakes in a row that ended in nothing */
    int64_t trying_ms;      /* monotonic, since when it tries to connect */
    int64_t connected_ms;   /* monotonic, of the last TCP connect */
    bool told;              /* libzmq said why that one ended */
    unsigned connection;    /* one more with every connection lost */
    bool greeted;           /* hello was answered on this connection */
    bool lost;              /* link_push has not told of it yet */
    bool used;              /* the broker has seen its key */
    bool spent;             /* and the connection with it is gone */
    struct push *first;
    struct push **last;
    size_t n_pushes;
    size_t push_bytes;
};

struct link {
    void *context;
    unsigned n_monitors;      /* ever made: each needs a name of its own */
    struct link_end ends[2];  /* by enum link_door */
    struct ro_keypair *fresh; /* of the open door; NULL before its first use */
    unsigned n_fresh;         /* how many there were */
    unsigned n_proved;        /* which of them the last proof was for */
    struct ro_entropy entropy;
    struct ro_key broker_curve;
    struct ro_secret *psk;
    uint32_t generation;
    struct ro_clock clock;
    int interrupt_fd;
    uint32_t serial;
    bool knows_time;
    int64_t broker_time_s;
    struct ro_arena *hello_arena;
    struct ro_buf out;       /* the frame that is sent */
    struct push *handed_out; /* by link_push, until the next call */
};

/* --- link_end.c: sockets and queues -------------------------------------- */

/* Makes sure that the door has a socket that connects. RO_IO_FAILED,
 * RO_BAD_INPUT, RO_NOT_ALLOWED (this seat has no such door yet). */
RO_MUST_USE enum ro_status
link_end_open(struct link *link, struct link_end *end, struct ro_why *why);

enum link_linger { LINK_LINGER, LINK_AT_ONCE };

/* Closes the socket and its monitor; the next use makes new ones. */
void link_end_close(struct link *link,
                    struct link_end *end,
                    enum link_linger linger);

/* The connection is gone: forgets what belonged to it. */
void link_end_lose(struct link *link, struct link_end *end);

/* Keeps a push. One that does not fit loses them all, as a lost connection
 * would, so that the caller attaches again. */
void link_end_keep(struct link_end *end, struct ro_bytes frame);

/* Takes the oldest push out, or NULL; the caller frees it. */
struct push *link_end_take(struct link_end *end);

/* Drops all pushes. */
void link_end_clear(struct link_end *end);

/* --- link_monitor.c: what libzmq tells of a connection ------------------- */

/* Makes a socket's monitor. */
RO_MUST_USE enum ro_status link_monitor_open(struct link *link,
                                             struct link_end *end);

/* Reads all events that are there and moves the door's state. */
void link_monitor_read(struct link *link, struct link_end *end);

/* --- link_frame.c: bytes ------------------------------------------------- */

/* Lays an ask out in link->out. */
RO_MUST_USE enum ro_status link_frame_ask(struct link *link,
                                          uint8_t verb,
                                          const ProtobufCMessage *ask,
                                          uint32_t *ret_serial);

/* Lays the hello of a door out in link->out. */
RO_MUST_USE enum ro_status link_frame_hello(struct link *link,
                                            const struct link_end *end,
                                            uint32_t *ret_serial);

/* A frame that came, without its header; `payload` is the link's. */
struct link_frame {
    struct ro_frame_header header;
    struct ro_bytes payload;
};

/* Unpacks an answer's payload; a refusal becomes its outcome and its words
 * (which came from somebody else) are made harmless. */
RO_MUST_USE enum ro_status
link_frame_answer(const struct link_frame *frame,
                  const ProtobufCMessageDescriptor *type,
                  struct ro_arena *arena,
                  struct ro_why *why,
                  const ProtobufCMessage **ret_message);

#endif

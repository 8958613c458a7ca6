/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The link: this seat's connections to the two doors of one broker, used by
 * one thread. An ask waits for the answer of its serial; what the broker
 * pushes meanwhile is kept and handed out by link_push.
 *
 * A wrong broker key looks to libzmq like a peer that hangs up: three TCP
 * connects in a row that each end in a failed handshake without detail mean
 * RO_WRONG_BROKER; none at all means RO_UNREACHABLE. A broker that proves its
 * key and refuses ours (a seat that is not in the directory) is RO_NOT_ALLOWED.
 * After any of these the next ask tries afresh.
 */
#ifndef CLIENT_CORE_LINK_H
#define CLIENT_CORE_LINK_H

#include "common/base/arena.h"
#include "common/base/bytes.h"
#include "common/base/clock.h"
#include "common/base/entropy.h"
#include "common/crypto/sign.h"
#include "common/wire/codec.h"

struct link;

/* Whom to talk to, and as whom. Copied. */
struct link_setup {
    const char *member_endpoint;
    const char *open_endpoint;
    struct ro_key broker_curve;
    const struct ro_keypair *transport; /* borrowed; NULL: no member door yet */
    uint8_t psk[32];
    uint32_t generation;
    struct ro_clock clock;
    struct ro_entropy entropy;
};

/* Makes the sockets; connects on first use. RO_IO_FAILED, RO_BAD_INPUT (an
 * endpoint). The open door gets fresh CURVE keys for each link. */
RO_MUST_USE enum ro_status link_new(const struct link_setup *setup,
                                    struct ro_why *why,
                                    struct link **ret_link);

/* Closes at once; accepts NULL. */
void link_free(struct link *link);
RO_DEFINE_AUTO(link, link_free)

enum link_door { LINK_MEMBER, LINK_OPEN };

/* One ask: the verb's number, the message, and how the answer unpacks. The
 * hello (verb 1) is the link's own, proof and all: its `ask` may be NULL. */
struct link_ask {
    enum link_door door;
    uint8_t verb;
    const ProtobufCMessage *ask;
    const ProtobufCMessageDescriptor *answer;
    int64_t deadline_ms; /* monotonic */
};

/* What came back. */
struct link_answer {
    const ProtobufCMessage *message; /* in the arena; NULL on a refusal */
    int64_t broker_time_s;
};

/* Asks and waits. On the open door this says hello with the proof first, once
 * a connection. The broker's refusal is returned as its outcome, with its
 * words in `why`; RO_UNREACHABLE at the deadline, or at once when the
 * connection is lost before the answer (what came of the ask is then unknown:
 * ask again); RO_WRONG_BROKER, RO_NOT_ALLOWED, RO_BAD_FRAME (the broker's; the
 * connection is closed), RO_TOO_LARGE (the ask). The arena is reset. */
RO_MUST_USE enum ro_status link_ask(struct link *link,
                                    const struct link_ask *ask,
                                    struct ro_arena *arena,
                                    struct ro_why *why,
                                    struct link_answer *ret_answer);

/* Signs the proof that opens a mailbox on the current open-door connection, or
 * the next one if there is none. An attach with a proof for a connection that
 * was lost meanwhile is RO_UNREACHABLE. */
RO_MUST_USE enum ro_status link_mailbox_proof(struct link *link,
                                              const struct ro_keypair *mailbox,
                                              struct ro_signature *ret_proof);

/* The next push of a door (a whole frame, header included, valid until the
 * next call), waiting until `deadline_ms`. RO_NOT_FOUND when none came;
 * RO_UNREACHABLE when the connection was lost meanwhile, so that the caller
 * attaches again. */
RO_MUST_USE enum ro_status link_push(struct link *link,
                                     enum link_door door,
                                     int64_t deadline_ms,
                                     struct ro_bytes *ret_frame);

/* Hangs up at a door until it is next used; the open door has another key
 * then. */
void link_rest(struct link *link, enum link_door door);

/* A descriptor that, once readable, ends waiting early (the worker is wanted):
 * link_push returns RO_NOT_FOUND, and link_ask RO_UNREACHABLE if it has waited
 * a second for a connection. An ask that was sent is waited for. -1 for none.
 * Borrowed. */
void link_interrupt(struct link *link, int fd);

/* The broker's clock at the last answer; RO_NOT_FOUND before the first. */
RO_MUST_USE enum ro_status link_broker_time(const struct link *link,
                                            int64_t *ret_wall_s);

#endif

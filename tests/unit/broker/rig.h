/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A real broker core on a real store in a temporary folder, with a virtual
 * clock and seeded keys, driven with bytes. One turn at a time:
 *
 *     struct rig *rig = rig_open(3);              a circle of 3 schools
 *     struct peer open = rig_guest(rig);          said hello already
 *     status = rig_ask(rig, &open, &ask, &got);   one turn, its answer
 *
 * What a turn sends is kept in rig->frames until the next one.
 */
#ifndef TESTS_UNIT_BROKER_RIG_H
#define TESTS_UNIT_BROKER_RIG_H

#include <string.h>

#include "common/crypto/seal.h"
#include "daemon/pipeline/broker_state.h"
#include "support/circle.h"
#include "unit/store/folder.h"

#include "frame.pb-c.h"

#include "support/tap.h"

#define RIG_FRAMES_MAX 1024

struct rig_frame {
    struct session_id to;
    struct ro_frame_header header;
    struct ro_bytes payload; /* into bytes */
    struct ro_buf bytes;
};

struct rig {
    struct folder folder;
    struct test_circle *circle;
    struct store *store;
    struct broker *broker;
    struct ro_clock_virtual clock;
    struct broker_limits limits;
    struct ro_arena *arena; /* of the last answer that was read */
    struct rig_frame frames[RIG_FRAMES_MAX];
    size_t n_frames;
    uint64_t keys; /* of guests: the seed of the next */
};

/* A connection. */
struct peer {
    struct session_id id;
    struct ro_key curve;
    uint32_t serial; /* of the last ask */
};

/* A broker with an empty store; and one with the circle's records in it. */
struct rig *rig_empty(void);
struct rig *rig_open(size_t n_schools);
void rig_close(struct rig *rig);

/* Ends the broker and starts it again on the same store. */
void rig_restart(struct rig *rig);

/* Appends all records of the circle that the broker lacks. */
void rig_append_all(struct rig *rig);

/* Stops the broker, does that to its store (SQL), and starts it again. */
void rig_damage(struct rig *rig, const char *sql);

/* Connections: at the open door, silent or greeted; of a seat. */
struct peer rig_stranger(struct rig *rig);
struct peer rig_guest(struct rig *rig);
struct peer rig_member(struct rig *rig, const struct test_seat *seat);

/* One message of a verb. */
struct rig_ask {
    uint8_t verb;
    const ProtobufCMessage *message;
};

/* Begins a turn; gives it a frame; ends it, reading all that it sends. */
void rig_begin(struct rig *rig);
void rig_put(struct rig *rig, struct peer *peer, const struct rig_ask *ask);
void
rig_put_bytes(struct rig *rig, const struct peer *peer, struct ro_bytes frame);
void rig_end(struct rig *rig);
/* A turn with nothing in it. */
void rig_idle(struct rig *rig);

/* Whether the broker says that the connection is over; forgets all others of
 * which it says so. */
bool rig_is_gone(struct rig *rig, const struct peer *peer);

/* The answer to a peer's last ask (its status), or RO_NOT_FOUND. The message
 * (NULL for a refusal, whose words are printed) lives until the next read. */
enum ro_status rig_answer(struct rig *rig,
                          const struct peer *peer,
                          const ProtobufCMessage **ret_message);

/* A turn with one ask, and its answer. */
enum ro_status rig_ask(struct rig *rig,
                       struct peer *peer,
                       const struct rig_ask *ask,
                       const ProtobufCMessage **ret_message);

/* The i-th push to a peer in the last turn, or NULL. */
const Reachout__Attach__Push *
rig_push(struct rig *rig, const struct peer *peer, size_t i);
size_t rig_pushes(const struct rig *rig, const struct peer *peer);

/* Hello with everything right, for `peer`. */
enum ro_status rig_hello(struct rig *rig,
                         struct peer *peer,
                         const Reachout__Hello__Answer **ret_answer);

/* How many envelopes a greeted peer may still deposit. */
uint32_t rig_credit(struct rig *rig, struct peer *peer);

/* --- mail ---------------------------------------------------------------- */

/* A deposit of one wrap with one body, right in every field. Pointers go into
 * the draft. */
struct draft {
    Reachout__Deposit__Ask ask;
    Reachout__Deposit__Wrap wrap;
    Reachout__Deposit__Wrap *wraps[1];
    ProtobufCBinaryData bodies[1];
    struct ro_seat_id mailbox;
    struct ro_hash hash;
    uint8_t body[65536];
    uint8_t bytes[RO_WRAP_SIZE];
};
void rig_draft(struct rig *rig,
               struct draft *draft,
               const struct ro_seat_id *mailbox,
               uint8_t n);

/* Gives the draft a body of that size. */
void rig_draft_body(struct draft *draft, size_t size, uint8_t n);

/* Deposits it: the status of its wrap, or of the frame. */
enum ro_status
rig_deposit(struct rig *rig, struct peer *peer, const struct draft *draft);

/* Mail number n for a seat, which must be accepted. */
void rig_mail(struct rig *rig,
              struct peer *peer,
              const struct test_seat *seat,
              uint8_t n);

/* Attaches a seat's own mailbox, or one by its key; 0: the usual window. */
enum ro_status rig_attach(struct rig *rig, struct peer *peer, uint32_t window);
enum ro_status rig_attach_key(struct rig *rig,
                              struct peer *peer,
                              const struct ro_keypair *key,
                              const Reachout__Attach__Answer **ret_answer);

/* Acknowledges keys of a mailbox. */
enum ro_status rig_ack(struct rig *rig,
                       struct peer *peer,
                       const struct ro_seat_id *mailbox,
                       const uint64_t *keys,
                       size_t n_keys);

/* Appends one record. */
enum ro_status
rig_append(struct rig *rig, struct peer *peer, struct ro_bytes record);

/* The broker's log, with head, as somebody reads it who has nothing. */
struct ro_directory *rig_replay(struct rig *rig, struct peer *peer);

/* A field of a message from bytes. */
ProtobufCBinaryData rig_field(const void *bytes, size_t size);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside client/authority: one open folder.
 *
 *     DIR/authority.pub     public, for the broker and in invitations
 *     DIR/door.key          secret, for the broker's operator
 *     DIR/keys/N.key        signing keys, unless they are kept elsewhere
 *     DIR/authority.state   secret: circle, PSK, enrolment keys, broker, pin
 *     DIR/directory.log     the log as last fetched, a cache
 *     DIR/requests/ID.request  requests and what became of them
 *     DIR/invitations       invitations that were written, without secrets
 *
 * The pin (size and head of the log as last verified) is what makes the cache
 * harmless: a log that does not lead to it is thrown away, a broker that does
 * not lead to it raises an alarm.
 */
#ifndef CLIENT_AUTHORITY_INSIDE_H
#define CLIENT_AUTHORITY_INSIDE_H

#include "client/authority/authority.h"
#include "client/authority/keys.h"
#include "client/authority/state.h"
#include "client/core/link.h"
#include "common/base/arena.h"
#include "common/crypto/seal.h"
#include "common/crypto/sign.h"
#include "common/crypto/wipe.h"
#include "common/wire/directory.h"
#include "common/wire/signed.h"

#include "directory.pb-c.h"
#include "frame.pb-c.h"

/* A text as a field of a message that is going to be packed, which reads it
 * only, whatever its type says. */
RO_UNUSED static inline char *
authority_borrow(const char *text)
{
    union {
        const char *from;
        char *to;
    } borrowed = {.from = text};
    return borrowed.to;
}

struct authority_petition;
struct proposal;

struct authority {
    struct authority_world world;
    char *dir;
    int lock_fd;
    struct authority_state state;
    struct authority_broker broker; /* that we talk to; kept once it has our
                                       charter */
    struct ro_root root;
    struct ro_circle_id circle;
    struct ro_seat_id mailbox;
    struct ro_directory *directory;
    struct ro_buf log; /* its records: length in 4 bytes, then the record */
    struct link *link; /* NULL until it is used */
    enum {
        AUTHORITY_DOOR_UNTRIED,
        AUTHORITY_DOOR_TAKES_NEXT, /* the broker has the new door.key */
        AUTHORITY_DOOR_REFUSES_NEXT,
    } door;
    struct ro_arena *arena;
    struct keys keys;       /* that sign, once one was needed */
    struct proposal *draft; /* what would be published goes here; or NULL. The
                               directory has its records then, the log not */
    char *draft_path;
    struct authority_petition **petitions; /* each on its own, so that it
                                              stays where it is */
    size_t n_petitions;
    struct authority_seatless seatless; /* since the last removal */
};

#endif

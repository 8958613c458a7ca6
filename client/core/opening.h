/* SPDX-License-Identifier: Apache-2.0 */
/*
 * An envelope is opened and held against everything that it claims
 * (PROTOCOL.md, "Opening"): keys, sender, circle, recipients, thread, powers.
 * Nothing is written here; what does not hold is refused with its reason.
 */
#ifndef CLIENT_CORE_OPENING_H
#define CLIENT_CORE_OPENING_H

#include "client/core/message.h"
#include "common/crypto/seal.h"

/* An envelope as the broker delivered it. */
struct envelope {
    struct ro_seat_id mailbox;
    struct ro_bytes wrap;
    struct ro_bytes body;
    uint32_t day;
    uint32_t generation;
    uint32_t expiry_hour;
};

/* What came out of it. */
struct opened {
    struct ro_reference sender;
    uint64_t sequence;
    struct ro_member_id side; /* the sender's member; zero for keys */
    Reachout__Role role;      /* of the sender's seat */
    uint32_t expiry_hour;     /* the broker forgets it then */
    uint32_t day;             /* it was wrapped for; RO_DAY_FALLBACK: any */
    struct message
        message; /* its content packed; released by opening_opened_fini */
    struct ro_thread_id sequence_thread; /* whose sequence it counts in */
    Reachout__Content *content;          /* lives in the arena that was given */
};
/* Releases what it owns; a zeroed one is fine. */
void opening_opened_fini(struct opened *opened);
#define RO_AUTOOPENED RO_CLEANUP(opening_opened_fini) struct opened

/* Opens an envelope of our mailbox. RO_BAD_SEAL (no key of ours opens it),
 * RO_STALE (sent by a seat that our directory does not know yet), RO_MISBOUND
 * (it was sealed for something else), RO_FORBIDDEN (the sender's seat has no
 * power to say this), RO_BAD_INPUT (its content breaks a rule). */
RO_MUST_USE enum ro_status opening_open(struct engine *engine,
                                        const struct envelope *envelope,
                                        struct ro_arena *arena,
                                        struct ro_why *why,
                                        struct opened *ret_opened);

/* Whether a seat of this role may write this purpose (the seats' powers). */
bool opening_may(Reachout__Role role, enum ro_purpose purpose);

/* What a seat of this role is called: "lead", "office", ... */
const char *opening_role_name(Reachout__Role role);

#endif

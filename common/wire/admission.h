/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside common/wire: what a member and its seats may be, for member records,
 * seat records and tickets alike.
 */
#ifndef RO_WIRE_ADMISSION_H
#define RO_WIRE_ADMISSION_H

#include "common/base/arena.h"
#include "common/base/ids.h"
#include "common/base/status.h"
#include "common/wire/signed.h"

#include <stdbool.h>

/* Who is admitted, as a member record or a ticket has it. */
struct ro_admission {
    Reachout__MemberKind kind;
    const uint32_t *urn; /* NULL: absent */
    const char *name;
    const uint32_t *home_urn;
};

/* A school has a URN and no name of its own, everybody else the reverse; only
 * coordinators have a school they are of. RO_BAD_RECORD. */
RO_MUST_USE enum ro_status
ro_admission_check(const struct ro_admission *admission, struct ro_why *why);

/* Whether members of that kind may have such a seat. */
bool ro_admission_fits(Reachout__MemberKind kind, Reachout__Role role);

/* The keys of a seat certificate: [0] signing, then sealing, fallback and
 * transport, all in Ed25519 form. */
#define RO_SEAT_KEYS 4
#define RO_SEAT_KEY_TRANSPORT 3
struct ro_seat_keys {
    struct ro_key ed25519[RO_SEAT_KEYS];
    struct ro_key x25519[RO_SEAT_KEYS];
};

/* The name of a seat's i-th key, as it stands in directory.proto. */
const char *ro_seat_key_name(size_t i);

/* Reads a certificate's form from a container of kind SEAT: five signatures,
 * fields, keys that are sound. The message lives in `arena` (which is reset).
 * RO_BAD_RECORD. */
RO_MUST_USE enum ro_status ro_seat_read(const struct ro_signed *sig,
                                        struct ro_arena *arena,
                                        struct ro_why *why,
                                        Reachout__Seat **ret_seat,
                                        struct ro_seat_keys *ret_keys);

/* The same from our own verified store: whether keys are sound is not looked
 * at, and only the transport key has its X25519 form. */
RO_MUST_USE enum ro_status ro_seat_read_trusted(const struct ro_signed *sig,
                                                struct ro_arena *arena,
                                                struct ro_why *why,
                                                Reachout__Seat **ret_seat,
                                                struct ro_seat_keys *ret_keys);

/* The member key's signature and the proofs of possession of all four keys.
 * RO_BAD_SIGNATURE. */
RO_MUST_USE enum ro_status ro_seat_prove(const struct ro_signed *sig,
                                         const struct ro_key *member_key,
                                         const struct ro_seat_keys *keys,
                                         struct ro_why *why);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: the circle's keys, and the next one. */
#ifndef CLIENT_AUTHORITY_ROTATION_H
#define CLIENT_AUTHORITY_ROTATION_H

#include "client/authority/inside.h"

/* --- generation.c -------------------------------------------------------- */

/* The key of a generation, or NULL. */
const uint8_t *authority_psk(const struct authority *authority,
                             uint32_t generation);

/* The newest generation, of a key that is on its way or in force. */
uint32_t authority_newest_generation(const struct authority *authority);

/* The generation that a charter is to name now. */
uint32_t authority_charter_generation(const struct authority *authority);

/* Writes door.key. */
RO_MUST_USE enum ro_status
authority_door_write(const struct authority_state *state,
                     const struct ro_circle_id *circle,
                     const char *path,
                     struct ro_why *why);

/* After a revocation: makes the next key, unless it has one. RO_REFUSED where
 * it came from another copy of this folder. */
RO_MUST_USE enum ro_status
authority_generation_begin(struct authority *authority, struct ro_why *why);

/* Before a revocation is appended: refuses where the newest one in the log has
 * no key yet and came from another copy of this folder, and remembers that this
 * one is ours. RO_REFUSED. */
RO_MUST_USE enum ro_status authority_removal_begin(struct authority *authority,
                                                   struct ro_bytes revocation,
                                                   struct ro_why *why);

/* Makes the newest revocation in the log ours. Its key gets a generation that
 * no other copy of this folder will have made. */
RO_MUST_USE enum ro_status
authority_generation_take_over(struct authority *authority, struct ro_why *why);

/* Puts the next key in force once the log's charter names it. */
RO_MUST_USE enum ro_status
authority_generation_settle(struct authority *authority, struct ro_why *why);

/* --- rotation.c ---------------------------------------------------------- */

/* After what a rotation goes on. */
enum authority_rotation_from { ROTATION_FROM_REMOVAL, ROTATION_FROM_CHARTER };

/* Goes on with the circle's next key as far as it can: after a removal from the
 * first step on, where RO_REFUSED says that the removal is another copy's; with
 * any other command from the charter on. Not in a draft. */
RO_MUST_USE enum ro_status
authority_rotation_go_on(struct authority *authority,
                         enum authority_rotation_from from,
                         struct ro_why *why);

/* --- distribute.c -------------------------------------------------------- */

/* Gives the next key to every live seat that has not got it yet, sealed under
 * the key that is in force. */
RO_MUST_USE enum ro_status authority_distribute(struct authority *authority,
                                                struct ro_why *why);

/* Seats that are looked at together. */
#define AUTHORITY_BATCH 32

/* The live seats from the log's `from`-th on, at most AUTHORITY_BATCH (views
 * into the directory); gives the one to go on with, `from` for none left. */
uint64_t authority_live_seats(const struct authority *authority,
                              uint64_t from,
                              const struct ro_seat_view **ret_seats,
                              size_t *ret_n);

#endif

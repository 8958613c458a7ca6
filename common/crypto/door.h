/* SPDX-License-Identifier: Apache-2.0 */
/* Proofs at the two doors; both name this connection's CURVE key, so neither
 * can be used on another connection. */
#ifndef RO_CRYPTO_DOOR_H
#define RO_CRYPTO_DOOR_H

#include "common/base/bytes.h"
#include "common/base/ids.h"

#define RO_DOOR_PROOF_SIZE 32

/* The open door's proof of the PSK: HMAC-SHA256(HKDF(psk, "door"), label ‖
 * broker CURVE key ‖ this connection's CURVE key). */
void ro_door_proof(const uint8_t psk[static 32],
                   const struct ro_key *broker_curve,
                   const struct ro_key *own_curve,
                   uint8_t ret_proof[static RO_DOOR_PROOF_SIZE]);

/* The message whose signature opens a mailbox on this connection: broker
 * CURVE key ‖ this connection's CURVE key ‖ mailbox. Signed and verified
 * under RO_LABEL_MAILBOX. Writes 80 bytes. */
#define RO_MAILBOX_PROOF_SIZE 80
void
ro_mailbox_proof_message(const struct ro_key *broker_curve,
                         const struct ro_key *own_curve,
                         const struct ro_seat_id *mailbox,
                         uint8_t ret_message[static RO_MAILBOX_PROOF_SIZE]);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/door.h"

#include <assert.h>
#include <string.h>

#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"

void
ro_door_proof(const uint8_t psk[static 32],
              const struct ro_key *broker_curve,
              const struct ro_key *own_curve,
              uint8_t ret_proof[static RO_DOOR_PROOF_SIZE])
{
    WIPED_KEY prk;
    WIPED_KEY door_key;
    ro_hkdf_extract((struct ro_bytes){NULL, 0}, (struct ro_bytes){psk, 32},
                    prk.b);
    enum ro_status s = ro_hkdf_expand(prk.b, ro_label_bytes(RO_LABEL_DOOR_KEY),
                                      door_key.b, 32);
    assert(s == RO_OK);

    const struct ro_bytes broker = {broker_curve->b, sizeof(broker_curve->b)};
    const struct ro_bytes own = {own_curve->b, sizeof(own_curve->b)};
    const struct ro_bytes parts[] = {ro_label_bytes(RO_LABEL_DOOR_PROOF),
                                     broker, own};
    ro_hmac_sha256((struct ro_bytes){door_key.b, sizeof(door_key.b)}, parts,
                   RO_LEN(parts), ret_proof);
}

void
ro_mailbox_proof_message(const struct ro_key *broker_curve,
                         const struct ro_key *own_curve,
                         const struct ro_seat_id *mailbox,
                         uint8_t ret_message[static RO_MAILBOX_PROOF_SIZE])
{
    memcpy(ret_message, broker_curve->b, RO_KEY_SIZE);
    memcpy(ret_message + RO_KEY_SIZE, own_curve->b, RO_KEY_SIZE);
    memcpy(ret_message + RO_KEY_SIZE + RO_KEY_SIZE, mailbox->b, RO_ID_SIZE);
}

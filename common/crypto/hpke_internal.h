/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside HPKE: the key schedule's results, so that hpke.c can seal with them
 * and the tests can compare each with the vectors of RFC 9180.
 */
#ifndef RO_CRYPTO_HPKE_INTERNAL_H
#define RO_CRYPTO_HPKE_INTERNAL_H

#include "common/crypto/hpke.h"

/* What a setup of either side ends with (RFC 9180 section 5.1). All of it is
 * key material: declare it with HPKE_CONTEXT. */
struct hpke_context {
    uint8_t shared_secret[32];
    uint8_t key[32];
    uint8_t base_nonce[12];
    uint8_t exporter_secret[32];
};

/* Wipes a context. */
void hpke_context_fini(struct hpke_context *context);

#define HPKE_CONTEXT RO_CLEANUP(hpke_context_fini) struct hpke_context

/* Setup<MODE>S. Takes 32 bytes of the sender's entropy as skE. RO_BAD_INPUT
 * as for ro_hpke_seal. */
RO_MUST_USE enum ro_status
hpke_setup_sender(const struct ro_hpke_sender *sender,
                  uint8_t ret_enc[static RO_HPKE_ENC_SIZE],
                  struct hpke_context *ret_context);

/* Setup<MODE>R. RO_BAD_INPUT as for ro_hpke_seal. */
RO_MUST_USE enum ro_status
hpke_setup_recipient(const struct ro_hpke_recipient *recipient,
                     const uint8_t enc[static RO_HPKE_ENC_SIZE],
                     struct hpke_context *ret_context);

/* Context.Export of 32 bytes (section 5.3). */
void hpke_export(const struct hpke_context *context,
                 struct ro_bytes exporter_context,
                 uint8_t ret_value[static 32]);

#endif

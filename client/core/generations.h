/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circle's key in its generations. All that we were given are kept: what
 * was sealed under an older one must open. We seal, and show ourselves at the
 * open door, with the newest that the charter names already.
 */
#ifndef CLIENT_CORE_GENERATIONS_H
#define CLIENT_CORE_GENERATIONS_H

#include "client/core/engine.h"

/* The key of a generation, 32 bytes, valid as long as the keyring; NULL if we
 * do not have it. */
const uint8_t *generations_psk(const struct keyring *keyring,
                               uint32_t generation);

/* The generation to use now; we have its key. */
uint32_t generations_now(const struct engine *engine);

/* Keeps a key, inside a commit of the caller's; one that we have stays as it
 * is. RO_BAD_INPUT for one that is no key. */
RO_MUST_USE enum ro_status generations_take(struct engine *engine,
                                            uint32_t generation,
                                            struct ro_bytes psk);

/* Drops a link that shows another generation than the one to use. */
void generations_renew_link(struct engine *engine);

/* Reads what came after the invitation's from the vault; none is fine. */
RO_MUST_USE enum ro_status generations_load(struct vault *vault,
                                            struct keyring *keyring);

#endif

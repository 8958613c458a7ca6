/* SPDX-License-Identifier: Apache-2.0 */
/* The rows of files' chunks: theirs that came, and ours that are to be sent. */
#ifndef CLIENT_CORE_CHUNK_H
#define CLIENT_CORE_CHUNK_H

#include "client/core/vault.h"
#include "common/base/ids.h"

/* Which one; all is borrowed. */
struct chunk_place {
    const struct ro_attachment_id *file;
    uint32_t index;
    const struct ro_seat_id *early; /* whose, while no message announces it:
                                       it is its sender's alone; else NULL */
};

/* Writes one, inside a commit. As vault_put. */
RO_MUST_USE enum ro_status chunk_put(struct vault *vault,
                                     const struct chunk_place *place,
                                     struct ro_bytes data);

/* Appends one to `ret_data`. As vault_get: RO_NOT_FOUND. */
RO_MUST_USE enum ro_status chunk_get(struct vault *vault,
                                     const struct chunk_place *place,
                                     struct ro_buf *ret_data);

/* Removes one, inside a commit. As vault_drop. */
RO_MUST_USE enum ro_status chunk_drop(struct vault *vault,
                                      const struct chunk_place *place);

#endif

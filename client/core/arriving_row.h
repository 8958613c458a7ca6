/* SPDX-License-Identifier: Apache-2.0 */
/* A file's row in the vault. That of an early one is its sender's alone. */
#ifndef CLIENT_CORE_ARRIVING_ROW_H
#define CLIENT_CORE_ARRIVING_ROW_H

#include "client/core/arriving.h"

/* Files whose message is not here have this tag: they are few, and looked at
 * whenever there is one more. */
#define ARRIVING_EARLY_TAG "early"

/* Writes one, inside a commit. */
RO_MUST_USE enum ro_status arriving_row_put(struct vault *vault,
                                            const struct arriving *file);

/* Reads a row's value. RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status arriving_row_read(struct ro_bytes value,
                                             struct arriving *ret_file);

/* Reads the one that has the id, and while early the writer, of `known`.
 * RO_NOT_FOUND. */
RO_MUST_USE enum ro_status arriving_row_get(struct vault *vault,
                                            const struct arriving *known,
                                            struct arriving *ret_file);

/* Removes it, inside a commit. */
RO_MUST_USE enum ro_status arriving_row_drop(struct vault *vault,
                                             const struct arriving *file);

#endif

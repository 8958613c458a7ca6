/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that leave with a message. A file is read once, into the vault, in the
 * commit that keeps its message. There it lies in chunks, and each chunk has a
 * row in the outbox: sealed when its turn comes, sent and wrapped again like a
 * message, and forgotten with the message that it belongs to. A row of the
 * outbox has no chunk in it, so that looking through them stays cheap.
 */
#ifndef CLIENT_CORE_ATTACH_H
#define CLIENT_CORE_ATTACH_H

#include "client/core/outgoing.h"

/* Files on the disk, as they were named; borrowed. */
struct attach_paths {
    const char *const *at;
    size_t n;
};

/* Reads files into the vault, inside a commit, and describes them in `say`
 * (its list lives in `arena`). At most RO_ATTACHMENTS_MAX and together
 * RO_ATTACHMENTS_LIMIT bytes, of memory a chunk at a time. RO_NOT_FOUND,
 * RO_BAD_INPUT (no plain file, too many), RO_TOO_LARGE, RO_IO_FAILED; `why`
 * says which. */
RO_MUST_USE enum ro_status attach_read(struct engine *engine,
                                       const struct attach_paths *paths,
                                       struct ro_arena *arena,
                                       struct ro_why *why,
                                       Reachout__Say *say);

/* Puts the chunks of what was read into the outbox, behind the message `row`,
 * in the same commit. */
RO_MUST_USE enum ro_status attach_send(struct engine *engine,
                                       const struct row_id *row,
                                       const Reachout__Say *say);

/* What a chunk's row stands for: its plain data while it is a draft, its body
 * once it is sealed, into outgoing->body. */
RO_MUST_USE enum ro_status attach_load(struct vault *vault,
                                       struct outgoing *outgoing);

/* Keeps a sealed chunk: its body takes the place of its data; inside a
 * commit. */
RO_MUST_USE enum ro_status attach_keep(struct vault *vault,
                                       const struct outgoing *outgoing);

/* Forgets one chunk in the outbox; inside a commit. */
RO_MUST_USE enum ro_status attach_drop(struct vault *vault,
                                       const struct outgoing *outgoing);

/* The same of all of a message's chunks. */
RO_MUST_USE enum ro_status attach_drop_all(struct vault *vault,
                                           const struct message *message);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that come with messages, chunk by chunk: a row for each file says which
 * of its chunks are here. Chunks may come before the message that they belong
 * to; then they wait for it, within limits for each member, beside what another
 * seat may send under the same id.
 */
#ifndef CLIENT_CORE_ARRIVING_H
#define CLIENT_CORE_ARRIVING_H

#include "client/core/opening.h"

/* Chunks of one member that may wait for messages that are not here: as many
 * as one message can have, in so many bytes, for so long. */
#define ARRIVING_EARLY_CHUNKS 1024
#define ARRIVING_EARLY_BYTES RO_ATTACHMENTS_LIMIT
#define ARRIVING_EARLY_S ((int64_t)30 * 24 * 3600)
/* What of one member's files is kept that nobody here has saved: what nobody
 * asked for may not fill this disk. */
#define ARRIVING_UNSAVED_BYTES ((uint64_t)200 * 1024 * 1024)
/* After that the broker has forgotten what has not come yet. */
#define ARRIVING_OVER_S ((int64_t)120 * 24 * 3600)

/* How a file stands; the numbers are on disk, append-only. */
enum arriving_state {
    ARRIVING_EARLY = 1,  /* its message is not here */
    ARRIVING_KNOWN = 2,  /* its message is here */
    ARRIVING_BROKEN = 3, /* its sender sent what does not fit it */
    ARRIVING_OURS = 4,   /* we have sent it */
    ARRIVING_SAVED = 5,  /* all of it is here, and was saved */
    ARRIVING_MUCH = 6, /* beyond what is kept unsaved: its chunks are dropped */
};

struct arriving {
    struct ro_attachment_id id;
    enum arriving_state state;
    struct row_id message; /* its row; zero while early */
    struct ro_seat_id writer;
    struct ro_member_id side;
    struct ro_thread_id thread;
    uint64_t size; /* while early: of the chunks that are here */
    struct ro_hash hash;
    uint32_t chunks;
    uint32_t n_here;
    int64_t since_s;
    uint8_t here[RO_CHUNKS_MAX / 8]; /* a bit a chunk */
};

/* Reads one by its id. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status arriving_get(struct vault *vault,
                                        const struct ro_attachment_id *id,
                                        struct arriving *ret_file);

/* Whether all of it is here. */
bool arriving_is_whole(const struct arriving *file);

/* Appends the data of one chunk. RO_VAULT_DAMAGED if it is not what it was. */
RO_MUST_USE enum ro_status arriving_chunk(struct vault *vault,
                                          const struct arriving *file,
                                          uint32_t index,
                                          struct ro_buf *ret_data);

/* Called for each file. */
typedef enum ro_status arriving_fn(void *user, const struct arriving *file);

/* Calls `fn` for each file that the vault knows. What `fn` returns ends the
 * walk unless it is RO_OK; RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status
arriving_walk(struct vault *vault, arriving_fn *fn, void *user);

/* Notes that a file was saved, in a commit of its own: it is wanted. Where that
 * cannot be noted it counts on as unsaved, and that is all. */
void arriving_saved(struct vault *vault, const struct arriving *file);

/* Whether all chunks of a message's files are here. */
enum arriving_whole { ARRIVING_INCOMPLETE, ARRIVING_WHOLE };

/* A message came that brings files, inside the commit that keeps it: from here
 * on their chunks are known. Tells whether all of them are here already. */
RO_MUST_USE enum ro_status arriving_announce(struct engine *engine,
                                             const struct opened *opened,
                                             enum arriving_whole *ret_whole);

/* Whether all files of a message are here; also one that has none. */
RO_MUST_USE enum ro_status arriving_all_here(struct vault *vault,
                                             const struct message *message,
                                             enum arriving_whole *ret_whole);

/* A chunk came, inside a commit: it is kept with its file, and its id
 * remembered. With the last one of all files of its message that is owed a
 * receipt. RO_MISBOUND, with `why`: it is refused. */
RO_MUST_USE enum ro_status arriving_take(struct engine *engine,
                                         const struct opened *opened,
                                         struct ro_why *why);

/* Notes a file of our own, inside a commit. */
RO_MUST_USE enum ro_status arriving_ours(struct vault *vault,
                                         const Reachout__Attachment *attachment,
                                         const struct row_id *message);

/* Drops what has waited for its message too long, in a commit of its own, and
 * tells of how many files. */
RO_MUST_USE enum ro_status arriving_forget(struct engine *engine,
                                           size_t *ret_n);

/* Drops what is here of files of which the broker has forgotten the rest, in a
 * commit of its own: they count no more as unsaved. */
RO_MUST_USE enum ro_status arriving_give_up(struct engine *engine);

#endif

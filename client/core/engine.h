/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's core: everything one profile knows, used by one thread. The
 * public calls (api.c) hand their work to that thread (worker.c), and it runs
 * the functions of this folder:
 *
 *   directory.c  the log, notices and checkpoints, and what alarms
 *   epoch.c      our keys of each day: made, published, destroyed
 *   compose.c    what a command writes, as contents for audiences
 *   outbox.c     sealed, committed, sent, wrapped again, until receipts come
 *   inbox.c      received, opened, checked, committed, acknowledged
 *   story.c      messages folded to requests and threads
 *   enrol.c      asking to be admitted
 *
 * docs/ARCHITECTURE.md follows one message through them.
 */
#ifndef CLIENT_CORE_ENGINE_H
#define CLIENT_CORE_ENGINE_H

#include "client/core/keyring.h"
#include "client/core/link.h"
#include "client/core/vault.h"
#include "client/include/reachout.h"
#include "common/base/arena.h"
#include "common/conf/circle.h"
#include "common/wire/checkpoint.h"
#include "common/wire/directory.h"
#include "common/wire/notices.h"

struct engine {
    struct ro_clock clock;
    struct ro_entropy entropy;
    struct vault *vault;
    struct keyring *keyring;
    struct ro_directory *directory;
    struct ro_notices *notices;
    uint64_t notices_cursor;
    struct ro_circle_conf *conf; /* of the charter; NULL before it */
    uint64_t conf_size;          /* directory size it was read at */
    struct ro_buf checkpoint;    /* newest that we verified, a Signed */
    struct ro_checkpoint point;  /* the same taken apart */
    struct link *link;           /* NULL while away */
    struct ro_arena *arena;      /* answers of the link */
    enum ro_reach_state reach;
    int interrupt_fd; /* ends a lingering receive; borrowed */
    int wait_fd;      /* ends waiting for a connection; borrowed */
};

/* Opens the core over an open vault, which it takes. RO_VAULT_DAMAGED,
 * RO_NO_MEMORY; the vault is released on failure too (_take). */
RO_MUST_USE enum ro_status engine_open_take(struct vault *vault,
                                            struct ro_why *why,
                                            struct engine **ret_engine);

/* Reads everything in memory again from the vault: after a commit that failed
 * memory may be ahead of it. Keyring and directory are new objects then, and
 * the link is dropped; as they were after RO_VAULT_DAMAGED or RO_NO_MEMORY.
 * `why` may be NULL. */
RO_MUST_USE enum ro_status engine_reload(struct engine *engine,
                                         struct ro_why *why);

/* Closes link and vault; accepts NULL. */
void engine_free(struct engine *engine);
RO_DEFINE_AUTO(engine, engine_free)

/* Our member in the directory, or NULL while we are not admitted. */
const struct ro_member_view *engine_member(const struct engine *engine);

/* The link, made on first use. RO_IO_FAILED. */
RO_MUST_USE enum ro_status engine_link(struct engine *engine,
                                       struct ro_why *why);

/* From now on waiting for a connection ends early once `fd` is readable (-1:
 * never), but for the first second. */
void engine_wait_on(struct engine *engine, int fd);

/* Drops the link, so that the next use makes a new one. */
void engine_unlink(struct engine *engine);

/* A monotonic deadline `wait_ms` from now. */
int64_t engine_deadline(const struct engine *engine, int64_t wait_ms);

/* The broker's day: its clock where we heard it, else ours. */
uint32_t engine_day(const struct engine *engine);
int64_t engine_now_s(const struct engine *engine);

/* The earlier of the broker's clock and ours: what is over by it is over for
 * sure, so that a clock that is ahead cannot make us destroy things. */
int64_t engine_past_s(const struct engine *engine);

/* How long a message waits at the broker: as the charter says, 90 days where
 * it cannot be read. */
uint32_t engine_expiry_hours(struct engine *engine);

/* The charter's configuration, read again when the directory grew.
 * RO_NOT_READY before the charter is here. */
RO_MUST_USE enum ro_status engine_conf(struct engine *engine,
                                       struct ro_why *why,
                                       const struct ro_circle_conf **ret_conf);

#endif

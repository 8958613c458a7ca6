/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The client's core: everything one profile knows, used by one thread. The
 * public calls (api.c) hand their work to that thread (worker.c), and it runs
 * the functions of this folder:
 *
 *   directory.c  the log, notices and checkpoints, and what alarms
 *   roster.c     who joined or left the circle, for a sync to tell
 *   epoch.c      our keys of each day: made, published, destroyed
 *   compose.c    what a command writes, as contents for audiences
 *   reach.c      when the broker was last there
 *   outbox.c     sealed, committed, sent (posting.c), until receipts come
 *                (outbox_told.c); progress.c keeps where each message is
 *   inbox.c      received, opened, checked, committed, acknowledged
 *   mailbox.c    attaching, pushes and acks, for seats and for the authority
 *   attach.c     files that leave with a message; arriving.c: that come
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

/* What an engine has of the world around it. Chance comes from two sources: a
 * test may hold the lots still, and keys are random all the same. */
struct engine_world {
    struct ro_clock clock;
    struct ro_entropy entropy; /* keys, nonces, ids */
    struct ro_entropy lots;    /* when something is done that has time */
};

/* The machine's clocks and the kernel's randomness. */
struct engine_world engine_world_system(void);

/* What is known of the broker's being there (reach.h). Our clock. */
struct reach {
    enum ro_reach_state state; /* of the last try */
    int64_t reached_at_s;      /* 0: never */
    int64_t current_at_s;      /* last saw a checkpoint of the hour it was */
    int64_t removed_at_s; /* we heard that we are out of the circle; 0: not */
    struct ro_why alarm;  /* that the last try ended with; "": with none */
};

/* What is known of our mirror at the broker (mirror.h). */
struct mirror {
    bool is_checked;    /* in this process */
    bool is_unreadable; /* one came that is not ours; nobody was told yet */
    bool is_wanting;    /* the broker has not what we left last */
    bool is_left;       /* one was left in this process */
    bool is_older;      /* it has an older one: it forgot what came after it */
    uint64_t n_quiet;   /* commits since the last one that need none */
};

/* What the last flush kept here for some members while all else went (held.h).
 */
struct held {
    struct held_one *at;
    size_t n;
};

struct engine {
    struct ro_clock clock;
    struct ro_entropy entropy;
    struct ro_entropy lots;
    struct vault *vault;
    struct keyring *keyring;
    struct ro_directory *directory;
    struct ro_notices *notices;
    uint64_t notices_cursor;
    uint64_t n_notices_taken;    /* since opened: whether a sync took any */
    struct ro_buf lacking;       /* lists that the broker lost (lost.h) */
    struct ro_circle_conf *conf; /* of the charter; NULL before it */
    uint64_t conf_size;          /* directory size it was read at */
    struct ro_buf checkpoint;    /* newest that we verified, a Signed */
    struct ro_checkpoint point;  /* the same taken apart */
    struct link *link;           /* NULL while away */
    uint32_t link_generation;    /* of the circle's key that it shows */
    bool is_shut_out;            /* the open door does not take that key */
    struct ro_arena *arena;      /* answers of the link */
    struct reach reach;
    struct mirror mirror;
    struct held held;
    uint64_t n_left;  /* messages to others that left, since opened */
    int interrupt_fd; /* ends a lingering receive; borrowed */
    int wait_fd;      /* ends waiting for a connection; borrowed */
};

/* Opens the core over an open vault, which it takes. What `world` points to
 * must outlive the engine. RO_VAULT_DAMAGED, RO_NO_MEMORY; the vault is
 * released on failure too (_take). */
RO_MUST_USE enum ro_status engine_open_take(struct vault *vault,
                                            const struct engine_world *world,
                                            struct ro_why *why,
                                            struct engine **ret_engine);

/* The door at which what everybody may read is asked for: the open one, where
 * nobody sees who asks; the members' while our key of the circle is an old one.
 */
enum link_door engine_reading_door(const struct engine *engine);

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

/* Whether that descriptor is readable: somebody wants the engine for something
 * else, and what takes long should end early. */
bool engine_is_wanted(const struct engine *engine);

/* Drops the link, so that the next use makes a new one. */
void engine_unlink(struct engine *engine);

/* A monotonic deadline `wait_ms` from now. */
int64_t engine_deadline(const struct engine *engine, int64_t wait_ms);

/* The broker's day: its clock where we heard it and it is less than a day from
 * ours, else ours. */
uint32_t engine_day(const struct engine *engine);

/* The same in seconds since 1970 UTC. */
int64_t engine_now_s(const struct engine *engine);

/* Whether what the broker said last of the time can be: RO_CLOCKS_APART. */
RO_MUST_USE enum ro_status engine_check_clocks(const struct engine *engine,
                                               struct ro_why *why);

/* The earlier of the broker's clock and ours: what is over by it is over for
 * sure, so that a clock that is ahead cannot make us destroy things. */
int64_t engine_past_s(const struct engine *engine);

/* How long a message waits at the broker: as the charter says, 90 days where
 * it cannot be read. */
uint32_t engine_expiry_hours(struct engine *engine);

/* The charter's configuration, read again when the directory grew.
 * RO_REFUSED before the charter is here. */
RO_MUST_USE enum ro_status engine_conf(struct engine *engine,
                                       struct ro_why *why,
                                       const struct ro_circle_conf **ret_conf);

#endif

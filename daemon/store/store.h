/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The store of one circle, as the turn sees it: begin, a list of operations,
 * commit. No SQL above this line; an engine (today sqlite/) stands behind it.
 *
 * What commit promises: RO_OK means that all of the turn survives a power
 * cut. RO_NO_ROOM (of the disk, or of memory) means that nothing of it was kept
 * and the store goes on.
 * RO_STORE_BROKEN means that nobody knows: the process must end and read
 * again. Operations that write return RO_NO_ROOM or RO_STORE_BROKEN too, with
 * the same meaning; after either the turn can only be rolled back.
 */
#ifndef DAEMON_STORE_STORE_H
#define DAEMON_STORE_STORE_H

#include "common/base/bytes.h"
#include "common/base/ids.h"
#include "common/base/status.h"

struct store;

/* Opens or creates the store in the existing folder `dir`, takes its lock
 * (RO_TAKEN if another process holds it), and checks that nothing committed is
 * missing from a damaged log, and that the engine really runs as durable as we
 * say. RO_STORE_BROKEN, with `why`; RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
store_open(const char *dir, struct ro_why *why, struct store **ret_store);

/* Whether there is a store in the folder `dir`: RO_OK, RO_NOT_FOUND with `why`,
 * RO_NO_MEMORY. A broker that begins with an empty one by mistake shows its
 * circle a directory that was set back. */
RO_MUST_USE enum ro_status store_look(const char *dir, struct ro_why *why);

/* Lets what cannot be read of a damaged log go, so that the store opens again,
 * and makes its indexes anew from their rows: for an operator who has no better
 * copy. RO_TAKEN, RO_STORE_BROKEN. */
RO_MUST_USE enum ro_status store_accept_loss(const char *dir,
                                             struct ro_why *why);

/* Rolls back what is open and closes; accepts NULL. */
void store_free(struct store *store);
RO_DEFINE_AUTO(store, store_free)

/* Begins one turn. */
RO_MUST_USE enum ro_status store_begin(struct store *store);

/* Makes the turn durable. */
RO_MUST_USE enum ro_status store_commit(struct store *store);

/* Drops all that was written since the begin. */
void store_rollback(struct store *store);

/* Folds the write-ahead log into the file when it has grown; call between
 * turns, cheap when there is nothing to do. */
void store_tidy(struct store *store);

/* Lets the file grow to about so many bytes and no further: what does not fit
 * is RO_NO_ROOM, as on a full disk. Only tests ask for it. RO_STORE_BROKEN,
 * RO_NO_MEMORY. */
RO_MUST_USE enum ro_status store_cap(struct store *store, uint64_t bytes);

/* Bytes that are to stay free, and bytes that are held back for need. */
struct store_margin {
    uint64_t free_min;
    uint64_t reserve;
};

/* Keeps room on the disk from now on. With less than `free_min` bytes free, as
 * a turn's begin finds it, the store is short: who uses it refuses what is new.
 * A file of `reserve` bytes (0: none) stands beside the store's, if there is
 * room for it; it is given up when a turn was RO_NO_ROOM, so that what makes
 * room can still be written, and made again when there is room; meanwhile the
 * store is short too. Without this call it never is. */
void store_keep_room(struct store *store, const struct store_margin *margin);

/* Whether the disk has the room that was asked for. */
enum store_space { STORE_HAS_ROOM, STORE_IS_SHORT };

/* Whether the store is short, as its last turn's begin found it. */
enum store_space store_space(const struct store *store);

/* Called once for each thing read; `user` is the caller's. Anything but RO_OK
 * ends the walk and is returned by it, RO_REFUSED ends it without an error. The
 * function may call the store, but not begin the walk that it is in. */
struct store_envelope;
typedef enum ro_status
store_record_fn(void *user, uint32_t day, struct ro_bytes record);
typedef enum ro_status
store_notice_fn(void *user, uint64_t cursor, struct ro_bytes notice);
typedef enum ro_status store_envelope_fn(void *user,
                                         const struct store_envelope *envelope);

/* --- the directory log --------------------------------------------------- */

/* Appends record number `n`, counted from 0; it came on UTC day `day`. */
RO_MUST_USE enum ro_status store_record_put(struct store *store,
                                            uint64_t n,
                                            uint32_t day,
                                            struct ro_bytes record);

/* Walks the records from number `from` on, in order. */
RO_MUST_USE enum ro_status store_records(struct store *store,
                                         uint64_t from,
                                         store_record_fn *fn,
                                         void *user);

/* --- notices ------------------------------------------------------------- */

/* A notice to keep; at most one of a seat is current. */
struct store_notice {
    struct ro_seat_id seat;
    uint32_t expires_day;
    struct ro_bytes bytes;
};

/* Keeps a notice under a new, higher cursor; the seat's last one becomes
 * replaced, and stays readable until store_notices_prune. */
RO_MUST_USE enum ro_status store_notice_put(struct store *store,
                                            const struct store_notice *notice,
                                            uint64_t *ret_cursor);

/* Walks notices (replaced ones too) with cursors above `after`, rising. */
RO_MUST_USE enum ro_status store_notices(struct store *store,
                                         uint64_t after,
                                         store_notice_fn *fn,
                                         void *user);

/* The highest cursor ever given; 0 if none. */
RO_MUST_USE enum ro_status store_notice_newest(struct store *store,
                                               uint64_t *ret_cursor);

/* How many notices of a seat are kept, replaced ones too. */
RO_MUST_USE enum ro_status store_notice_count(struct store *store,
                                              const struct ro_seat_id *seat,
                                              uint64_t *ret_n);

/* Forgets what is replaced and what has expired by `day`; called with each new
 * checkpoint. */
RO_MUST_USE enum ro_status store_notices_prune(struct store *store,
                                               uint32_t day);

/* --- checkpoints --------------------------------------------------------- */

/* Keeps the checkpoint of a slot (UTC hour) and the notices' cursor that it
 * covers; older ones are forgotten. */
RO_MUST_USE enum ro_status store_checkpoint_put(struct store *store,
                                                uint32_t slot,
                                                uint64_t covered,
                                                struct ro_bytes checkpoint);

/* The newest: its bytes are appended to `ret_bytes`. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status store_checkpoint_get(struct store *store,
                                                uint32_t *ret_slot,
                                                uint64_t *ret_covered,
                                                struct ro_buf *ret_bytes);

/* --- bodies and envelopes ------------------------------------------------ */

/* An envelope as stored. In a put, `body` is empty and the body with
 * `body_hash` must be here; in a walk, `body` holds its bytes. `wrap` and
 * `body` are valid during the call. */
struct store_envelope {
    uint64_t key; /* rises; never used twice */
    struct ro_seat_id mailbox;
    struct ro_envelope_id id;
    struct ro_hash body_hash;
    struct ro_bytes wrap;
    struct ro_bytes body;
    uint32_t day;
    uint32_t generation;
    uint32_t expiry_hour;
};

/* Whether a body is here: RO_OK or RO_NOT_FOUND, also for one that was seen to
 * be damaged. */
RO_MUST_USE enum ro_status store_body_find(struct store *store,
                                           const struct ro_hash *hash);

/* Keeps a body; one that is here already is the same. It is forgotten with
 * its last envelope, or at the end of the turn if it has none. */
RO_MUST_USE enum ro_status store_body_put(struct store *store,
                                          const struct ro_hash *hash,
                                          struct ro_bytes body);

/* Keeps an envelope. An equal one (same id) that is stored is the same: RO_OK
 * and its key. RO_NEED_BODY when its body is not here. */
RO_MUST_USE enum ro_status store_envelope_put(struct store *store,
                                              const struct store_envelope *put,
                                              uint64_t *ret_key);

/* Where to read a mailbox: keys above `after`, at most `limit` envelopes. */
struct store_cursor {
    struct ro_seat_id mailbox;
    uint64_t after;
    size_t limit;
};

/* Walks envelopes of a mailbox in rising order of keys. One that is not what
 * was put (its body is gone or does not have its hash, or it not its id) is set
 * aside: logged, passed over here and in counts as if it were not there, and
 * otherwise left alone until it expires. RO_STORE_BROKEN when that happens too
 * often. */
RO_MUST_USE enum ro_status store_envelopes(struct store *store,
                                           const struct store_cursor *cursor,
                                           store_envelope_fn *fn,
                                           void *user);

/* How many are set aside, as far as was seen since the store was opened. */
size_t store_aside(const struct store *store);

/* Forgets one envelope of a mailbox, and its body with its last envelope.
 * RO_NOT_FOUND when it is not there. */
RO_MUST_USE enum ro_status store_envelope_drop(struct store *store,
                                               const struct ro_seat_id *mailbox,
                                               uint64_t key);

/* A stretch of a mailbox: keys above `after` up to `upto`. */
struct store_span {
    struct ro_seat_id mailbox;
    uint64_t after;
    uint64_t upto;
    uint64_t limit; /* count no further */
};

/* How many envelopes stand in a stretch, at most its limit. */
RO_MUST_USE enum ro_status store_count(struct store *store,
                                       const struct store_span *span,
                                       uint64_t *ret_n);

/* Forgets at most `limit` envelopes that expire at or before `hour`, and every
 * used ticket that does. */
RO_MUST_USE enum ro_status
store_expire(struct store *store, uint32_t hour, size_t limit, size_t *ret_n);

/* --- mirrors ------------------------------------------------------------- */

/* What a seat has us keep for it: sealed, so nothing but its size is known. */
#define STORE_MIRROR_SIZE 48

/* Keeps a mailbox's mirror instead of the one before. */
RO_MUST_USE enum ro_status
store_mirror_put(struct store *store,
                 const struct ro_seat_id *mailbox,
                 const uint8_t mirror[static STORE_MIRROR_SIZE]);

/* The mirror of a mailbox. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status
store_mirror_get(struct store *store,
                 const struct ro_seat_id *mailbox,
                 uint8_t ret_mirror[static STORE_MIRROR_SIZE]);

/* --- enrolment ----------------------------------------------------------- */

/* A ticket that was used, with what; the mailbox that it opened. */
struct store_ticket {
    uint8_t id[RO_ID_SIZE];
    struct ro_hash request; /* hash of body and wrap that came with it */
    struct ro_seat_id mailbox;
    uint32_t expiry_hour; /* of both: forgotten from then on */
};

/* Keeps a used ticket and opens its mailbox for the answer. */
RO_MUST_USE enum ro_status store_ticket_put(struct store *store,
                                            const struct store_ticket *ticket);

/* A used ticket. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status store_ticket_get(struct store *store,
                                            const uint8_t id[static RO_ID_SIZE],
                                            struct store_ticket *ret_ticket);

/* Whether enrol opened this mailbox: RO_OK or RO_NOT_FOUND. */
RO_MUST_USE enum ro_status
store_enrol_mailbox(struct store *store, const struct ro_seat_id *mailbox);

/* --- figures ------------------------------------------------------------- */

/* How much a store holds. */
struct store_figures {
    uint64_t records;
    uint64_t notices;
    uint64_t bodies;
    uint64_t envelopes;
    uint64_t mailboxes; /* with something waiting */
    uint64_t bytes;     /* of the files */
};

/* Counts what the store holds. Only tests ask: it reads everything.
 * RO_STORE_BROKEN. */
RO_MUST_USE enum ro_status store_measure(struct store *store,
                                         struct store_figures *ret_figures);

#endif

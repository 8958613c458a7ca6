/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The vault: one SQLite file in the profile, journal mode TRUNCATE, every
 * value sealed with XChaCha20-Poly1305. Keys of rows are kept as keyed hashes,
 * so the file shows how many rows there are and how long, and nothing else.
 *
 * A row is (table, key) -> value, with an optional tag by which rows are found
 * together. The AAD of a value is label ‖ table ‖ hashed key ‖ hashed tag ‖ the
 * row's own generation (that of the commit that wrote it), so that no row can
 * be moved, re-tagged or set back unnoticed; the vault's generation rises with
 * every commit and is itself sealed in one row, with the number of rows and a
 * keyed sum over all of them, which is compared when the vault is opened.
 *
 * One process at a time has a vault: it holds a lock on the file `lock`.
 */
#ifndef CLIENT_CORE_VAULT_H
#define CLIENT_CORE_VAULT_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/entropy.h"
#include "common/base/status.h"
#include "common/crypto/hash.h"
#include "common/crypto/passphrase.h"

struct vault;

/* Tables; the numbers are on disk, append-only. */
enum vault_table {
    VAULT_SELF = 1,      /* one row: who we are, all seeds */
    VAULT_EPOCH = 2,     /* day -> secret of that day's epoch key; stands in
                            the file of its own, vault_epoch */
    VAULT_RECORD = 3,    /* record number -> record */
    VAULT_NOTICE = 4,    /* seat id -> its newest notice */
    VAULT_STATE = 5,     /* name -> small things: checkpoint, epoch list */
    VAULT_REQUEST = 6,   /* request id -> what it is to us */
    VAULT_MESSAGE = 7,   /* row id -> message; tag: request id */
    VAULT_OUTBOX = 8,    /* row id -> what is to be sent */
    VAULT_SEQUENCE = 9,  /* direction, thread, peer's seat -> counters */
    VAULT_SEEN = 10,     /* message id of ours -> row id; of what came and is
                            not kept -> until when it may come again */
    VAULT_RECEIPT = 11,  /* message id -> receipt that is due */
    VAULT_UNREAD = 12,   /* row id of a message that was not read -> itself */
    VAULT_TOUCHED = 13,  /* id of a request of ours that something came for
                            since it was looked at -> itself */
    VAULT_FILE = 14,     /* attachment id -> what came of a file; tag: early */
    VAULT_CHUNK = 15,    /* attachment id, index -> a chunk's data, or its body
                            while it is to be sent */
    VAULT_COMPARED = 16, /* member id -> whether its key was compared */
    VAULT_TOLD = 17,     /* request id, member id -> how much it told there */
    VAULT_TOLD_DAY = 18, /* member id, day -> how much it told that day */
};

/* What wraps a vault's key: a key file or a passphrase, one of them. */
struct vault_key {
    const char *file;           /* 32 secret bytes in a file; NULL: none */
    struct ro_bytes passphrase; /* in secret memory; no data: none */
    struct ro_stretch stretch;  /* of a new passphrase; zero: as the system
                                   has it */
};

/* Creates a vault file in the folder `dir` (mode 0700, created if absent)
 * under a random vault key wrapped by `key`: by the 32 bytes of its file, which
 * is created 0600 if absent and whose absolute path is remembered, or by its
 * passphrase. RO_TAKEN if there is a vault already or something else than the
 * key file, RO_VAULT_LOCKED (the file is no key), RO_BAD_INPUT (the passphrase
 * will not do), RO_IO_FAILED. */
RO_MUST_USE enum ro_status vault_create(const char *dir,
                                        const struct vault_key *key,
                                        const struct ro_entropy *entropy,
                                        struct ro_why *why,
                                        struct vault **ret_vault);

/* Opens one. `key` NULL, or without what this vault is wrapped by: the key
 * file of the remembered path. RO_NOT_FOUND, RO_NEED_PASSPHRASE (it is wrapped
 * by one, and there was none), RO_VAULT_LOCKED (no key or the wrong one),
 * RO_VAULT_DAMAGED (`why` has the place), RO_TAKEN (another process). */
RO_MUST_USE enum ro_status vault_open(const char *dir,
                                      const struct vault_key *key,
                                      const struct ro_entropy *entropy,
                                      struct ro_why *why,
                                      struct vault **ret_vault);

/* What opens a vault. */
enum vault_key_kind { VAULT_KEY_FILE, VAULT_KEY_PASSPHRASE };

/* Whether a folder has a vault that no process holds, and which kind of key it
 * has. RO_NOT_FOUND, RO_TAKEN, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status
vault_look(const char *dir, struct ro_why *why, enum vault_key_kind *ret_kind);

/* Whether a passphrase is that of a vault which another process may hold; takes
 * as long as opening it. RO_OK also for a vault with a key file.
 * RO_VAULT_LOCKED, RO_NOT_FOUND, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status
vault_check(const char *dir, struct ro_bytes passphrase, struct ro_why *why);

/* Wraps the vault key by `key` instead, in one commit: whatever happens, one of
 * both opens it afterwards. A key file is made before that if it is absent; the
 * one before stays where it is. As vault_create and vault_commit. */
RO_MUST_USE enum ro_status vault_rekey(struct vault *vault,
                                       const struct vault_key *key,
                                       struct ro_why *why);

/* The vault of epoch secrets that stands beside this one, in a file of its own
 * (`epoch`), which belongs into no backup: destroyed must be gone. Its key
 * derives from the vault key; its commits are its own. Where the file is
 * missing an empty one is begun when the vault is opened. Lives as long as the
 * vault. */
struct vault *vault_epoch(struct vault *vault);

/* A key for another purpose, derived from the vault key; 32 bytes, the caller
 * frees it. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status vault_derive(const struct vault *vault,
                                        enum ro_label label,
                                        struct ro_secret **ret_key);

/* Names the place of the last damage that a call on this vault has found
 * ("table message, row 12: its value"), or the file that could not be written;
 * empty if there was none since the last begin. */
void vault_damage(const struct vault *vault, struct ro_why *ret_why);

/* Rolls back what is open, wipes the keys, closes; accepts NULL. */
void vault_free(struct vault *vault);
RO_DEFINE_AUTO(vault, vault_free)

/* Begins one commit. Nested begins are an error of ours (assert). */
RO_MUST_USE enum ro_status vault_begin(struct vault *vault);

/* Makes it durable. On RO_IO_FAILED, or RO_DISK_FULL, all of it is rolled
 * back. If even that cannot be told, every later begin says RO_IO_FAILED:
 * open the vault again. */
RO_MUST_USE enum ro_status vault_commit(struct vault *vault);

/* Drops all that was written since the begin. */
void vault_rollback(struct vault *vault);

/* Ends what was begun: commits if `s` is RO_OK, else rolls back. Returns the
 * outcome of the whole, so that a commit is three lines: begin, do, end. */
RO_MUST_USE enum ro_status vault_end(struct vault *vault, enum ro_status s);

/* Where a value stands. tag may be empty. */
struct vault_place {
    enum vault_table table;
    struct ro_bytes key;
    struct ro_bytes tag;
};

/* Puts a value (replacing one with this key, in its old place in the order).
 * Only inside a commit. */
RO_MUST_USE enum ro_status vault_put(struct vault *vault,
                                     const struct vault_place *place,
                                     struct ro_bytes value);

/* Appends a value to `ret_value`. RO_NOT_FOUND, RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status vault_get(struct vault *vault,
                                     enum vault_table table,
                                     struct ro_bytes key,
                                     struct ro_buf *ret_value);

/* Whether a row is there: RO_OK or RO_NOT_FOUND. */
RO_MUST_USE enum ro_status
vault_has(struct vault *vault, enum vault_table table, struct ro_bytes key);

/* Removes a row; one that is not there is fine. Only inside a commit. */
RO_MUST_USE enum ro_status
vault_drop(struct vault *vault, enum vault_table table, struct ro_bytes key);

/* Removes all rows; the key stays. Only inside a commit. */
RO_MUST_USE enum ro_status vault_clear(struct vault *vault);

/* Called for each row of a walk, oldest first. Anything but RO_OK ends the
 * walk and is returned by it. No puts or drops inside. The row's own key must
 * stand in its value if it is needed: the vault knows only its hash. */
typedef enum ro_status vault_fn(void *user, struct ro_bytes value);

/* Walks a whole table, or the rows of one tag if `tag` is not empty. */
RO_MUST_USE enum ro_status vault_walk(struct vault *vault,
                                      enum vault_table table,
                                      struct ro_bytes tag,
                                      vault_fn *fn,
                                      void *user);

/* How many rows a table has. */
RO_MUST_USE enum ro_status
vault_count(struct vault *vault, enum vault_table table, size_t *ret_n);

/* The vault's generation: one more with every commit. Inside a commit: what it
 * will be. */
uint64_t vault_generation(const struct vault *vault);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Inside client/authority: one open folder.
 *
 *     DIR/authority.pub     public, for the broker and in invitations
 *     DIR/door.key          secret, for the broker's operator
 *     DIR/keys/N.key        signing keys, unless they are kept elsewhere
 *     DIR/authority.state   secret: circle, PSK, enrolment keys, broker, pin
 *     DIR/directory.log     the log as last fetched, a cache
 *     DIR/requests/ID.request  requests and what became of them
 *     DIR/invitations       invitations that were written, without secrets
 *
 * The pin (size and head of the log as last verified) is what makes the cache
 * harmless: a log that does not lead to it is thrown away, a broker that does
 * not lead to it raises an alarm.
 */
#ifndef CLIENT_AUTHORITY_INSIDE_H
#define CLIENT_AUTHORITY_INSIDE_H

#include "client/authority/authority.h"
#include "client/authority/keys.h"
#include "client/authority/names.h"
#include "client/authority/proposal.h"
#include "client/core/link.h"
#include "common/base/arena.h"
#include "common/crypto/seal.h"
#include "common/crypto/sign.h"
#include "common/crypto/wipe.h"
#include "common/wire/directory.h"
#include "common/wire/signed.h"

#include "directory.pb-c.h"
#include "frame.pb-c.h"

#define AUTHORITY_NAME_MAX 200
#define AUTHORITY_ENDPOINT_MAX 127
#define AUTHORITY_LOG_FILE "directory.log"
#define AUTHORITY_LOG_LIMIT ((size_t)256 * 1024 * 1024)

/* A text as a field of a message that is going to be packed, which reads it
 * only, whatever its type says. */
RO_UNUSED static inline char *
authority_borrow(const char *text)
{
    union {
        const char *from;
        char *to;
    } borrowed = {.from = text};
    return borrowed.to;
}

/* A signing key: its public half, and where the secret one is. */
struct authority_key {
    struct ro_key public_key;
    char *path; /* absolute, or from the folder on */
};

/* The broker, as the charter names it. */
struct authority_broker {
    char member_endpoint[AUTHORITY_ENDPOINT_MAX + 1]; /* empty: none yet */
    char open_endpoint[AUTHORITY_ENDPOINT_MAX + 1];
    struct ro_key curve;
    struct ro_key signing;
};

/* A key of the circle; generation 0: there is none. */
struct authority_psk {
    uint32_t generation;
    uint8_t psk[32];
};

/* The content of authority.state. */
struct authority_state {
    char circle_name[AUTHORITY_NAME_MAX + 1];
    uint32_t threshold;
    size_t n_keys;
    struct authority_key keys[RO_AUTHORITY_KEYS_MAX];
    uint32_t generation; /* of the circle's key that is in force */
    uint8_t psk[32];
    struct authority_psk last; /* before it: requests may be under that one */
    struct authority_psk next; /* after it, see rotation.c */
    uint64_t next_seats;       /* of the log's seats, so many have `next` */
    uint64_t covered;          /* number of the newest revocation that has a key
                                  of its own after it */
    struct ro_hash removal;    /* of the newest revocation that this folder has
                                  published, or was about to */
    struct ro_keypair *enrolment; /* X25519 is used */
    struct ro_keypair *mailbox;
    struct authority_broker broker;
    uint64_t pin_size;
    struct ro_hash pin_head;
    struct ro_buf checkpoint; /* newest that held, a Signed; may be empty */
};

/* Where a request stands. On disk: append-only. */
enum authority_standing {
    AUTHORITY_WAITING = 1,   /* for a yes or no */
    AUTHORITY_ADMITTING = 2, /* yes; the answer is sealed, maybe sent */
    AUTHORITY_REFUSING = 3,  /* no; the same */
    AUTHORITY_ADMITTED = 4,  /* answered; kept so that a replay is silent */
    AUTHORITY_REFUSED = 5,
    AUTHORITY_UNHEARD = 6, /* no; sent, and the broker had no mailbox for it */
};

/* A request as it is kept. */
struct authority_petition {
    struct ro_message_id id;
    enum authority_standing standing;
    uint8_t ticket[RO_ID_SIZE];
    struct ro_member_id member;
    struct ro_seat_id seat;
    struct ro_key member_key;
    struct ro_key fallback; /* X25519 */
    Reachout__MemberKind kind;
    Reachout__Role role;
    uint32_t generation; /* of the circle's key that it was sealed under */
    uint32_t urn;
    uint32_t home_urn;
    enum { PETITION_JOINS, PETITION_REPLACES } wish;
    char name[AUTHORITY_NAME_MAX + 1];
    char holder[AUTHORITY_NAME_MAX + 1];
    int64_t sent_at_s;
    struct ro_buf certificate; /* a Signed */
    struct ro_buf answer_body; /* the answer as first sealed */
    struct ro_buf answer_wrap;
    uint32_t answer_expiry_hour;
};

struct authority {
    struct authority_world world;
    char *dir;
    int lock_fd;
    struct authority_state state;
    struct authority_broker broker; /* that we talk to; kept once it has our
                                       charter */
    struct ro_root root;
    struct ro_circle_id circle;
    struct ro_seat_id mailbox;
    struct ro_directory *directory;
    struct ro_buf log; /* its records: length in 4 bytes, then the record */
    struct link *link; /* NULL until it is used */
    enum {
        AUTHORITY_DOOR_UNTRIED,
        AUTHORITY_DOOR_TAKES_NEXT, /* the broker has the new door.key */
        AUTHORITY_DOOR_REFUSES_NEXT,
    } door;
    struct ro_arena *arena;
    struct keys keys;       /* that sign, once one was needed */
    struct proposal *draft; /* what would be published goes here; or NULL. The
                               directory has its records then, the log not */
    char *draft_path;
    struct authority_petition **petitions; /* each on its own, so that it
                                              stays where it is */
    size_t n_petitions;
};

/* --- state.c ------------------------------------------------------------- */

/* DIR/NAME as a new string; NULL without memory. */
char *authority_path(const char *dir, const char *name);

/* Writes authority.state whole, or leaves the old one. */
RO_MUST_USE enum ro_status authority_state_save(
    const char *dir, const struct authority_state *state, struct ro_why *why);

/* Reads it. RO_NOT_FOUND, RO_VAULT_DAMAGED, RO_BAD_INPUT. */
RO_MUST_USE enum ro_status authority_state_load(
    const char *dir, struct ro_why *why, struct authority_state *ret_state);

/* Wipes and releases what it owns. */
void authority_state_fini(struct authority_state *state);

/* Fills a message with the circle's public parts; `keys` has room for
 * RO_AUTHORITY_KEYS_MAX. It borrows from the state. */
void authority_state_public(const struct authority_state *state,
                            ProtobufCBinaryData *keys,
                            Reachout__AuthorityPublic *ret_public);

/* --- keys.c -------------------------------------------------------------- */

/* Reads the seed of a key file into a pair. RO_NOT_FOUND, RO_BAD_INPUT. */
RO_MUST_USE enum ro_status authority_key_read(const char *path,
                                              struct ro_why *why,
                                              struct ro_keypair **ret_pair);

/* Reads the signing key `index`, which must be the circle's. */
RO_MUST_USE enum ro_status authority_key_load(const struct authority *authority,
                                              uint32_t index,
                                              struct ro_why *why,
                                              struct ro_keypair **ret_pair);

/* Reads the keys that are here: at the paths of the state, and in DIR/keys. */
RO_MUST_USE enum ro_status
authority_keys_load(const char *dir,
                    const struct authority_state *state,
                    const struct ro_root *root,
                    struct ro_why *why,
                    struct keys *keys);

/* The same for an open folder, once. */
RO_MUST_USE enum ro_status authority_keys(struct authority *authority,
                                          struct ro_why *why,
                                          const struct keys **ret_keys);

/* RO_REFUSED, and `why` says how those sign who have the other keys. */
enum ro_status authority_lacks_keys(const struct authority *authority,
                                    struct ro_why *why);

/* Any one key of those that are here, and its number. RO_REFUSED. */
RO_MUST_USE enum ro_status authority_one_key(struct authority *authority,
                                             struct ro_why *why,
                                             const struct ro_keypair **ret_pair,
                                             uint32_t *ret_index);

/* Signs a packed body with as many keys as the threshold asks for, and appends
 * the record to `out`; in a draft with all keys that are here. RO_REFUSED
 * where they are too few. */
RO_MUST_USE enum ro_status authority_sign(struct authority *authority,
                                          Reachout__Signed__Kind kind,
                                          struct ro_bytes body,
                                          struct ro_why *why,
                                          struct ro_buf *out);

/* --- log.c --------------------------------------------------------------- */

/* Reads the cache; one that does not lead to the pin is left out. */
RO_MUST_USE enum ro_status authority_log_load(struct authority *authority,
                                              struct ro_why *why);

/* Whether the log leads to the pin. RO_ROLLED_BACK, RO_FORKED. */
RO_MUST_USE enum ro_status
authority_log_check_pin(const struct authority *authority);

/* What is done with one record, a view into the log. */
typedef void authority_record_fn(struct ro_bytes record, void *user);

/* Does it with every record of the log as it is known here, in its order. */
void authority_log_each(const struct authority *authority,
                        authority_record_fn *record,
                        void *user);

/* Whether this folder never talked to a broker and knows the directory all the
 * same: it was brought here, and others publish. */
bool authority_is_apart(const struct authority *authority);

/* RO_REFUSED, and `why` says how to publish the charter that is lacking, or how
 * a folder that is apart goes on. */
enum ro_status authority_lacks_charter(const struct authority *authority,
                                       struct ro_why *why);

/* Whether there is a charter; RO_REFUSED says what to do. */
RO_MUST_USE enum ro_status
authority_log_ready(const struct authority *authority, struct ro_why *why);

/* The newest record of a kind and its number from 1. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status
authority_log_newest(const struct authority *authority,
                     Reachout__Signed__Kind kind,
                     struct ro_bytes *ret_record,
                     uint64_t *ret_number);

/* Whether that very record is in the log as we have it. */
bool authority_log_has(const struct authority *authority,
                       struct ro_bytes record);

/* The serial of our next record. */
uint64_t authority_log_serial(const struct authority *authority);

/* --- fetching.c ---------------------------------------------------------- */

/* Fetches what the broker's log has more, verifies it, and keeps it. An empty
 * log is fine. */
RO_MUST_USE enum ro_status authority_log_sync(struct authority *authority,
                                              struct ro_why *why);

/* The same for what is drafted: a broker that cannot be reached, or is not
 * known, is no failure then, and what was drafted stays. */
RO_MUST_USE enum ro_status authority_log_catch_up(struct authority *authority,
                                                  struct ro_why *why);

/* Holds an answer against what we have seen before: RO_ROLLED_BACK when it is
 * less, RO_FROZEN when the broker keeps records back, RO_BAD_FRAME. */
RO_MUST_USE enum ro_status
authority_log_check_answer(const struct authority *authority,
                           const Reachout__Directory__Answer *answer,
                           struct ro_why *why);

/* Holds a checkpoint against the log, the last one, and the clock. Only with a
 * charter. RO_BAD_RECORD, RO_BAD_SIGNATURE, RO_FORKED, RO_ROLLED_BACK,
 * RO_FROZEN. */
RO_MUST_USE enum ro_status authority_log_check_point(
    const struct authority *authority, struct ro_bytes raw, struct ro_why *why);

/* --- asking.c ------------------------------------------------------------ */

/* Asks the broker over the open door; the answer lives in the authority's
 * arena until the next ask. RO_REFUSED before a broker is known. */
RO_MUST_USE enum ro_status authority_ask(struct authority *authority,
                                         uint8_t verb,
                                         const ProtobufCMessage *ask,
                                         struct ro_why *why,
                                         const ProtobufCMessage **ret_answer);

/* When an ask that begins now is given up, by the monotonic clock. */
int64_t authority_deadline(const struct authority *authority);

/* The link, made on first use. */
RO_MUST_USE enum ro_status authority_link(struct authority *authority,
                                          struct ro_why *why);

/* Appends signed records to the broker's log in one ask: all of them, or none
 * whatever happens meanwhile. At most AUTHORITY_APPEND_MAX, one frame. In a
 * draft they are added to it. */
#define AUTHORITY_APPEND_MAX 4
RO_MUST_USE enum ro_status authority_append(struct authority *authority,
                                            const struct ro_bytes *records,
                                            size_t n,
                                            struct ro_why *why);

/* --- complete.c ---------------------------------------------------------- */

/* A step that fetches the log and appends what is missing. */
typedef enum ro_status
authority_step_fn(struct authority *authority, void *user, struct ro_why *why);

/* Runs the step, after a fetch of the log. Runs both again where an answer
 * was lost or somebody else was faster: what was appended is not missing any
 * more then. In a draft the step runs once. */
RO_MUST_USE enum ro_status authority_complete(struct authority *authority,
                                              authority_step_fn *step,
                                              void *user,
                                              struct ro_why *why);

/* --- draft.c ------------------------------------------------------------- */

/* RO_REFUSED where a file is there already. */
RO_MUST_USE enum ro_status authority_need_absent(const char *path,
                                                 struct ro_why *why);

/* What a proposal comes to. */
void authority_draft_tell(const struct proposal *proposal,
                          uint32_t threshold,
                          struct authority_drafted *ret_drafted);

/* --- invited.c ----------------------------------------------------------- */

/* Notes an invitation: its ticket, a Signed, and the key's generation. */
RO_MUST_USE enum ro_status
authority_invited_keep(const struct authority *authority,
                       struct ro_bytes ticket,
                       struct ro_why *why);

/* --- listings.c ---------------------------------------------------------- */

/* Rows of one block at most: a block must unpack within the bounds of codec.h
 * also where its rows are short. */
#define AUTHORITY_BLOCK_ROWS 256

/* Rows of a register on their way into blocks; borrowed. */
struct authority_rows {
    const struct register_row *const *rows;
    size_t n;
    uint64_t serial; /* of the block */
};

/* Packs rows from `*at` on into the body of one block, as many as fit, and
 * moves `*at` behind them. */
RO_MUST_USE enum ro_status
authority_block_pack(const struct authority *authority,
                     const struct authority_rows *rows,
                     size_t *at,
                     struct ro_buf *ret_body);

/* --- move.c -------------------------------------------------------------- */

struct register_links;

/* Releases what it owns. */
void authority_moves_fini(struct authority_moves *moves);

/* Finds the members of the directory that the links move. RO_BAD_INPUT. */
RO_MUST_USE enum ro_status
authority_moves_plan(const struct authority *authority,
                     const struct register_links *links,
                     struct ro_why *why,
                     struct authority_moves *ret_moves);

/* Moves them: a step of authority_complete, whose user are the links. */
RO_MUST_USE enum ro_status authority_moves_publish(struct authority *authority,
                                                   void *user,
                                                   struct ro_why *why);

/* --- find.c -------------------------------------------------------------- */

/* A live member by its name. RO_NOT_FOUND, RO_AMBIGUOUS, RO_USAGE (no hex). */
RO_MUST_USE enum ro_status
authority_find_member(const struct authority *authority,
                      const struct authority_named *named,
                      struct ro_why *why,
                      const struct ro_member_view **ret_member);

/* A live seat, of that member or (NULL) of any, by the beginning of its id. */
RO_MUST_USE enum ro_status
authority_find_seat(const struct authority *authority,
                    const struct ro_member_id *member,
                    const char *prefix,
                    struct ro_why *why,
                    struct ro_seat_id *ret_seat);

/* --- revoke.c ------------------------------------------------------------ */

/* Seats and members of one revocation. */
#define AUTHORITY_REVOKE_MAX 500
struct authority_revoked {
    struct ro_seat_id seats[AUTHORITY_REVOKE_MAX];
    size_t n_seats;
    struct ro_member_id members[AUTHORITY_REVOKE_MAX];
    size_t n_members;
    uint64_t serial;
};

/* Signs the record that revokes them. */
RO_MUST_USE enum ro_status
authority_revocation_sign(struct authority *authority,
                          const struct authority_revoked *revoked,
                          struct ro_why *why,
                          struct ro_buf *ret_record);

#endif

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
 *
 * The pin (size and head of the log as last verified) is what makes the cache
 * harmless: a log that does not lead to it is thrown away, a broker that does
 * not lead to it raises an alarm.
 */
#ifndef CLIENT_AUTHORITY_INSIDE_H
#define CLIENT_AUTHORITY_INSIDE_H

#include "client/authority/authority.h"
#include "client/core/link.h"
#include "common/base/arena.h"
#include "common/crypto/seal.h"
#include "common/crypto/sign.h"
#include "common/wire/directory.h"
#include "common/wire/signed.h"

#include "directory.pb-c.h"
#include "frame.pb-c.h"

#define AUTHORITY_NAME_MAX 200
#define AUTHORITY_ENDPOINT_MAX 127

/* A buffer that may hold a secret: wiped when it leaves its scope. */
RO_UNUSED static inline void
authority_wipe_fini(struct ro_buf *buf)
{
    if (buf->data != NULL)
        ro_wipe(buf->data, buf->room);
    ro_buf_fini(buf);
}
#define AUTHORITY_SECRET RO_CLEANUP(authority_wipe_fini) struct ro_buf

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

/* The content of authority.state. */
struct authority_state {
    char circle_name[AUTHORITY_NAME_MAX + 1];
    uint32_t threshold;
    size_t n_keys;
    struct authority_key keys[RO_AUTHORITY_KEYS_MAX];
    uint32_t generation;
    uint8_t psk[32];
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
    uint32_t urn;
    uint32_t home_urn;
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
    struct ro_arena *arena;
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

/* Signs a packed body with as many keys as the threshold asks for, and appends
 * the record to `out`. */
RO_MUST_USE enum ro_status authority_sign(const struct authority *authority,
                                          Reachout__Signed__Kind kind,
                                          struct ro_bytes body,
                                          struct ro_why *why,
                                          struct ro_buf *out);

/* --- log.c --------------------------------------------------------------- */

/* Reads the cache; one that does not lead to the pin is left out. */
RO_MUST_USE enum ro_status authority_log_load(struct authority *authority,
                                              struct ro_why *why);

/* Fetches what the broker's log has more, verifies it, and keeps it. An empty
 * log is fine. */
RO_MUST_USE enum ro_status authority_log_sync(struct authority *authority,
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

/* Whether there is a charter; RO_NOT_READY says what to do. */
RO_MUST_USE enum ro_status
authority_log_ready(const struct authority *authority, struct ro_why *why);

/* The newest record of a kind and its number from 1. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status
authority_log_newest(const struct authority *authority,
                     Reachout__Signed__Kind kind,
                     struct ro_bytes *ret_record,
                     uint64_t *ret_number);

/* The serial of our next record. */
uint64_t authority_log_serial(const struct authority *authority);

/* --- publish.c ----------------------------------------------------------- */

/* Asks the broker over the open door; the answer lives in the authority's
 * arena until the next ask. RO_REFUSED before a broker is known. */
RO_MUST_USE enum ro_status authority_ask(struct authority *authority,
                                         uint8_t verb,
                                         const ProtobufCMessage *ask,
                                         struct ro_why *why,
                                         const ProtobufCMessage **ret_answer);

/* The link, made on first use. */
RO_MUST_USE enum ro_status authority_link(struct authority *authority,
                                          struct ro_why *why);

/* Appends one signed record to the broker's log. */
RO_MUST_USE enum ro_status authority_append(struct authority *authority,
                                            struct ro_bytes record,
                                            struct ro_why *why);

/* A step that fetches the log and appends what is missing. */
typedef enum ro_status
authority_step_fn(struct authority *authority, void *user, struct ro_why *why);

/* Runs the step, after a fetch of the log. Runs both again where an answer
 * was lost or somebody else was faster: what was appended is not missing any
 * more then. */
RO_MUST_USE enum ro_status authority_complete(struct authority *authority,
                                              authority_step_fn *step,
                                              void *user,
                                              struct ro_why *why);

/* --- listings.c ---------------------------------------------------------- */

/* Rows of one block at most: a block must unpack within the bounds of codec.h
 * also where its rows are short. */
#define AUTHORITY_BLOCK_ROWS 256

/* Packs rows from `*at` on into the body of one block, as many as fit, and
 * moves `*at` behind them. */
struct authority_rows {
    const struct register_row *const *rows;
    size_t n;
    uint64_t serial; /* of the block */
};
RO_MUST_USE enum ro_status
authority_block_pack(const struct authority *authority,
                     const struct authority_rows *rows,
                     size_t *at,
                     struct ro_buf *ret_body);

/* --- petition.c: requests as they are kept ------------------------------- */

/* Reads DIR/requests. */
RO_MUST_USE enum ro_status authority_petitions_load(struct authority *authority,
                                                    struct ro_why *why);

/* Writes one request. */
RO_MUST_USE enum ro_status
authority_petition_save(const struct authority *authority,
                        const struct authority_petition *petition,
                        struct ro_why *why);

/* Adds one to the list, which is sorted by age; it is the list's then (also
 * after a failure, released). */
RO_MUST_USE enum ro_status
authority_petition_add_take(struct authority *authority,
                            struct authority_petition *petition);

/* The one of that id, or NULL. */
struct authority_petition *
authority_petition_find(const struct authority *authority,
                        const struct ro_message_id *id);

/* Whether it waits for a decision, or for an answer that was not sent. */
bool authority_petition_is_open(const struct authority_petition *petition);

/* Releases one; accepts NULL. */
void authority_petition_free(struct authority_petition *petition);
RO_DEFINE_AUTO(authority_petition, authority_petition_free)

/* --- envelope.c: opening what came --------------------------------------- */

/* An envelope of the enrolment mailbox, as the broker delivered it. */
struct authority_envelope {
    struct ro_bytes wrap;
    struct ro_bytes body;
    uint32_t day;
    uint32_t generation;
    uint32_t expiry_hour;
};

/* Opens an envelope and holds it against everything that it claims: the seal,
 * the ticket, the certificate, and that all three speak of the same keys and
 * the same seat. RO_BAD_SEAL, RO_MISBOUND, RO_BAD_TICKET, RO_TICKET_EXPIRED,
 * RO_BAD_RECORD, RO_BAD_SIGNATURE, RO_BAD_FRAME, RO_BAD_INPUT. The caller frees
 * what it gets. */
RO_MUST_USE enum ro_status
authority_envelope_open(const struct authority *authority,
                        const struct authority_envelope *envelope,
                        struct ro_why *why,
                        struct authority_petition **ret_petition);

/* Whether an outcome is about one envelope, and not about us. */
bool authority_envelope_is_trouble(enum ro_status status);

/* Opens and keeps one envelope durably; a replay is silent. RO_TICKET_USED
 * when another request came with the same ticket, and the outcomes of
 * authority_envelope_open. */
RO_MUST_USE enum ro_status
authority_envelope_take(struct authority *authority,
                        const struct authority_envelope *envelope,
                        struct ro_why *why);

/* --- mailbox.c ----------------------------------------------------------- */

/* Receives what waits in the enrolment mailbox: kept, then acknowledged. What
 * is no request is added to the troubles and acknowledged too. */
RO_MUST_USE enum ro_status
authority_mailbox_receive(struct authority *authority,
                          struct ro_why *why,
                          struct authority_requests *requests);

/* --- answer.c ------------------------------------------------------------ */

/* Seals the answer to a request, once; keeps it with its new standing
 * (AUTHORITY_ADMITTING or AUTHORITY_REFUSING) before anything is sent. `text`
 * is the reason, or NULL. */
RO_MUST_USE enum ro_status
authority_answer_seal(struct authority *authority,
                      struct authority_petition *petition,
                      enum authority_standing standing,
                      const char *text,
                      struct ro_why *why);

/* Sends it and closes the request. A mailbox that is gone is no failure. */
RO_MUST_USE enum ro_status
authority_answer_send(struct authority *authority,
                      struct authority_petition *petition,
                      struct ro_why *why);

/* --- names.c ------------------------------------------------------------- */

/* Kinds of members and roles of seats as people write them. RO_USAGE: `why`
 * lists them. */
RO_MUST_USE enum ro_status authority_kind_of(const char *word,
                                             struct ro_why *why,
                                             Reachout__MemberKind *ret_kind);
RO_MUST_USE enum ro_status authority_role_of(const char *word,
                                             struct ro_why *why,
                                             Reachout__Role *ret_role);
const char *authority_kind_word(Reachout__MemberKind kind);
const char *authority_role_word(Reachout__Role role);

#endif

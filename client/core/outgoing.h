/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What is to be sent, as rows of the vault. A row is a draft (content and
 * names) until the first sync after it was written; then it is sealed: body,
 * content key, sequences and wraps are fixed and durable before the first
 * byte leaves. Wrapping again changes wraps only.
 */
#ifndef CLIENT_CORE_OUTGOING_H
#define CLIENT_CORE_OUTGOING_H

#include "client/core/request_row.h"
#include "common/crypto/seal.h"

enum outgoing_standing { OUTGOING_DRAFT, OUTGOING_SEALED };

/* Whether somebody else is to get it, or only our own other seats. */
enum outgoing_whose { OUTGOING_THEIRS, OUTGOING_OURS };

/* Where one seat's wrap is. */
enum outgoing_state {
    OUTGOING_WAITING, /* not at the broker yet */
    OUTGOING_STORED,  /* the broker has it durably */
    OUTGOING_ARRIVED, /* the seat said so */
    OUTGOING_FAILED,  /* nothing can be delivered there */
};

/* How often it was sent again for one reason, and on which day last. Each has
 * its own count: whoever can bring about one uses up no other. */
struct outgoing_again {
    uint32_t n;
    uint32_t day;
};

struct outgoing_to {
    struct ro_seat_id seat;
    struct ro_member_id member;
    uint64_t sequence;
    uint32_t day;        /* of the key it is wrapped for; 0: fallback */
    uint32_t generation; /* of the PSK */
    enum outgoing_state state;
    enum outgoing_whose whose; /* ours give no receipt */
    uint8_t wrap[RO_WRAP_SIZE];
    struct outgoing_again asked;   /* for, by the seat that misses it */
    struct outgoing_again offered; /* to a broker that was set back */
    struct outgoing_again renewed; /* because no receipt came */
};

/* A chunk of a file that goes with a message (attach.h). Its body stands in a
 * row of its own. */
struct outgoing_piece {
    struct row_id of; /* the message's row; zero: it is no chunk */
    struct ro_attachment_id file;
    uint32_t index;
    enum { OUTGOING_NEVER_LEFT, OUTGOING_HAS_LEFT } left;
};

struct outgoing {
    struct row_id row; /* the message's row, or a chunk's own */
    struct outgoing_piece piece;
    uint32_t n_pieces; /* a message's chunks that were never at the broker */
    enum outgoing_standing standing;
    enum outgoing_whose whose; /* OUTGOING_OURS: our own record */
    struct ro_request_id request;
    struct ro_thread_id thread; /* zero: to a group */
    struct ro_buf members;      /* whom it is for: ids */
    enum { OUTGOING_FOR_OTHERS, OUTGOING_FOR_US } reader; /* us: own record */
    /* once sealed */
    uint8_t content_key[RO_CONTENT_KEY_SIZE];
    struct ro_hash recipients;
    uint32_t expiry_hour;
    int64_t accepted_at_s; /* broker's clock when all was stored */
    struct ro_buf body;
    struct outgoing_to *to;
    size_t n_to;
};

/* Wipes the key and releases what it holds. */
void outgoing_fini(struct outgoing *outgoing);
#define RO_AUTOOUTGOING RO_CLEANUP(outgoing_fini) struct outgoing

/* Writes a row, inside a commit. */
RO_MUST_USE enum ro_status outgoing_put(struct vault *vault,
                                        const struct outgoing *outgoing);

/* Reads one; the caller releases it. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status outgoing_get(struct vault *vault,
                                        const struct row_id *row,
                                        struct outgoing *ret_outgoing);

/* Removes one, inside a commit. */
RO_MUST_USE enum ro_status outgoing_drop(struct vault *vault,
                                         const struct row_id *row);

/* Appends the ids of all rows, oldest first, to `ret_rows`, 16 bytes each. */
RO_MUST_USE enum ro_status outgoing_rows(struct vault *vault,
                                         struct ro_buf *ret_rows);

/* The same of those of which something is still to be sent, but for chunks
 * that are not sealed yet. */
RO_MUST_USE enum ro_status outgoing_waiting(struct vault *vault,
                                            struct ro_buf *ret_rows);

/* The same of the chunks that are not sealed yet. */
RO_MUST_USE enum ro_status outgoing_pieces(struct vault *vault,
                                           struct ro_buf *ret_rows);

/* Whether it is a chunk. */
bool outgoing_is_piece(const struct outgoing *outgoing);

/* How many wraps are in a state. */
size_t outgoing_count(const struct outgoing *outgoing,
                      enum outgoing_state state);

/* Where the message is, seen as a whole and with its files: failed, if none of
 * those whom it is for can get it. */
enum ro_place outgoing_place(const struct outgoing *outgoing);

/* How many messages are not at the broker yet. */
RO_MUST_USE enum ro_status outgoing_kept(struct vault *vault, size_t *ret_n);

/* How many messages that are for a member have something still to be sent. */
RO_MUST_USE enum ro_status outgoing_waiting_for(
    struct vault *vault, const struct ro_member_id *member, size_t *ret_n);

/* Whether nothing more can come of it: every wrap arrived or failed; those to
 * own seats, and an own record's, are stored. */
bool outgoing_is_done(const struct outgoing *outgoing);

#endif

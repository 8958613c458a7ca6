/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages as rows of the vault. A message's row id is the
 * message id of what was received, and a random one for what is written here:
 * its own message id exists only once it is sealed.
 */
#ifndef CLIENT_CORE_MESSAGE_H
#define CLIENT_CORE_MESSAGE_H

#include "client/core/engine.h"
#include "common/wire/rules.h"

#include <stdbool.h>

struct row_id {
    uint8_t b[RO_ID_SIZE];
};

enum message_read { MESSAGE_UNREAD, MESSAGE_READ };

/* Why a message of ours has failed; the numbers are on disk, append-only. */
enum message_failure {
    MESSAGE_FINE = 0,
    MESSAGE_UNCOLLECTED = 1, /* it waited at the broker until that forgot it */
    MESSAGE_NOBODY = 2,      /* no seat is there that could get it */
    MESSAGE_UNFIT = 3,       /* it could not be sealed */
    MESSAGE_REMOVED = 4,     /* whom it was for is not in the circle any more */
    MESSAGE_NEWCOMER = 5, /* they have only seats that came after the request */
};

/* The same in words for people, with what to do; NULL for MESSAGE_FINE. */
const char *message_failure_text(enum message_failure failure);

struct message {
    struct row_id row;
    struct ro_request_id request;
    struct ro_thread_id thread; /* zero: to a group, or to own seats */
    struct ro_message_id id;    /* zero until sealed */
    struct ro_hash body;        /* zero until sealed */
    struct ro_seat_id writer;
    struct ro_member_id side; /* the writer's member */
    enum ro_purpose purpose;
    enum ro_place place;
    enum message_read read;
    enum message_failure failure; /* with RO_PLACE_FAILED */
    int64_t sent_at_s;
    int64_t arrived_at_s;  /* when it came here, or was written */
    struct ro_buf content; /* packed; released by message_fini */
};

/* Releases what a message holds. */
void message_fini(struct message *message);

/* Writes a message, inside a commit. */
RO_MUST_USE enum ro_status message_put(struct vault *vault,
                                       const struct message *message);

/* Reads one; `ret_message` is initialised here and released by the caller.
 * RO_NOT_FOUND. */
RO_MUST_USE enum ro_status message_get(struct vault *vault,
                                       const struct row_id *row,
                                       struct message *ret_message);

/* A list of messages; ends with message_list_fini. */
struct messages {
    struct message *at;
    size_t n;
};

/* Messages of one request (zero: of none), oldest row first.
 * RO_VAULT_DAMAGED, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status message_list(struct vault *vault,
                                        const struct ro_request_id *request,
                                        struct messages *ret_messages);
/* Releases what it owns; a zeroed one is fine. */
void message_list_fini(struct messages *messages);

/* Removes one, inside a commit. */
RO_MUST_USE enum ro_status message_drop(struct vault *vault,
                                        const struct row_id *row);

/* Whether a purpose is conversation, which is read; states are shown. */
bool message_is_conversation(enum ro_purpose purpose);

/* How many messages of a conversation have not been read: a count, nothing is
 * opened for it. */
RO_MUST_USE enum ro_status message_unread(struct vault *vault, size_t *ret_n);

/* Appends the ids of those that are conversation and whose request is not here,
 * oldest row first, 16 bytes each. */
RO_MUST_USE enum ro_status message_strays(struct vault *vault,
                                          struct ro_buf *ret_rows);

/* --- message ids ------------------------------------------------------------
 * A message that came and is kept has its id as its row. Other ids are
 * remembered in rows of their own: of ours, while receipts may come for them,
 * and of what came and is not kept, while it may come again. */

/* Whether a message has come before: RO_OK or RO_NOT_FOUND. */
RO_MUST_USE enum ro_status message_known(struct vault *vault,
                                         const struct ro_message_id *id);

/* Remembers the id of a message that came and is not kept, until the hour in
 * which the broker forgets it; inside a commit. */
RO_MUST_USE enum ro_status message_remember(struct vault *vault,
                                            const struct ro_message_id *id,
                                            uint32_t until_hour);

/* Forgets what need not be remembered after `hour`, in a commit of its own. */
RO_MUST_USE enum ro_status message_forget(struct vault *vault, uint32_t hour);

/* The row of a message of ours. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status message_ours(struct vault *vault,
                                        const struct ro_message_id *id,
                                        struct row_id *ret_row);

/* Remembers the id of a message of ours, inside a commit. */
RO_MUST_USE enum ro_status message_ours_put(struct vault *vault,
                                            const struct message *message);

/* Forgets it, inside a commit. */
RO_MUST_USE enum ro_status message_ours_drop(struct vault *vault,
                                             const struct ro_message_id *id);

#define RO_AUTOMESSAGE RO_CLEANUP(message_fini) struct message
#define RO_AUTOMESSAGES RO_CLEANUP(message_list_fini) struct messages

#endif

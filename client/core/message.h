/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Messages and requests as rows of the vault. A message's row id is the
 * message id of what was received, and a random one for what is written here:
 * its own message id exists only once it is sealed.
 */
#ifndef CLIENT_CORE_MESSAGE_H
#define CLIENT_CORE_MESSAGE_H

#include "client/core/engine.h"
#include "common/wire/rules.h"

struct row_id {
    uint8_t b[RO_ID_SIZE];
};

enum message_read { MESSAGE_UNREAD, MESSAGE_READ };

struct message {
    struct row_id row;
    struct ro_request_id request;
    struct ro_thread_id thread;  /* zero: to a group, or to own seats */
    struct ro_message_id id;     /* zero until sealed */
    struct ro_hash body;         /* zero until sealed */
    struct ro_seat_id writer;
    struct ro_member_id side;    /* the writer's member */
    enum ro_purpose purpose;
    enum ro_place place;
    enum message_read read;
    int64_t sent_at_s;
    int64_t arrived_at_s;        /* when it came here, or was written */
    struct ro_buf content;       /* packed; released by message_fini */
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

/* Messages of one request (zero: of none), or of all, oldest row first. */
struct messages {
    struct message *at;
    size_t n;
};
RO_MUST_USE enum ro_status messages_of(struct vault *vault,
                                       const struct ro_request_id *request,
                                       struct messages *ret_messages);
RO_MUST_USE enum ro_status messages_all(struct vault *vault,
                                        struct messages *ret_messages);
void messages_fini(struct messages *messages);

/* Which row a message id belongs to. RO_NOT_FOUND: never seen here. */
RO_MUST_USE enum ro_status message_seen(struct vault *vault,
                                        const struct ro_message_id *id,
                                        struct row_id *ret_row);

/* Remembers a message id, inside a commit. */
RO_MUST_USE enum ro_status message_see(struct vault *vault,
                                       const struct ro_message_id *id,
                                       const struct row_id *row);

/* A request as we came to know it. */
struct request_row {
    struct ro_request_id id;
    struct ro_member_id asker;
    struct row_id ask;            /* the message that asks; zero before it */
    int64_t first_seen_s;
    struct ro_buf asked;          /* ours: member ids that it went to */
};
void request_row_fini(struct request_row *request);
RO_MUST_USE enum ro_status request_row_put(struct vault *vault,
                                           const struct request_row *request);
RO_MUST_USE enum ro_status request_row_get(struct vault *vault,
                                           const struct ro_request_id *id,
                                           struct request_row *ret_request);

/* All requests, oldest first. */
struct request_rows {
    struct request_row *at;
    size_t n;
};
RO_MUST_USE enum ro_status request_rows_all(struct vault *vault,
                                            struct request_rows *ret_rows);
void request_rows_fini(struct request_rows *rows);

#define RO_AUTOMESSAGE RO_CLEANUP(message_fini) struct message
#define RO_AUTOMESSAGES RO_CLEANUP(messages_fini) struct messages
#define RO_AUTOREQUEST RO_CLEANUP(request_row_fini) struct request_row
#define RO_AUTOREQUESTS RO_CLEANUP(request_rows_fini) struct request_rows

#endif

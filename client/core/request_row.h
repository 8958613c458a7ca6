/* SPDX-License-Identifier: Apache-2.0 */
/* Requests as rows of the vault: what they are to us, apart from what their
 * messages fold to. */
#ifndef CLIENT_CORE_REQUEST_ROW_H
#define CLIENT_CORE_REQUEST_ROW_H

#include "client/core/message.h"

/* A request as we came to know it. */
struct request_row {
    struct ro_request_id id;
    struct ro_member_id asker;
    struct row_id ask; /* the message that asks; zero before it */
    int64_t first_seen_s;
    struct ro_buf asked; /* ours: member ids that it went to */
};
/* Releases what it owns; a zeroed one is fine. */
void request_row_fini(struct request_row *request);

/* Writes one, inside a commit. */
RO_MUST_USE enum ro_status request_row_put(struct vault *vault,
                                           const struct request_row *request);

/* Reads one; the caller releases it. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status request_row_get(struct vault *vault,
                                           const struct ro_request_id *id,
                                           struct request_row *ret_request);

/* A list of requests; ends with request_row_list_fini. */
struct request_rows {
    struct request_row *at;
    size_t n;
};

/* All requests, oldest first. RO_VAULT_DAMAGED, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status request_row_all(struct vault *vault,
                                           struct request_rows *ret_rows);
/* Releases what it owns; a zeroed one is fine. */
void request_row_list_fini(struct request_rows *rows);

/* Notes, inside a commit, that something came for a request of ours. */
RO_MUST_USE enum ro_status request_row_touch(struct vault *vault,
                                             const struct ro_request_id *id);

/* Notes, in a commit of its own, that it was looked at. */
RO_MUST_USE enum ro_status
request_row_looked_at(struct vault *vault, const struct ro_request_id *id);

/* Appends the ids of those to look at to `ret_ids`, 16 bytes each. */
RO_MUST_USE enum ro_status request_row_touched(struct vault *vault,
                                               struct ro_buf *ret_ids);

#define RO_AUTOREQUEST RO_CLEANUP(request_row_fini) struct request_row
#define RO_AUTOREQUESTS RO_CLEANUP(request_row_list_fini) struct request_rows

#endif

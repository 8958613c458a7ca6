/* SPDX-License-Identifier: Apache-2.0 */
/* Used tickets, and the mailboxes that they opened. */
#include "daemon/store/sqlite/sql.h"

#include <string.h>

enum ro_status
store_ticket_put(struct store *store, const struct store_ticket *ticket)
{
    SQL_AUTO *put = sql_start(store, SQL_TICKET_PUT);
    sql_put_bytes(put, 1, (struct ro_bytes){ticket->id, sizeof(ticket->id)});
    sql_put_hash(put, 2, &ticket->request);
    sql_put_id(put, 3, &ticket->mailbox);
    sql_put_number(put, 4, ticket->expiry_hour);
    return sql_write(store, put);
}

enum ro_status
store_ticket_get(struct store *store,
                 const uint8_t id[static RO_ID_SIZE],
                 struct store_ticket *ret_ticket)
{
    struct store_ticket found = {0};
    SQL_AUTO *get = sql_start(store, SQL_TICKET_GET);
    sql_put_bytes(get, 1, (struct ro_bytes){id, RO_ID_SIZE});
    RO_TRY(sql_row(store, get));
    memcpy(found.id, id, RO_ID_SIZE);
    RO_TRY(sql_fixed(store, get, 0, found.request.b, sizeof(found.request.b)));
    RO_TRY(sql_fixed(store, get, 1, found.mailbox.b, sizeof(found.mailbox.b)));
    found.expiry_hour = (uint32_t)sql_number(get, 2);
    *ret_ticket = found;
    return RO_OK;
}

enum ro_status
store_enrol_mailbox(struct store *store, const struct ro_seat_id *mailbox)
{
    SQL_AUTO *find = sql_start(store, SQL_TICKET_MAILBOX);
    sql_put_id(find, 1, mailbox);
    return sql_row(store, find);
}

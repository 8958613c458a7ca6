/* SPDX-License-Identifier: Apache-2.0 */
/* What the store holds. */
#include "daemon/store/sqlite/sql.h"

#include <sys/stat.h>

static uint64_t
file_bytes(const char *path)
{
    struct stat st;
    return stat(path, &st) == 0 ? (uint64_t)st.st_size : 0;
}

enum ro_status
store_measure(struct store *store, struct store_figures *ret_figures)
{
    SQL_AUTO *figures = sql_start(store, SQL_FIGURES);
    RO_TRY(sql_row(store, figures));
    *ret_figures = (struct store_figures){
        .records = sql_number(figures, 0),
        .notices = sql_number(figures, 1),
        .bodies = sql_number(figures, 2),
        .envelopes = sql_number(figures, 3),
        .mailboxes = sql_number(figures, 4),
        .bytes = file_bytes(store->path) + file_bytes(store->wal_path),
    };
    return RO_OK;
}

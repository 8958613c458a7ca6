/* SPDX-License-Identifier: Apache-2.0 */
/* One row of the register: from cells to a school. Inside of register_intake.c.
 */
#ifndef CLIENT_AUTHORITY_REGISTER_ROW_H
#define CLIENT_AUTHORITY_REGISTER_ROW_H

#include "client/authority/register.h"
#include "common/base/arena.h"

/* The columns that we read. */
enum register_column {
    COLUMN_URN,
    COLUMN_NAME,
    COLUMN_LA_CODE,
    COLUMN_LA_NAME,
    COLUMN_STATUS,
    COLUMN_PHASE,
    COLUMN_TYPE,
    COLUMN_TRUST,
    COLUMN_EASTING,
    COLUMN_NORTHING,
    COLUMN_ROLL
};
#define REGISTER_COLUMNS 11

/* The name of a column in the register. */
const char *register_column_name(enum register_column column);

/* The column of that name, in any case; -1 for any other. */
int register_column_find(const char *name);

/* Writes a cell into `out` (cleared first) as terminated UTF-8 without space
 * around it. */
void register_cell_read(struct ro_bytes cell, struct ro_buf *out);

/* Makes a row of cells (terminated, from register_cell_read; of columns that
 * the file lacks, the status is NULL and the rest is empty): RO_OK, and its
 * texts live in `arena`; RO_REFUSED, and `why` says why it is held (with words
 * of the cell as they stand); RO_NO_MEMORY. */
RO_MUST_USE enum ro_status
register_row_make(const char *const cells[static REGISTER_COLUMNS],
                  struct ro_arena *arena,
                  struct ro_why *why,
                  struct register_row *ret_row);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What becomes of the register's cells: the first row is the header, every
 * other one a school that is taken, held or passed over. Inside of register.c.
 */
#ifndef CLIENT_AUTHORITY_REGISTER_INTAKE_H
#define CLIENT_AUTHORITY_REGISTER_INTAKE_H

#include "client/authority/register.h"

struct register_intake;

/* An empty one; `la_code` as of register_read, copied. NULL without memory. */
struct register_intake *register_intake_new(const char *la_code);

/* Releases it; accepts NULL. */
void register_intake_free(struct register_intake *intake);
RO_DEFINE_AUTO(register_intake, register_intake_free)

/* Takes the next cell of a row. */
void register_intake_cell(struct register_intake *intake, struct ro_bytes cell);

/* Ends the row; `line` is where it began. */
void register_intake_row(struct register_intake *intake, uint32_t line);

/* Notes a failure, with the words of the file made visible. The first one
 * stays, and nothing is taken any more. */
void register_intake_fail(struct register_intake *intake,
                          enum ro_status status,
                          const char *format,
                          ...) RO_PRINTF(3, 4);

/* RO_OK, or the first failure with its sentence. */
RO_MUST_USE enum ro_status
register_intake_status(const struct register_intake *intake,
                       struct ro_why *why);

/* Ends the file and gives the list away. Outcomes as of register_read. */
RO_MUST_USE enum ro_status register_intake_end(struct register_intake *intake,
                                               struct ro_why *why,
                                               struct register_list **ret_list);

#endif

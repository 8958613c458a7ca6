/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register of schools: a CSV export of GIAS (Get Information About
 * Schools) becomes rows that the authority signs as listings. Nothing is
 * guessed: what cannot be taken is held, with its line and the reason.
 *
 * Columns are found by their names, in any order; URN and EstablishmentName
 * are needed, the rest is optional, unknown ones are passed over. UTF-8 (with
 * or without byte order mark) is taken as it is; a cell that is not UTF-8 is
 * read as Windows-1252, of which Latin-1 is a part.
 */
#ifndef CLIENT_AUTHORITY_REGISTER_H
#define CLIENT_AUTHORITY_REGISTER_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/status.h"

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The longest text in bytes of UTF-8, which is what a listing may hold; the
 * longest LA code; the most rows and bytes of a file. */
#define REGISTER_TEXT_MAX 200
#define REGISTER_LA_CODE_MAX 8
#define REGISTER_ROWS_MAX 200000
#define REGISTER_BYTES_MAX ((size_t)256 * 1024 * 1024)

/* One school. Texts are UTF-8 on one line, never NULL, empty where the
 * register does not say. */
struct register_row {
    uint32_t line; /* where the row begins in the file; the header is line 1 */
    uint32_t urn;  /* six digits */
    const char *name;
    const char *phase;
    const char *type;
    const char *la_code;
    const char *la_name;
    const char *trust;
    bool has_position; /* without it there is no distance, never distance 0 */
    int32_t easting;   /* metres, British National Grid */
    int32_t northing;
    bool has_roll;
    uint32_t roll; /* pupils */
};

/* One row that was not taken. */
struct register_held {
    uint32_t line;
    const char *urn; /* as it stands there, made visible; may be empty */
    const char *why; /* one sentence */
};

/* What a file holds, in its order. Everything is owned by the list. */
struct register_list {
    struct register_row *rows;
    size_t row_count;
    struct register_held *held;
    size_t held_count;
    size_t skipped_count;   /* rows of other LAs */
    struct ro_arena *texts; /* where the texts are */
};

/* Releases it with all that it holds; accepts NULL. */
void register_list_free(struct register_list *list);
RO_DEFINE_AUTO(register_list, register_list_free)

/* Reads a file, piece by piece. With `la_code` (else NULL) rows of other local
 * authorities are passed over and counted. RO_NOT_FOUND or RO_IO_FAILED: the
 * file; RO_BAD_INPUT: it is not a register, has no school, or none of that LA,
 * and `why` says so in one sentence; RO_TOO_LARGE; RO_NO_MEMORY. The caller
 * frees what it gets. */
RO_MUST_USE enum ro_status register_read(const char *path,
                                         const char *la_code,
                                         struct ro_why *why,
                                         struct register_list **ret_list);

/* --- the same in pieces -------------------------------------------------- */

struct register_reader;

/* A reader of one file; `la_code` as above, copied. NULL without memory. */
struct register_reader *register_reader_new(const char *la_code);

/* Releases it; accepts NULL. */
void register_reader_free(struct register_reader *reader);
RO_DEFINE_AUTO(register_reader, register_reader_free)

/* Takes the next bytes; pieces may be cut anywhere. After a failure the reader
 * stays failed. Outcomes as of register_read. */
RO_MUST_USE enum ro_status register_reader_feed(struct register_reader *reader,
                                                struct ro_bytes piece,
                                                struct ro_why *why);

/* Ends the file and gives the list away. Outcomes as of register_read. */
RO_MUST_USE enum ro_status register_reader_end(struct register_reader *reader,
                                               struct ro_why *why,
                                               struct register_list **ret_list);

#endif

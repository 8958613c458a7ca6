/* SPDX-License-Identifier: Apache-2.0 */
/* Files on disk for a pair of seats, sent with messages and saved. */
#ifndef TESTS_UNIT_CLIENT_FILES_H
#define TESTS_UNIT_CLIENT_FILES_H

#include "tests/unit/client/pair.h"

/* The path of a name in the pair's folder. Valid until the fourth next call. */
const char *files_path(const struct pair *pair, const char *name);

/* Makes a file of so many bytes, which follow from its size. */
const char *files_make(const struct pair *pair, const char *name, size_t size);

/* Whether a file is there and is what files_make made of that size. */
bool files_are(const char *path, size_t size);

/* Says something with files, and saves one. */
enum ro_status files_say(struct seat *seat,
                         const char *thread,
                         const char *const *paths,
                         size_t n);
enum ro_status
files_save(struct seat *seat, const char *attachment, const char *out);

/* The i-th file of the last message in a thread, as the seat reads it. Its id
 * in hex, too: valid until the next call. */
struct ro_attachment
files_seen(struct seat *seat, const char *thread, size_t i);
const char *files_id(const struct ro_attachment *attachment);

/* How many rows a seat has: in its outbox, and of chunks. */
size_t files_outbox(const struct seat *seat);
size_t files_chunks(const struct seat *seat);

/* How many receipts a seat owes. */
size_t files_owed(const struct seat *seat);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* Whole files: read with a limit, written so that a crash leaves old or new;
 * and their folders. */
#ifndef RO_BASE_FILE_H
#define RO_BASE_FILE_H

#include <dirent.h>

#include "common/base/bytes.h"
#include "common/base/status.h"

/* Reads a whole file of at most `limit` bytes into `ret_buf` (cleared first,
 * and empty after a failure). RO_NOT_FOUND, RO_TOO_LARGE, RO_IO_FAILED; `why`
 * (may be NULL) names the file. */
RO_MUST_USE enum ro_status ro_file_read(const char *path,
                                        size_t limit,
                                        struct ro_why *why,
                                        struct ro_buf *ret_buf);

/* Who may read a file that we write. */
enum ro_file_mode { RO_FILE_PUBLIC = 0644, RO_FILE_SECRET = 0600 };

/* Writes a file whole: to a temporary name beside it, synced, renamed over
 * `path`, and the folder synced. RO_IO_FAILED; `why` (may be NULL) names the
 * file. A failure before the rename leaves the old file and no other. */
RO_MUST_USE enum ro_status ro_file_write(const char *path,
                                         struct ro_bytes bytes,
                                         enum ro_file_mode mode,
                                         struct ro_why *why);

/* Makes the names in a folder durable: what was made, renamed or removed in
 * it. RO_IO_FAILED; `why` (may be NULL) names the folder. */
RO_MUST_USE enum ro_status ro_file_sync_folder(const char *folder,
                                               struct ro_why *why);

/* The same for the folder that `path` stands in. Also RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ro_file_sync_name(const char *path,
                                             struct ro_why *why);

/* Closes a folder that was being listed, or NULL; for RO_CLEANUP. */
void ro_folder_close(DIR **folder);

#endif

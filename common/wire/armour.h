/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Small files that people carry: a first line that says what it is
 * ("reachout invitation 1"), then base64 in lines of 76.
 */
#ifndef RO_WIRE_ARMOUR_H
#define RO_WIRE_ARMOUR_H

#include "common/base/bytes.h"
#include "common/base/file.h"
#include "common/base/status.h"

/* Bytes in one such file, before base64. A "proposal" may be larger: it
 * carries a whole register. */
#define RO_ARMOUR_LIMIT ((size_t)64 * 1024)
#define RO_ARMOUR_PROPOSAL_LIMIT ((size_t)16 * 1024 * 1024)
/* Letters of the name of a kind of file. */
#define RO_ARMOUR_NAME_MAX 32
/* A request to be admitted, on its way to an authority that is never online. */
#define RO_ENROL_FILE "enrolment"

/* Writes `bytes` to `path` under the name `what`, lower-case letters and
 * hyphens ("invitation", "authority-public", "broker-public", "door-key",
 * "key", "proposal", RO_ENROL_FILE). RO_TOO_LARGE, RO_IO_FAILED. */
RO_MUST_USE enum ro_status ro_armour_write(const char *path,
                                           const char *what,
                                           struct ro_bytes bytes,
                                           enum ro_file_mode mode,
                                           struct ro_why *why);

/* Reads a file that must be a `what` into `ret_bytes` (cleared first), which
 * the caller wipes if it holds a secret. Line ends of both kinds and blank
 * lines at the end are fine: such files travel by mail. RO_BAD_INPUT names
 * what it is instead; RO_NOT_FOUND, RO_TOO_LARGE, RO_IO_FAILED. */
RO_MUST_USE enum ro_status ro_armour_read(const char *path,
                                          const char *what,
                                          struct ro_why *why,
                                          struct ro_buf *ret_bytes);

/* Says what a file is by its first line: its name, terminated. RO_BAD_INPUT
 * for what is no such file; RO_NOT_FOUND, RO_TOO_LARGE, RO_IO_FAILED. */
RO_MUST_USE enum ro_status
ro_armour_kind(const char *path,
               struct ro_why *why,
               char ret_name[static RO_ARMOUR_NAME_MAX + 1]);

#endif

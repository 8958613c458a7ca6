/* SPDX-License-Identifier: Apache-2.0 */
/* Inside client/authority: the log as it is known here. */
#ifndef CLIENT_AUTHORITY_LOG_H
#define CLIENT_AUTHORITY_LOG_H

#include "client/authority/inside.h"

#define AUTHORITY_LOG_FILE "directory.log"
#define AUTHORITY_LOG_LIMIT ((size_t)256 * 1024 * 1024)

/* Reads the cache; one that does not lead to the pin is left out. */
RO_MUST_USE enum ro_status authority_log_load(struct authority *authority,
                                              struct ro_why *why);

/* Whether the log leads to the pin. RO_ROLLED_BACK, RO_FORKED. */
RO_MUST_USE enum ro_status
authority_log_check_pin(const struct authority *authority);

/* What is done with one record, a view into the log. */
typedef void authority_record_fn(struct ro_bytes record, void *user);

/* Does it with every record of the log as it is known here, in its order. */
void authority_log_each(const struct authority *authority,
                        authority_record_fn *record,
                        void *user);

/* Whether this folder never talked to a broker and knows the directory all the
 * same: it was brought here, and others publish. */
bool authority_is_apart(const struct authority *authority);

/* RO_REFUSED, and `why` says how to publish the charter that is lacking, or how
 * a folder that is apart goes on. */
enum ro_status authority_lacks_charter(const struct authority *authority,
                                       struct ro_why *why);

/* Whether there is a charter; RO_REFUSED says what to do. */
RO_MUST_USE enum ro_status
authority_log_ready(const struct authority *authority, struct ro_why *why);

/* The newest record of a kind and its number from 1. RO_NOT_FOUND. */
RO_MUST_USE enum ro_status
authority_log_newest(const struct authority *authority,
                     Reachout__Signed__Kind kind,
                     struct ro_bytes *ret_record,
                     uint64_t *ret_number);

/* Whether that very record is in the log as we have it. */
bool authority_log_has(const struct authority *authority,
                       struct ro_bytes record);

/* The serial of our next record. */
uint64_t authority_log_serial(const struct authority *authority);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* reachoutd.conf: read, checked whole, and written. config.def has the keys. */
#ifndef DAEMON_CONFIG_H
#define DAEMON_CONFIG_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/status.h"

#include <stdint.h>

/* The largest frame, which the protocol fixes and no key changes. */
#define CONFIG_FRAME_BYTES_MAX ((size_t)96 * 1024)

/* One field a key; texts are owned, and paths are absolute. */
struct config {
#define HEADING(words_)
#define TEXT(name_, kind_, usual_, comment_) char *name_;
#define NUMBER(name_, usual_, min_, max_, comment_) uint32_t name_;
#define AREAS(name_, comment_) uint32_t name_; /* as ro_log_trace_set takes */
#include "daemon/config.def"
#undef HEADING
#undef TEXT
#undef NUMBER
#undef AREAS
};

/* Reads a file; keys that it lacks have their usual value. Every mistake is
 * appended to `errors` as "file:line: key: reason", a line each, and then
 * there is no configuration: RO_BAD_CONFIG, also for a file that cannot be
 * read. RO_NO_MEMORY. The caller frees what it gets. */
RO_MUST_USE enum ro_status config_load(const char *path,
                                       struct ro_buf *errors,
                                       struct config **ret_config);

/* The same for a text in memory; `name` stands for its file. */
RO_MUST_USE enum ro_status config_parse(const char *name,
                                        struct ro_bytes text,
                                        struct ro_buf *errors,
                                        struct config **ret_config);

/* Releases it; accepts NULL. */
void config_free(struct config *config);
RO_DEFINE_AUTO(config, config_free)

/* Appends a complete, commented reachoutd.conf with these values, which reads
 * back the same. A failure stays in `out`. */
void config_print(const struct config *config, struct ro_buf *out);

/* Appends the reachoutd.conf of a new broker: its folder (absolute) and its
 * two endpoints, everything else as usual. RO_BAD_CONFIG: `why` (may be NULL)
 * says which of the three cannot be. RO_NO_MEMORY. */
RO_MUST_USE enum ro_status config_init_text(const char *data_dir,
                                            const char *member_endpoint,
                                            const char *open_endpoint,
                                            struct ro_why *why,
                                            struct ro_buf *ret_text);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* A circle with a real broker on loopback. The path of reachoutd is a test's
 * first argument, that of the source tree its second. */
#ifndef TESTS_UNIT_AUTHORITY_RIG_H
#define TESTS_UNIT_AUTHORITY_RIG_H

#include "tests/unit/authority/test_authority_support.h"

#include <sys/types.h>

/* Where the source tree is. */
extern const char *rig_root_path;

/* How far the authority's wall clock is ahead of the machine's. */
extern int64_t rig_ahead_s;

struct rig {
    struct circle circle;
    char broker_dir[200];
    pid_t pid; /* of the broker; 0: it does not run */
};

/* Takes the arguments of main. */
void rig_setup(int argc, char **argv);

/* A founded circle and a running broker, before the charter. */
void rig_make(struct rig *rig);

/* The same with the charter and the invented schools. */
void rig_make_listed(struct rig *rig);
void rig_fini(struct rig *rig);

/* A broker's folder; starting and killing ours. */
void rig_make_broker(struct rig *rig, const char *dir);
void rig_start(struct rig *rig);
void rig_stop(struct rig *rig);

/* Makes the folder `to` what `from` is. */
void rig_copy(const char *from, const char *to);

/* Drops the connection, so that the next ask makes a new one. */
void rig_unlink(struct rig *rig);

/* What the authority does, told when it fails. */
enum ro_status
rig_charter(struct rig *rig, const char *broker_dir, uint64_t *ret_record);
size_t rig_import(struct rig *rig, const char *name);
enum ro_status rig_sync(struct rig *rig);

/* Lists one school, with the next serial as the authority knows it. */
enum ro_status
rig_list(struct authority *authority, uint32_t urn, struct ro_why *why);

/* Hands a request in, as its client does. */
enum ro_status rig_enrol(struct rig *rig, const struct joiner *joiner);

/* Records that the authority has; its time. */
uint64_t rig_log_size(const struct rig *rig);
int64_t rig_now_s(void);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's files of keys: what it must know and be before it can start. */
#ifndef DAEMON_KEYS_H
#define DAEMON_KEYS_H

#include "common/base/auto.h"
#include "common/base/bytes.h"
#include "common/base/status.h"
#include "common/crypto/sign.h"
#include "common/wire/directory.h"
#include "daemon/pipeline/broker.h"

/* Everything of them. */
struct keys {
    struct ro_root root;      /* authority.pub */
    struct broker_door door;  /* door.key */
    struct ro_keypair *curve; /* used in its X25519 form */
    struct ro_keypair *signing;
};

/* Where they are. */
struct keys_paths {
    const char *authority;
    const char *door;
    const char *curve;
    const char *signing;
};

/* Reads authority.pub. RO_BAD_INPUT, RO_NOT_FOUND, RO_IO_FAILED; `why` names
 * the file. */
RO_MUST_USE enum ro_status keys_read_authority(const char *path,
                                               struct ro_why *why,
                                               struct ro_root *ret_root);

/* Reads door.key, and checks that it is of the circle of `root` (may be NULL).
 * Outcomes as above; RO_BAD_INPUT also when others than its owner have rights
 * on it, as with the other secret files. The caller wipes it. */
RO_MUST_USE enum ro_status keys_read_door(const char *path,
                                          const struct ro_root *root,
                                          struct ro_why *why,
                                          struct broker_door *ret_door);

/* Reads them all; what is wrong with each is appended to `errors`, a line
 * each, and then there are none: RO_BAD_CONFIG, RO_NO_MEMORY. */
RO_MUST_USE enum ro_status keys_load(const struct keys_paths *paths,
                                     struct ro_buf *errors,
                                     struct keys **ret_keys);

/* Wipes and releases; accepts NULL. */
void keys_free(struct keys *keys);
RO_DEFINE_AUTO(keys, keys_free)

/* Writes the seed of a pair into a new secret file. RO_IO_FAILED. */
RO_MUST_USE enum ro_status keys_write_pair(const char *path,
                                           const struct ro_keypair *pair,
                                           struct ro_why *why);

#endif

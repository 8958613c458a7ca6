/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Who may shake hands at which door (ZAP, ZeroMQ RFC 27). A thread of its own
 * answers from memory, so that no handshake waits for the store or for a turn:
 * at the member door the CURVE key must be a live seat's, at the open door any
 * key will do. The answer's user id is the key in hex; libzmq puts it on every
 * message of that connection.
 */
#ifndef DAEMON_NET_ZAP_H
#define DAEMON_NET_ZAP_H

#include "common/base/auto.h"
#include "common/base/ids.h"
#include "common/base/status.h"

#include <stddef.h>

#define ZAP_DOMAIN_MEMBER "member"
#define ZAP_DOMAIN_OPEN "open"

struct zap;

/* Starts answering in this ZeroMQ context, with no members yet; before any
 * door is bound. RO_IO_FAILED with `why`. */
RO_MUST_USE enum ro_status
zap_start(void *context, struct ro_why *why, struct zap **ret_zap);

/* Stops the thread and releases it; accepts NULL. */
void zap_free(struct zap *zap);
RO_DEFINE_AUTO(zap, zap_free)

/* From now on these keys, and no others, pass the member door. The keys are
 * copied. Connections that exist stay. RO_NO_MEMORY: the old list holds. */
RO_MUST_USE enum ro_status
zap_set_members(struct zap *zap, const struct ro_key *keys, size_t n_keys);

#endif

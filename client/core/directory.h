/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The circle's directory at a client: the log replayed and kept, the notices,
 * the checkpoint; rollback, fork, freeze, a wrong signer and a returning key
 * are alarms, each with its own outcome, and nothing is sent after one.
 */
#ifndef CLIENT_CORE_DIRECTORY_H
#define CLIENT_CORE_DIRECTORY_H

#include "client/core/engine.h"

/* Replays what the vault holds. RO_VAULT_DAMAGED. */
RO_MUST_USE enum ro_status directory_load(struct engine *engine,
                                          struct ro_why *why);

/* Fetches what is new, waiting `wait_ms` for each answer, and verifies it, in
 * one commit: what ends in an alarm leaves log, notices and checkpoint as they
 * were, so that a broker that is put right again finds us where we agreed last;
 * what was cut off by RO_UNREACHABLE is kept as far as it came. Outcomes:
 * RO_UNREACHABLE, RO_WRONG_BROKER, RO_BAD_RECORD, and the alarms
 * RO_ROLLED_BACK, RO_FORKED (also one that a message has proven, witness.h),
 * RO_FROZEN, RO_NO_RIGHT, RO_KEY_REUSED, RO_BAD_SIGNATURE. */
RO_MUST_USE enum ro_status
directory_sync(struct engine *engine, int64_t wait_ms, struct ro_why *why);

/* The key that signs checkpoints: of the charter, before it of the
 * invitation. */
const struct ro_key *directory_broker_signing(const struct engine *engine);

#endif

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

/* Fetches what is new until `deadline_ms`, verifies and keeps it. Outcomes:
 * RO_UNREACHABLE, RO_WRONG_BROKER, and the alarms RO_ROLLED_BACK, RO_FORKED,
 * RO_FROZEN, RO_NO_RIGHT, RO_KEY_REUSED, RO_BAD_SIGNATURE. */
RO_MUST_USE enum ro_status directory_sync(struct engine *engine,
                                          int64_t deadline_ms,
                                          struct ro_why *why);

/* Holds a checkpoint that came inside a sealed message against ours: RO_FORKED
 * when both are signed and differ; unsigned ones raise nothing (RO_OK). */
RO_MUST_USE enum ro_status directory_compare(struct engine *engine,
                                             struct ro_bytes checkpoint,
                                             struct ro_why *why);

#endif

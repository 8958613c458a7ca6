/* SPDX-License-Identifier: Apache-2.0 */
/*
 * What the directory log, the notices and the newest checkpoint say, in
 * memory: the last commit's, and on top what the open turn has added. When a
 * turn is rolled back it is read from the store again.
 */
#ifndef DAEMON_PIPELINE_LEDGER_H
#define DAEMON_PIPELINE_LEDGER_H

#include "common/wire/directory.h"
#include "common/wire/notices.h"
#include "daemon/store/store.h"

/* Zero-initialise it, set `store` and `root`. */
struct ledger {
    struct store *store;
    struct ro_root root;
    struct ro_directory *directory;
    struct ro_notices *notices;
    uint32_t generation;      /* of the PSK, as the charter names it */
    uint32_t generation_day;  /* on which a charter first did */
    uint64_t newest;          /* notice's cursor */
    uint32_t slot;            /* of the newest checkpoint; 0: none yet */
    uint64_t covered;         /* cursor up to which it covers notices */
    struct ro_buf checkpoint; /* a Signed; empty: none to show */
};

/* Releases what it holds. */
void ledger_fini(struct ledger *ledger);

/* Reads it from the store at the start. Records under the newest checkpoint
 * are held against its head; the others have their signatures checked. A
 * checkpoint of another broker key is not shown. RO_STORE_BROKEN with `why`,
 * RO_NO_MEMORY. */
RO_MUST_USE enum ro_status ledger_open(struct ledger *ledger,
                                       const struct ro_key *signing,
                                       struct ro_why *why);

/* Looks at the charter after a record of that day: since when is the PSK's
 * generation what it is? */
void ledger_look(struct ledger *ledger, uint32_t day);

/* Whether a member's records that are no longer there count against the day's
 * quota: for what is undone by the member's doing, not by ours. */
enum ledger_quota { LEDGER_FORGETS, LEDGER_REMEMBERS };

/* Reads it again, within a turn or between two; what the store has was checked
 * when it came. RO_STORE_BROKEN, RO_NO_MEMORY: as it was before. */
RO_MUST_USE enum ro_status ledger_again(struct ledger *ledger,
                                        enum ledger_quota quota);

#endif

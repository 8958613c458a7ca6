/* SPDX-License-Identifier: Apache-2.0 */
/* The live seats' CURVE keys, for ZAP, and who loses his place with them. */
#ifndef DAEMON_PIPELINE_MEMBERS_H
#define DAEMON_PIPELINE_MEMBERS_H

#include "common/base/ids.h"

#include <stdbool.h>
#include <stddef.h>

struct broker;

/* Zero-initialise it. */
struct members {
    struct ro_key *keys;
    size_t n;
    uint64_t version; /* changes whenever the list does */
    bool stale;       /* the directory has changed since */
};

/* Releases its memory. */
void members_fini(struct members *members);

/* After a commit that changed the directory: makes the list anew, closes the
 * sessions of seats that are no longer live, takes their mailboxes away. */
void members_refresh(struct broker *broker);

/* Whether a mailbox is a live seat's. */
bool members_is_live(const struct broker *broker,
                     const struct ro_seat_id *mailbox);

#endif

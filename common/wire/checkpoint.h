/* SPDX-License-Identifier: Apache-2.0 */
/* The broker's hourly signature over the log and the notices. */
#ifndef RO_WIRE_CHECKPOINT_H
#define RO_WIRE_CHECKPOINT_H

#include "common/crypto/sign.h"
#include "common/wire/directory.h"

#define RO_CHECKPOINT_LIMIT 512
#define RO_FREEZE_HOURS 48

/* A checkpoint taken apart. */
struct ro_checkpoint {
    struct ro_circle_id circle;
    uint32_t slot; /* UTC hour number */
    uint64_t size;
    struct ro_hash head;
    struct ro_hash notices;
};

/* Signs one and appends the Signed to `out`. */
RO_MUST_USE enum ro_status ro_checkpoint_sign(const struct ro_checkpoint *point,
                                              const struct ro_keypair *broker,
                                              struct ro_buf *out);

/* Takes one apart and checks the broker's signature and the circle.
 * RO_BAD_RECORD, RO_BAD_SIGNATURE. */
RO_MUST_USE enum ro_status
ro_checkpoint_open(struct ro_bytes raw,
                   const struct ro_circle_id *circle,
                   const struct ro_key *broker_signing,
                   struct ro_checkpoint *ret_point);

/* Holds a checkpoint against our own log: RO_OK when it agrees or speaks of
 * records that we do not have yet, RO_FORKED when head(size) differs. */
RO_MUST_USE enum ro_status
ro_checkpoint_agrees(const struct ro_checkpoint *point,
                     const struct ro_directory *directory);

/* Holds two signed checkpoints of one circle against each other: RO_FORKED
 * when they are of one slot and differ, or of one size with two heads, else
 * RO_OK. */
RO_MUST_USE enum ro_status ro_checkpoint_compare(const struct ro_checkpoint *a,
                                                 const struct ro_checkpoint *b);

#endif

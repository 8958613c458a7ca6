/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Sequence numbers, one row for each (thread, peer seat) and direction: what
 * we gave last, and what we have of theirs, so that a gap is noticed.
 */
#ifndef CLIENT_CORE_SEQUENCE_H
#define CLIENT_CORE_SEQUENCE_H

#include "client/core/vault.h"
#include "common/base/ids.h"

/* Gaps remembered for one peer; older ones are given up. */
#define SEQUENCE_GAPS_MAX 64

/* The next number for a wrap to `seat`, from 1 on; inside a commit. */
RO_MUST_USE enum ro_status sequence_next(struct vault *vault,
                                         const struct ro_thread_id *thread,
                                         const struct ro_seat_id *seat,
                                         uint64_t *ret_sequence);

/* Takes a received number, inside a commit. RO_OK when it is new, with gaps
 * below it remembered; RO_MISBOUND when it was used before. */
RO_MUST_USE enum ro_status sequence_take(struct vault *vault,
                                         const struct ro_thread_id *thread,
                                         const struct ro_seat_id *seat,
                                         uint64_t sequence);

/* The same where only a number that is missing may be taken; no other leaves a
 * trace. */
RO_MUST_USE enum ro_status sequence_fill(struct vault *vault,
                                         const struct ro_thread_id *thread,
                                         const struct ro_seat_id *seat,
                                         uint64_t sequence);

/* A peer from whom something is missing. */
struct sequence_gap {
    struct ro_thread_id thread;
    struct ro_seat_id seat;
    uint64_t from; /* the lowest missing */
    uint64_t to;   /* the highest missing */
    int64_t asked_s;
    uint32_t n_asked; /* how often, since something new is missing */
    size_t n_missing;
};

/* Appends all gaps to a malloc'd array for the caller to free. */
RO_MUST_USE enum ro_status sequence_gaps(struct vault *vault,
                                         struct sequence_gap **ret_gaps,
                                         size_t *ret_n);

/* Remembers that a gap was asked for at `now_s`, inside a commit. */
RO_MUST_USE enum ro_status sequence_asked(struct vault *vault,
                                          const struct sequence_gap *gap,
                                          int64_t now_s);

#endif

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Memory that runs out when a test says so, for the thread that says it: what
 * we allocate, what SQLite allocates for us, libsodium's guarded memory, and
 * what protobuf-c unpacks (into our arenas). Link with scarce, or with
 * scarce_all for the libraries, and then call scarce_sqlite before all else.
 *
 *     for (long n = 0; scarce_begin(n); n++)
 *         ... must fail in good order, and leak nothing ...
 *
 * The walk ends when the work got by without the allocation that would fail.
 * libzmq is left alone: it ends the process when it has no memory.
 */
#ifndef TESTS_SUPPORT_SCARCE_H
#define TESTS_SUPPORT_SCARCE_H

#include <stdbool.h>

/* The next work may have n allocations, then one fails. False when the work
 * before did not come to the one that would have failed. */
bool scarce_begin(long n);

/* The work is over; what follows has all memory. Whether one failed. */
bool scarce_end(void);

/* For walks of more than one piece of work: n allocations, then `many` of them
 * fail (SCARCE_REST: all that follow). */
#define SCARCE_REST (-1L)
void scarce_set(long n, long many);

/* What happens in between is not of the walk: it has all memory, and is not
 * counted. */
void scarce_pause(void);
void scarce_resume(void);

/* How far apart the places are that a walk tries: 1 with RO_OOM=all or
 * RO_PROVE=1, what RO_OOM says, or `quick`. */
long scarce_step(long quick);

/* Has SQLite ask us. */
void scarce_sqlite(void);

/* Whether the next allocation fails; counts it. For other ways to memory. */
bool scarce_fails(void);

#endif

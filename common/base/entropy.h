/* SPDX-License-Identifier: Apache-2.0 */
/* Randomness is a parameter; production uses the kernel's. */
#ifndef RO_BASE_ENTROPY_H
#define RO_BASE_ENTROPY_H

#include <stddef.h>
#include <stdint.h>

/* A source of random bytes; must be callable from any thread. */
struct ro_entropy {
    void (*fill)(void *user, uint8_t *out, size_t size);
    void *user;
};

/* getrandom(2). Aborts if the kernel has none to give. */
struct ro_entropy ro_entropy_system(void);

/* A repeatable stream for tests; not secret, not for release paths. */
struct ro_entropy_seeded {
    uint64_t state;
};

/* A source that draws from `seeded`, which must outlive it and keeps where
 * the stream stands. */
struct ro_entropy ro_entropy_of(struct ro_entropy_seeded *seeded);

/* Fills `out`. */
void
ro_entropy_fill(const struct ro_entropy *entropy, uint8_t *out, size_t size);

/* A number below `limit` (which is not 0), without bias. */
uint64_t ro_entropy_below(const struct ro_entropy *entropy, uint64_t limit);

#endif

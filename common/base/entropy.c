/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/entropy.h"

#include <assert.h>
#include <errno.h>
#include <stdlib.h>
#include <sys/random.h>

static void
fill_system(void *user, uint8_t *out, size_t size)
{
    (void)user;
    while (size > 0) {
        ssize_t n = getrandom(out, size, 0);
        if (n < 0 && errno == EINTR)
            continue;
        /* without randomness nothing that follows would be safe */
        if (n <= 0)
            abort();
        out += n;
        size -= (size_t)n;
    }
}

struct ro_entropy
ro_entropy_system(void)
{
    return (struct ro_entropy){.fill = fill_system};
}

/* SplitMix64: a counter and a mixer, so that threads can share the counter. */
static uint64_t
next_seeded(struct ro_entropy_seeded *seeded)
{
    const uint64_t step = UINT64_C(0x9E3779B97F4A7C15);
    uint64_t z = __atomic_add_fetch(&seeded->state, step, __ATOMIC_RELAXED);
    z = (z ^ (z >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    z = (z ^ (z >> 27)) * UINT64_C(0x94D049BB133111EB);
    return z ^ (z >> 31);
}

static void
fill_seeded(void *user, uint8_t *out, size_t size)
{
    struct ro_entropy_seeded *seeded = user;
    uint64_t word = 0;
    for (size_t i = 0; i < size; i++) {
        if (i % 8 == 0)
            word = next_seeded(seeded);
        out[i] = (uint8_t)(word >> 8 * (i % 8));
    }
}

struct ro_entropy
ro_entropy_of(struct ro_entropy_seeded *seeded)
{
    return (struct ro_entropy){.fill = fill_seeded, .user = seeded};
}

void
ro_entropy_fill(const struct ro_entropy *entropy, uint8_t *out, size_t size)
{
    entropy->fill(entropy->user, out, size);
}

uint64_t
ro_entropy_below(const struct ro_entropy *entropy, uint64_t limit)
{
    assert(limit != 0);
    /* 2^64 mod limit: draws below it would favour small numbers */
    const uint64_t unfair = (0 - limit) % limit;
    uint64_t draw;
    do {
        uint8_t b[sizeof(draw)];
        ro_entropy_fill(entropy, b, sizeof(b));
        draw = 0;
        for (size_t i = 0; i < sizeof(b); i++)
            draw = draw << 8 | b[i];
    } while (draw < unfair);
    return draw % limit;
}

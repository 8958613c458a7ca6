/* SPDX-License-Identifier: Apache-2.0 */
#include "common/base/auto.h"
#include "common/base/entropy.h"
#include "tests/support/tap.h"

static void
test_system(void)
{
    struct ro_entropy entropy = ro_entropy_system();
    uint8_t a[64] = {0};
    uint8_t b[64] = {0};
    ro_entropy_fill(&entropy, a, sizeof(a));
    ro_entropy_fill(&entropy, b, sizeof(b));
    tap_ok(memcmp(a, b, sizeof(a)) != 0);
    size_t zeros = 0;
    for (size_t i = 0; i < sizeof(a); i++)
        zeros += a[i] == 0;
    tap_say(zeros < 16, "the whole of it is filled");
    ro_entropy_fill(&entropy, a, 0);
}

static void
test_seeded_repeats(void)
{
    struct ro_entropy_seeded one = {42};
    struct ro_entropy_seeded same = {42};
    struct ro_entropy_seeded other = {43};
    struct ro_entropy e_one = ro_entropy_of(&one);
    struct ro_entropy e_same = ro_entropy_of(&same);
    struct ro_entropy e_other = ro_entropy_of(&other);
    uint8_t a[33], b[33], c[33];
    ro_entropy_fill(&e_one, a, sizeof(a));
    ro_entropy_fill(&e_same, b, sizeof(b));
    ro_entropy_fill(&e_other, c, sizeof(c));
    tap_ok(memcmp(a, b, sizeof(a)) == 0);
    tap_ok(memcmp(a, c, sizeof(a)) != 0);
    ro_entropy_fill(&e_one, b, sizeof(b));
    tap_ok(memcmp(a, b, sizeof(a)) != 0);
}

/* Gives the bytes of a script, big-endian words one after the other. */
struct script {
    const uint64_t *words;
    size_t next;
};

static void
fill_script(void *user, uint8_t *out, size_t size)
{
    struct script *script = user;
    uint64_t word = script->words[script->next++];
    for (size_t i = 0; i < size; i++)
        out[i] = (uint8_t)(word >> 8 * (size - 1 - i));
}

static void
test_below_draws_again(void)
{
    /* 2^64 mod 10 is 6: draws 0 to 5 would favour 0 to 5 */
    static const uint64_t words[] = {0, 5, 6, 15};
    struct script script = {words, 0};
    struct ro_entropy entropy = {fill_script, &script};
    tap_ok(ro_entropy_below(&entropy, 10) == 6);
    tap_say(script.next == 3, "two draws were unfair");
    tap_ok(ro_entropy_below(&entropy, 10) == 5);
}

static void
test_below_stays_below(void)
{
    struct ro_entropy_seeded seeded = {7};
    struct ro_entropy entropy = ro_entropy_of(&seeded);
    size_t seen[6] = {0};
    bool below = true;
    for (size_t i = 0; i < 6000; i++) {
        uint64_t n = ro_entropy_below(&entropy, 6);
        below = below && n < 6;
        seen[n % 6]++;
    }
    tap_say(below, "all draws are below the limit");
    bool even = true;
    for (size_t i = 0; i < RO_LEN(seen); i++)
        even = even && seen[i] > 850 && seen[i] < 1150;
    tap_say(even, "each number comes about as often");
    tap_ok(ro_entropy_below(&entropy, 1) == 0);
    tap_ok(ro_entropy_below(&entropy, UINT64_MAX) < UINT64_MAX);
}

int
main(void)
{
    tap_run(test_system);
    tap_run(test_seeded_repeats);
    tap_run(test_below_draws_again);
    tap_run(test_below_stays_below);
    return tap_done();
}

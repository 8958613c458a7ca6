/* SPDX-License-Identifier: Apache-2.0 */
/* A directory of the size that DESIGN section 10 plans for. */
#include <time.h>

#include "tests/support/circle.h"
#include "tests/support/tap.h"

#define LISTINGS 25000
#define SECONDS_MAX 20 /* it takes about one; under sanitizers some */

static double
seconds(void)
{
    struct timespec now;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
    return (double)now.tv_sec + (double)now.tv_nsec / 1e9;
}

static void
test_register(void)
{
    struct test_circle *circle = test_circle_new(70);
    double before = seconds();
    test_circle_charter(circle);
    test_circle_list(circle, 100000, LISTINGS);
    double added = seconds();
    size_t wrong = 0;
    for (uint32_t urn = 100000; urn < 100000 + LISTINGS; urn++) {
        const struct ro_listing_view *listing =
            ro_directory_listing(circle->directory, urn);
        wrong += listing == NULL || listing->urn != urn;
    }
    tap_ok(wrong == 0);
    tap_ok(ro_directory_listing(circle->directory, 99999) == NULL);
    tap_ok(ro_directory_nth_listing(circle->directory, LISTINGS) == NULL);
    tap_ok(added - before < SECONDS_MAX);
    printf("# %d listings in %.2f s\n", LISTINGS, added - before);
    /* all of them again: no row more */
    test_circle_list(circle, 100000, LISTINGS);
    tap_ok(ro_directory_nth_listing(circle->directory, LISTINGS) == NULL);
    test_circle_free(circle);
}

/* As many rows as always unpack in one block, with all their texts. */
static void
test_full_block(void)
{
    struct test_circle *circle = test_circle_new(71);
    static Reachout__Listing rows[RO_LISTINGS_A_BLOCK];
    static Reachout__Listing *pointers[RO_LISTINGS_A_BLOCK];
    static char letter[] = "x";
    RO_AUTOBUF raw = {0};
    test_circle_charter(circle);
    for (uint32_t i = 0; i < RO_LISTINGS_A_BLOCK; i++) {
        char name[32];
        test_listing_init(circle, 100000 + i, name, &rows[i]);
        rows[i].name = rows[i].phase = rows[i].type = letter;
        rows[i].la_code = rows[i].la_name = rows[i].trust = letter;
        pointers[i] = &rows[i];
    }
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    block.has_circle = block.has_serial = 1;
    block.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    block.serial = 2;
    block.n_listings = RO_LISTINGS_A_BLOCK;
    block.listings = pointers;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &raw);
    tap_is(test_circle_add(circle, ro_buf_view(&raw), NULL), RO_OK);
    test_circle_free(circle);
}

int
main(void)
{
    tap_run(test_register);
    tap_run(test_full_block);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/* The register with every allocation failing once. */
#include "tests/support/scarce.h"

#include "client/authority/register.h"
#include "tests/support/tap.h"

static const char *root;

static void
test_file(const char *name, size_t rows)
{
    char path[512];
    bool is_fine = true;
    long n = 0;
    int retried = 0;
    snprintf(path, sizeof(path), "%s/tests/data/%s", root, name);
    for (; scarce_begin(n); n++) {
        struct register_list *list = NULL;
        struct ro_why why = {""};
        enum ro_status status = register_read(path, NULL, &why, &list);
        /* libcsv tries again with less, and says no more than that a cell
         * would not fit; so it can be read, or refused, but not by half */
        bool has_failed = scarce_end();
        is_fine &= status == RO_OK || (has_failed && status == RO_NO_MEMORY) ||
                   (has_failed && status == RO_BAD_INPUT);
        if (list != NULL)
            is_fine &= list->row_count + list->held_count == rows;
        retried += has_failed && list != NULL;
        is_fine &= (list != NULL) == (status == RO_OK);
        register_list_free(list);
    }
    printf("# %s: %ld allocations\n", name, n);
    tap_ok(is_fine && n > 5 && retried <= 2);
}

static void
test_reader(void)
{
    bool is_fine = true;
    for (long n = 0; scarce_begin(n); n++) {
        struct register_reader *reader = register_reader_new("999");
        is_fine &= (reader == NULL) == scarce_end();
        register_reader_free(reader);
    }
    tap_ok(is_fine);
}

int
main(int argc, char **argv)
{
    root = argc > 1 ? argv[1] : ".";
    tap_run(test_reader);
    test_file("cast.csv", 20);
    test_file("register/held.csv", 15);
    test_file("register/order.csv", 1);
    return tap_done();
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The register's links between schools: any bytes are read or refused, and
 * every URN then has a successor, none, or a reason; following always ends.
 */
#include "tests/fuzz/fuzz.h"

#include <stdio.h>
#include <stdlib.h>

#include "client/authority/register_links.h"
#include "tests/unit/store/folder.h"

static void
must(bool holds)
{
    if (!holds)
        abort();
}

static struct folder folder;
static char path[300];

static void
remove_folder(void)
{
    folder_remove(&folder);
}

static void
write_file(const uint8_t *data, size_t size)
{
    if (path[0] == '\0') {
        folder = folder_new();
        snprintf(path, sizeof(path), "%s/links.csv", folder.path);
        atexit(remove_folder);
    }
    FILE *file = fopen(path, "w");
    must(file != NULL);
    must(fwrite(data, 1, size, file) == size);
    must(fclose(file) == 0);
}

static void
follow(const struct register_links *links, uint32_t urn)
{
    struct ro_why why = {.text = ""};
    uint32_t successor = 0;
    enum ro_status s = register_links_follow(links, urn, &why, &successor);
    must(s == RO_OK || s == RO_NOT_FOUND || s == RO_REFUSED ||
         s == RO_BAD_INPUT);
    must(s != RO_OK || (successor != urn && successor != 0));
    must(s == RO_OK || s == RO_NOT_FOUND || why.text[0] != '\0');
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    RO_CLEANUP(register_links_freep) struct register_links *links = NULL;
    struct ro_why why = {.text = ""};
    write_file(data, size);
    enum ro_status s = register_links_read(path, &why, &links);
    must((s == RO_OK) == (links != NULL));
    if (s != RO_OK) {
        must(s == RO_BAD_INPUT || s == RO_TOO_LARGE);
        must(why.text[0] != '\0');
        return 0;
    }
    for (uint32_t urn = 900000; urn < 900032; urn++)
        follow(links, urn);
    follow(links, 0);
    follow(links, UINT32_MAX);
    return 0;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Which school follows which: chains, splits, circles, files that are none. */
#include "client/authority/register_links.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common/base/bytes.h"
#include "tests/support/tap.h"

static char path[] = "/tmp/links-XXXXXX";
static struct ro_why why;

static enum ro_status
read_text(const char *text, struct register_links **ret_links)
{
    tap_need(ro_file_write(path, ro_bytes_text(text), RO_FILE_PUBLIC, NULL) ==
             RO_OK);
    return register_links_read(path, &why, ret_links);
}

static enum ro_status
follow(const struct register_links *links, uint32_t urn, uint32_t *ret_urn)
{
    *ret_urn = 0;
    why.text[0] = '\0';
    return register_links_follow(links, urn, &why, ret_urn);
}

static void
test_chains(void)
{
    struct register_links *links = NULL;
    uint32_t urn;
    tap_is(read_text("\xEF\xBB\xBFLinkType,Other,LinkURN,URN\r\n"
                     "Successor,,200002,200001\r\n"
                     "\"Successor - merged\",\"a, b\",200003,200002\r\n"
                     "successor,,200003,200009\r\n"
                     "Successor,,200003,200009\r\n"
                     "Predecessor,,200007,200003\r\n"
                     "Successor,,200003,20000\r\n"
                     "Successor,,2000033,200020\r\n"
                     "Sixth Form Centre Link,,200003,200021\r\n"
                     "Successor - Split School,,200003,200030\r\n"
                     "Successor,,200003,200031\r\n"
                     "Successor,,200004,200031\r\n"
                     "Successor,,200031,200032\r\n"
                     "Successor,,200041,200040\r\n"
                     "Successor,,200042,200041\r\n"
                     "Successor,,200041,200042\r\n"
                     "Successor,,200050,200050\r\n",
                     &links),
           RO_OK);
    tap_ok(follow(links, 200001, &urn) == RO_OK && urn == 200003);
    tap_ok(follow(links, 200002, &urn) == RO_OK && urn == 200003);
    tap_ok(follow(links, 200009, &urn) == RO_OK && urn == 200003);
    tap_is(follow(links, 200003, &urn), RO_NOT_FOUND);
    tap_is(follow(links, 200020, &urn), RO_NOT_FOUND);
    tap_is(follow(links, 200021, &urn), RO_NOT_FOUND);
    tap_is(follow(links, 200030, &urn), RO_REFUSED);
    tap_is(follow(links, 200031, &urn), RO_REFUSED);
    tap_ok(strstr(why.text, "200003, 200004") != NULL);
    tap_is(follow(links, 200032, &urn), RO_REFUSED);
    tap_is(follow(links, 200040, &urn), RO_BAD_INPUT);
    tap_ok(strstr(why.text, "200041, 200042;") != NULL);
    tap_is(follow(links, 200050, &urn), RO_BAD_INPUT);
    register_links_free(links);
}

static void
test_refusals(void)
{
    struct register_links *links = NULL;
    tap_is(read_text("", &links), RO_BAD_INPUT);
    tap_is(read_text("URN,LinkURN\n200001,200002\n", &links), RO_BAD_INPUT);
    tap_is(read_text("URN,EstablishmentName\n", &links), RO_BAD_INPUT);
    tap_is(register_links_read("/nowhere/links.csv", &why, &links),
           RO_NOT_FOUND);
    tap_ok(links == NULL);
}

/* A part of the real one. */
static void
test_sample(const char *root)
{
    char sample[400];
    struct register_links *links = NULL;
    uint32_t urn;
    (void)snprintf(sample, sizeof(sample), "%s/tests/data/links.csv", root);
    tap_is(register_links_read(sample, &why, &links), RO_OK);
    tap_ok(follow(links, 100016, &urn) == RO_OK && urn == 132245);
    tap_ok(follow(links, 100012, &urn) == RO_OK && urn == 100021);
    register_links_free(links);
}

int
main(int argc, char **argv)
{
    tap_need(argc == 2);
    int fd = mkstemp(path);
    tap_need(fd >= 0);
    close(fd);
    tap_run(test_chains);
    tap_run(test_refusals);
    test_sample(argv[1]);
    unlink(path);
    return tap_done();
}

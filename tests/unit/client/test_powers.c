/* SPDX-License-Identifier: Apache-2.0 */
/* The pages say which seat may do what, as the code's own table has it.
 *
 *     client-powers PAGE... */
#include "client/core/opening.h"
#include "common/base/file.h"
#include "tests/support/tap.h"

#include <stdio.h>
#include <string.h>

#define PAGE_LIMIT (1024 * 1024)

/* The columns of the pages' table; what stands beside each other goes
 * together. */
static const struct {
    enum ro_purpose purpose;
    enum ro_purpose beside;
    const char *head;
    int width;
} columns[] = {
    {RO_PURPOSE_ASK,        RO_PURPOSE_ASK,        "ask",    5},
    {RO_PURPOSE_ANSWER,     RO_PURPOSE_ANSWER,     "answer", 8},
    {RO_PURPOSE_PASS,       RO_PURPOSE_PASS,       "pass",   6},
    {RO_PURPOSE_SAY,        RO_PURPOSE_CHUNK,      "say",    5},
    {RO_PURPOSE_INTRODUCED, RO_PURPOSE_NOT_CHOSEN, "accept", 8},
    {RO_PURPOSE_CLOSE,      RO_PURPOSE_CLOSED,     "close",  5},
};

static void
put_row(struct ro_buf *table, Reachout__Role role)
{
    ro_buf_printf(table, "%-13s", opening_role_name(role));
    for (size_t i = 0; i < RO_LEN(columns); i++) {
        bool last = i + 1 == RO_LEN(columns);
        const char *may = opening_may(role, columns[i].purpose) ? "yes" : "-";
        ro_buf_printf(table, "%-*s", last ? 0 : columns[i].width, may);
    }
    ro_buf_put_u8(table, '\n');
}

static void
make_table(struct ro_buf *table)
{
    ro_buf_printf(table, "%-13s", "seat");
    for (size_t i = 0; i < RO_LEN(columns); i++) {
        bool last = i + 1 == RO_LEN(columns);
        ro_buf_printf(table, "%-*s", last ? 0 : columns[i].width,
                      columns[i].head);
    }
    ro_buf_put_u8(table, '\n');
    for (int i = REACHOUT__ROLE__LEAD; i <= REACHOUT__ROLE__AUDITOR; i++)
        put_row(table, (Reachout__Role)i);
    ro_buf_put_u8(table, '\0');
}

static void
check_page(const char *path, const char *table)
{
    RO_AUTOBUF page = {0};
    struct ro_why why = {""};
    tap_need(ro_file_read(path, PAGE_LIMIT, &why, &page) == RO_OK);
    ro_buf_put_u8(&page, '\0');
    const char *name = strrchr(path, '/');
    if (!tap_say(strstr((const char *)page.data, table) != NULL,
                 name == NULL ? path : name + 1))
        printf("# it should say\n%s", table);
}

static void
check_pairs(void)
{
    bool same = true;
    for (int i = REACHOUT__ROLE__LEAD; i <= REACHOUT__ROLE__AUDITOR; i++) {
        for (size_t k = 0; k < RO_LEN(columns); k++) {
            same =
                same && opening_may((Reachout__Role)i, columns[k].purpose) ==
                            opening_may((Reachout__Role)i, columns[k].beside);
        }
    }
    tap_say(same, "what shares a column goes together");
}

int
main(int argc, char **argv)
{
    RO_AUTOBUF table = {0};
    make_table(&table);
    tap_need(ro_buf_ok(&table) == RO_OK);
    check_pairs();
    for (int i = 1; i < argc; i++)
        check_page(argv[i], (const char *)table.data);
    return tap_done();
}

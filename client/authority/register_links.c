/* SPDX-License-Identifier: Apache-2.0 */
#include "client/authority/register_links.h"

#include <csv.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "common/base/bytes.h"

#define BYTES_MAX ((size_t)64 * 1024 * 1024)
#define COLUMNS_MAX 100
#define CELL_MAX 64
#define FIRST_URN 100000
#define LAST_URN 999999
/* Schools that follow each other; real chains have up to five. */
#define CHAIN_MAX 32

enum column { COLUMN_URN, COLUMN_LINK_URN, COLUMN_TYPE, COLUMNS };

/* That a school has a successor, or several by a split. */
struct successor {
    uint32_t urn;
    uint32_t to;
    enum { GOES_ON, WAS_SPLIT } kind;
};

struct register_links {
    struct successor *rows; /* by URN, then by successor */
    size_t n;
};

/* A file being read. */
struct reading {
    struct register_links *links;
    size_t room;
    size_t column; /* of the next cell */
    bool has_header;
    size_t places[COLUMNS]; /* of the columns, from 1; 0: not seen */
    char cells[COLUMNS][CELL_MAX];
    enum ro_status status;
};

void
register_links_free(struct register_links *links)
{
    if (links == NULL)
        return;
    free(links->rows);
    free(links);
}

/* --- cells --------------------------------------------------------------- */

static void
read_header_cell(struct reading *reading, const char *name)
{
    static const char *const names[COLUMNS] = {
        [COLUMN_URN] = "URN",
        [COLUMN_LINK_URN] = "LinkURN",
        [COLUMN_TYPE] = "LinkType",
    };
    for (size_t i = 0; i < COLUMNS; i++) {
        if (strcasecmp(names[i], name) == 0 && reading->places[i] == 0)
            reading->places[i] = reading->column;
    }
}

static void
on_cell(void *data, size_t size, void *user)
{
    struct reading *reading = user;
    char text[CELL_MAX];
    if (reading->column++ >= COLUMNS_MAX)
        reading->status = RO_BAD_INPUT;
    if (reading->status != RO_OK)
        return;
    (void)snprintf(text, sizeof(text), "%.*s",
                   size < CELL_MAX ? (int)size : CELL_MAX - 1,
                   size > 0 ? (const char *)data : "");
    if (!reading->has_header) {
        read_header_cell(reading, text);
        return;
    }
    for (size_t i = 0; i < COLUMNS; i++) {
        if (reading->places[i] == reading->column)
            memcpy(reading->cells[i], text, sizeof(text));
    }
}

/* A URN of six digits, or 0. */
static uint32_t
urn_of(const char *text)
{
    size_t digits = strspn(text, "0123456789");
    if (digits != 6 || text[digits] != '\0')
        return 0;
    unsigned long urn = strtoul(text, NULL, 10);
    return urn >= FIRST_URN && urn <= LAST_URN ? (uint32_t)urn : 0;
}

static bool
is_successor(const char *type, struct successor *row)
{
    static const struct {
        const char *type;
        int is_split;
    } types[] = {
        {"Successor",                0},
        {"Successor - merged",       0},
        {"Successor - amalgamated",  0},
        {"Result of Amalgamation",   0},
        {"Successor - Split School", 1},
    };
    for (size_t i = 0; i < RO_LEN(types); i++) {
        if (strcasecmp(types[i].type, type) != 0)
            continue;
        row->kind = types[i].is_split ? WAS_SPLIT : GOES_ON;
        return true;
    }
    return false;
}

static enum ro_status
add_row(struct reading *reading, const struct successor *row)
{
    struct register_links *links = reading->links;
    if (links->n == reading->room) {
        size_t more = reading->room == 0 ? 1024 : reading->room * 2;
        struct successor *rows = reallocarray(links->rows, more, sizeof(*rows));
        if (rows == NULL)
            return RO_NO_MEMORY;
        links->rows = rows;
        reading->room = more;
    }
    links->rows[links->n++] = *row;
    return RO_OK;
}

static void
on_row(RO_UNUSED int end, void *user)
{
    struct reading *reading = user;
    struct successor row = {.urn = urn_of(reading->cells[COLUMN_URN]),
                            .to = urn_of(reading->cells[COLUMN_LINK_URN])};
    bool is_header = !reading->has_header;
    reading->column = 0;
    reading->has_header = true;
    for (size_t i = 0; is_header && i < COLUMNS; i++) {
        if (reading->places[i] == 0)
            reading->status = RO_BAD_INPUT;
    }
    if (!is_header && reading->status == RO_OK && row.urn != 0 && row.to != 0 &&
        is_successor(reading->cells[COLUMN_TYPE], &row))
        reading->status = add_row(reading, &row);
    memset(reading->cells, 0, sizeof(reading->cells));
}

/* --- the file ------------------------------------------------------------ */

static int
by_urn(const void *a, const void *b)
{
    const struct successor *x = a;
    const struct successor *y = b;
    if (x->urn != y->urn)
        return x->urn < y->urn ? -1 : 1;
    return x->to < y->to ? -1 : x->to > y->to;
}

static enum ro_status
parse(struct ro_bytes file, struct reading *reading)
{
    struct csv_parser csv;
    if (file.size >= 3 && memcmp(file.data, "\xEF\xBB\xBF", 3) == 0) {
        file.data += 3;
        file.size -= 3;
    }
    if (csv_init(&csv, 0) != 0)
        return RO_NO_MEMORY;
    size_t taken =
        csv_parse(&csv, file.data, file.size, on_cell, on_row, reading);
    int end = csv_fini(&csv, on_cell, on_row, reading);
    csv_free(&csv);
    if (taken != file.size || end != 0 || !reading->has_header)
        return RO_BAD_INPUT;
    return reading->status;
}

enum ro_status
register_links_read(const char *path,
                    struct ro_why *why,
                    struct register_links **ret_links)
{
    RO_AUTOBUF file = {0};
    RO_CLEANUP(register_links_freep)
    struct register_links *links = calloc(1, sizeof(*links));
    if (links == NULL)
        return RO_NO_MEMORY;
    struct reading reading = {.links = links};
    RO_TRY(ro_file_read(path, BYTES_MAX, why, &file));
    enum ro_status s = parse(ro_buf_view(&file), &reading);
    if (s == RO_BAD_INPUT) {
        return ro_why(why, s,
                      "%s: no export of links between schools: it needs the "
                      "columns URN, LinkURN and LinkType",
                      path);
    }
    RO_TRY(s);
    if (links->n > 0)
        qsort(links->rows, links->n, sizeof(*links->rows), by_urn);
    *ret_links = RO_STEAL(links);
    return RO_OK;
}

/* --- following ----------------------------------------------------------- */

static const struct successor *
find(const struct register_links *links, uint32_t urn)
{
    size_t from = 0;
    size_t to = links->n;
    while (from < to) {
        size_t middle = from + (to - from) / 2;
        if (links->rows[middle].urn < urn) {
            from = middle + 1;
        } else {
            to = middle;
        }
    }
    return from < links->n && links->rows[from].urn == urn ? &links->rows[from]
                                                           : NULL;
}

/* One school on: RO_NOT_FOUND at the end. */
static enum ro_status
step(const struct register_links *links,
     uint32_t urn,
     struct ro_why *why,
     uint32_t *ret_urn)
{
    const struct successor *row = find(links, urn);
    if (row == NULL)
        return RO_NOT_FOUND;
    const struct successor *end = links->rows + links->n;
    for (const struct successor *one = row; one < end && one->urn == urn;
         one++) {
        if (one->kind == WAS_SPLIT) {
            return ro_why(why, RO_REFUSED, "%u was split into several schools",
                          urn);
        }
        if (one->to != row->to) {
            return ro_why(why, RO_REFUSED, "%u has several successors: %u, %u",
                          urn, row->to, one->to);
        }
    }
    *ret_urn = row->to;
    return RO_OK;
}

static enum ro_status
tell_circle(const uint32_t *chain, size_t n, struct ro_why *why)
{
    char text[256] = "";
    size_t size = 0;
    for (size_t i = 0; i < n && size + 12 < sizeof(text); i++) {
        size += (size_t)snprintf(text + size, sizeof(text) - size, "%s%u",
                                 i == 0 ? "" : ", ", chain[i]);
    }
    return ro_why(why, RO_BAD_INPUT,
                  "the links go round in a circle: %s; nothing was moved",
                  text);
}

enum ro_status
register_links_follow(const struct register_links *links,
                      uint32_t urn,
                      struct ro_why *why,
                      uint32_t *ret_urn)
{
    uint32_t chain[CHAIN_MAX] = {urn};
    size_t n = 1;
    for (;;) {
        uint32_t next = 0;
        enum ro_status s = step(links, chain[n - 1], why, &next);
        if (s == RO_NOT_FOUND) {
            *ret_urn = chain[n - 1];
            return n > 1 ? RO_OK : RO_NOT_FOUND;
        }
        RO_TRY(s);
        for (size_t i = 0; i < n; i++) {
            if (chain[i] == next)
                return tell_circle(chain + i, n - i, why);
        }
        if (n == CHAIN_MAX)
            return tell_circle(chain, n, why);
        chain[n++] = next;
    }
}

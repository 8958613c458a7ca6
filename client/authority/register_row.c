/* SPDX-License-Identifier: Apache-2.0 */
#include "client/authority/register_row.h"

#include <string.h>
#include <strings.h>

#include "common/base/text.h"

/* The British National Grid, in metres. */
#define EASTING_MAX 700000
#define NORTHING_MAX 1300000
#define ROLL_MAX 20000

static const char *const column_names[] = {
    [COLUMN_URN] = "URN",
    [COLUMN_NAME] = "EstablishmentName",
    [COLUMN_LA_CODE] = "LA (code)",
    [COLUMN_LA_NAME] = "LA (name)",
    [COLUMN_STATUS] = "EstablishmentStatus (name)",
    [COLUMN_PHASE] = "PhaseOfEducation (name)",
    [COLUMN_TYPE] = "TypeOfEstablishment (name)",
    [COLUMN_TRUST] = "Trusts (name)",
    [COLUMN_EASTING] = "Easting",
    [COLUMN_NORTHING] = "Northing",
    [COLUMN_ROLL] = "NumberOfPupils",
};

const char *
register_column_name(enum register_column column)
{
    return column_names[column];
}

int
register_column_find(const char *name)
{
    for (int i = 0; i < REGISTER_COLUMNS; i++) {
        if (strcasecmp(column_names[i], name) == 0)
            return i;
    }
    return -1;
}

/* --- cells --------------------------------------------------------------- */

static bool
is_space(uint8_t byte)
{
    return byte == ' ' || byte == '\t' || byte == '\r' || byte == '\n';
}

/* How many bytes follow this one in UTF-8; -1 if none can begin with it. */
static int
count_following(uint8_t lead)
{
    if (lead < 0x80)
        return 0;
    if (lead < 0xC2 || lead > 0xF4)
        return -1;
    return lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : 1;
}

/* Whether bytes are UTF-8, whatever characters they stand for. */
static bool
is_utf8(struct ro_bytes text)
{
    int following = 0;
    for (size_t i = 0; i < text.size && following >= 0; i++) {
        if (following == 0) {
            following = count_following(text.data[i]);
        } else {
            following = (text.data[i] & 0xC0) == 0x80 ? following - 1 : -1;
        }
    }
    return following == 0;
}

/* Whether a C1 control stands here in UTF-8: those are characters of
 * Windows-1252 that somebody took for Latin-1. Real registers have some. */
static bool
is_mislabelled(struct ro_bytes text, size_t at)
{
    return text.data[at] == 0xC2 && at + 1 < text.size &&
           text.data[at + 1] >= 0x80 && text.data[at + 1] <= 0x9F;
}

/* One character of Windows-1252 as UTF-8. The five bytes that it leaves open
 * become controls, which no text may have. */
static void
put_windows_1252(uint8_t byte, struct ro_buf *out)
{
    static const uint16_t points[32] = {
        0x20AC, 0x0081, 0x201A, 0x0192, 0x201E, 0x2026, 0x2020, 0x2021,
        0x02C6, 0x2030, 0x0160, 0x2039, 0x0152, 0x008D, 0x017D, 0x008F,
        0x0090, 0x2018, 0x2019, 0x201C, 0x201D, 0x2022, 0x2013, 0x2014,
        0x02DC, 0x2122, 0x0161, 0x203A, 0x0153, 0x009D, 0x017E, 0x0178,
    };
    uint16_t point = byte;
    if (byte >= 0x80 && byte <= 0x9F)
        point = points[byte - 0x80];
    if (point < 0x80) {
        ro_buf_put_u8(out, (uint8_t)point);
    } else if (point < 0x800) {
        ro_buf_put_u8(out, (uint8_t)(0xC0 | point >> 6));
        ro_buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3F)));
    } else {
        ro_buf_put_u8(out, (uint8_t)(0xE0 | point >> 12));
        ro_buf_put_u8(out, (uint8_t)(0x80 | (point >> 6 & 0x3F)));
        ro_buf_put_u8(out, (uint8_t)(0x80 | (point & 0x3F)));
    }
}

void
register_cell_read(struct ro_bytes cell, struct ro_buf *out)
{
    ro_buf_clear(out);
    while (cell.size > 0 && is_space(cell.data[0])) {
        cell.data++;
        cell.size--;
    }
    while (cell.size > 0 && is_space(cell.data[cell.size - 1]))
        cell.size--;
    bool is_1252 = !is_utf8(cell);
    for (size_t i = 0; i < cell.size; i++) {
        if (is_1252 || is_mislabelled(cell, i)) {
            put_windows_1252(cell.data[is_1252 ? i : ++i], out);
        } else {
            ro_buf_put_u8(out, cell.data[i]);
        }
    }
    ro_buf_put_u8(out, '\0');
}

/* --- from cells to a school ---------------------------------------------- */

/* A number of digits only; the cell is not empty. */
static bool
read_number(const char *cell, uint32_t max, uint32_t *ret_number)
{
    uint32_t number = 0;
    for (; *cell != '\0'; cell++) {
        if (*cell < '0' || *cell > '9')
            return false;
        number = number * 10 + (uint32_t)(*cell - '0');
        if (number > max)
            return false;
    }
    *ret_number = number;
    return true;
}

static enum ro_status
read_urn(const char *cell, struct ro_why *why, uint32_t *ret_urn)
{
    uint32_t urn = 0;
    if (*cell == '\0')
        return ro_why(why, RO_REFUSED, "the URN is missing");
    if (strlen(cell) != 6 || !read_number(cell, 999999, &urn) || urn < 100000)
        return ro_why(why, RO_REFUSED, "a URN has six digits");
    *ret_urn = urn;
    return RO_OK;
}

static enum ro_status
check_status(const char *cell, struct ro_why *why)
{
    if (strcasecmp(cell, "Open") == 0 ||
        strcasecmp(cell, "Open, but proposed to close") == 0)
        return RO_OK;
    if (*cell == '\0')
        return ro_why(why, RO_REFUSED, "it does not say whether it is open");
    return ro_why(why, RO_REFUSED, "it is not open: %.80s", cell);
}

/* Blank, or one of the marks that the department puts where it does not tell
 * or does not know. */
static bool
is_unknown(const char *cell)
{
    static const char *const marks[] = {"",   "x",  "z",   "c",    "SUPP",
                                        "NE", "NA", "N/A", "NULL", "-"};
    for (size_t i = 0; i < RO_LEN(marks); i++) {
        if (strcasecmp(cell, marks[i]) == 0)
            return true;
    }
    return false;
}

static enum ro_status
read_position(const char *const cells[static REGISTER_COLUMNS],
              struct ro_why *why,
              struct register_row *row)
{
    const char *easting = cells[COLUMN_EASTING];
    const char *northing = cells[COLUMN_NORTHING];
    uint32_t x = 0;
    uint32_t y = 0;
    if (is_unknown(easting) || is_unknown(northing))
        return RO_OK;
    if (!read_number(easting, EASTING_MAX, &x) ||
        !read_number(northing, NORTHING_MAX, &y)) {
        return ro_why(why, RO_REFUSED,
                      "its position is not on the national grid: '%.20s', "
                      "'%.20s'",
                      easting, northing);
    }
    /* the grid's origin lies in the sea and stands for a blank */
    row->has_position = x != 0 || y != 0;
    row->easting = (int32_t)x;
    row->northing = (int32_t)y;
    return RO_OK;
}

static enum ro_status
read_roll(const char *cell, struct ro_why *why, struct register_row *row)
{
    if (is_unknown(cell))
        return RO_OK;
    if (!read_number(cell, ROLL_MAX, &row->roll)) {
        return ro_why(why, RO_REFUSED, "its number of pupils is none: '%.20s'",
                      cell);
    }
    row->has_roll = true;
    return RO_OK;
}

static enum ro_status
check_text(enum register_column column, const char *cell, struct ro_why *why)
{
    size_t limit =
        column == COLUMN_LA_CODE ? REGISTER_LA_CODE_MAX : REGISTER_TEXT_MAX;
    if (strlen(cell) > limit) {
        return ro_why(why, RO_REFUSED, "'%s' is longer than %zu bytes",
                      column_names[column], limit);
    }
    struct ro_why detail = {""};
    if (ro_text_check(ro_bytes_text(cell), RO_TEXT_LINE, limit, &detail) !=
        RO_OK) {
        return ro_why(why, RO_REFUSED, "'%s' cannot be read: %.120s",
                      column_names[column], detail.text);
    }
    return RO_OK;
}

enum ro_status
register_row_make(const char *const cells[static REGISTER_COLUMNS],
                  struct ro_arena *arena,
                  struct ro_why *why,
                  struct register_row *ret_row)
{
    struct register_row row = {0};
    struct {
        enum register_column column;
        const char **text;
    } texts[] = {
        {COLUMN_NAME,    &row.name   },
        {COLUMN_LA_CODE, &row.la_code},
        {COLUMN_LA_NAME, &row.la_name},
        {COLUMN_PHASE,   &row.phase  },
        {COLUMN_TYPE,    &row.type   },
        {COLUMN_TRUST,   &row.trust  },
    };
    RO_TRY(read_urn(cells[COLUMN_URN], why, &row.urn));
    if (cells[COLUMN_NAME][0] == '\0')
        return ro_why(why, RO_REFUSED, "its name is missing");
    for (size_t i = 0; i < RO_LEN(texts); i++)
        RO_TRY(check_text(texts[i].column, cells[texts[i].column], why));
    RO_TRY(read_position(cells, why, &row));
    RO_TRY(read_roll(cells[COLUMN_ROLL], why, &row));
    if (cells[COLUMN_STATUS] != NULL)
        RO_TRY(check_status(cells[COLUMN_STATUS], why));
    for (size_t i = 0; i < RO_LEN(texts); i++) {
        *texts[i].text = ro_arena_text(arena, cells[texts[i].column]);
        if (*texts[i].text == NULL)
            return RO_NO_MEMORY;
    }
    *ret_row = row;
    return RO_OK;
}

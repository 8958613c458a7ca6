/* SPDX-License-Identifier: Apache-2.0 */
#include "client/authority/register_intake.h"

#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <strings.h>

#include "client/authority/register_row.h"
#include "common/base/text.h"

#define COLUMNS_MAX 1000
/* Enough for the texts of REGISTER_ROWS_MAX rows. */
#define ARENA_BYTES ((size_t)512 * 1024 * 1024)
#define ARENA_PIECES ((size_t)REGISTER_ROWS_MAX * 8)
#define FIRST_URN 100000
#define URNS 900000

struct register_intake {
    struct register_list *list;
    size_t row_room;
    size_t held_room;
    char la_code[REGISTER_LA_CODE_MAX + 1]; /* empty: every LA */
    uint32_t *first_lines; /* by URN: the line that it was taken from */

    bool has_header;
    bool has_column[REGISTER_COLUMNS];
    size_t column_count;
    signed char wanted[COLUMNS_MAX]; /* the enum register_column, or -1 */
    struct ro_buf names; /* of columns, for the sentence that URN is missing */

    /* the row that is read */
    size_t column;      /* of the next cell */
    struct ro_buf cell; /* of the header */
    struct ro_buf cells[REGISTER_COLUMNS];
    uint32_t line;

    enum ro_status status; /* of the first failure */
    struct ro_why why;
};

void
register_intake_fail(struct register_intake *intake,
                     enum ro_status status,
                     const char *format,
                     ...)
{
    if (intake->status != RO_OK)
        return;
    char raw[sizeof(intake->why.text)];
    va_list ap;
    va_start(ap, format);
    (void)vsnprintf(raw, sizeof(raw), format, ap);
    va_end(ap);
    RO_AUTOBUF shown = {0};
    ro_text_show(ro_bytes_text(raw), RO_TEXT_LINE, &shown);
    intake->status = ro_why(&intake->why, status, "%.*s", (int)shown.size,
                            (const char *)shown.data);
}

/* --- the list ------------------------------------------------------------ */

/* Room for one more element; NULL without memory. */
static void *
grown(void *elements, size_t size, size_t count, size_t *room)
{
    if (count < *room)
        return elements;
    size_t more = *room == 0 ? 128 : *room * 2;
    void *larger = reallocarray(elements, more, size);
    if (larger != NULL)
        *room = more;
    return larger;
}

static enum ro_status
add_row(struct register_intake *intake, const struct register_row *row)
{
    struct register_list *list = intake->list;
    struct register_row *rows =
        grown(list->rows, sizeof(*rows), list->row_count, &intake->row_room);
    if (rows == NULL)
        return RO_NO_MEMORY;
    list->rows = rows;
    rows += list->row_count++;
    *rows = *row;
    rows->line = intake->line;
    intake->first_lines[row->urn - FIRST_URN] = intake->line;
    return RO_OK;
}

/* A copy of words from the file that a terminal can show. */
static const char *
visible(struct ro_arena *arena, const char *words)
{
    RO_AUTOBUF shown = {0};
    ro_text_show(ro_bytes_text(words), RO_TEXT_LINE, &shown);
    ro_buf_put_u8(&shown, '\0');
    if (ro_buf_ok(&shown) != RO_OK)
        return NULL;
    return ro_arena_text(arena, (const char *)shown.data);
}

static enum ro_status
add_held(struct register_intake *intake, const char *urn, const char *why)
{
    struct register_list *list = intake->list;
    struct register_held *held =
        grown(list->held, sizeof(*held), list->held_count, &intake->held_room);
    if (held == NULL)
        return RO_NO_MEMORY;
    list->held = held;

    char start[17];
    (void)snprintf(start, sizeof(start), "%s", urn);
    held += list->held_count;
    held->line = intake->line;
    held->urn = visible(list->texts, start);
    held->why = visible(list->texts, why);
    if (held->urn == NULL || held->why == NULL)
        return RO_NO_MEMORY;
    list->held_count++;
    return RO_OK;
}

/* --- the header ---------------------------------------------------------- */

/* Data about children must not even be read on. */
static bool
is_about_pupils(const char *name)
{
    static const char *const names[] = {
        "UPN",     "FormerUPN",     "Unique Pupil Number", "ULN",
        "DOB",     "Date of birth", "DateOfBirth",         "Forename",
        "Surname", "Pupil name",    "PupilName",
    };
    for (size_t i = 0; i < RO_LEN(names); i++) {
        if (strcasecmp(names[i], name) == 0)
            return true;
    }
    return false;
}

static void
take_column(struct register_intake *intake, struct ro_bytes cell)
{
    if (intake->column == COLUMNS_MAX) {
        register_intake_fail(intake, RO_BAD_INPUT,
                             "this is no register: too many columns");
        return;
    }
    register_cell_read(cell, &intake->cell);
    if (ro_buf_ok(&intake->cell) != RO_OK) {
        register_intake_fail(intake, RO_NO_MEMORY, "out of memory");
        return;
    }
    const char *name = (const char *)intake->cell.data;
    if (is_about_pupils(name)) {
        register_intake_fail(
            intake, RO_BAD_INPUT,
            "this has a column '%s': data about pupils is not for here", name);
    }
    int column = register_column_find(name);
    if (column >= 0 && intake->has_column[column]) {
        register_intake_fail(intake, RO_BAD_INPUT,
                             "the column '%s' stands there twice", name);
    }
    if (column >= 0)
        intake->has_column[column] = true;
    intake->wanted[intake->column++] = (signed char)column;
    ro_buf_printf(&intake->names, "%s%.60s", intake->names.size > 0 ? ", " : "",
                  name);
}

static void
end_header(struct register_intake *intake)
{
    static const enum register_column needed[] = {COLUMN_URN, COLUMN_NAME};
    RO_AUTOBUF names = intake->names;
    intake->names = (struct ro_buf){0};
    ro_buf_put_u8(&names, '\0');
    if (ro_buf_ok(&names) != RO_OK) {
        register_intake_fail(intake, RO_NO_MEMORY, "out of memory");
        return;
    }
    const char *list = (const char *)names.data;
    if (intake->column == 1 && strpbrk(list, ";\t") != NULL) {
        register_intake_fail(
            intake, RO_BAD_INPUT,
            "its columns are separated by something else than commas: %.60s",
            list);
    }
    for (size_t i = 0; i < RO_LEN(needed); i++) {
        if (!intake->has_column[needed[i]]) {
            register_intake_fail(
                intake, RO_BAD_INPUT,
                "this is no register: there is no column '%s' (but: %.120s)",
                register_column_name(needed[i]), list);
        }
    }
    if (intake->la_code[0] != '\0' && !intake->has_column[COLUMN_LA_CODE]) {
        register_intake_fail(intake, RO_BAD_INPUT,
                             "there is no column '%s' to choose by",
                             register_column_name(COLUMN_LA_CODE));
    }
    intake->column_count = intake->column;
    intake->has_header = true;
}

/* --- rows ---------------------------------------------------------------- */

static void
take_cell(struct register_intake *intake, struct ro_bytes cell)
{
    size_t column = intake->column++;
    if (column >= intake->column_count || intake->wanted[column] < 0)
        return;
    struct ro_buf *buf = &intake->cells[intake->wanted[column]];
    register_cell_read(cell, buf);
    if (ro_buf_ok(buf) != RO_OK)
        register_intake_fail(intake, RO_NO_MEMORY, "out of memory");
}

static enum ro_status
end_cells(struct register_intake *intake,
          const char *const cells[static REGISTER_COLUMNS])
{
    struct register_row row = {0};
    struct ro_why why = {""};
    struct register_list *list = intake->list;
    if (list->row_count + list->held_count == REGISTER_ROWS_MAX) {
        register_intake_fail(intake, RO_TOO_LARGE,
                             "it has more than 200000 schools");
        return RO_TOO_LARGE;
    }
    enum ro_status status = register_row_make(cells, list->texts, &why, &row);
    if (status == RO_REFUSED)
        return add_held(intake, cells[COLUMN_URN], why.text);
    RO_TRY(status);
    uint32_t first = intake->first_lines[row.urn - FIRST_URN];
    if (first == 0)
        return add_row(intake, &row);
    (void)ro_why(&why, RO_REFUSED, "its URN stands in line %u already", first);
    return add_held(intake, cells[COLUMN_URN], why.text);
}

static void
end_row(struct register_intake *intake)
{
    const char *cells[REGISTER_COLUMNS];
    bool is_empty = true;
    for (size_t i = 0; i < REGISTER_COLUMNS; i++) {
        const struct ro_buf *buf = &intake->cells[i];
        cells[i] = buf->size > 0 ? (const char *)buf->data : "";
        is_empty &= cells[i][0] == '\0';
    }
    if (!intake->has_column[COLUMN_STATUS])
        cells[COLUMN_STATUS] = NULL;
    if (is_empty)
        return; /* what spreadsheets leave behind the last row */
    if (intake->la_code[0] != '\0' &&
        strcmp(cells[COLUMN_LA_CODE], intake->la_code) != 0) {
        intake->list->skipped_count++;
    } else if (end_cells(intake, cells) == RO_NO_MEMORY) {
        register_intake_fail(intake, RO_NO_MEMORY, "out of memory");
    }
}

/* --- for the reader ------------------------------------------------------ */

void
register_intake_cell(struct register_intake *intake, struct ro_bytes cell)
{
    if (intake->status != RO_OK)
        return;
    if (intake->has_header) {
        take_cell(intake, cell);
    } else {
        take_column(intake, cell);
    }
}

void
register_intake_row(struct register_intake *intake, uint32_t line)
{
    if (intake->status != RO_OK)
        return; /* cells may be cut short */
    intake->line = line;
    if (intake->has_header) {
        end_row(intake);
    } else {
        end_header(intake);
    }
    intake->column = 0;
    for (size_t i = 0; i < REGISTER_COLUMNS; i++)
        ro_buf_clear(&intake->cells[i]);
}

enum ro_status
register_intake_status(const struct register_intake *intake, struct ro_why *why)
{
    if (intake->status == RO_OK)
        return RO_OK;
    return ro_why(why, intake->status, "%s", intake->why.text);
}

enum ro_status
register_intake_end(struct register_intake *intake,
                    struct ro_why *why,
                    struct register_list **ret_list)
{
    const struct register_list *list = intake->list;
    RO_TRY(register_intake_status(intake, why));
    if (!intake->has_header) {
        register_intake_fail(intake, RO_BAD_INPUT,
                             "this is no register: it is empty");
    } else if (list->row_count + list->held_count + list->skipped_count == 0) {
        register_intake_fail(intake, RO_BAD_INPUT, "there is no school in it");
    } else if (list->row_count + list->held_count == 0) {
        register_intake_fail(intake, RO_BAD_INPUT,
                             "there is no school of LA %s in it",
                             intake->la_code);
    }
    RO_TRY(register_intake_status(intake, why));
    *ret_list = RO_STEAL(intake->list);
    intake->status =
        ro_why(&intake->why, RO_BAD_INPUT, "the register is read already");
    return RO_OK;
}

void
register_intake_free(struct register_intake *intake)
{
    if (intake == NULL)
        return;
    register_list_free(intake->list);
    free(intake->first_lines);
    ro_buf_fini(&intake->names);
    ro_buf_fini(&intake->cell);
    for (size_t i = 0; i < REGISTER_COLUMNS; i++)
        ro_buf_fini(&intake->cells[i]);
    free(intake);
}

struct register_intake *
register_intake_new(const char *la_code)
{
    RO_CLEANUP(register_intake_freep)
    struct register_intake *intake = calloc(1, sizeof(*intake));
    if (intake == NULL)
        return NULL;
    if (la_code != NULL)
        (void)snprintf(intake->la_code, sizeof(intake->la_code), "%s", la_code);
    intake->first_lines = calloc(URNS, sizeof(*intake->first_lines));
    intake->list = calloc(1, sizeof(*intake->list));
    if (intake->first_lines == NULL || intake->list == NULL)
        return NULL;
    intake->list->texts = ro_arena_new(ARENA_BYTES, ARENA_PIECES);
    return intake->list->texts != NULL ? RO_STEAL(intake) : NULL;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* A register of schools: whatever the bytes and wherever the pieces are cut,
 * each row is a school that can be signed, or is held with its reason. */
#include "tests/fuzz/fuzz.h"

#include <stdlib.h>
#include <string.h>

#include "client/authority/register.h"
#include "common/base/text.h"

static void
need(bool is_right)
{
    if (!is_right)
        abort();
}

/* Reads the bytes in pieces of this size. */
static struct register_list *
read_pieces(struct ro_bytes bytes, size_t step, const char *la)
{
    struct register_reader *reader = register_reader_new(la);
    struct register_list *list = NULL;
    struct ro_why why = {""};
    enum ro_status status = RO_OK;
    need(reader != NULL);
    for (size_t at = 0; at < bytes.size && status == RO_OK; at += step) {
        size_t rest = bytes.size - at;
        struct ro_bytes piece = {bytes.data + at, rest < step ? rest : step};
        status = register_reader_feed(reader, piece, &why);
    }
    enum ro_status end = register_reader_end(reader, &why, &list);
    need(status == RO_OK || end == status);
    need((end == RO_OK) == (list != NULL));
    need(end == RO_OK || (why.text[0] != '\0' && end != RO_NO_MEMORY));
    register_reader_free(reader);
    return list;
}

static void
check_text(const char *text, size_t limit)
{
    need(text != NULL);
    need(ro_text_check(ro_bytes_text(text), RO_TEXT_LINE, limit, NULL) ==
         RO_OK);
}

static void
check_row(const struct register_row *row)
{
    need(row->urn >= 100000 && row->urn <= 999999 && row->line >= 2);
    need(row->name[0] != '\0');
    check_text(row->name, REGISTER_TEXT_MAX);
    check_text(row->phase, REGISTER_TEXT_MAX);
    check_text(row->type, REGISTER_TEXT_MAX);
    check_text(row->la_code, REGISTER_LA_CODE_MAX);
    check_text(row->la_name, REGISTER_TEXT_MAX);
    check_text(row->trust, REGISTER_TEXT_MAX);
    need(row->easting >= 0 && row->easting <= 700000);
    need(row->northing >= 0 && row->northing <= 1300000);
    need(row->has_position == (row->easting != 0 || row->northing != 0));
    need(row->has_roll || row->roll == 0);
}

static void
check(const struct register_list *list)
{
    for (size_t i = 0; i < list->row_count; i++) {
        check_row(&list->rows[i]);
        need(i == 0 || list->rows[i - 1].line < list->rows[i].line);
        for (size_t j = 0; j < i && j < 64; j++)
            need(list->rows[j].urn != list->rows[i].urn);
    }
    for (size_t i = 0; i < list->held_count; i++) {
        need(list->held[i].why[0] != '\0' && list->held[i].line >= 2);
        check_text(list->held[i].why, 2000);
        check_text(list->held[i].urn, 2000);
    }
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct ro_bytes bytes = {data, size};
    const char *la = size > 0 && (data[size - 1] & 1) != 0 ? "999" : NULL;
    struct register_list *whole = read_pieces(bytes, size + 1, la);
    struct register_list *pieces = read_pieces(bytes, 1 + size % 61, la);
    need((whole == NULL) == (pieces == NULL));
    if (whole != NULL) {
        check(whole);
        need(whole->row_count == pieces->row_count);
        need(whole->held_count == pieces->held_count);
        need(whole->skipped_count == pieces->skipped_count);
    }
    register_list_free(whole);
    register_list_free(pieces);
    return 0;
}

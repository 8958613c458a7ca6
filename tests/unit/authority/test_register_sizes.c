/* SPDX-License-Identifier: Apache-2.0 */
/* The register by its sizes: hostile ones, any pieces, a whole country. */
#include "client/authority/register.h"

#include <fcntl.h>
#include <time.h>
#include <unistd.h>

#include "common/base/file.h"
#include "tests/support/tap.h"

static const char *root;

/* --- hostile sizes ------------------------------------------------------- */

static void
test_endless_cell(void)
{
    struct register_reader *reader = register_reader_new(NULL);
    struct ro_why why = {""};
    char piece[4096];
    enum ro_status status = RO_OK;
    memset(piece, 'a', sizeof(piece));
    status = register_reader_feed(
        reader, ro_bytes_text("URN,EstablishmentName\n900001,\""), &why);
    tap_is(status, RO_OK);
    size_t fed = 0;
    for (; status == RO_OK && fed < 1024; fed++) {
        status = register_reader_feed(
            reader, (struct ro_bytes){(uint8_t *)piece, sizeof(piece)}, &why);
    }
    tap_is(status, RO_BAD_INPUT);
    tap_ok(fed <= 17); /* 64 KiB, not without end */
    tap_ok(strstr(why.text, "line 2 never ends") != NULL);
    register_reader_free(reader);
}

static void
test_too_many_bytes(void)
{
    struct register_reader *reader = register_reader_new(NULL);
    struct ro_why why = {""};
    /* refused by its size, before anybody looks at it */
    struct ro_bytes piece = {(const uint8_t *)"x", REGISTER_BYTES_MAX + 1};
    tap_is(register_reader_feed(reader, piece, &why), RO_TOO_LARGE);
    tap_ok(strstr(why.text, "larger than any register") != NULL);
    register_reader_free(reader);
}

/* A file is closed again, whatever came of it. */
static void
test_descriptors(void)
{
    struct register_list *list = NULL;
    int before = open("/dev/null", O_RDONLY);
    close(before);
    tap_is(register_read("/dev/null", NULL, NULL, &list), RO_BAD_INPUT);
    int after = open("/dev/null", O_RDONLY);
    close(after);
    tap_ok(before == after);
}

static void
test_too_many_columns(void)
{
    struct register_reader *reader = register_reader_new(NULL);
    struct ro_why why = {""};
    char commas[1001];
    memset(commas, ',', 1000);
    commas[1000] = '\n';
    tap_is(register_reader_feed(
               reader, (struct ro_bytes){(uint8_t *)commas, 1001}, &why),
           RO_BAD_INPUT);
    tap_ok(strstr(why.text, "too many columns") != NULL);
    register_reader_free(reader);
}

static void
test_too_many_rows(void)
{
    struct register_reader *reader = register_reader_new(NULL);
    struct ro_why why = {""};
    enum ro_status status = register_reader_feed(
        reader, ro_bytes_text("URN,EstablishmentName\n"), &why);
    for (uint32_t i = 0; i < REGISTER_ROWS_MAX && status == RO_OK; i++) {
        char row[32];
        snprintf(row, sizeof(row), "%u,A\n", 100000 + i);
        status = register_reader_feed(reader, ro_bytes_text(row), &why);
    }
    tap_is(status, RO_OK);
    tap_is(register_reader_feed(reader, ro_bytes_text("99999,A\n"), &why),
           RO_TOO_LARGE);
    tap_ok(strstr(why.text, "200000 schools") != NULL);
    register_reader_free(reader);
}

/* --- pieces -------------------------------------------------------------- */

static struct register_list *
feed_in_pieces(const struct ro_buf *text, size_t size)
{
    struct register_reader *reader = register_reader_new(NULL);
    struct register_list *list = NULL;
    for (size_t at = 0; at < text->size; at += size) {
        struct ro_bytes piece = {
            text->data + at, text->size - at < size ? text->size - at : size};
        if (register_reader_feed(reader, piece, NULL) != RO_OK)
            break;
    }
    if (register_reader_end(reader, NULL, &list) != RO_OK)
        list = NULL;
    register_reader_free(reader);
    return list;
}

static bool
is_same(const struct register_list *a, const struct register_list *b)
{
    if (a == NULL || b == NULL)
        return a == b;
    bool is = a->row_count == b->row_count && a->held_count == b->held_count;
    for (size_t i = 0; is && i < a->row_count; i++) {
        is = a->rows[i].line == b->rows[i].line &&
             a->rows[i].urn == b->rows[i].urn &&
             strcmp(a->rows[i].name, b->rows[i].name) == 0;
    }
    for (size_t i = 0; is && i < a->held_count; i++) {
        is = a->held[i].line == b->held[i].line &&
             strcmp(a->held[i].why, b->held[i].why) == 0;
    }
    return is;
}

static void
test_any_pieces(void)
{
    static const char *const names[] = {
        "crlf", "cr", "quotes", "bom", "windows1252", "held", "not_closed"};
    for (size_t i = 0; i < RO_LEN(names); i++) {
        char path[512];
        struct ro_buf text = {0};
        snprintf(path, sizeof(path), "%s/tests/data/register/%s.csv", root,
                 names[i]);
        tap_need(ro_file_read(path, 1 << 20, NULL, &text) == RO_OK);
        struct register_list *whole = feed_in_pieces(&text, text.size);
        bool is_equal = true;
        for (size_t size = 1; size < 40; size++) {
            struct register_list *list = feed_in_pieces(&text, size);
            is_equal &= is_same(list, whole);
            register_list_free(list);
        }
        tap_say(is_equal, names[i]);
        register_list_free(whole);
        ro_buf_fini(&text);
    }
}

/* --- speed --------------------------------------------------------------- */

static void
test_whole_england(void)
{
    static const char row[] = "%u,\"Sch\xF6\xF6l %u, of the quay\",887,Medway,"
                              "Open,Primary,Community school,,576183,166676,"
                              "169\r\n";
    struct register_reader *reader = register_reader_new("887");
    struct register_list *list = NULL;
    clock_t start = clock();
    enum ro_status status = register_reader_feed(
        reader,
        ro_bytes_text("URN,EstablishmentName,LA (code),LA (name),"
                      "EstablishmentStatus (name),PhaseOfEducation (name),"
                      "TypeOfEstablishment (name),Trusts (name),Easting,"
                      "Northing,NumberOfPupils\r\n"),
        NULL);
    for (uint32_t i = 0; i < 25099 && status == RO_OK; i++) {
        char line[160];
        snprintf(line, sizeof(line), row, 100000 + i, i);
        status = register_reader_feed(reader, ro_bytes_text(line), NULL);
    }
    tap_is(status, RO_OK);
    tap_is(register_reader_end(reader, NULL, &list), RO_OK);
    tap_need(list != NULL);
    printf("# 25,099 rows in %ld ms\n",
           (long)((clock() - start) * 1000 / CLOCKS_PER_SEC));
    tap_ok(list->row_count == 25099 && list->held_count == 0);
    tap_ok(strcmp(list->rows[25098].name, "Schööl 25098, of the quay") == 0);
    tap_ok(list->rows[25098].line == 25100);
    register_list_free(list);
    register_reader_free(reader);
}

int
main(int argc, char **argv)
{
    root = argc > 1 ? argv[1] : ".";
    tap_run(test_endless_cell);
    tap_run(test_too_many_bytes);
    tap_run(test_descriptors);
    tap_run(test_too_many_columns);
    tap_run(test_too_many_rows);
    tap_run(test_any_pieces);
    tap_run(test_whole_england);
    return tap_done();
}

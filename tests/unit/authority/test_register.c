/* SPDX-License-Identifier: Apache-2.0 */
/* The register of schools: every oddity of real exports, every refusal. */
#include "client/authority/register.h"

#include "common/base/file.h"
#include "common/conf/circle.h"
#include "tests/support/tap.h"

static const char *root;

static struct register_list *
read_register(const char *name, const char *la, struct ro_why *why)
{
    char path[512];
    struct register_list *list = NULL;
    snprintf(path, sizeof(path), "%s/tests/data/%s", root, name);
    *why = (struct ro_why){""};
    if (register_read(path, la, why, &list) != RO_OK)
        return NULL;
    return list;
}

/* A file that must be taken. */
static struct register_list *
taken(const char *name)
{
    struct ro_why why;
    struct register_list *list = read_register(name, NULL, &why);
    printf("# %s: %s\n", name, why.text);
    tap_need(list != NULL);
    return list;
}

static bool
is_refused(const char *name, const char *la, const char *sentence)
{
    struct ro_why why;
    struct register_list *list = read_register(name, la, &why);
    bool is_right = list == NULL && strstr(why.text, sentence) != NULL;
    if (!is_right)
        printf("# %s: '%s'\n", name, why.text);
    register_list_free(list);
    return is_right;
}

static const struct register_held *
held_at(const struct register_list *list, uint32_t line)
{
    for (size_t i = 0; i < list->held_count; i++) {
        if (list->held[i].line == line)
            return &list->held[i];
    }
    return NULL;
}

static bool
is_held(const struct register_list *list,
        uint32_t line,
        const char *urn,
        const char *why)
{
    const struct register_held *held = held_at(list, line);
    if (held == NULL || strcmp(held->urn, urn) != 0 ||
        strstr(held->why, why) == NULL) {
        printf("# line %u: %s: %s\n", line, held != NULL ? held->urn : "-",
               held != NULL ? held->why : "not held");
        return false;
    }
    return true;
}

static bool
is_named(const struct register_list *list, size_t row, const char *name)
{
    if (row < list->row_count && strcmp(list->rows[row].name, name) == 0)
        return true;
    printf("# name: %s\n",
           row < list->row_count ? list->rows[row].name : "none");
    return false;
}

/* --- what real files look like ------------------------------------------- */

static void
test_medway(void)
{
    struct register_list *list = taken("medway.csv");
    tap_ok(list->row_count == 114);
    tap_ok(list->held_count == 0);
    const struct register_row *row = &list->rows[0];
    tap_ok(row->line == 2 && row->urn == 118317);
    tap_ok(strcmp(row->name, "Greenvale Primary School") == 0);
    tap_ok(strcmp(row->phase, "Primary") == 0);
    tap_ok(strcmp(row->type, "Community school") == 0);
    tap_ok(strcmp(row->la_code, "887") == 0);
    tap_ok(strcmp(row->la_name, "Medway") == 0);
    tap_ok(strcmp(row->trust, "") == 0);
    tap_ok(row->has_position && row->easting == 576183);
    tap_ok(row->northing == 166676);
    tap_ok(row->has_roll && row->roll == 169);
    tap_ok(list->rows[113].line == 115);
    register_list_free(list);
}

static void
test_cast(void)
{
    struct register_list *list = taken("cast.csv");
    tap_ok(list->row_count == 20 && list->held_count == 0);
    tap_ok(list->rows[1].urn == 900002);
    tap_ok(strcmp(list->rows[1].trust, "Tideway Academies Trust") == 0);
    tap_ok(is_named(list, 3, "St Brannoc's Catholic Primary School"));
    register_list_free(list);
}

static void
test_any_order(void)
{
    struct register_list *list = taken("register/order.csv");
    tap_need(list->row_count == 1);
    const struct register_row *row = &list->rows[0];
    tap_ok(row->urn == 900001 && row->roll == 208);
    tap_ok(strcmp(row->name, "Saltings Primary School") == 0);
    tap_ok(strcmp(row->phase, "Primary") == 0);
    tap_ok(strcmp(row->type, "Community school") == 0);
    tap_ok(strcmp(row->la_code, "999") == 0);
    tap_ok(strcmp(row->la_name, "Estuary (invented)") == 0);
    tap_ok(strcmp(row->trust, "Tideway Academies Trust") == 0);
    tap_ok(row->easting == 575100 && row->northing == 168200);
    register_list_free(list);
}

static void
test_encodings(void)
{
    struct register_list *list = taken("register/bom.csv");
    tap_ok(list->row_count == 1 && list->rows[0].urn == 900001);
    register_list_free(list);

    list = taken("register/utf8.csv");
    tap_ok(is_named(list, 0, "École Saint-Rémi – “Les Marais”"));
    tap_ok(is_named(list, 1, "Ysgol Tŷ’r Môr"));
    register_list_free(list);

    list = taken("register/latin1.csv");
    tap_ok(is_named(list, 0, "École Saint-Rémi"));
    tap_ok(is_named(list, 1, "Plain Name"));
    register_list_free(list);

    list = taken("register/windows1252.csv");
    tap_ok(is_named(list, 0, "St Brannoc’s – “the Quay” €"));
    tap_ok(is_named(list, 1, "À€")); /* the bytes look like UTF-8 */
    tap_ok(is_named(list, 2, "õ€€€"));
    tap_ok(is_held(list, 5, "900004", "control character U+0081"));
    register_list_free(list);

    list = taken("register/mislabelled.csv");
    tap_ok(is_named(list, 0, "St Brannoc’s School"));
    register_list_free(list);

    list = taken("register/mixed.csv");
    tap_ok(is_named(list, 0, "École") && is_named(list, 1, "École"));
    register_list_free(list);
}

static void
test_quotes_and_line_ends(void)
{
    struct register_list *list = taken("register/quotes.csv");
    tap_ok(is_named(list, 0, "Saltings, Primary, School"));
    tap_ok(is_named(list, 1, "The \"Old\" School"));
    tap_ok(is_named(list, 2, "Quoted"));
    tap_ok(list->rows[2].line == 6); /* behind a row of two lines */
    tap_ok(is_held(list, 4, "900003", "'EstablishmentName' cannot be read"));
    register_list_free(list);

    list = taken("register/crlf.csv");
    tap_ok(list->row_count == 2 && is_named(list, 1, "Beacon Quay"));
    tap_ok(list->rows[1].line == 4); /* line 3 is blank */
    tap_ok(list->rows[0].has_position && !list->rows[1].has_position);
    register_list_free(list);

    list = taken("register/cr.csv");
    tap_ok(list->row_count == 2 && list->rows[1].line == 3);
    tap_ok(is_named(list, 1, "Beacon Quay"));
    register_list_free(list);

    list = taken("register/no_newline.csv");
    tap_ok(list->row_count == 1 && is_named(list, 0, "Saltings"));
    register_list_free(list);

    list = taken("register/short_rows.csv");
    tap_ok(list->row_count == 2 && list->rows[1].has_position);
    tap_ok(is_held(list, 3, "", "the URN is missing"));
    register_list_free(list);
}

static void
test_blanks_are_unknown(void)
{
    struct register_list *list = taken("register/blanks.csv");
    tap_need(list->row_count == 6);
    const struct register_row *rows = list->rows;
    for (size_t i = 0; i < 3; i++) {
        tap_ok(!rows[i].has_position && rows[i].easting == 0 &&
               rows[i].northing == 0);
    }
    tap_ok(!rows[0].has_roll);
    tap_ok(rows[1].has_roll && rows[1].roll == 0); /* 0 is a number */
    tap_ok(!rows[2].has_roll);
    tap_ok(rows[3].has_position && rows[3].has_roll && rows[3].roll == 208);
    tap_ok(!rows[4].has_position && !rows[4].has_roll);
    tap_ok(rows[5].has_position && rows[5].easting == 0);
    register_list_free(list);
}

/* --- what is held -------------------------------------------------------- */

static void
test_repeated(void)
{
    struct register_list *list = taken("register/repeated.csv");
    tap_ok(list->row_count == 2 && is_named(list, 0, "First"));
    tap_ok(list->held_count == 2);
    tap_ok(is_held(list, 4, "900001", "stands in line 2 already"));
    tap_ok(is_held(list, 5, "900001", "stands in line 2 already"));
    register_list_free(list);
}

static void
test_held(void)
{
    struct register_list *list = taken("register/held.csv");
    tap_ok(is_held(list, 2, "", "the URN is missing"));
    tap_ok(is_held(list, 3, "90001", "six digits"));
    tap_ok(is_held(list, 4, "9000011", "six digits"));
    tap_ok(is_held(list, 5, "090001", "six digits"));
    tap_ok(is_held(list, 6, "90000A", "six digits"));
    tap_ok(is_held(list, 7, "900002", "name is missing"));
    tap_ok(is_held(list, 8, "900003", "longer than 200 bytes"));
    tap_ok(held_at(list, 9) == NULL);
    tap_ok(is_held(list, 10, "900005", "control character"));
    tap_ok(is_held(list, 11, "900006", "not on the national grid: 'seven'"));
    tap_ok(is_held(list, 12, "900007", "not on the national grid"));
    tap_ok(is_held(list, 13, "900008", "number of pupils is none: 'many'"));
    tap_ok(is_held(list, 14, "900009", "number of pupils is none: '20001'"));
    tap_ok(is_held(list, 15, "900010", "'LA (code)' is longer than 8"));
    tap_ok(list->row_count == 2 && list->held_count == 13);
    tap_ok(list->rows[1].urn == 900011);
    register_list_free(list);
}

static void
test_status(void)
{
    struct register_list *list = taken("register/status.csv");
    tap_ok(list->row_count == 3);
    tap_ok(list->rows[2].urn == 900006);
    tap_ok(is_held(list, 4, "900003", "it is not open: Closed"));
    tap_ok(is_held(list, 5, "900004", "it is not open: Proposed to open"));
    tap_ok(is_held(list, 6, "900005", "whether it is open"));
    register_list_free(list);
}

static void
test_escapes_in_reasons(void)
{
    static const char text[] = "URN,EstablishmentName,"
                               "EstablishmentStatus (name)\n"
                               "9\x1b[2J,A,Open\n900001,B,\x1b[31mShut\n";
    struct register_reader *reader = register_reader_new(NULL);
    struct register_list *list = NULL;
    struct ro_why why = {""};
    tap_is(register_reader_feed(reader, ro_bytes_text(text), &why), RO_OK);
    tap_is(register_reader_end(reader, &why, &list), RO_OK);
    tap_need(list != NULL);
    tap_ok(is_held(list, 2, "9\\u{1b}[2J", "six digits"));
    tap_ok(is_held(list, 3, "900001", "not open: \\u{1b}[31mShut"));
    register_list_free(list);
    register_reader_free(reader);
}

/* --- one local authority ------------------------------------------------- */

static void
test_la(void)
{
    struct ro_why why;
    struct register_list *list = read_register("register/las.csv", "999", &why);
    tap_need(list != NULL);
    tap_ok(list->row_count == 2 && list->skipped_count == 2);
    tap_ok(list->held_count == 0);
    tap_ok(list->rows[1].urn == 900004);
    register_list_free(list);
    list = read_register("register/las.csv", "887", &why);
    tap_need(list != NULL);
    tap_ok(list->row_count == 1 && list->held_count == 1);
    register_list_free(list);
    tap_ok(is_refused("register/las.csv", "111", "no school of LA 111"));
    tap_ok(is_refused("register/bom.csv", "999", "no column 'LA (code)'"));
}

/* --- what is no register ------------------------------------------------- */

static void
test_no_register(void)
{
    tap_ok(is_refused("register/not_semicolons.csv", NULL, "than commas"));
    tap_ok(is_refused("register/not_many_columns.csv", NULL,
                      "no column 'URN' (but: School)"));
    tap_ok(is_refused("register/not_a_header.csv", NULL, "no column 'URN'"));
    tap_ok(is_refused("register/not_names.csv", NULL,
                      "no column 'EstablishmentName' (but: URN, SchoolName)"));
    tap_ok(is_refused("register/not_pupils.csv", NULL,
                      "a column 'UPN': data about pupils"));
    tap_ok(is_refused("register/not_twice.csv", NULL, "'urn' stands there tw"));
    tap_ok(is_refused("register/not_empty.csv", NULL, "it is empty"));
    tap_ok(is_refused("register/not_blank.csv", NULL, "it is empty"));
    tap_ok(is_refused("register/not_header_only.csv", NULL, "no school in it"));
    tap_ok(is_refused("register/not_closed.csv", NULL,
                      "begins in line 2 never ends"));
    tap_ok(is_refused("register/not_pdf.csv", NULL, "a PDF"));
    tap_ok(is_refused("register/not_zip.csv", NULL, "save it as CSV"));
    tap_ok(is_refused("register/not_xls.csv", NULL, "an old spreadsheet"));
    tap_ok(is_refused("register/not_gzip.csv", NULL, "compressed"));
    tap_ok(is_refused("register/not_utf16.csv", NULL, "UTF-16"));
    tap_ok(is_refused("register/not_html.csv", NULL, "a web page"));
    tap_ok(is_refused("register/not_json.csv", NULL, "JSON"));
    tap_ok(is_refused("register/not_binary.csv", NULL, "zero bytes"));
    tap_ok(is_refused("register/no_such_file.csv", NULL, "No such file"));
    tap_ok(is_refused("register", NULL, "Is a directory"));
}

static void
test_outcomes(void)
{
    struct register_list *list = NULL;
    tap_is(register_read("/no/such/file", NULL, NULL, &list), RO_NOT_FOUND);
    tap_is(register_read("/", NULL, NULL, &list), RO_IO_FAILED);
    tap_is(register_read("/dev/null", NULL, NULL, &list), RO_BAD_INPUT);
    tap_ok(list == NULL);
    register_list_free(NULL);
    register_reader_free(NULL);
}

static void
test_stays_failed(void)
{
    struct register_reader *reader = register_reader_new(NULL);
    struct register_list *list = NULL;
    struct ro_why why = {""};
    struct ro_bytes good = ro_bytes_text("URN,EstablishmentName\n900001,A\n");
    tap_is(register_reader_feed(reader, ro_bytes_text("a,b,c,d,e\n"), &why),
           RO_BAD_INPUT);
    tap_is(register_reader_feed(reader, good, &why), RO_BAD_INPUT);
    tap_ok(strstr(why.text, "no column 'URN'") != NULL);
    tap_is(register_reader_end(reader, &why, &list), RO_BAD_INPUT);
    tap_ok(list == NULL);
    register_reader_free(reader);

    reader = register_reader_new(NULL);
    tap_is(register_reader_feed(reader, good, &why), RO_OK);
    tap_is(register_reader_end(reader, &why, &list), RO_OK);
    register_list_free(list);
    list = NULL;
    tap_is(register_reader_end(reader, &why, &list), RO_BAD_INPUT);
    tap_ok(list == NULL);
    register_reader_free(reader);
}

/* --- groups -------------------------------------------------------------- */

static size_t
count_in(const struct register_list *list,
         const struct ro_circle_conf *conf,
         const char *group)
{
    size_t count = 0;
    for (size_t i = 0; i < list->row_count; i++) {
        const struct register_row *row = &list->rows[i];
        struct ro_listing_facts facts = {row->urn, row->phase, row->type,
                                         row->la_code, row->trust};
        count += ro_circle_conf_in_group(conf, group, &facts);
    }
    return count;
}

static void
test_groups_of_medway(void)
{
    char path[512];
    RO_AUTOBUF text = {0};
    struct ro_circle_conf *conf = NULL;
    snprintf(path, sizeof(path), "%s/config/circle.conf", root);
    tap_need(ro_file_read(path, 1 << 20, NULL, &text) == RO_OK);
    tap_need(ro_circle_conf_parse(ro_buf_view(&text), NULL, &conf) == RO_OK);

    struct register_list *list = taken("medway.csv");
    tap_ok(count_in(list, conf, "primary") == 76);
    tap_ok(count_in(list, conf, "secondary") == 19);
    tap_ok(count_in(list, conf, "sixteen-plus") == 2);
    tap_ok(count_in(list, conf, "all-through") == 1);
    tap_ok(count_in(list, conf, "special") == 8);
    tap_ok(count_in(list, conf, "pru") == 1);
    tap_ok(count_in(list, conf, "independent") == 6);
    tap_ok(count_in(list, conf, "nursery") == 0);
    tap_ok(count_in(list, conf, "other") == 4); /* their type is not known */
    tap_ok(count_in(list, conf, "estuary") == 0);
    register_list_free(list);

    list = taken("cast.csv");
    tap_ok(count_in(list, conf, "primary") == 11);
    tap_ok(count_in(list, conf, "secondary") == 5);
    tap_ok(count_in(list, conf, "nursery") == 1);
    tap_ok(count_in(list, conf, "special") == 1);
    tap_ok(count_in(list, conf, "pru") == 1);
    tap_ok(count_in(list, conf, "all-through") == 1);
    tap_ok(count_in(list, conf, "other") == 0);
    tap_ok(count_in(list, conf, "estuary") == 20);
    tap_ok(count_in(list, conf, "infant-and-junior") == 2);
    tap_ok(count_in(list, conf, "tideway") == 3);
    tap_ok(count_in(list, conf, "faith-primary") == 2);
    register_list_free(list);
    ro_circle_conf_free(conf);
}

int
main(int argc, char **argv)
{
    root = argc > 1 ? argv[1] : ".";
    tap_run(test_medway);
    tap_run(test_cast);
    tap_run(test_any_order);
    tap_run(test_encodings);
    tap_run(test_quotes_and_line_ends);
    tap_run(test_blanks_are_unknown);
    tap_run(test_repeated);
    tap_run(test_held);
    tap_run(test_status);
    tap_run(test_escapes_in_reasons);
    tap_run(test_la);
    tap_run(test_no_register);
    tap_run(test_outcomes);
    tap_run(test_stays_failed);
    tap_run(test_groups_of_medway);
    return tap_done();
}

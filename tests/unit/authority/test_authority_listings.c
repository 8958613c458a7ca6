/* SPDX-License-Identifier: Apache-2.0 */
/* The register as listings: blocks that fit, and only what is new. */
#include "tests/unit/authority/test_authority_support.h"

#include "client/authority/listings.h"
#include "client/authority/log.h"
#include "client/authority/signing.h"
#include "common/wire/codec.h"
#include "tests/support/tap.h"

#define MEDWAY_ROWS 114

static const char *root_path;

static const char *
data_path(const char *name)
{
    static char path[400];
    (void)snprintf(path, sizeof(path), "%s/tests/data/%s", root_path, name);
    return path;
}

/* Packs, signs and replays one block; returns where the next begins. */
static size_t
publish_block(struct circle *circle,
              const struct authority_rows *rows,
              size_t at)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    size_t next = at;
    NEED(authority_block_pack(circle->authority, rows, &next, &body) == RO_OK);
    NEED(next > at);
    NEED(authority_sign(circle->authority, REACHOUT__SIGNED__KIND__LISTING,
                        ro_buf_view(&body), NULL, &record) == RO_OK);
    NEED(record.size <= (size_t)RO_RECORD_LIMIT);
    NEED(circle_add(circle, ro_buf_view(&record)) == RO_OK);
    return next;
}

/* All rows; returns how many blocks they were. */
static size_t
publish(struct circle *circle, const struct authority_rows *all)
{
    struct authority_rows rows = *all;
    size_t blocks = 0;
    rows.serial = authority_log_serial(circle->authority);
    for (size_t at = 0; at < rows.n; rows.serial++, blocks++)
        at = publish_block(circle, &rows, at);
    return blocks;
}

static struct authority_imported
dry_run(struct circle *circle, const char *path)
{
    struct authority_imported imported = {0};
    struct ro_why why = {""};
    const struct authority_import import = {.csv_path = path,
                                            .mode = AUTHORITY_DRY_RUN};
    enum ro_status s =
        authority_register(circle->authority, &import, &why, &imported);
    if (s != RO_OK)
        printf("# %s\n", why.text);
    tap_need(s == RO_OK);
    return imported;
}

static void
publish_list(struct circle *circle, const struct register_list *list)
{
    const struct register_row **rows =
        calloc(list->row_count, sizeof(const void *));
    tap_need(rows != NULL);
    for (size_t i = 0; i < list->row_count; i++)
        rows[i] = &list->rows[i];
    const struct authority_rows all = {rows, list->row_count, 0};
    size_t blocks = publish(circle, &all);
    printf("# %zu rows in %zu blocks\n", list->row_count, blocks);
    tap_ok(blocks ==
           (list->row_count + AUTHORITY_BLOCK_ROWS - 1) / AUTHORITY_BLOCK_ROWS);
    free(rows);
}

/* The real register, twice, and once changed. */
static void
test_medway(void)
{
    struct circle circle;
    circle_make(&circle);
    circle_charter(&circle);
    struct authority_imported first = dry_run(&circle, data_path("medway.csv"));
    tap_ok(first.accepted == MEDWAY_ROWS && first.added == MEDWAY_ROWS);
    tap_ok(first.changed == 0);
    publish_list(&circle, first.list);
    const struct ro_listing_view *view =
        ro_directory_listing(circle.authority->directory, 118317);
    tap_need(view != NULL);
    tap_ok(strcmp(view->name, "Greenvale Primary School") == 0);
    tap_ok(view->position == RO_POSITION_KNOWN && view->easting == 576183);
    tap_ok(view->roll == 169);

    struct authority_imported again = dry_run(&circle, data_path("medway.csv"));
    tap_ok(again.accepted == MEDWAY_ROWS);
    tap_ok(again.added == 0 && again.changed == 0);
    struct authority_imported cast = dry_run(&circle, data_path("cast.csv"));
    tap_ok(cast.added == cast.accepted && cast.changed == 0);
    tap_say(ro_directory_nth_listing(circle.authority->directory,
                                     MEDWAY_ROWS - 1) != NULL,
            "what the second file lacks stays");
    authority_imported_fini(&first);
    authority_imported_fini(&again);
    authority_imported_fini(&cast);
    circle_fini(&circle);
}

static void
write_csv(const char *path, const char *text)
{
    tap_need(ro_file_write(path, ro_bytes_text(text), RO_FILE_PUBLIC, NULL) ==
             RO_OK);
}

#define HEADER                                                                 \
    "URN,EstablishmentName,PhaseOfEducation (name),Easting,Northing,"          \
    "NumberOfPupils\n"

/* Each thing that a row says counts as a change; unknown is not 0. */
static void
test_changes(void)
{
    static const char *const changed[] = {
        "900001,Saltings,Primary,575100,168200,208\n", /* the same */
        "900001,Saltings Primary,Primary,575100,168200,208\n",
        "900001,Saltings,Secondary,575100,168200,208\n",
        "900001,Saltings,Primary,575101,168200,208\n",
        "900001,Saltings,Primary,575100,168201,208\n",
        "900001,Saltings,Primary,,,208\n",
        "900001,Saltings,Primary,575100,168200,209\n",
        "900001,Saltings,Primary,575100,168200,\n",
    };
    struct circle circle;
    circle_make(&circle);
    circle_charter(&circle);
    const char *path = circle_path(&circle, "some.csv");
    char text[400];
    for (size_t i = 0; i < RO_LEN(changed); i++) {
        (void)snprintf(text, sizeof(text), HEADER "%s", changed[i]);
        write_csv(path, text);
        struct authority_imported imported = dry_run(&circle, path);
        if (i == 0) {
            tap_ok(imported.added == 1);
            publish_list(&circle, imported.list);
        } else {
            tap_say(imported.changed == 1 && imported.added == 0, changed[i]);
        }
        authority_imported_fini(&imported);
    }
    circle_fini(&circle);
}

/* A row without a position has none, and stays as it is. */
static void
test_unknown(void)
{
    struct circle circle;
    circle_make(&circle);
    circle_charter(&circle);
    const char *path = circle_path(&circle, "some.csv");
    write_csv(path, HEADER "900001,Saltings,Primary,,,\n");
    struct authority_imported imported = dry_run(&circle, path);
    publish_list(&circle, imported.list);
    const struct ro_listing_view *view =
        ro_directory_listing(circle.authority->directory, 900001);
    tap_need(view != NULL);
    tap_ok(view->position == RO_POSITION_UNKNOWN && view->roll == 0);
    authority_imported_fini(&imported);
    imported = dry_run(&circle, path);
    tap_ok(imported.added == 0 && imported.changed == 0);
    authority_imported_fini(&imported);
    circle_fini(&circle);
}

/* Blocks hold the longest and the shortest rows there can be. */
static void
test_extremes(void)
{
    enum { ROWS = 3 * AUTHORITY_BLOCK_ROWS };
    static struct register_row rows[ROWS];
    static const struct register_row *pointers[ROWS];
    static char longest[REGISTER_TEXT_MAX + 1];
    memset(longest, 'x', REGISTER_TEXT_MAX);
    struct circle circle;
    circle_make(&circle);
    circle_charter(&circle);
    for (uint32_t i = 0; i < ROWS; i++) {
        rows[i] = (struct register_row){.urn = 100000 + i,
                                        .name = longest,
                                        .phase = longest,
                                        .type = longest,
                                        .la_code = "88888888",
                                        .la_name = longest,
                                        .trust = longest,
                                        .has_position = true,
                                        .easting = 700000,
                                        .northing = 1300000,
                                        .has_roll = true,
                                        .roll = 20000};
        pointers[i] = &rows[i];
    }
    const struct authority_rows all = {pointers, ROWS, 0};
    size_t blocks = publish(&circle, &all);
    printf("# longest rows: %zu blocks\n", blocks);
    tap_ok(blocks > 3);
    for (uint32_t i = 0; i < ROWS; i++) {
        rows[i] = (struct register_row){.urn = 200000 + i,
                                        .name = "x",
                                        .phase = "",
                                        .type = "",
                                        .la_code = "",
                                        .la_name = "",
                                        .trust = ""};
    }
    tap_ok(publish(&circle, &all) == 3);
    tap_ok(ro_directory_listing(circle.authority->directory,
                                200000 + ROWS - 1) != NULL);
    circle_fini(&circle);
}

static void
test_refused(void)
{
    struct circle circle;
    circle_make(&circle);
    struct authority_imported imported = {0};
    struct ro_why why = {""};
    struct authority_import import = {.csv_path =
                                          circle_path(&circle, "none.csv")};
    tap_is(authority_register(circle.authority, &import, &why, &imported),
           RO_NOT_FOUND);
    import.csv_path = circle_path(&circle, "some.csv");
    write_csv(import.csv_path, "no register\n");
    tap_is(authority_register(circle.authority, &import, &why, &imported),
           RO_BAD_INPUT);
    write_csv(import.csv_path, HEADER "900001,Saltings,Primary,,,\n");
    tap_is(authority_register(circle.authority, &import, &why, &imported),
           RO_REFUSED);
    tap_ok(imported.list == NULL);
    circle_fini(&circle);
}

int
main(int argc, char **argv)
{
    tap_need(argc == 2);
    root_path = argv[1];
    tap_need(ro_crypto_init() == RO_OK);
    tap_run(test_medway);
    tap_run(test_changes);
    tap_run(test_unknown);
    tap_run(test_extremes);
    tap_run(test_refused);
    return tap_done();
}

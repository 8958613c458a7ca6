/* SPDX-License-Identifier: Apache-2.0 */
/* The register becomes listings: only what the directory does not say yet. */
#include "client/authority/listings.h"

#include <string.h>

#include "client/authority/asking.h"
#include "client/authority/complete.h"
#include "client/authority/fetching.h"
#include "client/authority/inside.h"
#include "client/authority/log.h"
#include "client/authority/move.h"
#include "client/authority/register_links.h"
#include "client/authority/signing.h"
#include "common/wire/codec.h"

/* A record's size beside its rows: circle, serial, signatures, framing. */
#define BLOCK_EXTRA 2048
#define BLOCK_LIMIT (RO_RECORD_LIMIT - BLOCK_EXTRA)
/* A row's size beside its texts, at most: tags, lengths, numbers. */
#define ROW_EXTRA 64

void
authority_imported_fini(struct authority_imported *imported)
{
    register_list_free(imported->list);
    authority_moves_fini(&imported->moves);
    *imported = (struct authority_imported){0};
}

/* --- what is new --------------------------------------------------------- */

enum novelty { ROW_KNOWN, ROW_NEW, ROW_CHANGED };

static bool
same_texts(const struct register_row *row, const struct ro_listing_view *view)
{
    return strcmp(row->name, view->name) == 0 &&
           strcmp(row->phase, view->phase) == 0 &&
           strcmp(row->type, view->type) == 0 &&
           strcmp(row->la_code, view->la_code) == 0 &&
           strcmp(row->la_name, view->la_name) == 0 &&
           strcmp(row->trust, view->trust) == 0;
}

static bool
same_place(const struct register_row *row, const struct ro_listing_view *view)
{
    if (!row->has_position)
        return view->position == RO_POSITION_UNKNOWN;
    return view->position == RO_POSITION_KNOWN &&
           row->easting == view->easting && row->northing == view->northing;
}

static enum novelty
compare(const struct authority *authority, const struct register_row *row)
{
    const struct ro_listing_view *view =
        ro_directory_listing(authority->directory, row->urn);
    if (view == NULL)
        return ROW_NEW;
    uint32_t roll = row->has_roll ? row->roll : 0;
    return same_texts(row, view) && same_place(row, view) && roll == view->roll
               ? ROW_KNOWN
               : ROW_CHANGED;
}

/* --- blocks -------------------------------------------------------------- */

/* An empty text is left out. */
static char *
borrow(const char *text)
{
    return text[0] == '\0' ? NULL : authority_borrow(text);
}

static void
fill_listing(const struct register_row *row, Reachout__Listing *ret_listing)
{
    reachout__listing__init(ret_listing);
    ret_listing->has_urn = true;
    ret_listing->urn = row->urn;
    ret_listing->name = borrow(row->name);
    ret_listing->phase = borrow(row->phase);
    ret_listing->type = borrow(row->type);
    ret_listing->la_code = borrow(row->la_code);
    ret_listing->la_name = borrow(row->la_name);
    ret_listing->trust = borrow(row->trust);
    ret_listing->has_easting = ret_listing->has_northing = row->has_position;
    ret_listing->easting = row->easting;
    ret_listing->northing = row->northing;
    ret_listing->has_roll = row->has_roll;
    ret_listing->roll = row->roll;
}

static size_t
row_room(const struct register_row *row)
{
    return ROW_EXTRA + strlen(row->name) + strlen(row->phase) +
           strlen(row->type) + strlen(row->la_code) + strlen(row->la_name) +
           strlen(row->trust);
}

enum ro_status
authority_block_pack(const struct authority *authority,
                     const struct authority_rows *rows,
                     size_t *at,
                     struct ro_buf *ret_body)
{
    Reachout__Listing listings[AUTHORITY_BLOCK_ROWS];
    Reachout__Listing *pointers[AUTHORITY_BLOCK_ROWS];
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    size_t room = BLOCK_LIMIT;
    while (*at < rows->n && block.n_listings < AUTHORITY_BLOCK_ROWS &&
           row_room(rows->rows[*at]) <= room) {
        room -= row_room(rows->rows[*at]);
        fill_listing(rows->rows[*at], &listings[block.n_listings]);
        pointers[block.n_listings] = &listings[block.n_listings];
        block.n_listings++;
        (*at)++;
    }
    block.has_circle = block.has_serial = true;
    block.circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    block.serial = rows->serial;
    block.listings = pointers;
    return ro_pack(&block.base, ret_body);
}

/* --- publishing ---------------------------------------------------------- */

/* An import under way. */
struct importing {
    const struct register_list *list;
    const struct register_row **fresh; /* room for every row */
};

static void
count(const struct authority *authority, struct authority_imported *imported)
{
    imported->accepted = imported->list->row_count;
    for (size_t i = 0; i < imported->list->row_count; i++) {
        enum novelty novelty = compare(authority, &imported->list->rows[i]);
        imported->added += novelty == ROW_NEW;
        imported->changed += novelty == ROW_CHANGED;
    }
}

static size_t
find_fresh(const struct authority *authority, struct importing *importing)
{
    size_t n = 0;
    for (size_t i = 0; i < importing->list->row_count; i++) {
        const struct register_row *row = &importing->list->rows[i];
        if (compare(authority, row) != ROW_KNOWN)
            importing->fresh[n++] = row;
    }
    return n;
}

static enum ro_status
publish_block(struct authority *authority,
              const struct authority_rows *rows,
              size_t *at,
              struct ro_why *why)
{
    RO_AUTOBUF body = {0};
    RO_AUTOBUF record = {0};
    RO_TRY(authority_block_pack(authority, rows, at, &body));
    RO_TRY(authority_sign(authority, REACHOUT__SIGNED__KIND__LISTING,
                          ro_buf_view(&body), why, &record));
    const struct ro_bytes bytes = ro_buf_view(&record);
    return authority_append(authority, &bytes, 1, why);
}

static enum ro_status
publish_rows(struct authority *authority, void *user, struct ro_why *why)
{
    struct importing *importing = user;
    struct authority_rows rows = {importing->fresh,
                                  find_fresh(authority, importing),
                                  authority_log_serial(authority)};
    for (size_t at = 0; at < rows.n; rows.serial++)
        RO_TRY(publish_block(authority, &rows, &at, why));
    return RO_OK;
}

static enum ro_status
publish_list(struct authority *authority,
             const struct register_list *list,
             struct ro_why *why)
{
    RO_AUTOFREE const struct register_row **fresh =
        calloc(list->row_count + 1, sizeof(void *));
    struct importing importing = {list, fresh};
    if (fresh == NULL)
        return RO_NO_MEMORY;
    return authority_complete(authority, publish_rows, &importing, why);
}

static enum ro_status
import_schools(struct authority *authority,
               const struct authority_import *import,
               struct ro_why *why,
               struct authority_imported *imported)
{
    if (import->csv_path == NULL)
        return RO_OK;
    RO_TRY(
        register_read(import->csv_path, import->la_code, why, &imported->list));
    if (import->mode == AUTHORITY_PUBLISH) {
        RO_TRY(authority_log_catch_up(authority, why));
        RO_TRY(authority_log_ready(authority, why));
    }
    count(authority, imported);
    return import->mode == AUTHORITY_PUBLISH
               ? publish_list(authority, imported->list, why)
               : RO_OK;
}

static enum ro_status
import_links(struct authority *authority,
             const struct authority_import *import,
             struct ro_why *why,
             struct authority_imported *imported)
{
    RO_CLEANUP(register_links_freep) struct register_links *links = NULL;
    if (import->links_path == NULL)
        return RO_OK;
    RO_TRY(register_links_read(import->links_path, why, &links));
    if (import->mode == AUTHORITY_PUBLISH) {
        RO_TRY(authority_log_catch_up(authority, why));
        RO_TRY(authority_log_ready(authority, why));
    }
    RO_TRY(authority_moves_plan(authority, links, why, &imported->moves));
    if (import->mode != AUTHORITY_PUBLISH || imported->moves.n == 0)
        return RO_OK;
    return authority_complete(authority, authority_moves_publish, links, why);
}

enum ro_status
authority_register(struct authority *authority,
                   const struct authority_import *import,
                   struct ro_why *why,
                   struct authority_imported *ret_imported)
{
    RO_CLEANUP(authority_imported_fini)
    struct authority_imported imported = {0};
    RO_TRY(import_schools(authority, import, why, &imported));
    RO_TRY(import_links(authority, import, why, &imported));
    *ret_imported = imported;
    imported = (struct authority_imported){0};
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
/* Blocks of register rows: a row that is there already is replaced in place,
 * so that the i-th listing stays the i-th. */
#include <stdlib.h>
#include <string.h>

#include "common/wire/directory_inside.h"

#define METRES_MAX 10000000 /* easting and northing, either way */
#define ROLL_MAX 1000000
#define URN_MAX 99999999

static enum ro_status
check_texts(const struct ro_dir_step *step, const Reachout__Listing *listing)
{
    const struct {
        const char *text;
        const char *name;
        enum ro_dir_presence presence;
    } texts[] = {
        {listing->name,    "name",    RO_DIR_REQUIRED},
        {listing->phase,   "phase",   RO_DIR_OPTIONAL},
        {listing->type,    "type",    RO_DIR_OPTIONAL},
        {listing->la_code, "la_code", RO_DIR_OPTIONAL},
        {listing->la_name, "la_name", RO_DIR_OPTIONAL},
        {listing->trust,   "trust",   RO_DIR_OPTIONAL},
    };
    for (size_t i = 0; i < RO_LEN(texts); i++) {
        RO_TRY(
            ro_dir_line(step, texts[i].text, texts[i].name, texts[i].presence));
    }
    return RO_OK;
}

static bool
is_position(int32_t metres)
{
    return metres >= -METRES_MAX && metres <= METRES_MAX;
}

static enum ro_status
check_listing(const struct ro_dir_step *step, const Reachout__Listing *listing)
{
    if (!listing->has_urn || listing->urn == 0 || listing->urn > URN_MAX)
        return ro_why(step->why, RO_BAD_RECORD, "urn: missing or not one");
    if (listing->has_easting != listing->has_northing) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "easting, northing: one without the other");
    }
    if (!is_position(listing->easting) || !is_position(listing->northing)) {
        return ro_why(step->why, RO_BAD_RECORD,
                      "easting, northing: not on this earth");
    }
    if (listing->roll > ROLL_MAX)
        return ro_why(step->why, RO_BAD_RECORD, "roll: too many");
    return check_texts(step, listing);
}

/* Every row once, and no row twice. */
static enum ro_status
check_block(const struct ro_dir_step *step,
            const Reachout__ListingBlock *block,
            struct ro_index *urns)
{
    if (block->n_listings == 0)
        return ro_why(step->why, RO_BAD_RECORD, "listings: none");
    RO_TRY(ro_index_reserve(urns, block->n_listings));
    for (size_t i = 0; i < block->n_listings; i++) {
        const Reachout__Listing *listing = block->listings[i];
        RO_TRY(check_listing(step, listing));
        if (ro_index_find(urns, &listing->urn) != RO_INDEX_NONE) {
            return ro_why(step->why, RO_BAD_RECORD, "urn: %u is there twice",
                          listing->urn);
        }
        ro_index_put(urns, &listing->urn, 0);
    }
    return RO_OK;
}

/* New rows that the directory does not have yet. */
struct fresh {
    struct ro_dir_listing *rows;
    size_t n_rows;
};

static void
fresh_fini(struct fresh *fresh)
{
    for (size_t i = 0; i < fresh->n_rows; i++)
        free(fresh->rows[i].texts);
    free(fresh->rows);
}

static size_t
text_room(const char *text)
{
    return (text != NULL ? strlen(text) : 0) + 1;
}

/* Copies a text to `*place` and moves on behind its end. */
static const char *
copy_text(const char *text, char **place)
{
    char *copy = *place;
    size_t size = text_room(text);
    memcpy(copy, text != NULL ? text : "", size);
    *place += size;
    return copy;
}

static enum ro_status
make_row(const Reachout__Listing *from, struct ro_dir_listing *ret_row)
{
    size_t size = text_room(from->name) + text_room(from->phase) +
                  text_room(from->type) + text_room(from->la_code) +
                  text_room(from->la_name) + text_room(from->trust);
    char *place = malloc(size);
    if (place == NULL)
        return RO_NO_MEMORY;
    ret_row->texts = place;
    struct ro_listing_view *view = &ret_row->view;
    view->urn = from->urn;
    view->name = copy_text(from->name, &place);
    view->phase = copy_text(from->phase, &place);
    view->type = copy_text(from->type, &place);
    view->la_code = copy_text(from->la_code, &place);
    view->la_name = copy_text(from->la_name, &place);
    view->trust = copy_text(from->trust, &place);
    view->position =
        from->has_easting ? RO_POSITION_KNOWN : RO_POSITION_UNKNOWN;
    view->easting = from->easting;
    view->northing = from->northing;
    view->roll = from->roll;
    return RO_OK;
}

static enum ro_status
make_rows(const Reachout__ListingBlock *block, struct fresh *fresh)
{
    fresh->rows = calloc(block->n_listings, sizeof(*fresh->rows));
    if (fresh->rows == NULL)
        return RO_NO_MEMORY;
    fresh->n_rows = block->n_listings;
    for (size_t i = 0; i < fresh->n_rows; i++)
        RO_TRY(make_row(block->listings[i], &fresh->rows[i]));
    return RO_OK;
}

static enum ro_status
reserve(struct ro_directory *directory, size_t more)
{
    void *rows = ro_dir_grown(directory->listings, &directory->listings_room,
                              directory->n_listings + more,
                              sizeof(*directory->listings));
    if (rows == NULL)
        return RO_NO_MEMORY;
    directory->listings = rows;
    return ro_index_reserve(&directory->listing_of_urn, more);
}

/* The members of a school bear its name; it moved with the row's texts. */
static void
rename_members(struct ro_directory *directory,
               const struct ro_listing_view *listing)
{
    uint32_t place = ro_dir_of_urn(directory, listing->urn);
    while (place != RO_INDEX_NONE) {
        struct ro_member_view *member = &directory->members[place].view;
        if (strcmp(member->name, listing->name) != 0)
            member->named_at = directory->n_records + 1;
        member->name = listing->name;
        place = directory->members[place].older_of_urn;
    }
}

static void
put_row(struct ro_directory *directory, struct ro_dir_listing *row)
{
    uint32_t urn = row->view.urn;
    uint32_t place = ro_index_find(&directory->listing_of_urn, &urn);
    if (place == RO_INDEX_NONE) {
        place = (uint32_t)directory->n_listings++;
        ro_index_put(&directory->listing_of_urn, &urn, place);
        directory->listings[place] = *row;
    } else {
        char *old = directory->listings[place].texts;
        directory->listings[place] = *row;
        rename_members(directory, &row->view);
        free(old);
    }
    row->texts = NULL;
}

enum ro_status
ro_dir_listings(const struct ro_dir_step *step)
{
    struct ro_directory *directory = step->directory;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_dir_unpack(step, &reachout__listing_block__descriptor, &base));
    const Reachout__ListingBlock *block = (const Reachout__ListingBlock *)base;
    struct ro_dir_opening opening = {&block->circle, block->has_serial,
                                     block->serial};
    RO_TRY(ro_dir_open(step, &opening, directory->serial));
    RO_CLEANUP(ro_index_fini) struct ro_index urns;
    ro_index_init(&urns, sizeof(uint32_t));
    RO_TRY(check_block(step, block, &urns));
    RO_TRY(ro_dir_authority(step));

    RO_CLEANUP(fresh_fini) struct fresh fresh = {0};
    RO_TRY(make_rows(block, &fresh));
    RO_TRY(reserve(directory, fresh.n_rows));
    for (size_t i = 0; i < fresh.n_rows; i++)
        put_row(directory, &fresh.rows[i]);
    directory->serial = block->serial;
    return RO_OK;
}

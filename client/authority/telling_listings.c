/* SPDX-License-Identifier: Apache-2.0 */
/* A block of the register in the words of one who signs: every school that gets
 * another name or something else, and who is new. */
#include "client/authority/telling.h"

#include <string.h>

#define SHOWN_MAX 20 /* new schools; then only how many */
#define MANY 20      /* changes; then also how many */

/* How many rows of a block are what. */
struct counts {
    size_t fresh;
    size_t changed; /* in something else than the name */
    size_t same;
};

static const char *
text_of(const char *text)
{
    return text != NULL ? text : "";
}

static enum ro_status
check_row(const struct telling *telling, const Reachout__Listing *row)
{
    const struct {
        const char *what;
        const char *text;
    } texts[] = {
        {"a phase",           row->phase  },
        {"a type",            row->type   },
        {"a local authority", row->la_code},
        {"a local authority", row->la_name},
        {"a trust",           row->trust  },
    };
    if (row->urn == 0 || row->name == NULL)
        return ro_why(telling->why, RO_BAD_RECORD, "a school without a name");
    RO_TRY(telling_line(telling, "a school's name", row->name));
    for (size_t i = 0; i < RO_LEN(texts); i++)
        RO_TRY(telling_line(telling, texts[i].what, text_of(texts[i].text)));
    return RO_OK;
}

/* --- what is there and gets other words ---------------------------------- */

static void
put_name(const struct telling *telling,
         const Reachout__Listing *row,
         const struct ro_listing_view *now)
{
    const struct ro_member_view *member =
        ro_directory_member_by_urn(telling->directory, row->urn);
    if (strcmp(now->name, row->name) == 0)
        return;
    ro_buf_printf(telling->text, "RENAMES URN %u: \"%s\", was \"%s\"", row->urn,
                  row->name, now->name);
    if (member != NULL && member->standing == RO_MEMBER_LIVE)
        ro_buf_printf(telling->text, ", which is a member");
    ro_buf_put_u8(telling->text, '\n');
}

static bool
same_place(const Reachout__Listing *row, const struct ro_listing_view *now)
{
    if (now->position == RO_POSITION_UNKNOWN || !row->has_easting)
        return (now->position == RO_POSITION_KNOWN) == (row->has_easting != 0);
    return now->easting == row->easting && now->northing == row->northing;
}

/* Appends what else is other, as ", its phase: X, was Y"; says whether anything
 * is. */
static bool
put_fields(const Reachout__Listing *row,
           const struct ro_listing_view *now,
           struct ro_buf *text)
{
    const struct {
        const char *what;
        const char *to;
        const char *from;
    } fields[] = {
        {"phase",                   row->phase,   now->phase  },
        {"type",                    row->type,    now->type   },
        {"code of local authority", row->la_code, now->la_code},
        {"local authority",         row->la_name, now->la_name},
        {"trust",                   row->trust,   now->trust  },
    };
    size_t before = text->size;
    for (size_t i = 0; i < RO_LEN(fields); i++) {
        if (strcmp(text_of(fields[i].to), fields[i].from) != 0) {
            ro_buf_printf(text, "; %s: %s, was %s", fields[i].what,
                          text_of(fields[i].to), fields[i].from);
        }
    }
    if (!same_place(row, now)) {
        ro_buf_printf(text, "; place: %d, %d, was %d, %d", row->easting,
                      row->northing, now->easting, now->northing);
    }
    if (row->roll != now->roll)
        ro_buf_printf(text, "; pupils: %u, was %u", row->roll, now->roll);
    return text->size > before;
}

/* All of them: a phase, a type or a trust decides which groups a school is in,
 * and one that is not shown could be moved unseen. The record's size is the
 * bound. */
static enum ro_status
put_change(const struct telling *telling,
           const Reachout__Listing *row,
           const struct ro_listing_view *now,
           struct counts *counts)
{
    RO_AUTOBUF fields = {0};
    put_name(telling, row, now);
    if (!put_fields(row, now, &fields)) {
        counts->same += strcmp(now->name, row->name) == 0;
        return ro_buf_ok(&fields);
    }
    RO_TRY(ro_buf_ok(&fields));
    counts->changed++;
    ro_buf_printf(telling->text, "changes URN %u (%s)", row->urn, row->name);
    ro_buf_put(telling->text, fields.data, fields.size);
    ro_buf_put_u8(telling->text, '\n');
    return RO_OK;
}

/* --- all of them --------------------------------------------------------- */

static enum ro_status
put_row(const struct telling *telling,
        const Reachout__Listing *row,
        struct counts *counts)
{
    const struct ro_listing_view *now =
        telling->directory == NULL
            ? NULL
            : ro_directory_listing(telling->directory, row->urn);
    RO_TRY(check_row(telling, row));
    if (now != NULL)
        return put_change(telling, row, now, counts);
    if (++counts->fresh <= SHOWN_MAX) {
        ro_buf_printf(telling->text, "%s URN %u: %s\n",
                      telling->directory == NULL ? "lists" : "new:", row->urn,
                      row->name);
    }
    return RO_OK;
}

static void
put_counts(const struct telling *telling, const struct counts *counts)
{
    struct ro_buf *text = telling->text;
    if (counts->fresh > SHOWN_MAX) {
        ro_buf_printf(text, "and %zu more%s\n", counts->fresh - SHOWN_MAX,
                      telling->directory == NULL ? "" : " are new");
    }
    if (counts->changed > MANY) {
        ro_buf_printf(text,
                      "%zu SCHOOLS CHANGE, each told above: compare them with "
                      "the register before you sign\n",
                      counts->changed);
    }
    if (counts->same > 0)
        ro_buf_printf(text, "%zu stay as they are\n", counts->same);
}

enum ro_status
telling_listings(const struct telling *telling, const ProtobufCMessage *message)
{
    const Reachout__ListingBlock *block = (const void *)message;
    struct counts counts = {0};
    if (block->n_listings == 0)
        return ro_why(telling->why, RO_BAD_RECORD, "lists nobody");
    ro_buf_printf(telling->text, "%zu %s of the register\n", block->n_listings,
                  block->n_listings == 1 ? "school" : "schools");
    for (size_t i = 0; i < block->n_listings; i++)
        RO_TRY(put_row(telling, block->listings[i], &counts));
    put_counts(telling, &counts);
    return RO_OK;
}

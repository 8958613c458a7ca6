/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/friends.h"

#include <stdio.h>

#define HOUR 3600

static void
need(bool ok, const char *what)
{
    if (ok)
        return;
    printf("Bail out! friends: %s\n", what);
    exit(1);
}

struct pair *pair;
struct seat *ann;
struct seat *ben;
struct seat *cat;

void
open_two(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    pair_sync_all(pair);
}

void
open_three(void)
{
    pair = pair_new();
    ann = pair_school(pair, 0);
    ben = pair_school(pair, 2);
    cat = pair_school(pair, 3);
    pair_sync_all(pair);
}

void
close_circle(void)
{
    pair_free(pair);
}

void
rename_school(uint32_t urn, const char *to)
{
    RO_AUTOBUF raw = {0};
    char name[32];
    struct ro_why why = {""};
    struct test_circle *circle = pair_circle(pair);
    Reachout__Listing listing;
    Reachout__Listing *list = &listing;
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    pair_hold(pair);
    test_listing_init(circle, urn, name, &listing);
    snprintf(name, sizeof(name), "%s", to);
    block.has_circle = block.has_serial = true;
    block.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    block.serial = circle->serial + 1;
    block.listings = &list;
    block.n_listings = 1;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &raw);
    test_must(test_circle_add(circle, ro_buf_view(&raw), &why));
    pair_append(pair);
}

const char *
open_thread(void)
{
    open_two();
    const char *thread = thread_between(pair_answered(ann, ben), ann, ben);
    pair_sync_all(pair);
    return thread;
}

const char *
urn_of(const struct seat *seat)
{
    static char urns[4][32];
    static size_t next;
    char *urn = urns[next++ % RO_LEN(urns)];
    snprintf(urn, sizeof(urns[0]), "urn:%u", seat->member->urn);
    return urn;
}

const char *
ask_both(void)
{
    const char *to[] = {urn_of(ben), urn_of(cat)};
    test_must(seat_ask_many(ann, to, 2, "Anybody?"));
    const char *request = seat_request(ann);
    test_must(seat_sync(ben));
    test_must(seat_sync(cat));
    return request;
}

const char *
quiet_thread(void)
{
    const char *request = pair_answered(ann, ben);
    pair_sync_all(pair);
    pair_pass(pair, 5 * HOUR);
    pair_sync_all(pair);
    pair_sync_all(pair);
    need(outbox_size(ann) == 0 && outbox_size(ben) == 0, "not quiet");
    return thread_between(request, ann, ben);
}

/* --- looking at the outbox ----------------------------------------------- */

size_t
outbox_rows(struct seat *seat, struct ro_buf *ret_rows)
{
    test_must(outgoing_rows(seat->engine->vault, ret_rows));
    return ret_rows->size / RO_ID_SIZE;
}

size_t
outbox_size(struct seat *seat)
{
    RO_AUTOBUF rows = {0};
    return outbox_rows(seat, &rows);
}

struct outgoing
newest(struct seat *seat)
{
    RO_AUTOBUF rows = {0};
    struct outgoing outgoing = {0};
    struct row_id row;
    size_t n = outbox_rows(seat, &rows);
    need(n > 0, "an empty outbox");
    memcpy(row.b, rows.data + (n - 1) * RO_ID_SIZE, RO_ID_SIZE);
    test_must(outgoing_get(seat->engine->vault, &row, &outgoing));
    return outgoing;
}

enum ro_place
place_of(struct seat *seat, const struct row_id *row)
{
    RO_AUTOMESSAGE message = {0};
    test_must(message_get(seat->engine->vault, row, &message));
    return message.place;
}

struct ro_message_id
message_id_of(struct seat *seat, const struct row_id *row)
{
    RO_AUTOMESSAGE message = {0};
    test_must(message_get(seat->engine->vault, row, &message));
    return message.id;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/recheck.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto/door.h"
#include "common/crypto/seal.h"
#include "common/crypto/words.h"
#include "common/wire/armour.h"
#include "common/wire/checkpoint.h"
#include "common/wire/notices.h"
#include "common/wire/rules.h"
#include "golden/play.h"
#include "unit/store/folder.h"

#define RECORDS 9
#define ARENA ((size_t)1 << 20)

static bool
is(const struct book *page, const char *name, const uint8_t *bytes, size_t size)
{
    return ro_bytes_equal(book_get(page, name), (struct ro_bytes){bytes, size});
}

/* --- directory ------------------------------------------------------------ */

static struct ro_arena *
arena_new(void)
{
    struct ro_arena *arena = ro_arena_new(ARENA, ARENA);
    point_need(arena != NULL);
    return arena;
}

static struct ro_root
root_of(const struct book *page)
{
    struct ro_root root;
    ProtobufCMessage *message;
    struct ro_arena *arena = arena_new();
    point_need(ro_unpack(&reachout__authority_public__descriptor,
                         book_get(page, "authority-public"), arena,
                         &message) == RO_OK);
    point_need(ro_root_of((const Reachout__AuthorityPublic *)message, &root) ==
               RO_OK);
    ro_arena_free(arena);
    return root;
}

static bool
add_record(const struct book *page,
           struct ro_directory *directory,
           unsigned number)
{
    struct ro_replaying checking = {.how = RO_REPLAY_CHECK, .today = CAST_DAY};
    struct ro_why why = {""};
    struct ro_hash head;
    char name[BOOK_NAME];
    snprintf(name, sizeof(name), "record.%u", number);
    enum ro_status s =
        ro_directory_add(directory, book_get(page, name), &checking, &why);
    if (s != RO_OK)
        printf("# %s: %s: %s\n", name, ro_status_name(s), why.text);
    snprintf(name, sizeof(name), "head.%u", number);
    return s == RO_OK && ro_directory_head(directory, number, &head) == RO_OK &&
           is(page, name, head.b, RO_HASH_SIZE);
}

struct ro_directory *
recheck_log(const struct book *page)
{
    struct ro_root root = root_of(page);
    struct ro_directory *directory = ro_directory_new(&root);
    point_need(directory != NULL);
    for (unsigned i = 1; i < RECORDS; i++)
        point_say(add_record(page, directory, i), "a record and its head");
    return directory;
}

static void
recheck_ids(const struct book *page, const struct ro_directory *directory)
{
    const struct ro_member_view *a =
        ro_directory_member_by_urn(directory, 100001);
    const struct ro_member_view *b =
        ro_directory_member_by_urn(directory, 100002);
    static const char *const seats[] = {"a.lead.id", "a.office.id",
                                        "b.lead.id"};
    point_need(a != NULL && b != NULL);
    point_ok(
        is(page, "circle.id", ro_directory_circle(directory)->b, RO_ID_SIZE));
    point_ok(is(page, "a.id", a->id.b, RO_ID_SIZE));
    point_ok(is(page, "b.id", b->id.b, RO_ID_SIZE));
    for (size_t i = 0; i < RO_LEN(seats); i++) {
        struct ro_seat_id id;
        book_copy(page, seats[i], id.b, RO_ID_SIZE);
        point_say(ro_directory_seat(directory, &id) != NULL, seats[i]);
    }
    point_ok(is(page, "mailbox.id",
                ro_directory_charter(directory)->enrolment_mailbox.b,
                RO_ID_SIZE));
}

static void
recheck_lists(const struct book *page, const struct ro_directory *directory)
{
    static const char *const lists[] = {"list.b", "list.a"};
    struct ro_notices *notices = ro_notices_new();
    struct ro_seat_id seat;
    struct ro_hash digest;
    struct ro_key key;
    point_need(notices != NULL);
    for (size_t i = 0; i < RO_LEN(lists); i++) {
        struct ro_notice_facts facts;
        struct ro_bytes raw = book_get(page, lists[i]);
        point_is(ro_notices_check(notices, directory, raw, NULL, &facts),
                 RO_OK);
        point_is(ro_notices_add(notices, raw), RO_OK);
    }
    ro_notices_digest(notices, CAST_DAY, &digest);
    point_ok(is(page, "digest", digest.b, RO_HASH_SIZE));
    book_copy(page, "b.lead.id", seat.b, RO_ID_SIZE);
    point_is(ro_notices_epoch_key(notices, &seat, CAST_DAY + 2, &key), RO_OK);
    point_ok(is(page, "b.lead.day.2.x25519", key.b, RO_KEY_SIZE));
    ro_notices_free(notices);
}

static void
recheck_checkpoint(const struct book *page,
                   const struct ro_directory *directory)
{
    struct ro_checkpoint newest;
    point_is(ro_checkpoint_open(
                 book_get(page, "checkpoint"), ro_directory_circle(directory),
                 &ro_directory_charter(directory)->broker_signing, &newest),
             RO_OK);
    point_is(ro_checkpoint_agrees(&newest, directory), RO_OK);
    point_ok(newest.size == 8 && newest.slot == CAST_HOUR);
    point_ok(is(page, "digest", newest.notices.b, RO_HASH_SIZE));
}

static void
recheck_ticket(const struct book *page)
{
    struct ro_arena *arena = arena_new();
    struct ro_root root = root_of(page);
    Reachout__Ticket *ticket = NULL;
    Reachout__Seat *seat = NULL;
    struct ro_key member;
    const char *words[RO_WORDS];
    char line[128];
    point_need(ro_ticket_open(book_get(page, "ticket"), &root, CAST_NOW_S,
                              arena, &ticket) == RO_OK);
    point_ok(ticket->urn == 100002 && ticket->role == REACHOUT__ROLE__LEAD);
    book_copy(page, "b.key.ed25519", member.b, RO_KEY_SIZE);
    point_is(ro_seat_open(book_get(page, "record.7"), &member, arena, &seat),
             RO_OK);
    ro_words_of(book_get(page, "record.7"), words);
    int n = snprintf(line, sizeof(line), "%s %s %s %s %s", words[0], words[1],
                     words[2], words[3], words[4]);
    point_ok(is(page, "words", (const uint8_t *)line, (size_t)n));
    ro_arena_free(arena);
}

static bool
reads_as(const struct block *block, const char *what, struct ro_bytes bytes)
{
    struct folder folder = folder_new();
    RO_AUTOBUF read = {0};
    char path[512];
    snprintf(path, sizeof(path), "%s/file", folder.path);
    bool good = ro_file_write(path, ro_buf_view(&block->text), RO_FILE_SECRET,
                              NULL) == RO_OK &&
                ro_armour_read(path, what, NULL, &read) == RO_OK &&
                ro_bytes_equal(ro_buf_view(&read), bytes);
    folder_remove(&folder);
    return good;
}

/* What is inside a file. */
static struct ro_bytes
carried(const struct book *page, const char *what)
{
    if (strcmp(what, "key") == 0)
        return book_get(page, "authority.0.seed");
    if (strcmp(what, "enrolment") != 0)
        return book_get(page, what);
    struct ro_bytes frame = book_get(page, "enrol-request.ask");
    return (struct ro_bytes){frame.data + RO_FRAME_HEADER_SIZE,
                             frame.size - RO_FRAME_HEADER_SIZE};
}

static void
recheck_files(const struct book *page)
{
    size_t n = 0;
    for (size_t i = 0; i < page->n_blocks; i++) {
        const struct block *block = &page->blocks[i];
        if (strncmp(block->name, "file-", 5) != 0)
            continue;
        const char *what = block->name + 5;
        point_say(reads_as(block, what, carried(page, what)), block->name);
        n++;
    }
    point_ok(n == 6);
}

void
recheck_directory(const struct book *page)
{
    struct ro_directory *directory = recheck_log(page);
    struct ro_seat_id office;
    recheck_ids(page, directory);
    recheck_lists(page, directory);
    recheck_checkpoint(page, directory);
    point_ok(add_record(page, directory, RECORDS));
    book_copy(page, "a.office.id", office.b, RO_ID_SIZE);
    point_say(ro_directory_seat(directory, &office)->standing ==
                  RO_SEAT_REVOKED,
              "the last record takes the office's seat back");
    ro_directory_free(directory);
    recheck_ticket(page);
    recheck_files(page);
}

/* --- frames --------------------------------------------------------------- */

/* The asks as the page has them; those it does not show, as they are made. */
static void
asks_of(const struct book *page, const struct cast *cast, struct book *ret_asks)
{
    make_asks(page, cast, ret_asks);
    for (size_t i = 0; i < ret_asks->n_values; i++) {
        struct value *ask = &ret_asks->values[i];
        for (size_t k = 0; k < page->n_values; k++) {
            const struct value *shown = &page->values[k];
            if (strcmp(shown->name, ask->name) != 0)
                continue;
            ro_buf_clear(&ask->bytes);
            ro_buf_put(&ask->bytes, shown->bytes.data, shown->bytes.size);
        }
    }
}

void
recheck_frames(const struct book *page, const struct cast *cast)
{
    BOOK asks = {0};
    BOOK answers = {0};
    size_t n = 0;
    asks_of(page, cast, &asks);
    play(cast, &asks, &answers);
    for (size_t i = 0; i < page->n_values; i++) {
        const struct value *value = &page->values[i];
        const char *end = strrchr(value->name, '.');
        if (end == NULL ||
            (strcmp(end, ".answer") != 0 && strcmp(end, ".push") != 0))
            continue;
        point_say(ro_bytes_equal(book_get(&answers, value->name),
                                 ro_buf_view(&value->bytes)),
                  value->name);
        n++;
    }
    point_ok(n == 14);
}

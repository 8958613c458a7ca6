/* SPDX-License-Identifier: Apache-2.0 */
/* Keys, ids, records, notices and checkpoint, and the files that are carried.
 */
#include "golden/cast.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto/seal.h"
#include "common/wire/armour.h"
#include "common/wire/checkpoint.h"
#include "common/wire/notices.h"
#include "unit/store/folder.h"

/* --- keys ----------------------------------------------------------------- */

/* Which forms of a pair the page shows beside the seed. */
enum forms {
    FORM_ED25519 = 1,
    FORM_X25519 = 2,
    FORM_SECRET = 4, /* of X25519 */
};

static void
show_pair(struct book *book,
          const char *name,
          const struct ro_keypair *pair,
          unsigned forms)
{
    char full[BOOK_NAME];
    snprintf(full, sizeof(full), "%s.seed", name);
    book_fill(book, full, ro_keypair_seed(pair)[0], RO_SEED_SIZE);
    snprintf(full, sizeof(full), "%s.ed25519", name);
    if ((forms & FORM_ED25519) != 0) {
        book_hex(book, full,
                 (struct ro_bytes){ro_keypair_public(pair)->b, RO_KEY_SIZE},
                 NULL);
    }
    snprintf(full, sizeof(full), "%s.x25519", name);
    if ((forms & FORM_X25519) != 0) {
        book_hex(book, full,
                 (struct ro_bytes){ro_keypair_x25519(pair)->b, RO_KEY_SIZE},
                 NULL);
    }
    snprintf(full, sizeof(full), "%s.secret", name);
    if ((forms & FORM_SECRET) != 0) {
        book_hex(book, full,
                 (struct ro_bytes){ro_keypair_x25519_secret(pair), 32}, NULL);
    }
}

static void
show_seat(struct book *book, const char *name, const struct test_seat *seat)
{
    const struct {
        const char *name;
        const struct ro_keypair *pair;
        unsigned forms;
    } keys[] = {
        {"signing",   seat->signing,   FORM_ED25519                            },
        {"sealing",   seat->sealing,   FORM_ED25519 | FORM_X25519 | FORM_SECRET},
        {"fallback",  seat->fallback,  FORM_ED25519 | FORM_X25519 | FORM_SECRET},
        {"transport", seat->transport, FORM_ED25519 | FORM_X25519              },
    };
    for (size_t i = 0; i < RO_LEN(keys); i++) {
        char full[BOOK_NAME];
        snprintf(full, sizeof(full), "%s.%s", name, keys[i].name);
        show_pair(book, full, keys[i].pair, keys[i].forms);
    }
}

static void
show_u32(struct book *book, const char *name, uint32_t number)
{
    uint8_t bytes[4];
    char words[32];
    ro_set_u32(bytes, number);
    snprintf(words, sizeof(words), "%u", number);
    book_hex(book, name, (struct ro_bytes){bytes, sizeof(bytes)}, words);
}

static void
make_numbers(struct book *book)
{
    book_begin(book, "numbers");
    show_u32(book, "day", CAST_DAY);
    show_u32(book, "hour", CAST_HOUR);
    show_u32(book, "expiry-hour", CAST_EXPIRY_HOUR);
    show_u32(book, "generation", 1);
    book_fill(book, "psk", 0x08, 32);
    book_fill(book, "ticket.id", 0x51, RO_ID_SIZE);
    book_fill(book, "request.id", 0x52, RO_ID_SIZE);
}

static void
make_keys_of_circle(struct book *book, const struct cast *cast)
{
    static const char *const names[] = {"authority.0", "authority.1",
                                        "authority.2"};
    const struct test_circle *circle = cast->circle;
    book_begin(book, "keys-circle");
    for (size_t i = 0; i < RO_LEN(names); i++)
        show_pair(book, names[i], circle->authority[i], FORM_ED25519);
    show_pair(book, "enrolment", circle->enrolment,
              FORM_ED25519 | FORM_X25519 | FORM_SECRET);
    show_pair(book, "mailbox", circle->mailbox, FORM_ED25519);
    show_pair(book, "broker.signing", circle->broker_signing, FORM_ED25519);
    show_pair(book, "broker.curve", circle->broker_curve, FORM_X25519);
}

void
make_keys(struct book *book, const struct cast *cast)
{
    static const char *const lines[CAST_LINES] = {
        "connection.a", "connection.b", "connection.joiner",
        "connection.authority"};
    static const char *const days_a[] = {"a.lead.day.0", "a.lead.day.1"};
    static const char *const days_b[] = {"b.lead.day.0", "b.lead.day.1",
                                         "b.lead.day.2"};
    make_numbers(book);
    make_keys_of_circle(book, cast);
    book_begin(book, "keys-schools");
    show_pair(book, "a.key", cast->a->key, FORM_ED25519);
    show_seat(book, "a.lead", cast->lead);
    show_seat(book, "a.office", cast->office);
    show_pair(book, "b.key", cast->b->key, FORM_ED25519);
    show_seat(book, "b.lead", cast->head);
    book_begin(book, "keys-days");
    for (size_t i = 0; i < RO_LEN(days_a); i++)
        show_pair(book, days_a[i], cast->day_a[i], FORM_X25519);
    for (size_t i = 0; i < RO_LEN(days_b); i++)
        show_pair(book, days_b[i], cast->day_b[i], FORM_X25519 | FORM_SECRET);
    book_begin(book, "keys-connections");
    for (size_t i = 0; i < RO_LEN(lines); i++)
        show_pair(book, lines[i], cast->line[i], FORM_X25519);
}

/* --- ids ------------------------------------------------------------------ */

static void
show_id(struct book *book, const char *name, const uint8_t *id)
{
    book_hex(book, name, (struct ro_bytes){id, RO_ID_SIZE}, NULL);
}

void
make_ids(struct book *book, const struct cast *cast)
{
    struct ro_seat_id mailbox;
    struct ro_request_id request;
    struct ro_thread_id ab, aa;
    ro_seat_id_of(ro_keypair_public(cast->circle->mailbox), &mailbox);
    book_copy(book, "request.id", request.b, RO_ID_SIZE);
    ro_thread_id_of(&request, &cast->a->id, &cast->b->id, &ab);
    ro_thread_id_of(&request, &cast->a->id, &cast->a->id, &aa);
    book_begin(book, "ids");
    show_id(book, "circle.id", cast->circle->id.b);
    show_id(book, "a.id", cast->a->id.b);
    show_id(book, "b.id", cast->b->id.b);
    show_id(book, "a.lead.id", cast->lead->id.b);
    show_id(book, "a.office.id", cast->office->id.b);
    show_id(book, "b.lead.id", cast->head->id.b);
    show_id(book, "mailbox.id", mailbox.b);
    show_id(book, "thread.ab", ab.b);
    show_id(book, "thread.aa", aa.b);
}

/* --- the log -------------------------------------------------------------- */

void
make_records(struct book *book, const struct cast *cast)
{
    static const char *const kinds[] = {
        "charter",  "listing",     "member-a",   "seat-a-lead", "seat-a-office",
        "member-b", "seat-b-lead", "broker-key", "revocation",
    };
    if (cast->circle->n_records != RO_LEN(kinds))
        book_fail("the log has %zu records", cast->circle->n_records);
    for (size_t i = 0; i < RO_LEN(kinds); i++) {
        char name[BOOK_NAME];
        snprintf(name, sizeof(name), "record-%zu-%s", i + 1, kinds[i]);
        book_begin(book, name);
        snprintf(name, sizeof(name), "record.%zu", i + 1);
        book_message(book, name, &reachout__signed__descriptor,
                     test_circle_record(cast->circle, i));
    }
    book_begin(book, "heads");
    for (size_t i = 0; i <= RO_LEN(kinds); i++) {
        struct ro_hash head;
        char name[BOOK_NAME];
        test_must(ro_directory_head(cast->circle->directory, i, &head));
        snprintf(name, sizeof(name), "head.%zu", i);
        book_hex(book, name, (struct ro_bytes){head.b, RO_HASH_SIZE}, NULL);
    }
}

/* --- notices and checkpoint ----------------------------------------------- */

static void
make_list(struct book *book,
          const struct cast *cast,
          const struct test_seat *seat,
          struct ro_keypair *const *days,
          size_t n_days)
{
    const char *name = seat == cast->lead ? "list.a" : "list.b";
    struct ro_key keys[CAST_DAYS];
    RO_AUTOBUF raw = {0};
    for (size_t i = 0; i < n_days; i++)
        keys[i] = *ro_keypair_x25519(days[i]);
    const struct ro_epoch_list list = {.circle = cast->circle->id,
                                       .seat = seat->id,
                                       .serial = 1,
                                       .first_day = CAST_DAY,
                                       .keys = keys,
                                       .n_keys = n_days};
    test_must(ro_epoch_list_sign(&list, seat->signing, &raw));
    book_begin(book, name);
    book_message(book, name, &reachout__signed__descriptor, ro_buf_view(&raw));
}

static void
make_digest(struct book *book, struct ro_hash *ret_digest)
{
    struct ro_notices *notices = ro_notices_new();
    if (notices == NULL)
        book_fail("no memory");
    struct ro_bytes a = book_get(book, "list.a");
    struct ro_bytes b = book_get(book, "list.b");
    struct ro_hash hash;
    test_must(ro_notices_add(notices, a));
    test_must(ro_notices_add(notices, b));
    ro_notices_digest(notices, CAST_DAY, ret_digest);
    ro_notices_free(notices);
    book_begin(book, "digest");
    ro_hash_256(RO_LABEL_NOTICES, &a, 1, &hash);
    book_hex(book, "list.a.hash", (struct ro_bytes){hash.b, RO_HASH_SIZE},
             NULL);
    ro_hash_256(RO_LABEL_NOTICES, &b, 1, &hash);
    book_hex(book, "list.b.hash", (struct ro_bytes){hash.b, RO_HASH_SIZE},
             NULL);
    book_hex(book, "digest", (struct ro_bytes){ret_digest->b, RO_HASH_SIZE},
             NULL);
}

void
make_notices(struct book *book, const struct cast *cast)
{
    RO_AUTOBUF raw = {0};
    struct ro_checkpoint point = {
        .circle = cast->circle->id, .slot = CAST_HOUR, .size = 8};
    make_list(book, cast, cast->lead, cast->day_a, RO_LEN(cast->day_a));
    make_list(book, cast, cast->head, cast->day_b, RO_LEN(cast->day_b));
    make_digest(book, &point.notices);
    book_copy(book, "head.8", point.head.b, RO_HASH_SIZE);
    test_must(ro_checkpoint_sign(&point, cast->circle->broker_signing, &raw));
    book_begin(book, "checkpoint");
    book_message(book, "checkpoint", &reachout__signed__descriptor,
                 ro_buf_view(&raw));
}

/* --- files ---------------------------------------------------------------- */

/* The file as a person carries it. */
static void
show_file(struct book *book, const char *what, struct ro_bytes bytes)
{
    struct folder folder = folder_new();
    RO_AUTOBUF text = {0};
    char path[512];
    char name[BOOK_NAME];
    struct ro_why why = {""};
    snprintf(path, sizeof(path), "%s/file", folder.path);
    snprintf(name, sizeof(name), "file-%s", what);
    test_must(ro_armour_write(path, what, bytes, RO_FILE_SECRET, &why));
    test_must(ro_file_read(path, 1 << 20, &why, &text));
    folder_remove(&folder);
    book_file(book, name, ro_buf_view(&text));
}

static void
make_ticket(struct book *book, const struct cast *cast)
{
    Reachout__Ticket ticket;
    RO_AUTOBUF raw = {0};
    reachout__ticket__init(&ticket);
    ticket.has_circle = ticket.has_id = ticket.has_kind = 1;
    ticket.has_urn = ticket.has_role = ticket.has_expires = 1;
    ticket.circle = field(book, "circle.id");
    ticket.id = field(book, "ticket.id");
    ticket.kind = REACHOUT__MEMBER_KIND__SCHOOL;
    ticket.urn = 100002;
    ticket.role = REACHOUT__ROLE__LEAD;
    ticket.expires = CAST_BEFORE_S + 14 * 86400;
    test_sign_ticket(cast->circle, &ticket, &raw);
    book_begin(book, "ticket");
    book_message(book, "ticket", &reachout__signed__descriptor,
                 ro_buf_view(&raw));
}

static void
make_carried(struct book *book,
             const char *what,
             const ProtobufCMessageDescriptor *type,
             const struct ro_buf *bytes)
{
    book_begin(book, what);
    book_message(book, what, type, ro_buf_view(bytes));
    show_file(book, what, book_get(book, what));
}

void
make_files(struct book *book, const struct cast *cast)
{
    RO_AUTOBUF bytes = {0};
    struct test_circle *circle = cast->circle;
    make_ticket(book, cast);
    circle->member_endpoint = "tcp://broker.example:7501";
    circle->open_endpoint = "tcp://broker.example:7502";
    test_circle_public(circle, &bytes);
    make_carried(book, "authority-public",
                 &reachout__authority_public__descriptor, &bytes);
    test_circle_broker(circle, &bytes);
    make_carried(book, "broker-public", &reachout__broker_public__descriptor,
                 &bytes);
    test_circle_door(circle, &bytes);
    make_carried(book, "door-key", &reachout__door_key__descriptor, &bytes);
    test_circle_invitation(circle, book_get(book, "ticket"), &bytes);
    make_carried(book, "invitation", &reachout__invitation__descriptor, &bytes);
    show_file(book, "key", book_get(book, "authority.0.seed"));
}

void
make_carried_request(struct book *book, struct ro_bytes frame)
{
    show_file(book, "enrolment",
              (struct ro_bytes){frame.data + RO_FRAME_HEADER_SIZE,
                                frame.size - RO_FRAME_HEADER_SIZE});
}

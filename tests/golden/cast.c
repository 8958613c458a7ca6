/* SPDX-License-Identifier: Apache-2.0 */
#include "golden/cast.h"

#include <stdlib.h>
#include <string.h>

#include "common/crypto/seal.h"

/* --- told randomness ------------------------------------------------------ */

static void
fill_told(void *user, uint8_t *out, size_t size)
{
    struct told *told = user;
    if (told->at == told->n)
        book_fail("more randomness is drawn than was told");
    memset(out, told->byte[told->at++], size);
}

struct ro_entropy
told_entropy(struct told *told)
{
    return (struct ro_entropy){.fill = fill_told, .user = told};
}

void
told_say(struct told *told, const uint8_t *bytes, size_t n)
{
    if (told->at != told->n)
        book_fail("less randomness was drawn than was told");
    if (n > sizeof(told->byte))
        book_fail("too much is told at once");
    memcpy(told->byte, bytes, n);
    told->n = n;
    told->at = 0;
}

/* --- keys ----------------------------------------------------------------- */

static struct ro_keypair *
pair_of(uint8_t byte)
{
    uint8_t seed[RO_SEED_SIZE];
    memset(seed, byte, sizeof(seed));
    struct ro_keypair *pair = ro_keypair_from_seed(seed);
    if (pair == NULL)
        abort();
    return pair;
}

static void
open_circle(struct cast *cast)
{
    struct test_circle *circle = calloc(1, sizeof(*circle));
    if (circle == NULL)
        abort();
    cast->circle = circle;
    circle->entropy = told_entropy(&cast->told);
    circle->n_authority = 3;
    circle->threshold = 2;
    circle->generation = 1;
    circle->circle_conf = "# nothing is agreed on yet\n";
    circle->member_endpoint = "tcp://broker.example:7501";
    circle->open_endpoint = "tcp://broker.example:7502";
    circle->root.n_keys = circle->n_authority;
    circle->root.threshold = circle->threshold;
    for (size_t i = 0; i < circle->n_authority; i++) {
        circle->authority[i] = pair_of((uint8_t)(0x01 + i));
        circle->root.keys[i] = *ro_keypair_public(circle->authority[i]);
    }
    circle->enrolment = pair_of(0x04);
    circle->mailbox = pair_of(0x05);
    circle->broker_signing = pair_of(0x06);
    circle->broker_curve = pair_of(0x07);
    memset(circle->psk, 0x08, sizeof(circle->psk));
    ro_circle_id_of(circle->root.keys, circle->n_authority,
                    (uint8_t)circle->threshold, &circle->id);
    circle->directory = ro_directory_new(&circle->root);
    if (circle->directory == NULL)
        abort();
}

/* --- the log -------------------------------------------------------------- */

static void
add(struct test_circle *circle, const struct ro_buf *raw)
{
    struct ro_why why = {.text = ""};
    if (test_circle_add(circle, ro_buf_view(raw), &why) != RO_OK)
        book_fail("a record is refused: %s", why.text);
}

static void
add_listings(struct test_circle *circle)
{
    RO_AUTOBUF raw = {0};
    Reachout__Listing listings[2];
    Reachout__Listing *pointers[] = {&listings[0], &listings[1]};
    char names[2][32];
    Reachout__ListingBlock block = REACHOUT__LISTING_BLOCK__INIT;
    for (uint32_t i = 0; i < 2; i++)
        test_listing_init(circle, 100001 + i, names[i], &listings[i]);
    listings[0].name = test_text("Saltings Primary School");
    listings[1].name = test_text("Creek Secondary School");
    /* of the second nobody knows where it is, or how large */
    listings[1].has_easting = listings[1].has_northing = 0;
    listings[1].has_roll = 0;
    block.has_circle = block.has_serial = 1;
    block.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    block.serial = circle->serial + 1;
    block.n_listings = RO_LEN(pointers);
    block.listings = pointers;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__LISTING, &block.base,
                        &raw);
    add(circle, &raw);
}

static void
add_broker_key(struct test_circle *circle)
{
    RO_AUTOBUF raw = {0};
    struct test_broker_key draft;
    circle->member_endpoint = "tcp://broker.example:7601";
    circle->open_endpoint = "tcp://broker.example:7602";
    test_broker_key_init(circle, &draft);
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__BROKER_KEY,
                        &draft.message.base, &raw);
    add(circle, &raw);
}

/* Member a takes one of its own seats back. */
static void
add_revocation(struct cast *cast)
{
    RO_AUTOBUF raw = {0};
    struct test_circle *circle = cast->circle;
    Reachout__Revocation message = REACHOUT__REVOCATION__INIT;
    ProtobufCBinaryData seat =
        ro_as_field((struct ro_bytes){cast->office->id.b, RO_ID_SIZE});
    message.has_circle = message.has_serial = 1;
    message.circle = ro_as_field((struct ro_bytes){circle->id.b, RO_ID_SIZE});
    message.serial = cast->a->serial + 1;
    message.n_seats = 1;
    message.seats = &seat;
    test_sign_member(cast->a, REACHOUT__SIGNED__KIND__REVOCATION, &message.base,
                     &raw);
    add(circle, &raw);
}

void
cast_open(struct cast *ret_cast)
{
    struct cast *cast = ret_cast;
    *cast = (struct cast){0};
    test_must(ro_crypto_init());
    open_circle(cast);
    struct test_circle *circle = cast->circle;
    test_circle_charter(circle);
    add_listings(circle);
    TOLD(&cast->told, 0x10, 0x11, 0x12, 0x13, 0x14, 0x15, 0x16, 0x17, 0x18);
    cast->a =
        test_circle_member(circle, REACHOUT__MEMBER_KIND__SCHOOL, 100001, NULL);
    cast->lead = test_circle_seat(circle, cast->a, REACHOUT__ROLE__LEAD);
    cast->office = test_circle_seat(circle, cast->a, REACHOUT__ROLE__OFFICE);
    TOLD(&cast->told, 0x20, 0x21, 0x22, 0x23, 0x24);
    cast->b =
        test_circle_member(circle, REACHOUT__MEMBER_KIND__SCHOOL, 100002, NULL);
    cast->head = test_circle_seat(circle, cast->b, REACHOUT__ROLE__LEAD);
    add_broker_key(circle);
    add_revocation(cast);
    for (size_t i = 0; i < RO_LEN(cast->day_a); i++)
        cast->day_a[i] = pair_of((uint8_t)(0x31 + i));
    for (size_t i = 0; i < RO_LEN(cast->day_b); i++)
        cast->day_b[i] = pair_of((uint8_t)(0x34 + i));
    for (size_t i = 0; i < RO_LEN(cast->line); i++)
        cast->line[i] = pair_of((uint8_t)(0x41 + i));
}

void
cast_fini(struct cast *cast)
{
    test_circle_free(cast->circle);
    for (size_t i = 0; i < RO_LEN(cast->day_a); i++)
        ro_keypair_free(cast->day_a[i]);
    for (size_t i = 0; i < RO_LEN(cast->day_b); i++)
        ro_keypair_free(cast->day_b[i]);
    for (size_t i = 0; i < RO_LEN(cast->line); i++)
        ro_keypair_free(cast->line[i]);
}

/* --- messages ------------------------------------------------------------- */

ProtobufCBinaryData
field(const struct book *book, const char *name)
{
    return ro_as_field(book_get(book, name));
}

void
make_packed(struct book *book,
            const char *name,
            const ProtobufCMessage *message)
{
    RO_AUTOBUF bytes = {0};
    test_must(ro_pack(message, &bytes));
    book_message(book, name, message->descriptor, ro_buf_view(&bytes));
}

/* SPDX-License-Identifier: Apache-2.0 */
/* What may come later: a member gets another key, the circle another PSK; and
 * the number that two members compare. */
#include "golden/seal.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto/fingerprint.h"
#include "common/crypto/seal.h"
#include "common/crypto/words.h"
#include "common/wire/rules.h"

/* --- an amendment --------------------------------------------------------- */

static void
make_amendment(struct book *book, const struct cast *cast)
{
    RO_AUTOBUF raw = {0};
    struct ro_hash head;
    Reachout__Member message;
    uint8_t seed[RO_SEED_SIZE];
    book_begin(book, "key-new");
    book_fill(book, "a.new-key.seed", 0x19, RO_SEED_SIZE);
    book_copy(book, "a.new-key.seed", seed, sizeof(seed));
    struct ro_keypair *fresh = ro_keypair_from_seed(seed);
    if (fresh == NULL)
        book_fail("no memory");
    book_hex(book, "a.new-key.ed25519",
             (struct ro_bytes){ro_keypair_public(fresh)->b, RO_KEY_SIZE}, NULL);
    test_member_init(cast->circle, cast->a, &message);
    message.key = field(book, "a.new-key.ed25519");
    test_sign_handover(cast->circle, cast->a, fresh, &message, &raw);
    ro_keypair_free(fresh);
    book_begin(book, "amendment");
    book_message(book, "amendment", &reachout__signed__descriptor,
                 ro_buf_view(&raw));
    const struct ro_bytes parts[] = {book_get(book, "head.9"),
                                     ro_buf_view(&raw)};
    ro_hash_256(RO_LABEL_HEAD, parts, RO_LEN(parts), &head);
    book_begin(book, "head-amended");
    book_hex(book, "head.10", (struct ro_bytes){head.b, RO_HASH_SIZE}, NULL);
}

/* --- another PSK ---------------------------------------------------------- */

static void
make_psk_content(struct book *book)
{
    struct ro_why why = {""};
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Psk psk = REACHOUT__PSK__INIT;
    content.has_circle = content.has_sender = content.has_sent_at = 1;
    content.has_recipients = 1;
    content.circle = field(book, "circle.id");
    content.sender = field(book, "mailbox.id");
    content.sent_at = CAST_NOW_S;
    content.recipients = field(book, "rekey.recipients");
    content.psk = &psk;
    psk.has_generation = psk.has_psk = 1;
    psk.generation = 2;
    psk.psk = field(book, "psk.2");
    if (ro_content_check(&content, &why) != RO_OK)
        book_fail("rekey.content: %s", why.text);
    book_begin(book, "rekey.content");
    make_packed(book, "rekey.content", &content.base);
}

static void
make_door_key(struct book *book)
{
    Reachout__DoorKey message = REACHOUT__DOOR_KEY__INIT;
    message.has_circle = message.has_generation = message.has_psk = 1;
    message.has_previous_generation = message.has_previous_psk = 1;
    message.circle = field(book, "circle.id");
    message.generation = 2;
    message.psk = field(book, "psk.2");
    message.previous_generation = 1;
    message.previous_psk = field(book, "psk");
    book_begin(book, "door-key-2");
    make_packed(book, "door-key-2", &message.base);
}

static void
make_psk(struct book *book, struct cast *cast)
{
    struct ro_seat_id seat;
    struct ro_hash hash;
    book_begin(book, "psk-2");
    book_fill(book, "psk.2", 0x09, 32);
    book_copy(book, "b.lead.id", seat.b, RO_ID_SIZE);
    ro_recipients_hash(&seat, 1, &hash);
    book_hex(book, "rekey.recipients", (struct ro_bytes){hash.b, RO_HASH_SIZE},
             NULL);
    make_psk_content(book);
    seal_body(book, &cast->told, &(struct body_plan){"rekey", 0x81, 0x82});
    seal_wrap(book, &cast->told,
              &(struct wrap_plan){.name = "wrap.rekey",
                                  .prefix = "rekey",
                                  .mailbox = "b.lead.id",
                                  .recipient = "b.lead.day.0.x25519",
                                  .day = "{day}",
                                  .reference = "authority.reference",
                                  .sender = "enrolment",
                                  .ephemeral = 0x83});
    make_door_key(book);
}

/* --- a safety number ------------------------------------------------------ */

static struct ro_fingerprint_side
side(const struct book *book, const char *key, const char *id)
{
    return (struct ro_fingerprint_side){book_get(book, key),
                                        book_get(book, id)};
}

static void
show_digits(struct book *book,
            const char *name,
            const char *digits,
            size_t n_digits)
{
    char text[RO_SAFETY_DIGITS + 3];
    snprintf(text, sizeof(text), "\"%.*s\"", (int)n_digits, digits);
    book_sum(book, name, text, NULL);
}

static void
show_words(struct book *book, const char *number)
{
    const char *words[RO_SAFETY_WORDS];
    char line[256] = "\"";
    size_t size = 1;
    struct ro_hash hash;
    const struct ro_bytes digits = ro_bytes_text(number);
    ro_hash_256(RO_LABEL_SAFETY_WORDS, &digits, 1, &hash);
    ro_words_of_number(number, words);
    for (size_t i = 0; i < RO_SAFETY_WORDS; i++) {
        size +=
            (size_t)snprintf(line + size, sizeof(line) - size, "%s%s", words[i],
                             i + 1 < RO_SAFETY_WORDS ? " " : "\"");
    }
    book_hex(book, "safety.hash", (struct ro_bytes){hash.b, RO_HASH_SIZE},
             NULL);
    book_sum(book, "safety.words", line, NULL);
}

static void
make_safety(struct book *book)
{
    char number[RO_SAFETY_DIGITS + 1];
    const struct ro_fingerprint_side a = side(book, "a.key.ed25519", "a.id");
    const struct ro_fingerprint_side b = side(book, "b.key.ed25519", "b.id");
    const struct ro_fingerprint_side later =
        side(book, "a.new-key.ed25519", "a.id");
    book_begin(book, "safety-number");
    ro_safety_number(&a, &a, number);
    show_digits(book, "safety.a", number, RO_SAFETY_DIGITS / 2);
    ro_safety_number(&b, &b, number);
    show_digits(book, "safety.b", number, RO_SAFETY_DIGITS / 2);
    ro_safety_number(&a, &b, number);
    show_digits(book, "safety.number", number, RO_SAFETY_DIGITS);
    show_words(book, number);
    ro_safety_number(&later, &b, number);
    show_digits(book, "safety.number-later", number, RO_SAFETY_DIGITS);
}

void
make_later(struct book *book, struct cast *cast)
{
    make_amendment(book, cast);
    make_psk(book, cast);
    make_safety(book);
}

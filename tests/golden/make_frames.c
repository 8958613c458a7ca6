/* SPDX-License-Identifier: Apache-2.0 */
/* The proofs of both doors, and a frame of every verb: the asks are made
 * here, the answers are a broker's own. */
#include "golden/play.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto/column.h"
#include "common/crypto/door.h"
#include "common/crypto/seal.h"
#include "common/wire/verbs.h"
#include "golden/seal.h"

/* --- proofs --------------------------------------------------------------- */

static void
make_door_proof(struct book *book)
{
    struct ro_key curve, own;
    uint8_t prk[32], key[32], proof[RO_DOOR_PROOF_SIZE];
    struct ro_bytes psk = book_get(book, "psk");
    book_begin(book, "door-proof");
    ro_hkdf_extract((struct ro_bytes){NULL, 0}, psk, prk);
    test_must(ro_hkdf_expand(prk, ro_label_bytes(RO_LABEL_DOOR_KEY), key, 32));
    book_hex(book, "door.prk", (struct ro_bytes){prk, 32}, NULL);
    book_hex(book, "door.key", (struct ro_bytes){key, 32}, NULL);
    book_sum(book, "door.message",
             "\"reachout/1 door-proof\" 00\n{broker.curve.x25519} "
             "{connection.a.x25519}",
             NULL);
    book_copy(book, "broker.curve.x25519", curve.b, RO_KEY_SIZE);
    book_copy(book, "connection.a.x25519", own.b, RO_KEY_SIZE);
    ro_door_proof(psk.data, &curve, &own, proof);
    book_hex(book, "door.proof", (struct ro_bytes){proof, sizeof(proof)}, NULL);
}

/* A signature over what the page lays out as NAME.message, label and all. */
static void
show_signature(struct book *book,
               const char *name,
               const struct ro_keypair *pair,
               enum ro_label label)
{
    struct ro_signature signature;
    struct ro_bytes message = book_get(book, part(name, "message"));
    size_t skip = ro_label_bytes(label).size;
    ro_sign(pair, label,
            (struct ro_bytes){message.data + skip, message.size - skip},
            &signature);
    book_hex(book, part(name, "signature"),
             (struct ro_bytes){signature.b, RO_SIGNATURE_SIZE}, NULL);
}

static void
fill_nonce(void *user, uint8_t *bytes, size_t size)
{
    memset(bytes, *(const uint8_t *)user, size);
}

/* What a's Lead leaves with the broker: of no use to anybody else. */
static void
make_mirror(struct book *book)
{
    uint8_t byte = 0x7d;
    const struct ro_entropy entropy = {fill_nonce, &byte};
    RO_AUTOBUF mirror = {0};
    book_begin(book, "mirror");
    book_fill(book, "mirror.key", 0x7c, 32);
    book_fill(book, "mirror.nonce", byte, RO_NONCE_SIZE);
    book_sum(book, "mirror.plain", "000000000000002a", "generation 42");
    book_sum(book, "mirror.aad", "\"reachout/1 vault-mirror\" 00 {a.lead.id}",
             NULL);
    test_must(ro_column_seal(book_get(book, "mirror.key").data, &entropy,
                             book_get(book, "mirror.aad"),
                             book_get(book, "mirror.plain"), &mirror));
    book_hex(book, "mirror.sealed",
             (struct ro_bytes){mirror.data + RO_NONCE_SIZE,
                               mirror.size - RO_NONCE_SIZE},
             NULL);
    book_sum(book, "mirror", "{mirror.nonce} {mirror.sealed}", NULL);
}

void
make_proofs(struct book *book, const struct cast *cast)
{
    make_door_proof(book);
    book_begin(book, "mailbox-proof");
    book_sum(book, "attach.message",
             "\"reachout/1 mailbox-proof\" 00\n{broker.curve.x25519} "
             "{connection.b.x25519} {b.lead.id}",
             NULL);
    show_signature(book, "attach", cast->head->signing, RO_LABEL_MAILBOX);
    book_begin(book, "enrol-signature");
    book_sum(book, "enrol.message",
             "\"reachout/1 enrol-answer\" 00\n{b.lead.id} {admit.hash} "
             "{wrap.admit}",
             "by authority key 0");
    show_signature(book, "enrol", cast->circle->authority[0],
                   RO_LABEL_ENROL_ANSWER);
    make_mirror(book);
}

/* --- asks ----------------------------------------------------------------- */

/* An ask goes into `asks` under its name; its fields come from the page. */
struct asking {
    const struct book *book;
    struct book *asks;
    uint32_t serials[PLAY_LINES];
};

static void
ask(struct asking *asking,
    const char *name,
    uint8_t verb,
    const ProtobufCMessage *message)
{
    struct ro_buf *frame = book_add(asking->asks, name);
    const struct ro_frame_header header = {
        .verb = verb,
        .kind = RO_FRAME_ASK,
        .serial = ++asking->serials[play_line(name)]};
    ro_frame_put_header(&header, frame);
    test_must(ro_pack(message, frame));
}

static void
ask_hello(struct asking *asking,
          const struct cast *cast,
          const char *name,
          enum cast_line line)
{
    Reachout__Hello__Ask message = REACHOUT__HELLO__ASK__INIT;
    uint8_t proof[RO_DOOR_PROOF_SIZE];
    ro_door_proof(cast->circle->psk,
                  ro_keypair_x25519(cast->circle->broker_curve),
                  ro_keypair_x25519(cast->line[line]), proof);
    message.has_protocol = message.has_proof = message.has_generation = 1;
    message.protocol = 1;
    message.proof = ro_as_field((struct ro_bytes){proof, sizeof(proof)});
    message.generation = 1;
    ask(asking, name, RO_VERB_HELLO, &message.base);
}

static void
ask_append(struct asking *asking, const char *name, unsigned first, unsigned n)
{
    Reachout__Append__Ask message = REACHOUT__APPEND__ASK__INIT;
    ProtobufCBinaryData records[9];
    for (unsigned i = 0; i < n; i++) {
        char record[BOOK_NAME];
        snprintf(record, sizeof(record), "record.%u", first + i);
        records[i] = field(asking->book, record);
    }
    message.n_records = n;
    message.records = records;
    ask(asking, name, RO_VERB_APPEND, &message.base);
}

static void
ask_publish(struct asking *asking, const char *name, const char *list)
{
    Reachout__Publish__Ask message = REACHOUT__PUBLISH__ASK__INIT;
    ProtobufCBinaryData notice = field(asking->book, list);
    message.n_notices = 1;
    message.notices = &notice;
    ask(asking, name, RO_VERB_PUBLISH, &message.base);
}

static void
ask_enrol(struct asking *asking)
{
    const struct book *book = asking->book;
    Reachout__Enrol__Ask message = REACHOUT__ENROL__ASK__INIT;
    message.has_body = message.has_wrap = 1;
    message.has_generation = message.has_expiry_hour = 1;
    message.generation = 1;
    message.expiry_hour = CAST_EXPIRY_HOUR;
    message.has_ticket = message.has_mailbox_key = 1;
    message.ticket = field(book, "ticket");
    message.mailbox_key = field(book, "b.lead.signing.ed25519");
    message.body = field(book, "join.body");
    message.wrap = field(book, "wrap.join");
    ask(asking, "enrol-request.ask", RO_VERB_ENROL, &message.base);
    message.has_ticket = message.has_mailbox_key = 0;
    message.has_answer_to = message.has_signature = 1;
    message.answer_to = field(book, "b.lead.id");
    message.signature = field(book, "enrol.signature");
    message.body = field(book, "admit.body");
    message.wrap = field(book, "wrap.admit");
    ask(asking, "enrol-answer.ask", RO_VERB_ENROL, &message.base);
}

static void
fill_wrap(const struct book *book,
          const char *wrap,
          const char *mailbox,
          uint32_t day,
          Reachout__Deposit__Wrap *message)
{
    reachout__deposit__wrap__init(message);
    message->has_mailbox = message->has_body = message->has_wrap = 1;
    message->has_day = message->has_generation = message->has_expiry_hour = 1;
    message->mailbox = field(book, mailbox);
    message->body = field(book, "ask.hash");
    message->wrap = field(book, wrap);
    message->day = day;
    message->generation = 1;
    message->expiry_hour = CAST_EXPIRY_HOUR;
}

static void
ask_deposit(struct asking *asking)
{
    Reachout__Deposit__Ask message = REACHOUT__DEPOSIT__ASK__INIT;
    Reachout__Deposit__Wrap wraps[2];
    Reachout__Deposit__Wrap *pointers[] = {&wraps[0], &wraps[1]};
    ProtobufCBinaryData body = field(asking->book, "ask.body");
    fill_wrap(asking->book, "wrap.b", "b.lead.id", CAST_DAY, &wraps[0]);
    fill_wrap(asking->book, "wrap.office", "a.office.id", RO_DAY_FALLBACK,
              &wraps[1]);
    message.n_bodies = 1;
    message.bodies = &body;
    message.n_wraps = RO_LEN(pointers);
    message.wraps = pointers;
    ask(asking, "deposit.ask", RO_VERB_DEPOSIT, &message.base);
}

static void
ask_attach(struct asking *asking)
{
    const struct book *book = asking->book;
    Reachout__Attach__Ask message = REACHOUT__ATTACH__ASK__INIT;
    Reachout__Ack__Ask ack = REACHOUT__ACK__ASK__INIT;
    uint64_t keys[] = {3};
    message.has_mailbox_key = message.has_proof = message.has_window = 1;
    message.mailbox_key = field(book, "b.lead.signing.ed25519");
    message.proof = field(book, "attach.signature");
    message.window = 16;
    ask(asking, "attach.ask", RO_VERB_ATTACH, &message.base);
    ack.has_mailbox = 1;
    ack.mailbox = field(book, "b.lead.id");
    ack.n_keys = RO_LEN(keys);
    ack.keys = keys;
    ask(asking, "ack.ask", RO_VERB_ACK, &ack.base);
}

/* a's Lead at the member door: its mailbox, a mirror, and what hello says. */
static void
ask_as_lead(struct asking *asking)
{
    Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    Reachout__Ack__Ask ack = REACHOUT__ACK__ASK__INIT;
    Reachout__Hello__Ask hello = REACHOUT__HELLO__ASK__INIT;
    ask(asking, "lead-attach.ask", RO_VERB_ATTACH, &attach.base);
    ack.has_mailbox = ack.has_mirror = 1;
    ack.mailbox = field(asking->book, "a.lead.id");
    ack.mirror = field(asking->book, "mirror");
    ask(asking, "mirror.ask", RO_VERB_ACK, &ack.base);
    hello.has_protocol = 1;
    hello.protocol = 1;
    ask(asking, "member-hello.ask", RO_VERB_HELLO, &hello.base);
}

/* The joiner takes the answer from the mailbox that its request opened. */
static void
ask_as_joiner(struct asking *asking, const struct cast *cast)
{
    Reachout__Attach__Ask message = REACHOUT__ATTACH__ASK__INIT;
    Reachout__Ack__Ask ack = REACHOUT__ACK__ASK__INIT;
    uint64_t keys[] = {2};
    uint8_t bytes[RO_MAILBOX_PROOF_SIZE];
    struct ro_signature proof;
    ro_mailbox_proof_message(ro_keypair_x25519(cast->circle->broker_curve),
                             ro_keypair_x25519(cast->line[CAST_LINE_JOINER]),
                             &cast->head->id, bytes);
    ro_sign(cast->head->signing, RO_LABEL_MAILBOX,
            (struct ro_bytes){bytes, sizeof(bytes)}, &proof);
    message.has_mailbox_key = message.has_proof = 1;
    message.mailbox_key = field(asking->book, "b.lead.signing.ed25519");
    message.proof = ro_as_field((struct ro_bytes){proof.b, RO_SIGNATURE_SIZE});
    ask(asking, "joiner-attach.ask", RO_VERB_ATTACH, &message.base);
    ack.has_mailbox = 1;
    ack.mailbox = field(asking->book, "b.lead.id");
    ack.n_keys = RO_LEN(keys);
    ack.keys = keys;
    ask(asking, "joiner-ack.ask", RO_VERB_ACK, &ack.base);
}

void
make_asks(const struct book *book, const struct cast *cast, struct book *asks)
{
    struct asking asking = {.book = book, .asks = asks};
    Reachout__Directory__Ask directory = REACHOUT__DIRECTORY__ASK__INIT;
    Reachout__Notices__Ask notices = REACHOUT__NOTICES__ASK__INIT;
    ask_hello(&asking, cast, "authority-hello.ask", CAST_LINE_AUTHORITY);
    ask_append(&asking, "authority-append-1.ask", 1, 5);
    ask_hello(&asking, cast, "joiner-hello.ask", CAST_LINE_JOINER);
    ask_enrol(&asking);
    ask_append(&asking, "authority-append-2.ask", 6, 3);
    ask_as_joiner(&asking, cast);
    ask_publish(&asking, "lead-publish.ask", "list.a");
    ask_as_lead(&asking);
    ask_publish(&asking, "publish.ask", "list.b");
    ask_hello(&asking, cast, "hello.ask", CAST_LINE_A);
    directory.has_from = 1;
    directory.from = 7;
    ask(&asking, "directory.ask", RO_VERB_DIRECTORY, &directory.base);
    notices.has_after = 1;
    ask(&asking, "notices.ask", RO_VERB_NOTICES, &notices.base);
    ask_deposit(&asking);
    ask_hello(&asking, cast, "b-hello.ask", CAST_LINE_B);
    ask_attach(&asking);
    ask_append(&asking, "append.ask", 9, 1);
    ask_append(&asking, "refused.ask", 8, 1);
}

/* --- on the page ---------------------------------------------------------- */

/* What the page shows, in its order. */
static const struct shown {
    const char *name;
    const ProtobufCMessageDescriptor *ask;
    const ProtobufCMessageDescriptor *answer;
} shown[] = {
#define X(name, ask, answer)                                                   \
    {name, &reachout__##ask##__descriptor, &reachout__##answer##__descriptor},
#include "golden/shown.def"
#undef X
};

void
make_frames(struct book *book, const struct cast *cast)
{
    BOOK asks = {0};
    BOOK answers = {0};
    make_asks(book, cast, &asks);
    play(cast, &asks, &answers);
    for (size_t i = 0; i < RO_LEN(shown); i++) {
        char block[BOOK_NAME];
        const char *ask_name = part(shown[i].name, "ask");
        const char *answer_name = part(shown[i].name, "answer");
        snprintf(block, sizeof(block), "verb-%s", shown[i].name);
        book_begin(book, block);
        book_frame(book, ask_name, shown[i].ask, book_get(&asks, ask_name));
        book_frame(book, answer_name, shown[i].answer,
                   book_get(&answers, answer_name));
        if (strcmp(shown[i].name, "attach") == 0) {
            book_frame(book, "attach.push", &reachout__attach__push__descriptor,
                       book_get(&answers, "attach.push"));
        }
    }
    make_carried_request(book, book_get(&asks, "enrol-request.ask"));
}

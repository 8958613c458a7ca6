/* SPDX-License-Identifier: Apache-2.0 */
/* Everything that is sealed: an ask, an enrolment, and the other contents. */
#include "golden/seal.h"

#include <stdio.h>
#include <string.h>

#include "common/crypto/seal.h"
#include "common/crypto/words.h"
#include "common/wire/rules.h"

/* --- what all of them need ------------------------------------------------ */

static void
show_recipients(struct book *book,
                const char *name,
                const char *const seats[],
                size_t n)
{
    struct ro_seat_id ids[2];
    struct ro_hash hash;
    for (size_t i = 0; i < n; i++)
        book_copy(book, seats[i], ids[i].b, RO_ID_SIZE);
    ro_recipients_hash(ids, n, &hash);
    book_hex(book, name, (struct ro_bytes){hash.b, RO_HASH_SIZE}, NULL);
}

static void
show_message_id(struct book *book, const char *prefix, const char *reference)
{
    struct ro_message_id id;
    ro_message_id_of(book_get(book, reference).data,
                     book_get(book, part(prefix, "body")), &id);
    book_hex(book, part(prefix, "id"), (struct ro_bytes){id.b, RO_ID_SIZE},
             NULL);
}

/* Checked as a client checks it before it is sealed. */
static void
show_content(struct book *book, const char *name, Reachout__Content *content)
{
    struct ro_why why = {""};
    if (ro_content_check(content, &why) != RO_OK)
        book_fail("%s: %s", name, why.text);
    book_begin(book, name);
    make_packed(book, name, &content->base);
}

/* From a's Lead, with what every content of a request has. */
static void
content_begin(const struct book *book, Reachout__Content *content)
{
    reachout__content__init(content);
    content->has_circle = content->has_sender = content->has_sent_at = 1;
    content->has_recipients = 1;
    content->circle = field(book, "circle.id");
    content->sender = field(book, "a.lead.id");
    content->sent_at = CAST_NOW_S;
    content->recipients = field(book, "ask.recipients");
}

/* --- an ask --------------------------------------------------------------- */

static void
make_ask_content(struct book *book)
{
    Reachout__Content content;
    Reachout__Ask ask = REACHOUT__ASK__INIT;
    Reachout__Audience audience = REACHOUT__AUDIENCE__INIT;
    Reachout__Audience *audiences[] = {&audience};
    content_begin(book, &content);
    audience.has_member = 1;
    audience.member = field(book, "b.id");
    content.n_audience = RO_LEN(audiences);
    content.audience = audiences;
    content.has_log_size = content.has_checkpoint = content.has_request = 1;
    content.log_size = 8;
    content.checkpoint = field(book, "checkpoint");
    content.request = field(book, "request.id");
    content.ask = &ask;
    ask.topic = test_text("TL1");
    ask.urgency = test_text("U2");
    ask.text = test_text("Phonics in mixed-age classes: who has done it?");
    ask.has_half_days = ask.has_within_km = 1;
    ask.half_days = 2;
    ask.mode = test_text("in-person");
    ask.within_km = 30;
    ask.holder = test_text("Ada");
    show_content(book, "ask.content", &content);
}

void
make_message(struct book *book, struct cast *cast)
{
    static const char *const seats[] = {"b.lead.id", "a.office.id"};
    book_begin(book, "recipients");
    show_recipients(book, "ask.recipients", seats, RO_LEN(seats));
    book_sum(book, "a.lead.reference", "01 {a.lead.id} 00*111", NULL);
    make_ask_content(book);
    seal_body(book, &cast->told, &(struct body_plan){"ask", 0x61, 0x62});
    show_message_id(book, "ask", "a.lead.reference");
    seal_wrap(book, &cast->told,
              &(struct wrap_plan){.name = "wrap.b",
                                  .prefix = "ask",
                                  .mailbox = "b.lead.id",
                                  .recipient = "b.lead.day.0.x25519",
                                  .day = "{day}",
                                  .reference = "a.lead.reference",
                                  .sender = "a.lead.sealing",
                                  .ephemeral = 0x63});
    seal_wrap(book, &cast->told,
              &(struct wrap_plan){.name = "wrap.office",
                                  .prefix = "ask",
                                  .mailbox = "a.office.id",
                                  .recipient = "a.office.fallback.x25519",
                                  .reference = "a.lead.reference",
                                  .sender = "a.lead.sealing",
                                  .ephemeral = 0x65});
}

/* --- an enrolment --------------------------------------------------------- */

static void
make_words(struct book *book)
{
    const char *words[RO_WORDS];
    struct ro_hash hash;
    char line[128];
    struct ro_bytes certificate = book_get(book, "record.7");
    ro_hash_256(RO_LABEL_WORDS, &certificate, 1, &hash);
    ro_words_of(certificate, words);
    snprintf(line, sizeof(line), "\"%s %s %s %s %s\"", words[0], words[1],
             words[2], words[3], words[4]);
    book_begin(book, "words");
    book_hex(book, "words.hash", (struct ro_bytes){hash.b, RO_HASH_SIZE}, NULL);
    book_sum(book, "words", line, NULL);
}

static void
make_request(struct book *book)
{
    static const char *const seats[] = {"mailbox.id"};
    Reachout__Content content;
    Reachout__EnrolRequest request = REACHOUT__ENROL_REQUEST__INIT;
    book_begin(book, "enrol-request");
    show_recipients(book, "join.recipients", seats, RO_LEN(seats));
    book_sum(book, "b.lead.reference",
             "02 {b.lead.sealing.x25519} {b.lead.signing.ed25519} 00*63", NULL);
    content_begin(book, &content);
    content.sender = field(book, "b.lead.id");
    content.sent_at = CAST_BEFORE_S;
    content.recipients = field(book, "join.recipients");
    content.enrol_request = &request;
    request.has_member_key = request.has_seat = request.has_ticket = 1;
    request.member_key = field(book, "b.key.ed25519");
    request.seat = field(book, "record.7");
    request.ticket = field(book, "ticket");
    request.holder = test_text("Bea");
    show_content(book, "join.content", &content);
}

static void
make_answer(struct book *book)
{
    static const char *const seats[] = {"b.lead.id"};
    Reachout__Content content;
    Reachout__EnrolAnswer answer = REACHOUT__ENROL_ANSWER__INIT;
    book_begin(book, "enrol-answer");
    show_recipients(book, "admit.recipients", seats, RO_LEN(seats));
    book_sum(book, "authority.reference",
             "02 {enrolment.x25519} {mailbox.ed25519} 00*63", NULL);
    content_begin(book, &content);
    content.sender = field(book, "mailbox.id");
    content.sent_at = CAST_BEFORE_S;
    content.recipients = field(book, "admit.recipients");
    content.enrol_answer = &answer;
    answer.has_admitted = answer.has_member = 1;
    answer.admitted = 1;
    answer.member = field(book, "b.id");
    show_content(book, "admit.content", &content);
}

void
make_enrolment(struct book *book, struct cast *cast)
{
    make_words(book);
    make_request(book);
    seal_body(book, &cast->told, &(struct body_plan){"join", 0x71, 0x72});
    seal_wrap(book, &cast->told,
              &(struct wrap_plan){.name = "wrap.join",
                                  .prefix = "join",
                                  .mailbox = "mailbox.id",
                                  .recipient = "enrolment.x25519",
                                  .reference = "b.lead.reference",
                                  .sender = "b.lead.sealing",
                                  .ephemeral = 0x73});
    make_answer(book);
    seal_body(book, &cast->told, &(struct body_plan){"admit", 0x75, 0x76});
    seal_wrap(book, &cast->told,
              &(struct wrap_plan){.name = "wrap.admit",
                                  .prefix = "admit",
                                  .mailbox = "b.lead.id",
                                  .recipient = "b.lead.fallback.x25519",
                                  .reference = "authority.reference",
                                  .sender = "enrolment",
                                  .ephemeral = 0x77});
}

/* --- the other purposes --------------------------------------------------- */

/* A content that b's Lead or a's Lead writes in the thread of both. */
struct letter {
    Reachout__Content content;
    Reachout__Audience audience;
    Reachout__Audience *audiences[1];
};

static Reachout__Content *
letter(const struct book *book, const char *from, struct letter *ret_letter)
{
    bool from_a = strcmp(from, "a") == 0;
    Reachout__Content *content = &ret_letter->content;
    content_begin(book, content);
    if (!from_a)
        content->sender = field(book, "b.lead.id");
    reachout__audience__init(&ret_letter->audience);
    ret_letter->audience.has_member = 1;
    ret_letter->audience.member = field(book, from_a ? "b.id" : "a.id");
    ret_letter->audiences[0] = &ret_letter->audience;
    content->recipients =
        field(book, from_a ? "ask.recipients" : "a.recipients");
    content->n_audience = 1;
    content->audience = ret_letter->audiences;
    content->has_log_size = content->has_request = content->has_thread = 1;
    content->log_size = 8;
    content->request = field(book, "request.id");
    content->thread = field(book, "thread.ab");
    return content;
}

static void
make_answer_and_say(struct book *book)
{
    struct letter l;
    Reachout__Answer answer = REACHOUT__ANSWER__INIT;
    Reachout__Say say = REACHOUT__SAY__INIT;
    Reachout__Seen seen = REACHOUT__SEEN__INIT;
    Reachout__Seen *all_seen[] = {&seen};
    ProtobufCBinaryData receipt = field(book, "ask.id");
    Reachout__Content *content = letter(book, "b", &l);
    seen.has_seat = seen.has_body = 1;
    seen.seat = field(book, "a.lead.id");
    seen.body = field(book, "ask.hash");
    content->n_seen = 1;
    content->seen = all_seen;
    content->n_receipts = 1;
    content->receipts = &receipt;
    content->answer = &answer;
    answer.text = test_text("We have. Come and see on Thursday.");
    answer.has_half_days = 1;
    answer.half_days = 1;
    answer.holder = test_text("Bea");
    show_content(book, "content-answer", content);
    content = letter(book, "a", &l);
    content->say = &say;
    say.text = test_text("Thursday suits us.");
    show_content(book, "content-say", content);
}

/* A file of so few bytes that one chunk holds it. */
static void
make_file(struct book *book)
{
    struct letter l;
    struct ro_hash hash;
    Reachout__Say say = REACHOUT__SAY__INIT;
    Reachout__Attachment attachment = REACHOUT__ATTACHMENT__INIT;
    Reachout__Attachment *attachments[] = {&attachment};
    Reachout__Chunk chunk = REACHOUT__CHUNK__INIT;
    book_begin(book, "attachment");
    book_fill(book, "attachment.id", 0x53, RO_ID_SIZE);
    book_sum(book, "attachment.file", "\"Monday: phonics\"", NULL);
    const struct ro_bytes file = book_get(book, "attachment.file");
    ro_hash_256(RO_LABEL_ATTACHMENT, &file, 1, &hash);
    book_hex(book, "attachment.hash", (struct ro_bytes){hash.b, RO_HASH_SIZE},
             NULL);
    attachment.has_id = attachment.has_size = attachment.has_hash = 1;
    attachment.has_chunks = 1;
    attachment.id = field(book, "attachment.id");
    attachment.name = test_text("plan.txt");
    attachment.size = file.size;
    attachment.hash = field(book, "attachment.hash");
    attachment.chunks = ro_chunks_of(file.size);
    Reachout__Content *content = letter(book, "a", &l);
    content->say = &say;
    say.text = test_text("Here is our plan.");
    say.n_attachments = RO_LEN(attachments);
    say.attachments = attachments;
    show_content(book, "content-say-file", content);
    content = letter(book, "a", &l);
    content->chunk = &chunk;
    chunk.has_attachment = chunk.has_index = chunk.has_data = 1;
    chunk.attachment = field(book, "attachment.id");
    chunk.index = 0;
    chunk.data = field(book, "attachment.file");
    show_content(book, "content-chunk", content);
}

static void
make_choice(struct book *book)
{
    struct letter l;
    Reachout__Introduced introduced = REACHOUT__INTRODUCED__INIT;
    Reachout__NotChosen not_chosen = REACHOUT__NOT_CHOSEN__INIT;
    Reachout__StateNote note = REACHOUT__STATE_NOTE__INIT;
    Reachout__Content *content = letter(book, "a", &l);
    content->introduced = &introduced;
    introduced.holder = test_text("Ada");
    introduced.text = test_text("Ring me: 01632 960123");
    show_content(book, "content-introduced", content);
    content = letter(book, "a", &l);
    content->not_chosen = &not_chosen;
    not_chosen.text = test_text("Thank you; another time.");
    show_content(book, "content-not-chosen", content);
    content = letter(book, "a", &l);
    content->has_thread = 0;
    l.audience.has_member = 0;
    l.audience.has_coordinators = 1;
    l.audience.coordinators = 1;
    content->recipients = field(book, "office.recipients");
    content->state_note = &note;
    note.state = test_text("introduced");
    show_content(book, "content-state-note", content);
}

static void
make_ends(struct book *book)
{
    struct letter l;
    Reachout__Pass pass = REACHOUT__PASS__INIT;
    Reachout__Close close = REACHOUT__CLOSE__INIT;
    Reachout__Closed closed = REACHOUT__CLOSED__INIT;
    /* to b's own other seats, of which there are none */
    Reachout__Content *content = letter(book, "b", &l);
    content->has_thread = 0;
    l.audience.member = field(book, "b.id");
    content->recipients = field(book, "nobody");
    content->pass = &pass;
    show_content(book, "content-pass", content);
    content = letter(book, "a", &l);
    content->close = &close;
    close.outcome = test_text("helped");
    close.text = test_text("Thank you.");
    show_content(book, "content-close", content);
    content = letter(book, "a", &l);
    content->has_thread = 0;
    l.audience.has_member = 0;
    l.audience.group = test_text("secondary");
    content->closed = &closed;
    show_content(book, "content-closed", content);
}

static void
make_repairs(struct book *book)
{
    struct letter l;
    Reachout__Resend resend = REACHOUT__RESEND__INIT;
    Reachout__Receipts receipts = REACHOUT__RECEIPTS__INIT;
    ProtobufCBinaryData receipt = field(book, "ask.id");
    Reachout__Content *content = letter(book, "b", &l);
    content->has_request = content->has_thread = 0;
    content->resend = &resend;
    resend.has_thread = resend.has_from = resend.has_to = 1;
    resend.thread = field(book, "thread.ab");
    resend.from = 2;
    resend.to = 300;
    show_content(book, "content-resend", content);
    content = letter(book, "b", &l);
    content->has_request = content->has_thread = 0;
    content->n_receipts = 1;
    content->receipts = &receipt;
    content->receipt_only = &receipts;
    show_content(book, "content-receipts", content);
}

void
make_contents(struct book *book)
{
    static const char *const seats[] = {"a.lead.id", "a.office.id"};
    book_begin(book, "more-recipients");
    show_recipients(book, "a.recipients", seats, RO_LEN(seats));
    show_recipients(book, "office.recipients", &seats[1], 1);
    show_recipients(book, "nobody", NULL, 0);
    make_answer_and_say(book);
    make_file(book);
    make_choice(book);
    make_ends(book);
    make_repairs(book);
}

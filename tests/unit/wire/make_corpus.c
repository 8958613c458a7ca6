/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Writes the corpora of fuzz_frame, fuzz_content and fuzz_record anew, for
 * whoever changes the wire:  wire-make-corpus tests/fuzz/corpus
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "common/base/file.h"
#include "common/crypto/seal.h"
#include "common/wire/rules.h"
#include "tests/support/circle.h"

#include "frame.pb-c.h"

static const char *folder;
static struct test_circle *circle;

static void
put_file(const char *area, const char *name, const struct ro_buf *bytes)
{
    char path[4096];
    struct ro_why why = {.text = ""};
    snprintf(path, sizeof(path), "%s/%s/%s", folder, area, name);
    if (ro_file_write(path, ro_buf_view(bytes), RO_FILE_PUBLIC, &why) == RO_OK)
        return;
    fprintf(stderr, "%s\n", why.text);
    exit(1);
}

static ProtobufCBinaryData
some(size_t size)
{
    static const uint8_t bytes[2048] = {7, 8, 9};
    return ro_as_field((struct ro_bytes){bytes, size});
}

static void
put_frame(const char *name, uint8_t verb, const ProtobufCMessage *message)
{
    RO_AUTOBUF frame = {0};
    struct ro_frame_header header = {.verb = verb, .serial = 1};
    ro_frame_put_header(&header, &frame);
    test_must(ro_pack(message, &frame));
    put_file("frame", name, &frame);
}

static void
make_deposit(void)
{
    Reachout__Deposit__Ask ask = REACHOUT__DEPOSIT__ASK__INIT;
    Reachout__Deposit__Wrap wrap = REACHOUT__DEPOSIT__WRAP__INIT;
    Reachout__Deposit__Wrap *wraps[] = {&wrap, &wrap};
    ProtobufCBinaryData body = some(1024);
    wrap.has_mailbox = wrap.has_body = wrap.has_wrap = wrap.has_day = 1;
    wrap.has_generation = wrap.has_expiry_hour = 1;
    wrap.mailbox = some(16);
    wrap.body = some(32);
    wrap.wrap = some(RO_WRAP_SIZE);
    wrap.day = TEST_DAY;
    wrap.generation = 1;
    wrap.expiry_hour = TEST_DAY * 24 + 2160;
    ask.n_bodies = 1;
    ask.bodies = &body;
    ask.n_wraps = 2;
    ask.wraps = wraps;
    put_frame("deposit", 7, &ask.base);
}

static void
make_frames(void)
{
    Reachout__Hello__Ask hello = REACHOUT__HELLO__ASK__INIT;
    hello.has_protocol = hello.has_proof = hello.has_generation = 1;
    hello.protocol = 1;
    hello.proof = some(32);
    hello.generation = 1;
    put_frame("hello", 1, &hello.base);
    Reachout__Directory__Ask directory = REACHOUT__DIRECTORY__ASK__INIT;
    directory.has_from = 1;
    directory.from = 300;
    put_frame("directory", 2, &directory.base);
    ProtobufCBinaryData record = ro_as_field(test_circle_record(circle, 3));
    Reachout__Append__Ask append = REACHOUT__APPEND__ASK__INIT;
    append.n_records = 1;
    append.records = &record;
    put_frame("append", 5, &append.base);
    Reachout__Enrol__Ask enrol = REACHOUT__ENROL__ASK__INIT;
    enrol.has_ticket = enrol.has_body = enrol.has_wrap = 1;
    enrol.has_mailbox_key = enrol.has_generation = enrol.has_expiry_hour = 1;
    enrol.ticket = some(180);
    enrol.body = some(1024);
    enrol.wrap = some(RO_WRAP_SIZE);
    enrol.mailbox_key = some(32);
    enrol.generation = 1;
    enrol.expiry_hour = 500000;
    put_frame("enrol", 6, &enrol.base);
    make_deposit();
    Reachout__Attach__Ask attach = REACHOUT__ATTACH__ASK__INIT;
    attach.has_mailbox_key = attach.has_proof = attach.has_window = 1;
    attach.mailbox_key = some(32);
    attach.proof = some(64);
    attach.window = 64;
    put_frame("attach", 8, &attach.base);
    uint64_t keys[] = {1, 2, 300, UINT64_MAX};
    Reachout__Ack__Ask ack = REACHOUT__ACK__ASK__INIT;
    ack.has_mailbox = 1;
    ack.mailbox = some(16);
    ack.n_keys = RO_LEN(keys);
    ack.keys = keys;
    put_frame("ack", 9, &ack.base);
}

static void
content_init(Reachout__Content *c, Reachout__Audience *audience)
{
    static Reachout__Audience *audiences[1];
    reachout__content__init(c);
    reachout__audience__init(audience);
    audience->group = test_text("group:secondaries");
    audiences[0] = audience;
    c->has_circle = c->has_sender = c->has_sent_at = c->has_log_size = 1;
    c->has_recipients = c->has_checkpoint = c->has_request = 1;
    c->circle = some(16);
    c->sender = some(16);
    c->sent_at = TEST_NOW_S;
    c->n_audience = 1;
    c->audience = audiences;
    c->log_size = 300;
    c->recipients = some(32);
    c->checkpoint = some(220);
    c->request = some(16);
}

static void
put_content(const char *name, const Reachout__Content *content)
{
    RO_AUTOBUF packed = {0};
    struct ro_why why = {.text = ""};
    test_must(ro_content_check(content, &why));
    test_must(ro_pack(&content->base, &packed));
    put_file("content", name, &packed);
}

/* A message with a file, and two pieces of it: the first, and the last, which
 * is empty. */
static void
make_pieces(void)
{
    Reachout__Content c;
    Reachout__Audience audience;
    Reachout__Say say = REACHOUT__SAY__INIT;
    Reachout__Attachment attachment = REACHOUT__ATTACHMENT__INIT;
    Reachout__Attachment *attachments[] = {&attachment};
    Reachout__Chunk chunk = REACHOUT__CHUNK__INIT;
    attachment.has_id = attachment.has_size = attachment.has_hash = 1;
    attachment.has_chunks = 1;
    attachment.id = some(16);
    attachment.name = test_text("plan.pdf");
    attachment.size = 2 * RO_CHUNK_LIMIT;
    attachment.hash = some(32);
    attachment.chunks = ro_chunks_of(attachment.size);
    say.text = test_text("Our plan.");
    say.n_attachments = 1;
    say.attachments = attachments;
    content_init(&c, &audience);
    c.has_thread = 1;
    c.thread = some(16);
    c.say = &say;
    put_content("say-file", &c);
    c.say = NULL;
    c.chunk = &chunk;
    chunk.has_attachment = chunk.has_index = chunk.has_data = 1;
    chunk.attachment = some(16);
    chunk.data = some(700);
    put_content("chunk", &c);
    chunk.index = attachment.chunks - 1;
    chunk.data.len = 0;
    put_content("chunk-empty", &c);
}

/* A newer key of the circle, as the authority sends it. */
static void
make_psk(void)
{
    Reachout__Content c = REACHOUT__CONTENT__INIT;
    Reachout__Psk psk = REACHOUT__PSK__INIT;
    c.has_circle = c.has_sender = c.has_sent_at = c.has_recipients = 1;
    c.circle = some(16);
    c.sender = some(16);
    c.sent_at = TEST_NOW_S;
    c.recipients = some(32);
    c.psk = &psk;
    psk.has_generation = psk.has_psk = 1;
    psk.generation = 2;
    psk.psk = some(32);
    put_content("psk", &c);
}

static void
make_contents(void)
{
    Reachout__Content c;
    Reachout__Audience audience;
    Reachout__Ask ask = REACHOUT__ASK__INIT;
    ask.topic = test_text("TL1");
    ask.urgency = test_text("U2");
    ask.text = test_text("Two of our teachers of early reading are away.");
    ask.has_half_days = ask.has_within_km = 1;
    ask.half_days = 4;
    ask.mode = test_text("in-person");
    ask.within_km = 15;
    ask.holder = test_text("Head's office");
    content_init(&c, &audience);
    c.ask = &ask;
    put_content("ask", &c);
    Reachout__Say say = REACHOUT__SAY__INIT;
    say.text = test_text("Thank you. Tuesday at ten?");
    ProtobufCBinaryData receipt = some(16);
    Reachout__Seen seen = REACHOUT__SEEN__INIT;
    Reachout__Seen *seens[] = {&seen};
    seen.has_seat = seen.has_body = 1;
    seen.seat = some(16);
    seen.body = some(32);
    content_init(&c, &audience);
    c.has_thread = 1;
    c.thread = some(16);
    c.n_receipts = 1;
    c.receipts = &receipt;
    c.n_seen = 1;
    c.seen = seens;
    c.say = &say;
    put_content("say", &c);
    Reachout__Close close = REACHOUT__CLOSE__INIT;
    close.outcome = test_text("helped");
    content_init(&c, &audience);
    c.close = &close;
    put_content("close", &c);
    Reachout__Resend resend = REACHOUT__RESEND__INIT;
    resend.has_thread = resend.has_from = resend.has_to = 1;
    resend.thread = some(16);
    resend.from = 2;
    resend.to = 5;
    content_init(&c, &audience);
    c.resend = &resend;
    put_content("resend", &c);
    Reachout__EnrolRequest request = REACHOUT__ENROL_REQUEST__INIT;
    request.has_member_key = request.has_seat = request.has_ticket = 1;
    request.member_key = some(32);
    request.seat = some(600);
    request.ticket = some(180);
    content_init(&c, &audience);
    c.has_request = 0;
    c.enrol_request = &request;
    put_content("enrol-request", &c);
    make_pieces();
    make_psk();
}

static void
put_thing(struct ro_bytes raw, struct ro_buf *out)
{
    ro_buf_put_u16(out, (uint16_t)raw.size);
    ro_buf_put(out, raw.data, raw.size);
}

/* The whole log and what lies beside it, checked or trusted. */
static void
make_record(const char *name, uint8_t flags)
{
    RO_AUTOBUF all = {0};
    RO_AUTOBUF thing = {0};
    struct test_seat *seat = circle->members[1]->seats[0];
    Reachout__Ticket ticket;
    ro_buf_put(&all, circle->root.keys[0].b, RO_KEY_SIZE);
    ro_buf_put_u8(&all, flags);
    for (size_t i = 0; i < circle->n_records; i++)
        put_thing(test_circle_record(circle, i), &all);
    test_circle_checkpoint(circle, TEST_DAY * 24, &thing);
    put_thing(ro_buf_view(&thing), &all);
    test_seat_notice(circle, seat, TEST_DAY, 3, &thing);
    put_thing(ro_buf_view(&thing), &all);
    test_ticket_init(circle, TEST_FIRST_URN + 3, &ticket);
    test_sign_ticket(circle, &ticket, &thing);
    put_thing(ro_buf_view(&thing), &all);
    test_must(ro_buf_ok(&all));
    put_file("record", name, &all);
}

/* Members that are amended in every way: a name and a home, a urn, a key that
 * is replaced and one that is handed over; and what the new keys sign. */
static void
make_amendments(void)
{
    RO_AUTOBUF raw = {0};
    struct ro_why why = {.text = ""};
    Reachout__Member message;
    struct test_member *team = circle->members[0];
    struct test_member *school = circle->members[1];
    test_member_init(circle, team, &message);
    message.name = test_text("Another team");
    message.has_home_urn = 1;
    message.home_urn = TEST_FIRST_URN;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &message.base,
                        &raw);
    test_must(test_circle_add(circle, ro_buf_view(&raw), &why));
    test_member_init(circle, school, &message);
    message.urn = school->urn = TEST_FIRST_URN + 3;
    test_sign_authority(circle, REACHOUT__SIGNED__KIND__MEMBER, &message.base,
                        &raw);
    test_must(test_circle_add(circle, ro_buf_view(&raw), &why));
    test_circle_new_key(circle, school, ro_keypair_new(&circle->entropy),
                        TEST_KEY_REPLACED);
    test_circle_seat(circle, school, REACHOUT__ROLE__OFFICE);
    test_circle_new_key(circle, school, ro_keypair_new(&circle->entropy),
                        TEST_KEY_HANDED_OVER);
    test_circle_seat(circle, school, REACHOUT__ROLE__CHAIR);
    make_record("amendments", 0);
    make_record("amendments-trusted", 1);
}

/* A circle with a team and a school. */
static void
begin_circle(uint64_t seed)
{
    circle = test_circle_new(seed);
    test_circle_charter(circle);
    test_circle_list(circle, TEST_FIRST_URN, 4);
    test_circle_team(circle, "Support team");
    test_circle_school(circle, TEST_FIRST_URN);
}

int
main(int argc, char **argv)
{
    if (argc != 2) {
        fputs("usage: wire-make-corpus FOLDER\n", stderr);
        return 2;
    }
    folder = argv[1];
    begin_circle(90);
    make_record("checked", 0);
    make_record("trusted", 1);
    struct test_member *gone = test_circle_school(circle, TEST_FIRST_URN + 1);
    test_circle_revoke(circle, circle->members[1]->seats[0]);
    test_circle_remove(circle, gone);
    test_circle_charter(circle);
    make_record("revocations", 1);
    make_frames();
    make_contents();
    test_circle_free(circle);
    begin_circle(91);
    make_amendments();
    test_circle_free(circle);
    return 0;
}

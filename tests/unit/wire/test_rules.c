/* SPDX-License-Identifier: Apache-2.0 */
/* What a content may say: one line a rule. */
#include "common/wire/rules.h"

#include "common/wire/codec.h"
#include "tests/support/tap.h"

static struct ro_arena *arena;

/* A content of each purpose that keeps every rule, with room for changes. */
struct draft {
    Reachout__Content c;
    Reachout__Audience audience;
    Reachout__Audience *audiences[RO_AUDIENCES_MAX + 1];
    Reachout__Seen seen;
    Reachout__Seen *seens[RO_SEEN_MAX + 1];
    ProtobufCBinaryData receipts[RO_RECEIPTS_MAX + 1];
    Reachout__Ask ask;
    Reachout__Answer answer;
    Reachout__Pass pass;
    Reachout__Say say;
    Reachout__Introduced introduced;
    Reachout__NotChosen not_chosen;
    Reachout__StateNote state_note;
    Reachout__Close close;
    Reachout__Closed closed;
    Reachout__Resend resend;
    Reachout__Receipts receipt_only;
    Reachout__Attachment attachment[RO_ATTACHMENTS_MAX + 1];
    Reachout__Attachment *attachments[RO_ATTACHMENTS_MAX + 1];
    Reachout__Chunk chunk;
    Reachout__EnrolRequest enrol_request;
    Reachout__EnrolAnswer enrol_answer;
    Reachout__Psk psk;
};

static uint8_t some[70000] = {1, 2, 3};
static uint8_t zeros[64];
static uint8_t many_ids[RO_ATTACHMENTS_MAX + 1][16] = {{1}, {2}, {3}, {4}, {5},
                                                       {6}, {7}, {8}, {9}};
static char text[70000];
static char group[] = "group:secondaries";
static char topic[] = "TL1";
static char urgency[] = "U2";
static char state[] = "introduced";
static char outcome[] = "not-helped";
static char plan[] = "plan.pdf";

static ProtobufCBinaryData
bytes(const uint8_t *data, size_t size)
{
    return ro_as_field((struct ro_bytes){data, size});
}

/* A text of so many letters. */
static char *
letters(size_t n)
{
    memset(text, 'a', sizeof(text));
    text[n] = '\0';
    return text;
}

/* Files of 100 bytes each, which no message has unless told so; a chunk. */
static void
init_files(struct draft *d)
{
    for (size_t i = 0; i <= RO_ATTACHMENTS_MAX; i++) {
        Reachout__Attachment *one = &d->attachment[i];
        reachout__attachment__init(one);
        one->has_id = one->has_size = one->has_hash = one->has_chunks = 1;
        one->id = bytes(many_ids[i], 16);
        one->name = plan;
        one->size = 100;
        one->hash = bytes(some, 32);
        one->chunks = 1;
        d->attachments[i] = one;
    }
    d->say.attachments = d->attachments;
    reachout__chunk__init(&d->chunk);
    d->chunk.has_attachment = d->chunk.has_index = d->chunk.has_data = 1;
    d->chunk.attachment = bytes(some, 16);
    d->chunk.index = 0;
    d->chunk.data = bytes(some, 100);
}

static void
init_parts(struct draft *d)
{
    reachout__ask__init(&d->ask);
    d->ask.topic = topic;
    d->ask.urgency = urgency;
    reachout__answer__init(&d->answer);
    reachout__pass__init(&d->pass);
    reachout__say__init(&d->say);
    d->say.text = topic;
    reachout__introduced__init(&d->introduced);
    reachout__not_chosen__init(&d->not_chosen);
    reachout__state_note__init(&d->state_note);
    d->state_note.state = state;
    reachout__close__init(&d->close);
    d->close.outcome = outcome;
    reachout__closed__init(&d->closed);
    reachout__resend__init(&d->resend);
    d->resend.has_thread = d->resend.has_from = d->resend.has_to = 1;
    d->resend.thread = bytes(some, 16);
    d->resend.from = 3;
    d->resend.to = 4;
    reachout__receipts__init(&d->receipt_only);
    reachout__enrol_request__init(&d->enrol_request);
    d->enrol_request.has_member_key = d->enrol_request.has_seat = 1;
    d->enrol_request.has_ticket = 1;
    d->enrol_request.member_key = bytes(some, 32);
    d->enrol_request.seat = bytes(some, 500);
    d->enrol_request.ticket = bytes(some, 200);
    reachout__enrol_answer__init(&d->enrol_answer);
    d->enrol_answer.has_admitted = d->enrol_answer.has_member = 1;
    d->enrol_answer.admitted = 1;
    d->enrol_answer.member = bytes(some, 16);
    reachout__psk__init(&d->psk);
    d->psk.has_generation = d->psk.has_psk = 1;
    d->psk.generation = 2;
    d->psk.psk = bytes(some, 32);
}

static void
init_purpose(struct draft *d, enum ro_purpose purpose)
{
    Reachout__Content *c = &d->c;
    c->ask = purpose == RO_PURPOSE_ASK ? &d->ask : NULL;
    c->answer = purpose == RO_PURPOSE_ANSWER ? &d->answer : NULL;
    c->pass = purpose == RO_PURPOSE_PASS ? &d->pass : NULL;
    c->say = purpose == RO_PURPOSE_SAY ? &d->say : NULL;
    c->introduced = purpose == RO_PURPOSE_INTRODUCED ? &d->introduced : NULL;
    c->not_chosen = purpose == RO_PURPOSE_NOT_CHOSEN ? &d->not_chosen : NULL;
    c->state_note = purpose == RO_PURPOSE_STATE_NOTE ? &d->state_note : NULL;
    c->close = purpose == RO_PURPOSE_CLOSE ? &d->close : NULL;
    c->closed = purpose == RO_PURPOSE_CLOSED ? &d->closed : NULL;
    c->resend = purpose == RO_PURPOSE_RESEND ? &d->resend : NULL;
    c->receipt_only = purpose == RO_PURPOSE_RECEIPTS ? &d->receipt_only : NULL;
    c->chunk = purpose == RO_PURPOSE_CHUNK ? &d->chunk : NULL;
    if (purpose == RO_PURPOSE_CHUNK)
        c->n_seen = c->n_receipts = 0;
    c->enrol_request =
        purpose == RO_PURPOSE_ENROL_REQUEST ? &d->enrol_request : NULL;
    c->enrol_answer =
        purpose == RO_PURPOSE_ENROL_ANSWER ? &d->enrol_answer : NULL;
    c->psk = purpose == RO_PURPOSE_PSK ? &d->psk : NULL;
    if (purpose >= RO_PURPOSE_ENROL_REQUEST)
        c->has_request = c->has_thread = 0;
}

static void
init(struct draft *d, enum ro_purpose purpose)
{
    Reachout__Content *c = &d->c;
    reachout__content__init(c);
    reachout__audience__init(&d->audience);
    reachout__seen__init(&d->seen);
    init_parts(d);
    init_files(d);
    d->audience.group = group;
    for (size_t i = 0; i <= RO_AUDIENCES_MAX; i++)
        d->audiences[i] = &d->audience;
    d->seen.has_seat = d->seen.has_body = 1;
    d->seen.seat = bytes(some, 16);
    d->seen.body = bytes(some, 32);
    for (size_t i = 0; i <= RO_SEEN_MAX; i++)
        d->seens[i] = &d->seen;
    for (size_t i = 0; i <= RO_RECEIPTS_MAX; i++)
        d->receipts[i] = bytes(some, 16);
    c->has_circle = c->has_sender = c->has_sent_at = c->has_log_size = 1;
    c->has_recipients = c->has_checkpoint = c->has_request = 1;
    c->has_thread = 1;
    c->circle = bytes(some, 16);
    c->sender = bytes(some, 16);
    c->sent_at = 1793000000;
    c->n_audience = c->n_seen = c->n_receipts = 1;
    c->audience = d->audiences;
    c->seen = d->seens;
    c->receipts = d->receipts;
    c->recipients = bytes(some, 32);
    c->checkpoint = bytes(some, 220);
    c->request = bytes(some, 16);
    c->thread = bytes(some, 16);
    init_purpose(d, purpose);
}

/* Checks it before it is packed, and after it was unpacked: both agree, and
 * `why` begins with the word. */
static bool
says(const struct draft *d, enum ro_status expected, const char *word)
{
    RO_AUTOBUF packed = {0};
    struct ro_why why = {.text = ""};
    struct ro_why after = {.text = ""};
    Reachout__Content *back = NULL;
    enum ro_status made = ro_content_check(&d->c, &why);
    if (ro_pack(&d->c.base, &packed) != RO_OK)
        return false;
    enum ro_status got =
        ro_content_get(ro_buf_view(&packed), arena, &after, &back);
    if (made == expected && got == expected &&
        strncmp(why.text, word, strlen(word)) == 0 &&
        strcmp(why.text, after.text) == 0)
        return true;
    printf("# %s (%s), %s (%s)\n", ro_status_name(made), why.text,
           ro_status_name(got), after.text);
    return false;
}

#define GOOD(purpose, change)                                                  \
    do {                                                                       \
        static struct draft d;                                                 \
        init(&d, RO_PURPOSE_##purpose);                                        \
        change;                                                                \
        tap_say(says(&d, RO_OK, ""), #purpose ": " #change);                   \
    } while (0)

#define BAD(purpose, change, word)                                             \
    do {                                                                       \
        static struct draft d;                                                 \
        init(&d, RO_PURPOSE_##purpose);                                        \
        change;                                                                \
        tap_say(says(&d, RO_BAD_INPUT, word), #purpose ": " #change);          \
    } while (0)

static void
test_purposes(void)
{
    static const enum ro_purpose all[] = {
        RO_PURPOSE_ASK,           RO_PURPOSE_ANSWER,
        RO_PURPOSE_PASS,          RO_PURPOSE_SAY,
        RO_PURPOSE_INTRODUCED,    RO_PURPOSE_NOT_CHOSEN,
        RO_PURPOSE_STATE_NOTE,    RO_PURPOSE_CLOSE,
        RO_PURPOSE_CLOSED,        RO_PURPOSE_RESEND,
        RO_PURPOSE_RECEIPTS,      RO_PURPOSE_CHUNK,
        RO_PURPOSE_ENROL_REQUEST, RO_PURPOSE_ENROL_ANSWER,
        RO_PURPOSE_PSK,
    };
    static struct draft one;
    for (size_t i = 0; i < RO_LEN(all); i++) {
        init(&one, all[i]);
        tap_ok(says(&one, RO_OK, ""));
        tap_ok(ro_content_purpose(&one.c) == all[i]);
    }
    BAD(ASK, d.c.ask = NULL, "purpose");
    BAD(ASK, d.c.say = &d.say, "purpose");
    BAD(CLOSED, d.c.pass = &d.pass, "purpose");
    init(&one, RO_PURPOSE_ASK);
    one.c.ask = NULL;
    tap_ok(ro_content_purpose(&one.c) == 0);
}

static void
test_envelope_fields(void)
{
    BAD(SAY, d.c.has_circle = 0, "circle");
    BAD(SAY, d.c.circle = bytes(some, 15), "circle");
    BAD(SAY, d.c.circle = bytes(zeros, 16), "circle");
    BAD(SAY, d.c.has_sender = 0, "sender");
    BAD(SAY, d.c.sender = bytes(some, 17), "sender");
    BAD(SAY, d.c.has_recipients = 0, "recipients");
    BAD(SAY, d.c.recipients = bytes(some, 16), "recipients");
    BAD(SAY, d.c.has_sent_at = 0, "sent_at");
    BAD(SAY, d.c.sent_at = UINT64_MAX, "sent_at");
    BAD(SAY, d.c.has_log_size = 0, "log_size");
    GOOD(SAY, d.c.has_checkpoint = 0);
    BAD(SAY, d.c.checkpoint = bytes(some, 513), "checkpoint");
    BAD(SAY, d.c.checkpoint = bytes(some, 0), "checkpoint");
    BAD(SAY, d.c.has_request = 0, "request");
    BAD(SAY, d.c.request = bytes(zeros, 16), "request");
    GOOD(SAY, d.c.has_thread = 0);
    BAD(SAY, d.c.thread = bytes(some, 32), "thread");
    GOOD(RECEIPTS, d.c.has_request = 0);
    GOOD(RESEND, d.c.has_request = 0);
    BAD(CLOSED, d.c.has_request = 0, "request");
    GOOD(ENROL_REQUEST, d.c.n_audience = 0; d.c.has_log_size = 0);
    GOOD(ENROL_ANSWER, d.c.n_audience = 0; d.c.has_log_size = 0);
    BAD(ENROL_REQUEST, d.c.has_request = 1, "request");
    BAD(ENROL_ANSWER, d.c.has_thread = 1, "request");
}

/* A key of the circle, alone or with an admission. */
static void
test_psk(void)
{
    GOOD(PSK, d.c.n_audience = 0; d.c.has_log_size = 0);
    BAD(PSK, d.psk.has_generation = 0, "generation");
    BAD(PSK, d.psk.generation = 0, "generation");
    BAD(PSK, d.psk.has_psk = 0, "psk");
    BAD(PSK, d.psk.psk = bytes(some, 31), "psk");
    BAD(PSK, d.psk.psk = bytes(zeros, 32), "psk");
    BAD(PSK, d.c.has_request = 1, "request");
    GOOD(ENROL_ANSWER, d.enrol_answer.has_generation = 1;
         d.enrol_answer.generation = 2; d.enrol_answer.has_psk = 1;
         d.enrol_answer.psk = bytes(some, 32));
    BAD(ENROL_ANSWER, d.enrol_answer.has_generation = 1;
        d.enrol_answer.generation = 2, "psk");
    BAD(ENROL_ANSWER, d.enrol_answer.has_psk = 1;
        d.enrol_answer.psk = bytes(some, 32), "generation");
    BAD(ENROL_ANSWER, d.enrol_answer.has_generation = 1;
        d.enrol_answer.generation = 2; d.enrol_answer.has_psk = 1;
        d.enrol_answer.psk = bytes(some, 33), "psk");
}

static void
test_audience(void)
{
    BAD(ASK, d.c.n_audience = 0, "audience");
    GOOD(ASK, d.c.n_audience = RO_AUDIENCES_MAX);
    BAD(ASK, d.c.n_audience = RO_AUDIENCES_MAX + 1, "audience");
    BAD(ASK, d.audience.group = NULL, "audience");
    BAD(ASK, d.audience.has_coordinators = 1;
        d.audience.coordinators = 1, "audience");
    BAD(ASK, d.audience.has_member = 1;
        d.audience.member = bytes(some, 16), "audience");
    GOOD(ASK, d.audience.group = NULL; d.audience.has_member = 1;
         d.audience.member = bytes(some, 16));
    BAD(ASK, d.audience.group = NULL; d.audience.has_member = 1;
        d.audience.member = bytes(some, 12), "member");
    GOOD(ASK, d.audience.group = NULL; d.audience.has_coordinators = 1;
         d.audience.coordinators = 1);
    BAD(ASK, d.audience.group = NULL; d.audience.has_coordinators = 1;
        d.audience.coordinators = 0, "coordinators");
    BAD(ASK, d.audience.group = letters(0), "group");
    BAD(ASK, d.audience.group = letters(201), "group");
    static char bidi[] = "a\nb";
    BAD(ASK, d.audience.group = bidi, "group");
}

static void
test_lists(void)
{
    GOOD(SAY, d.c.n_seen = 0);
    GOOD(SAY, d.c.n_seen = RO_SEEN_MAX);
    BAD(SAY, d.c.n_seen = RO_SEEN_MAX + 1, "seen");
    BAD(SAY, d.seen.has_seat = 0, "seat");
    BAD(SAY, d.seen.body = bytes(some, 16), "body");
    GOOD(SAY, d.c.n_receipts = RO_RECEIPTS_MAX);
    BAD(SAY, d.c.n_receipts = RO_RECEIPTS_MAX + 1, "receipts");
    BAD(SAY, d.receipts[0] = bytes(some, 15), "receipts");
    BAD(RECEIPTS, d.c.n_receipts = 0, "receipts");
}

static void
test_ask(void)
{
    static char u5[] = "U5";
    static char remote[] = "remote";
    static char person[] = "in-person";
    static char both[] = "both";
    BAD(ASK, d.ask.topic = NULL, "topic");
    BAD(ASK, d.ask.topic = letters(17), "topic");
    BAD(ASK, d.ask.urgency = NULL, "urgency");
    BAD(ASK, d.ask.urgency = u5, "urgency");
    GOOD(ASK, d.ask.text = letters(RO_TEXT_LIMIT));
    BAD(ASK, d.ask.text = letters(RO_TEXT_LIMIT + 1), "text");
    GOOD(ASK, d.ask.has_half_days = 1; d.ask.half_days = 1000);
    BAD(ASK, d.ask.has_half_days = 1; d.ask.half_days = 1001, "half_days");
    GOOD(ASK, d.ask.mode = remote);
    GOOD(ASK, d.ask.mode = person);
    BAD(ASK, d.ask.mode = both, "mode");
    BAD(ASK, d.ask.mode = letters(0), "mode");
    GOOD(ASK, d.ask.has_within_km = 1; d.ask.within_km = 2000);
    BAD(ASK, d.ask.has_within_km = 1; d.ask.within_km = 2001, "within_km");
    GOOD(ASK, d.ask.holder = letters(200));
    BAD(ASK, d.ask.holder = letters(201), "holder");
}

static void
test_answers(void)
{
    GOOD(ANSWER, d.answer.text = letters(100));
    BAD(ANSWER, d.answer.text = letters(RO_TEXT_LIMIT + 1), "text");
    BAD(ANSWER, d.answer.has_half_days = 1;
        d.answer.half_days = 1001, "half_days");
    BAD(ANSWER, d.answer.holder = letters(201), "holder");
    BAD(SAY, d.say.text = NULL, "text");
    BAD(SAY, d.say.text = letters(0), "text");
    BAD(SAY, d.say.text = letters(RO_TEXT_LIMIT + 1), "text");
    BAD(SAY, d.say.holder = letters(201), "holder");
    static char escape[] = "a\x1b[2J";
    static char tabbed[] = "a\tb\nc";
    BAD(SAY, d.say.text = escape, "text");
    GOOD(SAY, d.say.text = tabbed);
    BAD(INTRODUCED, d.introduced.text = escape, "text");
    BAD(INTRODUCED, d.introduced.holder = tabbed, "holder");
    BAD(NOT_CHOSEN, d.not_chosen.text = escape, "text");
}

static void
test_ends(void)
{
    static char upper[] = "Introduced";
    static char spaced[] = "in force";
    static char hyphen[] = "not-chosen";
    static char partly[] = "partly";
    static char helped[] = "helped";
    BAD(STATE_NOTE, d.state_note.state = NULL, "state");
    BAD(STATE_NOTE, d.state_note.state = upper, "state");
    BAD(STATE_NOTE, d.state_note.state = spaced, "state");
    GOOD(STATE_NOTE, d.state_note.state = hyphen);
    BAD(STATE_NOTE, d.state_note.state = letters(41), "state");
    BAD(CLOSE, d.close.outcome = NULL, "outcome");
    BAD(CLOSE, d.close.outcome = upper, "outcome");
    GOOD(CLOSE, d.close.outcome = partly);
    GOOD(CLOSE, d.close.outcome = helped);
    BAD(CLOSE, d.close.text = letters(RO_TEXT_LIMIT + 1), "text");
}

static void
test_resend(void)
{
    BAD(RESEND, d.resend.has_thread = 0, "thread");
    BAD(RESEND, d.resend.thread = bytes(some, 4), "thread");
    BAD(RESEND, d.resend.has_from = 0, "from");
    BAD(RESEND, d.resend.has_to = 0, "from");
    GOOD(RESEND, d.resend.to = 3);
    BAD(RESEND, d.resend.to = 2, "from");
    GOOD(RESEND, d.resend.to = 1002);
    BAD(RESEND, d.resend.to = 1003, "from");
    BAD(RESEND, d.resend.from = 0; d.resend.to = UINT64_MAX, "from");
}

/* A file of so many bytes in so many chunks. */
static void
set_size(struct draft *d, size_t i, uint64_t size, uint32_t chunks)
{
    d->attachment[i].size = size;
    d->attachment[i].chunks = chunks;
}

static void
test_attachments(void)
{
    static char slashes[] = "../../etc/passwd";
    static char broken[] = "a\nb";
    GOOD(SAY, d.say.n_attachments = 1);
    GOOD(SAY, d.say.n_attachments = RO_ATTACHMENTS_MAX);
    BAD(SAY, d.say.n_attachments = RO_ATTACHMENTS_MAX + 1, "attachments: more");
    BAD(SAY, d.say.n_attachments = 1; d.attachment[0].has_id = 0, "attachment");
    BAD(SAY, d.say.n_attachments = 1;
        d.attachment[0].id = bytes(zeros, 16), "attachment");
    BAD(SAY, d.say.n_attachments = 2;
        d.attachment[1].id = d.attachment[0].id, "attachments: one id twice");
    GOOD(SAY, d.say.n_attachments = 1; d.attachment[0].name = slashes);
    BAD(SAY, d.say.n_attachments = 1; d.attachment[0].name = broken, "name");
    BAD(SAY, d.say.n_attachments = 1; d.attachment[0].name = NULL, "name");
    BAD(SAY, d.say.n_attachments = 1;
        d.attachment[0].name = letters(201), "name");
    BAD(SAY, d.say.n_attachments = 1; d.attachment[0].has_hash = 0, "hash");
    BAD(SAY, d.say.n_attachments = 1;
        d.attachment[0].hash = bytes(some, 16), "hash");
    BAD(SAY, d.say.n_attachments = 1; d.attachment[0].has_size = 0, "size");
    BAD(SAY, d.say.n_attachments = 1; d.attachment[0].has_chunks = 0, "chunks");
    GOOD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 0, 1));
    BAD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 100, 2), "chunks");
    BAD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 61441, 1), "chunks");
    GOOD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 61441, 2));
    GOOD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 3 * 61440, 4));
    GOOD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 26214400, 512));
    BAD(SAY, d.say.n_attachments = 1; set_size(&d, 0, 26214401, 512), "size");
    BAD(SAY, d.say.n_attachments = 1; set_size(&d, 0, UINT64_MAX, 512), "size");
    GOOD(SAY, d.say.n_attachments = 2; set_size(&d, 0, 13107200, 256);
         set_size(&d, 1, 13107200, 256));
    BAD(SAY, d.say.n_attachments = 2; set_size(&d, 0, 13107200, 256);
        set_size(&d, 1, 13107201, 256), "attachments: more");
}

static void
test_chunks(void)
{
    GOOD(CHUNK, d.chunk.index = 511);
    GOOD(CHUNK, d.chunk.has_data = 0);
    GOOD(CHUNK, d.chunk.data = bytes(some, RO_CHUNK_LIMIT));
    BAD(CHUNK, d.chunk.data = bytes(some, RO_CHUNK_LIMIT + 1), "data");
    BAD(CHUNK, d.chunk.has_attachment = 0, "attachment");
    BAD(CHUNK, d.chunk.attachment = bytes(some, 15), "attachment");
    BAD(CHUNK, d.chunk.has_index = 0, "index");
    BAD(CHUNK, d.chunk.index = 512, "index");
    BAD(CHUNK, d.c.has_thread = 0, "thread");
    BAD(CHUNK, d.c.has_request = 0, "request");
    BAD(CHUNK, d.c.n_seen = 1, "seen");
    BAD(CHUNK, d.c.n_receipts = 1, "seen");
    tap_ok(ro_chunks_of(0) == 1 && ro_chunks_of(1) == 1);
    tap_ok(ro_chunks_of(61440) == 1 && ro_chunks_of(61441) == 2);
    tap_ok(ro_chunks_of(26214400) == 512);
    tap_ok(ro_chunk_size(61441, 0) == 61440 && ro_chunk_size(61441, 1) == 1);
    tap_ok(ro_chunk_size(61441, 2) == 0 && ro_chunk_size(0, 0) == 0);
    tap_ok(ro_chunk_size(61441, UINT32_MAX) == 0);
}

static void
test_enrolment(void)
{
    BAD(ENROL_REQUEST, d.enrol_request.has_member_key = 0, "member_key");
    BAD(ENROL_REQUEST, d.enrol_request.member_key = bytes(some, 31),
        "member_key");
    BAD(ENROL_REQUEST, d.enrol_request.has_seat = 0;
        d.enrol_request.seat.len = 0, "seat");
    BAD(ENROL_REQUEST, d.enrol_request.seat = bytes(some, 4097), "seat");
    BAD(ENROL_REQUEST, d.enrol_request.ticket = bytes(some, 1025), "ticket");
    BAD(ENROL_REQUEST, d.enrol_request.holder = letters(201), "holder");
    BAD(ENROL_ANSWER, d.enrol_answer.has_admitted = 0, "admitted");
    BAD(ENROL_ANSWER, d.enrol_answer.has_member = 0, "member");
    BAD(ENROL_ANSWER, d.enrol_answer.member = bytes(some, 15), "member");
    GOOD(ENROL_ANSWER, d.enrol_answer.admitted = 0;
         d.enrol_answer.has_member = 0);
    BAD(ENROL_ANSWER, d.enrol_answer.why = letters(1001), "why");
}

static void
test_form(void)
{
    Reachout__Content *content = NULL;
    struct ro_bytes broken = {(const uint8_t *)"\x0a\x20", 2};
    struct ro_bytes empty = {NULL, 0};
    tap_is(ro_content_get(broken, arena, NULL, &content), RO_BAD_FRAME);
    tap_is(ro_content_get(empty, arena, NULL, &content), RO_BAD_INPUT);
}

int
main(void)
{
    arena = ro_arena_new(65536, RO_UNPACK_PIECES);
    tap_need(arena != NULL);
    tap_run(test_purposes);
    tap_run(test_envelope_fields);
    tap_run(test_psk);
    tap_run(test_audience);
    tap_run(test_lists);
    tap_run(test_ask);
    tap_run(test_answers);
    tap_run(test_ends);
    tap_run(test_resend);
    tap_run(test_attachments);
    tap_run(test_chunks);
    tap_run(test_enrolment);
    tap_run(test_form);
    ro_arena_free(arena);
    return tap_done();
}

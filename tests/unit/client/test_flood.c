/* SPDX-License-Identifier: Apache-2.0 */
/*
 * A member that sends as much as it can, by all the rules: its receivers go on
 * reading, syncing and writing.
 */
#include "tests/unit/client/files.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include "client/core/arriving.h"
#include "client/core/sequence.h"
#include "client/core/story.h"
#include "client/core/told.h"
#include "common/wire/codec.h"

#define FLOOD                                                                  \
    8200 /* messages, each with as many names as a content may have            \
          */

#define TEN(text) text text text text text text text text text text
#define LONG_TEXT TEN(TEN("Thirty letters, or thereabouts. "))

static char request[RO_ID_HEX];
static char thread[RO_ID_HEX];

static void
open_circle(void)
{
    open_three();
    snprintf(request, sizeof(request), "%s", pair_answered(ann, ben));
    snprintf(thread, sizeof(thread), "%s", thread_between(request, ann, ben));
    pair_sync_all(pair);
}

static struct ro_request_id
request_id(void)
{
    struct request_rows rows = {0};
    test_must(request_row_all(ann->engine->vault, &rows));
    tap_need(rows.n == 1);
    const struct ro_request_id id = rows.at[0].id;
    request_row_list_fini(&rows);
    return id;
}

/* Ben's answer, as ann keeps it. */
static void
find_answer(struct message *ret_answer)
{
    const struct ro_request_id id = request_id();
    RO_AUTOMESSAGES all = {0};
    test_must(message_list(ann->engine->vault, &id, &all));
    for (size_t i = 0; i < all.n; i++) {
        if (all.at[i].purpose == RO_PURPOSE_ANSWER) {
            test_must(
                message_get(ann->engine->vault, &all.at[i].row, ret_answer));
            return;
        }
    }
    tap_need(false);
}

static enum ro_status
list_requests(struct seat *seat)
{
    job_free(seat->job);
    seat->job = job_new(jobs_requests, (struct ro_then){0});
    tap_need(seat->job != NULL);
    seat->job->run(seat->engine, seat->job);
    return seat->job->result.status;
}

/* A say of ben's with 64 names of bodies that nobody has. */
static void
fill_content(struct message *message)
{
    const struct ro_entropy entropy = ro_entropy_system();
    uint8_t bodies[RO_SEEN_MAX][RO_HASH_SIZE];
    Reachout__Seen seen[RO_SEEN_MAX];
    Reachout__Seen *list[RO_SEEN_MAX];
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__Say say = REACHOUT__SAY__INIT;
    static char text[] = ".";
    say.text = text;
    content.say = &say;
    content.seen = list;
    content.n_seen = RO_SEEN_MAX;
    for (size_t i = 0; i < RO_SEEN_MAX; i++) {
        ro_entropy_fill(&entropy, bodies[i], RO_HASH_SIZE);
        reachout__seen__init(&seen[i]);
        seen[i].has_seat = seen[i].has_body = true;
        seen[i].seat = (ProtobufCBinaryData){RO_ID_SIZE, bodies[i]};
        seen[i].body = (ProtobufCBinaryData){RO_HASH_SIZE, bodies[i]};
        list[i] = &seen[i];
    }
    ro_buf_clear(&message->content);
    test_must(ro_pack(&content.base, &message->content));
    ro_entropy_fill(&entropy, message->row.b, RO_ID_SIZE);
    ro_entropy_fill(&entropy, message->body.b, RO_HASH_SIZE);
    memcpy(message->id.b, message->row.b, RO_ID_SIZE);
    message->purpose = RO_PURPOSE_SAY;
}

static void
test_what_names_nothing_costs_nothing(void)
{
    RO_AUTOMESSAGE message = {0};
    open_circle();
    pair->wait_ms *= 10; /* so much is slow to look at under a sanitizer */
    find_answer(&message);
    test_must(vault_begin(ann->engine->vault));
    for (int i = 0; i < FLOOD; i++) {
        fill_content(&message);
        test_must(message_put(ann->engine->vault, &message));
    }
    test_must(vault_commit(ann->engine->vault));
    tap_is(seat_show(ann, request), RO_OK);
    tap_ok(ann->job->result.n_events >= FLOOD);
    tap_is(list_requests(ann), RO_OK);
    test_must(seat_write(ben, jobs_say, thread, "And now?"));
    tap_is(seat_told(ann), RO_OK);
    tap_is(seat_write(ann, jobs_say, thread, "All is well."), RO_OK);
    close_circle();
}

/* Says that ben has told so much of this request already. */
static void
put_told(uint32_t messages)
{
    RO_AUTOBUF value = {0};
    uint8_t key[RO_ID_SIZE * 2];
    const struct ro_request_id id = request_id();
    memcpy(key, id.b, RO_ID_SIZE);
    memcpy(key + RO_ID_SIZE, ben->member->id.b, RO_ID_SIZE);
    ro_buf_put_u32(&value, messages);
    ro_buf_put_u64(&value, messages);
    const struct vault_place place = {
        VAULT_TOLD, {key, sizeof(key)},
         {0  }
    };
    test_must(vault_begin(ann->engine->vault));
    test_must(vault_put(ann->engine->vault, &place, ro_buf_view(&value)));
    test_must(vault_commit(ann->engine->vault));
}

static void
test_too_much_of_one(void)
{
    open_circle();
    put_told(TOLD_MESSAGES_MAX - 1);
    test_must(seat_write(ben, jobs_say, thread, "The last one."));
    test_must(seat_write(ben, jobs_say, thread, "One more."));
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_news(ann) == 2);
    tap_need(seat_trouble(ann, 0) != NULL);
    tap_is(seat_trouble(ann, 0)->trouble, RO_MISBOUND);
    tap_ok(strstr(seat_trouble(ann, 0)->why.text, "2000 messages") != NULL);
    tap_ok(seat_shows(ann, "The last one.") == 1);
    tap_ok(seat_shows(ann, "One more.") == 0);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(seat_news(ann) == 0, "told once");
    char to[32];
    snprintf(to, sizeof(to), "%s", urn_of(ann));
    tap_is(seat_ask(ben, to, "Another request."), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(seat_shows(ann, "Another request.") == 1,
            "each request counts for itself");
    close_circle();
}

/* Says that ben has told so much today already. */
static void
put_today(uint32_t requests, uint64_t bytes, uint32_t letters, uint32_t asks)
{
    RO_AUTOBUF value = {0};
    uint8_t key[RO_ID_SIZE + 4];
    const uint32_t today = engine_day(ann->engine);
    memcpy(key, ben->member->id.b, RO_ID_SIZE);
    ro_set_u32(key + RO_ID_SIZE, today);
    ro_buf_put(&value, key, sizeof(key));
    ro_buf_put_u32(&value, requests);
    ro_buf_put_u64(&value, bytes);
    ro_buf_put_u32(&value, letters);
    ro_buf_put_u32(&value, asks);
    const struct vault_place place = {
        VAULT_TOLD_DAY, {key, sizeof(key)},
         {0  }
    };
    test_must(vault_begin(ann->engine->vault));
    test_must(vault_put(ann->engine->vault, &place, ro_buf_view(&value)));
    test_must(vault_commit(ann->engine->vault));
}

static void
put_told_today(uint32_t requests, uint64_t bytes, uint32_t letters)
{
    put_today(requests, bytes, letters, 0);
}

static size_t
days_told(void)
{
    size_t n = 0;
    test_must(vault_count(ann->engine->vault, VAULT_TOLD_DAY, &n));
    return n;
}

/* A member may begin so many requests a day, whatever their ids. */
static void
test_too_many_requests(void)
{
    open_circle();
    tap_say(days_told() == 1, "it is counted");
    put_told_today(TOLD_DAY_REQUESTS_MAX - 1, 0, 0);
    test_must(seat_ask(ben, urn_of(ann), "The last one."));
    test_must(seat_ask(ben, urn_of(ann), "One more."));
    test_must(seat_write(ben, jobs_say, thread, "Where we were."));
    test_must(seat_ask(cat, urn_of(ann), "From another."));
    tap_is(seat_sync(ann), RO_OK);
    tap_need(seat_trouble(ann, 0) != NULL && seat_trouble(ann, 1) == NULL);
    tap_is(seat_trouble(ann, 0)->trouble, RO_OVER_QUOTA);
    tap_ok(strstr(seat_trouble(ann, 0)->why.text, "200 new requests") != NULL);
    tap_ok(seat_shows(ann, "The last one.") == 1);
    tap_ok(seat_shows(ann, "One more.") == 0);
    tap_say(seat_shows(ann, "Where we were.") == 1, "what is begun goes on");
    tap_ok(seat_shows(ann, "From another.") == 1);
    pair_pass(pair, 2 * (int64_t)86400);
    tap_is(seat_sync(ann), RO_OK);
    pair_pass(pair, 6 * (int64_t)86400);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(seat_shows(ann, "One more.") == 1, "sent again, it is kept");
    pair_pass(pair, 95 * (int64_t)86400);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(days_told() == 0, "the counts go");
    close_circle();
}

static void
test_too_much_in_one_day(void)
{
    open_circle();
    put_told_today(0, TOLD_DAY_BYTES_MAX - 2500, 0);
    test_must(seat_write(ben, jobs_say, thread, "The last one."));
    test_must(seat_write(ben, jobs_say, thread, LONG_TEXT));
    tap_is(seat_sync(ann), RO_OK);
    tap_need(seat_trouble(ann, 0) != NULL && seat_trouble(ann, 1) == NULL);
    tap_is(seat_trouble(ann, 0)->trouble, RO_OVER_QUOTA);
    tap_ok(strstr(seat_trouble(ann, 0)->why.text, "64 MiB") != NULL);
    tap_ok(seat_shows(ann, "The last one.") == 1);
    tap_ok(seat_shows(ann, LONG_TEXT) == 0);
    close_circle();
}

/* A letter of ben's that tells nothing. */
static void
forge_nothing(const char *hex, uint64_t sequence, struct forged *ret_forged)
{
    struct forgery forgery;
    uint8_t ids[RO_ID_SIZE] = {1};
    ProtobufCBinaryData receipt = {RO_ID_SIZE, ids};
    Reachout__Receipts receipts = REACHOUT__RECEIPTS__INIT;
    forge_init(&forgery, ben, ann);
    forgery.content.say = NULL;
    forgery.content.receipt_only = &receipts;
    forgery.content.n_receipts = 1;
    forgery.content.receipts = &receipt;
    forge_thread(&forgery, hex);
    forgery.sequence = sequence;
    forge(&forgery, ret_forged);
}

/* One whose number says that others came before it. */
static void
post_nothing(const char *hex)
{
    AUTOFORGED forged = {0};
    forge_nothing(hex, 5, &forged);
    test_must(pair_post(pair, &forged.envelope));
}

/* A request of which ann never heard. */
static const char *
unheard(uint8_t id)
{
    static char hex[RO_ID_HEX];
    uint8_t ids[RO_ID_SIZE];
    memset(ids, id, sizeof(ids));
    ro_hex(ids, sizeof(ids), hex);
    return hex;
}

/* How many counters ann keeps. */
static size_t
counters(void)
{
    size_t n = 0;
    test_must(vault_count(ann->engine->vault, VAULT_SEQUENCE, &n));
    return n;
}

/* Of how many gaps ann has asked for what is missing. */
static size_t
gaps_asked(size_t *ret_gaps)
{
    RO_AUTOFREE struct sequence_gap *gaps = NULL;
    size_t n_asked = 0;
    test_must(sequence_gaps(ann->engine->vault, &gaps, ret_gaps));
    for (size_t i = 0; i < *ret_gaps; i++)
        n_asked += gaps[i].n_asked;
    return n_asked;
}

/* Letters without words make nobody write as many back. */
static void
test_letters_that_tell_nothing(void)
{
    open_circle();
    const size_t before = counters();
    size_t gaps = 0;
    for (uint8_t i = 1; i <= 20; i++)
        post_nothing(unheard(i));
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_trouble(ann, 0) == NULL);
    tap_is(gaps_asked(&gaps), 0);
    tap_is(gaps, 0);
    tap_say(counters() == before, "nothing of it stays");
    put_told_today(0, 0, TOLD_DAY_LETTERS_MAX);
    post_nothing(unheard(0xee));
    tap_is(seat_sync(ann), RO_OK);
    tap_need(seat_trouble(ann, 0) != NULL);
    tap_is(seat_trouble(ann, 0)->trouble, RO_OVER_QUOTA);
    tap_ok(strstr(seat_trouble(ann, 0)->why.text, "5000 letters") != NULL);
    close_circle();
}

/* No member is asked more often in a day than that. */
static void
test_not_too_many_asks(void)
{
    open_circle();
    size_t gaps = 0;
    put_today(0, 0, 0, TOLD_DAY_ASKS_MAX);
    post_nothing(request);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(gaps_asked(&gaps), 0);
    tap_is(gaps, 1);
    pair_pass(pair, 86400);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(gaps_asked(&gaps), 1);
    close_circle();
}

/* Where something is told, what is missing is asked for; but not for ever what
 * came before anything was told. */
static void
test_gaps_where_something_is_told(void)
{
    struct forgery say;
    AUTOFORGED early = {0};
    open_circle();
    size_t gaps = 0;
    forge_nothing(unheard(7), 1, &early);
    test_must(pair_post(pair, &early.envelope));
    post_nothing(request); /* 1 was the answer */
    tap_is(seat_sync(ann), RO_OK);
    tap_is(gaps_asked(&gaps), 1);
    forge_init(&say, ben, ann);
    forge_thread(&say, unheard(7));
    say.sequence = 2;
    forge_post(&say);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(gaps_asked(&gaps), 2);
    test_must(pair_post(pair, &early.envelope));
    tap_is(seat_sync(ann), RO_OK);
    tap_is(gaps_asked(&gaps), 1);
    tap_say(gaps == 1, "it is not missing");
    close_circle();
}

/* One request here whose content is none. */
static void
spoil(void)
{
    RO_AUTOMESSAGE message = {0};
    find_answer(&message);
    ro_buf_clear(&message.content);
    ro_buf_put(&message.content, "\xff\xff\xff", 3);
    test_must(vault_begin(ann->engine->vault));
    test_must(message_put(ann->engine->vault, &message));
    test_must(vault_commit(ann->engine->vault));
}

static void
test_one_that_cannot_be_read(void)
{
    open_circle();
    spoil();
    test_must(seat_write(ben, jobs_say, thread, "Still there?"));
    tap_is(seat_told(ann), RO_OK);
    tap_need(ann->job->result.n_events == 1);
    tap_ok(strcmp(ann->job->result.events[0].type, "message") == 0);
    tap_is(seat_told(ann), RO_OK);
    tap_is(seat_ask(ann, urn_of(cat), "Another one."), RO_OK);
    tap_is(list_requests(ann), RO_OK);
    const struct ro_result *result = &ann->job->result;
    tap_need(result->n_requests == 2);
    tap_ok(strcmp(result->requests[1].state, "unreadable") == 0);
    tap_ok(strcmp(result->requests[0].state, "open") == 0);
    tap_is(seat_read(ann, NULL), RO_OK);
    result = &ann->job->result;
    tap_need(result->n_messages == 2);
    tap_ok(result->messages[0].doubt != NULL ||
           result->messages[1].doubt != NULL);
    tap_ok(seat_show(ann, request) != RO_OK);
    tap_ok(strstr(ann->job->result.why, "ring them") != NULL);
    close_circle();
}

/* Announces a file of ben's as large as a message may have. */
static void
announce(uint8_t id, uint64_t sequence)
{
    struct forgery forgery;
    uint8_t ids[RO_ID_SIZE];
    uint8_t hash[RO_HASH_SIZE] = {1};
    static char name[] = "film.mkv";
    Reachout__Attachment file = REACHOUT__ATTACHMENT__INIT;
    Reachout__Attachment *list[] = {&file};
    memset(ids, id, sizeof(ids));
    file.has_id = file.has_size = file.has_hash = file.has_chunks = 1;
    file.id = (ProtobufCBinaryData){RO_ID_SIZE, ids};
    file.hash = (ProtobufCBinaryData){RO_HASH_SIZE, hash};
    file.name = name;
    file.size = RO_ATTACHMENTS_LIMIT;
    file.chunks = RO_CHUNKS_MAX;
    forge_init(&forgery, ben, ann);
    forge_thread(&forgery, request);
    forgery.say.attachments = list;
    forgery.say.n_attachments = 1;
    forgery.sequence = sequence;
    forge_post(&forgery);
}

static void
post_piece(uint8_t id, uint64_t sequence)
{
    struct forgery forgery;
    uint8_t ids[RO_ID_SIZE];
    static uint8_t data[RO_CHUNK_LIMIT];
    Reachout__Chunk chunk = REACHOUT__CHUNK__INIT;
    memset(ids, id, sizeof(ids));
    chunk.has_attachment = chunk.has_index = chunk.has_data = 1;
    chunk.attachment = (ProtobufCBinaryData){RO_ID_SIZE, ids};
    chunk.data = (ProtobufCBinaryData){RO_CHUNK_LIMIT, data};
    forge_init(&forgery, ben, ann);
    forge_thread(&forgery, request);
    forgery.content.say = NULL;
    forgery.content.chunk = &chunk;
    forgery.sequence = sequence;
    forge_post(&forgery);
}

/* Nobody fills our disk with what we have not asked for. */
static void
test_files_that_nobody_asked_for(void)
{
    const uint8_t n = ARRIVING_UNSAVED_BYTES / RO_ATTACHMENTS_LIMIT;
    uint64_t sequence = 1; /* the answer */
    open_circle();
    for (uint8_t i = 1; i <= n; i++)
        announce(i, ++sequence);
    post_piece(n, ++sequence);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_trouble(ann, 0) == NULL && files_chunks(ann) == 1);
    pair_pass(pair, 5);            /* the last one is the last one */
    post_piece(n + 1, ++sequence); /* early, and dropped */
    announce(n + 1, ++sequence);
    post_piece(n + 1, ++sequence);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(seat_trouble(ann, 0) == NULL);
    tap_say(files_chunks(ann) == 1, "nothing of it is kept");
    const struct ro_attachment last = files_seen(ann, thread, 0);
    tap_is(last.state, RO_ATTACHMENT_FAILED);
    tap_ok(last.failed != NULL && strstr(last.failed, "200 MiB") != NULL);
    tap_is(files_save(ann, files_id(&last), files_path(pair, "out")),
           RO_REFUSED);
    tap_ok(strstr(ann->job->result.why, "save some") != NULL);
    close_circle();
}

/* What can never come whole is not what somebody here has not saved yet. */
static void
test_files_that_never_come_whole(void)
{
    const uint8_t n = ARRIVING_UNSAVED_BYTES / RO_ATTACHMENTS_LIMIT;
    uint64_t sequence = 1;
    open_circle();
    for (uint8_t i = 1; i <= n; i++)
        announce(i, ++sequence);
    post_piece(n, ++sequence);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(files_chunks(ann) == 1);
    pair_pass(pair, ARRIVING_OVER_S + 86400);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(files_chunks(ann) == 0, "the rest of it is forgotten");
    tap_is(seat_sync(ben), RO_OK);
    announce(n + 1, ++sequence);
    post_piece(n + 1, ++sequence);
    tap_is(seat_sync(ann), RO_OK);
    tap_say(files_chunks(ann) == 1, "and the next one is kept");
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_what_names_nothing_costs_nothing);
    tap_run(test_too_much_of_one);
    tap_run(test_too_many_requests);
    tap_run(test_too_much_in_one_day);
    tap_run(test_letters_that_tell_nothing);
    tap_run(test_not_too_many_asks);
    tap_run(test_gaps_where_something_is_told);
    tap_run(test_one_that_cannot_be_read);
    tap_run(test_files_that_nobody_asked_for);
    tap_run(test_files_that_never_come_whole);
    return tap_done();
}

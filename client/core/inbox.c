/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/inbox.h"

#include "client/core/directory.h"
#include "client/core/enrol.h"
#include "client/core/opening.h"
#include "client/core/outbox.h"
#include "client/core/recipients.h"
#include "client/core/riding.h"
#include "client/core/sequence.h"
#include "client/core/story.h"
#include "client/core/witness.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <string.h>

#define VERB_ATTACH 8
#define VERB_ACK 9
#define WINDOW 64
#define PUSH_PIECES 4096

void
news_fini(struct news_list *list)
{
    free(list->at);
    *list = (struct news_list){0};
}

/* One receiving under way. */
struct receiving {
    struct engine *engine;
    struct ro_why *why;
    struct news_list *news;
    struct ro_arena *push;    /* the frame under way */
    struct ro_arena *content; /* the message under way */
    enum link_door door;
    int64_t deadline_ms;
    uint64_t waiting;
    /* whether we looked for an unknown sender already: once is enough */
    enum { DIRECTORY_AS_IT_WAS, DIRECTORY_FRESH } directory;
};

static enum ro_status
tell(struct receiving *receiving, const struct news *news)
{
    struct news_list *list = receiving->news;
    struct news *more = reallocarray(list->at, list->n + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    list->at = more;
    more[list->n++] = *news;
    return RO_OK;
}

/* --- one message is kept ------------------------------------------------- */

/* Whom a request of our own went to, by the names in it: a colleague asked
 * from another seat, and who closes it here must tell them all. */
static enum ro_status
resolve_asked(struct engine *engine,
              const struct opened *opened,
              struct ro_buf *ret_asked)
{
    RO_AUTORECIPIENTS asked = {0};
    const Reachout__Content *content = opened->content;
    for (size_t i = 0; i < content->n_audience; i++) {
        /* a group that the charter does not have any more reaches nobody */
        enum ro_status s =
            recipients_resolve(engine, content->audience[i],
                               &engine->keyring->member_id, NULL, &asked);
        if (s == RO_NO_MEMORY)
            return s;
    }
    ro_buf_put(ret_asked, asked.members,
               asked.n_members * sizeof(*asked.members));
    return ro_buf_ok(ret_asked);
}

static enum ro_status
new_request(struct engine *engine, const struct opened *opened)
{
    const struct message *message = &opened->message;
    RO_AUTOREQUEST request = {.id = message->request,
                              .asker = message->side,
                              .ask = message->row,
                              .first_seen_s = message->arrived_at_s};
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id))
        RO_TRY(resolve_asked(engine, opened, &request.asked));
    return request_row_put(engine->vault, &request);
}

/* The first ask makes a request known; the same id from another member is not
 * the same request. In a request of somebody else only its asker and our own
 * side have a say. RO_MISBOUND otherwise. */
static enum ro_status
keep_request(struct engine *engine, const struct opened *opened)
{
    const struct message *message = &opened->message;
    const struct ro_member_id *self = &engine->keyring->member_id;
    RO_AUTOREQUEST request = {0};
    bool asks = message->purpose == RO_PURPOSE_ASK;
    if (ro_request_id_is_zero(&message->request))
        return RO_OK;
    enum ro_status s =
        request_row_get(engine->vault, &message->request, &request);
    if (s == RO_NOT_FOUND)
        return asks ? new_request(engine, opened) : RO_OK;
    RO_TRY(s);
    if (ro_member_id_equal(&request.asker, &message->side))
        return RO_OK;
    return !asks && (ro_member_id_equal(&request.asker, self) ||
                     ro_member_id_equal(&message->side, self))
               ? RO_OK
               : RO_MISBOUND;
}

static enum ro_status
take_receipts(struct engine *engine, const struct opened *opened)
{
    for (size_t i = 0; i < opened->content->n_receipts; i++) {
        struct ro_message_id id;
        RO_TRY(ro_field_copy(&opened->content->receipts[i], id.b, RO_ID_SIZE));
        RO_TRY(outbox_arrived(engine, &opened->sender.seat, &id));
    }
    return RO_OK;
}

static enum ro_status
take_resend(struct engine *engine, const struct opened *opened)
{
    const Reachout__Resend *wanted = opened->content->resend;
    struct outbox_resend resend = {.seat = opened->sender.seat};
    if (wanted == NULL)
        return RO_OK;
    RO_TRY(ro_field_copy(&wanted->thread, resend.thread.b, RO_ID_SIZE));
    resend.from = wanted->from;
    resend.to = wanted->to;
    return outbox_resend(engine, &resend);
}

/* Writes all that one message means, inside a commit. A kept message is known
 * by its row, everything else by its id. */
static enum ro_status
keep_message(struct engine *engine, const struct opened *opened)
{
    const struct message *message = &opened->message;
    if (!ro_request_id_is_zero(&message->request)) {
        RO_TRY(sequence_take(engine->vault, &opened->sequence_thread,
                             &opened->sender.seat, opened->sequence));
    }
    RO_TRY(keep_request(engine, opened));
    RO_TRY(take_receipts(engine, opened));
    RO_TRY(take_resend(engine, opened));
    if (!story_is_told(message->purpose)) {
        return message_remember(engine->vault, &message->id,
                                opened->expiry_hour);
    }
    RO_TRY(message_put(engine->vault, message));
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id))
        return RO_OK;
    return riding_owe(engine, message);
}

/* A refused message is remembered, so that its replay is silent, and its
 * number is used up, so that it is not asked for again. */
static enum ro_status
note_refused(struct engine *engine, const struct opened *opened)
{
    enum ro_status s = sequence_take(engine->vault, &opened->sequence_thread,
                                     &opened->sender.seat, opened->sequence);
    if (s != RO_OK && s != RO_MISBOUND)
        return s;
    return message_remember(engine->vault, &opened->message.id,
                            opened->expiry_hour);
}

/* The authority's answer. What the keyring says now is durable, or not so. */
static enum ro_status
commit_answer(struct engine *engine, const struct opened *opened)
{
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = vault_end(engine->vault, enrol_take(engine, opened));
    if (s != RO_OK)
        RO_TRY(engine_reload(engine, NULL));
    return s;
}

/* RO_OK: kept. RO_MISBOUND: refused. Others: the vault failed. */
static enum ro_status
commit_message(struct engine *engine, const struct opened *opened)
{
    if (opened->message.purpose == RO_PURPOSE_ENROL_ANSWER)
        return commit_answer(engine, opened);
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = vault_end(engine->vault, keep_message(engine, opened));
    if (s != RO_MISBOUND)
        return s;
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault, note_refused(engine, opened)));
    return s;
}

/* --- one envelope -------------------------------------------------------- */

/* Outcomes that are about one envelope, not about us. */
static bool
is_refusal(enum ro_status s)
{
    return s == RO_BAD_SEAL || s == RO_MISBOUND || s == RO_FORBIDDEN ||
           s == RO_BAD_INPUT || s == RO_BAD_FRAME;
}

static enum ro_status
receive_opened(struct receiving *receiving, const struct opened *opened)
{
    struct engine *engine = receiving->engine;
    struct news news = {.row = opened->message.row,
                        .from = opened->side,
                        .at_s = opened->message.sent_at_s};
    if (opened->content->has_checkpoint) {
        RO_TRY(witness_take(engine, ro_field(&opened->content->checkpoint),
                            receiving->why));
    }
    enum ro_status s = message_known(engine->vault, &opened->message.id);
    if (s != RO_NOT_FOUND)
        return s;
    s = commit_message(engine, opened);
    if (s == RO_MISBOUND) {
        news.trouble = s;
        (void)ro_why(&news.why, s,
                     "it repeats a sequence, or speaks in a request that is "
                     "not its own");
        news.row = (struct row_id){0};
        return tell(receiving, &news);
    }
    RO_TRY(s);
    return story_is_told(opened->message.purpose) ? tell(receiving, &news)
                                                  : RO_OK;
}

/* Opens an envelope and takes what is in it. A sender that our directory does
 * not know may have come since. */
static enum ro_status
receive_envelope(struct receiving *receiving, const struct envelope *envelope)
{
    RO_AUTOOPENED opened = {0};
    struct engine *engine = receiving->engine;
    struct news trouble = {.at_s = engine_now_s(engine)};
    enum ro_status s = opening_open(engine, envelope, receiving->content,
                                    &trouble.why, &opened);
    if (s == RO_STALE && receiving->directory == DIRECTORY_AS_IT_WAS) {
        receiving->directory = DIRECTORY_FRESH;
        RO_TRY(directory_sync(engine, receiving->deadline_ms, receiving->why));
        s = opening_open(engine, envelope, receiving->content, &trouble.why,
                         &opened);
    }
    if (s == RO_STALE) {
        s = ro_why(&trouble.why, RO_MISBOUND,
                   "nobody in the circle is its sender");
    }
    if (s == RO_OK)
        return receive_opened(receiving, &opened);
    if (!is_refusal(s)) {
        *receiving->why = trouble.why;
        return s;
    }
    trouble.trouble = s;
    return tell(receiving, &trouble);
}

/* --- a push -------------------------------------------------------------- */

static enum ro_status
find_body(const Reachout__Attach__Push *push,
          const ProtobufCBinaryData *hash,
          struct ro_bytes *ret_body)
{
    for (size_t i = 0; i < push->n_bodies; i++) {
        struct ro_hash body;
        ro_body_hash(ro_field(&push->bodies[i]), &body);
        if (hash->len == RO_HASH_SIZE &&
            memcmp(hash->data, body.b, RO_HASH_SIZE) == 0) {
            *ret_body = ro_field(&push->bodies[i]);
            return RO_OK;
        }
    }
    return RO_BAD_FRAME;
}

static enum ro_status
receive_one(struct receiving *receiving,
            const Reachout__Attach__Push *push,
            const Reachout__Attach__Push__Envelope *one)
{
    struct envelope envelope = {
        .mailbox = receiving->engine->keyring->seat,
        .wrap = ro_field(&one->wrap),
        .day = one->day,
        .generation = one->generation,
        .expiry_hour = one->expiry_hour,
    };
    if (find_body(push, &one->body, &envelope.body) != RO_OK) {
        const struct news news = {
            .trouble = RO_BAD_FRAME,
            .why = {"the broker delivered a wrap without its body"},
            .at_s = engine_now_s(receiving->engine)};
        return tell(receiving, &news);
    }
    return receive_envelope(receiving, &envelope);
}

static enum ro_status
acknowledge(struct receiving *receiving, uint64_t *keys, size_t n)
{
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    struct engine *engine = receiving->engine;
    ask.has_mailbox = true;
    ask.mailbox =
        ro_as_field((struct ro_bytes){engine->keyring->seat.b, RO_ID_SIZE});
    ask.keys = keys;
    ask.n_keys = n;
    const struct link_ask asked = {receiving->door, VERB_ACK, &ask.base,
                                   &reachout__ack__answer__descriptor,
                                   receiving->deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, receiving->why, &got));
    /* a push may be one from before we attached, and know less than this */
    receiving->waiting = ((const Reachout__Ack__Answer *)got.message)->waiting;
    return RO_OK;
}

static enum ro_status
receive_push(struct receiving *receiving, struct ro_bytes frame)
{
    struct ro_frame_header header;
    struct ro_bytes payload;
    ProtobufCMessage *unpacked;
    RO_TRY(ro_frame_get(frame, &header, &payload));
    if (header.verb != VERB_ATTACH)
        return RO_OK;
    RO_TRY(ro_unpack(&reachout__attach__push__descriptor, payload,
                     receiving->push, &unpacked));
    const Reachout__Attach__Push *push = (const void *)unpacked;
    RO_AUTOFREE uint64_t *keys = calloc(push->n_envelopes + 1, sizeof(*keys));
    if (keys == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < push->n_envelopes; i++) {
        keys[i] = push->envelopes[i]->key;
        RO_TRY(receive_one(receiving, push, push->envelopes[i]));
    }
    if (push->n_envelopes == 0) {
        return ro_why(receiving->why, RO_BAD_FRAME,
                      "the broker pushes nothing at all");
    }
    return acknowledge(receiving, keys, push->n_envelopes);
}

/* --- attached ------------------------------------------------------------ */

static enum ro_status
attach(struct receiving *receiving)
{
    struct engine *engine = receiving->engine;
    const struct keyring *keyring = engine->keyring;
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    struct ro_signature proof;
    ask.has_window = true;
    ask.window = WINDOW;
    if (receiving->door == LINK_OPEN) {
        RO_TRY(link_mailbox_proof(engine->link, keyring->signing, &proof));
        ask.has_mailbox_key = ask.has_proof = true;
        ask.mailbox_key = ro_as_field((struct ro_bytes){
            ro_keypair_public(keyring->signing)->b, RO_KEY_SIZE});
        ask.proof = ro_as_field((struct ro_bytes){proof.b, RO_SIGNATURE_SIZE});
    }
    const struct link_ask asked = {receiving->door, VERB_ATTACH, &ask.base,
                                   &reachout__attach__answer__descriptor,
                                   receiving->deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, receiving->why, &got));
    const Reachout__Attach__Answer *answer = (const void *)got.message;
    receiving->waiting = answer->waiting;
    return RO_OK;
}

/* One push, or the connection made anew. RO_NOT_FOUND: nothing came. */
static enum ro_status
receive_next(struct receiving *receiving)
{
    struct ro_bytes frame = {0};
    enum ro_status s = link_push(receiving->engine->link, receiving->door,
                                 receiving->deadline_ms, &frame);
    if (s == RO_UNREACHABLE)
        return attach(receiving);
    RO_TRY(s);
    return receive_push(receiving, frame);
}

static enum ro_status
receive_all(struct receiving *receiving, enum inbox_until until)
{
    RO_TRY(attach(receiving));
    bool lingers = until == INBOX_LINGER && receiving->waiting == 0;
    while (receiving->waiting > 0 || lingers) {
        enum ro_status s = receive_next(receiving);
        if (s == RO_NOT_FOUND)
            return receiving->waiting > 0 ? RO_UNREACHABLE : RO_OK;
        RO_TRY(s);
        lingers = false;
    }
    return RO_OK;
}

enum ro_status
inbox_receive(struct engine *engine,
              enum inbox_until until,
              int64_t deadline_ms,
              struct ro_why *why,
              struct news_list *news)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *push = ro_arena_new(0, PUSH_PIECES);
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *content = ro_arena_new(0, PUSH_PIECES);
    if (push == NULL || content == NULL)
        return RO_NO_MEMORY;
    struct receiving receiving = {
        .engine = engine,
        .why = why,
        .news = news,
        .push = push,
        .content = content,
        .door = engine->keyring->enrolment == RO_ENROL_ADMITTED ? LINK_MEMBER
                                                                : LINK_OPEN,
        .deadline_ms = deadline_ms,
    };
    RO_TRY(engine_link(engine, why));
    if (until == INBOX_LINGER)
        link_interrupt(engine->link, engine->interrupt_fd);
    enum ro_status s = receive_all(&receiving, until);
    if (engine->link != NULL) /* an alarm drops it */
        link_interrupt(engine->link, engine->wait_fd);
    return s;
}

/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The order in here is a promise. A nonce and a content key are drawn once for
 * a message; the row that holds them is committed before the first wrap
 * leaves, so that after a crash the same bytes are sent again and no key ever
 * seals two plaintexts.
 */
#include "client/core/sealing.h"

#include "client/core/attach.h"
#include "client/core/generations.h"
#include "client/core/newcomer.h"
#include "client/core/recipients.h"
#include "client/core/riding.h"
#include "client/core/sequence.h"
#include "client/core/verifying.h"
#include "common/crypto/hash.h"
#include "common/wire/codec.h"

#include <string.h>

/* One sealing under way. */
struct sealing {
    struct engine *engine;
    struct ro_why *why;
    struct outgoing *outgoing;
    struct message message;
    struct ro_arena *arena;
    Reachout__Content *content;
    struct recipients recipients;
};

static enum ro_status
resolve(struct sealing *sealing)
{
    const struct ro_buf *members = &sealing->outgoing->members;
    for (size_t at = 0; at < members->size; at += RO_ID_SIZE) {
        struct ro_member_id id;
        memcpy(id.b, members->data + at, RO_ID_SIZE);
        RO_TRY(recipients_add(&sealing->recipients, &id));
    }
    return RO_OK;
}

/* The thread whose sequence a wrap counts in: the message's, or for a body to
 * a group the one of (request, us, the recipient's member). */
static void
thread_of(const struct sealing *sealing,
          const struct ro_member_id *member,
          struct ro_thread_id *ret_thread)
{
    const struct outgoing *outgoing = sealing->outgoing;
    *ret_thread = outgoing->thread;
    if (ro_thread_id_is_zero(&outgoing->thread)) {
        ro_thread_id_of(&outgoing->request,
                        &sealing->engine->keyring->member_id, member,
                        ret_thread);
    }
}

/* A chunk goes to whom its message went, as far as they are still live: to
 * anybody else it would be a piece of nothing. */
static enum ro_status
seats_of_message(struct sealing *sealing,
                 struct ro_seat_id **ret_seats,
                 size_t *ret_n)
{
    struct engine *engine = sealing->engine;
    RO_AUTOOUTGOING message = {0};
    RO_TRY(outgoing_get(engine->vault, &sealing->outgoing->piece.of, &message));
    *ret_n = 0;
    *ret_seats = calloc(message.n_to + 1, sizeof(**ret_seats));
    if (*ret_seats == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < message.n_to; i++) {
        const struct ro_seat_view *seat =
            ro_directory_seat(engine->directory, &message.to[i].seat);
        if (seat != NULL && seat->standing == RO_SEAT_LIVE)
            (*ret_seats)[(*ret_n)++] = message.to[i].seat;
    }
    return RO_OK;
}

static enum ro_status
seats_of_members(struct sealing *sealing,
                 struct ro_seat_id **ret_seats,
                 size_t *ret_n)
{
    RO_TRY(resolve(sealing));
    return recipients_seats(sealing->engine, &sealing->recipients, ret_seats,
                            ret_n);
}

static enum ro_status
address(struct sealing *sealing)
{
    struct outgoing *outgoing = sealing->outgoing;
    struct engine *engine = sealing->engine;
    RO_AUTOFREE struct ro_seat_id *seats = NULL;
    size_t n = 0;
    RO_TRY(outgoing_is_piece(outgoing) ? seats_of_message(sealing, &seats, &n)
                                       : seats_of_members(sealing, &seats, &n));
    free(outgoing->to);
    outgoing->n_to = 0;
    outgoing->to = calloc(n == 0 ? 1 : n, sizeof(*outgoing->to));
    if (outgoing->to == NULL)
        return RO_NO_MEMORY;
    outgoing->n_to = n;
    for (size_t i = 0; i < n; i++) {
        struct ro_thread_id thread;
        struct outgoing_to *to = &outgoing->to[i];
        to->seat = seats[i];
        to->member = ro_directory_seat(engine->directory, &seats[i])->member;
        if (ro_member_id_equal(&to->member, &engine->keyring->member_id))
            to->whose = OUTGOING_OURS;
        thread_of(sealing, &to->member, &thread);
        RO_TRY(sequence_next(engine->vault, &thread, &to->seat, &to->sequence));
    }
    ro_recipients_hash(seats, n, &outgoing->recipients);
    return RO_OK;
}

/* What the writer knew when the message left: circle, sender, checkpoint,
 * directory size, and the newest body seen of each participant. */
static enum ro_status
complete(struct sealing *sealing, struct ro_buf *ret_content)
{
    struct engine *engine = sealing->engine;
    Reachout__Content *content = sealing->content;
    struct outgoing *outgoing = sealing->outgoing;
    content->has_circle = content->has_sender = true;
    content->has_log_size = content->has_recipients = true;
    content->circle =
        ro_as_field((struct ro_bytes){engine->keyring->circle.b, RO_ID_SIZE});
    content->sender =
        ro_as_field((struct ro_bytes){engine->keyring->seat.b, RO_ID_SIZE});
    content->log_size = ro_directory_size(engine->directory);
    content->recipients =
        ro_as_field((struct ro_bytes){outgoing->recipients.b, RO_HASH_SIZE});
    content->has_checkpoint = engine->checkpoint.size > 0;
    content->checkpoint = ro_as_field(ro_buf_view(&engine->checkpoint));
    if (!outgoing_is_piece(outgoing)) {
        RO_TRY(riding_seen(engine, &sealing->message, sealing->arena, content));
        RO_TRY(riding_receipts(engine, outgoing, sealing->arena, content));
    }
    RO_TRY(ro_content_check(content, sealing->why));
    return ro_pack(&content->base, ret_content);
}

/* One wrap for `to->day` with that day's key. */
static enum ro_status
wrap_for(struct engine *engine,
         const struct outgoing *outgoing,
         const struct ro_key *key,
         struct outgoing_to *to)
{
    struct ro_wrap_binding binding = {
        .circle = engine->keyring->circle,
        .mailbox = to->seat,
        .day = to->day,
        .generation = to->generation,
        .expiry_hour = outgoing->expiry_hour,
        .psk = generations_psk(engine->keyring, to->generation),
    };
    RO_TRY(ro_bucket_of(outgoing->body.size, &binding.bucket));
    ro_body_hash(ro_buf_view(&outgoing->body), &binding.body_hash);
    struct ro_wrap_inside inside = {
        .sender = keyring_reference(engine->keyring),
        .recipients = outgoing->recipients,
        .sequence = to->sequence,
    };
    memcpy(inside.content_key, outgoing->content_key, RO_CONTENT_KEY_SIZE);
    const struct ro_sealing_key sender = keyring_sealing(engine->keyring);
    const struct ro_wrap_seal seal = {&binding, key, &inside, &sender};
    enum ro_status s = ro_wrap_seal(&seal, &engine->entropy, to->wrap);
    ro_wipe(&inside, sizeof(inside));
    return s;
}

/* A seat without a key for the day, or with one that cannot be used, gets its
 * fallback key: it weakens itself only. */
enum ro_status
sealing_wrap(struct engine *engine,
             struct outgoing *outgoing,
             struct outgoing_to *to)
{
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &to->seat);
    struct ro_key key;
    if (seat == NULL || seat->standing != RO_SEAT_LIVE)
        return RO_NO_MAILBOX;
    struct ro_key fallback;
    RO_TRY(ro_seat_fallback(seat, &fallback));
    to->day = engine_day(engine);
    to->generation = generations_now(engine);
    if (ro_notices_epoch_key(engine->notices, &to->seat, to->day, &key) ==
        RO_OK) {
        enum ro_status s = wrap_for(engine, outgoing, &key, to);
        if (s != RO_BAD_INPUT)
            return s;
    }
    to->day = RO_DAY_FALLBACK;
    return wrap_for(engine, outgoing, &fallback, to);
}

/* All chunks are of one size, so that they do not show where a file ends. */
static enum ro_status
fill_body(const struct engine *engine,
          struct ro_bytes content,
          struct outgoing *outgoing)
{
    const struct ro_body_sealing piece = {outgoing->content_key, RO_BUCKET_64K};
    return outgoing_is_piece(outgoing)
               ? ro_body_seal_in(content, &piece, &engine->entropy,
                                 &outgoing->body)
               : ro_body_seal(content, outgoing->content_key, &engine->entropy,
                              &outgoing->body);
}

static enum ro_status
seal_body(struct sealing *sealing, struct ro_bytes content)
{
    struct engine *engine = sealing->engine;
    struct outgoing *outgoing = sealing->outgoing;
    ro_entropy_fill(&engine->entropy, outgoing->content_key,
                    RO_CONTENT_KEY_SIZE);
    ro_buf_clear(&outgoing->body);
    enum ro_status s = fill_body(engine, content, outgoing);
    if (s == RO_TOO_LARGE) {
        return ro_why(sealing->why, s,
                      "%zu bytes do not fit into one message; shorten it",
                      content.size);
    }
    RO_TRY(s);
    outgoing->expiry_hour =
        ro_hour_of(engine_now_s(engine)) + engine_expiry_hours(engine);
    for (size_t i = 0; i < outgoing->n_to; i++)
        RO_TRY(sealing_wrap(engine, outgoing, &outgoing->to[i]));
    return RO_OK;
}

/* Writes all of it: the message with its ids, and the row to be sent. */
static enum ro_status
keep(struct sealing *sealing, struct ro_bytes content)
{
    struct engine *engine = sealing->engine;
    struct outgoing *outgoing = sealing->outgoing;
    struct message *message = &sealing->message;
    uint8_t reference[RO_REFERENCE_SIZE];
    const struct ro_reference self = keyring_reference(engine->keyring);
    ro_reference_put(&self, reference);
    ro_message_id_of(reference, ro_buf_view(&outgoing->body), &message->id);
    ro_body_hash(ro_buf_view(&outgoing->body), &message->body);
    ro_buf_clear(&message->content);
    ro_buf_put(&message->content, content.data, content.size);
    outgoing->standing = OUTGOING_SEALED;
    message->place = outgoing_place(outgoing);
    RO_TRY(message_put(engine->vault, message));
    RO_TRY(message_ours_put(engine->vault, message));
    return outgoing_put(engine->vault, outgoing);
}

static enum ro_status
seal_all(struct sealing *sealing)
{
    RO_AUTOBUF content = {0};
    RO_AUTOBUF packed = {0};
    const struct ro_buf *draft = &sealing->message.content;
    ProtobufCMessage *unpacked;
    ro_buf_put(&packed, draft->data, draft->size);
    RO_TRY(ro_buf_ok(&packed));
    RO_TRY(ro_unpack(&reachout__content__descriptor, ro_buf_view(&packed),
                     sealing->arena, &unpacked));
    sealing->content = (Reachout__Content *)(void *)unpacked;
    RO_TRY(address(sealing));
    RO_TRY(complete(sealing, &content));
    RO_TRY(seal_body(sealing, ro_buf_view(&content)));
    RO_TRY(keep(sealing, ro_buf_view(&content)));
    return RO_OK;
}

/* What a chunk says is made when its turn comes; there is no draft of it. */
static enum ro_status
write_piece(struct sealing *sealing, struct ro_bytes data, struct ro_buf *out)
{
    struct outgoing *outgoing = sealing->outgoing;
    Reachout__Content piece = REACHOUT__CONTENT__INIT;
    Reachout__Chunk chunk = REACHOUT__CHUNK__INIT;
    Reachout__Audience audience = REACHOUT__AUDIENCE__INIT;
    Reachout__Audience *list = &audience;
    chunk.has_attachment = chunk.has_index = true;
    chunk.has_data = data.size > 0;
    chunk.attachment =
        ro_as_field((struct ro_bytes){outgoing->piece.file.b, RO_ID_SIZE});
    chunk.index = outgoing->piece.index;
    chunk.data = ro_as_field(data);
    audience.has_member = true;
    audience.member =
        ro_as_field((struct ro_bytes){outgoing->members.data, RO_ID_SIZE});
    piece.chunk = &chunk;
    piece.audience = &list;
    piece.n_audience = 1;
    piece.has_sent_at = piece.has_request = piece.has_thread = true;
    piece.sent_at = (uint64_t)engine_now_s(sealing->engine);
    piece.request =
        ro_as_field((struct ro_bytes){outgoing->request.b, RO_ID_SIZE});
    piece.thread =
        ro_as_field((struct ro_bytes){outgoing->thread.b, RO_ID_SIZE});
    sealing->content = &piece;
    enum ro_status s = address(sealing);
    if (s == RO_OK)
        s = complete(sealing, out);
    sealing->content = NULL;
    return s;
}

static enum ro_status
seal_piece(struct sealing *sealing)
{
    RO_AUTOBUF data = {0};
    RO_AUTOBUF content = {0};
    struct outgoing *outgoing = sealing->outgoing;
    ro_buf_put(&data, outgoing->body.data, outgoing->body.size);
    RO_TRY(ro_buf_ok(&data));
    RO_TRY(write_piece(sealing, ro_buf_view(&data), &content));
    RO_TRY(seal_body(sealing, ro_buf_view(&content)));
    outgoing->standing = OUTGOING_SEALED;
    RO_TRY(attach_keep(sealing->engine->vault, outgoing));
    return outgoing_put(sealing->engine->vault, outgoing);
}

/* A key may have been replaced since it was written, or a seat lost. */
static enum ro_status
check_readers(const struct sealing *sealing)
{
    const struct ro_buf *members = &sealing->outgoing->members;
    for (size_t at = 0; at < members->size; at += RO_ID_SIZE) {
        struct ro_member_id id;
        memcpy(id.b, members->data + at, RO_ID_SIZE);
        RO_TRY(verifying_may_send(sealing->engine, &id, sealing->why));
    }
    enum ro_status s =
        newcomer_check(sealing->engine, &sealing->outgoing->row, sealing->why);
    return s == RO_KEPT ? RO_OK : s;
}

enum ro_status
sealing_seal(struct engine *engine,
             struct outgoing *outgoing,
             struct ro_why *why)
{
    struct sealing sealing = {
        .engine = engine, .why = why, .outgoing = outgoing};
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    sealing.arena = arena;
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(check_readers(&sealing));
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = RO_OK;
    if (outgoing_is_piece(outgoing)) {
        s = seal_piece(&sealing);
    } else {
        s = message_get(engine->vault, &outgoing->row, &sealing.message);
        if (s == RO_OK)
            s = seal_all(&sealing);
    }
    message_fini(&sealing.message);
    recipients_fini(&sealing.recipients);
    return vault_end(engine->vault, s);
}

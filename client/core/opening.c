/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/opening.h"

#include "client/core/epoch.h"
#include "client/core/generations.h"
#include "common/crypto/hash.h"
#include "common/wire/codec.h"

#include <string.h>

void
opening_opened_fini(struct opened *opened)
{
    message_fini(&opened->message);
}

/* --- powers -------------------------------------------------------------- */

#define MAY(purpose) (1u << ((purpose)-RO_PURPOSE_ASK))
#define MAY_SERVE (MAY(RO_PURPOSE_RESEND) | MAY(RO_PURPOSE_RECEIPTS))
#define MAY_TALK (MAY_SERVE | MAY(RO_PURPOSE_SAY) | MAY(RO_PURPOSE_CHUNK))

/* A delegate's and an office's own powers (topics, mutual aid) come with the
 * charter's standing consents; until then they talk. */
static const uint32_t powers[] = {
    [REACHOUT__ROLE__LEAD] = UINT32_MAX,
    [REACHOUT__ROLE__DELEGATE] = MAY_TALK,
    [REACHOUT__ROLE__OFFICE] = MAY_TALK,
    [REACHOUT__ROLE__CHAIR] = MAY_TALK,
    [REACHOUT__ROLE__COORDINATOR] = MAY_TALK | MAY(RO_PURPOSE_PASS),
    [REACHOUT__ROLE__SOURCE_SEAT] = MAY_SERVE,
    [REACHOUT__ROLE__AUDITOR] = MAY_SERVE,
};

bool
opening_may(Reachout__Role role, enum ro_purpose purpose)
{
    return (size_t)role < RO_LEN(powers) && purpose >= RO_PURPOSE_ASK &&
           purpose < RO_PURPOSE_ENROL_REQUEST &&
           (powers[role] & MAY(purpose)) != 0;
}

const char *
opening_role_name(Reachout__Role role)
{
    static const char *const names[] = {
        [REACHOUT__ROLE__ROLE_NONE] = "none",
        [REACHOUT__ROLE__LEAD] = "lead",
        [REACHOUT__ROLE__DELEGATE] = "delegate",
        [REACHOUT__ROLE__OFFICE] = "office",
        [REACHOUT__ROLE__CHAIR] = "chair",
        [REACHOUT__ROLE__COORDINATOR] = "coordinator",
        [REACHOUT__ROLE__SOURCE_SEAT] = "source",
        [REACHOUT__ROLE__AUDITOR] = "auditor",
    };
    return (size_t)role < RO_LEN(names) ? names[role] : "none";
}

/* --- the layers ---------------------------------------------------------- */

static enum ro_status
bind(const struct engine *engine,
     const struct envelope *envelope,
     struct ro_wrap_binding *ret_binding)
{
    *ret_binding = (struct ro_wrap_binding){
        .circle = engine->keyring->circle,
        .mailbox = envelope->mailbox,
        .day = envelope->day,
        .generation = envelope->generation,
        .expiry_hour = envelope->expiry_hour,
        .psk = generations_psk(engine->keyring, envelope->generation),
    };
    if (ret_binding->psk == NULL)
        return RO_BAD_SEAL;
    if (envelope->wrap.size != RO_WRAP_SIZE ||
        ro_bucket_of(envelope->body.size, &ret_binding->bucket) != RO_OK)
        return RO_BAD_SEAL;
    ro_body_hash(envelope->body, &ret_binding->body_hash);
    return RO_OK;
}

/* Our pair of a day; day 0 is the fallback pair of our certificate. */
static enum ro_status
pair_of_day(struct engine *engine,
            uint32_t day,
            struct ro_why *why,
            struct ro_keypair **ret_pair)
{
    if (day == RO_DAY_FALLBACK) {
        *ret_pair =
            ro_keypair_from_seed(ro_keypair_seed(engine->keyring->fallback));
        return *ret_pair == NULL ? RO_NO_MEMORY : RO_OK;
    }
    if (day > engine_day(engine) + 1) {
        return ro_why(why, RO_BAD_SEAL,
                      "it is sealed for a day that no broker takes yet");
    }
    enum ro_status s = epoch_pair(engine, day, ret_pair);
    if (s == RO_NOT_FOUND && epoch_was_lost(engine, day)) {
        return ro_why(why, RO_BAD_SEAL,
                      "the key of its day is not in this profile, which was "
                      "restored without it; ask for it to be said again");
    }
    if (s == RO_NOT_FOUND) {
        return ro_why(why, RO_BAD_SEAL,
                      "the key of its day was destroyed, as it should be");
    }
    return s;
}

/* The sender's sealing key: of the directory, or of the reference itself,
 * which only the authority may use towards us. */
static enum ro_status
find_sender(struct engine *engine,
            const struct ro_reference *sender,
            struct ro_why *why,
            struct opened *opened,
            struct ro_key *ret_sealing)
{
    opened->sender = *sender;
    if (sender->kind == RO_REFERENCE_KEYS) {
        const struct keyring *keyring = engine->keyring;
        *ret_sealing = sender->sealing;
        if (memcmp(sender->sealing.b, keyring->enrolment_key.b, RO_KEY_SIZE) !=
                0 ||
            memcmp(sender->signing.b, keyring->enrolment_mailbox_key.b,
                   RO_KEY_SIZE) != 0) {
            return ro_why(why, RO_MISBOUND,
                          "it comes from keys that nobody vouches for");
        }
        return RO_OK;
    }
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &sender->seat);
    if (seat == NULL)
        return RO_STALE;
    if (seat->standing != RO_SEAT_LIVE)
        return ro_why(why, RO_FORBIDDEN, "its sender's seat was revoked");
    opened->side = seat->member;
    opened->role = seat->role;
    return ro_seat_sealing(seat, ret_sealing);
}

/* Both layers of the wrap, then the body. */
static enum ro_status
open_layers(struct engine *engine,
            const struct envelope *envelope,
            struct ro_why *why,
            struct opened *opened,
            struct ro_wrap_outer *ret_outer)
{
    struct ro_wrap_binding binding;
    struct ro_wrap_inside inside;
    struct ro_key sealing;
    RO_CLEANUP(ro_keypair_freep) struct ro_keypair *pair = NULL;
    RO_TRY(bind(engine, envelope, &binding));
    RO_TRY(pair_of_day(engine, envelope->day, why, &pair));
    const struct ro_opening_key key = {ro_keypair_x25519_secret(pair),
                                       ro_keypair_x25519(pair)};
    RO_TRY(ro_wrap_open_outer(&binding, &key, envelope->wrap, ret_outer));
    RO_TRY(find_sender(engine, &ret_outer->sender, why, opened, &sealing));
    RO_TRY(ro_wrap_open_inner(&binding, &key, ret_outer, &sealing, &inside));
    opened->sequence = inside.sequence;
    enum ro_status s = ro_body_open(envelope->body, inside.content_key,
                                    &opened->message.content);
    ro_wipe(&inside, sizeof(inside));
    opened->message.body = binding.body_hash;
    return s;
}

/* --- what the content claims --------------------------------------------- */

static bool
is_field(const ProtobufCBinaryData *field, const void *bytes, size_t size)
{
    return field->len == size && memcmp(field->data, bytes, size) == 0;
}

/* What may go to many at once, or to own seats alone, and so names no thread.
 * Everything else would otherwise count in a thread that is not its own. */
static bool
needs_no_thread(enum ro_purpose purpose)
{
    return purpose == RO_PURPOSE_ASK || purpose == RO_PURPOSE_CLOSED ||
           purpose == RO_PURPOSE_STATE_NOTE || purpose == RO_PURPOSE_CLOSE ||
           purpose == RO_PURPOSE_RESEND || purpose == RO_PURPOSE_RECEIPTS;
}

/* A thread that is named must be one of (request, sender, us), or, from our
 * own other seats, any of ours. A pass is told to own seats only, and so is
 * an end without a thread. */
static enum ro_status
check_thread(const struct engine *engine,
             const struct opened *opened,
             struct ro_thread_id *ret_sequence_thread)
{
    const struct message *message = &opened->message;
    const struct ro_member_id *self = &engine->keyring->member_id;
    ro_thread_id_of(&message->request, &opened->side, self,
                    ret_sequence_thread);
    bool named = !ro_thread_id_is_zero(&message->thread);
    if (!named && !needs_no_thread(message->purpose))
        return RO_MISBOUND;
    if (ro_member_id_equal(&opened->side, self)) {
        if (named)
            *ret_sequence_thread = message->thread;
        return RO_OK;
    }
    if (message->purpose == RO_PURPOSE_PASS ||
        (message->purpose == RO_PURPOSE_CLOSE && !named))
        return RO_MISBOUND;
    return !named || ro_thread_id_equal(&message->thread, ret_sequence_thread)
               ? RO_OK
               : RO_MISBOUND;
}

static enum ro_status
read_ids(const Reachout__Content *content, struct message *message)
{
    if (content->has_request) {
        RO_TRY(
            ro_field_copy(&content->request, message->request.b, RO_ID_SIZE));
    }
    if (content->has_thread)
        RO_TRY(ro_field_copy(&content->thread, message->thread.b, RO_ID_SIZE));
    message->sent_at_s = (int64_t)content->sent_at;
    return RO_OK;
}

static enum ro_status
check_claims(struct engine *engine,
             struct opened *opened,
             const struct ro_wrap_outer *outer,
             struct ro_why *why)
{
    const Reachout__Content *content = opened->content;
    struct message *message = &opened->message;
    RO_TRY(read_ids(content, message));
    message->purpose = ro_content_purpose(content);
    message->writer = opened->sender.seat;
    message->side = opened->side;
    if (!is_field(&content->circle, engine->keyring->circle.b, RO_ID_SIZE) ||
        !is_field(&content->recipients, outer->recipients.b, RO_HASH_SIZE) ||
        !is_field(&content->sender, opened->sender.seat.b, RO_ID_SIZE)) {
        return ro_why(why, RO_MISBOUND,
                      "it names another circle, sender or recipients than the "
                      "wrap that brought it");
    }
    if (opened->sender.kind == RO_REFERENCE_KEYS) {
        return message->purpose == RO_PURPOSE_ENROL_ANSWER ||
                       message->purpose == RO_PURPOSE_PSK
                   ? RO_OK
                   : ro_why(why, RO_MISBOUND,
                            "the authority's keys say what a seat may say");
    }
    if (!opening_may(opened->role, message->purpose)) {
        return ro_why(why, RO_FORBIDDEN,
                      "its sender's seat has no power to say that");
    }
    if (check_thread(engine, opened, &opened->sequence_thread) != RO_OK)
        return ro_why(why, RO_MISBOUND, "it names a thread that is not ours");
    return RO_OK;
}

enum ro_status
opening_open(struct engine *engine,
             const struct envelope *envelope,
             struct ro_arena *arena,
             struct ro_why *why,
             struct opened *ret_opened)
{
    struct ro_wrap_outer outer;
    RO_AUTOOPENED opened = {0};
    RO_TRY(open_layers(engine, envelope, why, &opened, &outer));
    RO_TRY(ro_content_get(ro_buf_view(&opened.message.content), arena, why,
                          &opened.content));
    RO_TRY(check_claims(engine, &opened, &outer, why));
    ro_message_id_of(outer.reference, envelope->body, &opened.message.id);
    memcpy(opened.message.row.b, opened.message.id.b, RO_ID_SIZE);
    opened.message.place = RO_PLACE_THEIRS;
    opened.expiry_hour = envelope->expiry_hour;
    opened.day = envelope->day;
    opened.message.arrived_at_s = engine_now_s(engine);
    *ret_opened = opened;
    opened.message.content = (struct ro_buf){0};
    return RO_OK;
}

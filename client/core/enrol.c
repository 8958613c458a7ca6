/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/enrol.h"

#include "client/core/generations.h"
#include "common/wire/armour.h"
#include "common/wire/codec.h"
#include "common/wire/rules.h"

#include "frame.pb-c.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

/* What we say to the authority. */
static enum ro_status
make_content(struct engine *engine,
             const struct ro_hash *recipients,
             struct ro_buf *ret_content)
{
    const struct keyring *keyring = engine->keyring;
    Reachout__Content content = REACHOUT__CONTENT__INIT;
    Reachout__EnrolRequest request = REACHOUT__ENROL_REQUEST__INIT;
    char holder[sizeof(keyring->holder)];
    (void)snprintf(holder, sizeof(holder), "%s", keyring->holder);
    content.has_circle = content.has_sender = content.has_sent_at = true;
    content.has_recipients = true;
    content.circle =
        ro_as_field((struct ro_bytes){keyring->circle.b, RO_ID_SIZE});
    content.sender =
        ro_as_field((struct ro_bytes){keyring->seat.b, RO_ID_SIZE});
    content.sent_at = (uint64_t)engine_now_s(engine);
    content.recipients =
        ro_as_field((struct ro_bytes){recipients->b, RO_HASH_SIZE});
    content.enrol_request = &request;
    request.has_member_key = request.has_seat = request.has_ticket = true;
    request.member_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(keyring->member)->b, RO_KEY_SIZE});
    request.seat = ro_as_field(ro_buf_view(&keyring->certificate));
    request.ticket = ro_as_field(ro_buf_view(&keyring->ticket));
    request.holder = holder[0] == '\0' ? NULL : holder;
    RO_TRY(ro_content_check(&content, NULL));
    return ro_pack(&content.base, ret_content);
}

/* Seals body and wrap once; they are kept and sent as they are from then on. */
static enum ro_status
seal_request(struct engine *engine)
{
    struct keyring *keyring = engine->keyring;
    RO_AUTOBUF content = {0};
    struct ro_wrap_inside inside = {.sender = keyring_reference(keyring),
                                    .sequence = 1};
    struct ro_wrap_binding binding = {.circle = keyring->circle,
                                      .day = RO_DAY_FALLBACK,
                                      .generation = keyring->generation,
                                      .psk = keyring->psk};
    uint8_t wrap[RO_WRAP_SIZE];
    ro_seat_id_of(&keyring->enrolment_mailbox_key, &binding.mailbox);
    ro_recipients_hash(&binding.mailbox, 1, &inside.recipients);
    RO_TRY(make_content(engine, &inside.recipients, &content));
    ro_entropy_fill(&engine->entropy, inside.content_key,
                    sizeof(inside.content_key));
    RO_TRY(ro_body_seal(ro_buf_view(&content), inside.content_key,
                        &engine->entropy, &keyring->enrol_body));
    keyring->enrol_expiry_hour =
        ro_hour_of(engine_now_s(engine)) + engine_expiry_hours(engine);
    binding.expiry_hour = keyring->enrol_expiry_hour;
    RO_TRY(ro_bucket_of(keyring->enrol_body.size, &binding.bucket));
    ro_body_hash(ro_buf_view(&keyring->enrol_body), &binding.body_hash);
    const struct ro_sealing_key sender = keyring_sealing(keyring);
    const struct ro_wrap_seal seal = {&binding, &keyring->enrolment_key,
                                      &inside, &sender};
    enum ro_status s = ro_wrap_seal(&seal, &engine->entropy, wrap);
    ro_wipe(&inside, sizeof(inside));
    RO_TRY(s);
    ro_buf_put(&keyring->enrol_wrap, wrap, sizeof(wrap));
    return ro_buf_ok(&keyring->enrol_wrap);
}

/* What was not kept must not be acted upon: after a failure we are what the
 * vault says. */
static enum ro_status
save(struct engine *engine)
{
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s =
        vault_end(engine->vault, keyring_save(engine->keyring, engine->vault));
    if (s != RO_OK)
        RO_TRY(engine_reload(engine, NULL));
    return s;
}

/* The broker takes the ticket no more, or never did. */
static bool
is_about_ticket(enum ro_status s)
{
    return s == RO_BAD_TICKET || s == RO_TICKET_USED || s == RO_TICKET_EXPIRED;
}

/* The request as it is sent, and as a file has it: sealed, unless that was
 * done before. It borrows from the keyring. */
static enum ro_status
make_ask(struct engine *engine, Reachout__Enrol__Ask *ret_ask)
{
    if (engine->keyring->enrol_body.size == 0) {
        RO_TRY(seal_request(engine));
        RO_TRY(save(engine));
    }
    const struct keyring *keyring = engine->keyring;
    reachout__enrol__ask__init(ret_ask);
    ret_ask->has_ticket = ret_ask->has_body = ret_ask->has_wrap = true;
    ret_ask->has_mailbox_key = ret_ask->has_generation = true;
    ret_ask->has_expiry_hour = true;
    ret_ask->ticket = ro_as_field(ro_buf_view(&keyring->ticket));
    ret_ask->body = ro_as_field(ro_buf_view(&keyring->enrol_body));
    ret_ask->wrap = ro_as_field(ro_buf_view(&keyring->enrol_wrap));
    ret_ask->mailbox_key = ro_as_field(
        (struct ro_bytes){ro_keypair_public(keyring->signing)->b, RO_KEY_SIZE});
    ret_ask->generation = keyring->generation;
    ret_ask->expiry_hour = keyring->enrol_expiry_hour;
    return RO_OK;
}

enum ro_status
enrol_outdated(struct ro_why *why)
{
    return ro_why(why, RO_REFUSED,
                  "this invitation is from before the circle's key was "
                  "changed; ask the authority for a new one, and join with it "
                  "into the same folder");
}

/* The authority's own words are not cut for ours. */
enum ro_status
enrol_refused(const struct engine *engine, struct ro_why *why)
{
    static const char then[] = "; ask it for a new invitation, and join with "
                               "it into the same folder";
    const char *refusal = engine->keyring->refusal;
    bool fits = strlen(refusal) + sizeof(then) + 32 < sizeof(why->text);
    return ro_why(why, RO_REFUSED, "the authority refused: %s%s", refusal,
                  fits ? then : "");
}

enum ro_status
enrol_request(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    Reachout__Enrol__Ask ask;
    RO_TRY(make_ask(engine, &ask));
    RO_TRY(engine_link(engine, why));
    struct keyring *keyring = engine->keyring;
    const struct link_ask asked = {LINK_OPEN, RO_VERB_ENROL, &ask.base,
                                   &reachout__enrol__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    enum ro_status s = link_ask(engine->link, &asked, engine->arena, why, &got);
    if (is_about_ticket(s)) {
        return ro_why(why, s,
                      "%s; ask the authority for a new one, and join with it "
                      "into the same folder",
                      ro_status_text(s));
    }
    if (s == RO_NEED_HELLO)
        return enrol_outdated(why);
    RO_TRY(s);
    if (keyring->enrolment != RO_ENROL_MADE &&
        keyring->enrolment != RO_ENROL_WRITTEN)
        return RO_OK;
    keyring->enrolment = RO_ENROL_REQUESTED;
    return save(engine);
}

enum ro_status
enrol_write(struct engine *engine, const char *path, struct ro_why *why)
{
    Reachout__Enrol__Ask ask;
    RO_AUTOBUF bytes = {0};
    struct stat there;
    struct keyring *keyring = engine->keyring;
    if (keyring->enrolment == RO_ENROL_ADMITTED)
        return ro_why(why, RO_REFUSED, "this seat is admitted already");
    if (lstat(path, &there) == 0) {
        return ro_why(why, RO_REFUSED,
                      "%s: is there already, and stays as it is", path);
    }
    RO_TRY(make_ask(engine, &ask));
    RO_TRY(ro_pack(&ask.base, &bytes));
    RO_TRY(ro_armour_write(path, RO_ENROL_FILE, ro_buf_view(&bytes),
                           RO_FILE_SECRET, why));
    if (keyring->enrolment != RO_ENROL_MADE)
        return RO_OK;
    keyring->enrolment = RO_ENROL_WRITTEN;
    return save(engine);
}

enum ro_status
enrol_hand_in(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    struct ro_why detail = {.text = ""};
    enum ro_status s = enrol_request(engine, deadline_ms, &detail);
    if (is_about_ticket(s))
        return RO_OK;
    if (s != RO_OK)
        *why = detail;
    return s;
}

/* Keeps the authority's reason as far as there is room, whole characters. */
static void
keep_refusal(struct keyring *keyring, const char *why)
{
    const size_t room = sizeof(keyring->refusal);
    size_t size = strnlen(why, room);
    if (size == room) {
        size--;
        while (size > 0 && ((uint8_t)why[size] & 0xc0) == 0x80)
            size--;
    }
    memcpy(keyring->refusal, why, size);
    keyring->refusal[size] = '\0';
}

/* Another key of the circle, where there is one. */
static enum ro_status
take_psk(struct engine *engine, const Reachout__Content *content)
{
    const Reachout__EnrolAnswer *answer = content->enrol_answer;
    if (content->psk != NULL) {
        return generations_take(engine, content->psk->generation,
                                ro_field(&content->psk->psk));
    }
    if (answer == NULL || !answer->has_psk)
        return RO_OK;
    return generations_take(engine, answer->generation, ro_field(&answer->psk));
}

/* Admission itself is what the directory says; the answer only says no. */
enum ro_status
enrol_take(struct engine *engine, const struct opened *opened)
{
    const Reachout__EnrolAnswer *answer = opened->content->enrol_answer;
    struct keyring *keyring = engine->keyring;
    RO_TRY(take_psk(engine, opened->content));
    if (answer == NULL || answer->admitted ||
        keyring->enrolment == RO_ENROL_ADMITTED)
        return RO_OK;
    keyring->enrolment = RO_ENROL_REFUSED;
    keep_refusal(keyring, answer->why == NULL ? "" : answer->why);
    return keyring_save(keyring, engine->vault);
}

enum ro_status
enrol_complete(struct engine *engine)
{
    const struct ro_seat_view *seat =
        ro_directory_seat(engine->directory, &engine->keyring->seat);
    if (engine->keyring->enrolment == RO_ENROL_ADMITTED || seat == NULL ||
        seat->standing != RO_SEAT_LIVE)
        return RO_OK;
    engine->keyring->enrolment = RO_ENROL_ADMITTED;
    engine_unlink(engine);
    return save(engine);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/forge.h"

#include <stdio.h>

#include "common/wire/codec.h"

static ProtobufCBinaryData
field(const void *bytes, size_t size)
{
    return ro_as_field((struct ro_bytes){bytes, size});
}

static const struct keyring *
keyring_of(const struct seat *seat)
{
    return seat->engine->keyring;
}

void
forge_init(struct forgery *forgery, struct seat *from, struct seat *to)
{
    static char text[] = "Hello.";
    *forgery = (struct forgery){.from = from, .to = to, .sequence = 1};
    Reachout__Content *content = &forgery->content;
    reachout__content__init(content);
    reachout__say__init(&forgery->say);
    reachout__audience__init(&forgery->audience);
    forgery->say.text = text;
    content->say = &forgery->say;
    forgery->circle = keyring_of(from)->circle;
    forgery->sender = keyring_of(from)->seat;
    struct ro_seat_id recipient = keyring_of(to)->seat;
    ro_recipients_hash(&recipient, 1, &forgery->recipients);
    forgery->wrap_recipients = forgery->recipients;
    memset(forgery->request.b, 0x42, RO_ID_SIZE);
    ro_thread_id_of(&forgery->request, &from->member->id, &to->member->id,
                    &forgery->thread);
    forgery->reference = (struct ro_reference){.kind = RO_REFERENCE_SEAT,
                                               .seat = forgery->sender};
    forgery->sealing = keyring_of(from)->sealing;
    forgery->generation = keyring_of(from)->generation;
    forgery->expiry_hour = ro_hour_of(pair_now_s(from->pair)) + 90 * 24;
}

void
forge_thread(struct forgery *forgery, const char *request)
{
    test_must(ro_unhex(request, forgery->request.b, RO_ID_SIZE));
    ro_thread_id_of(&forgery->request, &forgery->from->member->id,
                    &forgery->to->member->id, &forgery->thread);
}

/* Fills in what the forgery says outside of its content. */
static void
pack_content(const struct forgery *forgery, struct ro_buf *ret_bytes)
{
    Reachout__Content content = forgery->content;
    Reachout__Audience audience = forgery->audience;
    Reachout__Audience *list = &audience;
    content.has_circle = content.has_sender = content.has_recipients = 1;
    content.has_sent_at = content.has_log_size = 1;
    content.circle = field(forgery->circle.b, RO_ID_SIZE);
    content.sender = field(forgery->sender.b, RO_ID_SIZE);
    content.recipients = field(forgery->recipients.b, RO_HASH_SIZE);
    content.sent_at = (uint64_t)pair_now_s(forgery->from->pair);
    content.log_size = 1;
    content.has_request = !ro_request_id_is_zero(&forgery->request);
    content.request = field(forgery->request.b, RO_ID_SIZE);
    content.has_thread = !ro_thread_id_is_zero(&forgery->thread);
    content.thread = field(forgery->thread.b, RO_ID_SIZE);
    if (content.n_audience == 0) {
        audience.has_member = 1;
        audience.member = field(forgery->to->member->id.b, RO_ID_SIZE);
        content.audience = &list;
        content.n_audience = 1;
    }
    test_must(ro_pack(&content.base, ret_bytes));
}

void
forge_wrap(const struct forgery *forgery,
           struct ro_bytes body,
           const uint8_t content_key[static RO_CONTENT_KEY_SIZE],
           uint8_t ret_wrap[static RO_WRAP_SIZE])
{
    const struct keyring *keyring = keyring_of(forgery->from);
    const struct ro_entropy entropy = ro_entropy_system();
    struct ro_wrap_binding binding = {
        .circle = keyring->circle,
        .mailbox = keyring_of(forgery->to)->seat,
        .day = forgery->day,
        .generation = forgery->generation,
        .expiry_hour = forgery->expiry_hour,
        .psk = keyring->psk,
    };
    struct ro_key key = *ro_keypair_x25519(keyring_of(forgery->to)->fallback);
    if (forgery->day != RO_DAY_FALLBACK) {
        test_must(ro_notices_epoch_key(forgery->from->engine->notices,
                                       &binding.mailbox, forgery->day, &key));
    }
    test_must(ro_bucket_of(body.size, &binding.bucket));
    ro_body_hash(body, &binding.body_hash);
    struct ro_wrap_inside inside = {
        .sender = forgery->reference,
        .recipients = forgery->wrap_recipients,
        .sequence = forgery->sequence,
    };
    memcpy(inside.content_key, content_key, RO_CONTENT_KEY_SIZE);
    const struct ro_sealing_key sender = {
        ro_keypair_x25519_secret(forgery->sealing),
        ro_keypair_x25519(forgery->sealing)};
    const struct ro_wrap_seal seal = {&binding, &key, &inside, &sender};
    test_must(ro_wrap_seal(&seal, &entropy, ret_wrap));
}

void
forge(const struct forgery *forgery, struct forged *ret_forged)
{
    RO_AUTOBUF content = {0};
    uint8_t content_key[RO_CONTENT_KEY_SIZE];
    const struct ro_entropy entropy = ro_entropy_system();
    *ret_forged = (struct forged){0};
    pack_content(forgery, &content);
    ro_entropy_fill(&entropy, content_key, sizeof(content_key));
    test_must(ro_body_seal(ro_buf_view(&content), content_key, &entropy,
                           &ret_forged->body));
    forge_wrap(forgery, ro_buf_view(&ret_forged->body), content_key,
               ret_forged->wrap);
    ret_forged->envelope = (struct envelope){
        .mailbox = keyring_of(forgery->to)->seat,
        .wrap = {ret_forged->wrap, RO_WRAP_SIZE},
        .body = ro_buf_view(&ret_forged->body),
        .day = forgery->day,
        .generation = forgery->generation,
        .expiry_hour = forgery->expiry_hour,
    };
}

void
forged_fini(struct forged *forged)
{
    ro_buf_fini(&forged->body);
}

void
forge_post(const struct forgery *forgery)
{
    AUTOFORGED forged;
    forge(forgery, &forged);
    test_must(pair_post(forgery->from->pair, &forged.envelope));
}

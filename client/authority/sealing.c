/* SPDX-License-Identifier: Apache-2.0 */
/* Contents of the authority, sealed for one seat. */
#include "client/authority/sealing.h"

#include "common/wire/codec.h"
#include "common/wire/rules.h"

#define EXPIRY_HOURS (24 * RO_EXPIRY_DAYS)

uint32_t
authority_expiry_hour(int64_t now_s)
{
    return ro_hour_of(now_s) + EXPIRY_HOURS;
}

static enum ro_status
pack(const struct authority *authority,
     const struct ro_hash *recipients,
     Reachout__Content *content,
     struct ro_buf *ret_bytes)
{
    content->has_circle = content->has_sender = content->has_sent_at = true;
    content->has_recipients = true;
    content->circle =
        ro_as_field((struct ro_bytes){authority->circle.b, RO_ID_SIZE});
    content->sender =
        ro_as_field((struct ro_bytes){authority->mailbox.b, RO_ID_SIZE});
    content->sent_at = (uint64_t)ro_clock_wall_s(&authority->world.clock);
    content->recipients =
        ro_as_field((struct ro_bytes){recipients->b, RO_HASH_SIZE});
    RO_TRY(ro_content_check(content, NULL));
    return ro_pack(&content->base, ret_bytes);
}

static enum ro_status
wrap(const struct authority *authority,
     const struct authority_sealing *to,
     const struct ro_wrap_inside *inside,
     size_t body_size,
     struct authority_sealed *sealed)
{
    const struct ro_keypair *enrolment = authority->state.enrolment;
    const struct ro_sealing_key sender = {ro_keypair_x25519_secret(enrolment),
                                          ro_keypair_x25519(enrolment)};
    struct ro_wrap_binding binding = {
        .circle = authority->circle,
        .mailbox = to->seat,
        .day = to->day,
        .generation = to->generation,
        .expiry_hour = to->expiry_hour,
        .body_hash = sealed->body_hash,
        .psk = to->psk,
    };
    const struct ro_wrap_seal seal = {&binding, &to->key, inside, &sender};
    RO_TRY(ro_bucket_of(body_size, &binding.bucket));
    return ro_wrap_seal(&seal, &authority->world.entropy, sealed->wrap);
}

enum ro_status
authority_seal(const struct authority *authority,
               const struct authority_sealing *to,
               Reachout__Content *content,
               struct ro_buf *body,
               struct authority_sealed *ret_sealed)
{
    const struct authority_state *state = &authority->state;
    const struct ro_entropy *entropy = &authority->world.entropy;
    RO_SECRET_BUF bytes = {0};
    struct ro_wrap_inside inside = {
        .sender = {.kind = RO_REFERENCE_KEYS,
                   .seat = authority->mailbox,
                   .sealing = *ro_keypair_x25519(state->enrolment),
                   .signing = *ro_keypair_public(state->mailbox)},
        .sequence = 1,
    };
    struct ro_seat_id seat = to->seat; /* it is sorted where it stands */
    ro_recipients_hash(&seat, 1, &inside.recipients);
    RO_TRY(pack(authority, &inside.recipients, content, &bytes));
    ro_entropy_fill(entropy, inside.content_key, sizeof(inside.content_key));
    ro_buf_clear(body);
    enum ro_status s =
        ro_body_seal(ro_buf_view(&bytes), inside.content_key, entropy, body);
    ro_body_hash(ro_buf_view(body), &ret_sealed->body_hash);
    if (s == RO_OK)
        s = wrap(authority, to, &inside, body->size, ret_sealed);
    ro_wipe(&inside, sizeof(inside));
    return s;
}

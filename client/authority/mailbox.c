/* SPDX-License-Identifier: Apache-2.0 */
/* The enrolment mailbox: attached on the open door, drained, acknowledged. */
#include "client/authority/inside.h"

#include "common/wire/codec.h"

#define WINDOW 64

/* One receiving under way. */
struct receiving {
    struct authority *authority;
    struct ro_why *why;
    struct authority_requests *requests;
    struct ro_arena *push;
    uint64_t waiting;
};

static enum ro_status
add_trouble(struct authority_requests *requests, const struct ro_why *trouble)
{
    struct ro_why *more = reallocarray(requests->troubles,
                                       requests->n_troubles + 1, sizeof(*more));
    if (more == NULL)
        return RO_NO_MEMORY;
    requests->troubles = more;
    more[requests->n_troubles++] = *trouble;
    return RO_OK;
}

/* --- a push -------------------------------------------------------------- */

static struct ro_bytes
find_body(const Reachout__Attach__Push *push, const ProtobufCBinaryData *hash)
{
    for (size_t i = 0; i < push->n_bodies; i++) {
        struct ro_hash body;
        ro_body_hash(ro_field(&push->bodies[i]), &body);
        if (hash->len == RO_HASH_SIZE &&
            memcmp(hash->data, body.b, RO_HASH_SIZE) == 0)
            return ro_field(&push->bodies[i]);
    }
    return (struct ro_bytes){0};
}

static enum ro_status
receive_one(struct receiving *receiving,
            const Reachout__Attach__Push *push,
            const Reachout__Attach__Push__Envelope *one)
{
    struct ro_why trouble = {.text = ""};
    const struct authority_envelope envelope = {
        .wrap = ro_field(&one->wrap),
        .body = find_body(push, &one->body),
        .day = one->day,
        .generation = one->generation,
        .expiry_hour = one->expiry_hour,
    };
    enum ro_status s = authority_envelope_take(receiving->authority, &envelope,
                                               &trouble, NULL);
    if (s == RO_OK)
        return RO_OK;
    if (authority_envelope_is_trouble(s))
        return add_trouble(receiving->requests, &trouble);
    *receiving->why = trouble;
    return s;
}

static enum ro_status
acknowledge(struct receiving *receiving, uint64_t *keys, size_t n)
{
    struct authority *authority = receiving->authority;
    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    const ProtobufCMessage *answer;
    ask.has_mailbox = true;
    ask.mailbox =
        ro_as_field((struct ro_bytes){authority->mailbox.b, RO_ID_SIZE});
    ask.keys = keys;
    ask.n_keys = n;
    RO_TRY(authority_ask(authority, RO_VERB_ACK, &ask.base, receiving->why,
                         &answer));
    /* a push may be one from before we attached, and know less than this */
    receiving->waiting =
        ((const Reachout__Ack__Answer *)(const void *)answer)->waiting;
    return RO_OK;
}

static enum ro_status
receive_push(struct receiving *receiving, struct ro_bytes frame)
{
    struct ro_frame_header header;
    struct ro_bytes payload;
    ProtobufCMessage *unpacked;
    RO_TRY(ro_frame_get(frame, &header, &payload));
    if (header.verb != RO_VERB_ATTACH)
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
    return push->n_envelopes == 0
               ? RO_OK
               : acknowledge(receiving, keys, push->n_envelopes);
}

/* --- attached ------------------------------------------------------------ */

static enum ro_status
attach(struct receiving *receiving)
{
    struct authority *authority = receiving->authority;
    const struct ro_keypair *pair = authority->state.mailbox;
    Reachout__Attach__Ask ask = REACHOUT__ATTACH__ASK__INIT;
    struct ro_signature proof;
    const ProtobufCMessage *message;
    RO_TRY(authority_link(authority, receiving->why));
    RO_TRY(link_mailbox_proof(authority->link, pair, &proof));
    ask.has_window = ask.has_mailbox_key = ask.has_proof = true;
    ask.window = WINDOW;
    ask.mailbox_key =
        ro_as_field((struct ro_bytes){ro_keypair_public(pair)->b, RO_KEY_SIZE});
    ask.proof = ro_as_field((struct ro_bytes){proof.b, RO_SIGNATURE_SIZE});
    RO_TRY(authority_ask(authority, RO_VERB_ATTACH, &ask.base, receiving->why,
                         &message));
    receiving->waiting =
        ((const Reachout__Attach__Answer *)(const void *)message)->waiting;
    return RO_OK;
}

/* Takes the next push, or attaches again where the connection was lost. */
static enum ro_status
take_next(struct receiving *receiving, int64_t until_ms)
{
    struct ro_bytes frame;
    enum ro_status s =
        link_push(receiving->authority->link, LINK_OPEN, until_ms, &frame);
    if (s == RO_NOT_FOUND) {
        return ro_why(receiving->why, RO_UNREACHABLE,
                      "the broker does not deliver the requests it has");
    }
    if (s == RO_UNREACHABLE)
        return attach(receiving);
    RO_TRY(s);
    return receive_push(receiving, frame);
}

static enum ro_status
drain(struct receiving *receiving)
{
    const struct authority *authority = receiving->authority;
    int64_t until_ms =
        ro_clock_mono_ms(&authority->world.clock) + authority->world.wait_ms;
    RO_TRY(attach(receiving));
    while (receiving->waiting > 0)
        RO_TRY(take_next(receiving, until_ms));
    return RO_OK;
}

enum ro_status
authority_mailbox_receive(struct authority *authority,
                          struct ro_why *why,
                          struct authority_requests *requests)
{
    RO_CLEANUP(ro_arena_freep) struct ro_arena *push = ro_arena_new(0, 0);
    if (push == NULL)
        return RO_NO_MEMORY;
    struct receiving receiving = {
        .authority = authority,
        .why = why,
        .requests = requests,
        .push = push,
    };
    return drain(&receiving);
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/bench/post.h"

#include <string.h>

#include "common/base/clock.h"
#include "common/crypto/seal.h"
#include "daemon/verbs/verbs.h"
#include "tests/bench/report.h"
#include "tests/support/prng.h"

#define NUMBER_SIZE 8
#define DAYS 90

struct post {
    struct ro_seat_id *mailboxes;
    size_t n_mailboxes;
    uint32_t generation;
    uint32_t expiry_hour;
    uint8_t noise[POST_BODY_BYTES];
    /* of the frame that is packed */
    Reachout__Deposit__Ask ask;
    ProtobufCBinaryData bodies[POST_FRAME_MAX];
    Reachout__Deposit__Wrap *wraps[POST_FAN_MAX];
    Reachout__Deposit__Wrap wrap[POST_FAN_MAX];
    struct ro_hash hashes[POST_FRAME_MAX];
    uint8_t body_bytes[POST_FRAME_MAX][POST_BODY_BYTES];
    uint8_t wrap_bytes[POST_FAN_MAX][RO_WRAP_SIZE];
};

struct post *
post_new(const struct test_circle *circle, size_t n_mailboxes)
{
    struct post *post = must_have(calloc(1, sizeof(*post)));
    const struct ro_clock clock = ro_clock_system();
    uint64_t state = 1;
    post->n_mailboxes = n_mailboxes;
    post->mailboxes = must_have(calloc(n_mailboxes, sizeof(*post->mailboxes)));
    for (size_t i = 0; i < n_mailboxes; i++)
        post->mailboxes[i] = circle->members[i]->seats[0]->id;
    post->generation = circle->generation;
    post->expiry_hour = ro_hour_of(ro_clock_wall_s(&clock)) + DAYS * 24;
    for (size_t i = 0; i < sizeof(post->noise); i++)
        post->noise[i] = (uint8_t)prng_next(&state);
    return post;
}

void
post_free(struct post *post)
{
    free(post->mailboxes);
    free(post);
}

static ProtobufCBinaryData
numbered(const struct post *post, uint8_t *bytes, size_t size, uint64_t number)
{
    memcpy(bytes, post->noise, size);
    ro_set_u64(bytes, number);
    return (ProtobufCBinaryData){.len = size, .data = bytes};
}

static void
put_body(struct post *post, uint64_t number)
{
    size_t i = post->ask.n_bodies++;
    post->bodies[i] =
        numbered(post, post->body_bytes[i], POST_BODY_BYTES, number);
    ro_body_hash(ro_field(&post->bodies[i]), &post->hashes[i]);
}

/* A wrap for a mailbox around the body that was put last. */
static void
put_wrap(struct post *post, size_t mailbox, uint64_t number)
{
    size_t i = post->ask.n_wraps++;
    Reachout__Deposit__Wrap *wrap = &post->wrap[i];
    post->wraps[i] = wrap;
    reachout__deposit__wrap__init(wrap);
    wrap->has_mailbox = wrap->has_body = wrap->has_wrap = true;
    wrap->mailbox = (ProtobufCBinaryData){.len = RO_ID_SIZE,
                                          .data = post->mailboxes[mailbox].b};
    wrap->body = (ProtobufCBinaryData){
        .len = RO_HASH_SIZE, .data = post->hashes[post->ask.n_bodies - 1].b};
    wrap->wrap = numbered(post, post->wrap_bytes[i], RO_WRAP_SIZE, number);
    wrap->has_day = wrap->has_generation = wrap->has_expiry_hour = true;
    wrap->day = RO_DAY_FALLBACK;
    wrap->generation = post->generation;
    wrap->expiry_hour = post->expiry_hour;
}

static void
begin(struct post *post)
{
    reachout__deposit__ask__init(&post->ask);
    post->ask.bodies = post->bodies;
    post->ask.wraps = post->wraps;
}

static void
finish(struct post *post, struct ro_buf *out)
{
    const struct ro_frame_header header = {.verb = RO_VERB_DEPOSIT,
                                           .kind = RO_FRAME_ASK};
    ro_buf_clear(out);
    ro_frame_put_header(&header, out);
    test_must(ro_pack(&post->ask.base, out));
    if (out->size > RO_FRAME_LIMIT)
        die("the frame is too large");
}

void
post_pack(struct post *post, uint64_t first, size_t n, struct ro_buf *out)
{
    if (n > POST_FRAME_MAX)
        die("too many bodies for a frame");
    begin(post);
    for (size_t i = 0; i < n; i++) {
        put_body(post, first + i);
        put_wrap(post, (size_t)((first + i) % post->n_mailboxes), first + i);
    }
    finish(post, out);
}

void
post_pack_fan(struct post *post, uint64_t number, struct ro_buf *out)
{
    if (post->n_mailboxes > POST_FAN_MAX)
        die("too many wraps for a frame");
    begin(post);
    put_body(post, number);
    for (size_t i = 0; i < post->n_mailboxes; i++)
        put_wrap(post, i, number);
    finish(post, out);
}

uint64_t
post_number(const ProtobufCBinaryData *field)
{
    if (field->len < NUMBER_SIZE)
        die("an envelope without a number");
    return ro_get_u64(field->data);
}

void
post_check(const Reachout__Deposit__Answer *answer, size_t n)
{
    if (answer->n_statuses != n)
        die("%zu statuses for %zu wraps", answer->n_statuses, n);
    for (size_t i = 0; i < n; i++) {
        enum ro_status s = ro_status_from_wire((uint16_t)answer->statuses[i]);
        if (s != RO_OK)
            die("a wrap was refused: %s", ro_status_name(s));
    }
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "common/wire/checkpoint.h"

#include "common/wire/codec.h"
#include "common/wire/signed.h"

#define ARENA_SIZE ((size_t)64 * 1024)

enum ro_status
ro_checkpoint_sign(const struct ro_checkpoint *point,
                   const struct ro_keypair *broker,
                   struct ro_buf *out)
{
    Reachout__Checkpoint message = REACHOUT__CHECKPOINT__INIT;
    message.has_circle = 1;
    message.circle =
        ro_as_field((struct ro_bytes){point->circle.b, RO_ID_SIZE});
    message.has_slot = 1;
    message.slot = point->slot;
    message.has_size = 1;
    message.size = point->size;
    message.has_head = 1;
    message.head = ro_as_field((struct ro_bytes){point->head.b, RO_HASH_SIZE});
    message.has_notices = 1;
    message.notices =
        ro_as_field((struct ro_bytes){point->notices.b, RO_HASH_SIZE});
    RO_AUTOBUF body = {0};
    RO_TRY(ro_pack(&message.base, &body));
    struct ro_signing signing = {.pair = broker, .label = RO_LABEL_CHECKPOINT};
    return ro_signed_make(REACHOUT__SIGNED__KIND__CHECKPOINT,
                          ro_buf_view(&body), &signing, 1, out);
}

static enum ro_status
read_body(struct ro_bytes body, struct ro_checkpoint *ret_point)
{
    RO_CLEANUP(ro_arena_freep)
    struct ro_arena *arena = ro_arena_new(ARENA_SIZE, RO_UNPACK_PIECES);
    if (arena == NULL)
        return RO_NO_MEMORY;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_unpack_as(RO_BAD_RECORD, &reachout__checkpoint__descriptor, body,
                        arena, &base));
    const Reachout__Checkpoint *message = (const Reachout__Checkpoint *)base;
    struct ro_checkpoint point = {.slot = message->slot, .size = message->size};
    if (!message->has_slot || !message->has_size)
        return RO_BAD_RECORD;
    if (ro_field_copy(&message->circle, point.circle.b, RO_ID_SIZE) != RO_OK ||
        ro_field_copy(&message->head, point.head.b, RO_HASH_SIZE) != RO_OK ||
        ro_field_copy(&message->notices, point.notices.b, RO_HASH_SIZE) !=
            RO_OK)
        return RO_BAD_RECORD;
    *ret_point = point;
    return RO_OK;
}

enum ro_status
ro_checkpoint_open(struct ro_bytes raw,
                   const struct ro_circle_id *circle,
                   const struct ro_key *broker_signing,
                   struct ro_checkpoint *ret_point)
{
    struct ro_signed sig = {0};
    struct ro_checkpoint point = {0};
    if (raw.size > RO_CHECKPOINT_LIMIT)
        return RO_BAD_RECORD;
    RO_TRY(ro_signed_open(raw, &sig));
    if (sig.kind != REACHOUT__SIGNED__KIND__CHECKPOINT || sig.n_signers != 1 ||
        sig.signers[0].index != 0)
        return RO_BAD_RECORD;
    RO_TRY(read_body(sig.body, &point));
    if (!ro_circle_id_equal(&point.circle, circle))
        return RO_BAD_RECORD;
    RO_TRY(ro_verify(broker_signing, RO_LABEL_CHECKPOINT, sig.body,
                     &sig.signers[0].signature));
    *ret_point = point;
    return RO_OK;
}

static bool
same_hash(const struct ro_hash *a, const struct ro_hash *b)
{
    return memcmp(a->b, b->b, RO_HASH_SIZE) == 0;
}

enum ro_status
ro_checkpoint_agrees(const struct ro_checkpoint *point,
                     const struct ro_directory *directory)
{
    struct ro_hash head = {0};
    if (ro_directory_head(directory, point->size, &head) != RO_OK)
        return RO_OK;
    return same_hash(&head, &point->head) ? RO_OK : RO_FORKED;
}

enum ro_status
ro_checkpoint_compare(const struct ro_checkpoint *a,
                      const struct ro_checkpoint *b)
{
    if (a->size == b->size && !same_hash(&a->head, &b->head))
        return RO_FORKED;
    if (a->slot != b->slot)
        return RO_OK;
    if (a->size != b->size || !same_hash(&a->notices, &b->notices))
        return RO_FORKED;
    return RO_OK;
}

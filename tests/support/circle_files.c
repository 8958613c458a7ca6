/* SPDX-License-Identifier: Apache-2.0 */
/* What lies beside a circle's log: checkpoints, notices, tickets, files. */
#include "tests/support/circle.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/checkpoint.h"
#include "common/wire/notices.h"

static ProtobufCBinaryData
field_of(const uint8_t *data, size_t size)
{
    return ro_as_field((struct ro_bytes){data, size});
}

void
test_circle_checkpoint(const struct test_circle *circle,
                       uint32_t slot,
                       struct ro_buf *out)
{
    struct ro_checkpoint point = {
        .circle = circle->id, .slot = slot, .size = circle->n_records};
    struct ro_notices *none = ro_notices_new();
    if (none == NULL)
        abort();
    test_must(ro_directory_head(circle->directory, point.size, &point.head));
    ro_notices_digest(none, slot / 24, &point.notices);
    ro_notices_free(none);
    ro_buf_clear(out);
    test_must(ro_checkpoint_sign(&point, circle->broker_signing, out));
}

struct ro_keypair *
test_epoch_pair(const struct test_seat *seat, uint32_t day)
{
    uint8_t number[4];
    struct ro_hash seed;
    ro_set_u32(number, day);
    struct ro_bytes parts[] = {
        {ro_keypair_seed(seat->signing), RO_SEED_SIZE  },
        {number,                         sizeof(number)}
    };
    ro_hash_256(RO_LABEL_EPOCH_KEYS, parts, RO_LEN(parts), &seed);
    struct ro_keypair *pair = ro_keypair_from_seed(seed.b);
    if (pair == NULL)
        abort();
    return pair;
}

void
test_seat_notice(const struct test_circle *circle,
                 struct test_seat *seat,
                 uint32_t first_day,
                 size_t n_days,
                 struct ro_buf *out)
{
    struct ro_key keys[RO_EPOCH_DAYS_MAX];
    if (n_days > RO_EPOCH_DAYS_MAX)
        abort();
    for (size_t i = 0; i < n_days; i++) {
        struct ro_keypair *pair =
            test_epoch_pair(seat, first_day + (uint32_t)i);
        keys[i] = *ro_keypair_x25519(pair);
        ro_keypair_free(pair);
    }
    struct ro_epoch_list list = {.circle = circle->id,
                                 .seat = seat->id,
                                 .serial = ++seat->notice_serial,
                                 .first_day = first_day,
                                 .keys = keys,
                                 .n_keys = n_days};
    ro_buf_clear(out);
    test_must(ro_epoch_list_sign(&list, seat->signing, out));
}

void
test_ticket_init(struct test_circle *circle,
                 uint32_t urn,
                 Reachout__Ticket *message)
{
    ro_entropy_fill(&circle->entropy, circle->ticket_id, RO_ID_SIZE);
    reachout__ticket__init(message);
    message->has_circle = 1;
    message->circle = field_of(circle->id.b, RO_ID_SIZE);
    message->has_id = 1;
    message->id = field_of(circle->ticket_id, RO_ID_SIZE);
    message->has_kind = 1;
    message->kind = REACHOUT__MEMBER_KIND__SCHOOL;
    message->has_urn = 1;
    message->urn = urn;
    message->has_role = 1;
    message->role = REACHOUT__ROLE__LEAD;
    message->has_expires = 1;
    message->expires = TEST_NOW_S + 14 * 86400;
}

void
test_sign_ticket(const struct test_circle *circle,
                 const Reachout__Ticket *message,
                 struct ro_buf *out)
{
    RO_AUTOBUF body = {0};
    struct ro_signing by = {.pair = circle->authority[0],
                            .label = RO_LABEL_TICKET};
    ro_buf_clear(out);
    test_must(ro_pack(&message->base, &body));
    test_must(ro_signed_make(REACHOUT__SIGNED__KIND__TICKET, ro_buf_view(&body),
                             &by, 1, out));
}

/* The messages that the files share, filled from a circle. */
struct public_part {
    Reachout__AuthorityPublic authority;
    ProtobufCBinaryData keys[TEST_AUTHORITY_MAX];
    Reachout__Broker broker;
};

static void
public_init(const struct test_circle *circle, struct public_part *part)
{
    Reachout__AuthorityPublic *authority = &part->authority;
    Reachout__Broker *broker = &part->broker;
    reachout__authority_public__init(authority);
    reachout__broker__init(broker);
    for (size_t i = 0; i < circle->n_authority; i++)
        part->keys[i] = field_of(circle->root.keys[i].b, RO_KEY_SIZE);
    authority->name = test_text("Test circle");
    authority->n_authority_keys = circle->n_authority;
    authority->authority_keys = part->keys;
    authority->has_threshold = 1;
    authority->threshold = circle->threshold;
    authority->has_enrolment_key = 1;
    authority->enrolment_key =
        field_of(ro_keypair_public(circle->enrolment)->b, RO_KEY_SIZE);
    authority->has_mailbox_key = 1;
    authority->mailbox_key =
        field_of(ro_keypair_public(circle->mailbox)->b, RO_KEY_SIZE);
    broker->member_endpoint = test_text(circle->member_endpoint);
    broker->open_endpoint = test_text(circle->open_endpoint);
    broker->has_curve_key = 1;
    broker->curve_key =
        field_of(ro_keypair_x25519(circle->broker_curve)->b, RO_KEY_SIZE);
    broker->has_signing_key = 1;
    broker->signing_key =
        field_of(ro_keypair_public(circle->broker_signing)->b, RO_KEY_SIZE);
}

static void
pack(const ProtobufCMessage *message, struct ro_buf *out)
{
    ro_buf_clear(out);
    test_must(ro_pack(message, out));
}

void
test_circle_public(const struct test_circle *circle, struct ro_buf *out)
{
    struct public_part part;
    public_init(circle, &part);
    pack(&part.authority.base, out);
}

void
test_circle_broker(const struct test_circle *circle, struct ro_buf *out)
{
    struct public_part part;
    public_init(circle, &part);
    Reachout__BrokerPublic message = REACHOUT__BROKER_PUBLIC__INIT;
    message.broker = &part.broker;
    pack(&message.base, out);
}

void
test_circle_door(const struct test_circle *circle, struct ro_buf *out)
{
    Reachout__DoorKey message = REACHOUT__DOOR_KEY__INIT;
    message.has_circle = 1;
    message.circle = field_of(circle->id.b, RO_ID_SIZE);
    message.has_generation = 1;
    message.generation = circle->generation;
    message.has_psk = 1;
    message.psk = field_of(circle->psk, sizeof(circle->psk));
    pack(&message.base, out);
}

void
test_circle_invitation(const struct test_circle *circle,
                       struct ro_bytes ticket,
                       struct ro_buf *out)
{
    struct public_part part;
    public_init(circle, &part);
    Reachout__Invitation message = REACHOUT__INVITATION__INIT;
    message.authority = &part.authority;
    message.broker = &part.broker;
    message.has_generation = 1;
    message.generation = circle->generation;
    message.has_psk = 1;
    message.psk = field_of(circle->psk, sizeof(circle->psk));
    message.has_ticket = 1;
    message.ticket = ro_as_field(ticket);
    pack(&message.base, out);
}

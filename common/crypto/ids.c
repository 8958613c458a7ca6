/* SPDX-License-Identifier: Apache-2.0 */
#include "common/crypto/seal.h"

#include <assert.h>
#include <stdlib.h>
#include <string.h>

#include "common/crypto/hash.h"

/* arrays of these are hashed as they lie in memory */
static_assert(sizeof(struct ro_seat_id) == RO_ID_SIZE, "no padding");
static_assert(sizeof(struct ro_key) == RO_KEY_SIZE, "no padding");

static struct ro_bytes
bytes_at(const void *data, size_t size)
{
    return (struct ro_bytes){data, size};
}

static int
compare_seats(const void *a, const void *b)
{
    return memcmp(a, b, RO_ID_SIZE);
}

void
ro_recipients_hash(struct ro_seat_id *seats,
                   size_t n_seats,
                   struct ro_hash *ret_hash)
{
    if (n_seats > 0)
        qsort(seats, n_seats, sizeof(*seats), compare_seats);
    const struct ro_bytes part = bytes_at(seats, n_seats * sizeof(*seats));
    ro_hash_256(RO_LABEL_RECIPIENTS, &part, 1, ret_hash);
}

void
ro_seat_id_of(const struct ro_key *signing, struct ro_seat_id *ret_id)
{
    const struct ro_bytes part = bytes_at(signing->b, RO_KEY_SIZE);
    ro_hash_id(RO_LABEL_SEAT_ID, &part, 1, ret_id->b);
}

void
ro_member_id_of(const struct ro_circle_id *circle,
                const struct ro_key *first_member_key,
                struct ro_member_id *ret_id)
{
    const struct ro_bytes parts[] = {
        bytes_at(circle->b, RO_ID_SIZE),
        bytes_at(first_member_key->b, RO_KEY_SIZE),
    };
    ro_hash_id(RO_LABEL_MEMBER_ID, parts, RO_LEN(parts), ret_id->b);
}

void
ro_circle_id_of(const struct ro_key *authority_keys,
                size_t n_keys,
                uint8_t threshold,
                struct ro_circle_id *ret_id)
{
    const struct ro_bytes parts[] = {
        bytes_at(authority_keys, n_keys * sizeof(*authority_keys)),
        bytes_at(&threshold, 1),
    };
    ro_hash_id(RO_LABEL_CIRCLE_ID, parts, RO_LEN(parts), ret_id->b);
}

void
ro_thread_id_of(const struct ro_request_id *request,
                const struct ro_member_id *one,
                const struct ro_member_id *other,
                struct ro_thread_id *ret_id)
{
    bool in_order = memcmp(one->b, other->b, RO_ID_SIZE) <= 0;
    const struct ro_bytes parts[] = {
        bytes_at(request->b, RO_ID_SIZE),
        bytes_at(in_order ? one->b : other->b, RO_ID_SIZE),
        bytes_at(in_order ? other->b : one->b, RO_ID_SIZE),
    };
    ro_hash_id(RO_LABEL_THREAD_ID, parts, RO_LEN(parts), ret_id->b);
}

void
ro_message_id_of(const uint8_t reference[static RO_REFERENCE_SIZE],
                 struct ro_bytes body,
                 struct ro_message_id *ret_id)
{
    const struct ro_bytes parts[] = {
        bytes_at(reference, RO_REFERENCE_SIZE),
        body,
    };
    ro_hash_id(RO_LABEL_MESSAGE_ID, parts, RO_LEN(parts), ret_id->b);
}

void
ro_envelope_id_of(const struct ro_seat_id *mailbox,
                  const struct ro_hash *body_hash,
                  struct ro_bytes wrap,
                  struct ro_envelope_id *ret_id)
{
    const struct ro_bytes parts[] = {
        bytes_at(mailbox->b, RO_ID_SIZE),
        bytes_at(body_hash->b, RO_HASH_SIZE),
        wrap,
    };
    ro_hash_id(RO_LABEL_ENVELOPE_ID, parts, RO_LEN(parts), ret_id->b);
}

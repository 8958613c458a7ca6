/* SPDX-License-Identifier: Apache-2.0 */
/* The lists of epoch keys, one a seat, in the order of their seat ids. */
#include "common/wire/notices.h"

#include <stdlib.h>
#include <string.h>

#include "common/wire/codec.h"
#include "common/wire/reader.h"
#include "common/wire/signed.h"

#define ARENA_SIZE ((size_t)64 * 1024)
#define FIELD_KEYS 6 /* of EpochKeys in directory.proto */

/* A list taken apart; `keys` are n_keys times 32 bytes of the raw notice. */
struct list {
    struct ro_signed sig;
    struct ro_circle_id circle;
    struct ro_seat_id seat;
    uint64_t serial;
    uint32_t expires_day;
    uint32_t first_day;
    const uint8_t *keys;
    size_t n_keys;
};

/* A list that is kept. `list.keys` points into `raw`; `list.sig` is void. */
struct row {
    struct list list;
    struct ro_hash hash; /* of label and raw */
    size_t size;
    uint8_t raw[];
};

struct ro_notices {
    struct row **rows; /* sorted by seat id */
    size_t n_rows;
    size_t room;
    struct ro_hash *hashes; /* room for the digest, as many as rows */
    struct ro_arena *arena;
};

struct ro_notices *
ro_notices_new(void)
{
    RO_CLEANUP(ro_notices_freep)
    struct ro_notices *notices = calloc(1, sizeof(*notices));
    if (notices == NULL)
        return NULL;
    notices->arena = ro_arena_new(ARENA_SIZE, RO_UNPACK_PIECES);
    if (notices->arena == NULL)
        return NULL;
    return RO_STEAL(notices);
}

void
ro_notices_free(struct ro_notices *notices)
{
    if (notices == NULL)
        return;
    for (size_t i = 0; i < notices->n_rows; i++)
        free(notices->rows[i]);
    free(notices->rows);
    free(notices->hashes);
    ro_arena_free(notices->arena);
    free(notices);
}

/* The first row whose seat id is not below `seat`. */
static size_t
place_of(const struct ro_notices *notices, const struct ro_seat_id *seat)
{
    size_t low = 0;
    size_t high = notices->n_rows;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        const struct ro_seat_id *there = &notices->rows[middle]->list.seat;
        if (memcmp(there->b, seat->b, RO_ID_SIZE) < 0) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low;
}

static const struct list *
find(const struct ro_notices *notices, const struct ro_seat_id *seat)
{
    size_t place = place_of(notices, seat);
    if (place == notices->n_rows)
        return NULL;
    const struct list *list = &notices->rows[place]->list;
    return ro_seat_id_equal(&list->seat, seat) ? list : NULL;
}

/* The keys as they lie in the notice: what was unpacked is a copy. */
static enum ro_status
read_keys(struct list *list)
{
    struct ro_bytes keys = {0};
    if (ro_reader_find(list->sig.body, FIELD_KEYS, &keys) != RO_OK)
        return RO_BAD_RECORD;
    list->keys = keys.data;
    list->n_keys = keys.size / RO_KEY_SIZE;
    if (keys.size % RO_KEY_SIZE != 0 || list->n_keys == 0 ||
        list->n_keys > RO_EPOCH_DAYS_MAX)
        return RO_BAD_RECORD;
    uint64_t end = (uint64_t)list->first_day + list->n_keys;
    if (list->expires_day != end)
        return RO_BAD_RECORD;
    for (size_t i = 0; i < list->n_keys; i++) {
        if (!ro_x25519_is_sound(list->keys + i * RO_KEY_SIZE))
            return RO_BAD_RECORD;
    }
    return RO_OK;
}

static enum ro_status
read_fields(const Reachout__EpochKeys *message, struct list *list)
{
    if (ro_field_copy(&message->circle, list->circle.b, RO_ID_SIZE) != RO_OK ||
        ro_field_copy(&message->seat, list->seat.b, RO_ID_SIZE) != RO_OK)
        return RO_BAD_RECORD;
    if (!message->has_serial || message->serial == 0 ||
        !message->has_first_day || !message->has_expires_day)
        return RO_BAD_RECORD;
    list->serial = message->serial;
    list->first_day = message->first_day;
    list->expires_day = message->expires_day;
    return RO_OK;
}

static enum ro_status
read_list(struct ro_arena *arena, struct ro_bytes raw, struct list *ret_list)
{
    if (raw.size > RO_NOTICE_LIMIT)
        return RO_BAD_RECORD;
    struct list list = {0};
    RO_TRY(ro_signed_open(raw, &list.sig));
    if (list.sig.kind != REACHOUT__SIGNED__KIND__EPOCH_KEYS ||
        list.sig.n_signers != 1 || list.sig.signers[0].index != 0)
        return RO_BAD_RECORD;
    ProtobufCMessage *base = NULL;
    RO_TRY(ro_unpack_as(RO_BAD_RECORD, &reachout__epoch_keys__descriptor,
                        list.sig.body, arena, &base));
    RO_TRY(read_fields((const Reachout__EpochKeys *)base, &list));
    RO_TRY(read_keys(&list));
    *ret_list = list;
    return RO_OK;
}

/* The key of a day, whether the list is void by then or not; or NULL. */
static const uint8_t *
key_of(const struct list *list, uint64_t day)
{
    if (day < list->first_day || day - list->first_day >= list->n_keys)
        return NULL;
    return list->keys + (day - list->first_day) * RO_KEY_SIZE;
}

static enum ro_status
check_renewal(const struct list *old,
              const struct list *list,
              struct ro_why *why)
{
    if (old == NULL)
        return RO_OK;
    if (list->serial <= old->serial)
        return ro_why(why, RO_OLD_SERIAL, "serial: not newer than the last");
    if (list->first_day < old->first_day ||
        list->expires_day < old->expires_day)
        return ro_why(why, RO_BAD_RECORD, "days: go back");
    for (size_t i = 0; i < list->n_keys; i++) {
        const uint8_t *before = key_of(old, (uint64_t)list->first_day + i);
        if (before != NULL &&
            memcmp(before, list->keys + i * RO_KEY_SIZE, RO_KEY_SIZE) != 0) {
            return ro_why(why, RO_KEY_REUSED,
                          "keys: one for a published day changed");
        }
    }
    return RO_OK;
}

enum ro_status
ro_notices_check(const struct ro_notices *notices,
                 const struct ro_directory *directory,
                 struct ro_bytes raw,
                 struct ro_why *why,
                 struct ro_notice_facts *ret_facts)
{
    struct list list = {0};
    enum ro_status s = read_list(notices->arena, raw, &list);
    if (s == RO_BAD_RECORD)
        return ro_why(why, s, "form: not a list of epoch keys");
    RO_TRY(s);
    *ret_facts = (struct ro_notice_facts){.seat = list.seat,
                                          .serial = list.serial,
                                          .first_day = list.first_day,
                                          .expires_day = list.expires_day};
    if (!ro_circle_id_equal(&list.circle, ro_directory_circle(directory)))
        return ro_why(why, RO_BAD_RECORD, "circle: not this one");
    const struct ro_seat_view *seat = ro_directory_seat(directory, &list.seat);
    if (seat == NULL)
        return ro_why(why, RO_NO_RIGHT, "seat: not in the directory");
    RO_TRY(check_renewal(find(notices, &list.seat), &list, why));
    if (ro_verify(&seat->signing, RO_LABEL_EPOCH_KEYS, list.sig.body,
                  &list.sig.signers[0].signature) != RO_OK)
        return ro_why(why, RO_BAD_SIGNATURE, "signatures: not the seat's");
    if (seat->standing != RO_SEAT_LIVE)
        return ro_why(why, RO_NO_RIGHT, "seat: revoked");
    return RO_OK;
}

static struct row *
make_row(const struct list *list, struct ro_bytes raw)
{
    struct row *row = malloc(sizeof(*row) + raw.size);
    if (row == NULL)
        return NULL;
    row->list = *list;
    row->size = raw.size;
    memcpy(row->raw, raw.data, raw.size);
    row->list.keys = row->raw + (list->keys - raw.data);
    ro_hash_256(RO_LABEL_NOTICES, &raw, 1, &row->hash);
    return row;
}

static enum ro_status
reserve(struct ro_notices *notices)
{
    if (notices->n_rows < notices->room)
        return RO_OK;
    size_t room = notices->room > 0 ? 2 * notices->room : 16;
    void *rows = reallocarray(notices->rows, room, sizeof(struct row *));
    if (rows == NULL)
        return RO_NO_MEMORY;
    notices->rows = rows;
    void *hashes =
        reallocarray(notices->hashes, room, sizeof(*notices->hashes));
    if (hashes == NULL)
        return RO_NO_MEMORY;
    notices->hashes = hashes;
    notices->room = room;
    return RO_OK;
}

enum ro_status
ro_notices_add(struct ro_notices *notices, struct ro_bytes raw)
{
    struct list list = {0};
    RO_TRY(read_list(notices->arena, raw, &list));
    const struct list *old = find(notices, &list.seat);
    if (old != NULL && list.serial <= old->serial)
        return RO_OLD_SERIAL;
    RO_TRY(reserve(notices));
    struct row *row = make_row(&list, raw);
    if (row == NULL)
        return RO_NO_MEMORY;
    size_t place = place_of(notices, &list.seat);
    if (old != NULL) {
        free(notices->rows[place]);
    } else {
        memmove(&notices->rows[place + 1], &notices->rows[place],
                (notices->n_rows - place) * sizeof(struct row *));
        notices->n_rows++;
    }
    notices->rows[place] = row;
    return RO_OK;
}

void
ro_notices_expire(struct ro_notices *notices, uint32_t day)
{
    size_t kept = 0;
    for (size_t i = 0; i < notices->n_rows; i++) {
        if (notices->rows[i]->list.expires_day <= day) {
            free(notices->rows[i]);
        } else {
            notices->rows[kept++] = notices->rows[i];
        }
    }
    notices->n_rows = kept;
}

enum ro_status
ro_notices_epoch_key(const struct ro_notices *notices,
                     const struct ro_seat_id *seat,
                     uint32_t day,
                     struct ro_key *ret_x25519)
{
    const struct list *list = find(notices, seat);
    if (list == NULL || day >= list->expires_day)
        return RO_NOT_FOUND;
    const uint8_t *key = key_of(list, day);
    if (key == NULL)
        return RO_NOT_FOUND;
    memcpy(ret_x25519->b, key, RO_KEY_SIZE);
    return RO_OK;
}

uint64_t
ro_notices_serial(const struct ro_notices *notices,
                  const struct ro_seat_id *seat)
{
    const struct list *list = find(notices, seat);
    return list != NULL ? list->serial : 0;
}

void
ro_notices_digest(const struct ro_notices *notices,
                  uint32_t day,
                  struct ro_hash *ret_digest)
{
    size_t n = 0;
    for (size_t i = 0; i < notices->n_rows; i++) {
        const struct row *row = notices->rows[i];
        if (row->list.expires_day > day)
            notices->hashes[n++] = row->hash;
    }
    struct ro_bytes all = {.size = n * RO_HASH_SIZE};
    if (n > 0)
        all.data = notices->hashes[0].b;
    ro_hash_256(RO_LABEL_NOTICES, &all, 1, ret_digest);
}

struct ro_bytes
ro_notices_nth(const struct ro_notices *notices, size_t n)
{
    if (n >= notices->n_rows)
        return (struct ro_bytes){0};
    return (struct ro_bytes){.data = notices->rows[n]->raw,
                             .size = notices->rows[n]->size};
}

bool
ro_notices_facts_nth(const struct ro_notices *notices,
                     size_t n,
                     struct ro_notice_facts *ret_facts)
{
    if (n >= notices->n_rows)
        return false;
    const struct list *list = &notices->rows[n]->list;
    *ret_facts = (struct ro_notice_facts){.seat = list->seat,
                                          .serial = list->serial,
                                          .first_day = list->first_day,
                                          .expires_day = list->expires_day};
    return true;
}

enum ro_status
ro_epoch_list_sign(const struct ro_epoch_list *list,
                   const struct ro_keypair *signing,
                   struct ro_buf *out)
{
    if (list->n_keys == 0 || list->n_keys > RO_EPOCH_DAYS_MAX ||
        list->first_day > UINT32_MAX - RO_EPOCH_DAYS_MAX)
        return RO_BAD_INPUT;
    Reachout__EpochKeys message = REACHOUT__EPOCH_KEYS__INIT;
    message.has_circle = 1;
    message.circle = ro_as_field((struct ro_bytes){list->circle.b, RO_ID_SIZE});
    message.has_serial = 1;
    message.serial = list->serial;
    message.has_seat = 1;
    message.seat = ro_as_field((struct ro_bytes){list->seat.b, RO_ID_SIZE});
    message.has_first_day = 1;
    message.first_day = list->first_day;
    message.has_expires_day = 1;
    message.expires_day = list->first_day + (uint32_t)list->n_keys;
    message.has_keys = 1;
    message.keys = ro_as_field(
        (struct ro_bytes){list->keys[0].b, list->n_keys * RO_KEY_SIZE});
    RO_AUTOBUF body = {0};
    RO_TRY(ro_pack(&message.base, &body));
    struct ro_signing by = {.pair = signing, .label = RO_LABEL_EPOCH_KEYS};
    return ro_signed_make(REACHOUT__SIGNED__KIND__EPOCH_KEYS,
                          ro_buf_view(&body), &by, 1, out);
}

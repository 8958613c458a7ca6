/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/told.h"

#include "client/core/request_row.h"
#include "client/core/row.h"
#include "common/crypto/seal.h"

#include <string.h>

struct told {
    uint32_t messages;
    uint64_t bytes;
};

static enum ro_status
get(struct vault *vault, struct ro_bytes key, struct told *ret_told)
{
    RO_AUTOBUF value = {0};
    *ret_told = (struct told){0};
    enum ro_status s = vault_get(vault, VAULT_TOLD, key, &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    ret_told->messages = row_u32(&row);
    ret_told->bytes = row_u64(&row);
    return row_end(&row);
}

static enum ro_status
put(struct vault *vault, struct ro_bytes key, const struct told *told)
{
    RO_AUTOBUF row = {0};
    const struct vault_place place = {VAULT_TOLD, key, {0}};
    ro_buf_put_u32(&row, told->messages);
    ro_buf_put_u64(&row, told->bytes);
    RO_TRY(ro_buf_ok(&row));
    return vault_put(vault, &place, ro_buf_view(&row));
}

/* --- of one day ---------------------------------------------------------- */

struct day {
    struct ro_member_id side;
    uint32_t day;
    uint32_t requests;
    uint64_t bytes;
    uint32_t letters;
    uint32_t asks;
};

#define DAY_KEY (RO_ID_SIZE + 4)

static void
key_of_day(const struct day *day, uint8_t ret_key[static DAY_KEY])
{
    memcpy(ret_key, day->side.b, RO_ID_SIZE);
    ro_set_u32(ret_key + RO_ID_SIZE, day->day);
}

static enum ro_status
read_day(struct ro_bytes value, struct day *ret_day)
{
    struct row_reader row = row_read(value);
    row_fixed(&row, ret_day->side.b, RO_ID_SIZE);
    ret_day->day = row_u32(&row);
    ret_day->requests = row_u32(&row);
    ret_day->bytes = row_u64(&row);
    ret_day->letters = row_u32(&row);
    ret_day->asks = row_u32(&row);
    return row_end(&row);
}

/* Reads the day whose member and number are set; one that is not there is 0. */
static enum ro_status
get_day(struct vault *vault, struct day *day)
{
    RO_AUTOBUF value = {0};
    uint8_t key[DAY_KEY];
    key_of_day(day, key);
    enum ro_status s = vault_get(vault, VAULT_TOLD_DAY,
                                 (struct ro_bytes){key, sizeof(key)}, &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    return read_day(ro_buf_view(&value), day);
}

static enum ro_status
put_day(struct vault *vault, const struct day *day)
{
    RO_AUTOBUF row = {0};
    uint8_t key[DAY_KEY];
    const struct vault_place place = {
        VAULT_TOLD_DAY, {key, sizeof(key)},
         {0  }
    };
    key_of_day(day, key);
    ro_buf_put(&row, day->side.b, RO_ID_SIZE);
    ro_buf_put_u32(&row, day->day);
    ro_buf_put_u32(&row, day->requests);
    ro_buf_put_u64(&row, day->bytes);
    ro_buf_put_u32(&row, day->letters);
    ro_buf_put_u32(&row, day->asks);
    RO_TRY(ro_buf_ok(&row));
    return vault_put(vault, &place, ro_buf_view(&row));
}

static enum ro_status
check_day(const struct day *day, struct ro_why *why)
{
    static const char over[] =
        "more has come from it in one day than is kept here";
    if (day->requests > TOLD_DAY_REQUESTS_MAX ||
        day->bytes > TOLD_DAY_BYTES_MAX) {
        return ro_why(why, RO_OVER_QUOTA, "%s: %d new requests, %d MiB", over,
                      TOLD_DAY_REQUESTS_MAX,
                      (int)(TOLD_DAY_BYTES_MAX / 1024 / 1024));
    }
    if (day->letters > TOLD_DAY_LETTERS_MAX) {
        return ro_why(why, RO_OVER_QUOTA, "%s: %d letters", over,
                      TOLD_DAY_LETTERS_MAX);
    }
    return day->asks > TOLD_DAY_ASKS_MAX ? RO_OVER_QUOTA : RO_OK;
}

/* Adds to what is counted for its member and day; what would be too much is
 * not added. */
static enum ro_status
count_day(struct engine *engine, const struct day *more, struct ro_why *why)
{
    struct day day = {.side = more->side, .day = more->day};
    RO_TRY(get_day(engine->vault, &day));
    day.requests += more->requests;
    day.bytes += more->bytes;
    day.letters += more->letters;
    day.asks += more->asks;
    RO_TRY(check_day(&day, why));
    return put_day(engine->vault, &day);
}

/* The day for which a message counts: its wrap's, which its sender chose, and
 * therefore none that is still to come. */
static uint32_t
day_of(const struct opened *opened)
{
    const uint32_t arrived = ro_day_of(opened->message.arrived_at_s);
    const bool is_past =
        opened->day != RO_DAY_FALLBACK && opened->day <= arrived;
    return is_past ? opened->day : arrived;
}

/* --- what is told -------------------------------------------------------- */

#define TOLD_KEY (2 * RO_ID_SIZE)

static void
key_of_told(const struct message *message, uint8_t ret_key[static TOLD_KEY])
{
    memcpy(ret_key, message->request.b, RO_ID_SIZE);
    memcpy(ret_key + RO_ID_SIZE, message->side.b, RO_ID_SIZE);
}

enum ro_status
told_is_begun(struct engine *engine, const struct message *message)
{
    RO_AUTOREQUEST request = {0};
    uint8_t key[TOLD_KEY];
    struct told told;
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id))
        return RO_OK;
    enum ro_status s =
        request_row_get(engine->vault, &message->request, &request);
    if (s != RO_NOT_FOUND)
        return s;
    key_of_told(message, key);
    RO_TRY(get(engine->vault, (struct ro_bytes){key, sizeof(key)}, &told));
    return told.messages > 0 ? RO_OK : RO_NOT_FOUND;
}

enum ro_status
told_count(struct engine *engine,
           const struct opened *opened,
           struct ro_why *why)
{
    const struct message *message = &opened->message;
    uint8_t key[TOLD_KEY];
    struct told told;
    if (ro_member_id_equal(&message->side, &engine->keyring->member_id))
        return RO_OK;
    key_of_told(message, key);
    const struct ro_bytes at = {key, sizeof(key)};
    RO_TRY(get(engine->vault, at, &told));
    const struct day more = {
        .side = message->side,
        .day = day_of(opened),
        .requests = told.messages == 0 ? 1 : 0,
        .bytes = message->content.size,
    };
    told.messages++;
    told.bytes += message->content.size;
    if (told.messages > TOLD_MESSAGES_MAX || told.bytes > TOLD_BYTES_MAX) {
        return ro_why(why, RO_MISBOUND,
                      "more has come from it in this request than is kept "
                      "here: %d messages, %d MiB",
                      TOLD_MESSAGES_MAX, (int)(TOLD_BYTES_MAX / 1024 / 1024));
    }
    RO_TRY(count_day(engine, &more, why));
    return put(engine->vault, at, &told);
}

enum ro_status
told_letter(struct engine *engine,
            const struct opened *opened,
            struct ro_why *why)
{
    const struct ro_member_id *side = &opened->message.side;
    const struct day more = {
        .side = *side, .day = day_of(opened), .letters = 1};
    if (ro_member_id_equal(side, &engine->keyring->member_id))
        return RO_OK;
    return count_day(engine, &more, why);
}

enum ro_status
told_ask_again(struct engine *engine, const struct ro_member_id *side)
{
    const struct day more = {
        .side = *side, .day = engine_day(engine), .asks = 1};
    return count_day(engine, &more, NULL);
}

/* --- days that are over -------------------------------------------------- */

struct forgetting {
    uint32_t before;
    struct ro_buf *keys;
};

static enum ro_status
collect_old(void *user, struct ro_bytes value)
{
    const struct forgetting *forgetting = user;
    struct day day;
    uint8_t key[DAY_KEY];
    RO_TRY(read_day(value, &day));
    if (day.day >= forgetting->before)
        return RO_OK;
    key_of_day(&day, key);
    ro_buf_put(forgetting->keys, key, sizeof(key));
    return ro_buf_ok(forgetting->keys);
}

static enum ro_status
drop_days(struct vault *vault, const struct ro_buf *keys)
{
    for (size_t at = 0; at < keys->size; at += DAY_KEY) {
        RO_TRY(vault_drop(vault, VAULT_TOLD_DAY,
                          (struct ro_bytes){keys->data + at, DAY_KEY}));
    }
    return RO_OK;
}

enum ro_status
told_forget(struct engine *engine)
{
    RO_AUTOBUF keys = {0};
    const uint32_t today = ro_day_of(engine_past_s(engine));
    const uint32_t kept = engine_expiry_hours(engine) / 24 + 2;
    struct forgetting forgetting = {today > kept ? today - kept : 0, &keys};
    RO_TRY(vault_walk(engine->vault, VAULT_TOLD_DAY, (struct ro_bytes){0},
                      collect_old, &forgetting));
    if (keys.size == 0)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault, drop_days(engine->vault, &keys));
}

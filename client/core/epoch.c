/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/epoch.h"

#include "client/core/lost.h"
#include "client/core/row.h"
#include "common/crypto/wipe.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <string.h>

/* How far ahead a list of ours can end: of secrets that were lost again and
 * again. */
#define LOOK_AHEAD_DAYS (16 * EPOCH_DAYS)

/* The newest list that we made: row "epoch-list". */
struct list {
    uint64_t serial;
    uint32_t first_day;
    enum { LIST_NONE, LIST_MADE, LIST_PUBLISHED } standing;
    /* LIST_LATER: behind the days of one whose secrets were lost */
    enum { LIST_FROM_TODAY, LIST_LATER } begins;
    struct ro_buf notice; /* a Signed */
};

static enum ro_status
read_list(struct engine *engine, struct list *ret_list)
{
    RO_AUTOBUF value = {0};
    enum ro_status s = vault_get(engine->vault, VAULT_STATE,
                                 ro_bytes_text("epoch-list"), &value);
    *ret_list = (struct list){0};
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    ret_list->serial = row_u64(&row);
    ret_list->first_day = row_u32(&row);
    ret_list->standing = row_u8(&row);
    ret_list->begins = row_u8(&row);
    struct ro_bytes notice = row_piece(&row);
    ro_buf_put(&ret_list->notice, notice.data, notice.size);
    RO_TRY(ro_buf_ok(&ret_list->notice));
    return row_end(&row);
}

static enum ro_status
write_list(struct engine *engine, const struct list *list)
{
    RO_AUTOBUF row = {0};
    ro_buf_put_u64(&row, list->serial);
    ro_buf_put_u32(&row, list->first_day);
    ro_buf_put_u8(&row, (uint8_t)list->standing);
    ro_buf_put_u8(&row, (uint8_t)list->begins);
    row_put_piece(&row, ro_buf_view(&list->notice));
    RO_TRY(ro_buf_ok(&row));
    struct vault_place place = {VAULT_STATE, ro_bytes_text("epoch-list"), {0}};
    return vault_put(engine->vault, &place, ro_buf_view(&row));
}

enum ro_status
epoch_pair(struct engine *engine, uint32_t day, struct ro_keypair **ret_pair)
{
    RO_SECRET_BUF value = {0};
    uint8_t key[4];
    ro_set_u32(key, day);
    RO_TRY(vault_get(vault_epoch(engine->vault), VAULT_EPOCH,
                     (struct ro_bytes){key, sizeof(key)}, &value));
    if (value.size != 4 + RO_SEED_SIZE)
        return RO_VAULT_DAMAGED;
    *ret_pair = ro_keypair_from_seed(value.data + 4);
    return *ret_pair == NULL ? RO_NO_MEMORY : RO_OK;
}

/* The pair of a day that may be published already, or a new one, kept. */
static enum ro_status
pair_for(struct engine *engine, uint32_t day, struct ro_keypair **ret_pair)
{
    enum ro_status s = epoch_pair(engine, day, ret_pair);
    if (s != RO_NOT_FOUND)
        return s;
    RO_CLEANUP(ro_keypair_freep)
    struct ro_keypair *pair = ro_keypair_new(&engine->entropy);
    if (pair == NULL)
        return RO_NO_MEMORY;
    uint8_t value[4 + RO_SEED_SIZE];
    ro_set_u32(value, day);
    memcpy(value + 4, ro_keypair_seed(pair), RO_SEED_SIZE);
    struct vault_place place = {
        VAULT_EPOCH, {value, 4},
         {0    }
    };
    s = vault_put(vault_epoch(engine->vault), &place,
                  (struct ro_bytes){value, sizeof(value)});
    ro_wipe(value, sizeof(value));
    RO_TRY(s);
    *ret_pair = RO_STEAL(pair);
    return RO_OK;
}

/* The public keys of EPOCH_DAYS days, in a commit of the secrets' own file. */
static enum ro_status
make_keys(struct engine *engine, uint32_t first_day, struct ro_key *ret_keys)
{
    for (uint32_t i = 0; i < EPOCH_DAYS; i++) {
        RO_CLEANUP(ro_keypair_freep) struct ro_keypair *pair = NULL;
        RO_TRY(pair_for(engine, first_day + i, &pair));
        ret_keys[i] = *ro_keypair_x25519(pair);
    }
    return RO_OK;
}

/* Signs a list of these keys and keeps it. */
static enum ro_status
sign_list(struct engine *engine,
          uint32_t first_day,
          const struct ro_key *keys,
          struct list *list)
{
    const struct keyring *keyring = engine->keyring;
    uint64_t known = ro_notices_serial(engine->notices, &keyring->seat);
    list->serial = (known > list->serial ? known : list->serial) + 1;
    list->first_day = first_day;
    list->standing = LIST_MADE;
    ro_buf_clear(&list->notice);
    const struct ro_epoch_list epoch = {
        keyring->circle, keyring->seat, list->serial,
        first_day,       keys,          EPOCH_DAYS};
    RO_TRY(ro_epoch_list_sign(&epoch, keyring->signing, &list->notice));
    return write_list(engine, list);
}

/* Makes a list from a day on, repeating what is published already. The secrets
 * are durable before the list is: a crash between leaves keys that nobody
 * knows, and the next list takes them. */
static enum ro_status
make_list(struct engine *engine, uint32_t first_day, struct list *list)
{
    struct ro_key keys[EPOCH_DAYS];
    struct vault *secrets = vault_epoch(engine->vault);
    RO_TRY(vault_begin(secrets));
    RO_TRY(vault_end(secrets, make_keys(engine, first_day, keys)));
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault, sign_list(engine, first_day, keys, list));
}

/* Whether the secret of each day from `today` on is there. RO_NOT_FOUND: the
 * file of secrets is not the one that this list was made with. */
static enum ro_status
look_for_secrets(struct engine *engine, const struct list *list, uint32_t today)
{
    uint32_t first = today > list->first_day ? today : list->first_day;
    for (uint32_t day = first; day < list->first_day + EPOCH_DAYS; day++) {
        uint8_t key[4];
        ro_set_u32(key, day);
        RO_TRY(vault_has(vault_epoch(engine->vault), VAULT_EPOCH,
                         (struct ro_bytes){key, sizeof(key)}));
    }
    return RO_OK;
}

/* The first day behind all that others have of us: nobody may change a key of
 * a day that was published. */
static uint32_t
first_free_day(struct engine *engine, uint32_t today)
{
    struct ro_key key;
    uint32_t free_day = today;
    for (uint32_t day = today; day < today + LOOK_AHEAD_DAYS; day++) {
        if (ro_notices_epoch_key(engine->notices, &engine->keyring->seat, day,
                                 &key) == RO_OK)
            free_day = day + 1;
    }
    return free_day;
}

/* Whether the secrets behind what others have of us are here: RO_NOT_FOUND if
 * some are not, also where they have a list of which we know nothing. */
static enum ro_status
check_secrets(struct engine *engine, const struct list *list, uint32_t today)
{
    const struct ro_seat_id *seat = &engine->keyring->seat;
    if (ro_notices_serial(engine->notices, seat) > list->serial)
        return RO_NOT_FOUND;
    if (list->standing == LIST_NONE)
        return RO_OK;
    return look_for_secrets(engine, list, today);
}

/* Makes a list, if one is due. */
static enum ro_status
renew(struct engine *engine, struct list *list)
{
    uint32_t today = engine_day(engine);
    enum ro_status s = check_secrets(engine, list, today);
    if (s == RO_NOT_FOUND) {
        list->begins = LIST_LATER;
        return make_list(engine, first_free_day(engine, today), list);
    }
    RO_TRY(s);
    if (list->standing != LIST_NONE &&
        (list->first_day <= today || list->begins == LIST_LATER) &&
        list->first_day + EPOCH_DAYS >= today + EPOCH_RENEW)
        return RO_OK;
    list->begins = LIST_FROM_TODAY;
    return make_list(engine, today, list);
}

/* A broker that has this serial already has this list: an answer was lost. */
static enum ro_status
publish(struct engine *engine,
        const struct list *list,
        int64_t deadline_ms,
        struct ro_why *why)
{
    ProtobufCBinaryData notice = ro_as_field(ro_buf_view(&list->notice));
    Reachout__Publish__Ask ask = REACHOUT__PUBLISH__ASK__INIT;
    ask.n_notices = 1;
    ask.notices = &notice;
    const struct link_ask asked = {LINK_MEMBER, RO_VERB_PUBLISH, &ask.base,
                                   &reachout__publish__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    enum ro_status s = link_ask(engine->link, &asked, engine->arena, why, &got);
    return s == RO_OLD_SERIAL ? RO_OK : s;
}

/* Whether the broker shows our newest list, as far as we have read: one that
 * was restored from a backup may have forgotten it. */
static bool
is_shown(const struct engine *engine, const struct list *list)
{
    const struct ro_seat_id *seat = &engine->keyring->seat;
    return !lost_lacks(engine, seat) &&
           ro_notices_serial(engine->notices, seat) >= list->serial;
}

enum ro_status
epoch_publish(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    struct list list;
    enum ro_status s = read_list(engine, &list);
    if (s == RO_OK)
        s = renew(engine, &list);
    if (s == RO_OK && list.standing == LIST_PUBLISHED &&
        !is_shown(engine, &list))
        list.standing = LIST_MADE;
    if (s == RO_OK && list.standing == LIST_MADE) {
        s = publish(engine, &list, deadline_ms, why);
        if (s == RO_OK) {
            list.standing = LIST_PUBLISHED;
            s = vault_begin(engine->vault);
            if (s == RO_OK)
                s = vault_end(engine->vault, write_list(engine, &list));
        }
    }
    ro_buf_fini(&list.notice);
    return s;
}

enum ro_status
epoch_publish_again(struct engine *engine)
{
    struct list list;
    enum ro_status s = read_list(engine, &list);
    if (s == RO_OK && list.standing == LIST_PUBLISHED) {
        list.standing = LIST_MADE;
        s = write_list(engine, &list);
    }
    ro_buf_fini(&list.notice);
    return s;
}

/* --- destruction --------------------------------------------------------- */

bool
epoch_was_lost(const struct engine *engine, uint32_t day)
{
    return day + EPOCH_KEEP_DAYS > ro_day_of(engine_past_s(engine));
}

struct destroying {
    uint32_t before; /* days below this are over */
    uint32_t days[EPOCH_DAYS * 2];
    size_t n_days;
};

static enum ro_status
collect_day(void *user, struct ro_bytes value)
{
    struct destroying *destroying = user;
    if (value.size != 4 + RO_SEED_SIZE)
        return RO_VAULT_DAMAGED;
    uint32_t day = ro_get_u32(value.data);
    if (day < destroying->before &&
        destroying->n_days < RO_LEN(destroying->days))
        destroying->days[destroying->n_days++] = day;
    return RO_OK;
}

static enum ro_status
drop_days(struct vault *vault, const struct destroying *destroying)
{
    for (size_t i = 0; i < destroying->n_days; i++) {
        uint8_t key[4];
        ro_set_u32(key, destroying->days[i]);
        RO_TRY(vault_drop(vault, VAULT_EPOCH,
                          (struct ro_bytes){key, sizeof(key)}));
    }
    return RO_OK;
}

enum ro_status
epoch_destroy(struct engine *engine)
{
    struct destroying destroying = {0};
    struct vault *secrets = vault_epoch(engine->vault);
    uint32_t today = ro_day_of(engine_past_s(engine));
    if (today < EPOCH_KEEP_DAYS)
        return RO_OK;
    destroying.before = today - EPOCH_KEEP_DAYS + 1;
    RO_TRY(vault_walk(secrets, VAULT_EPOCH, (struct ro_bytes){0}, collect_day,
                      &destroying));
    if (destroying.n_days == 0)
        return RO_OK;
    RO_TRY(vault_begin(secrets));
    return vault_end(secrets, drop_days(secrets, &destroying));
}

uint32_t
epoch_days_ahead(struct engine *engine)
{
    struct list list;
    uint32_t today = engine_day(engine);
    uint32_t ahead = 0;
    if (read_list(engine, &list) == RO_OK && list.standing == LIST_PUBLISHED &&
        list.first_day <= today && list.first_day + EPOCH_DAYS > today)
        ahead = list.first_day + EPOCH_DAYS - today;
    ro_buf_fini(&list.notice);
    return ahead;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/lost.h"

#include <string.h>

#define ENTRY_SIZE (RO_ID_SIZE + 8)

static struct vault_place
row_place(void)
{
    return (struct vault_place){
        VAULT_STATE, ro_bytes_text("notices-lost"), {0}};
}

enum ro_status
lost_load(struct engine *engine)
{
    const struct vault_place place = row_place();
    enum ro_status s =
        vault_get(engine->vault, place.table, place.key, &engine->lacking);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    return engine->lacking.size % ENTRY_SIZE == 0 ? RO_OK : RO_VAULT_DAMAGED;
}

/* The entry of a seat, or NULL. */
static const uint8_t *
find(const struct ro_buf *entries, const struct ro_seat_id *seat)
{
    for (size_t at = 0; at < entries->size; at += ENTRY_SIZE) {
        if (memcmp(entries->data + at, seat->b, RO_ID_SIZE) == 0)
            return entries->data + at;
    }
    return NULL;
}

bool
lost_lacks(const struct engine *engine, const struct ro_seat_id *seat)
{
    return find(&engine->lacking, seat) != NULL;
}

static enum ro_status
keep(struct engine *engine, struct ro_buf *entries)
{
    const struct vault_place place = row_place();
    if (ro_bytes_equal(ro_buf_view(entries), ro_buf_view(&engine->lacking)))
        return RO_OK;
    engine->n_notices_taken++;
    const struct ro_buf former = engine->lacking;
    engine->lacking = *entries;
    *entries = former;
    if (engine->lacking.size == 0)
        return vault_drop(engine->vault, place.table, place.key);
    return vault_put(engine->vault, &place, ro_buf_view(&engine->lacking));
}

/* Whether a list that is lacking was told before. */
static bool
is_told(const struct engine *engine,
        const struct ro_seat_id *seat,
        uint64_t serial)
{
    const uint8_t *entry = find(&engine->lacking, seat);
    return entry != NULL && serial >= ro_get_u64(entry + RO_ID_SIZE);
}

enum ro_status
lost_compare(struct engine *engine,
             const struct ro_notices *shown,
             uint32_t day,
             struct ro_why *why)
{
    RO_AUTOBUF entries = {0};
    struct ro_notice_facts facts;
    size_t n_new = 0;
    for (size_t n = 0; ro_notices_facts_nth(engine->notices, n, &facts); n++) {
        uint64_t serial = ro_notices_serial(shown, &facts.seat);
        if (serial >= facts.serial || facts.expires_day <= day)
            continue;
        if (!is_told(engine, &facts.seat, serial))
            n_new++;
        ro_buf_put(&entries, facts.seat.b, RO_ID_SIZE);
        ro_buf_put_u64(&entries, serial);
    }
    RO_TRY(ro_buf_ok(&entries));
    RO_TRY(keep(engine, &entries));
    if (n_new == 0)
        return RO_OK;
    return ro_why(why, RO_KEYS_LOST,
                  "the broker has lost keys that it showed before: those of "
                  "%zu %s; they are kept here. If its operator restored a "
                  "backup, sync again; if not, ask the authority by telephone",
                  n_new, n_new == 1 ? "computer" : "computers");
}

enum ro_status
lost_forget(struct engine *engine)
{
    RO_AUTOBUF none = {0};
    return keep(engine, &none);
}

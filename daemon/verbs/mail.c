/* SPDX-License-Identifier: Apache-2.0 */
#include "daemon/verbs/mail.h"

enum ro_status
mail_check_generation(const struct broker *broker, uint32_t generation)
{
    const struct ro_charter_view *charter =
        ro_directory_charter(broker->ledger.directory);
    if (charter == NULL)
        return RO_NOT_READY;
    uint32_t current = charter->psk_generation;
    bool fits =
        generation == current || (generation > 0 && generation == current - 1);
    /* one that still opens the door may have been followed by several */
    if (generation > 0 && generation == broker->previous_generation)
        fits = true;
    return fits ? RO_OK : RO_STALE;
}

enum ro_status
mail_check_day(const struct broker *broker, uint32_t day)
{
    uint32_t today = ro_day_of(broker->time.now_s);
    bool fits =
        day == RO_DAY_FALLBACK || (day + 1 >= today && day <= today + 1);
    return fits ? RO_OK : RO_STALE;
}

enum ro_status
mail_check_expiry(const struct broker *broker, uint32_t expiry_hour)
{
    uint32_t now = ro_hour_of(broker->time.now_s);
    if (expiry_hour <= now)
        return RO_EXPIRED;
    return expiry_hour - now <= RO_EXPIRY_HOURS_MAX ? RO_OK : RO_BAD_FRAME;
}

enum ro_status
mail_check_body(struct ro_bytes body)
{
    enum ro_bucket bucket;
    return ro_bucket_of(body.size, &bucket);
}

enum ro_status
mail_check_wrap(struct ro_bytes wrap)
{
    return wrap.size == RO_WRAP_SIZE ? RO_OK : RO_BAD_FRAME;
}

enum ro_status
mail_keep(struct broker *broker,
          struct store_envelope *put,
          struct ro_bytes body)
{
    uint64_t key;
    ro_envelope_id_of(&put->mailbox, &put->body_hash, put->wrap, &put->id);
    if (body.size > 0)
        RO_TRY(store_body_put(broker->store, &put->body_hash, body));
    return store_envelope_put(broker->store, put, &key);
}

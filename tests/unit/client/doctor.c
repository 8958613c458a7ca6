/* SPDX-License-Identifier: Apache-2.0 */
#include "tests/unit/client/doctor.h"

struct doctored doctored_record;
struct doctored doctored_notice;

struct doctoring {
    store_record_fn *record;
    store_notice_fn *notice;
    void *user;
    uint64_t at;
};

enum ro_status __real_store_records(struct store *store,
                                    uint64_t from,
                                    store_record_fn *fn,
                                    void *user);
enum ro_status __wrap_store_records(struct store *store,
                                    uint64_t from,
                                    store_record_fn *fn,
                                    void *user);
enum ro_status __real_store_notices(struct store *store,
                                    uint64_t after,
                                    store_notice_fn *fn,
                                    void *user);
enum ro_status __wrap_store_notices(struct store *store,
                                    uint64_t after,
                                    store_notice_fn *fn,
                                    void *user);

static enum ro_status
hand_record(void *user, uint32_t day, struct ro_bytes record)
{
    struct doctoring *doctoring = user;
    uint64_t at = doctoring->at++;
    if (at == doctored_record.at) {
        record = ro_buf_view(&doctored_record.instead);
        if (record.size == 0)
            return RO_OK;
    }
    return doctoring->record(doctoring->user, day, record);
}

enum ro_status
__wrap_store_records(struct store *store,
                     uint64_t from,
                     store_record_fn *fn,
                     void *user)
{
    struct doctoring doctoring = {.record = fn, .user = user, .at = from};
    if (!doctored_record.on)
        return __real_store_records(store, from, fn, user);
    return __real_store_records(store, from, hand_record, &doctoring);
}

static enum ro_status
hand_notice(void *user, uint64_t cursor, struct ro_bytes notice)
{
    struct doctoring *doctoring = user;
    if (cursor == doctored_notice.at) {
        notice = ro_buf_view(&doctored_notice.instead);
        if (notice.size == 0)
            return RO_OK;
    }
    return doctoring->notice(doctoring->user, cursor, notice);
}

enum ro_status
__wrap_store_notices(struct store *store,
                     uint64_t after,
                     store_notice_fn *fn,
                     void *user)
{
    struct doctoring doctoring = {.notice = fn, .user = user};
    if (!doctored_notice.on)
        return __real_store_notices(store, after, fn, user);
    return __real_store_notices(store, after, hand_notice, &doctoring);
}

void
doctor_nothing(struct pair *pair)
{
    pair_hold(pair);
    doctored_record.on = doctored_notice.on = false;
    ro_buf_clear(&doctored_record.instead);
    ro_buf_clear(&doctored_notice.instead);
    pair_go(pair);
}

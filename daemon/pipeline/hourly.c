/* SPDX-License-Identifier: Apache-2.0 */
/*
 * The hourly checkpoint. There is one a slot: a second one for the same hour,
 * over another log, would be the very proof of a fork that clients look for.
 */
#include <string.h>

#include "common/wire/checkpoint.h"
#include "daemon/pipeline/broker_state.h"

bool
hourly_is_due(const struct broker *broker)
{
    const struct ro_charter_view *charter =
        ro_directory_charter(broker->ledger.directory);
    return charter != NULL &&
           ro_hour_of(broker->time.now_s) > broker->ledger.slot &&
           memcmp(charter->broker_signing.b,
                  ro_keypair_public(broker->signing)->b, RO_KEY_SIZE) == 0;
}

static enum ro_status
sign(const struct broker *broker, struct ro_buf *ret_bytes)
{
    const struct ro_directory *directory = broker->ledger.directory;
    struct ro_checkpoint point = {
        .circle = *ro_directory_circle(directory),
        .slot = ro_hour_of(broker->time.now_s),
        .size = ro_directory_size(directory),
    };
    RO_TRY(ro_directory_head(directory, point.size, &point.head));
    ro_notices_digest(broker->ledger.notices, ro_day_of(broker->time.now_s),
                      &point.notices);
    return ro_checkpoint_sign(&point, broker->signing, ret_bytes);
}

enum ro_status
hourly_checkpoint(struct broker *broker)
{
    if (!hourly_is_due(broker))
        return RO_OK;
    struct ledger *ledger = &broker->ledger;
    uint32_t slot = ro_hour_of(broker->time.now_s);
    uint32_t day = ro_day_of(broker->time.now_s);
    broker->ledger_touched = true;
    RO_TRY(store_notices_prune(broker->store, day));
    ro_notices_expire(ledger->notices, day);
    RO_AUTOBUF bytes = {0};
    RO_TRY(sign(broker, &bytes));
    RO_TRY(store_checkpoint_put(broker->store, slot, ledger->newest,
                                ro_buf_view(&bytes)));
    ro_buf_fini(&ledger->checkpoint);
    ledger->checkpoint = bytes;
    bytes = (struct ro_buf){0};
    ledger->slot = slot;
    ledger->covered = ledger->newest;
    return RO_OK;
}

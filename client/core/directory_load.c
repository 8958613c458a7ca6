/* SPDX-License-Identifier: Apache-2.0 */
/* What the vault holds of the directory. Nothing here asks the broker: this
 * stands below the engine that it fills. */
#include "client/core/directory.h"

#include "client/core/lost.h"
#include "client/core/row.h"

const struct ro_key *
directory_broker_signing(const struct engine *engine)
{
    const struct ro_charter_view *charter =
        ro_directory_charter(engine->directory);
    return charter == NULL ? &engine->keyring->broker.signing
                           : &charter->broker_signing;
}

struct loading {
    struct engine *engine;
    struct ro_why *why;
};

static enum ro_status
load_record(void *user, struct ro_bytes value)
{
    struct loading *loading = user;
    struct ro_replaying replaying = {RO_REPLAY_TRUST, 0};
    return ro_directory_add(loading->engine->directory, value, &replaying,
                            loading->why);
}

static enum ro_status
load_notice(void *user, struct ro_bytes value)
{
    struct loading *loading = user;
    return ro_notices_add(loading->engine->notices, value);
}

/* The row "checkpoint": the notices' cursor, then the checkpoint. */
static enum ro_status
load_checkpoint(struct engine *engine)
{
    RO_AUTOBUF value = {0};
    enum ro_status s = vault_get(engine->vault, VAULT_STATE,
                                 ro_bytes_text("checkpoint"), &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    engine->notices_cursor = row_u64(&row);
    struct ro_bytes raw = row_piece(&row);
    RO_TRY(row_end(&row));
    if (raw.size == 0)
        return RO_OK;
    ro_buf_put(&engine->checkpoint, raw.data, raw.size);
    RO_TRY(ro_buf_ok(&engine->checkpoint));
    return ro_checkpoint_open(raw, &engine->keyring->circle,
                              directory_broker_signing(engine), &engine->point);
}

enum ro_status
directory_load(struct engine *engine, struct ro_why *why)
{
    struct loading loading = {engine, why};
    enum ro_status s = vault_walk(engine->vault, VAULT_RECORD,
                                  (struct ro_bytes){0}, load_record, &loading);
    if (s == RO_OK) {
        s = vault_walk(engine->vault, VAULT_NOTICE, (struct ro_bytes){0},
                       load_notice, &loading);
    }
    if (s == RO_OK)
        s = load_checkpoint(engine);
    if (s == RO_OK)
        s = lost_load(engine);
    if (s == RO_OK || s == RO_NO_MEMORY)
        return s;
    return ro_why(why, RO_VAULT_DAMAGED,
                  "the directory in the vault does not replay");
}

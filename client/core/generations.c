/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/generations.h"

#include "client/core/row.h"
#include "common/crypto/wipe.h"

#include <string.h>

static struct ro_bytes
row_key(void)
{
    return ro_bytes_text("generations");
}

const uint8_t *
generations_psk(const struct keyring *keyring, uint32_t generation)
{
    if (generation == keyring->generation)
        return keyring->psk;
    for (size_t i = 0; i < keyring->n_later; i++) {
        if (keyring->later[i].generation == generation)
            return keyring->later[i].psk;
    }
    return NULL;
}

uint32_t
generations_now(const struct engine *engine)
{
    const struct keyring *keyring = engine->keyring;
    const struct ro_charter_view *charter =
        ro_directory_charter(engine->directory);
    uint32_t limit = charter != NULL ? charter->psk_generation : UINT32_MAX;
    uint32_t now = keyring->generation;
    for (size_t i = 0; i < keyring->n_later; i++) {
        uint32_t one = keyring->later[i].generation;
        if (one <= limit && one > now)
            now = one;
    }
    return now;
}

void
generations_renew_link(struct engine *engine)
{
    if (engine->link_generation == generations_now(engine))
        return;
    engine->is_shut_out = false;
    engine_unlink(engine);
}

/* --- keeping ------------------------------------------------------------- */

static enum ro_status
save(const struct keyring *keyring, struct vault *vault)
{
    uint8_t bytes[KEYRING_LATER_MAX * sizeof(struct keyring_psk)];
    const struct vault_place place = {VAULT_SELF, row_key(), {0}};
    size_t size = 0;
    for (size_t i = 0; i < keyring->n_later; i++) {
        const struct keyring_psk *one = &keyring->later[i];
        ro_set_u32(bytes + size, one->generation);
        memcpy(bytes + size + 4, one->psk, sizeof(one->psk));
        size += 4 + sizeof(one->psk);
    }
    enum ro_status s = vault_put(vault, &place, (struct ro_bytes){bytes, size});
    ro_wipe(bytes, sizeof(bytes));
    return s;
}

enum ro_status
generations_take(struct engine *engine,
                 uint32_t generation,
                 struct ro_bytes psk)
{
    struct keyring *keyring = engine->keyring;
    if (generation == 0 || psk.size != sizeof(keyring->psk))
        return RO_BAD_INPUT;
    if (generation <= keyring->generation ||
        generations_psk(keyring, generation) != NULL)
        return RO_OK;
    if (keyring->n_later == KEYRING_LATER_MAX) {
        memmove(keyring->later, keyring->later + 1,
                (KEYRING_LATER_MAX - 1) * sizeof(*keyring->later));
        keyring->n_later--;
    }
    struct keyring_psk *one = &keyring->later[keyring->n_later++];
    one->generation = generation;
    memcpy(one->psk, psk.data, sizeof(one->psk));
    return save(keyring, engine->vault);
}

static enum ro_status
read_row(struct ro_bytes value, struct keyring *keyring)
{
    struct row_reader row = row_read(value);
    while (row.rest.size > 0 && !row.failed) {
        if (keyring->n_later == KEYRING_LATER_MAX)
            return RO_VAULT_DAMAGED;
        struct keyring_psk *one = &keyring->later[keyring->n_later++];
        one->generation = row_u32(&row);
        row_fixed(&row, one->psk, sizeof(one->psk));
    }
    return row_end(&row);
}

enum ro_status
generations_load(struct vault *vault, struct keyring *keyring)
{
    RO_SECRET_BUF value = {0};
    enum ro_status s = vault_get(vault, VAULT_SELF, row_key(), &value);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    return read_row(ro_buf_view(&value), keyring);
}

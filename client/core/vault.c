/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/vault_internal.h"

#include <assert.h>
#include <stdarg.h>
#include <stdio.h>
#include <unistd.h>

enum ro_status
vault_damaged(struct vault *vault, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    vsnprintf(vault->damage.text, sizeof(vault->damage.text), format, args);
    va_end(args);
    return RO_VAULT_DAMAGED;
}

void
vault_damage(const struct vault *vault, struct ro_why *ret_why)
{
    bool ours = vault->damage.text[0] != '\0' || vault->epoch == NULL;
    *ret_why = ours ? vault->damage : vault->epoch->damage;
}

struct vault *
vault_epoch(struct vault *vault)
{
    return vault->epoch;
}

void
vault_free(struct vault *vault)
{
    if (vault == NULL)
        return;
    vault_free(vault->epoch);
    if (vault->state == VAULT_IN_COMMIT)
        vault_rollback(vault);
    vault_sql_close(vault);
    if (vault->lock_fd >= 0)
        close(vault->lock_fd);
    vault_key_drop(vault);
    free(vault);
}

/* --- commits ------------------------------------------------------------- */

/* Whether the file goes on from where this struct does. */
static enum ro_status
settle(struct vault *vault)
{
    const uint64_t generation = vault->head.generation;
    enum ro_status s = vault_head_load(vault);
    if (s == RO_OK && vault->head.generation == generation) {
        vault->state = VAULT_IDLE;
    } else {
        vault->state = s == RO_NO_MEMORY ? VAULT_UNSURE : VAULT_BROKEN;
    }
    return s == RO_NO_MEMORY ? s : RO_OK;
}

enum ro_status
vault_begin(struct vault *vault)
{
    assert(vault->state != VAULT_IN_COMMIT && vault->walks == 0);
    if (vault->state == VAULT_UNSURE)
        RO_TRY(settle(vault));
    if (vault->state == VAULT_BROKEN)
        return RO_IO_FAILED;
    /* going back must not be what needs memory */
    sqlite3_stmt *rollback;
    RO_TRY(vault_sql_use(vault, VAULT_SQL_ROLLBACK, &rollback));
    vault->damage.text[0] = '\0';
    RO_TRY(vault_sql_run(vault, VAULT_SQL_BEGIN));
    vault->next = vault->head;
    vault->next.generation++;
    vault->state = VAULT_IN_COMMIT;
    return RO_OK;
}

/* After a failed commit: SQLite may have rolled back by itself, and after an
 * I/O error only the file knows whether it did. */
static void
undo(struct vault *vault)
{
    if (sqlite3_get_autocommit(vault->db) ||
        vault_sql_run(vault, VAULT_SQL_ROLLBACK) == RO_OK) {
        (void)settle(vault); /* its state says what came of it */
    } else {
        vault->state = VAULT_BROKEN;
    }
}

static enum ro_status
write_commit(struct vault *vault)
{
    if (sqlite3_get_autocommit(vault->db))
        return RO_IO_FAILED; /* rolled back by SQLite: see may_write */
    RO_TRY(vault_head_store(vault, &vault->next));
    return vault_sql_run(vault, VAULT_SQL_COMMIT);
}

enum ro_status
vault_commit(struct vault *vault)
{
    assert(vault->state == VAULT_IN_COMMIT && vault->walks == 0);
    enum ro_status s = write_commit(vault);
    if (s == RO_OK) {
        vault->head = vault->next;
        vault->state = VAULT_IDLE;
        return RO_OK;
    }
    undo(vault);
    return s == RO_DISK_FULL || s == RO_NO_MEMORY ? s : RO_IO_FAILED;
}

void
vault_rollback(struct vault *vault)
{
    assert(vault->state == VAULT_IN_COMMIT && vault->walks == 0);
    undo(vault);
}

enum ro_status
vault_end(struct vault *vault, enum ro_status s)
{
    if (s == RO_OK)
        return vault_commit(vault);
    vault_rollback(vault);
    return s;
}

uint64_t
vault_generation(const struct vault *vault)
{
    return vault->state == VAULT_IN_COMMIT ? vault->next.generation
                                           : vault->head.generation;
}

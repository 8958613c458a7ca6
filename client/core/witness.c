/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/witness.h"

#include "client/core/directory.h"
#include "client/core/row.h"

#include <string.h>

/* The broker signs one an hour, so these are many. */
#define WITNESSES_MAX 16

/* What a checkpoint of somebody else says to us. */
enum verdict {
    VERDICT_NOTHING, /* not signed by our broker, or it agrees */
    VERDICT_LATER,   /* of records that we do not have yet */
    VERDICT_FORK,
};

/* A log never shrinks: the later checkpoint has as many records. */
static bool
has_shrunk(const struct ro_checkpoint *a, const struct ro_checkpoint *b)
{
    return (a->slot < b->slot && a->size > b->size) ||
           (b->slot < a->slot && b->size > a->size);
}

static enum verdict
judge(const struct engine *engine, struct ro_bytes raw)
{
    struct ro_checkpoint theirs;
    if (ro_checkpoint_open(raw, &engine->keyring->circle,
                           directory_broker_signing(engine), &theirs) != RO_OK)
        return VERDICT_NOTHING;
    if (ro_checkpoint_agrees(&theirs, engine->directory) != RO_OK)
        return VERDICT_FORK;
    if (engine->checkpoint.size > 0 &&
        (ro_checkpoint_compare(&theirs, &engine->point) != RO_OK ||
         has_shrunk(&theirs, &engine->point)))
        return VERDICT_FORK;
    return theirs.size > ro_directory_size(engine->directory) ? VERDICT_LATER
                                                              : VERDICT_NOTHING;
}

/* --- the row "witness": checkpoints, one piece each ---------------------- */

static enum ro_status
read_row(struct engine *engine, struct ro_buf *ret_row)
{
    enum ro_status s = vault_get(engine->vault, VAULT_STATE,
                                 ro_bytes_text("witness"), ret_row);
    return s == RO_NOT_FOUND ? RO_OK : s;
}

static enum ro_status
write_row(struct engine *engine, const struct ro_buf *row)
{
    struct ro_bytes key = ro_bytes_text("witness");
    if (row->size == 0)
        return vault_drop(engine->vault, VAULT_STATE, key);
    struct vault_place place = {VAULT_STATE, key, {0}};
    return vault_put(engine->vault, &place, ro_buf_view(row));
}

/* Copies what is still worth keeping, less the oldest of too many. */
struct sifting {
    struct engine *engine;
    struct ro_buf kept;
    size_t n;
    enum verdict worst;
};

static void
keep(struct sifting *sifting, struct ro_bytes raw, enum verdict verdict)
{
    if (verdict == VERDICT_NOTHING || sifting->n == WITNESSES_MAX)
        return;
    row_put_piece(&sifting->kept, raw);
    sifting->n++;
    if (verdict > sifting->worst)
        sifting->worst = verdict;
}

/* Sifts the row; proof stands first, so that it is never crowded out. */
static enum ro_status
sift(struct sifting *sifting, struct ro_bytes row)
{
    for (enum verdict wanted = VERDICT_FORK; wanted > VERDICT_NOTHING;
         wanted--) {
        struct row_reader reader = row_read(row);
        while (reader.rest.size > 0 && !reader.failed) {
            struct ro_bytes raw = row_piece(&reader);
            if (judge(sifting->engine, raw) == wanted)
                keep(sifting, raw, wanted);
        }
        RO_TRY(row_end(&reader));
    }
    return ro_buf_ok(&sifting->kept);
}

static enum ro_status
forked(struct ro_why *why)
{
    return ro_why(why, RO_FORKED,
                  "the broker shows another school a different directory; "
                  "tell the authority");
}

enum ro_status
witness_hold(struct engine *engine, struct ro_why *why)
{
    RO_AUTOBUF row = {0};
    struct sifting sifting = {.engine = engine};
    RO_TRY(read_row(engine, &row));
    if (row.size == 0)
        return RO_OK;
    enum ro_status s = sift(&sifting, ro_buf_view(&row));
    if (s == RO_OK && sifting.kept.size != row.size)
        s = write_row(engine, &sifting.kept);
    ro_buf_fini(&sifting.kept);
    RO_TRY(s);
    return sifting.worst == VERDICT_FORK ? forked(why) : RO_OK;
}

static bool
is_kept(struct ro_bytes row, struct ro_bytes raw)
{
    struct row_reader reader = row_read(row);
    while (reader.rest.size > 0 && !reader.failed) {
        if (ro_bytes_equal(row_piece(&reader), raw))
            return true;
    }
    return false;
}

/* The newest stands first: what is too much is the oldest. */
static enum ro_status
add(struct engine *engine, struct ro_bytes raw)
{
    RO_AUTOBUF row = {0};
    RO_AUTOBUF more = {0};
    struct sifting sifting = {.engine = engine};
    RO_TRY(read_row(engine, &row));
    if (is_kept(ro_buf_view(&row), raw))
        return RO_OK;
    row_put_piece(&more, raw);
    ro_buf_put(&more, row.data, row.size);
    RO_TRY(ro_buf_ok(&more));
    enum ro_status s = sift(&sifting, ro_buf_view(&more));
    if (s == RO_OK)
        s = write_row(engine, &sifting.kept);
    ro_buf_fini(&sifting.kept);
    return s;
}

enum ro_status
witness_take(struct engine *engine, struct ro_bytes raw, struct ro_why *why)
{
    enum verdict verdict = judge(engine, raw);
    if (verdict == VERDICT_NOTHING)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    enum ro_status s = add(engine, raw);
    if (s != RO_OK) {
        vault_rollback(engine->vault);
        return s;
    }
    RO_TRY(vault_commit(engine->vault));
    return verdict == VERDICT_FORK ? forked(why) : RO_OK;
}

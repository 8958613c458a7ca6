/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/mirror.h"

#include "client/core/row.h"
#include "common/crypto/column.h"

#include "frame.pb-c.h"

#define MIRROR_SIZE (RO_COLUMN_OVERHEAD + 8)

/* Row "mirror": the newest that may be at the broker. */
struct written {
    uint64_t generation;
    enum { VAULT_IS_CURRENT, VAULT_IS_SET_BACK } finding;
};

static enum ro_status
read_written(struct engine *engine, struct written *ret_written)
{
    RO_AUTOBUF value = {0};
    enum ro_status s =
        vault_get(engine->vault, VAULT_STATE, ro_bytes_text("mirror"), &value);
    *ret_written = (struct written){0};
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    ret_written->generation = row_u64(&row);
    ret_written->finding = row_u8(&row);
    return row_end(&row);
}

/* Inside a commit. */
static enum ro_status
put_written(struct engine *engine, const struct written *written)
{
    RO_AUTOBUF row = {0};
    ro_buf_put_u64(&row, written->generation);
    ro_buf_put_u8(&row, (uint8_t)written->finding);
    RO_TRY(ro_buf_ok(&row));
    struct vault_place place = {VAULT_STATE, ro_bytes_text("mirror"), {0}};
    return vault_put(engine->vault, &place, ro_buf_view(&row));
}

/* --- what the broker has said it has ------------------------------------- */

/* Row "mirror-taken": the newest that the broker has answered for. One that
 * was written down may not have got there; 0 for none. */
static enum ro_status
read_taken(struct engine *engine, uint64_t *ret_generation)
{
    RO_AUTOBUF value = {0};
    enum ro_status s = vault_get(engine->vault, VAULT_STATE,
                                 ro_bytes_text("mirror-taken"), &value);
    *ret_generation = 0;
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    struct row_reader row = row_read(ro_buf_view(&value));
    *ret_generation = row_u64(&row);
    return row_end(&row);
}

/* A commit that needs no mirror of its own. */
static enum ro_status
note_taken(struct engine *engine, uint64_t generation)
{
    uint8_t value[8];
    const struct vault_place place = {
        VAULT_STATE, ro_bytes_text("mirror-taken"), {0}};
    ro_set_u64(value, generation);
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault,
                     vault_put(engine->vault, &place,
                               (struct ro_bytes){value, sizeof(value)})));
    engine->mirror.n_quiet++;
    return RO_OK;
}

static enum ro_status
set_back(struct ro_why *why)
{
    return ro_why(why, RO_VAULT_SET_BACK,
                  "this profile is an older copy of itself, and a newer one "
                  "was at work since: nothing is sent from it. Ask your "
                  "authority for a new invitation and join into a new folder; "
                  "keep this one for reading");
}

enum ro_status
mirror_stands(struct engine *engine, struct ro_why *why)
{
    struct written written;
    RO_TRY(read_written(engine, &written));
    return written.finding == VAULT_IS_SET_BACK ? set_back(why) : RO_OK;
}

/* --- sealed -------------------------------------------------------------- */

/* Bound to its label and our mailbox. */
static enum ro_status
make_aad(const struct engine *engine, struct ro_buf *ret_aad)
{
    struct ro_bytes label = ro_label_bytes(RO_LABEL_VAULT_MIRROR);
    ro_buf_put(ret_aad, label.data, label.size);
    ro_buf_put(ret_aad, engine->keyring->seat.b, RO_ID_SIZE);
    return ro_buf_ok(ret_aad);
}

static enum ro_status
seal(struct engine *engine, uint64_t generation, struct ro_buf *ret_mirror)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *key = NULL;
    RO_AUTOBUF aad = {0};
    uint8_t plain[8];
    ro_set_u64(plain, generation);
    RO_TRY(make_aad(engine, &aad));
    RO_TRY(vault_derive(engine->vault, RO_LABEL_VAULT_MIRROR, &key));
    return ro_column_seal(ro_secret_data(key), &engine->entropy,
                          ro_buf_view(&aad),
                          (struct ro_bytes){plain, sizeof(plain)}, ret_mirror);
}

/* RO_BAD_SEAL for what we never left. */
static enum ro_status
open_mirror(struct engine *engine,
            struct ro_bytes mirror,
            uint64_t *ret_generation)
{
    RO_CLEANUP(ro_secret_freep) struct ro_secret *key = NULL;
    RO_AUTOBUF aad = {0};
    RO_AUTOBUF plain = {0};
    if (mirror.size != MIRROR_SIZE)
        return RO_BAD_SEAL;
    RO_TRY(make_aad(engine, &aad));
    RO_TRY(vault_derive(engine->vault, RO_LABEL_VAULT_MIRROR, &key));
    enum ro_status s =
        ro_column_open(ro_secret_data(key), ro_buf_view(&aad), mirror, &plain);
    if (s == RO_VAULT_DAMAGED)
        return RO_BAD_SEAL;
    RO_TRY(s);
    *ret_generation = ro_get_u64(plain.data);
    return RO_OK;
}

/* --- compared ------------------------------------------------------------ */

/* Every mirror was written down before it was sent: one that is newer than
 * what stands here was left by a later self. (The vault's own generation would
 * not tell: an old copy catches up by what it commits.) */
static enum ro_status
compare(struct engine *engine, struct ro_bytes mirror, struct ro_why *why)
{
    struct written written;
    uint64_t generation = 0;
    uint64_t taken;
    RO_TRY(read_written(engine, &written));
    RO_TRY(read_taken(engine, &taken));
    enum ro_status s = open_mirror(engine, mirror, &generation);
    engine->mirror.is_wanting = s != RO_OK || generation < written.generation;
    engine->mirror.is_older = s == RO_OK && generation < taken;
    if (s == RO_BAD_SEAL) {
        engine->mirror.is_unreadable = true;
        return RO_OK;
    }
    RO_TRY(s);
    if (generation <= written.generation)
        return RO_OK;
    written.finding = VAULT_IS_SET_BACK;
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault, put_written(engine, &written)));
    return set_back(why);
}

/* A broker that has answered for one, and has none, is from before it. */
static enum ro_status
note_missing(struct engine *engine)
{
    uint64_t taken;
    RO_TRY(read_taken(engine, &taken));
    engine->mirror.is_wanting = true;
    engine->mirror.is_older = taken > 0;
    return RO_OK;
}

enum ro_status
mirror_check(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    const struct link_ask asked = {LINK_MEMBER, RO_VERB_HELLO, NULL,
                                   &reachout__hello__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, why, &got));
    const Reachout__Hello__Answer *answer = (const void *)got.message;
    RO_TRY(answer->has_mirror ? compare(engine, ro_field(&answer->mirror), why)
                              : note_missing(engine));
    engine->mirror.is_checked = true;
    return RO_OK;
}

enum ro_status
mirror_check_once(struct engine *engine,
                  int64_t deadline_ms,
                  struct ro_why *why)
{
    if (engine->mirror.is_checked)
        return RO_OK;
    return mirror_check(engine, deadline_ms, why);
}

/* --- left ---------------------------------------------------------------- */

/* Writes down what will be the vault's generation with that. */
static enum ro_status
write_down(struct engine *engine, uint64_t *ret_generation)
{
    RO_TRY(vault_begin(engine->vault));
    const struct written next = {vault_generation(engine->vault),
                                 VAULT_IS_CURRENT};
    RO_TRY(vault_end(engine->vault, put_written(engine, &next)));
    *ret_generation = next.generation;
    return RO_OK;
}

enum ro_status
mirror_leave(struct engine *engine, int64_t deadline_ms, struct ro_why *why)
{
    struct written written;
    uint64_t generation;
    RO_AUTOBUF mirror = {0};
    RO_TRY(read_written(engine, &written));
    if (!engine->mirror.is_wanting &&
        vault_generation(engine->vault) <=
            written.generation + engine->mirror.n_quiet)
        return RO_OK;
    RO_TRY(write_down(engine, &generation));
    engine->mirror.n_quiet = 0;
    RO_TRY(seal(engine, generation, &mirror));

    Reachout__Ack__Ask ask = REACHOUT__ACK__ASK__INIT;
    ask.has_mailbox = ask.has_mirror = true;
    ask.mailbox =
        ro_as_field((struct ro_bytes){engine->keyring->seat.b, RO_ID_SIZE});
    ask.mirror = ro_as_field(ro_buf_view(&mirror));
    const struct link_ask asked = {LINK_MEMBER, RO_VERB_ACK, &ask.base,
                                   &reachout__ack__answer__descriptor,
                                   deadline_ms};
    struct link_answer got;
    RO_TRY(link_ask(engine->link, &asked, engine->arena, why, &got));
    engine->mirror.is_wanting = false;
    engine->mirror.is_left = true;
    return note_taken(engine, generation);
}

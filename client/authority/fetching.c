/* SPDX-License-Identifier: Apache-2.0 */
/* The directory log fetched, and held against what is here. */
#include "client/authority/fetching.h"

#include "client/authority/asking.h"
#include "client/authority/log.h"
#include "client/authority/proposal.h"
#include "common/wire/checkpoint.h"
#include "common/wire/codec.h"

/* What is next after a rollback, for who alone can mend it. */
#define WHOSE_BACKUP                                                           \
    "; if its operator restored a backup: reachout authority mend --dir %s"

enum ro_status
authority_log_check_answer(const struct authority *authority,
                           const Reachout__Directory__Answer *answer,
                           struct ro_why *why)
{
    uint64_t have = ro_directory_size(authority->directory);
    uint64_t seen = authority->state.pin_size;
    if (seen < have)
        seen = have;
    if (answer->size < seen) {
        return ro_why(why, RO_ROLLED_BACK,
                      "the broker has %llu directory records, and had %llu "
                      "before" WHOSE_BACKUP,
                      (unsigned long long)answer->size,
                      (unsigned long long)seen, authority->dir);
    }
    if (answer->n_records == 0 && answer->size > have)
        return ro_why(why, RO_FROZEN, "the broker withholds records");
    if (answer->n_records > 0 && answer->from != have)
        return ro_why(why, RO_BAD_FRAME, "the broker sent other records");
    return RO_OK;
}

/* --- fetching ------------------------------------------------------------ */

static enum ro_status
take_record(struct authority *authority,
            struct ro_bytes raw,
            struct ro_why *why)
{
    static const struct ro_replaying replaying = {RO_REPLAY_CHECK, 0};
    if (authority->log.size + raw.size > AUTHORITY_LOG_LIMIT - 4)
        return ro_why(why, RO_TOO_LARGE, "the directory is too large");
    RO_TRY(ro_directory_add(authority->directory, raw, &replaying, why));
    ro_buf_put_u32(&authority->log, (uint32_t)raw.size);
    ro_buf_put(&authority->log, raw.data, raw.size);
    return ro_buf_ok(&authority->log);
}

/* Says what an empty log means. */
static enum ro_status
take_none(const struct authority *authority, struct ro_why *why)
{
    if (authority->state.pin_size == 0)
        return RO_OK;
    return ro_why(why, RO_ROLLED_BACK,
                  "the broker has no directory, and had %llu records "
                  "before" WHOSE_BACKUP,
                  (unsigned long long)authority->state.pin_size,
                  authority->dir);
}

/* One ask for records; the checkpoint that came with them is left in
 * `checkpoint`. */
static enum ro_status
fetch(struct authority *authority,
      struct ro_why *why,
      struct ro_buf *checkpoint,
      bool *ret_more)
{
    Reachout__Directory__Ask ask = REACHOUT__DIRECTORY__ASK__INIT;
    const ProtobufCMessage *message;
    ask.has_from = true;
    ask.from = ro_directory_size(authority->directory);
    *ret_more = false;
    enum ro_status s =
        authority_ask(authority, RO_VERB_DIRECTORY, &ask.base, why, &message);
    if (s == RO_NOT_READY && authority->link != NULL)
        return take_none(authority, why);
    RO_TRY(s);
    const Reachout__Directory__Answer *answer = (const void *)message;
    RO_TRY(authority_log_check_answer(authority, answer, why));
    for (size_t i = 0; i < answer->n_records; i++)
        RO_TRY(take_record(authority, ro_field(&answer->records[i]), why));
    ro_buf_clear(checkpoint);
    ro_buf_put(checkpoint, answer->checkpoint.data, answer->checkpoint.len);
    RO_TRY(ro_buf_ok(checkpoint));
    *ret_more = answer->size > ro_directory_size(authority->directory);
    return RO_OK;
}

/* --- what must hold ------------------------------------------------------ */

enum ro_status
authority_log_check_point(const struct authority *authority,
                          struct ro_bytes raw,
                          struct ro_why *why)
{
    const struct ro_key *key =
        &ro_directory_charter(authority->directory)->broker_signing;
    struct ro_checkpoint point;
    struct ro_checkpoint last;
    enum ro_status s = ro_checkpoint_open(raw, &authority->circle, key, &point);
    if (s != RO_OK)
        return ro_why(why, s, "the broker's checkpoint is not signed by it");
    s = ro_checkpoint_agrees(&point, authority->directory);
    /* one of a broker that was replaced does not open any more */
    bool has_last =
        ro_checkpoint_open(ro_buf_view(&authority->state.checkpoint),
                           &authority->circle, key, &last) == RO_OK;
    if (s == RO_OK && has_last)
        s = ro_checkpoint_compare(&point, &last);
    if (s != RO_OK) {
        return ro_why(why, s,
                      "the directory differs from the one that the broker "
                      "showed before");
    }
    if (has_last && point.slot < last.slot) {
        return ro_why(why, RO_ROLLED_BACK,
                      "the broker serves an older checkpoint than before; ask "
                      "its operator whether a backup was restored");
    }
    uint32_t hour = ro_hour_of(ro_clock_wall_s(&authority->world.clock));
    if (point.slot + RO_FREEZE_HOURS < hour) {
        return ro_why(why, RO_FROZEN,
                      "the broker's newest checkpoint is %u hours old",
                      hour - point.slot);
    }
    return RO_OK;
}

/* Writes the cache, then the pin: a pin never speaks of more than there is. */
static enum ro_status
keep(struct authority *authority,
     const struct ro_buf *checkpoint,
     struct ro_why *why)
{
    struct authority_state *state = &authority->state;
    RO_AUTOFREE char *path = authority_path(authority->dir, AUTHORITY_LOG_FILE);
    if (path == NULL)
        return RO_NO_MEMORY;
    uint64_t size = ro_directory_size(authority->directory);
    struct ro_bytes fresh = ro_buf_view(checkpoint);
    if (size == state->pin_size &&
        ro_bytes_equal(fresh, ro_buf_view(&state->checkpoint)))
        return RO_OK;
    if (size != state->pin_size) {
        RO_TRY(ro_file_write(path, ro_buf_view(&authority->log), RO_FILE_SECRET,
                             why));
    }
    RO_TRY(ro_directory_head(authority->directory, size, &state->pin_head));
    state->pin_size = size;
    ro_buf_clear(&state->checkpoint);
    ro_buf_put(&state->checkpoint, fresh.data, fresh.size);
    RO_TRY(ro_buf_ok(&state->checkpoint));
    return authority_state_save(authority->dir, state, why);
}

enum ro_status
authority_log_sync(struct authority *authority, struct ro_why *why)
{
    RO_AUTOBUF checkpoint = {0};
    bool more = true;
    while (more)
        RO_TRY(fetch(authority, why, &checkpoint, &more));
    if (ro_directory_size(authority->directory) == 0)
        return RO_OK;
    enum ro_status s = authority_log_check_pin(authority);
    if (s != RO_OK)
        return ro_why(why, s, "the broker shows another directory than before");
    RO_TRY(authority_log_check_point(authority, ro_buf_view(&checkpoint), why));
    return keep(authority, &checkpoint, why);
}

enum ro_status
authority_log_catch_up(struct authority *authority, struct ro_why *why)
{
    if (authority->draft == NULL)
        return authority_log_sync(authority, why);
    if (authority->draft->n_records > 0 ||
        authority->broker.open_endpoint[0] == '\0')
        return RO_OK;
    enum ro_status s = authority_log_sync(authority, why);
    return s == RO_UNREACHABLE ? RO_OK : s;
}

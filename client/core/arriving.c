/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/arriving.h"

#include "client/core/arriving_row.h"
#include "client/core/chunk.h"
#include "client/core/riding.h"
#include "client/core/story.h"
#include "common/wire/codec.h"

#include <string.h>

static struct chunk_place
chunk_of(const struct arriving *file, uint32_t index)
{
    return (struct chunk_place){
        &file->id, index, file->state == ARRIVING_EARLY ? &file->writer : NULL};
}

/* --- rows ---------------------------------------------------------------- */

enum ro_status
arriving_get(struct vault *vault,
             const struct ro_attachment_id *id,
             struct arriving *ret_file)
{
    const struct arriving known = {.id = *id};
    return arriving_row_get(vault, &known, ret_file);
}

/* What came early of one seat. */
static enum ro_status
get_early(struct vault *vault,
          const struct ro_attachment_id *id,
          const struct ro_seat_id *writer,
          struct arriving *ret_file)
{
    const struct arriving early = {
        .id = *id, .state = ARRIVING_EARLY, .writer = *writer};
    return arriving_row_get(vault, &early, ret_file);
}

bool
arriving_is_whole(const struct arriving *file)
{
    return (file->state == ARRIVING_KNOWN || file->state == ARRIVING_SAVED) &&
           file->n_here == file->chunks;
}

void
arriving_saved(struct vault *vault, const struct arriving *file)
{
    struct arriving saved = *file;
    saved.state = ARRIVING_SAVED;
    if (file->state == ARRIVING_SAVED || vault_begin(vault) != RO_OK)
        return;
    enum ro_status s = vault_end(vault, arriving_row_put(vault, &saved));
    (void)s;
}

static bool
is_here(const struct arriving *file, uint32_t index)
{
    return (file->here[index / 8] & (1u << (index % 8))) != 0;
}

static void
note_here(struct arriving *file, uint32_t index)
{
    file->here[index / 8] |= (uint8_t)(1u << (index % 8));
    file->n_here++;
}

/* The data of a chunk that is here; none behind the end of the file. */
static enum ro_status
get_chunk(struct vault *vault,
          const struct arriving *file,
          uint32_t index,
          struct ro_buf *ret_data)
{
    const struct chunk_place place = chunk_of(file, index);
    enum ro_status s = chunk_get(vault, &place, ret_data);
    return s == RO_NOT_FOUND ? RO_OK : s;
}

enum ro_status
arriving_chunk(struct vault *vault,
               const struct arriving *file,
               uint32_t index,
               struct ro_buf *ret_data)
{
    const size_t before = ret_data->size;
    RO_TRY(get_chunk(vault, file, index, ret_data));
    return ret_data->size - before == ro_chunk_size(file->size, index)
               ? RO_OK
               : RO_VAULT_DAMAGED;
}

static enum ro_status
drop_chunks(struct vault *vault, const struct arriving *file)
{
    for (uint32_t i = 0; i < RO_CHUNKS_MAX; i++) {
        const struct chunk_place place = chunk_of(file, i);
        if (is_here(file, i))
            RO_TRY(chunk_drop(vault, &place));
    }
    return RO_OK;
}

/* Keeps nothing of a file but that it was there. */
static enum ro_status
drop_kept(struct vault *vault, struct arriving *file)
{
    RO_TRY(drop_chunks(vault, file));
    memset(file->here, 0, sizeof(file->here));
    file->n_here = 0;
    return RO_OK;
}

/* A walk that reads the rows. */
struct walking {
    arriving_fn *fn;
    void *user;
};

static enum ro_status
walk_one(void *user, struct ro_bytes value)
{
    const struct walking *walking = user;
    struct arriving file;
    RO_TRY(arriving_row_read(value, &file));
    return walking->fn(walking->user, &file);
}

static enum ro_status
walk(struct vault *vault, struct ro_bytes tag, arriving_fn *fn, void *user)
{
    struct walking walking = {fn, user};
    return vault_walk(vault, VAULT_FILE, tag, walk_one, &walking);
}

enum ro_status
arriving_walk(struct vault *vault, arriving_fn *fn, void *user)
{
    return walk(vault, (struct ro_bytes){0}, fn, user);
}

/* --- the message --------------------------------------------------------- */

static enum ro_status
drop_file(struct vault *vault, const struct arriving *file)
{
    RO_TRY(drop_chunks(vault, file));
    return arriving_row_drop(vault, file);
}

static enum ro_status
put_chunk(struct vault *vault,
          const struct arriving *file,
          uint32_t index,
          struct ro_bytes data)
{
    const struct chunk_place place = chunk_of(file, index);
    return data.size == 0 ? RO_OK : chunk_put(vault, &place, data);
}

/* Takes what came early of the same sender in the same thread; it must fit what
 * the message says now. */
static enum ro_status
take_early(struct vault *vault,
           const struct arriving *early,
           struct arriving *file)
{
    RO_AUTOBUF data = {0};
    for (uint32_t i = 0; i < RO_CHUNKS_MAX; i++) {
        if (!is_here(early, i))
            continue;
        ro_buf_clear(&data);
        RO_TRY(get_chunk(vault, early, i, &data));
        RO_TRY(put_chunk(vault, file, i, ro_buf_view(&data)));
        note_here(file, i);
        if (i >= file->chunks || data.size != ro_chunk_size(file->size, i))
            file->state = ARRIVING_BROKEN;
    }
    return RO_OK;
}

static enum ro_status
take_over(struct vault *vault, struct arriving *file)
{
    struct arriving early;
    enum ro_status s = get_early(vault, &file->id, &file->writer, &early);
    if (s == RO_NOT_FOUND)
        return RO_OK;
    RO_TRY(s);
    if (file->state == ARRIVING_KNOWN &&
        ro_thread_id_equal(&early.thread, &file->thread))
        RO_TRY(take_early(vault, &early, file));
    return drop_file(vault, &early);
}

/* What one member's files take, or may still take, that nobody has saved. Of
 * those that cannot become whole nothing is kept. */
struct unsaved {
    struct ro_member_id side;
    uint64_t bytes;
};

static enum ro_status
add_unsaved(void *user, const struct arriving *file)
{
    struct unsaved *unsaved = user;
    if (file->state == ARRIVING_KNOWN &&
        ro_member_id_equal(&file->side, &unsaved->side))
        unsaved->bytes += file->size;
    return RO_OK;
}

/* A file that is too much is known by its message, and nothing of it is kept.
 */
static enum ro_status
check_unsaved(struct vault *vault, struct arriving *file)
{
    struct unsaved unsaved = {.side = file->side};
    RO_TRY(arriving_walk(vault, add_unsaved, &unsaved));
    if (unsaved.bytes + file->size > ARRIVING_UNSAVED_BYTES)
        file->state = ARRIVING_MUCH;
    return RO_OK;
}

/* A file whose id another message has already stays what it is there. */
static enum ro_status
announce_one(struct vault *vault,
             const struct opened *opened,
             const Reachout__Attachment *attachment,
             enum arriving_whole *whole)
{
    const struct message *message = &opened->message;
    struct arriving before;
    struct arriving file = {
        .state = ARRIVING_KNOWN,
        .message = message->row,
        .writer = message->writer,
        .side = message->side,
        .thread = message->thread,
        .size = attachment->size,
        .chunks = attachment->chunks,
        .since_s = message->arrived_at_s,
    };
    RO_TRY(ro_field_copy(&attachment->id, file.id.b, RO_ID_SIZE));
    RO_TRY(ro_field_copy(&attachment->hash, file.hash.b, RO_HASH_SIZE));
    enum ro_status s = arriving_get(vault, &file.id, &before);
    if (s == RO_OK) {
        *whole = ARRIVING_INCOMPLETE;
        return RO_OK;
    }
    if (s != RO_NOT_FOUND)
        return s;
    RO_TRY(check_unsaved(vault, &file));
    RO_TRY(take_over(vault, &file));
    if (file.state == ARRIVING_BROKEN)
        RO_TRY(drop_kept(vault, &file));
    if (!arriving_is_whole(&file))
        *whole = ARRIVING_INCOMPLETE;
    return arriving_row_put(vault, &file);
}

enum ro_status
arriving_announce(struct engine *engine,
                  const struct opened *opened,
                  enum arriving_whole *ret_whole)
{
    const Reachout__Say *say = opened->content->say;
    enum arriving_whole whole = ARRIVING_WHOLE;
    for (size_t i = 0; say != NULL && i < say->n_attachments; i++) {
        RO_TRY(
            announce_one(engine->vault, opened, say->attachments[i], &whole));
    }
    *ret_whole = whole;
    return RO_OK;
}

enum ro_status
arriving_ours(struct vault *vault,
              const Reachout__Attachment *attachment,
              const struct row_id *message)
{
    struct arriving file = {.state = ARRIVING_OURS,
                            .message = *message,
                            .size = attachment->size,
                            .chunks = attachment->chunks};
    RO_TRY(ro_field_copy(&attachment->id, file.id.b, RO_ID_SIZE));
    return arriving_row_put(vault, &file);
}

/* --- a chunk ------------------------------------------------------------- */

/* What waits of one member for messages that are not here. */
struct waiting {
    struct ro_member_id side;
    uint64_t bytes;
    uint32_t chunks;
};

static enum ro_status
add_waiting(void *user, const struct arriving *file)
{
    struct waiting *waiting = user;
    if (!ro_member_id_equal(&file->side, &waiting->side))
        return RO_OK;
    waiting->bytes += file->size;
    waiting->chunks += file->n_here;
    return RO_OK;
}

/* Nothing that nobody has announced may fill this disk. */
static enum ro_status
check_room(struct engine *engine,
           const struct opened *opened,
           struct ro_why *why)
{
    struct waiting waiting = {.side = opened->side};
    RO_TRY(walk(engine->vault, ro_bytes_text(ARRIVING_EARLY_TAG), add_waiting,
                &waiting));
    if (waiting.chunks >= ARRIVING_EARLY_CHUNKS ||
        waiting.bytes + opened->content->chunk->data.len >
            ARRIVING_EARLY_BYTES) {
        return ro_why(why, RO_MISBOUND,
                      "it is a piece of a file that no message here has "
                      "announced, and there are too many of those");
    }
    return RO_OK;
}

/* The file that a chunk belongs to; a new one if its message is still to
 * come. */
static enum ro_status
find_file(struct engine *engine,
          const struct opened *opened,
          struct ro_why *why,
          struct arriving *ret_file)
{
    const struct message *message = &opened->message;
    struct ro_attachment_id id;
    RO_TRY(
        ro_field_copy(&opened->content->chunk->attachment, id.b, RO_ID_SIZE));
    enum ro_status s = arriving_get(engine->vault, &id, ret_file);
    if (s == RO_NOT_FOUND)
        s = get_early(engine->vault, &id, &message->writer, ret_file);
    if (s == RO_NOT_FOUND) {
        *ret_file = (struct arriving){.id = id,
                                      .state = ARRIVING_EARLY,
                                      .writer = message->writer,
                                      .side = message->side,
                                      .thread = message->thread,
                                      .chunks = RO_CHUNKS_MAX,
                                      .since_s = message->arrived_at_s};
        return RO_OK;
    }
    RO_TRY(s);
    if (!ro_seat_id_equal(&ret_file->writer, &message->writer) ||
        !ro_thread_id_equal(&ret_file->thread, &message->thread)) {
        return ro_why(why, RO_MISBOUND,
                      "it is a piece of a file that somebody else has sent");
    }
    return RO_OK;
}

static enum ro_status
check_chunk(struct engine *engine,
            const struct opened *opened,
            const struct arriving *file,
            struct ro_why *why)
{
    const Reachout__Chunk *chunk = opened->content->chunk;
    if (file->state == ARRIVING_EARLY)
        RO_TRY(check_room(engine, opened, why));
    if (chunk->index >= file->chunks || is_here(file, chunk->index) ||
        (file->state != ARRIVING_EARLY &&
         (file->state != ARRIVING_KNOWN ||
          chunk->data.len != ro_chunk_size(file->size, chunk->index)))) {
        return ro_why(why, RO_MISBOUND,
                      "it is a piece that its file does not have");
    }
    return RO_OK;
}

static enum ro_status
keep_chunk(struct vault *vault,
           const Reachout__Chunk *chunk,
           struct arriving *file)
{
    RO_TRY(put_chunk(vault, file, chunk->index, ro_field(&chunk->data)));
    if (file->state == ARRIVING_EARLY)
        file->size += chunk->data.len;
    note_here(file, chunk->index);
    return arriving_row_put(vault, file);
}

enum ro_status
arriving_all_here(struct vault *vault,
                  const struct message *message,
                  enum arriving_whole *ret_whole)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    *ret_whole = ARRIVING_WHOLE;
    if (message->purpose != RO_PURPOSE_SAY)
        return RO_OK;
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    for (size_t i = 0; i < content->say->n_attachments; i++) {
        struct ro_attachment_id id;
        struct arriving one;
        RO_TRY(
            ro_field_copy(&content->say->attachments[i]->id, id.b, RO_ID_SIZE));
        RO_TRY(arriving_get(vault, &id, &one));
        if (!arriving_is_whole(&one) ||
            memcmp(one.message.b, message->row.b, RO_ID_SIZE) != 0)
            *ret_whole = ARRIVING_INCOMPLETE;
    }
    return RO_OK;
}

/* The last chunk of all makes its message whole. */
static enum ro_status
owe_receipt(struct engine *engine, const struct arriving *file)
{
    RO_AUTOMESSAGE message = {0};
    enum arriving_whole whole;
    if (!arriving_is_whole(file))
        return RO_OK;
    RO_TRY(message_get(engine->vault, &file->message, &message));
    RO_TRY(arriving_all_here(engine->vault, &message, &whole));
    return whole == ARRIVING_WHOLE ? riding_owe(engine, &message) : RO_OK;
}

enum ro_status
arriving_take(struct engine *engine,
              const struct opened *opened,
              struct ro_why *why)
{
    struct arriving file;
    RO_TRY(find_file(engine, opened, why, &file));
    if (file.state == ARRIVING_MUCH) { /* its message says so */
        return message_remember(engine->vault, &opened->message.id,
                                opened->expiry_hour);
    }
    RO_TRY(check_chunk(engine, opened, &file, why));
    RO_TRY(keep_chunk(engine->vault, opened->content->chunk, &file));
    RO_TRY(message_remember(engine->vault, &opened->message.id,
                            opened->expiry_hour));
    return owe_receipt(engine, &file);
}

/* --- what nobody announced ----------------------------------------------- */

struct forgetting {
    int64_t before_s;
    struct ro_buf *files; /* struct arriving, one after the other */
};

static enum ro_status
collect_old(void *user, const struct arriving *file)
{
    const struct forgetting *forgetting = user;
    if (file->since_s < forgetting->before_s)
        ro_buf_put(forgetting->files, file, sizeof(*file));
    return ro_buf_ok(forgetting->files);
}

static enum ro_status
drop_files(struct vault *vault, const struct arriving *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        RO_TRY(drop_file(vault, &files[i]));
    }
    return RO_OK;
}

enum ro_status
arriving_forget(struct engine *engine, size_t *ret_n)
{
    RO_AUTOBUF files = {0};
    struct forgetting forgetting = {engine_past_s(engine) - ARRIVING_EARLY_S,
                                    &files};
    *ret_n = 0;
    RO_TRY(walk(engine->vault, ro_bytes_text(ARRIVING_EARLY_TAG), collect_old,
                &forgetting));
    if (files.size == 0)
        return RO_OK;
    const size_t n = files.size / sizeof(struct arriving);
    RO_TRY(vault_begin(engine->vault));
    RO_TRY(vault_end(engine->vault,
                     drop_files(engine->vault, (const void *)files.data, n)));
    *ret_n = n;
    return RO_OK;
}

/* --- what never came whole ----------------------------------------------- */

static enum ro_status
collect_overdue(void *user, const struct arriving *file)
{
    const struct forgetting *forgetting = user;
    return file->state == ARRIVING_KNOWN && !arriving_is_whole(file)
               ? collect_old(user, file)
               : ro_buf_ok(forgetting->files);
}

static enum ro_status
break_files(struct vault *vault, const struct arriving *files, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        struct arriving file = files[i];
        file.state = ARRIVING_BROKEN;
        RO_TRY(drop_kept(vault, &file));
        RO_TRY(arriving_row_put(vault, &file));
    }
    return RO_OK;
}

enum ro_status
arriving_give_up(struct engine *engine)
{
    RO_AUTOBUF files = {0};
    struct forgetting forgetting = {engine_past_s(engine) - ARRIVING_OVER_S,
                                    &files};
    RO_TRY(arriving_walk(engine->vault, collect_overdue, &forgetting));
    if (files.size == 0)
        return RO_OK;
    RO_TRY(vault_begin(engine->vault));
    return vault_end(engine->vault,
                     break_files(engine->vault, (const void *)files.data,
                                 files.size / sizeof(struct arriving)));
}

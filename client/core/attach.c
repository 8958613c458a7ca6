/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/attach.h"

#include "client/core/arriving.h"
#include "client/core/chunk.h"
#include "client/core/filename.h"
#include "client/core/story.h"
#include "common/base/text.h"
#include "common/crypto/hash.h"
#include "common/wire/codec.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The row of a chunk in the outbox follows from its file's id, which is
 * random: so all of them are found without a list. */
static struct row_id
row_of(const struct ro_attachment_id *file, uint32_t index)
{
    struct row_id row;
    memcpy(row.b, file->b, RO_ID_SIZE);
    ro_set_u32(row.b + RO_ID_SIZE - 4,
               ro_get_u32(row.b + RO_ID_SIZE - 4) ^ index);
    return row;
}

/* --- reading ------------------------------------------------------------- */

/* One file being read. */
struct file_reading {
    struct engine *engine;
    struct ro_why *why;
    const char *path;
    uint64_t room; /* bytes that may come yet */
    int fd;
    struct ro_attachment_id id;
    uint64_t size;
    struct ro_hashing hashing;
};

static void
close_file(struct file_reading *reading)
{
    if (reading->fd >= 0)
        close(reading->fd);
}

static enum ro_status
too_large(const struct file_reading *reading)
{
    return ro_why(reading->why, RO_BAD_INPUT,
                  "%s is too large; all files of a message may have %u MiB "
                  "together",
                  reading->path, RO_ATTACHMENTS_LIMIT / 1024 / 1024);
}

/* Without waiting, or a pipe without a writer would hold up everything. */
static enum ro_status
open_file(struct file_reading *reading)
{
    struct stat st;
    reading->fd = open(reading->path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
    if (reading->fd < 0) {
        return ro_why(reading->why,
                      errno == ENOENT ? RO_NOT_FOUND : RO_BAD_INPUT, "%s: %s",
                      reading->path, strerror(errno));
    }
    if (fstat(reading->fd, &st) != 0 || !S_ISREG(st.st_mode)) {
        return ro_why(reading->why, RO_BAD_INPUT,
                      "%s is no plain file; put what you want to send into one",
                      reading->path);
    }
    return (uint64_t)st.st_size > reading->room ? too_large(reading) : RO_OK;
}

/* Reads a whole chunk, or what there is before the end of the file. */
static enum ro_status
read_chunk(const struct file_reading *reading,
           uint8_t *ret_data,
           size_t *ret_size)
{
    size_t size = 0;
    while (size < RO_CHUNK_LIMIT) {
        ssize_t n = read(reading->fd, ret_data + size, RO_CHUNK_LIMIT - size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0) {
            return ro_why(reading->why, RO_IO_FAILED, "%s: %s", reading->path,
                          strerror(errno));
        }
        if (n == 0)
            break;
        size += (size_t)n;
    }
    *ret_size = size;
    return RO_OK;
}

/* The file may grow while it is read: what counts is what was read. */
static enum ro_status
read_chunks(struct file_reading *reading)
{
    RO_AUTOFREE uint8_t *data = malloc(RO_CHUNK_LIMIT);
    size_t n = RO_CHUNK_LIMIT;
    if (data == NULL)
        return RO_NO_MEMORY;
    ro_hashing_begin(RO_LABEL_ATTACHMENT, &reading->hashing);
    for (uint32_t index = 0; n == RO_CHUNK_LIMIT; index++) {
        RO_TRY(read_chunk(reading, data, &n));
        if (n > reading->room - reading->size)
            return too_large(reading);
        if (n == 0)
            break;
        const struct ro_bytes chunk = {data, n};
        ro_hashing_add(&reading->hashing, chunk);
        const struct chunk_place place = {&reading->id, index, NULL};
        RO_TRY(chunk_put(reading->engine->vault, &place, chunk));
        reading->size += n;
    }
    return RO_OK;
}

/* What the message says of it. */
static enum ro_status
describe(struct file_reading *reading,
         struct ro_arena *arena,
         Reachout__Attachment *ret_attachment)
{
    char name[FILENAME_ROOM];
    uint8_t *bytes = ro_arena_take(arena, RO_ID_SIZE + RO_HASH_SIZE);
    struct ro_hash hash;
    filename_clean(reading->path, name);
    reachout__attachment__init(ret_attachment);
    ret_attachment->name = ro_arena_text(arena, name);
    if (bytes == NULL || ret_attachment->name == NULL)
        return RO_NO_MEMORY;
    ro_hashing_end(&reading->hashing, &hash);
    memcpy(bytes, reading->id.b, RO_ID_SIZE);
    memcpy(bytes + RO_ID_SIZE, hash.b, RO_HASH_SIZE);
    ret_attachment->has_id = ret_attachment->has_size = true;
    ret_attachment->has_hash = ret_attachment->has_chunks = true;
    ret_attachment->id = (ProtobufCBinaryData){RO_ID_SIZE, bytes};
    ret_attachment->hash =
        (ProtobufCBinaryData){RO_HASH_SIZE, bytes + RO_ID_SIZE};
    ret_attachment->size = reading->size;
    ret_attachment->chunks = ro_chunks_of(reading->size);
    return RO_OK;
}

static enum ro_status
read_file(struct file_reading *reading,
          struct ro_arena *arena,
          Reachout__Attachment *ret_attachment)
{
    ro_entropy_fill(&reading->engine->entropy, reading->id.b, RO_ID_SIZE);
    enum ro_status s = open_file(reading);
    if (s == RO_OK)
        s = read_chunks(reading);
    close_file(reading);
    RO_TRY(s);
    return describe(reading, arena, ret_attachment);
}

enum ro_status
attach_read(struct engine *engine,
            const struct attach_paths *paths,
            struct ro_arena *arena,
            struct ro_why *why,
            Reachout__Say *say)
{
    uint64_t room = RO_ATTACHMENTS_LIMIT;
    if (paths->n > RO_ATTACHMENTS_MAX) {
        return ro_why(why, RO_BAD_INPUT,
                      "%zu files are too many for one message; at most %d",
                      paths->n, RO_ATTACHMENTS_MAX);
    }
    Reachout__Attachment *list = ro_arena_zero(arena, sizeof(*list) * paths->n);
    say->attachments =
        ro_arena_zero(arena, sizeof(Reachout__Attachment *) * (paths->n + 1));
    if ((paths->n > 0 && list == NULL) || say->attachments == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < paths->n; i++) {
        struct file_reading reading = {.engine = engine,
                                       .why = why,
                                       .path = paths->at[i],
                                       .room = room,
                                       .fd = -1};
        RO_TRY(read_file(&reading, arena, &list[i]));
        room -= reading.size;
        say->attachments[say->n_attachments++] = &list[i];
    }
    return RO_OK;
}

/* --- in the outbox ------------------------------------------------------- */

static enum ro_status
send_file(struct engine *engine,
          const struct outgoing *message,
          const Reachout__Attachment *attachment)
{
    struct outgoing piece = {
        .request = message->request,
        .thread = message->thread,
        .members = message->members, /* borrowed */
        .piece = {.of = message->row},
    };
    RO_TRY(ro_field_copy(&attachment->id, piece.piece.file.b, RO_ID_SIZE));
    for (uint32_t i = 0; i < attachment->chunks; i++) {
        piece.row = row_of(&piece.piece.file, i);
        piece.piece.index = i;
        RO_TRY(outgoing_put(engine->vault, &piece));
    }
    return arriving_ours(engine->vault, attachment, &message->row);
}

enum ro_status
attach_send(struct engine *engine,
            const struct row_id *row,
            const Reachout__Say *say)
{
    RO_AUTOOUTGOING message = {0};
    RO_TRY(outgoing_get(engine->vault, row, &message));
    for (size_t i = 0; i < say->n_attachments; i++) {
        RO_TRY(send_file(engine, &message, say->attachments[i]));
        message.n_pieces += say->attachments[i]->chunks;
    }
    return outgoing_put(engine->vault, &message);
}

static struct chunk_place
place_of(const struct outgoing *piece)
{
    return (struct chunk_place){&piece->piece.file, piece->piece.index, NULL};
}

enum ro_status
attach_load(struct vault *vault, struct outgoing *outgoing)
{
    const struct chunk_place place = place_of(outgoing);
    ro_buf_clear(&outgoing->body);
    enum ro_status s = chunk_get(vault, &place, &outgoing->body);
    if (s != RO_NOT_FOUND)
        return s;
    /* behind the end of a file there is nothing to keep before it is sealed */
    return outgoing->standing == OUTGOING_DRAFT ? RO_OK : RO_VAULT_DAMAGED;
}

enum ro_status
attach_keep(struct vault *vault, const struct outgoing *outgoing)
{
    const struct chunk_place place = place_of(outgoing);
    return chunk_put(vault, &place, ro_buf_view(&outgoing->body));
}

static enum ro_status
drop(struct vault *vault, const struct ro_attachment_id *file, uint32_t index)
{
    const struct row_id row = row_of(file, index);
    const struct chunk_place place = {file, index, NULL};
    RO_TRY(chunk_drop(vault, &place));
    return outgoing_drop(vault, &row);
}

enum ro_status
attach_drop(struct vault *vault, const struct outgoing *outgoing)
{
    return drop(vault, &outgoing->piece.file, outgoing->piece.index);
}

static enum ro_status
drop_file(struct vault *vault, const Reachout__Attachment *attachment)
{
    struct ro_attachment_id file;
    RO_TRY(ro_field_copy(&attachment->id, file.b, RO_ID_SIZE));
    for (uint32_t i = 0; i < attachment->chunks; i++)
        RO_TRY(drop(vault, &file, i));
    return RO_OK;
}

enum ro_status
attach_drop_all(struct vault *vault, const struct message *message)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = ro_arena_new(0, 0);
    if (message->purpose != RO_PURPOSE_SAY)
        return RO_OK;
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    for (size_t i = 0; i < content->say->n_attachments; i++)
        RO_TRY(drop_file(vault, content->say->attachments[i]));
    return RO_OK;
}

/* SPDX-License-Identifier: Apache-2.0 */
#include "client/core/saving.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "client/core/arriving.h"
#include "client/core/filename.h"
#include "common/base/file.h"
#include "common/crypto/hash.h"
#include "common/crypto/wipe.h"
#include "common/wire/codec.h"

/* --- how files stand ----------------------------------------------------- */

static enum ro_attachment_state
state_of(const struct engine *engine, const struct arriving *file)
{
    if (file->state == ARRIVING_OURS)
        return RO_ATTACHMENT_OURS;
    if (arriving_is_whole(file))
        return RO_ATTACHMENT_HERE;
    return file->state == ARRIVING_KNOWN &&
                   file->since_s + ARRIVING_OVER_S > engine_past_s(engine)
               ? RO_ATTACHMENT_ARRIVING
               : RO_ATTACHMENT_FAILED;
}

static const char never_whole[] = "never came whole; ask them for it again";
static const char too_much[] =
    "not kept: they have sent more than 200 MiB that nobody here has saved; "
    "save some of that, and ask them for this one again";

/* What the message says of a file, and what is here of it. A file that another
 * message had announced before is not this one's. */
static enum ro_status
view_one(const struct viewing *viewing,
         const struct message *message,
         const Reachout__Attachment *attachment,
         struct ro_attachment *ret_one)
{
    char name[FILENAME_ROOM];
    struct arriving file;
    struct ro_attachment one = {.size = attachment->size,
                                .pieces = attachment->chunks,
                                .state = RO_ATTACHMENT_FAILED,
                                .failed = never_whole};
    RO_TRY(ro_field_copy(&attachment->id, one.id.b, RO_ID_SIZE));
    filename_clean(attachment->name, name);
    one.name = ro_arena_text(viewing->arena, name);
    if (one.name == NULL)
        return RO_NO_MEMORY;
    enum ro_status s = arriving_get(viewing->engine->vault, &one.id, &file);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    if (s == RO_OK && memcmp(file.message.b, message->row.b, RO_ID_SIZE) == 0) {
        one.state = state_of(viewing->engine, &file);
        one.n_here = file.n_here;
        if (file.state == ARRIVING_MUCH)
            one.failed = too_much;
    }
    if (one.state != RO_ATTACHMENT_FAILED)
        one.failed = NULL;
    *ret_one = one;
    return RO_OK;
}

/* Pieces of our own files leave in their order; the outbox knows how many have
 * not. */
static enum ro_status
count_left(const struct viewing *viewing,
           const struct message *message,
           struct ro_attachment *list,
           size_t n)
{
    RO_AUTOOUTGOING outgoing = {0};
    enum ro_status s =
        outgoing_get(viewing->engine->vault, &message->row, &outgoing);
    if (s != RO_OK && s != RO_NOT_FOUND)
        return s;
    uint32_t waiting = outgoing.n_pieces;
    for (size_t i = n; i > 0; i--) {
        struct ro_attachment *one = &list[i - 1];
        uint32_t here = waiting < one->pieces ? waiting : one->pieces;
        one->n_here = one->pieces - here;
        waiting -= here;
    }
    return RO_OK;
}

enum ro_status
saving_attachments(const struct viewing *viewing,
                   const struct message *message,
                   const struct ro_attachment **ret_list,
                   size_t *ret_n)
{
    Reachout__Content *content;
    RO_CLEANUP(ro_arena_freep) struct ro_arena *arena = NULL;
    *ret_list = NULL;
    *ret_n = 0;
    if (message->purpose != RO_PURPOSE_SAY)
        return RO_OK;
    arena = ro_arena_new(0, 0);
    if (arena == NULL)
        return RO_NO_MEMORY;
    RO_TRY(story_content(message, arena, &content));
    const Reachout__Say *say = content->say;
    struct ro_attachment *list =
        ro_arena_zero(viewing->arena, (say->n_attachments + 1) * sizeof(*list));
    if (list == NULL)
        return RO_NO_MEMORY;
    for (size_t i = 0; i < say->n_attachments; i++)
        RO_TRY(view_one(viewing, message, say->attachments[i], &list[i]));
    if (say->n_attachments > 0 && list[0].state == RO_ATTACHMENT_OURS)
        RO_TRY(count_left(viewing, message, list, say->n_attachments));
    *ret_list = list;
    *ret_n = say->n_attachments;
    return RO_OK;
}

/* --- which file ---------------------------------------------------------- */

struct search {
    const char *prefix;
    struct find_choices choices;
    struct arriving found;
};

static enum ro_status
look_at(void *user, const struct arriving *file)
{
    struct search *search = user;
    char hex[RO_ID_HEX];
    ro_hex(file->id.b, RO_ID_SIZE, hex);
    if (file->state == ARRIVING_EARLY ||
        strncmp(hex, search->prefix, strlen(search->prefix)) != 0)
        return RO_OK;
    search->found = *file;
    if (search->choices.n < RO_LEN(search->choices.hex))
        memcpy(search->choices.hex[search->choices.n++], hex, sizeof(hex));
    return RO_OK;
}

static enum ro_status
find_file(const struct viewing *viewing,
          const char *prefix,
          struct arriving *ret_file)
{
    struct search search = {.prefix = prefix};
    RO_TRY(find_check(prefix, viewing->why));
    RO_TRY(arriving_walk(viewing->engine->vault, look_at, &search));
    if (search.choices.n == 0) {
        return ro_why(viewing->why, RO_NOT_FOUND,
                      "no file here begins with '%s'; see read, or run sync?",
                      prefix);
    }
    if (search.choices.n > 1) {
        RO_TRY(view_choices(viewing, &search.choices));
        return ro_why(viewing->why, RO_AMBIGUOUS,
                      "'%s' begins more than one id", prefix);
    }
    *ret_file = search.found;
    return RO_OK;
}

/* What it is called and how it stands, as its message has it. */
static enum ro_status
find_message(const struct viewing *viewing,
             const struct arriving *file,
             struct ro_attachment *ret_one)
{
    RO_AUTOMESSAGE message = {0};
    const struct ro_attachment *list;
    size_t n;
    RO_TRY(message_get(viewing->engine->vault, &file->message, &message));
    RO_TRY(saving_attachments(viewing, &message, &list, &n));
    for (size_t i = 0; i < n; i++) {
        if (ro_attachment_id_equal(&list[i].id, &file->id)) {
            *ret_one = list[i];
            return RO_OK;
        }
    }
    return RO_VAULT_DAMAGED;
}

/* --- writing ------------------------------------------------------------- */

/* Called for each chunk with data, in their order. */
typedef enum ro_status chunk_fn(void *user, struct ro_bytes data);

static enum ro_status
each_chunk(struct vault *vault,
           const struct arriving *file,
           chunk_fn *fn,
           void *user)
{
    RO_SECRET_BUF data = {0};
    enum ro_status s = RO_OK;
    for (uint32_t i = 0; s == RO_OK && ro_chunk_size(file->size, i) > 0; i++) {
        ro_buf_clear(&data);
        s = arriving_chunk(vault, file, i, &data);
        if (s == RO_OK)
            s = fn(user, ro_buf_view(&data));
    }
    return s;
}

static enum ro_status
add_to_hash(void *user, struct ro_bytes data)
{
    ro_hashing_add(user, data);
    return RO_OK;
}

/* Before the first byte is written: what came must be what was announced. */
static enum ro_status
check_hash(const struct viewing *viewing, const struct arriving *file)
{
    struct ro_hashing hashing;
    struct ro_hash hash;
    ro_hashing_begin(RO_LABEL_ATTACHMENT, &hashing);
    RO_TRY(each_chunk(viewing->engine->vault, file, add_to_hash, &hashing));
    ro_hashing_end(&hashing, &hash);
    if (memcmp(hash.b, file->hash.b, RO_HASH_SIZE) == 0)
        return RO_OK;
    return ro_why(viewing->why, RO_REFUSED,
                  "what came is not the file that its message announced, and "
                  "is not saved; ring them, and ask for it again");
}

/* A file being written. */
struct writing {
    const char *path;
    struct ro_why *why;
    int fd;
};

static enum ro_status
write_failed(const struct writing *writing)
{
    int error = errno;
    return ro_why(writing->why, RO_IO_FAILED, "%s: %s", writing->path,
                  strerror(error));
}

static enum ro_status
write_chunk(void *user, struct ro_bytes data)
{
    const struct writing *writing = user;
    while (data.size > 0) {
        ssize_t n = write(writing->fd, data.data, data.size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return write_failed(writing);
        data.data += n;
        data.size -= (size_t)n;
    }
    return RO_OK;
}

static enum ro_status
write_all(struct vault *vault,
          const struct arriving *file,
          struct writing *writing)
{
    enum ro_status s = each_chunk(vault, file, write_chunk, writing);
    if (s == RO_OK && fsync(writing->fd) != 0)
        s = write_failed(writing);
    if (close(writing->fd) != 0 && s == RO_OK)
        s = write_failed(writing);
    return s == RO_OK ? ro_file_sync_name(writing->path, writing->why) : s;
}

/* Never over what is there, nor through a link: the name must be new. */
static enum ro_status
write_file(const struct viewing *viewing,
           const struct arriving *file,
           const char *path)
{
    struct writing writing = {.path = path, .why = viewing->why};
    writing.fd =
        open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (writing.fd < 0 && errno == EEXIST) {
        return ro_why(viewing->why, RO_REFUSED,
                      "%s is there already, and nothing is written over; "
                      "choose another name",
                      path);
    }
    if (writing.fd < 0)
        return write_failed(&writing);
    enum ro_status s = write_all(viewing->engine->vault, file, &writing);
    if (s != RO_OK)
        unlink(path);
    return s;
}

/* In a folder it has its own name. */
static enum ro_status
choose_path(const struct viewing *viewing,
            const char *out,
            const char *name,
            const char **ret_path)
{
    struct stat st;
    RO_AUTOBUF path = {0};
    ro_buf_printf(&path, "%s", out);
    if (stat(out, &st) == 0 && S_ISDIR(st.st_mode)) {
        ro_buf_printf(&path, "%s%s", out[strlen(out) - 1] == '/' ? "" : "/",
                      name);
    }
    ro_buf_put_u8(&path, '\0');
    RO_TRY(ro_buf_ok(&path));
    *ret_path = ro_arena_text(viewing->arena, (const char *)path.data);
    return *ret_path == NULL ? RO_NO_MEMORY : RO_OK;
}

static enum ro_status
may_save(const struct viewing *viewing, const struct ro_attachment *one)
{
    switch (one->state) {
    case RO_ATTACHMENT_HERE:
        return RO_OK;
    case RO_ATTACHMENT_OURS:
        return ro_why(viewing->why, RO_REFUSED,
                      "this file went from here; it is where it was then, and "
                      "is not kept a second time");
    case RO_ATTACHMENT_ARRIVING:
        return ro_why(viewing->why, RO_REFUSED,
                      "%u of its %u pieces are here; run sync, and try again",
                      one->n_here, one->pieces);
    case RO_ATTACHMENT_FAILED:
    default:
        return ro_why(viewing->why, RO_REFUSED, "%s", one->failed);
    }
}

enum ro_status
saving_save(const struct viewing *viewing, const struct ro_save *save)
{
    struct arriving file;
    struct ro_result *result = viewing->result;
    const char *path;
    RO_TRY(find_file(viewing, save->attachment, &file));
    RO_TRY(find_message(viewing, &file, &result->attachment));
    RO_TRY(may_save(viewing, &result->attachment));
    RO_TRY(choose_path(viewing, save->out, result->attachment.name, &path));
    RO_TRY(check_hash(viewing, &file));
    RO_TRY(write_file(viewing, &file, path));
    arriving_saved(viewing->engine->vault, &file);
    result->saved = path;
    return RO_OK;
}

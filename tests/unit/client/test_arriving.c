/* SPDX-License-Identifier: Apache-2.0 */
/* Files that come: in any order, from whom they should, and no more than was
 * announced; what is saved is what was sent, and over nothing. */
#include "tests/unit/client/files.h"
#include "tests/unit/client/forge.h"
#include "tests/unit/client/friends.h"

#include "client/core/arriving.h"
#include "common/crypto/hash.h"
#include "common/wire/codec.h"

#include <sys/stat.h>
#include <unistd.h>

#define DAY 86400
#define SIZE (2 * RO_CHUNK_LIMIT + 10) /* three chunks, and an empty one */

static char request[RO_ID_HEX];
static char thread[RO_ID_HEX];
static uint64_t sequence; /* of ann's last forgery to ben */

static void
open_circle(void)
{
    open_two();
    snprintf(request, sizeof(request), "%s", pair_answered(ann, ben));
    snprintf(thread, sizeof(thread), "%s", thread_between(request, ann, ben));
    pair_sync_all(pair);
    sequence = 1; /* the ask */
}

/* --- by hand ------------------------------------------------------------- */

/* A file as ann may announce it, and one of its chunks. */
struct made {
    uint8_t id[RO_ID_SIZE];
    uint8_t data[SIZE];
    struct ro_hash hash;
    Reachout__Attachment attachment;
    Reachout__Attachment *list[1];
    Reachout__Chunk chunk;
};

static void
make(struct made *made, uint8_t id)
{
    memset(made->id, id, sizeof(made->id));
    for (size_t i = 0; i < SIZE; i++)
        made->data[i] = (uint8_t)(i * 7 + id);
    const struct ro_bytes whole = {made->data, SIZE};
    ro_hash_256(RO_LABEL_ATTACHMENT, &whole, 1, &made->hash);
    reachout__attachment__init(&made->attachment);
    Reachout__Attachment *one = &made->attachment;
    one->has_id = one->has_size = one->has_hash = one->has_chunks = 1;
    one->id = ro_as_field((struct ro_bytes){made->id, RO_ID_SIZE});
    static char name[] = "plan.pdf";
    one->name = name;
    one->size = SIZE;
    one->hash = ro_as_field((struct ro_bytes){made->hash.b, RO_HASH_SIZE});
    one->chunks = 4;
    made->list[0] = one;
}

static struct ro_bytes
chunk_of(const struct made *made, uint32_t index)
{
    size_t size = ro_chunk_size(SIZE, index);
    if (size == 0) /* padding */
        return (struct ro_bytes){0};
    return (struct ro_bytes){made->data + (size_t)index * RO_CHUNK_LIMIT, size};
}

static void
forge_file(struct forgery *forgery, struct seat *from, struct made *made)
{
    forge_init(forgery, from, ben);
    forge_thread(forgery, request);
    forgery->say.attachments = made->list;
    forgery->say.n_attachments = 1;
    forgery->sequence = ++sequence;
}

static void
forge_chunk(struct forgery *forgery, struct seat *from, struct made *made)
{
    forge_init(forgery, from, ben);
    forge_thread(forgery, request);
    reachout__chunk__init(&made->chunk);
    forgery->content.say = NULL;
    forgery->content.chunk = &made->chunk;
    made->chunk.has_attachment = made->chunk.has_index = 1;
    made->chunk.attachment = made->attachment.id;
    forgery->sequence = ++sequence;
}

static void
set_chunk(struct made *made, uint32_t index, struct ro_bytes data)
{
    made->chunk.index = index;
    made->chunk.has_data = data.size > 0;
    made->chunk.data = ro_as_field(data);
}

static void
post_file(struct made *made)
{
    struct forgery forgery;
    forge_file(&forgery, ann, made);
    forge_post(&forgery);
}

static void
post_chunk(struct made *made, uint32_t index)
{
    struct forgery forgery;
    forge_chunk(&forgery, ann, made);
    set_chunk(made, index, chunk_of(made, index));
    forge_post(&forgery);
}

/* The next sync brings one refusal, with these words in it. */
static void
is_refused(const char *words)
{
    tap_is(seat_sync(ben), RO_OK);
    tap_need(seat_trouble(ben, 0) != NULL && seat_trouble(ben, 1) == NULL);
    tap_is(seat_trouble(ben, 0)->trouble, RO_MISBOUND);
    if (!tap_ok(strstr(seat_trouble(ben, 0)->why.text, words) != NULL))
        printf("# %s\n", seat_trouble(ben, 0)->why.text);
}

static bool
saves_as_sent(const struct made *made, const char *name)
{
    char hex[RO_ID_HEX];
    const char *path = files_path(pair, name);
    RO_AUTOBUF saved = {0};
    ro_hex(made->id, RO_ID_SIZE, hex);
    return files_save(ben, hex, path) == RO_OK &&
           ro_file_read(path, SIZE, NULL, &saved) == RO_OK &&
           ro_bytes_equal(ro_buf_view(&saved),
                          (struct ro_bytes){made->data, SIZE});
}

/* --- in any order -------------------------------------------------------- */

static struct made file;
static struct made other;

static void
test_any_order(void)
{
    open_circle();
    size_t owed = files_owed(ben);
    make(&file, 1);
    post_chunk(&file, 3);
    post_chunk(&file, 1);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0, "chunks alone are not told");
    post_file(&file);
    tap_is(seat_sync(ben), RO_OK);
    struct ro_attachment seen = files_seen(ben, thread, 0);
    tap_ok(seen.state == RO_ATTACHMENT_ARRIVING && seen.n_here == 2);
    seat_restart(ben);
    post_chunk(&file, 2);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(files_owed(ben) == owed);
    post_chunk(&file, 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0 && files_owed(ben) == owed + 1,
            "the last one makes it whole");
    tap_ok(saves_as_sent(&file, "out"));
    close_circle();
}

/* All of it before its message. */
static void
test_message_comes_last(void)
{
    open_circle();
    size_t owed = files_owed(ben);
    make(&file, 1);
    for (uint32_t i = 0; i < 4; i++)
        post_chunk(&file, i);
    post_file(&file);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 1 && seat_trouble(ben, 0) == NULL);
    tap_ok(files_owed(ben) == owed + 1);
    tap_ok(saves_as_sent(&file, "out"));
    close_circle();
}

static void
test_replays_are_silent(void)
{
    struct mail mail[8];
    open_circle();
    make(&file, 1);
    post_file(&file);
    for (uint32_t i = 0; i < 4; i++)
        post_chunk(&file, i);
    tap_need(pair_mail(pair, ben, mail, 8) == 5);
    tap_is(seat_sync(ben), RO_OK);
    size_t chunks = files_chunks(ben);
    for (size_t i = 0; i < 5; i++)
        test_must(pair_post(pair, &mail[4 - i].envelope));
    tap_is(seat_sync(ben), RO_OK);
    tap_say(seat_news(ben) == 0 && files_chunks(ben) == chunks,
            "what came twice is acked in silence");
    tap_ok(pair_mail(pair, ben, mail + 5, 1) == 0);
    mail_fini(mail, 5);
    close_circle();
}

/* The broker loses a chunk: the gap shows, it is asked for, and comes. */
static void
test_a_lost_chunk_comes_again(void)
{
    struct mail mail[8];
    open_circle();
    const char *path = files_make(pair, "plan", 150000);
    engine_unlink(ben->engine); /* or it is pushed at once */
    test_must(files_say(ann, thread, &path, 1));
    tap_need(pair_mail(pair, ben, mail, 8) == 5);
    pair_lose(pair, ben, &mail[2]);
    mail_fini(mail, 5);
    tap_is(seat_sync(ben), RO_OK);
    struct ro_attachment seen = files_seen(ben, thread, 0);
    tap_ok(seen.state == RO_ATTACHMENT_ARRIVING && seen.n_here == 3);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(seat_sync(ann), RO_OK);
    tap_need(pair_mail(pair, ben, mail, 8) == 1);
    mail_fini(mail, 1);
    tap_is(seat_sync(ben), RO_OK);
    seen = files_seen(ben, thread, 0);
    tap_ok(seen.state == RO_ATTACHMENT_HERE);
    tap_is(files_save(ben, files_id(&seen), files_path(pair, "out")), RO_OK);
    tap_ok(files_are(files_path(pair, "out"), 150000));
    close_circle();
}

/* --- what does not belong ------------------------------------------------ */

static void
test_pieces_that_do_not_fit(void)
{
    struct forgery forgery;
    open_circle();
    make(&file, 1);
    post_file(&file);
    tap_is(seat_sync(ben), RO_OK);
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 4, (struct ro_bytes){file.data, 10});
    forge_post(&forgery); /* beyond the last one */
    is_refused("does not have");
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 4, (struct ro_bytes){0});
    forge_post(&forgery); /* the same, empty */
    is_refused("does not have");
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 2, (struct ro_bytes){file.data, 11});
    forge_post(&forgery); /* one byte too many */
    is_refused("does not have");
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 3, (struct ro_bytes){file.data, 1});
    forge_post(&forgery); /* behind the end */
    is_refused("does not have");
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 0, (struct ro_bytes){0});
    forge_post(&forgery); /* nothing where something is */
    is_refused("does not have");
    post_chunk(&file, 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 0);
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 0, (struct ro_bytes){file.data + 1, RO_CHUNK_LIMIT});
    forge_post(&forgery); /* another one in its place */
    is_refused("does not have");
    for (uint32_t i = 1; i < 4; i++)
        post_chunk(&file, i);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(saves_as_sent(&file, "out"), "none of that has harmed it");
    close_circle();
}

/* A colleague of ann's, and a school that was asked as well. */
static void
test_pieces_of_somebody_else(void)
{
    struct forgery forgery;
    open_circle();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__OFFICE);
    cat = pair_school(pair, 3);
    pair_sync_all(pair);
    make(&file, 1);
    post_file(&file);
    tap_is(seat_sync(ben), RO_OK);
    forge_chunk(&forgery, amy, &file);
    forgery.sequence = 1;
    set_chunk(&file, 0, (struct ro_bytes){other.data, RO_CHUNK_LIMIT});
    forge_post(&forgery);
    is_refused("somebody else");
    forge_chunk(&forgery, cat, &file);
    forgery.sequence = 1;
    set_chunk(&file, 0, (struct ro_bytes){other.data, RO_CHUNK_LIMIT});
    forge_post(&forgery); /* in a request in which cat has no say */
    is_refused("not its own");
    tap_ok(files_seen(ben, thread, 0).n_here == 0);
    close_circle();
}

/* The other way round: somebody's pieces lie there under the id of a file whose
 * sender's pieces come before its message, too. Neither is in the other's way.
 */
static void
test_pieces_of_somebody_else_before(void)
{
    struct forgery forgery;
    open_circle();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__OFFICE);
    pair_sync_all(pair);
    make(&file, 1);
    forge_chunk(&forgery, amy, &file);
    forgery.sequence = 1;
    set_chunk(&file, 0, (struct ro_bytes){other.data, RO_CHUNK_LIMIT});
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(files_chunks(ben) == 1);
    post_chunk(&file, 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 0 && files_chunks(ben) == 2);
    post_file(&file);
    for (uint32_t i = 1; i < 4; i++)
        post_chunk(&file, i);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(saves_as_sent(&file, "out"));
    tap_say(saves_as_sent(&file, "again"), "and a second time");
    pair_pass(pair, 31 * DAY);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(files_chunks(ben) == 3, "the other's are dropped in time");
    close_circle();
}

/* Early pieces that do not fit what is announced then: the file is broken, its
 * message is read all the same, and no receipt is given. */
static void
test_early_pieces_that_do_not_fit(void)
{
    struct forgery forgery;
    open_circle();
    size_t owed = files_owed(ben);
    make(&file, 1);
    forge_chunk(&forgery, ann, &file);
    set_chunk(&file, 9, (struct ro_bytes){file.data, 10});
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    post_file(&file);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_shows(ben, "Hello.") == 1);
    struct ro_attachment seen = files_seen(ben, thread, 0);
    tap_is(seen.state, RO_ATTACHMENT_FAILED);
    tap_say(files_chunks(ben) == 0, "nothing of it is kept");
    tap_is(files_save(ben, files_id(&seen), files_path(pair, "out")),
           RO_REFUSED);
    post_chunk(&file, 0);
    is_refused("does not have");
    tap_ok(files_owed(ben) == owed);
    close_circle();
}

/* An id that another message has already. */
static void
test_an_id_twice(void)
{
    struct forgery forgery;
    open_circle();
    make(&file, 1);
    make(&other, 1);
    other.data[5] ^= 1;
    post_file(&file);
    for (uint32_t i = 0; i < 4; i++)
        post_chunk(&file, i);
    tap_is(seat_sync(ben), RO_OK);
    static char again[] = "Again.";
    pair_pass(pair, 5);
    forge_file(&forgery, ann, &other);
    forgery.say.text = again;
    forge_post(&forgery);
    size_t owed = files_owed(ben);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_FAILED);
    tap_ok(files_owed(ben) == owed);
    tap_say(saves_as_sent(&file, "out"), "the first one is what it was");
    close_circle();
}

/* --- what nobody announced ----------------------------------------------- */

/* A member may have so much waiting here, and no more. */
static void
test_early_pieces_are_bounded(void)
{
    struct forgery forgery;
    open_circle();
    make(&file, 1);
    make(&other, 2);
    post_chunk(&file, 0);
    tap_is(seat_sync(ben), RO_OK);
    /* as if nearly all of the room had been used */
    RO_AUTOBUF row = {0};
    uint8_t key[2 * RO_ID_SIZE];
    memcpy(key, file.id, RO_ID_SIZE);
    memcpy(key + RO_ID_SIZE, ann->circle_seat->id.b, RO_ID_SIZE);
    test_must(vault_get(ben->engine->vault, VAULT_FILE,
                        (struct ro_bytes){key, sizeof(key)}, &row));
    const size_t size_at = RO_ID_SIZE + 1 + 4 * RO_ID_SIZE;
    tap_need(ro_get_u64(row.data + size_at) == RO_CHUNK_LIMIT);
    ro_set_u64(row.data + size_at, ARRIVING_EARLY_BYTES - 10);
    const struct vault_place place = {
        VAULT_FILE, {key, sizeof(key)},
         ro_bytes_text("early")
    };
    test_must(vault_begin(ben->engine->vault));
    test_must(
        vault_end(ben->engine->vault,
                  vault_put(ben->engine->vault, &place, ro_buf_view(&row))));
    post_chunk(&other, 0);
    is_refused("too many");
    forge_chunk(&forgery, ann, &other);
    set_chunk(&other, 2, chunk_of(&other, 2)); /* 10 bytes, which fit */
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(seat_news(ben) == 0);
    post_chunk(&other, 1);
    is_refused("too many");
    close_circle();
}

static void
test_early_pieces_are_forgotten(void)
{
    open_circle();
    make(&file, 1);
    post_chunk(&file, 0);
    tap_is(seat_sync(ben), RO_OK);
    pair_pass(pair, 29 * DAY);
    tap_is(seat_sync(ben), RO_OK);
    tap_ok(files_chunks(ben) == 1);
    pair_pass(pair, 2 * DAY);
    tap_is(seat_sync(ben), RO_OK);
    size_t n = 0;
    for (size_t i = 0; seat_trouble(ben, i) != NULL; i++)
        n += strstr(seat_trouble(ben, i)->why.text, "dropped") != NULL;
    tap_say(n == 1, "it is told once");
    tap_ok(files_chunks(ben) == 0);
    close_circle();
}

/* What never came whole is failed once the broker has forgotten the rest. */
static void
test_never_whole(void)
{
    open_circle();
    make(&file, 1);
    post_file(&file);
    post_chunk(&file, 0);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_ARRIVING);
    pair_pass(pair, 121 * DAY);
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_FAILED);
    close_circle();
}

/* --- saving -------------------------------------------------------------- */

static void
test_what_is_announced_is_saved(void)
{
    open_circle();
    make(&file, 1);
    file.hash.b[7] ^= 1;
    post_file(&file);
    for (uint32_t i = 0; i < 4; i++)
        post_chunk(&file, i);
    tap_is(seat_sync(ben), RO_OK);
    struct ro_attachment seen = files_seen(ben, thread, 0);
    tap_is(seen.state, RO_ATTACHMENT_HERE);
    tap_is(files_save(ben, files_id(&seen), files_path(pair, "out")),
           RO_REFUSED);
    tap_ok(strstr(ben->job->result.why, "announced") != NULL);
    tap_say(access(files_path(pair, "out"), F_OK) != 0, "no byte is written");
    close_circle();
}

static void
test_over_nothing(void)
{
    struct stat st;
    open_circle();
    make(&file, 1);
    static char name[] = "../\u202e-rf";
    file.attachment.name = name;
    post_file(&file);
    for (uint32_t i = 0; i < 4; i++)
        post_chunk(&file, i);
    tap_is(seat_sync(ben), RO_OK);
    struct ro_attachment seen = files_seen(ben, thread, 0);
    tap_ok(strcmp(seen.name, "_-rf") == 0);
    tap_is(files_save(ben, files_id(&seen), files_path(pair, "")), RO_OK);
    tap_say(strstr(ben->job->result.saved, "//") == NULL,
            "a folder's name may end with its slash");
    const char *there = files_make(pair, "there", 3);
    tap_is(files_save(ben, files_id(&seen), there), RO_REFUSED);
    tap_ok(strstr(ben->job->result.why, "written over") != NULL);
    tap_ok(files_are(there, 3));
    const char *link_path = files_path(pair, "link");
    tap_need(symlink(files_path(pair, "target"), link_path) == 0);
    tap_is(files_save(ben, files_id(&seen), link_path), RO_REFUSED);
    tap_say(access(files_path(pair, "target"), F_OK) != 0,
            "nor through a link that leads nowhere");
    const char *folder = files_path(pair, "folder");
    tap_need(mkdir(folder, 0700) == 0);
    mode_t before = umask(0);
    tap_is(files_save(ben, files_id(&seen), folder), RO_OK);
    umask(before);
    tap_need(stat(files_path(pair, "folder/_-rf"), &st) == 0);
    tap_ok(st.st_mode == (S_IFREG | 0600) && st.st_size == SIZE);
    tap_ok(strcmp(ben->job->result.saved, files_path(pair, "folder/_-rf")) ==
           0);
    tap_is(files_save(ben, files_id(&seen), folder), RO_REFUSED);
    tap_is(files_save(ben, files_id(&seen), files_path(pair, "no/such/x")),
           RO_IO_FAILED);
    close_circle();
}

static void
test_which_file(void)
{
    struct forgery forgery;
    char hex[RO_ID_HEX];
    open_circle();
    make(&file, 0x11);
    make(&other, 0x11);
    other.id[15] = 0x12;
    post_file(&file);
    forge_file(&forgery, ann, &other);
    static char again[] = "Again.";
    forgery.say.text = again;
    forge_post(&forgery);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(files_save(ben, "11", files_path(pair, "x")), RO_AMBIGUOUS);
    tap_ok(ben->job->result.n_choices == 2);
    tap_is(files_save(ben, "22", files_path(pair, "x")), RO_NOT_FOUND);
    tap_is(files_save(ben, "x", files_path(pair, "x")), RO_BAD_INPUT);
    tap_is(files_save(ben, "", files_path(pair, "x")), RO_BAD_INPUT);
    const char *path = files_make(pair, "mine", 10);
    pair_pass(pair, 5);
    test_must(files_say(ben, thread, &path, 1));
    struct ro_attachment mine = files_seen(ben, thread, 0);
    tap_is(files_save(ben, files_id(&mine), files_path(pair, "x")), RO_REFUSED);
    tap_ok(strstr(ben->job->result.why, "went from here") != NULL);
    ro_hex(other.id, RO_ID_SIZE, hex);
    tap_is(files_save(ben, hex, files_path(pair, "x")), RO_REFUSED);
    tap_ok(strstr(ben->job->result.why, "0 of its 4") != NULL);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    make(&other, 9);
    tap_run(test_any_order);
    tap_run(test_message_comes_last);
    tap_run(test_replays_are_silent);
    tap_run(test_a_lost_chunk_comes_again);
    tap_run(test_pieces_that_do_not_fit);
    tap_run(test_pieces_of_somebody_else);
    tap_run(test_pieces_of_somebody_else_before);
    tap_run(test_early_pieces_that_do_not_fit);
    tap_run(test_an_id_twice);
    tap_run(test_early_pieces_are_bounded);
    tap_run(test_early_pieces_are_forgotten);
    tap_run(test_never_whole);
    tap_run(test_what_is_announced_is_saved);
    tap_run(test_over_nothing);
    tap_run(test_which_file);
    return tap_done();
}

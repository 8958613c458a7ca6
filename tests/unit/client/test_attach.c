/* SPDX-License-Identifier: Apache-2.0 */
/*
 * Files that leave: read once, sent behind all words, whole after a crash at
 * every step, forgotten with the receipt. (Linked with --wrap for the
 * functions below; tests/e2e kills real processes.)
 */
#include "tests/unit/client/asked.h"
#include "tests/unit/client/files.h"
#include "tests/unit/client/friends.h"

#include "client/core/attach.h"
#include "client/core/outbox.h"
#include "common/wire/codec.h"

#include "frame.pb-c.h"

#include <sys/stat.h>
#include <unistd.h>

static char thread[RO_ID_HEX];

/* --- where it stops ------------------------------------------------------ */

enum ro_status __real_vault_end(struct vault *vault, enum ro_status s);
enum ro_status __wrap_vault_end(struct vault *vault, enum ro_status s);
/* Steps are counted from 1; two for each commit and ask: before and after.
 * Deposits are counted, and beyond `credit` refused. */
static struct {
    int at; /* the step that crashes; 0: none */
    int step;
    bool crashed;
    int deposits;
    int credit; /* -1: as the broker says */
} world = {.credit = -1};

static bool
crashes_here(void)
{
    world.step++;
    if (world.step == world.at)
        world.crashed = true;
    return world.crashed;
}

enum ro_status
__wrap_vault_end(struct vault *vault, enum ro_status s)
{
    if (crashes_here()) {
        vault_rollback(vault);
        return RO_IO_FAILED;
    }
    s = __real_vault_end(vault, s);
    return crashes_here() ? RO_IO_FAILED : s;
}

enum ro_status
on_ask(const struct asked *asked)
{
    bool deposit = asked->ask->verb == RO_VERB_DEPOSIT;
    if (crashes_here())
        return RO_IO_FAILED;
    if (deposit && world.credit >= 0 && world.deposits >= world.credit)
        return RO_NO_CREDIT;
    world.deposits += deposit;
    enum ro_status s = asked_go(asked);
    return crashes_here() ? RO_IO_FAILED : s;
}

/* --- two schools --------------------------------------------------------- */

/* All receipts paid, nothing in an outbox. */
static void
quiet(void)
{
    pair_pass(pair, 5 * 3600);
    pair_sync_all(pair);
    pair_sync_all(pair);
    tap_need(files_outbox(ann) == 0 && files_outbox(ben) == 0);
}

static void
open_circle(void)
{
    snprintf(thread, sizeof(thread), "%s", open_thread());
    quiet();
    world.deposits = 0;
}

static enum ro_place
place_now(void)
{
    test_must(seat_read(ann, thread));
    const struct ro_result *result = &ann->job->result;
    return result->messages[result->n_messages - 1].place;
}

/* A sync whose own deposits do not count. */
static enum ro_status
sync_uncounted(struct seat *seat)
{
    const int deposits = world.deposits;
    enum ro_status s = seat_sync(seat);
    world.deposits = deposits;
    return s;
}

/* --- from one to the other ----------------------------------------------- */

static void
test_there_and_back(void)
{
    static const size_t sizes[] = {0, 1, 61440, 61441, 200000};
    open_circle();
    for (size_t i = 0; i < RO_LEN(sizes); i++) {
        char name[32];
        snprintf(name, sizeof(name), "file %zu.pdf", i);
        const char *path = files_make(pair, name, sizes[i]);
        tap_is(files_say(ann, thread, &path, 1), RO_OK);
        tap_is(seat_sync(ben), RO_OK);
        tap_ok(seat_news(ben) == 1 && seat_trouble(ben, 0) == NULL);
        const struct ro_attachment seen = files_seen(ben, thread, 0);
        tap_ok(seen.size == sizes[i] && seen.state == RO_ATTACHMENT_HERE);
        tap_ok(seen.n_here == seen.pieces && strcmp(seen.name, name) == 0);
        char out[64];
        snprintf(out, sizeof(out), "out %zu", i);
        const char *saved = files_path(pair, out);
        tap_is(files_save(ben, files_id(&seen), saved), RO_OK);
        tap_say(files_are(saved, sizes[i]), name);
    }
    close_circle();
}

/* Two files of one message; what is here is what is all here. */
static void
test_receipt_when_all_is_here(void)
{
    open_circle();
    const char *paths[] = {files_make(pair, "a", 100000),
                           files_make(pair, "b", 70000)};
    tap_is(files_say(ann, thread, paths, 2), RO_OK);
    tap_ok(world.deposits == 1 + 2 + 2);
    tap_is(place_now(), RO_PLACE_BROKER);
    struct mail mail[8];
    tap_need(pair_mail(pair, ben, mail, 8) == 5);
    size_t large = 0;
    for (size_t i = 0; i < 5; i++)
        large += mail[i].envelope.body.size == 65536;
    tap_say(large == 4, "all pieces have one size");
    pair_lose(pair, ben, &mail[4]);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(files_owed(ben) == 0, "a piece is missing: no receipt is owed");
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_HERE);
    const struct ro_attachment second = files_seen(ben, thread, 1);
    tap_ok(second.state == RO_ATTACHMENT_ARRIVING && second.n_here == 1);
    tap_is(files_save(ben, files_id(&second), files_path(pair, "o")),
           RO_REFUSED);
    tap_ok(strstr(ben->job->result.why, "1 of its 2 pieces") != NULL);
    pair_put(pair, &mail[4].envelope);
    tap_is(seat_sync(ben), RO_OK);
    tap_say(files_owed(ben) == 1, "and one for all of it once it is here");
    tap_ok(files_outbox(ann) == 5 && files_chunks(ann) == 4);
    quiet();
    tap_is(place_now(), RO_PLACE_ARRIVED);
    tap_say(files_chunks(ann) == 0, "its chunks are gone with the receipt");
    tap_ok(files_seen(ann, thread, 0).state == RO_ATTACHMENT_OURS);
    mail_fini(mail, 5);
    close_circle();
}

/* The broker takes no more for this hour, in the middle of a file. */
static void
test_no_credit_means_later(void)
{
    open_circle();
    const char *path = files_make(pair, "large", 400000); /* 8 chunks */
    world.credit = 4;
    tap_is(files_say(ann, thread, &path, 1), RO_KEPT);
    tap_ok(strstr(ann->job->result.why, "credit") != NULL &&
           strstr(ann->job->result.why, "later sync") != NULL);
    tap_is(place_now(), RO_PLACE_KEPT);
    const struct ro_attachment going = files_seen(ann, thread, 0);
    tap_ok(going.n_here == 3 && going.pieces == 8);
    test_must(seat_self(ann));
    tap_say(ann->job->result.self.outbox == 1, "one message is not there yet");
    world.credit = 5; /* one piece more, which was sealed already */
    tap_is(seat_write(ann, jobs_say, thread, "Words."), RO_KEPT);
    world.credit = -1;
    test_must(sync_uncounted(ben));
    tap_say(seat_shows(ben, "Words.") == 0, "what is sealed keeps its turn");
    world.credit = 7;
    tap_is(seat_write(ann, jobs_say, thread, "More."), RO_KEPT);
    world.credit = -1;
    test_must(sync_uncounted(ben));
    tap_say(seat_shows(ben, "Words.") == 1 && seat_shows(ben, "More.") == 1,
            "words go before what is left");
    const uint64_t left = ann->engine->n_left;
    tap_is(seat_sync(ann), RO_OK);
    tap_say(ann->engine->n_left == left + 1, "it left as one message");
    if (!tap_say(world.deposits == 1 + 8 + 2, "and nothing of it twice"))
        printf("# %d\n", world.deposits);
    tap_is(place_now(), RO_PLACE_BROKER);
    tap_is(seat_sync(ben), RO_OK);
    quiet();
    tap_is(place_now(), RO_PLACE_ARRIVED);
    close_circle();
}

/* The broker loses a piece of a file that is still leaving: sent again it does
 * not count twice. */
static void
test_served_while_it_leaves(void)
{
    struct mail mail[8];
    open_circle();
    const char *path = files_make(pair, "large", 400000); /* 8 chunks */
    engine_unlink(ben->engine);
    world.credit = 4;
    tap_is(files_say(ann, thread, &path, 1), RO_KEPT);
    tap_need(pair_mail(pair, ben, mail, 8) == 4);
    pair_lose(pair, ben, &mail[2]);
    mail_fini(mail, 4);
    world.credit = -1;
    test_must(sync_uncounted(ben));
    world.credit = 5;
    tap_is(seat_sync(ann), RO_KEPT);
    world.credit = 9; /* the lost one, and all but the last */
    tap_is(seat_sync(ann), RO_KEPT);
    tap_is(place_now(), RO_PLACE_KEPT);
    tap_ok(files_seen(ann, thread, 0).n_here == 7);
    world.credit = -1;
    tap_is(seat_sync(ann), RO_OK);
    tap_is(place_now(), RO_PLACE_BROKER);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_HERE);
    close_circle();
}

/* What is not for us to send is not begun. */
static void
test_refused_before_anything_is_kept(void)
{
    open_circle();
    const char *paths[9];
    for (size_t i = 0; i < 9; i++)
        paths[i] = strdup(files_make(pair, "small", 10));
    tap_is(files_say(ann, thread, paths, 9), RO_BAD_INPUT);
    const char *missing = files_path(pair, "missing");
    tap_is(files_say(ann, thread, &missing, 1), RO_NOT_FOUND);
    tap_ok(strstr(ann->job->result.why, "missing") != NULL);
    const char *folder = pair->folder;
    tap_is(files_say(ann, thread, &folder, 1), RO_BAD_INPUT);
    const char *pipe_path = files_path(pair, "pipe");
    tap_need(mkfifo(pipe_path, 0600) == 0);
    tap_is(files_say(ann, thread, &pipe_path, 1), RO_BAD_INPUT);
    const char *device = "/dev/zero";
    tap_is(files_say(ann, thread, &device, 1), RO_BAD_INPUT);
    const char *endless = "/proc/self/pagemap"; /* says that it is empty */
    tap_is(files_say(ann, thread, &endless, 1), RO_BAD_INPUT);
    const char *two[] = {files_make(pair, "small", 10),
                         files_make(pair, "large", 0)};
    tap_need(truncate(two[1], RO_ATTACHMENTS_LIMIT + 1) == 0);
    tap_is(files_say(ann, thread, &two[1], 1), RO_BAD_INPUT);
    tap_need(truncate(two[1], RO_ATTACHMENTS_LIMIT - 9) == 0);
    tap_is(files_say(ann, thread, two, 2), RO_BAD_INPUT);
    tap_ok(strstr(ann->job->result.why, "25 MiB") != NULL);
    /* the second cannot be read, after the first one was */
    const char *half[] = {two[0], missing};
    tap_is(files_say(ann, thread, half, 2), RO_NOT_FOUND);
    tap_say(files_outbox(ann) == 0 && files_chunks(ann) == 0 &&
                world.deposits == 0,
            "nothing of it is kept");
    for (size_t i = 0; i < 9; i++)
        free((void *)(uintptr_t)paths[i]);
    close_circle();
}

/* --- crashes ------------------------------------------------------------- */

/* One file of two chunks through one crash. Whether the step was reached. */
static bool
survives(int step)
{
    char out[32];
    const char *path = files_make(pair, "two chunks", 100000);
    engine_unlink(ben->engine);
    world.at = step;
    world.step = 0;
    (void)files_say(ann, thread, &path, 1);
    bool reached = world.crashed;
    world.at = 0;
    world.crashed = false;
    world.deposits = 0;
    seat_restart(ann);
    size_t rows = files_outbox(ann);
    size_t chunks = files_chunks(ann);
    if (rows == 0) /* before it was kept: all of it is not there */
        test_must(files_say(ann, thread, &path, 1));
    unlink(path); /* not needed any more */
    test_must(seat_sync(ann));
    struct mail mail[8];
    size_t n = pair_mail(pair, ben, mail, 8);
    mail_fini(mail, n);
    test_must(seat_sync(ben));
    const struct ro_attachment seen = files_seen(ben, thread, 0);
    snprintf(out, sizeof(out), "out %d", step);
    const char *saved = files_path(pair, out);
    bool whole = seen.state == RO_ATTACHMENT_HERE &&
                 files_save(ben, files_id(&seen), saved) == RO_OK &&
                 files_are(saved, 100000);
    char what[64];
    snprintf(what, sizeof(what), "step %d: whole, and nothing is sent twice",
             step);
    tap_say(whole && n == 3 && ((rows == 0 && chunks == 0) || rows == 3) &&
                world.deposits <= 4,
            what);
    quiet();
    tap_say(files_chunks(ann) == 0, "and then forgotten");
    return reached;
}

static void
test_a_crash_at_every_step(void)
{
    open_circle();
    int step = 1;
    while (survives(step))
        step++;
    printf("# %d steps\n", step - 1);
    tap_say(step > 24, "there are steps to crash at");
    close_circle();
}

/* --- seats that come and go ---------------------------------------------- */

/* ann's colleague and ben's have it as well; neither owes a receipt to its own
 * side. */
static void
test_colleagues(void)
{
    open_circle();
    struct seat *amy = pair_second(ann, REACHOUT__ROLE__OFFICE);
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__OFFICE);
    pair_sync_all(pair);
    snprintf(thread, sizeof(thread), "%s",
             thread_between(pair_answered(ann, ben), ann, ben));
    pair_sync_all(pair);
    const char *path = files_make(pair, "for all", 100000);
    quiet();
    tap_is(files_say(amy, thread, &path, 1), RO_OK);
    test_must(seat_sync(ann));
    test_must(seat_sync(ben));
    struct seat *readers[] = {ann, ben};
    for (size_t i = 0; i < RO_LEN(readers); i++) {
        const struct ro_attachment seen = files_seen(readers[i], thread, 0);
        const char *saved = files_path(pair, i == 0 ? "out a" : "out b");
        tap_is(files_save(readers[i], files_id(&seen), saved), RO_OK);
        tap_ok(files_are(saved, 100000));
    }
    tap_ok(files_owed(ann) == 0 && files_owed(ben) == 1);
    pair_pass(pair, 5 * 3600);
    test_must(seat_sync(ben));
    test_must(seat_sync(amy));
    tap_say(files_chunks(amy) == 2, "bob has not said that he has it");
    test_must(seat_sync(bob));
    pair_pass(pair, 5 * 3600);
    test_must(seat_sync(bob));
    test_must(seat_sync(amy));
    tap_say(files_chunks(amy) == 0, "now he has");
    close_circle();
}

/* Between the message and its chunks ben's seat is revoked: it has failed, and
 * holds up nothing. */
static void
test_a_seat_that_goes(void)
{
    open_circle();
    const char *path = files_make(pair, "for nobody", 400000);
    world.credit = 3;
    tap_is(files_say(ann, thread, &path, 1), RO_KEPT);
    world.credit = -1;
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), ben->circle_seat);
    pair_append(pair);
    tap_is(seat_sync(ann), RO_OK);
    tap_is(place_now(), RO_PLACE_FAILED);
    tap_say(files_chunks(ann) == 0 && files_outbox(ann) == 0,
            "nothing is left of it");
    close_circle();
}

/* Between the message and its chunks one seat goes and another one comes: they
 * go to whom the message went, as far as that is there. */
static void
test_seats_change_on_the_way(void)
{
    int fds[2];
    struct mail mail[8];
    open_circle();
    struct seat *bob = pair_second(ben, REACHOUT__ROLE__OFFICE);
    pair_sync_all(pair);
    quiet();
    world.deposits = 0;
    const char *path = files_make(pair, "on the way", 100000);
    tap_need(pipe(fds) == 0 && write(fds[1], "x", 1) == 1);
    engine_wait_on(ann->engine, fds[0]);
    tap_is(files_say(ann, thread, &path, 1), RO_KEPT);
    tap_ok(world.deposits == 1);
    engine_wait_on(ann->engine, -1);
    pair_hold(pair);
    test_circle_revoke(pair_circle(pair), bob->circle_seat);
    pair_append(pair);
    struct seat *bea = pair_second(ben, REACHOUT__ROLE__OFFICE);
    test_must(seat_sync(bea));
    tap_is(seat_sync(ann), RO_OK);
    tap_is(place_now(), RO_PLACE_BROKER);
    size_t n = pair_mail(pair, bea, mail, 8);
    tap_say(n == 0, "who came later gets no pieces of nothing");
    mail_fini(mail, n);
    tap_is(seat_sync(ben), RO_OK);
    tap_is(files_seen(ben, thread, 0).state, RO_ATTACHMENT_HERE);
    close(fds[0]);
    close(fds[1]);
    close_circle();
}

/* Nobody collects it, until the broker forgets it. */
static void
test_never_collected(void)
{
    open_circle();
    const char *path = files_make(pair, "in vain", 100000);
    tap_is(files_say(ann, thread, &path, 1), RO_OK);
    pair_pass(pair, (int64_t)91 * 86400);
    test_must(seat_sync(ann));
    tap_is(place_now(), RO_PLACE_FAILED);
    tap_ok(files_chunks(ann) == 0 && files_outbox(ann) == 0);
    close_circle();
}

/* Somebody wants the engine: a file gives way after the piece under way. */
static void
test_gives_way(void)
{
    int pipe_fds[2];
    open_circle();
    const char *path = files_make(pair, "long", 400000);
    tap_need(pipe(pipe_fds) == 0 && write(pipe_fds[1], "x", 1) == 1);
    engine_wait_on(ann->engine, pipe_fds[0]);
    tap_is(files_say(ann, thread, &path, 1), RO_KEPT);
    tap_say(world.deposits == 1, "the message itself has gone");
    engine_wait_on(ann->engine, -1);
    tap_is(seat_sync(ann), RO_OK);
    tap_ok(world.deposits == 9);
    close(pipe_fds[0]);
    close(pipe_fds[1]);
    close_circle();
}

int
main(int argc, char **argv)
{
    pair_setup(argc, argv);
    tap_run(test_there_and_back);
    tap_run(test_receipt_when_all_is_here);
    tap_run(test_no_credit_means_later);
    tap_run(test_served_while_it_leaves);
    tap_run(test_refused_before_anything_is_kept);
    tap_run(test_a_crash_at_every_step);
    tap_run(test_colleagues);
    tap_run(test_a_seat_that_goes);
    tap_run(test_seats_change_on_the_way);
    tap_run(test_never_collected);
    tap_run(test_gives_way);
    return tap_done();
}
